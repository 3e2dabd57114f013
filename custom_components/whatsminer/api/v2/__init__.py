"""V2 of the vendor's API, on port 4028: JSON, with encrypted commands. It includes V1 and V2.2."""

from .protocol import V2
from .requests import DEFAULT_PORT, READABLE

__all__ = ["DEFAULT_PORT", "READABLE", "V2"]
