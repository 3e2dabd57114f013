"""Checked answers from bytes: encrypted or not, the four envelopes, the errors by code."""

import base64
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import re
from typing import Final

from ..decode import integer, text
from ..errors import (
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from ..sanitize import Json, clean_json, load_json
from .json_repair import CUT_SHORT, repair

# By the code of the answer; an answer with another code is a `RefusedError`.
REFUSALS: Final[Mapping[int, type[RefusedError]]] = {
    14: UnsupportedCommandError,
    23: WrongPasswordError,
    45: WriteAccessClosedError,
    135: TokenRejectedError,
    136: TooManyTokensError,
}

# The answer of old firmware while its mining process is down.
PROCESS_DOWN = b"Socket connect failed"
# The answers that are repaired when they are cut short: a long list can overrun the miner's buffer.
_ERRORS: Final = "get_error_code"
_TABLES: Final = frozenset({"pools", "devs", "edevs"})

# cgminer's code for a request in which it finds no command under the key that it expects.
_NO_COMMAND = 24

# How the text of an answer begins, also where it is in a string of JSON: `{"` or `"{\"`.
_ANSWER = re.compile(rb'\s*+"?+\s*+\{\s*+\\?+"')
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]{20,}+={0,2}+\s*+")
# Base64 characters of two blocks. No answer fits into one.
_SHORTEST_SEALED = 44
# Some firmware encrypts its refusals twice, or base64-codes them twice.
_MOST_LAYERS = 2


class WrongKeyError(MalformedReplyError):
    """An answer is encrypted with another key than the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer, in the same form for all envelopes.

    `message` is `Msg`: a text, or the object with the readings, perhaps in a list. `body` is the
    whole answer.
    """

    code: int | None = None
    message: Json = None
    description: str = ""
    body: Mapping[str, Json] = field(default_factory=dict, repr=False)

    @property
    def is_cut(self) -> bool:
        """Return whether the answer was cut short, and has the rows that are whole."""
        return self.body.get(CUT_SHORT) is True

    def reading(self, section: str | None = None) -> Mapping[str, Json]:
        """Return the object with the readings: the first of `section`, else of `Msg`.

        Some firmware lists the one object of `Msg`.
        """
        rows = self.rows(section) if section else ()
        if rows:
            return rows[0]
        listed = self.message if isinstance(self.message, list) else [self.message]
        return next((row for row in listed if isinstance(row, dict)), {})

    def rows(self, section: str) -> tuple[Mapping[str, Json], ...]:
        """Return the objects listed under `section` (`POOLS`, `DEVS`, ...)."""
        rows = self.body.get(section)
        if not isinstance(rows, list):
            return ()
        return tuple(row for row in rows if isinstance(row, dict))


# Stands for an answer that did not come.
NOTHING: Final = Answer()


def parse(
    raw: bytes, command: str, open_sealed: Callable[[str], bytes] | None = None
) -> dict[str, Json]:
    """Return the JSON object of an answer, with clean texts and numbers.

    If it is not valid JSON, the known mistakes of firmware are repaired. `open_sealed` decrypts
    the value of `enc`; without it, that is an ordinary text.

    Raises:
        MiningProcessDownError: the answer says that the mining process is down.
        NotAMinerError: the answer is not JSON.
        WrongKeyError: it is encrypted with another key.
        MalformedReplyError: it cannot be repaired, was cut short, or is larger than any miner's.

    """
    value = _load_object(raw, command)
    if open_sealed:
        for _ in range(_MOST_LAYERS):
            if isinstance(sealed := value.get("enc"), str):
                value = _load_sealed(
                    sealed.encode(errors="replace"), command, open_sealed
                )
    clean = clean_json(value)
    assert isinstance(clean, dict)
    return clean


