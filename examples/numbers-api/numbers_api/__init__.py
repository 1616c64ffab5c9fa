"""Random numbers over HTTP."""
