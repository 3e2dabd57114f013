"""Which protocol has stopped a miner is stored, because only this one starts it again."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api import client_state
from homeassistant.core import HomeAssistant
from simulator import Quirk, SimulatedMiner
from tests import Clock, act, restart, shown, stored_memory


@pytest.fixture
async def v3_miner(
    closed_v3_port: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[SimulatedMiner]:
    """Return a miner that speaks V3, at the port that clients ask for it."""
    quirks = {Quirk.POWER_OFF_FADES, Quirk.V3_STOP_STAYS}
    async with SimulatedMiner(generation="v3", model="M60S", quirks=quirks) as miner:
        monkeypatch.setattr(client_state, "V3_PORT", miner.v3.port)
        yield miner


@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
@pytest.mark.usefixtures("set_up")
async def test_the_stop_is_stored(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    clock: Clock,
) -> None:
    """It is forgotten with the start."""
    await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(2)
    assert shown(hass, "switch.miner") == "off"
    await restart(hass, config_entry)
    stored = {"spoken": "v3", "is_proven": True, "stopped_by": ["v3"]}
    assert stored_memory(hass_storage, config_entry)["client"] == stored
    client = config_entry.runtime_data.coordinator.client
    assert client.remembered.stopped_by == ("v3",)
    await act(hass, "switch.turn_on", "switch.miner")
    await clock.next_poll(2)
    assert shown(hass, "switch.miner") == "on"
    await restart(hass, config_entry)
    del stored["stopped_by"]
    assert stored_memory(hass_storage, config_entry)["client"] == stored
    assert miner.writes == []
