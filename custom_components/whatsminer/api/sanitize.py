"""Makes text that is safe to store and to show from what a device says."""

from typing import Final

_LONGEST_NAME: Final = 64
_LONGEST_TEXT: Final = 255
_IN_NAMES: Final = frozenset("-_.+()/#,' ")


def clean_name(text: str) -> str:
    """Return a name: at most 64 letters, digits and a few signs that mean nothing in Markdown."""
    kept = "".join(sign for sign in text if sign.isalnum() or sign in _IN_NAMES)
    return " ".join(kept.split())[:_LONGEST_NAME].strip()


def clean_text(text: str) -> str:
    """Return one line of at most 255 characters that can be stored and shown."""
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST_TEXT]
