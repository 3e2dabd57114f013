"""Miners in the logbook, which Home Assistant shows as Activity."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    RecorderInstanceContextManager,
    WebSocketGenerator,
)

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.components.recorder.core import Recorder
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from simulator import SimulatedMiner

from . import Clock, act, every_generation
from .conftest import START

of_faults = pytest.mark.parametrize("platforms", [(Platform.EVENT,)], ids=[""])


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant."""


@pytest.fixture
async def logbook(
    recorder_mock: Recorder, hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    """Set up the logbook without its page."""
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    await hass.async_block_till_done()


async def lines(
    hass: HomeAssistant, client: WebSocketGenerator, **of: list[str]
) -> list[dict[str, Any]]:
    """Return what the page of the logbook shows."""
    await async_wait_recording_done(hass)
    websocket = await client()
    await websocket.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": START.isoformat(),
            "end_time": (START + timedelta(days=1)).isoformat(),
            **of,
        }
    )
    answer = await websocket.receive_json()
    assert answer["success"]
    result: list[dict[str, Any]] = answer["result"]
    return result


async def faults(
    hass: HomeAssistant, client: WebSocketGenerator, **of: list[str]
) -> list[dict[str, Any]]:
    """Return the lines that the integration describes."""
    shown = await lines(hass, client, **of)
    return [line for line in shown if line.get("domain") == "whatsminer"]


@of_faults
@pytest.mark.usefixtures("logbook")
@pytest.mark.parametrize("of", ["entity_ids", "device_ids", None])
async def test_a_fault_is_in_the_logbook_in_words(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    of: str | None,
) -> None:
    miner.state.faults = {206: "2026-11-01 08:00:00"}
    await clock.next_poll(2)
    miner.state.faults = {987_654: "2026-11-01 08:00:00"}
    await clock.next_poll(2)

    ids = {"entity_ids": "event.miner_fault_events", "device_ids": set_up.device_id}
    found = await faults(hass, hass_ws_client, **({of: [ids[of]]} if of else {}))

    text = (
        "The input voltage of the power supply is too low. "
        "Check the mains voltage and the power cable."
    )
    assert [(line["name"], line["message"], line["entity_id"]) for line in found] == [
        ("Miner", message, "event.miner_fault_events")
        for message in (
            f"Fault 206: {text}",
            f"Fault 206 cleared: {text}",
            "Fault 987654: Unknown fault 987654.",
        )
    ]


@of_faults
@pytest.mark.usefixtures("logbook")
async def test_the_logbook_speaks_the_language_of_home_assistant(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    miner: SimulatedMiner,
    clock: Clock,
) -> None:
    await hass.config.async_update(language="de")
    miner.state.faults = {5072: "2026-11-01 08:00:00"}
    await clock.next_poll(2)
    miner.state.faults = {}
    await clock.next_poll(2)

    text = (
        "Der Wasserdurchfluss an Hashboard 3 ist nicht so, wie er sein soll. "
        "Die Pumpe, die Ventile und die Schläuche prüfen."
    )
    assert [line["message"] for line in await faults(hass, hass_ws_client)] == [
        f"Störung 5072: {text}",
        f"Störung 5072 behoben: {text}",
    ]


@of_faults
@pytest.mark.usefixtures("logbook")
async def test_an_outage_is_in_the_logbook_by_its_name(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.state.set_boards(alive=False)
    await clock.next_poll()
    await clock.tick(20 * 60)
    await clock.next_poll()

    [line] = await faults(hass, hass_ws_client)

    beginning = "No hash rate: The miner is switched on, but has"
    assert line["message"].startswith(beginning)


@of_faults
@pytest.mark.usefixtures("logbook")
@pytest.mark.parametrize(("renamed", "name"), [(True, "Garage"), (False, "Whatsminer")])
async def test_the_logbook_knows_the_miner_by_its_present_name(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    device_registry: dr.DeviceRegistry,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    renamed: bool,
    name: str,
) -> None:
    """A miner that is gone has a name, too."""
    miner.state.faults = {206: "2026-11-01 08:00:00"}
    await clock.next_poll(2)
    if renamed:
        device_registry.async_update_device(set_up.device_id, name_by_user=name)
    else:
        await hass.config_entries.async_remove(set_up.config_entry.entry_id)

    found = await faults(hass, hass_ws_client)

    assert [line["name"] for line in found] == [name]


@every_generation
@pytest.mark.usefixtures("logbook")
async def test_an_off_and_on_writes_no_unknown(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    miner: SimulatedMiner,
    clock: Clock,
) -> None:
    """Activity shows what changed: a reading that nobody misses is no news."""
    await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(6)
    await act(hass, "switch.turn_on", "switch.miner")
    miner.advance(3000)
    await clock.next_poll(6)

    found = [
        (line["entity_id"], line["state"])
        for line in await lines(hass, hass_ws_client)
        if "state" in line
    ]
    status = [state for entity, state in found if entity == "sensor.miner_status"]
    assert status[-3:] == ["off", "starting", "mining"]
    assert [line for line in found if line[1] in (STATE_UNKNOWN, "unavailable")] == []
