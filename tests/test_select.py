"""Settings of a miner that are one of several options."""

import pytest

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulator import SimulatedMiner

from . import JOINED, Altered, Check, Clock, every_generation, set_mode, shown

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SELECT,)], ids=[""]),
    pytest.mark.usefixtures("set_up"),
]


@every_generation
async def test_every_generation_has_its_selects(check_entities: Check) -> None:
    await check_entities()


@every_generation
@pytest.mark.parametrize("mode", ["low", "high"])
async def test_a_power_mode_is_chosen(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, mode: str
) -> None:
    assert shown(hass, "select.miner_power_mode") == "normal"

    await set_mode(hass, mode)

    assert miner.writes == [{"cmd": f"set_{mode}_power"}]
    assert miner.state.power_mode == mode
    assert shown(hass, "select.miner_power_mode") == mode
    await clock.next_poll(15)
    assert shown(hass, "select.miner_power_mode") == mode


async def test_one_goes_back_to_the_normal_mode(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.power_mode = "high"
    await clock.next_poll()
    assert shown(hass, "select.miner_power_mode") == "high"

    await set_mode(hass, "normal")

    assert miner.writes == [{"cmd": "set_normal_power"}]
    assert shown(hass, "select.miner_power_mode") == "normal"


async def test_other_modes_do_not_exist(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    with pytest.raises(ServiceValidationError):
        await set_mode(hass, "turbo")

    assert miner.requests == []
    assert shown(hass, "select.miner_power_mode") == "normal"


async def test_a_mode_that_nobody_knows_is_unknown(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave(JOINED, Altered('"Power Mode":"Normal"', '"Power Mode":"Turbo"'))
    await clock.next_poll()

    assert shown(hass, "select.miner_power_mode") == STATE_UNKNOWN


async def test_selects_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)

    assert shown(hass, "select.miner_power_mode") == STATE_UNAVAILABLE
