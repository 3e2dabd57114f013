"""Energy after a crash of Home Assistant: what is restored is older than what is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager
from sqlalchemy.exc import OperationalError

from custom_components.whatsminer.const import CONF_POLL_INTERVAL
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.restore_state import async_get as restore_data
from homeassistant.util import dt as dt_util

from . import Site
from .conftest import Three
from .statistics import check_steps, recorded

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""]),
    pytest.mark.usefixtures("hass_storage", "recorder_mock"),
]
_SITE = "Shed"


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant."""


@dataclass
class Shed:
    """A site with three miners, what they use by their own powers, and a crash.

    Energies are by the names of what has them.
    """

    site: Site
    three: Three
    interval: float = 30

    @property
    def hass(self) -> HomeAssistant:
        """Home Assistant."""
        return self.site.hass

    def set_interval(self, seconds: float) -> None:
        """Poll the miners that often."""
        self.interval = seconds
        for each in self.three:
            self.hass.config_entries.async_update_entry(
                each.entry, options={CONF_POLL_INTERVAL: seconds}
            )
            each.coordinator.async_apply_options()

    def entity_id(self, name: str) -> str:
        """Return the id of an energy."""
        return f"sensor.{name.lower()}_energy"

    def shown(self) -> dict[str, float]:
        """Return the energies that are shown, in the unit of the user."""
        states = {
            name: self.hass.states.get(self.entity_id(name))
            for name in (_SITE, *(each.entry.title for each in self.three))
        }
        return {
            name: float(state.state)
            for name, state in states.items()
            if state and state.state != STATE_UNAVAILABLE
        }

    async def poll(self, times: int) -> dict[str, float]:
        """Poll the miners, and return what they used in that time."""
        used = dict.fromkeys((each.entry.title for each in self.three), 0.0)
        for _ in range(times):
            before = {each: each.coordinator.data for each in self.three}
            await self.site.fleet.clock.tick(self.interval)
            for each, last in before.items():
                now = each.coordinator.data
                assert last.live.power is not None
                assert now.live.power is not None
                watts = (last.live.power + now.live.power) / 2
                seconds = now.monotonic - last.monotonic
                used[each.entry.title] += watts * seconds / 3.6e6
        await self.site.settle()
        return {**used, _SITE: sum(used.values())}

    async def store(self) -> None:
        """Store what would be restored, which happens every quarter of an hour."""
        await restore_data(self.hass).async_dump_states()

    async def crash(self, away: float = 30) -> None:
        """Set everything up again with what was stored a while ago.

        Nothing is recorded meanwhile: after a crash, nothing becomes unavailable before the start.
        """
        await async_wait_recording_done(self.hass)
        entries = [self.site.entry, *(each.entry for each in self.three)]
        get_instance(self.hass).set_enable(False)
        for entry in entries:
            assert await self.hass.config_entries.async_unload(entry.entry_id)
        get_instance(self.hass).set_enable(True)
        await restore_data(self.hass).async_load()  # what was written before the crash
        await self.site.fleet.clock.tick(away)
        for entry in entries:
            await self.hass.config_entries.async_setup(entry.entry_id)
        await self.site.settle()


@pytest.fixture
def shed(site: Site, three: Three) -> Shed:
    """The site with its miners, which has gone on for a while."""
    return Shed(site, three)


def about(energies: Mapping[str, float]) -> object:
    """Return energies that may differ by the rounding of what is shown and of what is used."""
    return pytest.approx(energies, abs=3e-5)


def sum_of(*energies: Mapping[str, float]) -> dict[str, float]:
    """Add energies."""
    return {name: sum(each[name] for each in energies) for name in energies[0]}


async def test_energy_goes_on_where_it_was(shed: Shed) -> None:
    await shed.poll(5)
    await shed.store()
    await shed.poll(10)
    before = shed.shown()

    await shed.crash()

    assert shed.shown() == before
    used = await shed.poll(4)
    assert shed.shown() == about(sum_of(before, used))
    sums = await recorded(shed.hass, shed.entity_id(_SITE), dt_util.utcnow())
    check_steps(sums, kilowatts=11)


async def test_with_a_long_interval_nothing_is_counted_twice(shed: Shed) -> None:
    """A crash within three polls is no gap."""
    shed.set_interval(300)
    await shed.poll(3)
    await shed.store()
    await shed.poll(2)
    before = shed.shown()

    await shed.crash()

    assert shed.shown() == before
    used = await shed.poll(2)
    assert shed.shown() == about(sum_of(before, used))


@pytest.mark.parametrize(("first", "then"), [(30, 300), (300, 30)])
async def test_an_interval_that_was_changed_since_counts_nothing_twice(
    shed: Shed, first: float, then: float
) -> None:
    shed.set_interval(first)
    await shed.poll(3)
    await shed.store()
    shed.set_interval(then)
    await shed.poll(2)
    before = shed.shown()

    await shed.crash()

    assert shed.shown() == before
    used = await shed.poll(2)
    assert shed.shown() == about(sum_of(before, used))


@pytest.mark.parametrize("interval", [30, 300])
async def test_a_miner_that_was_offline_before_loses_nothing(
    shed: Shed, interval: float
) -> None:
    """Its last recorded state is no number."""
    ada = shed.three.ada
    shed.set_interval(interval)
    await shed.poll(3)
    await shed.store()
    await shed.poll(2)
    own = shed.shown()["Ada"]
    await ada.miner.disconnect()
    for _ in range(4):
        await shed.site.fleet.clock.tick(interval)
    await shed.site.settle()
    before = shed.shown()
    assert "Ada" not in before
    ada.miner.reconnect()

    await shed.crash()

    before["Ada"] = own
    assert shed.shown() == before
    used = await shed.poll(2)
    assert shed.shown() == about(sum_of(before, used))


async def test_a_miner_that_does_not_answer_at_the_start_loses_nothing(
    shed: Shed,
) -> None:
    """Home Assistant writes its entities as unavailable until it answers."""
    ada = shed.three.ada
    await shed.store()
    await shed.poll(4)
    before = shed.shown()
    await ada.miner.disconnect()

    await shed.crash()
    shed.hass.states.async_set(
        shed.entity_id("Ada"), STATE_UNAVAILABLE, {"restored": True}
    )
    await async_wait_recording_done(shed.hass)
    ada.miner.reconnect()
    await shed.site.fleet.reload(ada)

    assert shed.shown()["Ada"] == before["Ada"]


async def test_energies_go_on_without_the_database(
    hass: HomeAssistant, shed: Shed
) -> None:
    """What was stored is all that there is."""
    await shed.poll(3)
    before = shed.shown()
    await shed.store()
    await async_wait_recording_done(hass)

    failure = OperationalError("SELECT", None, Exception("disk I/O error"))
    with patch(
        "custom_components.whatsminer.recorded.get_last_state_changes",
        side_effect=failure,
    ):
        await shed.crash(away=3600)

    assert shed.shown() == before
