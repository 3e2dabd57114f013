"""The texts that an owner stores in a miner, and reads back."""

import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.diagnostics import async_get_config_entry_diagnostics
from homeassistant.const import CONF_PASSWORD, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulator import Closed, Misbehaviour, Refused, SimulatedMiner
from tests import AddEntry, names_of
from tests.action_calls import Target

PLACES = ["serial_number", *(f"message_{number}" for number in range(10))]
pytestmark = pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No platform is needed."""
    return ()


@pytest.mark.parametrize(
    ("key", "sent"),
    [("serial_number", "CustomerSn"), ("message_0", "msg0"), ("message_9", "msg9")],
)
@pytest.mark.parametrize("message", ["Rack 3, Süd", "", "x" * 127, "\"'\\{}", "007"])
async def test_a_text_is_stored_and_read_back(
    one: Target,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    key: str,
    sent: str,
    message: str,
) -> None:
    await one.call("set_customer_message", key=key, message=message)
    assert miner.writes == [{"cmd": "set_customer_msg", "key": sent, "val": message}]

    answer = await one.ask("get_customer_message")
    assert answer == {
        set_up.device_id: {
            "name": "Miner",
            "messages": dict.fromkeys(PLACES, "") | {key: message},
        }
    }


async def test_a_text_stays_in_its_place(one: Target, miner: SimulatedMiner) -> None:
    """A number is a text, too; another place keeps what it has."""
    await one.call("set_customer_message", key="message_1", message="one")
    await one.call("set_customer_message", key="message_2", message=2)
    assert miner.state.customer == {"msg1": "one", "msg2": "2"}


@pytest.mark.parametrize(
    "message", ["x" * 128, "ü" * 64, "two\nlines", "\x07", "a\u202eb"]
)
async def test_a_text_that_the_miner_cannot_keep_is_not_sent(
    one: Target, miner: SimulatedMiner, message: str
) -> None:
    """The error does not repeat it, because it may be private."""
    error = await one.failure("set_customer_message", key="message_0", message=message)
    assert error.translation_key == "invalid_message"
    assert isinstance(error, ServiceValidationError)
    assert message not in str(error.translation_placeholders)
    assert "A message for Miner is one line of at most 127 bytes" in str(error)
    assert miner.requests == []


@pytest.mark.parametrize("key", ["", "CustomerSn", "msg0", "message_10", "message_00"])
async def test_there_are_no_other_places(
    one: Target, miner: SimulatedMiner, key: str
) -> None:
    with pytest.raises(Exception, match="key"):
        await one.call("set_customer_message", key=key, message="x")
    assert miner.requests == []


@pytest.mark.parametrize("action", ["set_customer_message", "get_customer_message"])
@pytest.mark.usefixtures("one")
async def test_older_firmware_says_that_it_has_no_such_texts(
    hass: HomeAssistant, air_miner: SimulatedMiner, add_entry: AddEntry, action: str
) -> None:
    entry = await add_entry(air_miner)
    device_id = entry.runtime_data.coordinator.device_id
    data = {"key": "message_0", "message": "x"} if action.startswith("set") else {}
    error = await Target(hass, {"device_id": device_id}).failure(action, **data)
    assert error.translation_key == "unsupported_command"


@pytest.mark.parametrize(
    ("how", "key"),
    [
        (Refused(14), "unsupported_command"),
        (Refused(45), "write_access_closed"),
        (Refused(132), "refused"),
        (Closed(), "cannot_connect"),
    ],
)
async def test_texts_that_are_not_read_are_an_error(
    one: Target, miner: SimulatedMiner, how: Misbehaviour, key: str
) -> None:
    miner.misbehave("get_customer_msg", how)
    error = await one.failure("get_customer_message")
    assert error.translation_key == key


async def test_a_password_that_is_wrong_by_now_is_asked_for(
    hass: HomeAssistant, one: Target, miner: SimulatedMiner
) -> None:
    miner.password = "another1"
    error = await one.failure("get_customer_message")
    assert error.translation_key == "wrong_password"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"


async def test_that_texts_are_read_does_not_show_that_commands_are_taken(
    one: Target, set_up: WhatsminerCoordinator
) -> None:
    """Some firmware answers such reads while it takes no commands."""
    before = set_up.write_access.is_open
    set_up.write_access.update(is_open=None)
    await one.ask("get_customer_message")
    assert set_up.write_access.is_open is None
    await one.call("set_customer_message", key="message_0", message="x")
    assert set_up.write_access.is_open is True
    assert before is not False


async def test_texts_are_not_read_by_query(one: Target, miner: SimulatedMiner) -> None:
    """It asks without the password, which the miner would refuse."""
    error = await one.failure("query", command="get_customer_msg")
    assert error.translation_key == "invalid_command"
    assert miner.requests == []


async def test_texts_of_the_owner_are_nowhere_in_diagnostics(
    hass: HomeAssistant, one: Target, config_entry: MockConfigEntry
) -> None:
    """They may hold anything, such as a name and an address."""
    for key in PLACES:
        await one.call("set_customer_message", key=key, message="Peter Smith, Hill 7")
    await one.ask("get_customer_message")
    report = await async_get_config_entry_diagnostics(hass, config_entry)
    assert "Smith" not in json.dumps(report, default=str)
    assert config_entry.data[CONF_PASSWORD] not in json.dumps(report, default=str)


async def test_texts_are_not_in_the_log(
    one: Target, caplog: pytest.LogCaptureFixture, miner: SimulatedMiner
) -> None:
    """The integration writes none; what is entered, Home Assistant knows anyway."""
    caplog.set_level("DEBUG", "custom_components.whatsminer")
    await one.call("set_customer_message", key="message_0", message="Peter Smith")
    await one.ask("get_customer_message")
    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.whatsminer")
    ]
    assert "Smith" not in "".join(lines)
    assert names_of(miner.writes) == ["set_customer_msg"]