def _load_sealed(
    sealed: bytes, command: str, open_sealed: Callable[[str], bytes]
) -> dict[str, object]:
    """Return the JSON object in an encrypted answer, which may be encrypted or coded twice."""
    if len(sealed) < _SHORTEST_SEALED:
        raise MalformedReplyError(f"{command}: the answer is cut short")
    for _ in range(_MOST_LAYERS):
        with suppress(ValueError):  # it is no base64, which `open_sealed` finds out
            decoded = base64.b64decode(sealed)
            sealed = decoded if _BASE64.fullmatch(decoded) else sealed
        plain = open_sealed(sealed.decode())
        if not _BASE64.fullmatch(plain):
            break
        sealed = plain
    try:
        return _load_object(plain, command)
    except (NotAMinerError, MalformedReplyError) as err:
        if _ANSWER.match(plain):
            raise
        raise WrongKeyError(f"{command}: the answer cannot be decrypted") from err


def _load_object(raw: bytes, command: str) -> dict[str, object]:
    """Return the JSON object of an answer, as it is."""
    raw = raw.replace(b"\0", b"").strip()
    if raw.startswith(PROCESS_DOWN):
        raise MiningProcessDownError("the mining process is not running")
    if not raw:
        raise MalformedReplyError(f"{command}: the answer is empty")
    content = raw.decode(errors="replace")
    if raw.startswith(b'"'):  # an object that was written as JSON twice
        with suppress(ValueError):
            content = str(load_json(content)).strip()
    if not content.startswith("{"):
        raise NotAMinerError(f"{command}: the answer is no JSON")
    try:
        value = load_json(content)
    except ValueError:
        try:
            value = load_json(
                repair(content, cut=command == _ERRORS, table=command in _TABLES)
            )
        except ValueError as err:
            raise MalformedReplyError(f"{command}: the answer is broken") from err
    if not isinstance(value, dict):  # pragma: no cover - it starts with a brace
        raise MalformedReplyError(f"{command}: the answer is no object")
    return value


def check(value: Mapping[str, Json], command: str) -> Answer:
    """Return the successful answer in any of the single envelopes (A, B, C).

    Raises:
        RefusedError: the miner refused the command; some codes have a class of their own.
        MalformedReplyError: the answer has no status.

    """
    status = value.get("STATUS")
    envelope = value
    if isinstance(status, list):  # the envelopes of cgminer, long or short
        if not status or not isinstance(status[0], dict):
            raise MalformedReplyError(f"{command}: the answer has no status")
        envelope = status[0]
        status = envelope.get("STATUS")
    if not isinstance(status, str):
        raise MalformedReplyError(f"{command}: the answer has no status")
    code = integer(envelope.get("Code"))
    message = envelope.get("Msg")
    if status not in ("S", "I", "RESTART"):
        refusal = REFUSALS.get(code, RefusedError) if code is not None else RefusedError
        raise refusal(command, code, text(message) or "")
    return Answer(
        code=code,
        message=message,
        description=text(envelope.get("Description")) or "",
        body=value,
    )


def finds_no_command(value: Mapping[str, Json]) -> bool:
    """Return whether an answer says that the request has no command, or under another key."""
    try:
        check(value, "")
    except RefusedError as err:
        return err.code == _NO_COMMAND
    except MalformedReplyError:  # it is joined, or from another service
        pass
    return False


def split(
    value: Mapping[str, Json], commands: Iterable[str]
) -> dict[str, Mapping[str, Json]]:
    """Return the parts of a joined answer (envelope D), one for each command.

    Raises:
        RefusedError: the miner refused the joined command as a whole.
        MalformedReplyError: a part is missing.

    """
    commands = tuple(commands)
    if "STATUS" in value:
        check(value, "+".join(commands))
    parts: dict[str, Mapping[str, Json]] = {}
    for command in commands:
        part = value.get(command)
        if isinstance(part, list) and len(part) == 1:
            part = part[0]
        if not isinstance(part, dict):
            raise MalformedReplyError(f"{command}: missing from the joined answer")
        parts[command] = part
    return parts
