"""The energy of a site: it never falls or jumps, whatever becomes of its miners."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    async_mock_restore_state_shutdown_restart,
    mock_restore_cache_with_extra_data,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.whatsminer.const import CONF_POLL_INTERVAL
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from tests.fleet import Fleet, Owned

from . import ALL, Site, add_site
from .conftest import Three
from .statistics import check_steps, recorded

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""]),
    pytest.mark.usefixtures("hass_storage"),
]


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant, for the tests that have one."""


class Meter:
    """What the miners of a site count themselves while they belong to it, in kWh."""

    def __init__(self, site: Site, *miners: Owned) -> None:
        """Begin with what the energies are now."""
        self.site = site
        self.counted = site.number("energy")
        self.last = {each: self._energy(each) for each in miners}

    @staticmethod
    def _energy(owned: Owned) -> float:
        shown = owned.shown("sensor", "energy")
        return 0.0 if shown == "unavailable" else float(shown)

    async def poll(self, times: int = 1) -> None:
        """Poll the miners, and check the energy of the site against theirs."""
        for _ in range(times):
            await self.site.fleet.clock.next_poll()
            await self.site.settle()
            self.check()

    def check(self) -> None:
        """Add what each miner has used, and compare it with the site."""
        for owned, before in self.last.items():
            if owned.shown("sensor", "energy") != "unavailable":
                self.last[owned] = self._energy(owned)
                self.counted += max(0.0, self.last[owned] - before)
        assert self.site.number("energy") == pytest.approx(self.counted, abs=1e-4)

    def join(self, owned: Owned) -> None:
        """Count a miner from now on."""
        self.last[owned] = self._energy(owned)

    def leave(self, owned: Owned) -> None:
        """Count a miner no more."""
        del self.last[owned]


async def test_energy_is_what_the_miners_count(site: Site, three: Three) -> None:
    meter = Meter(site, *three)

    await meter.poll(20)

    assert meter.counted > 0.5


async def test_a_miner_that_joins_adds_what_it_uses_from_then_on(
    site: Site, three: Three, fleet: Fleet
) -> None:
    meter = Meter(site, *three)
    await meter.poll(2)
    dora = await fleet.add("Dora")
    await site.settle()
    meter.join(dora)

    await meter.poll(5)

    assert site.attributes("power")["miners"] == 4


async def test_a_miner_with_many_kilowatt_hours_adds_none_of_them(
    hass: HomeAssistant, site: Site, three: Three, fleet: Fleet
) -> None:
    """Its own total is restored while it joins."""
    restored = {
        "energy": 5000.0,
        "power": 3400.0,
        "taken": dt_util.utcnow().isoformat(),
    }
    mock_restore_cache_with_extra_data(
        hass, [(State("sensor.dora_energy", "5000"), restored)]
    )
    before = site.number("energy")

    dora = await fleet.add("Dora")
    await site.settle()
    assert float(dora.shown("sensor", "energy")) >= 5000
    await fleet.clock.next_poll()
    await site.settle()

    assert site.number("energy") - before < 1


async def test_a_miner_that_leaves_takes_nothing_away(site: Site, three: Three) -> None:
    meter = Meter(site, *three)
    await meter.poll(3)

    await three.ada.disable()
    await site.settle()
    meter.leave(three.ada)
    meter.check()

    await meter.poll(3)


