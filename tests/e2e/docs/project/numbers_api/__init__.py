"""Random numbers, one at a time."""

import random


def number(below: int = 100) -> int:
    """A number from 0 up to, and without, `below`."""
    return random.randrange(
        below,
    )
