"""Measures sites with as many miners as its arguments say, and prints what they cost as JSON."""

import asyncio
from dataclasses import asdict
import json
from statistics import median
import sys
import time
from typing import override

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.miner.status import has_problem
from custom_components.whatsminer.site.coordinator import SiteCoordinator
from homeassistant.core import callback

from . import Cost
from .home import ModelledMiner, add_site, coordinators, running, set_price

_UPDATES = 25
_LOOKS = 5
_MOST_PRICES = 5
_POLLS = 25
# More than the second between two updates of a site.
_SECONDS_APART = 1.1
# More than the ten seconds between two looks at a plan.
_SECONDS_BETWEEN_LOOKS = 10.1


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose timers need not be waited for: its time can be moved ahead."""

    ahead = 0.0

    @override
    def time(self) -> float:
        return super().time() + self.ahead


async def measure(miners: int, loop: Loop) -> Cost:
    """Measure a site with so many miners."""
    async with running(miners) as hass:
        polled = coordinators(hass)
        without = min(_cost_of_polls(polled) for _ in range(_POLLS))
        site: SiteCoordinator = (await add_site(hass)).runtime_data
        await hass.async_block_till_done()
        assert len(site.members) == miners
        updates = [await _cost_of_update(site, polled, loop) for _ in range(_UPDATES)]
        looks = [
            await _cost_of_look(site, polled, loop, each) for each in range(_LOOKS)
        ]
        with_site = min(_cost_of_polls(polled) for _ in range(_POLLS))
    return Cost(
        miners=miners,
        update=median(updates),
        look=median(looks),
        poll=(with_site - without) / miners,
    )


def _cost_of_polls(polled: list[WhatsminerCoordinator]) -> float:
    """Return the seconds of CPU that it takes to tell all listeners of the miners of a poll.

    The event loop does not run meanwhile, so that a site is not updated but by the first of them.
    """
    snapshots = [(each, _client_of(each).snapshot()) for each in polled]
    begin = time.thread_time()
    for coordinator, snapshot in snapshots:
        coordinator.async_set_updated_data(snapshot)
    return time.thread_time() - begin


def _client_of(coordinator: WhatsminerCoordinator) -> ModelledMiner:
    client = coordinator.client
    assert isinstance(client, ModelledMiner)
    return client


async def _cost_of_update(
    site: SiteCoordinator, polled: list[WhatsminerCoordinator], loop: Loop
) -> float:
    """Return the seconds of CPU that an update takes after all miners were polled.

    It runs on a timer, a second after the update that the first poll causes.
    """
    for coordinator in polled:
        await coordinator.async_refresh()
        has_problem(coordinator.data)  # as the miner's own entities do, before the site
    await site.hass.async_block_till_done()
    ended: asyncio.Future[float] = loop.create_future()

    @callback
    def end() -> None:
        """Take the time: the listeners before this one are the entities."""
        if not ended.done():  # a look at the plan may follow
            ended.set_result(time.thread_time())

    unsubscribe = site.async_add_listener(end)
    loop.ahead += _SECONDS_APART
    begin = time.thread_time()
    seconds = await ended - begin
    unsubscribe()
    assert site.data.hash_rate.miners == len(polled)
    return seconds


async def _cost_of_look(
    site: SiteCoordinator, polled: list[WhatsminerCoordinator], loop: Loop, number: int
) -> float:
    """Return the seconds of CPU that a look at the plan takes, with the states that are written.

    All miners were polled since the one before, the budget is another one, and so is the price, which
    causes the look. No miner is to be sent anything.
    """
    for coordinator in polled:
        await coordinator.async_refresh()
    site.planning.inputs.set_budget(4000 * len(polled) + number)
    before, seconds = site.planning.plan, 0.0
    for price in range(_MOST_PRICES):
        # What this and the polls cause passes, and the time after it in which there is no look.
        for _ in range(3):
            await site.hass.async_block_till_done()
            loop.ahead += _SECONDS_BETWEEN_LOOKS
        await site.hass.async_block_till_done()
        share = (number * _MOST_PRICES + price + 1) / (_LOOKS * _MOST_PRICES + 1)
        before = site.planning.plan
        begin = time.thread_time()
        set_price(site.hass, share)
        seconds = time.thread_time() - begin
        if site.planning.plan is not before:
            break  # otherwise something else had just caused one
    assert site.planning.plan is not before
    assert len(site.planning.plan.decisions) == len(polled)
    assert all(each.on for each in site.planning.plan.decisions)
    return seconds


def main() -> None:
    """Measure the sites, each in a Home Assistant of its own."""
    costs = []
    for miners in map(int, sys.argv[1:]):
        with asyncio.Runner(loop_factory=Loop) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, Loop)
            costs.append(asdict(runner.run(measure(miners, loop))))
    print(json.dumps({"costs": costs}), flush=True)


if __name__ == "__main__":
    main()
