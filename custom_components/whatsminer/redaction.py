"""Redacts readings: secrets, or everything that identifies the owner."""

from collections.abc import Collection, Iterator, Mapping
from enum import Enum, auto
from itertools import chain, combinations
import math
import re
from typing import Any, Final

from homeassistant.helpers.redact import REDACTED
from homeassistant.util.json import JsonObjectType, JsonValueType

from .redaction_patterns import IPV4, IPV6, MAC, PrivateText

# Keys are compared word by word, in lower case: see `_kind`.

# "passwd1", "API Password", "userpw", "wifi_psk", "privateKey", "sid": no firmware is known to
# report one of these, but a report goes wherever its reader pastes it. Not "Keyword",
# "Signal" or "Bypass", and not "pin", which is what a power supply takes.
_SECRET_KEY: Final = re.compile(
    r"passw|passcode|passphrase|pwd|psw|secret|salt|token|cookie|credential|session|signature"
    r"|authoriz|authentic|pin ?code"
    r"|\b(?:otp|sid|sign|totp)\b"
    r"|(?:auth|key|(?<!by)pass|psk|pw)\b|[a-z] ?keys\b"
)
# "minersn", "PCB SN", "Stratum URL", "User", "ntp-server", "ipAddr", "unique_id".
_PRIVATE_KEY: Final = re.compile(
    r"account|acct|address|dns|gateway|mail|netmask|owner|phone|proxy(?! type)|serial|server"
    r"|ssid|subnet|unique ?id|uuid|wallet|worker|(?:farm|miner|nick|rig) ?name"
    r"|\b(?:host|login|ntp|title|user)|\b(?:domain|guid|ip|ipv|location)s?\b"
    r"|(?:addr|host|mac|sn|ur[il])s?\b"
)
# Their values are hosts of others, whose first labels ("time", "europe") are not private.
_SERVER_KEY: Final = re.compile(r"dns|ntp|proxy|server|ur[il]s?\b")
_LETTERS: Final = re.compile(r"[A-Za-z]++")
_CAPITALISED: Final = re.compile(r"[A-Z]?[a-z]++|[A-Z]+(?![a-z])")

# An address that carries the password to itself, up to the password's end.
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s:]*+:[^/\s]*@")

# No answer nests so deeply, and no reading is so large. Python, and what writes JSON, have an
# end somewhere beyond.
_DEEPEST: Final = 64
_MOST_BITS: Final = 63
_TOO_MUCH: Final = "…"

# How many private texts are redacted elsewhere, and how much of each.
_MOST_NAMES: Final = 256
_LONGEST_NAME: Final = 255
_MOST_LABELS: Final = 6
# A shorter number may be any reading.
_IDENTIFYING_NUMBERS: Final = range(10_000_000, 2**_MOST_BITS)


class _Kind(Enum):
    """What the value of a key is."""

    READING = auto()
    SECRET = auto()
    NAME = auto()
    SERVER = auto()


def redact(reading: Mapping[str, JsonValueType]) -> JsonObjectType:
    """Return an answer without the secrets in it."""
    return _redact_object(reading, _DEEPEST)


def _redact_object(reading: Mapping[str, JsonValueType], depth: int) -> JsonObjectType:
    return {
        key: REDACTED
        if value and _kind(key) is _Kind.SECRET
        else _redact(value, depth - 1)
        for key, value in reading.items()
    }


def _redact(value: JsonValueType, depth: int) -> JsonValueType:
    if isinstance(value, str):
        return _USER_INFO.sub(f"{REDACTED}@", value)
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return _TOO_MUCH
    if isinstance(value, dict):
        return _redact_object(value, depth)
    return [_redact(item, depth - 1) for item in value]


def anonymise(data: Any, names: Collection[str] = ()) -> Any:
    """Return data, as JSON, without secrets and without what identifies the owner of the miner.

    The value of a key such as `mac` or `User` is redacted, and so is this text, or a part of it,
    everywhere else. So are `names`, and what has the form of an address or of a wallet. Much data
    takes a while: this is not for the event loop.
    """
    private: dict[str, _Kind] = {}
    known = ((name, _Kind.NAME) for name in names)
    for text, kind in chain(_private_texts(data, _Kind.READING, _DEEPEST), known):
        if len(private) == _MOST_NAMES:
            break
        private.setdefault(text[:_LONGEST_NAME], kind)
    texts = PrivateText(part for item in private.items() for part in _parts(*item))
    return _anonymise(data, _Kind.READING, texts, _DEEPEST)


