"""The refusals of the miner, with their codes."""

from enum import IntEnum


class Code(IntEnum):
    """The ``Code`` of an answer."""

    INVALID_COMMAND = 14
    BAD_JSON = 23
    NO_COMMAND = 24
    ACCESS_DENIED = 45
    OK = 131
    COMMAND_ERROR = 132
    TOKEN_OK = 134
    TOKEN_WRONG = 135
    TOO_MANY_TOKENS = 136
    NOT_BASE64 = 137


_TEXTS = {
    Code.INVALID_COMMAND: "invalid cmd",
    Code.BAD_JSON: "enc json load err",
    Code.NO_COMMAND: "Missing JSON 'command'",
    Code.ACCESS_DENIED: "can't access write cmd",
    Code.COMMAND_ERROR: "API command ERROR",
    Code.TOKEN_WRONG: "check token err",
    Code.TOO_MANY_TOKENS: "over max connect",
    Code.NOT_BASE64: "base64 decode err",
}


class Refusal(Exception):
    """The miner refuses a command, with a code and a text."""

    def __init__(self, code: int, text: str | None = None) -> None:
        """Refuse with ``code``; the text defaults to the one the miner uses for it."""
        self.code = int(code)
        if text is None:
            text = next((msg for known, msg in _TEXTS.items() if known == code), "")
        self.text = text
        super().__init__(f"{self.code} {text}")
