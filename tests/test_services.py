"""Actions: which miners they reach, what they return, and what becomes of failures."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.whatsminer.actions.table import ACTIONS
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import (
    ATTR_AREA_ID,
    ATTR_DEVICE_ID,
    ATTR_ENTITY_ID,
    ATTR_FLOOR_ID,
    ATTR_LABEL_ID,
    Platform,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from simulator import Refused, SimulatedMiner

from . import AddEntry, Clock, Held, names_of
from .action_calls import DATA, POOLS, STATIC, Target, call, failure, teach

ADMIN_ONLY = {
    "change_password",
    "download_logs",
    "factory_reset",
    "set_customer_message",
    "set_hostname",
    "set_log_server",
    "set_network",
    "set_time_zone",
    "update_firmware",
    "update_pools",
}
ONE_MINER = {"change_password", "factory_reset", "set_network", "update_firmware"}
RESPONSE_ONLY = {"get_customer_message", "get_state", "query"}
WITHOUT_PASSWORD = {"get_state", "query"}
EVERY_ACTION = sorted(action.name for action in ACTIONS)


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Platforms with entities and hashboards to target."""
    return (Platform.SENSOR, Platform.SWITCH)


@pytest.fixture
async def hall(
    set_up: WhatsminerCoordinator, hydro_miner: SimulatedMiner, add_entry: AddEntry
) -> WhatsminerCoordinator:
    """A second miner, in the hall."""
    entry = await add_entry(hydro_miner, "Hall")
    hydro_miner.requests.clear()
    hydro_miner.writes.clear()
    coordinator: WhatsminerCoordinator = entry.runtime_data.coordinator
    return coordinator


@pytest.fixture
def both(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, hall: WhatsminerCoordinator
) -> Target:
    """A target of two miners."""
    return Target(hass, {ATTR_DEVICE_ID: [set_up.device_id, hall.device_id]})


@pytest.fixture
def board_id(set_up: WhatsminerCoordinator, device_registry: dr.DeviceRegistry) -> str:
    """The device id of one of the miner's hashboards."""
    boards = dr.async_entries_for_parent_device(device_registry, set_up.device_id)
    return boards[0].id


# Which miners


def area_of(hass: HomeAssistant, device_id: str, floor_id: str | None = None) -> str:
    """Put a device into an area of its own."""
    area = ar.async_get(hass).async_create("Garage", floor_id=floor_id)
    dr.async_get(hass).async_update_device(device_id, area_id=area.id)
    return area.id


def floor_of(hass: HomeAssistant, device_id: str) -> str:
    """Put a device on a floor of its own."""
    floor_id = fr.async_get(hass).async_create("Cellar").floor_id
    area_of(hass, device_id, floor_id)
    return floor_id


def label_of(hass: HomeAssistant, device_id: str = "") -> str:
    """Give a device a label, or the switch if no device is named."""
    label = lr.async_get(hass).async_create("Solar").label_id
    if device_id:
        dr.async_get(hass).async_update_device(device_id, labels={label})
    else:
        er.async_get(hass).async_update_entity("switch.miner", labels={label})
    return label


def entity_of(hass: HomeAssistant, device_id: str) -> str:
    """Return one entity of a device."""
    return er.async_entries_for_device(er.async_get(hass), device_id)[0].entity_id


