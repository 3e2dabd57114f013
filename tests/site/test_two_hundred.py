"""A site over two hundred modelled miners: right in every state, and rarely updated."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import fmean
from typing import Any, Final, override

import pytest

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entity import registered_entity_id
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from tests import entities_of
from tests.fleet import Fleet

from . import ALL, Site, site_entry
from .modelled import Crowd, Modelled, Says

MINERS: Final = 200
MOST_NAMES: Final = 50
SITE_PRICE: Final = 48.0  # for 1 PH/s and day
OWN_PRICE: Final = 30.0
LISTS: Final = (
    "miners_running",
    "miners_offline",
    "miners_with_problem",
    "miners_not_off",
)

# What miners say, each with another hash rate and another power; None is no answer.
STATES: Final[tuple[Says | None, ...]] = (
    Says(hash_rate=1.0, power=1.0),
    Says(hash_rate=0.4, power=1.2, stable=False),
    Says(hash_rate=0.0, power=None, stable=False),
    Says(mining=False, hash_rate=0.9, power=0.01),
    Says(mining=False, hash_rate=None, power=0.0, stable=None),
    Says(hash_rate=0.7, power=0.9, faults=("541",)),
    Says(hash_rate=0.9, power=1.0, faults=("2320",)),
    Says(hash_rate=0.8, power=1.1, faults=None),
    Says(hash_rate=1.0, power=1.0, stale=True),
    Says(mining=None, hash_rate=None, power=None, stable=None, faults=None),
    Says(hash_rate=1.1, power=0.0),
    Says(hash_rate=1.1, power=-0.2),
    Says(hash_rate=1e12, power=1e12),
    None,
)


def scaled(says: Says | None, number: int) -> Says | None:
    """Return what a certain miner says, which no other one says."""
    if says is None:
        return None
    rate, power = says.hash_rate, says.power
    return Says(
        mining=says.mining,
        hash_rate=rate and rate * (90 + number / 8),
        power=power and power * (3100 + 3 * number),
        stable=says.stable,
        faults=says.faults,
        stale=says.stale,
    )


@dataclass
class Model:
    """What a person with a pencil would know of one miner.

    `efficiency` and `power` are those of the last time at which it mined and was tuned. Before that,
    `untuned` is the efficiency of the last poll.
    """

    miner: Modelled
    price: float
    says: Says | None = None
    efficiency: float | None = None
    power: float | None = None
    untuned: float | None = None

    def hear(self) -> None:
        """Write down what the miner says, as each poll does."""
        self.says = self.miner.client.says
        if self.says is None:
            return
        rate, watts = self.rate, self.watts
        is_efficient = rate is not None and rate > 0 and watts is not None and watts > 0
        self.untuned = watts / rate if is_efficient else None
        if is_efficient and self.says.stable is not False:
            self.efficiency, self.power = self.untuned, watts

    @property
    def rate(self) -> float | None:
        """TH/s, None if that is not known."""
        if self.says is None:
            return None
        if self.says.mining is False:
            return 0.0
        return None if self.says.stale else self.says.hash_rate

    @property
    def watts(self) -> float | None:
        """W, None if that is not known."""
        return None if self.says is None or self.says.stale else self.says.power

    @property
    def has_problem(self) -> bool:
        """Whether it has the one fault of this page that is not minor."""
        return self.says is not None and self.says.faults == ("541",)

    @property
    def break_even(self) -> float | None:
        """The price of a kWh at which it earns what it costs."""
        efficiency = self.untuned if self.efficiency is None else self.efficiency
        return None if efficiency is None else self.price / efficiency / 24


@dataclass
class Two(Crowd):
    """The miners with what is known of each."""

    models: list[Model] = field(default_factory=list)

    def say(self, states: Sequence[Says | None]) -> None:
        """Let the miners be in these states."""
        for number, miner in enumerate(self.miners):
            miner.client.says = scaled(states[number % len(states)], number)

    def hear(self) -> None:
        """Write down what all say."""
        for model in self.models:
            model.hear()


class BigSite(Site):
    """The site, whose entities are found by their keys, whatever they are called."""

    @override
    def entity_id(self, platform: str, key: str = "") -> str:
        entity_id = registered_entity_id(
            self.hass, Platform(platform), self.entry.entry_id, key or "mining"
        )
        assert entity_id is not None, key
        return entity_id


@dataclass(frozen=True)
class Big:
    """The site with its miners."""

    crowd: Two
    site: Site

    async def poll(self) -> None:
        """Poll all miners twice, so that one that does not answer is missed, and wait a second."""
        await self.site.fleet.clock.next_poll(2)
        self.crowd.hear()
        await self.site.settle()

    def near(self, key: str, expected: float | None) -> None:
        """Check the state of a sensor."""
        if expected is None:
            assert self.site.shown(key) == STATE_UNKNOWN, key
        else:
            assert self.site.number(key) == pytest.approx(
                expected, rel=1e-9, abs=0.0051
            ), key

    def check(
        self,
        without: Sequence[Modelled] = (),
        down: Sequence[Modelled] = (),
        unknown: Sequence[Modelled] = (),
        *,
        held: bool = False,
    ) -> None:
        """Compare the sensors with independent sums.

        Args:
            without: miners that do not belong to the site.
            down: those whose entry failed to be set up, so that nothing is known of them.
            unknown: those whose entry is not loaded for another reason.
            held: whether the site keeps all miners off.
        """
        models = [each for each in self.crowd.models if each.miner not in without]
        lost = [*down, *unknown]
        loaded = [each for each in models if each.miner not in lost]
        self._check_sums(loaded, len(models))
        self._check_prices(loaded)
        offline = [each.miner for each in loaded if each.says is None]
        not_off = [
            each.miner
            for each in models
            if each.miner in lost or each.says is None or each.says.mining is not False
        ]
        self._check_list("miners_running", [m.miner for m in loaded if m.rate])
        self._check_list("miners_offline", [*offline, *down])
        self._check_list(
            "miners_with_problem", [m.miner for m in loaded if m.has_problem]
        )
        self._check_list("miners_not_off", not_off if held else [])
        self._check_problem(loaded)

    def _check_sums(self, loaded: Sequence[Model], miners: int) -> None:
        for key, values in (
            ("hash_rate", [each.rate for each in loaded]),
            ("power", [each.watts for each in loaded]),
        ):
            known = [value for value in values if value is not None]
            self.near(key, fmean(known) * len(known) if known else None)
            attributes = self.site.attributes(key)
            assert attributes["miners_counted"] == len(known)
            assert attributes["miners"] == miners
        both = [
            (each.watts, each.rate)
            for each in loaded
            if each.watts is not None and each.rate is not None
        ]
        rate = sum(rate for _, rate in both)
        self.near("efficiency", sum(w for w, _ in both) / rate if rate else None)

    def _check_prices(self, loaded: Sequence[Model]) -> None:
        prices = [(m.break_even, m.power, m.miner.name) for m in loaded]
        known = [(price, power) for price, power, _ in prices if price and power]
        if not known:
            self.near("break_even_price", None)
            return
        earned = sum(price * power for price, power in known)
        shown = self.site.number("break_even_price")
        assert shown == pytest.approx(earned / sum(p for _, p in known), abs=6e-6)
        lowest, name = min((price, name) for price, _, name in prices if price)
        assert self.site.number("lowest_break_even_price") == pytest.approx(
            lowest, abs=6e-6
        )
        assert self.site.attributes("lowest_break_even_price")["name"] == name

    def _check_list(self, key: str, miners: Sequence[Modelled]) -> None:
        names = sorted(miner.name for miner in miners)
        assert self.site.shown(key) == str(len(names)), key
        assert self.site.attributes(key)["names"] == names[:MOST_NAMES]

    def _check_problem(self, loaded: Sequence[Model]) -> None:
        shown = self.site.shown("problem", "binary_sensor")
        if any(each.has_problem for each in loaded):
            assert shown == "on"
        elif any(each.says and each.says.faults is not None for each in loaded):
            assert shown == "off"
        else:
            assert shown == STATE_UNKNOWN


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No entities of the miners themselves, which would be more than ten thousand."""
    return ()


