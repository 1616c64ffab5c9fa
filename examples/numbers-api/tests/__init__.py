"""Tests of numbers-api; they need nothing but Python: `python3 -m unittest`."""
