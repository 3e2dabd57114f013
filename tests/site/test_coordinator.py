"""The readings of a site: the sums over its miners, in every state that a miner can be in."""

from collections.abc import Callable

import pytest

from custom_components.whatsminer.site.coordinator import loaded_site
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType
from tests import device_of, entities_of, fails_with
from tests.fleet import Fleet, Owned

from . import Site, add_site
from .conftest import Three

pytestmark = pytest.mark.parametrize(
    "platforms", [(Platform.SENSOR, Platform.BINARY_SENSOR)], ids=[""]
)
SUMS = ("hash_rate", "power")
COUNTS = ("miners_running", "miners_offline", "miners_with_problem")


def reading(owned: Owned, key: str) -> float | None:
    """Return what a sensor of a miner shows, None if it shows no number."""
    shown = owned.shown("sensor", key)
    return None if shown in ("unavailable", "unknown") else float(shown)


def check_sums(site: Site, *miners: Owned) -> None:
    """Check that the site shows what follows from the entities of its miners."""
    for key in SUMS:
        known = [value for each in miners if (value := reading(each, key)) is not None]
        assert site.shown(key) != "unavailable"
        if known:
            assert site.number(key) == pytest.approx(sum(known), abs=0.02)
        else:
            assert site.shown(key) == STATE_UNKNOWN
        assert site.attributes(key)["miners_counted"] == len(known)
        assert site.attributes(key)["miners"] == len(miners)
    both = [
        (power, rate)
        for each in miners
        if (power := reading(each, "power")) is not None
        and (rate := reading(each, "hash_rate")) is not None
    ]
    rate = sum(rate for _, rate in both)
    if rate:
        expected = sum(power for power, _ in both) / rate
        assert site.number("efficiency") == pytest.approx(expected, abs=0.02)
    else:
        assert site.shown("efficiency") == STATE_UNKNOWN

    def named(platform: str, key: str, state: str) -> list[str]:
        return sorted(
            each.entry.title for each in miners if each.shown(platform, key) == state
        )

    assert site.names("miners_running") == named("binary_sensor", "running", "on")
    problems = named("binary_sensor", "problem", "on")
    assert site.names("miners_with_problem") == problems
    assert site.shown("problem", "binary_sensor") == ("on" if problems else "off")
    assert site.names("miners_offline") == named("sensor", "hash_rate", "unavailable")


async def test_a_site_adds_up_its_miners(site: Site, three: Three) -> None:
    check_sums(site, *three)

    assert site.attributes("hash_rate")["miners_counted"] == 3
    assert site.names("miners_running") == ["Ada", "Bea", "Cleo"]
    assert site.shown("miners_not_off") == STATE_UNKNOWN
    assert site.shown("problem", "binary_sensor") == "off"


def stop(owned: Owned) -> None:
    """Let somebody stop a miner."""
    owned.miner.state.mining = False


def restart_mining(owned: Owned) -> None:
    """Let a miner begin to mine, which takes a while."""
    stop(owned)
    owned.miner.state.mining = True


