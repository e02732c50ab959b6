"""Readers of scanners' own formats: bytes or rows in, reports out, no I/O. Begin with `detect`."""
