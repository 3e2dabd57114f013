"""A client for the API of MicroBT Whatsminers (V1, V2.0.x, V2.2), without Home Assistant.

`Miner.poll()` returns a `Snapshot`; `Miner.send(command)` takes one from `commands`.
"""

from . import commands
from .capabilities import Capabilities
from .client import Miner
from .commands import Command, Effect, PowerMode, Value
from .errors import (
    CannotConnectError,
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
    UnconfirmedError,
    UnreachableError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .reply import Answer
from .snapshot import Generation, Snapshot
from .transport import DEFAULT_PORT

__all__ = [
    "DEFAULT_PORT",
    "Answer",
    "CannotConnectError",
    "Capabilities",
    "Command",
    "Effect",
    "Generation",
    "InvalidValueError",
    "MalformedReplyError",
    "Miner",
    "MiningProcessDownError",
    "NoMacError",
    "NotAMinerError",
    "PowerMode",
    "RefusedError",
    "Snapshot",
    "TimedOutError",
    "TokenRejectedError",
    "TooManyTokensError",
    "TooSoonError",
    "UnconfirmedError",
    "UnreachableError",
    "UnsupportedCommandError",
    "Value",
    "WhatsminerError",
    "WriteAccessClosedError",
    "WrongMinerError",
    "WrongPasswordError",
    "commands",
]