@pytest.fixture
async def big(fleet: Fleet, hass_storage: dict[str, Any]) -> Big:
    """A site with two hundred miners in all states; two of them are called the same."""
    crowd = Two(fleet.hass)
    for number in range(MINERS):
        has_price = number % 9 == 4
        miner = crowd.add(
            "Twin" if number in (5, 19) else f"Miner {number:03}",
            {"hash_price": OWN_PRICE} if has_price else None,
        )
        crowd.models.append(Model(miner, OWN_PRICE if has_price else SITE_PRICE))
    crowd.say([says or STATES[0] for says in STATES])
    entry = site_entry("Shed", {**ALL, "hash_price": SITE_PRICE})
    entry.add_to_hass(fleet.hass)
    assert await async_setup_component(fleet.hass, DOMAIN, {})
    await fleet.settle()
    crowd.hear()
    big = Big(crowd, BigSite(fleet, entry))
    await big.site.settle()
    return big


async def test_the_readings_are_right_in_all_states_and_after_all_changes(
    big: Big,
) -> None:
    big.check()
    crowd = big.crowd
    for states in (
        STATES,
        STATES[::-1],
        *([state] for state in STATES),
        Random(17).choices(STATES, k=MINERS),
    ):
        crowd.say(states)
        await big.poll()
        big.check()


