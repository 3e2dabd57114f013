"""Which protocol a miner speaks: when it is asked, and when it is not.

The miners of V3 are simulated, with both their ports. Each test counts who is asked for what.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final, override

import pytest

from custom_components.whatsminer import api
from custom_components.whatsminer.api import (
    CannotConnectError,
    MalformedReplyError,
    Miner,
    MiningProcessDownError,
    Outcome,
    Remembered,
    Snapshot,
    TimedOutError,
    UnreachableError,
    WrongMinerError,
    commands,
)
from custom_components.whatsminer.api.v2 import V2
from custom_components.whatsminer.api.v3 import V3, reader
from simulator import Framed, Raw, Refused, SimulatedMiner
from tests import STRICT, names_of

from . import Clock, Listen
from .home import Home

SYSTEM, DEVICE = "get.device.info system", "get.device.info"
DOWN = Refused(-1, "btminer process is down err")


class Counted(V3):
    """V3, which counts how often miners are asked whether they speak it."""

    probes = 0

    @override
    async def probe(self) -> bool:
        type(self).probes += 1
        return await super().probe()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    """Return V3 as it is used in this test."""

    class Asked(Counted):
        """One for each test."""

    monkeypatch.setattr(api.choice, "PROTOCOLS", (Asked, V2))
    return Asked


type Add = Callable[..., Any]


@pytest.fixture
async def add(clock: Clock) -> AsyncGenerator[Add]:
    """Return a function that adds a miner of a generation, with a port to ask for V3 at."""
    async with AsyncExitStack() as stack:

        async def added(generation: str, port: int) -> Home:
            miner = await stack.enter_async_context(
                SimulatedMiner(generation=generation, model="M50", quirks=STRICT)
            )
            return Home(miner, clock, port)

        yield added


# First


async def test_a_miner_that_speaks_v3_is_read_over_v3(home: Home) -> None:
    assert [await home.poll() for _ in range(3)] == ["v3"] * 3
    # V3 counts no shares of the pools.
    assert names_of(home.miner.requests) == ["get_miner_info", "pools"]
    assert home.miner.v3.connections == 1 + 3


async def test_commands_and_queries_go_over_the_same_protocol(home: Home) -> None:
    await home.poll()
    result = await home.client.send(commands.power_off())
    assert result.outcome is Outcome.ACCEPTED
    assert (await home.client.query("get.fan.setting"))["code"] == 0
    assert home.client.write_probe is api.WriteProbe.WRITE
    assert names_of(home.miner.v3.writes) == ["set.miner.service"]
    assert not home.is_polled_over_v2


async def test_what_only_v2_can_read_is_asked_over_v2(home: Home) -> None:
    await home.poll()
    assert (await home.client.query("summary"))["STATUS"] == "S"
    assert names_of(home.miner.requests) == ["get_miner_info", "pools", "summary"]


async def test_the_account_signs(home: Home) -> None:
    home.miner.v3.accounts.grant("user2", {"set.miner.service"})
    client = partial(Miner, home.miner.host, home.miner.port, password="user2")
    other = client(v3_port=home.miner.v3.port, account="user2")
    await other.poll()
    await other.send(commands.power_off())
    assert [write["account"] for write in home.miner.v3.writes] == ["user2"]


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_a_miner_without_v3_is_asked_for_it_once(
    add: Add, closed_v3_port: int, counted: type[Counted], generation: str
) -> None:
    home = await add(generation, closed_v3_port)
    seen = {await home.poll() for _ in range(5)}
    assert seen == {"v2.2" if generation == "compat" else generation}
    assert counted.probes == 1


# What may listen on the port


NONSENSE: Final = {
    "closes": b"",
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "too long": b"\xff\xff\xff\x7f{",
    "v2": b'{"STATUS":"E","When":1,"Code":14,"Msg":"invalid cmd"}',
    "cut": b"\x40\0\0\0{",
    "no object": b"\x02\0\0\0[]",
    "no code": b"\x02\0\0\0{}",
    "refuses": b'\x0b\0\0\0{"code":-2}',
    "no version": b'\x12\0\0\0{"code":0,"msg":{}}',
    "other version": b'\x2b\0\0\0{"code":0,"msg":{"system":{"api":"4.0.0"}}} ',
}


@pytest.mark.parametrize("sent", NONSENSE.values(), ids=list(NONSENSE))
async def test_what_does_not_speak_v3_is_left_alone(
    add: Add, listen: Listen, sent: bytes
) -> None:
    """It is asked once, and the readings come over V2."""
    asked: list[bytes] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        asked.append(await reader.read(1000))
        writer.write(sent)

    home = await add("v2", await listen(answer))
    assert {await home.poll() for _ in range(3)} == {"v2"}
    assert len(asked) == 1


async def test_a_port_that_is_silent_costs_its_time_once(
    add: Add, listen: Listen, counted: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    monkeypatch.setattr(reader, "_PROBE", (3.0, 0.1))
    home = await add("v2", await listen(hang))
    assert {await home.poll() for _ in range(3)} == {"v2"}
    assert counted.probes == 1


async def test_a_firewall_costs_its_time_once(
    add: Add, full_port: int, counted: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It swallows what is sent to the port. An outage of a miner of V2.0 changes nothing."""
    monkeypatch.setattr(reader, "_PROBE", (0.1, 5.0))
    home = await add("v2", full_port)
    for _ in range(2):
        assert {await home.poll() for _ in range(3)} == {"v2"}
        await home.outage()
        await home.miner.disconnect()
        with pytest.raises(UnreachableError):
            await home.poll()
        home.miner.reconnect()
    assert counted.probes == 1


