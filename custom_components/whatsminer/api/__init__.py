"""A client for the API of MicroBT Whatsminers (V1, V2.0.x, V2.2), independent of Home Assistant.

`Miner.poll()` returns a `Snapshot`. `Miner.send()` sends a command of the module `commands`.
"""

from . import commands, limits
from .capabilities import Capabilities
from .client import READABLE, Miner, check_query
from .commands import Command, Effect, PowerMode, Value
from .errors import (
    CannotConnectError,
    FirmwareRefusedError,
    InvalidTextError,
    InvalidValueError,
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
from .faults import MOST_FAULTS, Category, Fault, Severity, describe
from .readings import SLOTS, Board, Generation, Preheating, PreheatStage
from .reply import Answer
from .sanitize import clean_name
from .snapshot import Snapshot
from .transport import DEFAULT_PORT, is_listening

__all__ = [
    "DEFAULT_PORT",
    "MOST_FAULTS",
    "READABLE",
    "SLOTS",
    "Answer",
    "Board",
    "CannotConnectError",
    "Capabilities",
    "Category",
    "Command",
    "Effect",
    "Fault",
    "FirmwareRefusedError",
    "Generation",
    "InvalidTextError",
    "InvalidValueError",
    "MalformedReplyError",
    "Miner",
    "MiningProcessDownError",
    "NoMacError",
    "NotAMinerError",
    "PowerMode",
    "PreheatStage",
    "Preheating",
    "RefusedError",
    "Severity",
    "Snapshot",
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
    "WrongMinerError",
    "WrongPasswordError",
    "check_query",
    "clean_name",
    "commands",
    "describe",
    "is_listening",
    "limits",
]