async def test_a_miner_that_comes_back_adds_nothing_for_the_time_between(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    meter = Meter(site, *three)
    await meter.poll(2)
    await three.ada.disable()
    await site.settle()
    meter.leave(three.ada)
    await meter.poll(2)

    await hass.config_entries.async_set_disabled_by(three.ada.entry.entry_id, None)
    await site.settle()
    meter.join(three.ada)

    await meter.poll(3)


async def test_a_miner_that_is_away_for_less_than_a_gap_adds_nothing_for_it(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    """With a long interval, its last poll as a member is recent."""
    for each in three:
        hass.config_entries.async_update_entry(
            each.entry, options={CONF_POLL_INTERVAL: 300}
        )
        each.coordinator.async_apply_options()
    clock = site.fleet.clock
    await clock.tick(300)
    others = [three.bea.entry.entry_id, three.cleo.entry.entry_id]

    async def choose(options: dict[str, Any]) -> None:
        hass.config_entries.async_update_entry(site.entry, options=options)
        site.coordinator.async_apply_options()
        await site.settle()

    await choose({"miners": others})
    meter = Meter(site, three.bea, three.cleo)
    await clock.tick(300)
    await site.settle()
    meter.check()

    await choose(ALL)
    meter.check()
    meter.join(three.ada)
    await clock.tick(300)
    await site.settle()
    meter.check()


async def test_a_day_without_an_answer_adds_nothing(site: Site, three: Three) -> None:
    meter = Meter(site, *three)
    await meter.poll(2)
    await three.ada.miner.disconnect()
    await meter.poll(3)
    await site.fleet.clock.tick(24 * 3600)
    await meter.poll(1)
    before = site.number("energy")

    three.ada.miner.reconnect()
    await meter.poll(4)

    assert 0 < site.number("energy") - before < 1


async def test_a_replaced_miner_adds_what_it_uses(
    site: Site, three: Three, fleet: Fleet
) -> None:
    meter = Meter(site, *three)
    await meter.poll(2)
    three.ada.replace_control_board()
    await meter.poll(3)

    await fleet.reload(three.ada)

    assert site.number("energy") == pytest.approx(meter.counted, abs=0.2)
    before = site.number("energy")
    await fleet.clock.next_poll(2)
    await site.settle()
    assert site.number("energy") > before


async def test_a_miner_whose_own_total_is_reset_changes_nothing(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    meter = Meter(site, *three)
    await meter.poll(3)
    before = site.number("energy")
    er.async_get(hass).async_remove(three.ada.entity_id("sensor", "energy"))

    await site.fleet.clock.next_poll()
    await site.settle()

    assert before < site.number("energy") < before + 0.2


async def test_a_reloaded_miner_loses_nothing(
    site: Site, three: Three, fleet: Fleet
) -> None:
    meter = Meter(site, *three)
    await meter.poll(2)

    await fleet.clock.tick(20)
    await fleet.reload(three.bea)
    await site.settle()

    await meter.poll(2)


# Restarts


type Restart = Callable[[float], Awaitable[None]]


@pytest.fixture
def restart(hass: HomeAssistant, site: Site, three: Three) -> Restart:
    """A function that restarts Home Assistant, which takes a while."""

    async def restart(away: float) -> None:
        await async_mock_restore_state_shutdown_restart(hass)
        entries = [
            entry
            for entry in (site.entry, *(each.entry for each in three))
            if not entry.disabled_by
        ]
        for entry in entries:
            assert await hass.config_entries.async_unload(entry.entry_id)
        await site.fleet.clock.tick(away)
        for entry in entries:
            assert await hass.config_entries.async_setup(entry.entry_id)
        await site.settle()

    return restart


@pytest.mark.parametrize("away", [20, 3600])
async def test_a_restart_counts_for_the_site_as_for_its_miners(
    site: Site, three: Three, restart: Restart, away: float
) -> None:
    """A short one loses nothing, a long one is a gap."""
    meter = Meter(site, *three)
    await meter.poll(5)
    before = site.number("energy")

    await restart(away)

    assert site.number("energy") >= before
    await meter.poll(2)


async def test_a_site_that_is_reloaded_during_an_outage_loses_nothing(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    meter = Meter(site, *three)
    await meter.poll(3)
    await three.ada.miner.disconnect()
    for _ in range(3):
        await hass.config_entries.async_reload(site.entry.entry_id)
        await meter.poll(2)
    three.ada.miner.reconnect()

    await meter.poll(3)


async def test_a_site_that_is_reloaded_while_a_poll_is_missed_loses_nothing(
    site: Site, three: Three, hass: HomeAssistant
) -> None:
    meter = Meter(site, *three)
    await meter.poll(3)
    await three.ada.miner.disconnect()
    await meter.poll()
    await hass.config_entries.async_reload(site.entry.entry_id)
    await site.settle()
    three.ada.miner.reconnect()

    await meter.poll(3)


@pytest.mark.parametrize("own", [False, True], ids=["site", "miner"])
async def test_an_energy_that_is_renamed_and_renamed_back_does_not_fall(
    site: Site, three: Three, hass: HomeAssistant, own: bool
) -> None:
    """Home Assistant kept what it was under the first name."""
    registry = er.async_get(hass)
    meter = Meter(site, *three)
    await meter.poll(3)
    first = (
        three.ada.entity_id("sensor", "energy")
        if own
        else site.entity_id("sensor", "energy")
    )
    for old, new in ((first, "sensor.renamed"), ("sensor.renamed", first)):
        registry.async_update_entity(old, new_entity_id=new)
        await hass.async_block_till_done()
        for _ in range(3):
            await site.fleet.clock.next_poll()
        await site.settle()

    meter.check()


async def test_what_cannot_be_read_is_not_restored(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    for stored in ({}, {"energy": "much", "miners": {}}, {"energy": 1, "miners": 3}):
        mock_restore_cache_with_extra_data(
            hass, [(State("sensor.shed_energy", "9"), stored)]
        )
        site = await add_site(fleet)

        assert site.number("energy") in (0, 1)
        await hass.config_entries.async_remove(site.entry.entry_id)


async def test_a_new_site_does_not_begin_with_the_energy_of_a_removed_one(
    site: Site, three: Three, fleet: Fleet, hass: HomeAssistant
) -> None:
    """Both have the same entity id."""
    await Meter(site, *three).poll(4)
    entity_id = site.entity_id("sensor", "energy")
    await hass.config_entries.async_remove(site.entry.entry_id)

    new = await add_site(fleet)

    assert new.entity_id("sensor", "energy") == entity_id
    assert new.number("energy") == 0


# Against the recorder


@pytest.mark.usefixtures("recorder_mock")
async def test_statistics_go_on_over_changes_of_the_members_and_a_restart(
    hass: HomeAssistant, site: Site, three: Three, restart: Restart
) -> None:
    meter = Meter(site, *three)
    await meter.poll(12)
    await three.ada.disable()
    await site.settle()
    meter.leave(three.ada)
    await meter.poll(12)
    await restart(30)
    await meter.poll(12)

    sums = await recorded(hass, site.entity_id("sensor", "energy"), dt_util.utcnow())

    check_steps(sums, kilowatts=11)
    assert sums[-1] == pytest.approx(meter.counted, abs=0.01)


@pytest.mark.usefixtures("recorder_mock")
async def test_the_energy_dashboard_has_no_complaint(
    hass: HomeAssistant, site: Site, three: Three, hass_ws_client: Any
) -> None:
    assert await async_setup_component(hass, "energy", {})
    await Meter(site, *three).poll(10)
    await recorded(hass, site.entity_id("sensor", "energy"), dt_util.utcnow())
    client = await hass_ws_client()
    device = {
        "stat_consumption": site.entity_id("sensor", "energy"),
        "stat_rate": site.entity_id("sensor", "power"),
        "name": "Shed",
    }

    async def command(kind: str, **arguments: Any) -> Any:
        await client.send_json_auto_id({"type": kind, **arguments})
        answer = await client.receive_json()
        assert answer["success"], answer
        return answer["result"]

    await command("energy/save_prefs", device_consumption=[device])
    complaints = await command("energy/validate")

    assert complaints["device_consumption"] == [[]]
