"""Text of others in a spreadsheet: it is data there, and never a formula."""

from __future__ import annotations

from tui.domain.common.text import clean

__all__ = ["cell_of"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection)."""


def cell_of(value: object) -> object:
    """A cell that is data: numbers stay numbers, text never becomes a formula."""
    if value is None or isinstance(value, int):
        return value
    text = clean(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