# From the device id of the miner and that of a hashboard to what an action is called for.
WAYS: dict[str, Callable[[HomeAssistant, str, str], dict[str, Any]]] = {
    "by_device": lambda hass, device, board: {ATTR_DEVICE_ID: [device]},
    "by_board": lambda hass, device, board: {ATTR_DEVICE_ID: [board]},
    "by_entity": lambda hass, device, board: {
        ATTR_ENTITY_ID: ["sensor.miner_hash_rate"]
    },
    "by_entity_of_board": lambda hass, device, board: {
        ATTR_ENTITY_ID: [entity_of(hass, board)]
    },
    "by_area": lambda hass, device, board: {ATTR_AREA_ID: [area_of(hass, device)]},
    "by_floor": lambda hass, device, board: {ATTR_FLOOR_ID: [floor_of(hass, device)]},
    "by_label": lambda hass, device, board: {ATTR_LABEL_ID: [label_of(hass, device)]},
    "by_label_of_entity": lambda hass, device, board: {ATTR_LABEL_ID: [label_of(hass)]},
    "by_everything": lambda hass, device, board: {
        ATTR_ENTITY_ID: ["sensor.miner_hash_rate"],
        ATTR_AREA_ID: [area_of(hass, device)],
        ATTR_LABEL_ID: [label_of(hass, device)],
        ATTR_DEVICE_ID: [device, board, device],
    },
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("hall")
async def test_a_miner_is_reached_by_whatever_stands_for_it(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    board_id: str,
    way: str,
) -> None:
    named = WAYS[way](hass, set_up.device_id, board_id)

    await call(hass, "set_hostname", {"hostname": "garage"}, target=named)

    assert miner.writes == [{"cmd": "set_hostname", "hostname": "garage"}]
    assert hydro_miner.writes == []


@pytest.mark.usefixtures("set_up")
async def test_a_target_without_a_miner_is_refused(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry, miner: SimulatedMiner
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    device = device_registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "1")}
    )
    for target in (
        {ATTR_DEVICE_ID: device.id},
        {ATTR_DEVICE_ID: "nowhere"},
        {ATTR_ENTITY_ID: "light.nowhere"},
        {ATTR_ENTITY_ID: "none"},
        {ATTR_ENTITY_ID: "all"},
        {ATTR_AREA_ID: "nowhere"},
    ):
        error = await failure(hass, "set_led", target)
        assert error.translation_key == "no_miner"
        assert isinstance(error, ServiceValidationError)
    with pytest.raises(probatio.Invalid):
        await call(hass, "set_led", {})

    assert miner.writes == []


async def test_a_disabled_miner_is_left_out(
    hass: HomeAssistant,
    both: Target,
    hall: WhatsminerCoordinator,
    miner: SimulatedMiner,
) -> None:
    await hass.config_entries.async_set_disabled_by(
        hall.config_entry.entry_id, ConfigEntryDisabler.USER
    )

    await both.call("set_led")
    assert names_of(miner.writes) == ["set_led"]

    error = await failure(hass, "set_led", {ATTR_DEVICE_ID: hall.device_id})
    assert error.translation_key == "no_miner"


async def test_a_miner_whose_device_is_disabled_is_left_out(
    hass: HomeAssistant,
    both: Target,
    hall: WhatsminerCoordinator,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    device_registry: dr.DeviceRegistry,
) -> None:
    area = ar.async_get(hass).async_create("Shed")
    device_registry.async_update_device(
        hall.device_id, area_id=area.id, disabled_by=dr.DeviceEntryDisabler.USER
    )

    await both.call("set_led")
    assert names_of(miner.writes) == ["set_led"]

    for target in ({ATTR_AREA_ID: area.id}, {ATTR_DEVICE_ID: hall.device_id}):
        error = await failure(hass, "set_led", target)
        assert error.translation_key == "no_miner"
    error = await failure(
        hass, "factory_reset", {"confirm": True, ATTR_DEVICE_ID: hall.device_id}
    )
    assert error.translation_key == "no_miner"
    assert hydro_miner.writes == []


# Several miners


async def test_miners_are_told_at_the_same_time(
    hass: HomeAssistant,
    both: Target,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
) -> None:
    held = Held()
    for each in (miner, hydro_miner):
        each.misbehave("set_hostname", held)
    calling = hass.async_create_task(both.call("set_hostname", hostname="garage"))
    async with asyncio.timeout(5):
        while not (miner.writes and hydro_miner.writes):
            await held.reached.wait()
            held.reached.clear()
    held.release.set()

    await calling


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
async def test_a_refusal_at_one_leaves_no_other_undone(
    both: Target, miner: SimulatedMiner, hydro_miner: SimulatedMiner, first: bool
) -> None:
    bad, name = (hydro_miner, "Hall") if first else (miner, "Miner")
    bad.misbehave("set_hostname", Refused(132))

    error = await both.failure("set_hostname", hostname="garage")

    assert error.translation_key == "refused"
    assert str(error).startswith(f"{name} refused set_hostname")
    assert names_of(miner.writes) == names_of(hydro_miner.writes) == ["set_hostname"]


