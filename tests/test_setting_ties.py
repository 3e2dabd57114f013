"""A setting has one name: of a reported field, a command, a row in a protocol, and an entity."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import InvalidValueError, UnsupportedCommandError
from custom_components.whatsminer.api.choice import PROTOCOLS
from custom_components.whatsminer.api.commands import Command
from custom_components.whatsminer.api.identity import Identity
from custom_components.whatsminer.api.protocol import Protocol, Target
from custom_components.whatsminer.api.queue import Queue
from custom_components.whatsminer.api.readings import ReportedSettings
from custom_components.whatsminer.api.v2 import V2
from custom_components.whatsminer.number import NUMBERS
from custom_components.whatsminer.select import SELECTS
from custom_components.whatsminer.switch import SWITCHES

# The settings that a protocol does not have.
NOT_IN: Final[Mapping[type[Protocol], set[str]]] = {V2: {"fast_hash"}}
REPORTED: Final = {field.name for field in fields(ReportedSettings)}
# The descriptions of settings, and a value that each can have.
DESCRIPTIONS: Final[tuple[tuple[Any, Any], ...]] = (
    *((number, number.native_min_value) for number in NUMBERS),
    *((select, (select.options or [""])[0]) for select in SELECTS),
    *((switch, on) for switch in SWITCHES for on in (True, False)),
)
each_setting = pytest.mark.parametrize(
    ("description", "value"), DESCRIPTIONS, ids=lambda item: getattr(item, "key", None)
)


def knows(protocol: type[Protocol], command: Command) -> bool:
    """Return whether a protocol has a row for a command."""
    target = Target("127.0.0.1", 4028, "", Queue(), Identity(None))
    try:
        return bool(protocol(target).attempts(command))
    except InvalidValueError:  # it takes other values
        return True
    except UnsupportedCommandError:
        return False


def test_each_reported_setting_has_an_entity() -> None:
    missing = REPORTED - {description.key for description, _ in DESCRIPTIONS}
    assert not missing, (
        f"{missing} in ReportedSettings (api/readings.py) needs a description with the same"
        " key in number.py, select.py or switch.py."
    )


@each_setting
def test_each_setting_has_a_field_under_its_key(description: Any, value: Any) -> None:
    assert description.key in REPORTED, (
        f"The setting {description.key} needs a field with this name in ReportedSettings"
        " (api/readings.py), where it stays None if no firmware reports it."
    )


@each_setting
def test_each_setting_has_a_command_under_its_key(description: Any, value: Any) -> None:
    command = description.set_fn(value)
    assert (command.name, command.value) == (description.key, value), (
        f"The command of the setting {description.key} (api/commands.py) needs this name,"
        " and the value that it sets."
    )


@each_setting
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_setting_has_a_row_in_each_protocol(
    protocol: type[Protocol], description: Any, value: Any
) -> None:
    command = description.set_fn(value)
    missing = NOT_IN.get(protocol, set())
    assert knows(protocol, command) is (command.name not in missing), (
        f"The command {command.name} needs a row in ROWS of {protocol.__name__}, such as in"
        " api/v2/commands.py, or its name in NOT_IN here if the protocol does not have it."
    )
