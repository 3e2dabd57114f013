"""A client for MicroBT Whatsminers, independent of Home Assistant.

`Miner.poll()` returns a `Snapshot`. `Miner.send()` sends a command of the module `commands`.
"""

from . import commands, limits
from .capabilities import OPTIONAL, SETTINGS, Capabilities
from .client import Miner, check_query
from .commands import Command, Effect, HeatMode, Outcome, PowerMode, Result, Value
from .cooling import Cooling
from .errors import (
    CannotConnectError,
    FirmwareRefusedError,
    InvalidTextError,
    InvalidValueError,
    MacNotReportedError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    RefusedError,
    TimedOutError,
    TokenRejectedError,
    TooManyTokensError,
    TooSoonError,
    TransferBrokenError,
    TransferError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnansweredError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedCommandError,
    UpdateOutcomeUnknownError,
    UpdatingError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .faults import MOST_FAULTS, Category, Fault, Severity, describe, most_severe
from .outage import is_idle_too_long
from .protocol import WriteProbe
from .readings import CUSTOMER_MESSAGES, SLOTS, Board, Preheating, PreheatStage, Support
from .sanitize import clean_name
from .snapshot import Snapshot
from .transport import is_listening
from .v2 import DEFAULT_PORT, READABLE

__all__ = [
    "CUSTOMER_MESSAGES",
    "DEFAULT_PORT",
    "MOST_FAULTS",
    "OPTIONAL",
    "READABLE",
    "SETTINGS",
    "SLOTS",
    "Board",
    "CannotConnectError",
    "Capabilities",
    "Category",
    "Command",
    "Cooling",
    "Effect",
    "Fault",
    "FirmwareRefusedError",
    "HeatMode",
    "InvalidTextError",
    "InvalidValueError",
    "MacNotReportedError",
    "MalformedReplyError",
    "Miner",
    "MiningProcessDownError",
    "NoMacError",
    "NotAMinerError",
    "Outcome",
    "PowerMode",
    "PreheatStage",
    "Preheating",
    "RefusedError",
    "Result",
    "Severity",
    "Snapshot",
    "Support",
    "TimedOutError",
    "TokenRejectedError",
    "TooManyTokensError",
    "TooSoonError",
    "TransferBrokenError",
    "TransferError",
    "TransferInterruptedError",
    "TransferTooLargeError",
    "UnansweredError",
    "UnconfirmedError",
    "UnreachableError",
    "UnsupportedCommandError",
    "UpdateOutcomeUnknownError",
    "UpdatingError",
    "Value",
    "WhatsminerError",
    "WriteAccessClosedError",
    "WriteProbe",
    "WrongMinerError",
    "WrongPasswordError",
    "check_query",
    "clean_name",
    "commands",
    "describe",
    "is_idle_too_long",
    "is_listening",
    "limits",
    "most_severe",
]
