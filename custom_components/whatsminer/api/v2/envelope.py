"""Checked answers from bytes: the four envelopes, the repair of bad JSON, the errors by code.

Only this file knows the mistakes that firmware makes in its JSON.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
import json
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
from ..sanitize import Json, clean_json

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
# The only answer that is repaired when it is cut short: a long list can overrun the miner's buffer.
_MAY_BE_CUT = "get_error_code"

# A longer text is not repaired: no firmware makes a small mistake in so long an answer.
_LONGEST_TO_REPAIR = 64 * 1024

# One whole string, or one that is never closed. Possessive quantifiers, so that each character is
# matched once.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+("?)', re.DOTALL)
# Stands for one whole string while the text between strings is repaired.
_MARK = "\x01"
_PAIR_LIST = re.compile(rf"\[{_MARK}:{_MARK}(?:,{_MARK}:{_MARK})*+\]")
# A whole number of more digits is not a reading, and to convert it takes long.
_MOST_DIGITS = 20


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


def parse(
    raw: bytes, command: str, open_sealed: Callable[[str], bytes] | None = None
) -> dict[str, Json]:
    """Return the JSON object of an answer, with clean texts and numbers.

    If it is not valid JSON, the known mistakes of firmware are repaired, but not inside of its
    strings. `open_sealed` decrypts the value of `enc`; without it, that is an ordinary text.

    Raises:
        MiningProcessDownError: the answer says that the mining process is down.
        NotAMinerError: the answer is not JSON.
        MalformedReplyError: it cannot be repaired, was cut short, or is larger than any miner's.

    """
    value = _load_object(raw, command)
    if open_sealed and isinstance(sealed := value.get("enc"), str):
        try:
            value = _load_object(open_sealed(sealed), command)
        except NotAMinerError as err:
            raise MalformedReplyError("the answer cannot be decrypted") from err
    clean = clean_json(value)
    assert isinstance(clean, dict)
    return clean


def _load_object(raw: bytes, command: str) -> dict[str, object]:
    """Return the JSON object of an answer, as it is."""
    raw = raw.replace(b"\0", b"").strip()
    if raw.startswith(PROCESS_DOWN):
        raise MiningProcessDownError("the mining process is not running")
    if not raw:
        raise MalformedReplyError(f"{command}: the answer is empty")
    if not raw.startswith(b"{"):
        raise NotAMinerError(f"{command}: the answer is no JSON")
    content = raw.decode(errors="replace")
    try:
        value = _load(content)
    except ValueError:
        try:
            value = _load(_repair(content, cut=command == _MAY_BE_CUT))
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


def _load(text: str) -> object:
    try:
        value: object = _DECODER.decode(text)
    except RecursionError as err:
        raise ValueError("nested too deeply") from err
    return value


def _whole_number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


# NaN and Infinity are not readings.
_DECODER = json.JSONDecoder(
    strict=False, parse_constant=lambda _: None, parse_int=_whole_number
)


def _repair(text: str, *, cut: bool) -> str:
    """Return a text without the mistakes that firmware is known to make."""
    if _MARK in text or len(text) > _LONGEST_TO_REPAIR:
        raise ValueError("no firmware sends this")
    strings: list[str] = []

    def take(found: re.Match[str]) -> str:
        if not found[1]:  # the answer is cut short within this string
            return ""
        strings.append(found[0])
        return _MARK

    skeleton = re.sub(r"[\r\n\t ]+", "", _STRING.sub(take, text))
    if cut:
        skeleton = _close(skeleton)
    for wrong, right in (
        (",}", "}"),
        (",]", "]"),
        ("}{", "},{"),
        ("[,{", "[{"),
        (_MARK * 2, f"{_MARK},{_MARK}"),
    ):
        skeleton = skeleton.replace(wrong, right)
    # API 2.0.4 lists faults as ["329":"2022-01-17 11:28:11"].
    skeleton = _PAIR_LIST.sub(
        lambda found: found[0].replace(f"{_MARK}:{_MARK}", f"{{{_MARK}:{_MARK}}}"),
        skeleton,
    )
    remaining = iter(strings)
    return re.sub(_MARK, lambda _: next(remaining), skeleton)


def _close(skeleton: str) -> str:
    """Return a text without the half entry at its end, and with every bracket closed."""
    if not skeleton.endswith("}"):
        skeleton = skeleton.rpartition(",")[0] or skeleton
    closing: list[str] = []
    for character in skeleton:
        if character in "{[":
            closing.append("}" if character == "{" else "]")
        elif character in "}]" and closing:
            closing.pop()
    return skeleton + "".join(reversed(closing))
