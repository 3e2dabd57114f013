"""What went wrong at a miner, as a translated sentence that says what to do next."""

from typing import Final, TypedDict

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .api import (
    FirmwareRefusedError,
    FirmwareUnknownError,
    InvalidTextError,
    InvalidValueError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    RefusedError,
    TimedOutError,
    TooManyTokensError,
    TooSoonError,
    TransferBrokenError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnansweredError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedCommandError,
    UpdatingError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .const import DOMAIN

# The first that fits counts: special cases before their bases. Each key is a translation, both
# of an exception and, where it can happen there, of an error in the config flow.
_KEYS: Final[tuple[tuple[type[WhatsminerError], str], ...]] = (
    (UnansweredError, "unanswered"),
    (TimedOutError, "timed_out"),
    (UnreachableError, "cannot_connect"),
    (NotAMinerError, "not_a_whatsminer"),
    (MalformedReplyError, "malformed_reply"),
    (MiningProcessDownError, "mining_process_down"),
    (NoMacError, "no_mac"),
    (WrongMinerError, "wrong_miner"),
    (WrongPasswordError, "wrong_password"),
    (WriteAccessClosedError, "write_access_closed"),
    (TooManyTokensError, "too_many_tokens"),
    (UnsupportedCommandError, "unsupported_command"),
    (FirmwareRefusedError, "firmware_refused"),
    (RefusedError, "refused"),
    (TooSoonError, "too_soon"),
    (UnconfirmedError, "power_off_unconfirmed"),
    (UpdatingError, "firmware_in_progress"),
    (FirmwareUnknownError, "firmware_unknown"),
    (TransferBrokenError, "transfer_broken"),
    (TransferInterruptedError, "transfer_interrupted"),
    (TransferTooLargeError, "transfer_too_large"),
    (InvalidValueError, "invalid_value"),
)
# Numbers with a sentence of their own, as texts have: an action has several, or counts something.
_NAMED_NUMBERS: Final = frozenset({"duration", "period", "pools", "port", "start"})
# Stands for what the miner did not say, in any language.
_UNTOLD: Final = "?"


class Translation(TypedDict):
    """The arguments that every translated exception takes."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def translation_key(error: WhatsminerError) -> str:
    """Return the key of the sentence for an error."""
    if isinstance(error, InvalidTextError) or (
        isinstance(error, InvalidValueError) and error.parameter in _NAMED_NUMBERS
    ):
        return f"invalid_{error.parameter}"
    return next(key for kind, key in _KEYS if isinstance(error, kind))


def translation(error: WhatsminerError, miner: str) -> Translation:
    """Return the sentence for an error at the named miner, with all that the error knows."""
    known = {name: _text(value) for name, value in vars(error).items()}
    # No reason comes as its text, too.
    if isinstance(error, RefusedError) and error.reason in ("", "None"):
        known["reason"] = _UNTOLD
    return {
        "translation_domain": DOMAIN,
        "translation_key": translation_key(error),
        "translation_placeholders": {"miner": miner, **known},
    }


def _text(value: object) -> str:
    """Return a value as people write it: 500, not 500.0."""
    if value is None:
        return _UNTOLD
    whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if whole else str(value)


def explain(error: WhatsminerError, miner: str) -> HomeAssistantError:
    """Return the exception to raise from an entity or an action."""
    if isinstance(
        error, InvalidTextError | InvalidValueError | TooSoonError | UpdatingError
    ):
        return ServiceValidationError(**translation(error, miner))
    return HomeAssistantError(**translation(error, miner))
