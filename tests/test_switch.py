"""Settings of a miner that are on or off."""

import pytest

from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import SimulatedMiner

from . import Check, Clock, Without, act, every_generation, names_of, shown
from .words import forget, sent, speaks_v3

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SWITCH,)], ids=[""]),
    pytest.mark.usefixtures("set_up"),
]

COOLING = "switch.miner_cooling_after_power_off"
FAN_STOP = "switch.miner_fans_may_stop"


@every_generation
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_every_generation_has_its_switches(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_a_water_cooled_miner_that_speaks_v3_has_its_switches(
    check_entities: Check,
) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["air_miner", "hydro_miner"], indirect=True)
async def test_a_miner_that_does_not_say_whether_it_is_on_can_be_switched(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A miner that hashes is on. One that was switched off is off as long as it does not hash."""
    miner.misbehave("status", Without("mineroff"))
    await clock.next_poll()
    assert shown(hass, "switch.miner") == STATE_ON

    await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(10)
    assert shown(hass, "switch.miner") == STATE_OFF

    await act(hass, "switch.turn_on", "switch.miner")
    await clock.next_poll(20)
    assert shown(hass, "switch.miner") == STATE_ON
    assert "the miner reports" not in caplog.text


@every_generation
async def test_mining_is_switched_off_and_on(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert shown(hass, "switch.miner") == STATE_ON

    await act(hass, "switch.turn_off", "switch.miner")
    if not speaks_v3(miner):
        assert miner.writes == [{"cmd": "power_off", "respbefore": "true"}]
    assert sent(miner) == ["power_off"]
    assert not miner.state.mining
    assert shown(hass, "switch.miner") == STATE_OFF
    await clock.next_poll(3)
    assert shown(hass, "switch.miner") == STATE_OFF

    forget(miner)
    await act(hass, "switch.turn_on", "switch.miner")
    assert sent(miner) == ["power_on"]
    assert miner.state.mining
    assert shown(hass, "switch.miner") == STATE_ON
    await clock.next_poll(12)
    assert shown(hass, "switch.miner") == STATE_ON


@every_generation
async def test_the_switch_follows_the_miner(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll(2)
    assert shown(hass, "switch.miner") == STATE_OFF

    miner.state.mining = True
    await clock.next_poll(2)
    assert shown(hass, "switch.miner") == STATE_ON


@pytest.mark.parametrize(
    ("miner", "process"),
    [("air_miner", "btminer"), ("hydro_miner", "btminer"), ("old_miner", "cgminer")],
    indirect=["miner"],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_fast_boot_is_switched(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, process: str
) -> None:
    await act(hass, "switch.turn_on", "switch.miner_fast_boot")
    assert miner.writes == [{"cmd": f"enable_{process}_fast_boot"}]
    assert miner.state.fast_boot
    assert shown(hass, "switch.miner_fast_boot") == STATE_ON

    await clock.next_poll()
    miner.writes.clear()
    await act(hass, "switch.turn_off", "switch.miner_fast_boot")
    assert miner.writes == [{"cmd": f"disable_{process}_fast_boot"}]
    assert not miner.state.fast_boot
    assert shown(hass, "switch.miner_fast_boot") == STATE_OFF


@every_generation
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_web_pools_are_switched(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Only V3 reports it: elsewhere the state is unknown until it is switched."""
    state = hass.states.get("switch.miner_pools_on_web_page")
    assert state is not None
    assert state.state == (STATE_ON if speaks_v3(miner) else STATE_UNKNOWN)
    assert state.attributes.get(ATTR_ASSUMED_STATE, False) is not speaks_v3(miner)

    await act(hass, "switch.turn_off", "switch.miner_pools_on_web_page")
    assert sent(miner) == ["disable_web_pools"]
    assert not miner.state.web_pools
    await clock.next_poll()
    assert shown(hass, "switch.miner_pools_on_web_page") == STATE_OFF

    forget(miner)
    await act(hass, "switch.turn_on", "switch.miner_pools_on_web_page")
    assert sent(miner) == ["enable_web_pools"]
    assert miner.state.web_pools
    assert shown(hass, "switch.miner_pools_on_web_page") == STATE_ON


@pytest.mark.parametrize(
    ("miner", "exist"),
    [("air_miner", True), ("hydro_miner", False), ("old_miner", False)],
    indirect=["miner"],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_switches_of_fans_exist_where_fans_do(
    hass: HomeAssistant, exist: bool
) -> None:
    """Liquid-cooled miners have no fans, and V1 does not know the commands."""
    for entity_id in (COOLING, FAN_STOP):
        assert (entity_id in hass.states.async_entity_ids()) is exist


@pytest.mark.parametrize(
    ("entity_id", "name", "attribute"),
    [
        (COOLING, "poweroff_cool", "poweroff_cool"),
        (FAN_STOP, "fan_zero_speed", "fan_zero_speed"),
    ],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_switches_of_fans_are_switched(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    entity_id: str,
    name: str,
    attribute: str,
) -> None:
    """No firmware reports the switches of fans."""
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.state == STATE_UNKNOWN
    assert state.attributes[ATTR_ASSUMED_STATE]

    for action, value, expected in (("on", "1", STATE_ON), ("off", "0", STATE_OFF)):
        miner.writes.clear()
        await act(hass, f"switch.turn_{action}", entity_id)
        assert miner.writes == [{"cmd": f"set_{name}", name: value}]
        assert getattr(miner.state, attribute) is (action == "on")
        await clock.next_poll(3)
        assert shown(hass, entity_id) == expected


@pytest.mark.parametrize(
    ("miner", "assumed"),
    [("air_miner", False), ("hydro_miner", False), ("old_miner", True)],
    indirect=["miner"],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_fast_boot_is_assumed_only_where_it_is_not_reported(
    hass: HomeAssistant, assumed: bool
) -> None:
    state = hass.states.get("switch.miner_fast_boot")

    assert state is not None
    assert state.attributes.get(ATTR_ASSUMED_STATE, False) is assumed
    assert (state.state == STATE_UNKNOWN) is assumed


async def test_power_off_is_sent_to_a_stopped_miner(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The state that is shown may be wrong."""
    miner.state.mining = False
    await clock.next_poll()
    assert shown(hass, "switch.miner") == STATE_OFF

    await act(hass, "switch.turn_off", "switch.miner")

    assert names_of(miner.writes) == ["power_off"]


async def test_switches_are_unavailable_only_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)
    assert {state.state for state in hass.states.async_all("switch")} == {
        STATE_UNAVAILABLE
    }

    miner.reconnect()
    await clock.next_poll()
    assert shown(hass, "switch.miner") == STATE_ON


# Start after boot

START = "switch.miner_start_after_boot"


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_start_after_boot_is_there_for_those_who_enable_it(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    entry = entity_registry.async_get(START)
    assert entry is not None
    assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert hass.states.get(START) is None


@pytest.mark.parametrize("miner", ["air_miner", "old_miner"], indirect=True)
async def test_firmware_that_always_mines_after_boot_has_no_switch_for_it(
    entity_registry: er.EntityRegistry,
) -> None:
    assert entity_registry.async_get(START) is None


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_a_miner_mines_after_a_boot_or_waits_until_it_is_started(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """No firmware reports which of the two it will do."""
    assert shown(hass, START) == STATE_UNKNOWN
    for action, command, expected in (
        ("off", "disable_btminer_init", STATE_OFF),
        ("on", "enable_btminer_init", STATE_ON),
    ):
        miner.writes.clear()
        await act(hass, f"switch.turn_{action}", START)
        assert miner.writes == [{"cmd": command}]
        await clock.next_poll(3)
        assert shown(hass, START) == expected
        assert shown(hass, "switch.miner") == STATE_ON  # mining goes on

        miner.state.reboot()
        await clock.next_poll(8)
        assert shown(hass, START) == expected
        assert shown(hass, "switch.miner") == expected
        await act(hass, "switch.turn_on", "switch.miner")
        await clock.next_poll()
        assert miner.state.mining
