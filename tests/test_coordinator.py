"""Polling of one miner."""

import asyncio
import logging

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.const import (
    CONF_POLL_INTERVAL,
    LONGEST_POLL_INTERVAL,
    SHORTEST_POLL_INTERVAL,
)
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util.dt import utcnow
from simulator import GARBAGE, Closed, Misbehaviour, SimulatedMiner, Truncated

from . import (
    JOINED,
    PROCESS_DOWN,
    Altered,
    Clock,
    act,
    every_generation,
    hold,
    load_entry,
    log_lines,
    names_of,
    set_number,
    shown,
)
from .fleet import Owned
from .words import name_for, process_down, sent, speaks_v3

HASH_RATE = "sensor.miner_hash_rate"


# What a poll costs


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_steady_poll_takes_at_most_three_connections(
    miner: SimulatedMiner, clock: Clock
) -> None:
    """The limit holds for every firmware, also when slow readings are due."""
    for _ in range(30):
        before = miner.connections
        await clock.next_poll()
        assert 1 <= miner.connections - before <= 3
    assert miner.peak_connections == 1


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_polls_only_read(miner: SimulatedMiner, clock: Clock) -> None:
    """Only the first check of write access sends a command."""
    await clock.next_poll(30)

    assert sent(miner) == []
    read_over = miner.v3 if speaks_v3(miner) else miner
    assert name_for(miner, JOINED) in names_of(read_over.requests)


@pytest.mark.usefixtures("set_up")
async def test_a_miner_is_polled_every_thirty_seconds(
    miner: SimulatedMiner, clock: Clock
) -> None:
    await clock.tick(29)
    assert miner.requests == []

    await clock.tick(1)
    assert names_of(miner.requests).count(JOINED) == 1

    await clock.next_poll(4)
    assert names_of(miner.requests).count(JOINED) == 5


async def choose(
    hass: HomeAssistant, coordinator: WhatsminerCoordinator, seconds: int
) -> None:
    """Choose another polling interval, as the options flow does."""
    hass.config_entries.async_update_entry(
        coordinator.config_entry, options={CONF_POLL_INTERVAL: seconds}
    )
    coordinator.async_apply_options()
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("seconds", [SHORTEST_POLL_INTERVAL, LONGEST_POLL_INTERVAL])
async def test_a_miner_is_polled_as_often_as_its_owner_likes(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    seconds: int,
) -> None:
    await choose(hass, set_up, seconds)
    assert names_of(miner.requests).count(JOINED) == 1
    assert set_up.config_entry.runtime_data.coordinator is set_up

    for _ in range(2):
        await clock.tick(seconds)
        miner.requests.clear()
        await clock.tick(seconds - 1)
        assert miner.requests == []
        for polls in (1, 2, 3):
            await clock.tick(1 if polls == 1 else seconds)
            assert names_of(miner.requests).count(JOINED) == polls
        await hass.config_entries.async_reload(set_up.config_entry.entry_id)
        await hass.async_block_till_done()
        assert miner.peak_connections == 1


@pytest.mark.parametrize("seconds", [SHORTEST_POLL_INTERVAL, LONGEST_POLL_INTERVAL])
async def test_one_missed_poll_is_one_of_those_that_its_owner_likes(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    seconds: int,
) -> None:
    await choose(hass, set_up, seconds)
    await clock.tick(seconds)
    await miner.disconnect()

    await clock.tick(seconds)
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE
    await clock.tick(seconds)
    assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE


