"""Cells of a CSV file that a spreadsheet opens."""

from typing import Final

# A cell that begins so is a formula to a spreadsheet; the last four are the signs in full width,
# which it takes for the others.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(text: str) -> str:
    """The text as a cell; one that would be a formula is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
