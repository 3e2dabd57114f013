"""Many miners are set up at once, and none of them holds up the others."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries import first_poll
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import SimulatedMiner
from tests import Clock, Held

# Most of the time of a test would be that of their entities.
pytestmark = pytest.mark.parametrize("platforms", [(Platform.EVENT,)], ids=[""])
LOADED = ConfigEntryState.LOADED
WAITING = ConfigEntryState.SETUP_IN_PROGRESS


class Crowd:
    """Miners that are set up all at once, as at the start of Home Assistant.

    A miner does not answer the request that it is held at until it is released.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        make_entry: Callable[..., MockConfigEntry],
        stack: AsyncExitStack,
    ) -> None:
        """Begin without miners; those that join stop with the stack."""
        self.miners: list[SimulatedMiner] = []
        self.entries: list[MockConfigEntry] = []
        self.hass = hass
        self._make_entry = make_entry
        self._stack = stack

    async def join(self, count: int, *, held_at: str = "") -> list[Held]:
        """Switch on some miners."""
        held = [Held() for _ in range(count)]
        for hold in held:
            miner = await self._stack.enter_async_context(
                SimulatedMiner(seed=len(self.miners))
            )
            if held_at:
                miner.misbehave(held_at, hold)
            entry = self._make_entry(miner)
            entry.add_to_hass(self.hass)
            self.miners.append(miner)
            self.entries.append(entry)
        return held

    def set_up(self) -> asyncio.Task[bool]:
        """Start to set all of them up."""
        return self.hass.async_create_task(async_setup_component(self.hass, DOMAIN, {}))

    def states(self) -> list[ConfigEntryState]:
        """Return the state of each entry."""
        return [entry.state for entry in self.entries]

    async def loaded(self, *numbers: int) -> None:
        """Wait until some of them are set up."""
        for number in numbers:
            entry = self.entries[number]
            changed = asyncio.Event()
            unsub = entry.async_on_state_change(changed.set)
            while entry.state is not ConfigEntryState.LOADED:
                await changed.wait()
                changed.clear()
            unsub()

    async def leave(self) -> None:
        """Unload all of them."""
        await self.hass.async_block_till_done()
        for entry in self.entries:
            assert await self.hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def crowd(
    hass: HomeAssistant,
    make_entry: Callable[..., MockConfigEntry],
    chosen_platforms: None,
) -> AsyncGenerator[Crowd]:
    """Many miners, each with one entity."""
    async with AsyncExitStack() as stack:
        crowd = Crowd(hass, make_entry, stack)
        yield crowd
        await crowd.leave()


async def test_first_polls_are_made_a_few_miners_at_a_time(crowd: Crowd) -> None:
    """Eight first polls are made at a time."""
    held = await crowd.join(12, held_at="devdetails")
    set_up = crowd.set_up()

    await reached(held[:8])
    await _settle()
    assert [miner.connections for miner in crowd.miners] == [2] * 8 + [1] * 4

    held[3].release.set()
    await reached(held[8:9])
    await _settle()
    assert [miner.connections for miner in crowd.miners[9:]] == [1, 1, 1]

    release(held)
    assert await set_up
    assert crowd.states() == [LOADED] * 12
    assert {miner.peak_connections for miner in crowd.miners} == {1}


@pytest.mark.parametrize("held_at", ["*", "get_version"])
async def test_a_fleet_does_not_start_in_one_burst(
    clock: Clock, crowd: Crowd, held_at: str
) -> None:
    """At most 64 connections are open at once, until those that do not answer are known."""
    held = await crowd.join(70, held_at=held_at)
    await crowd.join(1)
    set_up = crowd.set_up()

    await reached(held[:64])
    await _settle()
    # None has been answered, so that all of them are open.
    assert sum(miner.connections for miner in crowd.miners) == 64

    clock.move(0.5)
    await reached(held)
    await crowd.loaded(-1)
    assert crowd.states() == [WAITING] * 70 + [LOADED]

    release(held)
    assert await set_up
    assert crowd.states() == [LOADED] * 71


