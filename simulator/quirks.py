"""Oddities of some firmware that a client has to live with, each switched on by name."""

from collections.abc import Callable
from enum import StrEnum
import re
from typing import Self


class Quirk(StrEnum):
    """An oddity, by its name on the command line."""

    description: str

    def __new__(cls, name: str, description: str) -> Self:
        """Name and describe an oddity."""
        quirk = str.__new__(cls, name)
        quirk._value_ = name
        quirk.description = description
        return quirk

    TRAILING_NUL = (
        "trailing-nul",
        "a NUL byte follows the JSON, as in v1 firmware 20201202",
    )
    NEWLINES = "newlines", "newlines separate the members of the JSON"
    SPLIT_WRITES = "split-writes", "the answer arrives in several TCP segments"
    KEEP_OPEN = "keep-open", "the miner never closes the connection, the client has to"
    SILENT_RESTARTS = (
        "silent-restarts",
        "restarts and reboots close the connection without an answer",
    )
    SINGLE_SESSION = "single-session", "a new token makes the one before it invalid"
    STRICT_TYPES = (
        "strict-types",
        "numbers are accepted only as text, but times of an LED only as numbers",
    )
    ENCRYPTED_135 = "encrypted-135", "the refusal of a wrong token is encrypted"
    ENCRYPTED_REFUSALS = (
        "encrypted-refusals",
        "refusals of encrypted requests are encrypted, including code 45",
    )
    STALE_SUMMARY = (
        "stale-summary",
        "after a stop, summary and boards no longer change (always on v1)",
    )
    PROCESS_DOWN = (
        "process-down",
        "after a stop, the answer to summary is a line of text",
    )
    CUT_POOLS = "cut-pools", "every answer with pools is cut off after 1228 bytes"
    BOARDS_REFUSED = "boards-refused", "edevs and devs are always refused"
    BOARDS_NOT_JOINED = (
        "boards-not-joined",
        "edevs and devs are refused in a joined request",
    )
    NO_MINEROFF = "no-mineroff", "status has neither mineroff nor btmineroff"
    ALWAYS_OFF = "always-off", "btmineroff is true while mining, as on some v1"
    JOINED_LOGS = (
        "joined-logs",
        "download_logs sends its answer and the file in one segment",
    )
    MISSING_COMMA = (
        "missing-comma",
        "the answer to get_psu lacks the comma before temp0",
    )
    BARE_ERRORS = (
        "bare-errors",
        "get_error_code lists pairs without braces, as API 2.0.4 does",
    )
    ERROR_OBJECT = (
        "error-object",
        "get_error_code lists all codes in one object, as in a manual of 2023",
    )
    ERROR_STRINGS = "error-strings", "get_error_code lists codes without their times"
    BAD_ESCAPES = "bad-escapes", "strings have a backslash before each apostrophe"
    COMMAND_KEY = (
        "command-key",
        "requests need the key command; the firmware does not know cmd",
    )
    TWICE_ENCRYPTED = (
        "twice-encrypted",
        "refusals of encrypted requests are encrypted and encoded as base64 twice",
    )
    POWER_OFF_FADES = (
        "power-off-fades",
        "a power off over V2 lasts only two minutes, as on an M64 with V3",
    )
    V3_STOP_STAYS = "v3-stop-stays", "a power on over V2 does not undo a stop over V3"
    CROSSED_FANS = (
        "crossed-fans",
        "set.fan.zero_speed of V3 sets cooling after power off instead (20250214.16.1.AMS)",
    )
    DEFAULT_REFUSED = (
        "default-refused",
        "V3 refuses changes by an account that has its default password",
    )
    PASSWORD_TEXT = (
        "password-text",
        "V3 answers a wrong signature with code -1 instead of -4",
    )
    STRICT_TIME = "strict-time", "V3 accepts a signature for one minute only"
    NUMERIC_PERCENT = "numeric-percent", "V3 accepts the percent only as a number"
    DROPPED_RESTARTS = (
        "dropped-restarts",
        "V3 drops every connection for 20 s after a restart of mining",
    )
    HEARTBEATS = "heartbeats", "V3 sends a heartbeat before each answer"
    ONE_ANSWER = "one-answer", "V3 closes each connection after one answer"
    ENERGY_COUNTER = "energy-counter", "V3 counts energy in power-on-stats"
    TEMPURATURE = (
        "tempurature",
        "V3 misspells temperature in the keys of room and boards",
    )
    COOLANT_AS_FAN = (
        "coolant-as-fan",
        "V3 reports the coolant temperature as the fan speed of the power supply",
    )


_POOLS_BYTES = 1228

_TEMPERATURES = re.compile(r'"(environment|board)-temperature"')
_BARE_PAIR = re.compile(r'\{("\d+":"[^"]*")\}')


def _cut_pools(text: str) -> str:
    """End an answer within its pools, if they are too long."""
    pools = text.find('"POOLS":[')
    begin = text.rfind('{"STATUS":[', 0, pools)  # of this part, if the answer is joined
    end = text.find('"id":1}', pools)
    if pools < 0 or end - begin < _POOLS_BYTES:
        return text
    return text[: begin + _POOLS_BYTES]


# What a quirk does to the JSON of an answer.
MANGLERS: dict[Quirk, Callable[[str], str]] = {
    Quirk.NEWLINES: lambda text: text.replace(',"', ',\n"'),
    Quirk.CUT_POOLS: _cut_pools,
    Quirk.MISSING_COMMA: lambda text: text.replace(',"temp0"', '"temp0"'),
    Quirk.BARE_ERRORS: lambda text: _BARE_PAIR.sub(r"\1", text),
    Quirk.TEMPURATURE: lambda text: _TEMPERATURES.sub(r'"\1-tempurature"', text),
    Quirk.BAD_ESCAPES: lambda text: text.replace("'", r"\'"),
}