CHANGES: dict[str, Callable[[Owned], None]] = {
    "one is stopped": stop,
    "one has a fault": lambda owned: owned.miner.state.faults.update(
        {110: "2026-11-01 08:00:00"}
    ),
    "one starts": restart_mining,
    "one reboots": lambda owned: owned.miner.state.reboot(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_the_sums_follow(
    site: Site, three: Three, change: Callable[[Owned], None]
) -> None:
    """One miner after the other."""
    for each in three:
        change(each)
        for _ in range(3):
            await site.fleet.clock.next_poll()
            await site.settle()
            check_sums(site, *three)


@pytest.mark.parametrize("index", range(3), ids=["V2", "V3", "V1"])
async def test_a_miner_that_does_not_answer_is_missing_and_not_zero(
    site: Site, three: Three, index: int
) -> None:
    lost = list(three)[index]
    before = site.number("hash_rate")
    await lost.miner.disconnect()

    await site.fleet.clock.next_poll(3)
    await site.settle()

    check_sums(site, *three)
    assert site.names("miners_offline") == [lost.entry.title]
    assert site.attributes("power")["miners_counted"] == 2
    assert site.number("hash_rate") < before
    lost.miner.reconnect()
    await site.fleet.clock.next_poll(2)
    await site.settle()
    check_sums(site, *three)
    assert site.names("miners_offline") == []


async def test_without_any_answer_there_are_no_sums(site: Site, three: Three) -> None:
    for each in three:
        await each.miner.disconnect()

    await site.fleet.clock.next_poll(3)
    await site.settle()

    assert site.shown("hash_rate") == STATE_UNKNOWN
    assert site.shown("efficiency") == STATE_UNKNOWN
    assert site.shown("problem", "binary_sensor") == STATE_UNKNOWN
    assert site.names("miners_offline") == ["Ada", "Bea", "Cleo"]
    assert site.is_on


async def test_a_miner_that_cannot_be_set_up_is_offline(
    site: Site, three: Three, fleet: Fleet
) -> None:
    await three.ada.miner.disconnect()
    await fleet.reload(three.ada)
    await site.settle()

    assert site.names("miners_offline") == ["Ada"]
    assert site.attributes("power") == site.attributes("power") | {
        "miners_counted": 2,
        "miners": 3,
    }


async def test_a_miner_stays_offline_while_it_is_tried_again(
    site: Site, three: Three, fleet: Fleet
) -> None:
    await three.ada.miner.disconnect()
    await fleet.reload(three.ada)
    await site.settle()
    shown: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == site.entity_id("sensor", "miners_offline"):
            shown.append(event.data["new_state"].state)  # type: ignore[union-attr]

    fleet.hass.bus.async_listen("state_changed", note)
    for _ in range(6):
        await fleet.clock.tick(30)
        await site.settle()

    assert site.names("miners_offline") == ["Ada"]
    assert shown == []


async def test_a_site_is_renamed_with_its_entry(site: Site) -> None:
    site.hass.config_entries.async_update_entry(site.entry, title="Roof")
    await site.hass.async_block_till_done()

    assert device_of(site.hass, site.entry).name == "Roof"


async def test_a_miner_that_is_being_set_up_is_not_offline(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    assert await hass.config_entries.async_unload(three.ada.entry.entry_id)
    await site.settle()

    assert site.names("miners_offline") == []
    assert site.attributes("power")["miners_counted"] == 2


async def test_a_reloaded_miner_is_followed_again(
    site: Site, three: Three, fleet: Fleet
) -> None:
    await fleet.reload(three.ada)
    stop(three.ada)

    await fleet.clock.next_poll(2)
    await site.settle()

    check_sums(site, *three)
    assert site.names("miners_running") == ["Bea", "Cleo"]


async def test_a_site_of_one_miner_is_normal(fleet: Fleet, ada: Owned) -> None:
    site = await add_site(fleet)

    for key in (*SUMS, "efficiency"):
        assert site.number(key) == pytest.approx(reading(ada, key), abs=0.02)


async def test_a_site_without_miners_knows_nothing(fleet: Fleet, ada: Owned) -> None:
    site = await add_site(fleet, all_miners=False, miners=["gone"])

    assert site.shown("hash_rate") == STATE_UNKNOWN
    assert [site.shown(key) for key in COUNTS] == ["0"] * len(COUNTS)
    assert site.attributes("hash_rate")["miners"] == 0


async def test_a_site_is_a_service_with_its_name(
    site: Site, device_registry: dr.DeviceRegistry
) -> None:
    (device,) = dr.async_entries_for_config_entry(device_registry, site.entry.entry_id)

    assert device.name == "Shed"
    assert device.entry_type is DeviceEntryType.SERVICE
    assert len(entities_of(site.hass, site.entry)) < 20


async def test_the_site_asks_no_miner_anything(site: Site, three: Three) -> None:
    await site.fleet.clock.next_poll()
    for each in three:
        each.miner.requests.clear()
    connections = [each.miner.connections for each in three]

    await site.settle()
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    await site.settle()

    assert [each.miner.connections for each in three] == connections


async def test_readings_change_at_most_once_a_second(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    """However many polls there are in it."""
    changes: list[str] = []

    @callback
    def count(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == site.entity_id("sensor", "miners_running"):
            changes.append(event.data["new_state"].state)  # type: ignore[union-attr]

    hass.bus.async_listen("state_changed", count)
    await site.settle()
    for each in three:
        stop(each)
        await each.coordinator.async_refresh()
    await hass.async_block_till_done()

    assert changes == ["2"]
    await site.settle()
    assert changes == ["2", site.shown("miners_running")]


async def test_an_entry_that_is_not_loaded_has_no_coordinator(site: Site) -> None:
    assert loaded_site(site.entry) is site.coordinator

    await site.hass.config_entries.async_unload(site.entry.entry_id)

    with fails_with("not_loaded"):
        loaded_site(site.entry)