async def test_a_miner_that_joins_or_leaves_in_any_way_changes_the_readings(
    big: Big,
) -> None:
    await big.poll()
    hass, entries = big.crowd.hass, big.crowd.hass.config_entries
    disabled, hidden, removed, reloaded, unloaded, failing = big.crowd.miners[:6]

    await entries.async_set_disabled_by(
        disabled.entry.entry_id, ConfigEntryDisabler.USER
    )
    await big.site.settle()
    big.check(without=[disabled])

    registry = dr.async_get(hass)
    registry.async_update_device(
        hidden.device.id, disabled_by=dr.DeviceEntryDisabler.USER
    )
    await big.site.settle()
    big.check(without=[disabled, hidden])

    await entries.async_remove(removed.entry.entry_id)
    await big.site.settle()
    big.check(without=[disabled, hidden, removed])

    await entries.async_unload(unloaded.entry.entry_id)
    await big.site.settle()
    big.check(without=[disabled, hidden, removed], unknown=[unloaded])

    says, failing.client.says = failing.client.says, None
    await entries.async_reload(failing.entry.entry_id)
    await entries.async_reload(reloaded.entry.entry_id)
    await big.site.settle()
    assert failing.is_in(ConfigEntryState.SETUP_RETRY)
    assert reloaded.is_in(ConfigEntryState.LOADED)
    big.check(without=[disabled, hidden, removed], unknown=[unloaded], down=[failing])

    failing.client.says = says
    await entries.async_reload(failing.entry.entry_id)
    await entries.async_setup(unloaded.entry.entry_id)
    registry.async_update_device(hidden.device.id, disabled_by=None)
    await entries.async_set_disabled_by(disabled.entry.entry_id, None)
    await big.poll()
    big.check(without=[removed])


async def test_a_reloaded_miner_is_followed_by_its_new_coordinator(big: Big) -> None:
    reloaded = big.crowd.miners[0]
    before = reloaded.coordinator
    await big.crowd.hass.config_entries.async_reload(reloaded.entry.entry_id)
    assert reloaded.coordinator is not before

    big.crowd.say(STATES[3:4])
    await big.poll()

    big.check()


async def test_a_site_that_is_off_tells_who_may_mine_all_the_same(big: Big) -> None:
    big.crowd.say(STATES)
    await big.poll()
    reachable = [each for each in big.crowd if each.client.says is not None]

    with pytest.raises(HomeAssistantError):
        await big.site.turn_off()
    await big.site.settle()

    big.check(held=True)
    on = [
        miner
        for miner in reachable
        if (model := miner.client.says) and model.mining is not False
    ]
    assert all(each.client.commands for each in on)
    # All obey, and those that come back do so, too.
    big.crowd.say(STATES[3:5])
    await big.poll()
    big.check(held=True)
    assert big.site.shown("miners_not_off") == "0"


@dataclass
class Writes:
    """What a site did since the counting began."""

    updates: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def most(self) -> int:
        """How often the entity that was written most often was written."""
        return max(self.states.values(), default=0)

    def clear(self) -> None:
        """Begin again."""
        self.updates = 0
        self.states.clear()


@contextmanager
def counting(site: Site) -> Iterator[Writes]:
    """Count updates of a site, and what its entities write, changed or not."""
    writes = Writes()
    ids = {each.entity_id for each in entities_of(site.hass, site.entry)}

    @callback
    def is_of_site(data: Any) -> bool:
        return data["entity_id"] in ids

    @callback
    def count(event: Event[Any]) -> None:
        writes.states[event.data["entity_id"]] += 1

    @callback
    def count_update() -> None:
        writes.updates += 1

    bus = site.hass.bus
    ends = [
        site.coordinator.async_add_listener(count_update),
        bus.async_listen(EVENT_STATE_CHANGED, count, event_filter=is_of_site),
        bus.async_listen(EVENT_STATE_REPORTED, count, event_filter=is_of_site),
    ]
    yield writes
    for end in ends:
        end()