async def test_all_that_failed_are_named(
    hass: HomeAssistant,
    both: Target,
    old_miner: SimulatedMiner,
    add_entry: AddEntry,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
) -> None:
    attic = await add_entry(old_miner, "Attic")
    attic_id = attic.runtime_data.coordinator.device_id
    assert await hass.config_entries.async_unload(attic.entry_id)
    await hydro_miner.disconnect()

    error = await failure(
        hass,
        "set_hostname",
        {"hostname": "garage", ATTR_DEVICE_ID: [*both.named[ATTR_DEVICE_ID], attic_id]},
    )

    assert error.translation_key == "several_failed"
    assert error.translation_placeholders is not None
    assert error.translation_placeholders["count"] == "2"
    message = str(error)
    assert message.startswith("This failed for 2 miners. Attic is not loaded, ")
    assert ". Hall does not answer. " in message
    assert "Miner" not in message
    assert names_of(miner.writes) == ["set_hostname"]
    assert old_miner.writes == []


async def test_an_answer_is_given_up_for_an_error(
    both: Target, hydro_miner: SimulatedMiner
) -> None:
    """Home Assistant takes either a response or an error."""
    await hydro_miner.disconnect()

    with pytest.raises(HomeAssistantError, match="Hall does not answer"):
        await both.ask("query", command="summary")


@pytest.mark.parametrize(
    "mistake", [ZeroDivisionError(), KeyError("a"), RecursionError(), TimeoutError()]
)
async def test_a_mistake_of_ours_leaves_no_other_undone_either(
    both: Target,
    miner: SimulatedMiner,
    hall: WhatsminerCoordinator,
    caplog: pytest.LogCaptureFixture,
    mistake: Exception,
) -> None:
    with patch.object(hall.client, "send", side_effect=mistake):
        error = await both.failure("set_led")

    assert error.translation_key == "unexpected"
    assert str(error).startswith("An unexpected error occurred with Hall")
    assert error.__cause__ is mistake
    assert names_of(miner.writes) == ["set_led"]
    (record,) = (item for item in caplog.records if item.levelname == "ERROR")
    assert record.getMessage() == "Hall: unexpected error in set_led"
    assert record.exc_info
    assert record.exc_info[1] is mistake


async def test_refusals_of_several_miners_are_no_errors_in_the_log(
    both: Target, miner: SimulatedMiner, hydro_miner: SimulatedMiner, clock: Clock
) -> None:
    """Home Assistant logs what is no `ServiceValidationError` with its traceback."""
    miner.state.mining = hydro_miner.state.mining = False
    await clock.next_poll(2)

    error = await both.failure("set_power_percent", percent=50)

    assert type(error) is ServiceValidationError
    assert error.translation_key == "several_failed"


async def test_all_that_failed_is_told_in_the_language_of_home_assistant(
    hass: HomeAssistant,
    both: Target,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
) -> None:
    hass.config.language = "de"
    miner.misbehave("set_led", Refused(132))
    await hydro_miner.disconnect()

    error = await both.failure("set_led")

    assert error.translation_placeholders is not None
    failures = error.translation_placeholders["failures"]
    assert failures.count("antwortet nicht") == 1
    assert "hat set_led abgelehnt" in failures
    assert not failures.endswith(".")


async def test_a_mistake_of_ours_hides_no_other_failure(
    both: Target,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
) -> None:
    hydro_miner.misbehave("set_led", Refused(132))
    with patch.object(set_up.client, "send", side_effect=ZeroDivisionError):
        error = await both.failure("set_led")

    assert error.translation_key == "several_failed"
    assert str(error).startswith("This failed for 2 miners. Hall refused set_led: ")
    assert ". An unexpected error occurred with Miner" in str(error)
    assert names_of(hydro_miner.writes) == ["set_led"]
    assert miner.writes == []


