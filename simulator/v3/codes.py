"""The codes of V3's answers, and their usual texts."""

from enum import IntEnum

from ..errors import Refusal


class Code(IntEnum):
    """The ``code`` of an answer."""

    OK = 0
    FAIL = -1
    INVALID_COMMAND = -2
    INVALID_ITEM = -3
    NO_PERMISSION = -4
    OUT_OF_MEMORY = -5


_TEXTS = {
    Code.OK: "ok",
    Code.FAIL: "invalid param",
    Code.INVALID_COMMAND: "invalid command",
    Code.INVALID_ITEM: "param item is null",
    Code.NO_PERMISSION: "no permission",
    Code.OUT_OF_MEMORY: "out of memory",
}
SWITCH_OFF_TEXT = "no permission for write command"
PASSWORD_TEXT = "Invalid JSON or password is wrong"
PROCESS_DOWN_TEXT = "btminer process is down err"


def refusal(code: int, text: str | None = None) -> Refusal:
    """Return a refusal; the text defaults to the usual one of the code."""
    if text is None:
        text = next((usual for known, usual in _TEXTS.items() if known == code), "")
    return Refusal(code, text)


def require(condition: bool) -> None:
    """Refuse a value out of range, or what this machine cannot do."""
    if not condition:
        raise refusal(Code.FAIL)
