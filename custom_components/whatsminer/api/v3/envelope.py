"""Checked answers from the content of frames, and the errors by code.

Vendor document of V3, section "Error codes".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..decode import integer, text
from ..errors import (
    MalformedReplyError,
    MiningProcessDownError,
    RefusedError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from ..sanitize import Json, clean_json, load_json

# The description of what a miner sends unasked, between two answers.
REPORT: Final = "get.miner.report"


class NotAllowedError(RefusedError):
    """The miner does not allow a command: the API switch is off, or the password is wrong.

    Only `permission_error` can tell which.
    """


# By the code of the answer; an answer with another code is a `RefusedError`.
REFUSALS: Final[Mapping[int, type[RefusedError]]] = {
    -2: UnsupportedCommandError,
    -4: NotAllowedError,
}
# The code of a failure, whose text says more.
FAILED: Final = -1
# Some firmware says so that a password is wrong.
_PASSWORD: Final = "password"
CHANGE_PASSWORD: Final = "set.user.change_passwd"
_SWITCH: Final = "write command"
_PROCESS_DOWN: Final = "process is down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer.

    `message` is `msg`: a text, or an object with readings. `when` is the miner's clock, in
    seconds since 1970.
    """

    message: Json = None
    when: int | None = None

    def reading(self, section: str | None = None) -> Mapping[str, Json]:
        """Return the object with the readings, or the one under `section`; empty if there is none."""
        found = self.message
        if section is not None:
            found = found.get(section) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def rows(self, section: str) -> tuple[Mapping[str, Json], ...]:
        """Return the objects listed under `section` (`pools`, `edevs`)."""
        rows = self.reading().get(section)
        listed = rows if isinstance(rows, list) else []
        return tuple(row for row in listed if isinstance(row, dict))


# Stands for an answer that did not come.
NOTHING: Final = Answer()


def parse(raw: bytes, command: str) -> dict[str, Json]:
    """Return the JSON object in a frame, with clean texts and numbers.

    Raises:
        MalformedReplyError: it is no JSON object, or larger than any miner's.

    """
    try:
        value = load_json(raw.replace(b"\0", b"").decode(errors="replace"))
    except ValueError as err:
        raise MalformedReplyError(f"{command}: the answer is broken") from err
    clean = clean_json(value)
    if not isinstance(clean, dict):
        raise MalformedReplyError(f"{command}: the answer is no object")
    return clean


def check(value: Mapping[str, Json], command: str) -> Answer:
    """Return the successful answer in an object.

    Raises:
        RefusedError: the miner refused the command; some codes have a class of their own.
        MiningProcessDownError: the mining process, which would answer, is not running.
        MalformedReplyError: the answer has no code.

    """
    code, message = integer(value.get("code")), value.get("msg")
    if code is None:
        raise MalformedReplyError(f"{command}: the answer has no code")
    if code == 0:
        return Answer(message=message, when=integer(value.get("when")))
    reason = text(message) or ""
    if _PROCESS_DOWN in reason.lower():
        raise MiningProcessDownError("the mining process is not running")
    refusal = REFUSALS.get(code, RefusedError)
    # Such a text about a new password says nothing of the one that signs.
    if code == FAILED and _PASSWORD in reason.lower() and command != CHANGE_PASSWORD:
        refusal = NotAllowedError
    raise refusal(command, code, reason)


def permission_error(refusal: NotAllowedError, *, is_open: bool | None) -> RefusedError:
    """Return the error that says why a command is not allowed.

    `is_open` is whether the API switch is on, None if the miner does not report it. Then a text
    about write commands is about the switch. Any other is not known to be.
    """
    if is_open is None:
        is_open = _SWITCH not in refusal.reason.lower()
    error = WrongPasswordError if is_open else WriteAccessClosedError
    return error(refusal.command, refusal.code, refusal.reason)
