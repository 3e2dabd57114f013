"""Errors of a miner as translated exceptions, which say what to do next."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Concatenate, Final, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .api import (
    DefaultPasswordError,
    FirmwareRefusedError,
    InvalidTextError,
    InvalidValueError,
    MacNotReportedError,
    MalformedReplyError,
    MiningProcessDownError,
    NeedsPasswordError,
    NoEffectError,
    NoMacError,
    NotAMinerError,
    NotPermittedError,
    PasswordUntriedError,
    RefusedError,
    StartNeedsPasswordError,
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
    UpdateOutcomeUnknownError,
    UpdatingError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .const import DOMAIN
from .names import owner_name

# The first that fits counts: special cases before their bases. Each key is a translation, both
# of an exception and, where it can happen there, of an error in the config flow.
_KEYS: Final[tuple[tuple[type[WhatsminerError], str], ...]] = (
    (UnansweredError, "unanswered"),
    (TimedOutError, "timed_out"),
    (UnreachableError, "cannot_connect"),
    (NotAMinerError, "not_a_whatsminer"),
    (MalformedReplyError, "malformed_reply"),
    (MiningProcessDownError, "mining_process_down"),
    (MacNotReportedError, "mac_not_reported"),
    (NoMacError, "no_mac"),
    (WrongMinerError, "wrong_miner"),
    (StartNeedsPasswordError, "start_needs_password"),
    (NeedsPasswordError, "needs_password"),
    (NotPermittedError, "not_permitted"),
    (DefaultPasswordError, "default_password_refused"),
    (WrongPasswordError, "wrong_password"),
    (WriteAccessClosedError, "write_access_closed"),
    (TooManyTokensError, "too_many_tokens"),
    (UnsupportedCommandError, "unsupported_command"),
    (FirmwareRefusedError, "firmware_refused"),
    (PasswordUntriedError, "password_untried"),
    (RefusedError, "refused"),
    (TooSoonError, "too_soon"),
    (UnconfirmedError, "power_off_unconfirmed"),
    (UpdatingError, "firmware_in_progress"),
    (UpdateOutcomeUnknownError, "firmware_unknown"),
    (TransferBrokenError, "transfer_broken"),
    (TransferInterruptedError, "transfer_interrupted"),
    (TransferTooLargeError, "transfer_too_large"),
    (InvalidValueError, "invalid_value"),
)
# Numbers with a sentence of their own, as texts have: an action has several, or counts something.
_NAMED_NUMBERS: Final = frozenset({"duration", "period", "pools", "port", "start"})
# Stands for what the miner did not report, in any language.
_UNKNOWN: Final = "?"


class Translation(TypedDict):
    """The arguments that every translated exception takes."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def translation_key(error: WhatsminerError) -> str:
    """Return the translation key of an error."""
    if isinstance(error, InvalidTextError) or (
        isinstance(error, InvalidValueError) and error.parameter in _NAMED_NUMBERS
    ):
        return f"invalid_{error.parameter}"
    if isinstance(error, NoEffectError):
        return f"{error.command}_while_{error.activity}"
    return next(key for kind, key in _KEYS if isinstance(error, kind))


def translation(error: WhatsminerError, miner: str) -> Translation:
    """Return the translation of an error of the named miner, with all that the error knows."""
    known = {name: _text(value) for name, value in vars(error).items()}
    # Some firmware gives an empty reason, or the word None.
    if isinstance(error, RefusedError) and error.reason in ("", "None"):
        known["reason"] = _UNKNOWN
    return {
        "translation_domain": DOMAIN,
        "translation_key": translation_key(error),
        "translation_placeholders": {"miner": miner, **known},
    }


def _text(value: object) -> str:
    """Return a value as people write it: 500, not 500.0."""
    if value is None:
        return _UNKNOWN
    whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if whole else str(value)


def exception_for(error: WhatsminerError, miner: str) -> HomeAssistantError:
    """Return the exception to raise from an entity or an action."""
    if isinstance(
        error,
        InvalidTextError
        | InvalidValueError
        | NoEffectError
        | TooSoonError
        | UpdatingError,
    ):
        return ServiceValidationError(**translation(error, miner))
    return HomeAssistantError(**translation(error, miner))


def about(entry: ConfigEntry, key: str) -> Translation:
    """Return the translation of a sentence that says nothing but the name of a miner or a site."""
    return {
        "translation_domain": DOMAIN,
        "translation_key": key,
        "translation_placeholders": {"miner": owner_name(entry)},
    }


async def async_sentences(
    hass: HomeAssistant, errors: Sequence[HomeAssistantError]
) -> list[str]:
    """Return what translated exceptions say, in the language of Home Assistant, without full stops."""
    texts = await async_get_translations(
        hass, hass.config.language, "exceptions", {DOMAIN}
    )

    def sentence(error: HomeAssistantError) -> str:
        domain, key = error.translation_domain, error.translation_key
        text = texts.get(f"component.{domain}.exceptions.{key}.message")
        if text is None:  # it is an error of another integration
            return str(error)
        return text.format(**(error.translation_placeholders or {})).rstrip(".")

    return [sentence(error) for error in errors]


async def async_raise_failures(
    hass: HomeAssistant, failures: Sequence[BaseException]
) -> None:
    """Raise the only failure, or one that lists all.

    Unexpected errors were logged and translated before; what is no error of Home Assistant is a
    cancellation, and is raised as it is.
    """
    errors: list[HomeAssistantError] = []
    for failure in failures:
        if len(failures) == 1 or not isinstance(failure, HomeAssistantError):
            raise failure
        errors.append(failure)
    if errors:
        # Home Assistant logs a traceback of all exceptions that are no `ServiceValidationError`.
        are_refusals = all(isinstance(each, ServiceValidationError) for each in errors)
        error_class = ServiceValidationError if are_refusals else HomeAssistantError
        raise error_class(
            translation_domain=DOMAIN,
            translation_key="several_failed",
            translation_placeholders={
                "count": str(len(errors)),
                "failures": ". ".join(await async_sentences(hass, errors)),
            },
        )


@contextmanager
def translating(entry: ConfigEntry) -> Iterator[None]:
    """Raise the errors of a miner as translated exceptions that name it.

    Raises:
        HomeAssistantError: the miner did not do it.
        ServiceValidationError: nothing was sent.

    """
    try:
        yield
    except WhatsminerError as err:
        raise exception_for(err, owner_name(entry)) from err


def translate_errors[EntityT: CoordinatorEntity[Any], **P](
    method: Callable[Concatenate[EntityT, P], Awaitable[None]],
) -> Callable[Concatenate[EntityT, P], Coroutine[Any, Any, None]]:
    """Decorate a method of an entity, so that it raises translated exceptions."""

    async def wrapper(self: EntityT, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with translating(self.coordinator.config_entry):
            await method(self, *args, **kwargs)

    return wrapper
