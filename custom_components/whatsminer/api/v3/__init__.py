"""V3 of the vendor's API, on port 4433: JSON in frames, with signed commands."""

from .protocol import V3
from .session import DEFAULT_ACCOUNT

__all__ = ["DEFAULT_ACCOUNT", "V3"]