async def test_what_is_cancelled_is_no_failure(
    hass: HomeAssistant,
    both: Target,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hydro_miner.misbehave("set_led", Refused(132))
    miner.misbehave("set_led", held := Held())
    calling = hass.async_create_task(both.call("set_led"))
    await held.reached.wait()

    calling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await calling
    assert "unexpected" not in caplog.text


async def test_a_cancellation_at_one_miner_is_not_told_as_a_failure(
    both: Target, hall: WhatsminerCoordinator
) -> None:
    """Requests are cancelled when the entry of their miner is unloaded."""
    with (
        patch.object(hall.client, "send", side_effect=asyncio.CancelledError),
        pytest.raises(asyncio.CancelledError),
    ):
        await both.call("set_led")


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("set_power_percent", {"percent": 201}, "invalid_value"),
        ("set_power_percent", {"percent": -1, "method": "fast"}, "invalid_value"),
        ("set_power_percent", {"percent": "nan"}, "invalid_value"),
        ("set_led", {"period": 65536}, "invalid_period"),
        ("set_led", {"duration": -1}, "invalid_duration"),
        ("set_led", {"start": 70000}, "invalid_start"),
        ("set_hostname", {"hostname": "-garage"}, "invalid_hostname"),
        ("set_hostname", {"hostname": ""}, "invalid_hostname"),
        ("set_log_server", {"host": "server.local"}, "invalid_ip"),
        ("set_log_server", {"host": "10.0.0.1", "port": 0}, "invalid_port"),
        ("set_time_zone", {"time_zone": "Mars/Olympus"}, "invalid_zonename"),
        ("set_time_zone", {"time_zone": "Europe"}, "invalid_zonename"),
        ("set_time_zone", {"time_zone": "zones"}, "invalid_zonename"),
        ("set_time_zone", {"time_zone": "../zones"}, "invalid_zonename"),
        ("set_time_zone", {"time_zone": "/etc/localtime"}, "invalid_zonename"),
        ("set_time_zone", {"time_zone": ""}, "invalid_zonename"),
        ("update_pools", {"pools": []}, "invalid_pools"),
        ("update_pools", {"pools": POOLS * 2}, "invalid_pools"),
        (
            "update_pools",
            {"pools": [{"url": "pool.example:3333", "worker": "a"}]},
            "invalid_pool_url",
        ),
    ],
)
async def test_what_no_miner_takes_is_refused_once(
    both: Target,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    action: str,
    data: dict[str, Any],
    key: str,
) -> None:
    error = await both.failure(action, **data)

    assert error.translation_key == key
    assert isinstance(error, ServiceValidationError)
    assert "Hall, Miner" in str(error)
    assert miner.requests == hydro_miner.requests == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"ip": "192.168.1"}, "invalid_ip"),
        ({"ip": ""}, "invalid_ip"),
        ({"netmask": "255.0.255.0"}, "invalid_mask"),
        ({"netmask": ""}, "invalid_mask"),
        ({"gateway": "192.168.2.1"}, "invalid_gateway"),
        ({"gateway": ""}, "invalid_gateway"),
        ({"gateway": STATIC["ip"]}, "invalid_gateway"),
        ({"ip": "192.168.1.255"}, "invalid_ip"),
        ({"netmask": "0.0.0.255"}, "invalid_mask"),
        ({"dns": ["router"]}, "invalid_dns"),
        ({"dns": []}, "invalid_dns"),
        ({"hostname": "under_score"}, "invalid_hostname"),
    ],
)
async def test_a_network_that_cannot_work_is_refused(
    one: Target, miner: SimulatedMiner, changes: dict[str, Any], key: str
) -> None:
    """A miner at a wrong address can no longer be reached over the network."""
    error = await one.failure("set_network", confirm=True, **(STATIC | changes))

    assert error.translation_key == key
    assert isinstance(error, ServiceValidationError)
    assert miner.requests == []


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("set_power_percent", {}),
        ("set_power_percent", {"percent": "much"}),
        ("set_power_percent", {"percent": 80, "method": "slow"}),
        ("set_led", {"color": "blue"}),
        ("set_led", {"mode": "manual"}),
        ("set_log_server", {"host": "10.0.0.1", "protocol": "sctp"}),
        ("set_hostname", {}),
        ("set_hostname", {"hostname": "garage", "name": "garage"}),
        ("update_pools", {"pools": [{"url": "stratum+tcp://one.example:3333"}]}),
        ("update_pools", {"pools": "stratum+tcp://one.example:3333"}),
        ("query", {}),
    ],
)
async def test_what_makes_no_sense_is_refused(
    hass: HomeAssistant,
    one: Target,
    miner: SimulatedMiner,
    action: str,
    data: dict[str, Any],
) -> None:
    with pytest.raises(probatio.Invalid):
        await call(
            hass, action, data | one.named, return_response=action in RESPONSE_ONLY
        )

    assert miner.requests == []


