"""Readings as the miner gives them, for those who look for one that has no entity."""

from collections.abc import Mapping
import re
from typing import Final

from homeassistant.helpers.redact import REDACTED
from homeassistant.util.json import JsonObjectType, JsonValueType

# "passwd1", "API Password", "newsalt", "wifi_psk", "private key": no firmware is known to tell
# one of these to a reader, but this goes wherever somebody pastes it. Not "Keyword", "Signal".
_SECRET_KEY: Final = re.compile(
    r"pass(w|code|phrase)|pwd|secret|salt|token|cookie|credential"
    r"|(^|[^a-z])(auth|key|pass|psk|sign|signature)($|[^a-z])",
    re.IGNORECASE,
)
# An address that carries the password to itself.
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s]+:[^/@\s]*(?=@)")


def redact(reading: Mapping[str, JsonValueType]) -> JsonObjectType:
    """Return an answer without the secrets in it."""
    return {
        key: REDACTED if _SECRET_KEY.search(key) and value else _redact(value)
        for key, value in reading.items()
    }


def _redact(value: JsonValueType) -> JsonValueType:
    if isinstance(value, dict):
        return redact(value)
    if isinstance(value, list):
        return [_redact(item) for item in value]
    if isinstance(value, str):
        return _USER_INFO.sub(REDACTED, value)
    return value