def _kind(key: str, above: _Kind = _Kind.READING) -> _Kind:
    """Return what the value of a key is; in an object that is private itself, all is private."""
    # "APIKey2" and "api-key" are "apikey api key" and "api key".
    found = (*_LETTERS.findall(key), *_CAPITALISED.findall(key))
    words = " ".join(dict.fromkeys(found)).lower()
    if _SECRET_KEY.search(words):
        return _Kind.SECRET
    if not _PRIVATE_KEY.search(words):
        return above
    return _Kind.SERVER if _SERVER_KEY.search(words) else _Kind.NAME


def _private_texts(value: Any, kind: _Kind, depth: int) -> Iterator[tuple[str, _Kind]]:
    """Return the texts and the long numbers under private keys."""
    if isinstance(value, Mapping):
        if depth:
            for key, item in value.items():
                yield from _private_texts(item, _kind(str(key), kind), depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        if depth:
            for item in value:
                yield from _private_texts(item, kind, depth - 1)
    elif kind is not _Kind.READING and (
        isinstance(value, str) or _is_identifying(value)
    ):
        yield str(value), kind


def _is_identifying(value: Any) -> bool:
    # A range is searched item by item for a number of another class, such as an enum.
    return isinstance(value, int) and int(value) in _IDENTIFYING_NUMBERS


def _parts(text: str, kind: _Kind) -> Iterator[str]:
    """Return a private text, and the parts of it that are private alone."""
    if kind is _Kind.SECRET:
        # A password that is a word of readings would be given away by the gaps it leaves.
        if not text.isalpha():
            yield text
        return
    yield text
    if MAC.fullmatch(text):
        yield re.sub("[:_-]", "", text)
    _, scheme, rest = text.rpartition("//")
    account, at, host = rest.partition("/")[0].rpartition("@")
    if not (at or scheme or kind is _Kind.SERVER):
        account, host = host, ""
    # Of a worker, its account: "owner.shed7", "john.doe@example.com.shed7".
    labels = _labels(account)
    yield from (".".join(labels[:end]) for end in range(1, len(labels) + 1))
    # Of a host, its domain; of an e-mail account, its provider.
    labels = _labels(host)
    yield ".".join(labels)
    for begin, end in combinations(range(len(labels) + 1), 2):
        if end - begin > 1:
            yield ".".join(labels[begin:end])


def _labels(host: str) -> list[str]:
    """Return the first labels of a host or a worker, none of an address: it has its own pattern."""
    if any(form.match(host.lstrip("[")) for form in (MAC, IPV4, IPV6)):
        return []
    return host.partition(":")[0].split(".")[:_MOST_LABELS]


def _anonymise(value: Any, kind: _Kind, texts: PrivateText, depth: int) -> Any:
    if isinstance(value, Mapping):
        if not depth:
            return _TOO_MUCH
        return {
            _hide(str(key), texts): _anonymise(
                item, _kind(str(key), kind), texts, depth - 1
            )
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        if not depth:
            return _TOO_MUCH
        items = value if isinstance(value, (list, tuple)) else sorted(value, key=str)
        return [_anonymise(item, kind, texts, depth - 1) for item in items]
    if value is None or value == "":
        return value
    if kind is not _Kind.READING:
        return REDACTED
    if isinstance(value, int):
        return _anonymise_number(value, texts)
    if isinstance(value, float) and math.isfinite(value):
        return value
    return _hide(str(value), texts)


def _anonymise_number(value: int, texts: PrivateText) -> int | str:
    if value.bit_length() > _MOST_BITS:
        return _TOO_MUCH
    if _is_identifying(value) and (text := str(value)) != texts.hide(text):
        return REDACTED
    return value


def _hide(text: str, texts: PrivateText) -> str:
    # A surrogate has no place in UTF-8.
    return texts.hide(text.encode(errors="replace").decode())