# Who may do what


@pytest.mark.parametrize("action", EVERY_ACTION)
async def test_only_administrators_change_money_network_password_or_firmware(
    hass: HomeAssistant,
    one: Target,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    action: str,
) -> None:
    """Other users may do what they could do with an entity."""
    users = await hass.auth.async_get_group(GROUP_ID_USER)
    assert users
    context = Context(user_id=MockUser(groups=[users]).add_to_hass(hass).id)
    options = {"context": context, "return_response": action in RESPONSE_ONLY}
    if action in ADMIN_ONLY:
        with pytest.raises(Unauthorized):
            await call(hass, action, DATA[action] | one.named, **options)
        assert miner.requests == []
        return

    if action == "preheat":
        miner.state.mining = False
        await set_up.async_refresh()
        miner.requests.clear()
    teach(miner)
    await call(hass, action, DATA[action] | one.named, **options)
    assert bool(miner.requests) is (action not in ("get_state", "release"))


@pytest.mark.parametrize("password", [""])
@pytest.mark.parametrize("action", EVERY_ACTION)
@pytest.mark.usefixtures("firmware")
async def test_a_miner_without_a_password_is_only_read(
    one: Target, miner: SimulatedMiner, action: str
) -> None:
    if action in WITHOUT_PASSWORD:
        assert await one.ask(action, **DATA[action])
        return

    error = await one.failure(action, **DATA[action])
    assert error.translation_key == "read_only"
    assert isinstance(error, ServiceValidationError)
    assert miner.writes == []


# One miner at a time


@pytest.mark.parametrize("action", sorted(ONE_MINER))
@pytest.mark.usefixtures("firmware")
async def test_what_is_hard_to_undo_is_confirmed(
    one: Target, miner: SimulatedMiner, action: str
) -> None:
    for confirm in ({}, {"confirm": False}):
        data = {key: DATA[action][key] for key in DATA[action] if key != "confirm"}
        error = await one.failure(action, **data, **confirm)
        assert error.translation_key == "not_confirmed"
        assert isinstance(error, ServiceValidationError)

    assert miner.requests == []


@pytest.mark.parametrize("action", sorted(ONE_MINER))
async def test_what_is_hard_to_undo_is_done_to_one_miner(
    hass: HomeAssistant,
    both: Target,
    hall: WhatsminerCoordinator,
    miner: SimulatedMiner,
    action: str,
) -> None:
    for target in (
        {},
        both.named,
        {ATTR_AREA_ID: "garage"},
        {ATTR_LABEL_ID: "solar"},
        {ATTR_ENTITY_ID: "switch.miner"},
        {ATTR_AREA_ID: "garage", ATTR_DEVICE_ID: hall.device_id},
    ):
        with pytest.raises(probatio.Invalid):
            await call(hass, action, DATA[action] | target)
    with pytest.raises(ServiceValidationError, match="nowhere"):
        await call(hass, action, DATA[action] | {ATTR_DEVICE_ID: "nowhere"})
    await hass.config_entries.async_unload(hall.config_entry.entry_id)
    with pytest.raises(ServiceValidationError, match="Hall"):
        await call(hass, action, DATA[action] | {ATTR_DEVICE_ID: hall.device_id})

    assert miner.requests == []


async def test_a_hashboard_stands_for_its_one_miner(
    hass: HomeAssistant, miner: SimulatedMiner, board_id: str
) -> None:
    await call(hass, "factory_reset", {"confirm": True, ATTR_DEVICE_ID: board_id})

    assert miner.writes == [{"cmd": "factory_reset"}]


def test_the_rules_are_kept() -> None:
    assert {action.name for action in ACTIONS if action.admin_only} == ADMIN_ONLY
    assert {action.name for action in ACTIONS if action.one_miner} == ONE_MINER
    assert ONE_MINER <= ADMIN_ONLY
    assert list(DATA) == EVERY_ACTION
