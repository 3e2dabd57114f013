"""A miner gets V3 or loses it, or changes places with one that speaks another protocol."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
import socket
from typing import Final

import pytest

from custom_components.whatsminer.api import (
    CannotConnectError,
    Miner,
    NoMacError,
    WrongMinerError,
    commands,
)
from simulator import Framed, SimulatedMiner
from tests import names_of

from . import Clock
from .home import Home

HOSTS: Final = ("127.0.0.2", "127.0.0.3")
_HOST, _CLOSED = "127.0.0.1", 1


# A miner that gets V3, or loses it


async def test_new_firmware_brings_v3(home: Home) -> None:
    await home.miner.v3.disable()
    assert {await home.poll() for _ in range(3)} == {"v2.2"}
    home.miner.v3.enable()
    assert await home.poll() == "v2.2"  # nothing shows it yet
    home.miner.firmware_version = "20270101.16.Rel"
    seen = [await home.poll(after=60) for _ in range(12)]
    assert seen == sorted(seen)
    assert {*seen} == {"v2.2", "v3"}


async def test_new_firmware_takes_v3_away(home: Home) -> None:
    await home.poll()
    await home.miner.v3.disable()
    home.miner.firmware_version = "20240101.16.Rel"
    assert await home.client.firmware() == "20240101.16.Rel"
    assert [await home.poll() for _ in range(2)] == ["v2.2", "v2.2"]
    await home.client.send(commands.power_off())
    assert names_of(home.miner.writes) == ["power_off"]


async def test_the_first_request_of_a_set_up_finds_out_that_v3_is_gone(
    home: Home,
) -> None:
    await home.poll()
    await home.miner.v3.disable()
    home.miner.firmware_version = "20240101.16.Rel"
    await home.client.reach()
    assert await home.poll() == "v2.2"


async def test_a_port_that_stays_closed_while_the_miner_is_well_means_v2(
    home: Home,
) -> None:
    """After five minutes; the firmware is the same. V3 may come back after an outage."""
    await home.poll()
    await home.miner.v3.disable()
    for _ in range(10):
        with pytest.raises(CannotConnectError):
            await home.poll()
    assert {await home.poll() for _ in range(3)} == {"v2.2"}
    home.miner.v3.enable()
    assert await home.poll() == "v2.2"
    await home.outage()
    assert [await home.poll() for _ in range(2)] == ["v2.2", "v3"]


async def test_only_the_time_counts_in_which_the_miner_was_well(home: Home) -> None:
    await home.poll()
    await home.miner.v3.disable()
    for _ in range(3):
        for _ in range(5):
            with pytest.raises(CannotConnectError):
                await home.poll()
        await home.outage()
    home.miner.v3.enable()
    assert await home.poll() == "v3"


async def test_while_neither_port_answers_the_firmware_is_unknown(home: Home) -> None:
    for version in ("v3", "v2.2"):
        if version == "v2.2":
            await home.miner.v3.disable()
            home.miner.firmware_version = "20240101.16.Rel"
        assert await home.poll() == version
        await home.miner.disconnect()
        with pytest.raises(CannotConnectError):
            await home.client.firmware()
        home.miner.reconnect()


# Two miners that change places


@pytest.fixture
async def pair(clock: Clock) -> AsyncGenerator[tuple[Home, Home]]:
    """Return a miner of V3 and an older one at addresses of their own; both clients know V3's port."""
    new = partial(SimulatedMiner, generation="v3", host=HOSTS[0], seed="new")
    old = partial(SimulatedMiner, generation="v2", host=HOSTS[1], seed="old")
    async with new() as first, old() as second:
        port = first.v3.port
        yield Home(first, clock, port), Home(second, clock, port)