async def test_miners_that_answer_are_not_reached_in_one_burst_either(
    crowd: Crowd,
) -> None:
    """The next miner is connected to when one has answered."""
    held = await crowd.join(66, held_at="get_version")
    set_up = crowd.set_up()
    await reached(held[:64])
    held[5].release.set()
    await reached(held[64:65])
    await _settle()
    assert not held[65].reached.is_set()

    release(held)
    assert await set_up


@pytest.mark.parametrize("silent", [1, 50])
async def test_miners_that_do_not_answer_hold_up_nobody(
    crowd: Crowd, silent: int
) -> None:
    """The silent miners accept a connection, and each comes before any healthy one."""
    held = await crowd.join(silent, held_at="*")
    await crowd.join(3)
    set_up = crowd.set_up()

    await crowd.loaded(-3, -2, -1)
    await reached(held)
    assert crowd.states() == [WAITING] * silent + [LOADED] * 3
    assert [miner.connections for miner in crowd.miners[:silent]] == [1] * silent

    release(held)
    assert await set_up
    assert crowd.states() == [LOADED] * (silent + 3)


@pytest.mark.parametrize("command", ["devdetails", "get_error_code"])
async def test_miners_that_become_slow_hold_up_others_for_a_moment(
    clock: Clock, crowd: Crowd, command: str
) -> None:
    """Slow miners give their places up after half a second, eight at a time."""
    held = await crowd.join(24, held_at=command)
    await crowd.join(1)
    set_up = crowd.set_up()

    for turn in range(3):
        await reached(held[: 8 * (turn + 1)])
        await _settle()
        assert not any(hold.reached.is_set() for hold in held[8 * (turn + 1) :])
        clock.move(0.5)
    await crowd.loaded(-1)
    assert crowd.states() == [WAITING] * 24 + [LOADED]

    release(held)
    assert await set_up
    assert crowd.states() == [LOADED] * 25


async def test_a_place_is_given_away_once(clock: Clock, crowd: Crowd) -> None:
    slow = await crowd.join(8, held_at="devdetails")
    held = await crowd.join(17, held_at="devdetails")
    set_up = crowd.set_up()
    await reached(slow)
    clock.move(0.5)
    await reached(held[:8])

    release(slow)
    await crowd.loaded(*range(8))
    await _settle()
    assert not any(hold.reached.is_set() for hold in held[8:])

    release(held)
    assert await set_up


@pytest.mark.parametrize("held_at", ["get_version", "devdetails"])
async def test_a_set_up_that_is_given_up_leaves_its_place(
    hass: HomeAssistant, crowd: Crowd, held_at: str
) -> None:
    """Eight such places would otherwise block every later set-up."""
    held = await crowd.join(8, held_at=held_at)
    set_up = crowd.set_up()
    await reached(held)
    set_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await set_up
    release(held)

    await crowd.join(1)
    assert await hass.config_entries.async_setup(crowd.entries[-1].entry_id)


async def reached(held: list[Held]) -> None:
    """Wait until each of some miners is asked what it is held at."""
    await asyncio.gather(*(hold.reached.wait() for hold in held))


def release(held: list[Held]) -> None:
    """Let miners answer."""
    for hold in held:
        hold.release.set()


async def _settle() -> None:
    """Let every task run that can run."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_a_first_poll_that_takes_too_long_is_tried_again(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant waits for a first poll when it starts."""
    monkeypatch.setattr(first_poll, "_LONGEST", 0.0)
    await crowd.join(1)
    await crowd.set_up()
    (entry,) = crowd.entries
    assert entry.state is ConfigEntryState.SETUP_RETRY
    monkeypatch.undo()
    assert await crowd.hass.config_entries.async_reload(entry.entry_id)