async def test_a_firewall_costs_its_time_once_after_an_outage_of_newer_firmware(
    add: Add, full_port: int, counted: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may speak V3. It is asked when it is back, and not in each poll of the outage."""
    monkeypatch.setattr(reader, "_PROBE", (0.1, 5.0))
    home = await add("compat", full_port)
    await home.poll()
    for _ in range(3):
        await home.outage()
    assert counted.probes == 1
    assert {await home.poll() for _ in range(3)} == {"v2.2"}
    assert counted.probes == 2


async def test_v3_that_answers_nothing_but_its_version_is_not_used(home: Home) -> None:
    home.miner.misbehave(DEVICE, Framed(b"[]"))
    home.miner.misbehave(SYSTEM, Framed(b'{"code":0,"msg":{"system":{"api":"3.0.1"}}}'))
    assert {await home.poll() for _ in range(3)} == {"v2.2"}
    await home.outage()
    assert await home.poll() == "v2.2"
    assert await home.poll() == "v2.2"  # asked, and its readings are useless again
    home.miner.behave()
    await home.outage()
    assert [await home.poll() for _ in range(2)] == ["v2.2", "v3"]


# A miner that restarts


async def test_a_miner_that_restarts_is_not_taken_for_one_of_v2(home: Home) -> None:
    """Its port of V3 takes connections and drops them, while that of V2 answers."""
    await home.poll()
    await home.client.send(commands.restart_mining())
    for _ in range(3):
        with pytest.raises(CannotConnectError):
            await home.poll(after=5)
    assert await home.poll() == "v3"
    assert not home.is_polled_over_v2


async def test_a_reboot_changes_nothing(home: Home) -> None:
    await home.poll()
    await home.miner.reboot()
    with pytest.raises(CannotConnectError):
        await home.poll(after=5)
    assert await home.poll(after=600) == "v3"
    assert not home.is_polled_over_v2


async def test_a_miner_that_is_found_while_it_restarts_turns_to_v3_later(
    home: Home,
) -> None:
    """At the first occasion: after the next outage."""
    home.miner.misbehave("v3", Raw(b""))
    assert [await home.poll() for _ in range(2)] == ["v2.2", "v2.2"]
    home.miner.behave()
    assert await home.poll() == "v2.2"
    await home.outage()
    assert [await home.poll() for _ in range(3)] == ["v2.2", "v3", "v3"]


async def test_a_miner_that_says_in_v3_that_it_is_starting_speaks_v3(
    home: Home,
) -> None:
    home.miner.misbehave("v3", DOWN)
    with pytest.raises(MiningProcessDownError):
        await home.poll()
    home.miner.behave()
    assert await home.poll() == "v3"
    assert not home.is_polled_over_v2


async def test_at_each_set_up_a_miner_is_asked_again(home: Home) -> None:
    await home.miner.v3.disable()
    await home.client.reach()
    assert [await home.poll() for _ in range(2)] == ["v2.2", "v2.2"]
    home.miner.v3.enable()
    await home.client.reach()
    assert await home.poll() == "v3"
    asked = len(home.miner.requests)
    await home.client.reach()
    assert await home.poll() == "v3"
    assert len(home.miner.requests) == asked


# A protocol that does what a test says


def client_of(miner: SimulatedMiner) -> Miner:
    """Return a client of a miner."""
    return Miner(miner.host, miner.port, password=miner.password)


class Other(V2):
    """A protocol that V2 miners do not speak; `answer` is what its probe returns or raises."""

    probes = polls = 0
    answer: bool | Exception = False

    @override
    async def probe(self) -> bool:
        type(self).probes += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @override
    async def poll(self) -> Snapshot:
        type(self).polls += 1
        return await super().poll()


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> type[Other]:
    """Return a protocol that miners are asked for before V2."""

    class Asked(Other):
        """One for each test."""

    monkeypatch.setattr(api.choice, "PROTOCOLS", (Asked, V2))
    return Asked


@pytest.mark.parametrize(
    ("answer", "polls"), [(True, 2), (False, 0), (TimedOutError("no answer"), 0)]
)
async def test_the_first_protocol_that_the_miner_speaks_is_used(
    air_miner: SimulatedMiner,
    other: type[Other],
    answer: bool | Exception,
    polls: int,
) -> None:
    """What fails to answer a probe does not speak the protocol."""
    other.answer = answer
    client = client_of(air_miner)
    for _ in range(2):
        assert (await client.poll()).mining
    assert other.polls == polls


async def test_the_protocol_is_asked_for_once(
    air_miner: SimulatedMiner, other: type[Other]
) -> None:
    """All requests use the same one, also those that begin together."""
    client = client_of(air_miner)
    await asyncio.gather(client.poll(), client.query("status"), client.poll())
    await client.send(commands.power_off())
    assert other.probes == 1


async def test_a_miner_that_was_never_polled_is_asked_again(
    air_miner: SimulatedMiner, other: type[Other]
) -> None:
    """It was starting, and answered nothing yet."""
    client = client_of(air_miner)
    await air_miner.disconnect()
    for request in (client.reach, client.poll):
        with pytest.raises(CannotConnectError):
            await request()
    air_miner.reconnect()
    other.answer = True
    await client.reach()
    await client.poll()
    assert (other.probes, other.polls) == (3, 1)


async def test_new_firmware_may_speak_another_protocol(
    air_miner: SimulatedMiner, other: type[Other], clock: Clock
) -> None:
    client = client_of(air_miner)
    await client.poll()
    air_miner.firmware_version = "20261101.11.Rel"
    other.answer = True
    for _ in range(30):
        clock.now += 60
        await client.poll()
    assert other.probes == 2
    assert other.polls


async def test_a_power_off_does_not_wait_for_a_probe(
    air_miner: SimulatedMiner, other: type[Other], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes over the protocol that was used last."""
    asked, answered = asyncio.Event(), asyncio.Event()

    async def probe(protocol: Other) -> bool:
        asked.set()
        await answered.wait()
        return False

    monkeypatch.setattr(other, "probe", probe)
    client = client_of(air_miner)
    poll = asyncio.create_task(client.poll())
    await asked.wait()
    await client.send(commands.power_off())
    assert names_of(air_miner.writes) == ["power_off"]
    answered.set()
    await poll


async def test_a_mistake_of_ours_in_a_probe_is_an_error_of_this_miner_alone(
    air_miner: SimulatedMiner, other: type[Other]
) -> None:
    other.answer = ValueError()
    with pytest.raises(MalformedReplyError):
        await client_of(air_miner).poll()


# After a restart of Home Assistant


async def restarted(home: Home, **how: Any) -> Home:
    """Return the same miner with a client that knows what was stored."""
    again = Home(home.miner, home.clock, home.miner.v3.port, **how)
    again.client.restore(home.client.remembered, await home.client.firmware())
    return again


async def test_a_miner_that_spoke_v3_is_waited_for(home: Home) -> None:
    """It is restarting: it is no miner of V2 because its port is closed."""
    await home.poll()
    assert home.client.remembered.spoken == "v3"
    again = await restarted(home)
    await home.miner.v3.disable()
    with pytest.raises(CannotConnectError):
        await again.poll()
    home.miner.v3.enable()
    assert await again.poll() == "v3"


async def test_a_miner_that_has_lost_v3_is_read_over_v2(home: Home) -> None:
    """Its port stays closed while it is well over V2."""
    await home.poll()
    again = await restarted(home)
    await home.miner.v3.disable()
    for _ in range(10):
        with pytest.raises(CannotConnectError):
            await again.poll()
    assert await again.poll() == "v2.2"
    assert again.client.remembered.spoken is None


async def test_an_entry_of_an_earlier_version_is_asked_for_v3(home: Home) -> None:
    """It knew V2 only. What is wrong with V3 makes nothing unavailable."""
    home.client.restore(Remembered(), "20260101")
    home.miner.misbehave(DEVICE, Framed(b"[]"))
    assert await home.poll() == "v2.2"
    home.miner.behave()
    await home.client.reach()
    assert await home.poll() == "v3"


# A router that forwards ports


async def test_another_miner_at_the_port_of_v3_is_of_no_use(
    home: Home, add: Add
) -> None:
    """Nothing is sent to it, and the expected one is read over V2."""
    other = await add("v3", 0)
    behind = Home(home.miner, home.clock, other.miner.v3.port)
    assert [await behind.poll() for _ in range(2)] == ["v2.2"] * 2
    assert other.miner.v3.writes == []
    stranger = Home(other.miner, home.clock, home.miner.v3.port)
    stranger.client = Miner(
        home.miner.host,
        other.miner.port,
        v3_port=home.miner.v3.port,
        mac="c2:00:00:00:00:01",
    )
    with pytest.raises(WrongMinerError):
        await stranger.poll()


# Where the owner wants V2 only


async def test_v3_is_not_asked_where_its_owner_wants_v2(home: Home) -> None:
    assert await home.poll() == "v3"
    home.client.v2_only = True
    asked = home.miner.v3.connections
    assert [await home.poll() for _ in range(2)] == ["v2.2"] * 2
    await home.client.reach()
    assert await home.poll() == "v2.2"
    assert home.miner.v3.connections == asked
    home.client.v2_only = False
    assert await home.poll() == "v3"