async def test_two_miners_with_different_protocols_change_places(
    pair: tuple[Home, Home],
) -> None:
    """Nobody is taken for the other, also by a client that is new."""
    first, second = pair
    assert (await first.poll(), await second.poll()) == ("v3", "v2")
    await first.miner.swap(second.miner)
    for _ in range(2):
        for home, other in (pair, pair[::-1]):
            with pytest.raises(WrongMinerError) as caught:
                await home.poll()
            assert caught.value.found == other.miner.mac.lower()
    address = first.client.address
    new = Miner(*address, v3_port=first.miner.v3.port, mac=first.client.mac)
    with pytest.raises(WrongMinerError):
        await new.poll()
    await first.miner.swap(second.miner)
    assert [await home.poll() for home in pair for _ in range(2)] == [
        "v3",
        "v3",
        "v2",
        "v2",
    ]


async def test_v3_of_another_miner_does_not_take_one_of_v2_away(
    pair: tuple[Home, Home],
) -> None:
    """It answers at the address for a moment, in which the miner is asked again."""
    first, second = pair
    await second.poll()
    await first.miner.swap(second.miner)
    await second.client.reach()
    for _ in range(2):
        with pytest.raises(WrongMinerError):
            await second.poll()
    await first.miner.swap(second.miner)
    assert await second.poll() == "v2"


# A miner that answers over V3 alone


@pytest.fixture
def free_port(socket_enabled: None) -> int:
    """Return a port of this host that is closed, and may be opened."""
    with socket.create_server((_HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port


@asynccontextmanager
async def alone(old: SimulatedMiner, port: int, mac: str) -> AsyncGenerator[None]:
    """Have a miner in the place of another one that answers on the port of V3 only."""
    async with SimulatedMiner(
        generation="v3",
        model="M63",
        mac=mac,
        host=old.host,
        port=old.port,
        v3_port=port,
        v2_open=False,
    ):
        yield


async def be_refused(home: Home) -> None:
    """Poll for five minutes while the port of V2 is closed, as that of a miner that restarts is."""
    for _ in range(11):
        with pytest.raises(CannotConnectError):
            await home.poll()


async def test_a_miner_of_v2_that_answers_over_v3_alone_turns_to_it(
    clock: Clock, free_port: int
) -> None:
    """As after an update of its firmware; the entry need not be loaded again."""
    async with SimulatedMiner(generation="compat", model="M63") as old:
        home = Home(old, clock, free_port)
        assert await home.poll() == "v2.2"
    async with alone(old, free_port, old.mac):
        await be_refused(home)
        assert [await home.poll() for _ in range(2)] == ["v3", "v3"]


async def test_another_miner_that_answers_over_v3_alone_is_found_out(
    clock: Clock, free_port: int
) -> None:
    """It is at the address of one of V2, for which there is no other sign of it."""
    async with SimulatedMiner(generation="v2") as old:
        home = Home(old, clock, free_port)
        await home.poll()
    async with alone(old, free_port, "CE:01:02:03:04:05"):
        await be_refused(home)
        for _ in range(3):
            with pytest.raises(WrongMinerError) as caught:
                await home.poll()
            assert caught.value.found == "ce:01:02:03:04:05"
    async with old:
        assert [await home.poll() for _ in range(2)] == ["v2", "v2"]


async def test_a_new_client_is_told_who_answers_over_v3_alone(
    clock: Clock, free_port: int
) -> None:
    """That nothing answers over V2 says nothing."""
    old = SimulatedMiner(generation="v2", port=_CLOSED)
    home = Home(old, clock, free_port)
    async with alone(old, free_port, "CE:01:02:03:04:05"):
        for _ in range(2):
            with pytest.raises(WrongMinerError):
                await home.poll()


async def test_a_miner_that_reports_no_mac_over_v3_alone_says_so(
    home: Home,
) -> None:
    text = b'{"code":0,"when":1,"msg":{"system":{"api":"3.0.5"},"miner":{}}}'
    home.miner.misbehave("v3", Framed(text))
    new = Miner(home.miner.host, _CLOSED, v3_port=home.miner.v3.port)
    for _ in range(2):
        with pytest.raises(NoMacError):
            await new.poll()
