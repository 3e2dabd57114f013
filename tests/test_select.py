"""Settings of a miner that are one of several options."""

import pytest

from homeassistant.components.select import ATTR_OPTIONS
from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulator import Refused, SimulatedMiner

from . import (
    JOINED,
    Altered,
    Check,
    Clock,
    act,
    every_generation,
    fails_with,
    set_mode,
    shown,
)
from .words import sent

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SELECT,)], ids=[""]),
    pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up"),
]


@every_generation
async def test_every_generation_has_its_selects(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
async def test_a_water_cooled_miner_that_speaks_v3_has_its_selects(
    check_entities: Check,
) -> None:
    await check_entities()


@every_generation
@pytest.mark.parametrize("mode", ["low", "high"])
async def test_a_power_mode_is_chosen(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, mode: str
) -> None:
    assert shown(hass, "select.miner_power_mode") == "normal"

    await set_mode(hass, mode)

    assert sent(miner) == [f"set_{mode}_power"]
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


@pytest.mark.parametrize("said", ["User", "user", "USER"])
async def test_the_mode_under_a_limit_in_watts_is_shown_but_cannot_be_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, said: str
) -> None:
    """The option is there only as long as it is shown."""

    def options() -> list[str]:
        state = hass.states.get("select.miner_power_mode")
        assert state is not None
        found: list[str] = state.attributes[ATTR_OPTIONS]
        return found

    assert options() == ["low", "normal", "high"]
    miner.misbehave(JOINED, Altered('"Power Mode":"Normal"', f'"Power Mode":"{said}"'))
    await clock.next_poll()
    assert shown(hass, "select.miner_power_mode") == "custom"
    assert options() == ["low", "normal", "high", "custom"]
    miner.requests.clear()
    with fails_with("invalid_power_mode", ServiceValidationError):
        await set_mode(hass, "custom")
    assert miner.requests == []

    miner.behave(JOINED)
    await set_mode(hass, "low")
    assert miner.writes == [{"cmd": "set_low_power"}]
    await clock.next_poll(15)
    assert shown(hass, "select.miner_power_mode") == "low"
    assert options() == ["low", "normal", "high"]
    with pytest.raises(ServiceValidationError):
        await set_mode(hass, "custom")


async def test_selects_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)

    assert shown(hass, "select.miner_power_mode") == STATE_UNAVAILABLE


# The heat mode

HEAT = "select.miner_heat_mode"


async def set_heat(hass: HomeAssistant, mode: str) -> None:
    """Choose the heat mode."""
    await act(hass, "select.select_option", HEAT, option=mode)


@pytest.mark.parametrize(
    ("miner", "exists"),
    [("air_miner", False), ("hydro_miner", True), ("old_miner", False)],
    indirect=["miner"],
)
async def test_the_heat_mode_is_there_where_firmware_and_cooling_have_it(
    hass: HomeAssistant, exists: bool
) -> None:
    assert (HEAT in hass.states.async_entity_ids()) is exists


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.parametrize(
    ("mode", "sent"), [("anti_icing", "anti-icing"), ("heating", "heating")]
)
async def test_a_heat_mode_is_chosen_and_assumed(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, mode: str, sent: str
) -> None:
    """No V2 firmware reports it, so it is unknown until it is first chosen. Mining goes on."""
    state = hass.states.get(HEAT)
    assert state is not None
    assert state.state == STATE_UNKNOWN
    assert state.attributes[ATTR_ASSUMED_STATE]
    assert state.attributes[ATTR_OPTIONS] == ["anti_icing", "heating"]
    await clock.tick(5)
    before = miner.state.elapsed

    await set_heat(hass, mode)

    assert miner.writes == [{"cmd": "set_heat_mode", "mode": sent}]
    assert miner.state.heat_mode == sent
    assert miner.state.elapsed >= before > 0
    await clock.next_poll(15)
    assert shown(hass, HEAT) == mode


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.parametrize("mode", ["normal", "anti-icing", "Heating", ""])
async def test_other_heat_modes_are_refused_and_not_sent(
    hass: HomeAssistant, miner: SimulatedMiner, mode: str
) -> None:
    with pytest.raises(ServiceValidationError):
        await set_heat(hass, mode)
    assert miner.requests == []
    assert shown(hass, HEAT) == STATE_UNKNOWN


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.parametrize(
    ("code", "key"), [(14, "unsupported_command"), (132, "refused")]
)
async def test_a_heat_mode_that_is_refused_goes_back(
    hass: HomeAssistant, miner: SimulatedMiner, code: int, key: str
) -> None:
    await set_heat(hass, "heating")
    miner.misbehave("set_heat_mode", Refused(code))
    with fails_with(key):
        await set_heat(hass, "anti_icing")
    assert shown(hass, HEAT) == "heating"
