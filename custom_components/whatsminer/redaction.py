"""Leaves out of readings what is nobody's business: secrets, or all that tells whose miner it is."""

from collections.abc import Collection, Iterator, Mapping
import re
from typing import Any, Final

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

# "MAC", "minersn", "PCB SN", "serial_no", "Stratum URL", "User", "gateway", "unique_id".
_PRIVATE_KEY: Final = re.compile(
    r"(^|[^a-z])(account|address|dns|email|gateway|host|hostname|ip|location|login|mac|netmask"
    r"|sn|ssid|title|url\d*|user|username|uuid|wallet|worker)($|[^a-z])"
    r"|serial|sn\d*$|unique_id",
    re.IGNORECASE,
)
# A MAC address, an IPv4 or IPv6 address, the address of a pool or that of a purse: whatever key
# they stand under.
_PRIVATE_VALUE: Final = (
    r"(?:[0-9a-f]{2}[:_-]){5}[0-9a-f]{2}"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
    r"|[0-9a-f:]*::[0-9a-f:]*"
    r"|\w+(?:\+\w+)?://[^\s\"]+"
    r"|\b(?:bc1[a-z0-9]{20,}|[13][a-z0-9]{25,34})\b"
)
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}[:_-]){5}[0-9a-f]{2}", re.IGNORECASE)
# Shorter ones stand in too many words, as do these.
_SHORTEST_NAME: Final = 4
_NO_NAMES: Final = frozenset({"admin", "miner", "none", "root", "whatsminer"})


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


def anonymise(data: Any, names: Collection[str] = ()) -> Any:
    """Return data, as JSON, without secrets and without what tells whose miner it is.

    Left out is what stands under a key such as `mac` or `User`, and wherever else it stands, or
    a part of it; so are `names`, and what looks like an address.
    """
    found = {part for name in (*names, *_told("", data)) for part in _parts(name)}
    longest_first = sorted(
        (
            part
            for part in found
            if len(part) >= _SHORTEST_NAME and part.lower() not in _NO_NAMES
        ),
        key=len,
        reverse=True,
    )
    # As words of their own; an underscore parts words, too.
    words = [rf"(?<![^\W_]){re.escape(part)}(?![^\W_])" for part in longest_first]
    pattern = re.compile("|".join([*words, _PRIVATE_VALUE]), re.IGNORECASE)
    return _anonymise("", data, pattern)


def _told(key: str, value: Any) -> Iterator[str]:
    """Return the texts under private keys."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _told(str(name), item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _told(key, item)
    elif isinstance(value, str) and _PRIVATE_KEY.search(key):
        yield value


def _parts(name: str) -> Iterator[str]:
    """Return a name, and what of it may stand alone."""
    yield name
    if mac := _MAC.fullmatch(name):
        yield re.sub("[:_-]", "", mac[0])
        return
    # Of the address of a pool, its host; of a worker, its account.
    host = name.rpartition("//")[2].rpartition("@")[2].partition("/")[0]
    yield host.partition(":")[0]
    if "//" not in name:
        yield name.partition(".")[0]


def _anonymise(key: str, value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            pattern.sub(REDACTED, str(name)): _anonymise(str(name), item, pattern)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_anonymise(key, item, pattern) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_anonymise(key, item, pattern) for item in sorted(value, key=str)]
    if value is None or value == "":
        return value
    if _SECRET_KEY.search(key) or _PRIVATE_KEY.search(key):
        return REDACTED
    if isinstance(value, bool | int | float):
        return value
    return pattern.sub(REDACTED, str(value))