@every_generation
async def test_faults_do_not_flicker_however_seldom_a_miner_is_polled(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    """With a long interval all slow readings are due at each poll."""
    miner.state.faults = {206: "2026-10-31 23:00:01"}
    await choose(hass, set_up, LONGEST_POLL_INTERVAL)
    await clock.tick(LONGEST_POLL_INTERVAL)
    await clock.tick(LONGEST_POLL_INTERVAL)

    shows: set[str] = set()
    for _ in range(12):
        before = miner.connections
        await clock.tick(LONGEST_POLL_INTERVAL)
        assert miner.connections - before <= 3
        shows.add(shown(hass, "sensor.miner_faults"))
    assert shows == {"1"}


@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_a_command_is_followed_by_a_poll(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    await set_number(hass, "temperature_offset", -5)
    await hass.async_block_till_done()

    assert names_of(miner.requests)[:2] == ["set_temp_offset", JOINED]


@pytest.mark.usefixtures("set_up")
async def test_a_caller_does_not_wait_for_the_poll_that_follows(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A miner that hangs after its power off must not delay the next one in a script."""
    hanging = hold(miner, JOINED)

    await act(hass, "switch.turn_off", "switch.miner")

    assert names_of(miner.writes) == ["power_off"]
    hanging.release.set()
    await hass.async_block_till_done()


# When a miner is away


@pytest.mark.parametrize(
    "how", [Closed(), Truncated(), Truncated(keep=0)], ids=["closed", "half", "none"]
)
@pytest.mark.usefixtures("set_up")
async def test_one_missed_poll_keeps_the_values(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    how: Misbehaviour,
) -> None:
    """A busy control board misses a poll now and then."""
    before = shown(hass, HASH_RATE)
    miner.misbehave("*", how)
    await clock.next_poll()
    assert shown(hass, HASH_RATE) == before

    miner.behave()
    await clock.next_poll()
    assert shown(hass, HASH_RATE) not in (before, STATE_UNAVAILABLE)
    assert log_lines(caplog, logging.ERROR) == []
    assert log_lines(caplog, logging.INFO) == []


@pytest.mark.usefixtures("set_up")
async def test_every_second_miss_is_tolerated_for_ever(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    for _ in range(3):
        miner.misbehave("*", Closed())
        await clock.next_poll()
        assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE
        miner.behave()
        await clock.next_poll()


@pytest.mark.usefixtures("set_up")
async def test_an_outage_is_logged_once_and_so_is_its_end(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)
    assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE
    await clock.next_poll(8)
    outage = (
        "Miner is unavailable: Miner does not answer. Check that it is on and in the network, "
        "then try again"
    )
    assert log_lines(caplog, logging.INFO) == [outage]

    miner.reconnect()
    await clock.next_poll()
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE
    await clock.next_poll(3)
    assert log_lines(caplog, logging.INFO) == [outage, "Fetching Miner data recovered"]
    assert log_lines(caplog, logging.WARNING) == log_lines(caplog, logging.ERROR) == []


async def test_a_poll_that_is_not_answered_ends(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    ended = asyncio.Event()
    unsub = set_up.async_add_listener(ended.set)
    for expected in (False, True):
        silent = hold(miner, "*")
        clock.move(30)
        await silent.reached.wait()
        ended.clear()
        clock.move(10)
        await ended.wait()
        assert (shown(hass, HASH_RATE) == STATE_UNAVAILABLE) is expected
    unsub()

    miner.behave()
    await clock.next_poll()
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE


@pytest.mark.usefixtures("set_up")
async def test_something_else_at_the_address_is_not_tolerated(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("*", GARBAGE)
    await clock.next_poll()

    assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE


@pytest.mark.parametrize("outage", [False, True])
@pytest.mark.usefixtures("set_up")
async def test_another_miner_at_the_address_is_never_tolerated(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    outage: bool,
) -> None:
    await miner.disconnect()
    if outage:
        await clock.next_poll()
    async with SimulatedMiner(
        seed=2, port=miner.port, start=utcnow().timestamp()
    ) as other:
        clock.miners = [other]
        other.state.booted_at = other.state.now - 60
        await clock.next_poll()

        assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE
        (line,) = log_lines(caplog, logging.INFO)
        assert line.startswith(
            f"Miner is unavailable: Another miner ({other.mac.lower()}) answers at "
            f"the address of Miner ({miner.mac.lower()})."
        )

    miner.reconnect()
    clock.miners = [miner]
    await clock.next_poll()
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE


@every_generation
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_a_miner_whose_mining_process_is_down_is_available(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """What a booting miner cannot report is unknown."""
    for command in (JOINED, "summary", "pools", "edevs", "devs", "devdetails"):
        miner.misbehave(command, PROCESS_DOWN)
    miner.misbehave("get.miner.status", process_down(miner))
    await clock.next_poll(3)

    if not speaks_v3(miner):  # where the power supply still tells it
        assert shown(hass, "sensor.miner_power") == "unknown"
    assert shown(hass, "sensor.miner_chip_temperature") == "unknown"
    assert shown(hass, "select.miner_power_mode") != STATE_UNAVAILABLE


async def test_two_polls_at_once_miss_together(
    miner: SimulatedMiner, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    await miner.disconnect()
    await asyncio.gather(set_up.async_refresh(), set_up.async_refresh())
    assert set_up.last_update_success
    await clock.next_poll(2)
    assert not set_up.last_update_success


async def test_a_mac_in_the_summary_causes_no_reload(
    miner: SimulatedMiner, clock: Clock, owned: Owned, hass: HomeAssistant
) -> None:
    """Some early firmware 2.0.x has the MAC address in its summary."""
    mac = f'"MAC":"{miner.mac}","Elapsed"'
    miner.misbehave(JOINED, Altered('"Elapsed"', mac))
    await load_entry(hass, owned.entry)
    set_up = owned.coordinator

    await clock.next_poll(40)

    assert owned.coordinator is set_up


async def test_a_factory_reset_closes_write_access(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    await set_up.async_send(commands.web_pools(on=True))
    assert set_up.write_access.is_open is True
    await set_up.async_send(commands.factory_reset())
    assert set_up.write_access.is_open is None


async def test_another_that_comes_and_goes_is_looked_at_once_an_hour(
    set_up: WhatsminerCoordinator, miner: SimulatedMiner, clock: Clock
) -> None:
    """A device may answer with another MAC address in every second poll."""
    for _ in range(20):
        set_up.async_set_wrong_miner("c2:04:28:00:00:99")
        await clock.next_poll()
    assert names_of(miner.requests).count("get_version") < 5
    miner.requests.clear()
    await clock.tick(3600)
    set_up.async_set_wrong_miner("c2:04:28:00:00:99")
    await clock.next_poll()
    assert "get_version" in names_of(miner.requests)
