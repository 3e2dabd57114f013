"""What a miner reports."""

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import SimulatedMiner

from . import Clock, shown

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""]),
    pytest.mark.usefixtures("set_up"),
]
every_generation = pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)


@every_generation
async def test_every_generation_has_its_sensors(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    config_entry: MockConfigEntry,
) -> None:
    """All sensors and what they show are as they were when somebody last looked."""
    await snapshot_platform(hass, entity_registry, snapshot, config_entry.entry_id)


@every_generation
async def test_readings_are_those_of_the_miner(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Hash rate, power and efficiency are what the machine does, in the units promised."""
    machine = miner.state.telemetry()

    hash_rate = float(shown(hass, "sensor.miner_hash_rate"))
    power = float(shown(hass, "sensor.miner_power"))

    assert hash_rate == pytest.approx(machine.hash_rate, rel=1e-4)
    assert power == pytest.approx(machine.power, rel=1e-3)
    assert float(shown(hass, "sensor.miner_efficiency")) == pytest.approx(
        power / hash_rate, rel=1e-6
    )
    assert float(shown(hass, "sensor.miner_average_hash_rate")) == pytest.approx(
        machine.hash_average, rel=1e-4
    )
    assert float(shown(hass, "sensor.miner_chip_temperature")) == pytest.approx(
        machine.chip_avg, abs=0.05
    )


async def test_intake_and_exhaust_are_not_swapped(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Each fan has its own speed."""
    machine = miner.state.telemetry()

    assert float(shown(hass, "sensor.miner_intake_fan_speed")) == round(machine.fan_in)
    assert float(shown(hass, "sensor.miner_exhaust_fan_speed")) == round(
        machine.fan_out
    )
    assert round(machine.fan_in) != round(machine.fan_out)


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_a_liquid_cooled_miner_has_no_fans(hass: HomeAssistant) -> None:
    """What cools with water gets no fan entities that would stand at 0 rpm for ever."""
    assert not [entity for entity in hass.states.async_entity_ids() if "fan" in entity]


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_v1_firmware_has_no_environment_temperature(hass: HomeAssistant) -> None:
    """What a firmware never reports has no entity."""
    assert hass.states.get("sensor.miner_environment_temperature") is None
    assert hass.states.get("sensor.miner_chip_temperature") is not None


@every_generation
async def test_a_stopped_miner_hashes_nothing(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """It is available, at 0 TH/s, and neither efficient nor mining since any time."""
    miner.state.mining = False
    await clock.next_poll(2)

    assert float(shown(hass, "sensor.miner_hash_rate")) == 0
    assert float(shown(hass, "sensor.miner_average_hash_rate")) == 0
    assert shown(hass, "sensor.miner_efficiency") == STATE_UNKNOWN
    assert shown(hass, "sensor.miner_mining_since") == STATE_UNKNOWN


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_leftovers_of_a_stopped_miner_are_not_shown(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Firmware that goes on reporting its last values is not believed."""
    miner.state.mining = False
    await clock.next_poll(2)

    assert shown(hass, "sensor.miner_power") == STATE_UNKNOWN
    assert shown(hass, "sensor.miner_chip_temperature") == STATE_UNKNOWN


async def test_a_starting_miner_is_available(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """While it calibrates it has no hash rate and so no efficiency, but all the rest."""
    miner.state.restart()
    await clock.next_poll()

    assert float(shown(hass, "sensor.miner_hash_rate")) == 0
    assert shown(hass, "sensor.miner_efficiency") == STATE_UNKNOWN
    assert float(shown(hass, "sensor.miner_power")) > 0
    assert shown(hass, "sensor.miner_mining_since") == "2026-11-01T00:00:00+00:00"


@every_generation
async def test_mining_since_stands_still_while_mining(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The start of mining does not move with the rounding of clocks."""
    started = shown(hass, "sensor.miner_mining_since")
    for _ in range(6):
        await clock.tick(30.3)
        assert shown(hass, "sensor.miner_mining_since") == started


async def test_mining_since_follows_a_restart(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A new run has a new start."""
    before = shown(hass, "sensor.miner_mining_since")

    miner.state.restart()
    await clock.next_poll()

    assert shown(hass, "sensor.miner_mining_since") > before


async def test_all_sensors_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Old values are not passed off as new ones."""
    await miner.disconnect()
    await clock.next_poll(2)

    states = hass.states.async_all("sensor")
    assert {state.state for state in states} == {STATE_UNAVAILABLE}
