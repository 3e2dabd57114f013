"""A site over two hundred modelled miners is updated once a second at most."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, callback
from homeassistant.helpers import device_registry as dr
from tests import entities_of
from tests.site import Site

from .big import STATES, Big, poll_now


@dataclass
class Writes:
    """What a site did since the counting began.

    `updates` are the monotonic times at which it was updated, `states` how often each of its entities
    was written.
    """

    updates: list[float] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def most(self) -> int:
        """How often the entity that was written most often was written."""
        return max(self.states.values(), default=0)

    def clear(self) -> None:
        """Begin again."""
        self.updates.clear()
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

    bus = site.hass.bus
    ends = [
        site.coordinator.async_add_listener(
            lambda: writes.updates.append(site.hass.loop.time())
        ),
        bus.async_listen(EVENT_STATE_CHANGED, count, event_filter=is_of_site),
        bus.async_listen(EVENT_STATE_REPORTED, count, event_filter=is_of_site),
    ]
    yield writes
    for end in ends:
        end()


async def pass_time(site: Site, seconds: float) -> None:
    """Let time pass; unlike with `Clock.tick`, nothing comes early, not even by half a second."""
    site.fleet.clock.freezer.tick(timedelta(seconds=seconds))
    for _ in range(3):
        await asyncio.sleep(0)
    await site.hass.async_block_till_done()


async def test_a_site_is_updated_once_however_many_miners_are_polled_at_a_time(
    big: Big,
) -> None:
    with counting(big.site) as writes:
        for states in (STATES[0:1], STATES[1:2], STATES[0:7]):
            big.crowd.say(states)
            await poll_now(big.crowd)
            big.crowd.hear()
        await big.crowd.hass.async_block_till_done()
        assert (len(writes.updates), writes.most) == (1, 1)

        await pass_time(big.site, 1.01)

        assert (len(writes.updates), writes.most) == (2, 2)
        big.check()  # it has the last readings
        writes.clear()
        await pass_time(big.site, 1.01)
        await pass_time(big.site, 1.01)
        assert (len(writes.updates), writes.most) == (0, 0)


async def test_a_site_is_updated_once_a_second_while_miners_are_polled_all_the_time(
    big: Big,
) -> None:
    with counting(big.site) as writes:
        for step in range(34):
            big.crowd.say([STATES[step % 2]])
            await poll_now(big.crowd.miners[step % 5 :: 5])
            await pass_time(big.site, 0.125)
        # The first comes at once, and each of the others with the first step after a second.
        apart = [after - before for before, after in pairwise(writes.updates)]
        assert len(apart) == writes.most - 1 == 3
        assert all(0.999 < seconds < 1.2 for seconds in apart)


async def test_membership_of_many_changes_with_few_updates(big: Big) -> None:
    registry = dr.async_get(big.crowd.hass)
    with counting(big.site) as writes:
        for number, miner in enumerate(big.crowd):
            registry.async_update_device(
                miner.device.id, name_by_user=f"Renamed {number:03}"
            )
        await pass_time(big.site, 1.01)
        assert len(writes.updates) == 2
    running = big.site.attributes("miners_running")["names"]
    assert all(name.startswith("Renamed ") for name in running)