async def poll_now(big: Big) -> None:
    """Poll all miners while time stands still."""
    for miner in big.crowd:
        await miner.coordinator.async_refresh()
    big.crowd.hear()


async def test_a_site_is_updated_once_however_many_miners_are_polled_at_a_time(
    big: Big,
) -> None:
    with counting(big.site) as writes:
        for states in (STATES[0:1], STATES[1:2], STATES[0:7]):
            big.crowd.say(states)
            await poll_now(big)
        await big.crowd.hass.async_block_till_done()
        assert (writes.updates, writes.most) == (1, 1)

        await big.site.fleet.clock.tick(1)

        assert (writes.updates, writes.most) == (2, 2)
        big.check()  # it has the last readings
        writes.clear()
        await big.site.fleet.clock.tick(1)
        await big.site.fleet.clock.tick(1)
        assert (writes.updates, writes.most) == (0, 0)


async def test_a_site_is_updated_once_a_second_while_miners_are_polled_all_the_time(
    big: Big,
) -> None:
    with counting(big.site) as writes:
        for second in range(8):
            big.crowd.say([STATES[second % 2]])
            await poll_now(big)
            await poll_now(big)
            await big.crowd.hass.async_block_till_done()
            await big.site.fleet.clock.tick(1)
            assert writes.updates == second + 2  # the first one came at once
            assert writes.most <= writes.updates
    big.check()


async def test_membership_of_many_changes_with_few_updates(big: Big) -> None:
    registry = dr.async_get(big.crowd.hass)
    with counting(big.site) as writes:
        for number, miner in enumerate(big.crowd):
            registry.async_update_device(
                miner.device.id, name_by_user=f"Renamed {number:03}"
            )
        await big.crowd.hass.async_block_till_done()
        await big.site.fleet.clock.tick(1)
        assert writes.updates == 2
    running = big.site.attributes("miners_running")["names"]
    assert all(name.startswith("Renamed ") for name in running)


async def test_a_site_has_few_entities_whatever_its_size(
    big: Big, entity_registry: er.EntityRegistry
) -> None:
    entities = entities_of(big.crowd.hass, big.site.entry)

    assert len(entities) < 20
    assert {each.disabled_by for each in entities} == {None}
    states = [big.crowd.hass.states.get(each.entity_id) for each in entities]
    assert all(state and state.state != STATE_UNAVAILABLE for state in states)


async def test_lists_of_names_are_capped_and_not_recorded(
    big: Big,
) -> None:
    big.crowd.say([None])
    await big.poll()

    assert big.site.shown("miners_offline") == str(MINERS)
    names = big.site.attributes("miners_offline")["names"]
    assert names == [
        f"Miner {number:03}" for number in range(52) if number not in (5, 19)
    ]
    for key in LISTS:
        state = big.crowd.hass.states.get(big.site.entity_id("sensor", key))
        assert state is not None
        assert state.state_info is not None
        assert "names" in state.state_info["unrecorded_attributes"]
    for entity in entities_of(big.crowd.hass, big.site.entry):
        state = big.crowd.hass.states.get(entity.entity_id)
        assert state is not None
        lists = {
            key for key, value in state.attributes.items() if isinstance(value, list)
        }
        assert lists <= {"names"}


async def test_the_energy_of_all_miners_is_added_up(big: Big) -> None:
    begun = big.site.number("energy")
    for miner in big.crowd:
        del miner.client.polls[:-1]
    for states in (STATES[:7], STATES[3:11], STATES[:4], STATES[::-1], STATES[:2]):
        big.crowd.say(states)
        await big.poll()

    joules = 0.0
    for miner in big.crowd:
        polls = miner.client.polls
        for (since, before), (until, power) in zip(polls, polls[1:]):
            if before is not None and power is not None and until - since <= 90:
                joules += max(0.0, (before + power) / 2) * (until - since)
    used = big.site.number("energy") - begun
    assert used == pytest.approx(joules / 3.6e6, rel=1e-9, abs=1e-4)
