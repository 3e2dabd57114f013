"""Every error has a text that it can fill, in every language."""

import ast
from collections.abc import Iterator

import pytest

from custom_components.whatsminer.api import (
    Activity,
    CannotConnectError,
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
    TokenRejectedError,
    TooManyTokensError,
    TooSoonError,
    TransferBrokenError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnansweredError,
    UnconfirmedError,
    UnsupportedCommandError,
    UpdateOutcomeUnknownError,
    UpdatingError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.v2 import envelope
from custom_components.whatsminer.api.v3.envelope import NotAllowedError
from custom_components.whatsminer.api.v3.frames import ClosedError
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.exceptions import translation

from .api.catalogue import CATALOGUE
from .texts import LANGUAGES, SOURCES, TEXTS, argument, calls, constants, placeholders

every_language = pytest.mark.parametrize("language", LANGUAGES)
# One of each thing that can go wrong at a miner.
REFUSALS = (
    DefaultPasswordError,
    FirmwareRefusedError,
    NotPermittedError,
    PasswordUntriedError,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
# What commands check of a text; each has a sentence of its own.
TEXT_PARAMETERS = (
    "command",
    "dns",
    "gateway",
    "heat_mode",
    "hostname",
    "ip",
    "mask",
    "message",
    "message_key",
    "new_password",
    "pool_url",
    "power_mode",
    "timezone",
    "zonename",
)
# Of these numbers, an action has several, or one that stands for something else.
NUMBER_PARAMETERS = ["duration", "period", "pools", "port", "start"]
FAILURES: tuple[WhatsminerError, ...] = (
    CannotConnectError("no"),
    TimedOutError("no"),
    UnansweredError("no"),
    NotAMinerError("no"),
    MalformedReplyError("no"),
    envelope.WrongKeyError("no"),
    MiningProcessDownError("no"),
    NoMacError("no"),
    MacNotReportedError("no"),
    WrongMinerError("aa:bb:cc:dd:ee:ff", "ff:ee:dd:cc:bb:aa"),
    TooSoonError(40),
    *(
        NoEffectError(entry.command.name, activity.value)
        for entry in CATALOGUE
        for activity in set(Activity) - entry.command.needs
    ),
    UnconfirmedError("no"),
    InvalidValueError("percent", 101, 0, 100),
    UpdateOutcomeUnknownError("no"),
    UpdatingError("no"),
    TransferBrokenError("no"),
    TransferInterruptedError("no"),
    TransferTooLargeError("no"),
    *(InvalidTextError(parameter, "no") for parameter in TEXT_PARAMETERS),
    *(InvalidValueError(parameter, 101, 0, 100) for parameter in NUMBER_PARAMETERS),
    *(kind("power_off", 132, "no") for kind in REFUSALS),
    NeedsPasswordError(WrongPasswordError("start", -4, "no"), "super", "V3"),
    StartNeedsPasswordError(WrongPasswordError("start", -4, "no"), "super", "V3"),
    NotAllowedError("power_off", -4, "no"),
    ClosedError("no"),
)


def key_of(error: WhatsminerError) -> str:
    """Return the translation key of an error."""
    return translation(error, "Miner")["translation_key"]


def test_every_kind_of_error_is_tried_here() -> None:
    def kinds(of: type[WhatsminerError]) -> Iterator[type[WhatsminerError]]:
        for kind in of.__subclasses__():
            yield kind
            yield from kinds(kind)

    bases = {kind for error in FAILURES for kind in type(error).__mro__}
    assert set(kinds(WhatsminerError)) <= bases


@every_language
@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_every_error_has_a_sentence_that_it_can_fill(
    language: str, error: WhatsminerError
) -> None:
    shown = translation(error, "Garage")
    message = TEXTS[language]["exceptions"][shown["translation_key"]]["message"]

    assert shown["translation_domain"] == DOMAIN
    assert "{" not in message.format(**shown["translation_placeholders"])
    assert "Garage" in message.format(**shown["translation_placeholders"])


@pytest.mark.parametrize("parameter", ["percent", *NUMBER_PARAMETERS])
def test_a_number_that_is_refused_is_named(parameter: str) -> None:
    """The field is named where an action has more than one."""
    key = key_of(InvalidValueError(parameter, 4, 1, 3))

    named = parameter in NUMBER_PARAMETERS
    assert key == (f"invalid_{parameter}" if named else "invalid_value")


@pytest.mark.parametrize("answer", [{"STATUS": "E"}, {"STATUS": "E", "Msg": ""}])
def test_what_a_miner_does_not_say_is_a_question_mark(answer: dict[str, str]) -> None:
    """Some firmware refuses without a text."""
    with pytest.raises(RefusedError) as caught:
        envelope.check(answer, "set_led")

    shown = translation(caught.value, "Garage")
    message = TEXTS["en"]["exceptions"]["refused"]["message"]
    assert message.format(**shown["translation_placeholders"]).startswith(
        "Garage refused set_led: ? (code ?)."
    )


# What is raised beside these


def raised() -> Iterator[tuple[str, ast.expr | None]]:
    """Return the translation keys in the code, with the placeholders that are given."""
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not argument(
                node, "translation_domain"
            ):
                continue
            key = argument(node, "translation_key")
            if isinstance(key, ast.Constant | ast.IfExp):
                for named in sorted(constants(key)):
                    yield named, argument(node, "translation_placeholders")
    # These name their entry alone.
    for call in calls("about"):
        for named in sorted(constants(call)):
            yield named, ast.parse("{'miner': ...}", mode="eval").body
    # The migration names its entry in each.
    for call in calls("_error", [SOURCES["migration/__init__.py"]]):
        for named in constants(call):
            yield named, ast.parse("{'miner': ...}", mode="eval").body


RAISED = dict(raised())


@every_language
@pytest.mark.parametrize("key", RAISED)
def test_every_sentence_that_is_named_can_be_filled(language: str, key: str) -> None:
    """Each text uses exactly the placeholders that it is given."""
    given = RAISED[key]
    needed = placeholders(TEXTS[language]["exceptions"][key])

    if given is None:
        assert not needed
    elif isinstance(given, ast.Dict) and all(given.keys):
        assert {text for name in given.keys if name for text in constants(name)} == (
            needed
        )


def test_no_sentence_is_left_over() -> None:
    """Every exception's text belongs to an error or is named in the code."""
    used = {key_of(error) for error in FAILURES}

    assert set(TEXTS["en"]["exceptions"]) == used | RAISED.keys()
