"""Two miners of one password change places: the client neither reads nor commands the other.

DHCP can cause that. Both go on mining, and no request fails in between.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

import pytest

from custom_components.whatsminer.api import (
    CannotConnectError,
    Miner,
    NoMacError,
    Outcome,
    Snapshot,
    UnconfirmedError,
    WhatsminerError,
    WrongMinerError,
    commands,
)
from custom_components.whatsminer.api.commands import Command
from simulator import Closed, Misbehaviour, Quirk, Refused, SimulatedMiner
from tests import JOINED, Held, names_of

from . import HOST, TOKEN, Clock, generation_of, wire_name

GENERATIONS = ["v1", "v2", "compat"]
NEW_MAC = "C2:04:28:00:00:01"
# One that is sent as it is, one that restarts mining, one that is sent twice if need be.
COMMANDS = [
    commands.power_percent(50, fast=True),
    commands.power_mode("low"),
    commands.power_off(),
]
LONGER_THAN_A_TOKEN = 31 * 60

type Tokens = Callable[[Pair], Awaitable[None]]


def values_of(snapshot: Snapshot) -> set[object]:
    """Return the values of a snapshot that differ between miners."""
    found: set[object] = {
        snapshot.firmware,
        snapshot.device.firmware,
        snapshot.settings.power_limit,
        snapshot.device.model,
        snapshot.power_supply.model,
        snapshot.device.hostname,
        snapshot.device.serial_number,
        *snapshot.board_serials,
        *(pool.worker for pool in snapshot.pools),
        *(error.code for error in snapshot.errors or ()),
    }
    return found - {None}


@dataclass
class Pair:
    """Our miner, another one, and a client at the address that ours had at first.

    `foreign` holds the values that no reading of ours may have.
    """

    ours: SimulatedMiner
    other: SimulatedMiner
    client: Miner
    clock: Clock
    foreign: set[object]

    def pass_time(self, seconds: float) -> None:
        """Let time pass for both miners and the client."""
        self.clock.now += seconds
        self.ours.advance(seconds)
        self.other.advance(seconds)

    async def poll(self, *, after: float = 30) -> Snapshot:
        """Let time pass and poll; no value may be the other's."""
        self.pass_time(after)
        snapshot = await self.client.poll()
        assert not values_of(snapshot) & self.foreign
        return snapshot

    async def swap(self) -> None:
        """Let the two change places."""
        await self.ours.swap(self.other)

    async def see_the_other(self, times: int = 1) -> None:
        """Poll, and expect each time that another miner answers."""
        for _ in range(times):
            with pytest.raises(WrongMinerError) as caught:
                await self.poll()
            assert caught.value.expected == self.ours.mac.lower()
            assert caught.value.found == self.other.mac.lower()


def client_of(miner: SimulatedMiner, port: int | None = None) -> Miner:
    """Return a client of a miner, at its own or another port."""
    return Miner(
        HOST, port or miner.port, password=miner.password, mac=miner.mac.lower()
    )


@asynccontextmanager
async def pair_of(
    clock: Clock,
    ours: str,
    other: str,
    *,
    quirks: frozenset[Quirk] = frozenset(),
    token_timeout: int | None = None,
) -> AsyncGenerator[Pair]:
    """Return two miners that have as little in common as possible."""
    start = partial(SimulatedMiner, quirks=quirks, token_timeout=token_timeout)
    async with (
        start(generation=ours, model="M50", seed="ours") as mine,
        start(generation=other, model="M30S++", seed="other") as theirs,
    ):
        mine.state.pools[0].user = "ours.001"
        theirs.state.pools[0].user = "other.001"
        mine.state.power_limit, theirs.state.power_limit = 3210, 3123
        mine.state.faults = {111: "2026-11-20 08:00:00"}
        theirs.state.faults = {541: "2026-11-20 09:00:00"}
        mine.state.hostname, theirs.state.hostname = "ours", "other"
        mine.firmware_version = f"2024{mine.firmware_version[4:]}"
        theirs.firmware_version = f"2025{theirs.firmware_version[4:]}"
        foreign: set[object] = {
            *(board.serial for board in theirs.state.boards),
            *("other", "other.001", "541", 3123.0, theirs.serial),
            *(theirs.firmware_version, "P222B", "M30S++VH70", "M30S++_VH70"),
        }
        yield Pair(mine, theirs, client_of(mine), clock, foreign)
        assert max(mine.peak_connections, theirs.peak_connections) == 1


@pytest.fixture(params=GENERATIONS)
async def pair(request: pytest.FixtureRequest, clock: Clock) -> AsyncGenerator[Pair]:
    """Return two miners of the same generation, each generation in turn."""
    async with pair_of(clock, request.param, request.param) as pair:
        yield pair


@pytest.fixture(params=["v2", "compat"])
async def new_pair(
    request: pytest.FixtureRequest, clock: Clock
) -> AsyncGenerator[Pair]:
    """Return two miners that report their MAC address also while mining is off."""
    quirks = frozenset({Quirk.PROCESS_DOWN})
    async with pair_of(clock, request.param, request.param, quirks=quirks) as pair:
        yield pair


# Readings


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        ("v1", "v1"),
        ("v1", "v2"),
        ("v1", "compat"),
        ("v2", "v1"),
        ("v2", "v2"),
        ("compat", "compat"),
    ],
)
async def test_no_poll_tells_of_the_other_miner(
    clock: Clock, ours: str, other: str
) -> None:
    """This holds for any number of changes and any generation."""
    async with pair_of(clock, ours, other) as pair:
        before = await pair.poll()
        for _ in range(2):
            await pair.swap()
            await pair.see_the_other(2)
            await pair.swap()
            for _ in range(9):
                after = await pair.poll()
                assert after.device == before.device
                assert after.generation is before.generation


@pytest.mark.parametrize("mining", [True, False])
async def test_the_same_uptime_does_not_deceive(pair: Pair, *, mining: bool) -> None:
    """Both started at once after a power cut, but their boards differ."""
    pair.other.state.booted_at = pair.ours.state.booted_at
    pair.ours.state.mining = pair.other.state.mining = mining
    for _ in range(3):
        await pair.poll()
    await pair.swap()
    await pair.see_the_other(2)


@pytest.mark.parametrize("difference", [-6, 6, -3600, 3600])
async def test_another_uptime_gives_the_other_away(
    pair: Pair, difference: float
) -> None:
    """Its uptime may be longer or shorter, and it may report no boards."""
    for miner in (pair.ours, pair.other):
        for board in miner.state.boards:
            board.present = False
    pair.other.state.booted_at = pair.ours.state.booted_at - difference
    await pair.poll()
    await pair.swap()
    await pair.see_the_other(2)


async def test_a_miner_with_another_control_board_is_another_one(pair: Pair) -> None:
    """Its boards are the same, but it was switched off for the exchange."""
    await pair.poll()
    pair.ours.replace_control_board(NEW_MAC)
    pair.ours.state.booted_at = pair.ours.state.now - 60
    for _ in range(2):
        with pytest.raises(WrongMinerError) as caught:
            await pair.poll()
        assert caught.value.found == NEW_MAC.lower()


async def test_another_control_board_is_seen_within_minutes_whatever_else_is_as_before(
    pair: Pair,
) -> None:
    """The MAC address is read every few minutes."""
    await pair.poll()
    pair.ours.replace_control_board(NEW_MAC)

    async def poll_for_ten_minutes() -> None:
        for _ in range(20):
            await pair.poll()

    with pytest.raises(WrongMinerError):
        await poll_for_ten_minutes()


async def test_who_is_met_is_asked_for_no_more_than_who_it_is(pair: Pair) -> None:
    """The other miner has its own client. Ours is read completely once it is back."""
    await pair.poll()
    await pair.swap()
    await pair.see_the_other()
    pair.other.requests.clear()
    await pair.see_the_other(2)
    old = pair.other.generation == "v1"
    who = ["get_miner_info", "summary"] if old else ["get_miner_info"]
    assert names_of(pair.other.requests) == who * 2
    await pair.swap()
    for asked in ({"get_version", "devdetails", "get_psu", JOINED}, {JOINED}):
        pair.ours.requests.clear()
        await pair.poll()
        assert asked <= set(names_of(pair.ours.requests))


async def test_what_a_miner_without_a_mac_says_of_itself_is_not_kept(
    clock: Clock,
) -> None:
    """Ours reports its MAC address elsewhere, so nothing would replace these values."""
    async with pair_of(clock, "v1", "v2") as pair:
        before = await pair.poll()
        pair.other.replace_control_board("00:00:00:00:00:00")
        pair.other.state.hostname = "other"
        await pair.swap()
        with pytest.raises(NoMacError):
            await pair.poll()
        await pair.swap()
        assert (await pair.poll()).device == before.device


async def test_what_a_first_poll_saw_of_the_other_is_not_kept_when_it_is_cancelled(
    pair: Pair,
) -> None:
    """Home Assistant cancels a set-up that takes too long."""
    await pair.swap()
    held = Held()
    pair.other.misbehave(JOINED, held, times=1)
    poll = asyncio.create_task(pair.poll())
    await held.reached.wait()
    poll.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poll
    await pair.swap()
    await pair.poll()


async def test_a_first_poll_that_meets_the_other_says_so(pair: Pair) -> None:
    """Home Assistant was not running when they changed places."""
    await pair.swap()
    await pair.see_the_other(2)


async def test_what_a_first_poll_saw_of_the_other_is_not_kept(pair: Pair) -> None:
    """Ours gets its address back and is read anew."""
    await pair.swap()
    await pair.see_the_other()
    await pair.swap()
    for _ in range(9):
        snapshot = await pair.poll()
        assert snapshot.firmware == pair.ours.firmware_version
        assert snapshot.generation is generation_of(pair.ours.generation)
        assert "M50" in (snapshot.model or "")


async def test_what_a_first_poll_saw_of_the_other_is_not_kept_when_it_breaks_off(
    pair: Pair,
) -> None:
    """A connection can break while they change places."""
    await pair.swap()
    held = Held()
    pair.other.misbehave(JOINED, held)
    poll = asyncio.create_task(pair.poll())
    await held.reached.wait()
    await pair.ours.disconnect()
    await pair.other.disconnect()
    with pytest.raises(CannotConnectError):
        await poll
    await pair.swap()
    pair.ours.reconnect()
    for _ in range(9):
        await pair.poll()


async def test_the_other_without_its_process_is_found_out(new_pair: Pair) -> None:
    """It has no summary, but it has a status, faults and a MAC address."""
    new_pair.other.state.mining = False
    await new_pair.poll()
    await new_pair.swap()
    await new_pair.see_the_other(3)


async def test_ours_without_its_process_is_ours(new_pair: Pair) -> None:
    """Only the MAC address can be compared."""
    new_pair.ours.state.mining = False
    for _ in range(3):
        snapshot = await new_pair.poll()
        assert snapshot.mining is False
        assert snapshot.hash_rate == 0
    new_pair.ours.state.mining = True
    assert (await new_pair.poll()).mining is True


async def test_the_firmware_of_the_other_is_not_taken_for_ours(pair: Pair) -> None:
    """An update asks for the version again and again."""
    await pair.poll()
    await pair.swap()
    with suppress(WrongMinerError):
        assert await pair.client.firmware() == pair.ours.firmware_version
    await pair.swap()
    for _ in range(9):
        await pair.poll()


async def test_how_the_other_is_read_is_not_remembered_for_ours(pair: Pair) -> None:
    """The other refuses joined reads, ours accepts them."""
    await pair.poll()
    pair.other.misbehave(JOINED, Refused(14))
    await pair.swap()
    await pair.see_the_other()
    await pair.swap()
    pair.ours.requests.clear()
    await pair.poll()
    assert JOINED in names_of(pair.ours.requests)


# Commands


async def no_token(pair: Pair) -> None:
    """Start without a token."""


async def a_token(pair: Pair) -> None:
    """Start with a valid token of ours."""
    await pair.client.send(commands.set_led_auto())


async def an_old_token(pair: Pair) -> None:
    """Start with an expired token of ours."""
    await a_token(pair)
    pair.pass_time(LONGER_THAN_A_TOKEN)


TOKENS = [no_token, a_token, an_old_token]


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
async def test_no_command_reaches_the_other_miner(
    pair: Pair, command: Command, tokens: Tokens
) -> None:
    """This includes a power off. Each command reaches ours once it is back."""
    await tokens(pair)
    pair.ours.writes.clear()
    await pair.swap()
    for _ in range(2):
        with pytest.raises(WrongMinerError) as caught:
            await pair.client.send(command)
        assert not caught.value.request_sent
        assert caught.value.found == pair.other.mac.lower()
    assert pair.other.writes == pair.ours.writes == []
    assert pair.other.state.mining

    await pair.swap()
    result = await pair.client.send(command)
    assert result.outcome is Outcome.ACCEPTED
    assert names_of(pair.ours.writes) == [wire_name(command)]
    assert pair.other.writes == []


@pytest.mark.parametrize(
    ("ours", "other"),
    [("v1", "v2"), ("v2", "v1"), ("compat", "v1"), ("v2", "compat")],
)
async def test_no_command_reaches_a_miner_of_another_generation(
    clock: Clock, ours: str, other: str
) -> None:
    """The generations report their MAC address in different answers."""
    async with pair_of(clock, ours, other) as pair:
        await pair.poll()
        await pair.swap()
        for command in COMMANDS:
            with pytest.raises(WrongMinerError):
                await pair.client.send(command)
        assert pair.other.writes == []


async def test_a_token_for_ever_is_of_no_use_at_the_other(clock: Clock) -> None:
    """Its age does not matter, because ours issued it."""
    async with pair_of(clock, "compat", "compat", token_timeout=0) as pair:
        await a_token(pair)
        pair.pass_time(30 * 86_400)
        await pair.swap()
        pair.other.requests.clear()
        with pytest.raises(WrongMinerError):
            await pair.client.send(commands.power_percent(50, fast=True))
        assert len(pair.other.requests) == 3  # the first of them cannot be read there
        assert names_of(pair.other.requests[1:]) == TOKEN
        assert pair.other.writes == []


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
async def test_the_other_without_its_process_gets_no_command(
    new_pair: Pair, command: Command
) -> None:
    """Its control board reports its MAC address."""
    new_pair.other.state.mining = False
    await new_pair.swap()
    with pytest.raises(WrongMinerError):
        await new_pair.client.send(command)
    assert new_pair.other.writes == []


@pytest.mark.parametrize("tokens", TOKENS)
async def test_no_firmware_reaches_the_other_miner(pair: Pair, tokens: Tokens) -> None:
    """Not a single byte is sent, because the firmware might not fit."""
    await tokens(pair)
    await pair.swap()
    read = False

    async def image() -> AsyncGenerator[bytes]:
        nonlocal read
        read = True
        yield b"firmware"

    with pytest.raises(WrongMinerError):
        await pair.client.update_firmware(image(), 8, lambda _: None)
    assert not read
    assert pair.other.images == []
    assert pair.other.writes == []


@pytest.mark.parametrize("tokens", TOKENS)
async def test_the_other_miner_is_asked_for_no_log(pair: Pair, tokens: Tokens) -> None:
    """Its log would be taken for ours."""
    await tokens(pair)
    await pair.swap()
    pieces: list[bytes] = []

    async def keep(piece: bytes) -> None:
        pieces.append(piece)

    with pytest.raises(WrongMinerError):
        await pair.client.download_logs(keep)
    assert pieces == []
    assert pair.other.writes == []


@pytest.mark.parametrize("tokens", TOKENS)
async def test_no_password_is_tried_at_the_other_miner(
    pair: Pair, tokens: Tokens
) -> None:
    """A password that is right there may be wrong here."""
    await tokens(pair)
    await pair.swap()
    pair.other.requests.clear()
    for password in (None, "wrong"):
        with pytest.raises(WrongMinerError):
            await pair.client.check_password(password)
    assert not [request for request in pair.other.requests if "token" in request]
    assert {"get_token", "get_miner_info"} <= set(names_of(pair.other.requests))
    assert "get_version" not in names_of(pair.other.requests)


async def test_a_command_that_met_the_other_makes_the_next_poll_look(
    pair: Pair,
) -> None:
    """After a poll that met the other miner, no command is sent to it either."""
    await pair.poll()
    await pair.swap()
    with pytest.raises(WrongMinerError):
        await pair.client.send(commands.power_off())
    await pair.see_the_other()
    with pytest.raises(WrongMinerError):
        await pair.client.send(commands.power_off())
    await pair.swap()
    await pair.poll()
    assert await pair.client.send(commands.power_off())
    assert pair.other.writes == []


async def test_a_power_off_that_got_lost_while_they_changed_places_is_not_repeated(
    pair: Pair,
) -> None:
    """It would stop the other miner."""
    await pair.poll()
    held = Held(then=Closed())
    pair.ours.misbehave("power_off", held)
    off = asyncio.create_task(pair.client.send(commands.power_off()))
    await held.reached.wait()
    await pair.swap()
    with pytest.raises((WrongMinerError, UnconfirmedError)):
        await off
    assert pair.other.writes == []
    assert pair.other.state.mining


# Wherever in a command it happens


class Place:
    """An address at which one miner answers, and another after some connections."""

    def __init__(self, first: SimulatedMiner, then: SimulatedMiner) -> None:
        """Store the two miners."""
        self.port = 0
        self._first, self._then = first, then
        self._left: int | None = None

    async def __aenter__(self) -> Self:
        """Open a port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the port."""
        self._server.close()
        await self._server.wait_closed()

    def stay(self) -> None:
        """Let the first miner answer."""
        self._left = None

    def change_after(self, connections: int) -> None:
        """Let the second miner answer after this many more connections."""
        self._left = connections

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass one request on to the present miner, and its answer back."""
        here = self._first
        if self._left is not None:
            here = self._then if self._left <= 0 else self._first
            self._left -= 1
        answers, requests = await asyncio.open_connection(here.host, here.port)
        requests.write(await reader.read(65536))
        while piece := await answers.read(65536):
            writer.write(piece)
        for end in (requests, writer):
            end.close()
            await end.wait_closed()


@pytest.mark.parametrize("tokens", [no_token, an_old_token])
@pytest.mark.parametrize(
    ("command", "how"),
    [
        (commands.power_percent(50, fast=True), None),
        (commands.power_mode("low"), Closed()),
        (commands.power_off(), None),
        (commands.power_off(), Closed()),
    ],
)
async def test_no_command_reaches_the_other_wherever_in_it_they_change_places(
    pair: Pair, command: Command, how: Misbehaviour | None, tokens: Tokens
) -> None:
    """They change after the token, the confirmation, or the command, answered or not."""
    async with Place(pair.ours, pair.other) as place:
        for connections in range(8):
            pair.client = client_of(pair.ours, place.port)
            place.stay()
            await tokens(pair)
            if how:
                pair.ours.misbehave(wire_name(command), how)
            place.change_after(connections)
            with suppress(WhatsminerError):
                await pair.client.send(command)
            assert pair.other.writes == []
            pair.ours.behave()


@pytest.mark.parametrize("generation", ["v2", "compat"])
@pytest.mark.parametrize("connections", [1, 2, 3])
async def test_the_other_miner_confirms_no_power_off(
    clock: Clock, generation: str, connections: int
) -> None:
    """The other is off, while ours goes on mining."""
    async with (
        pair_of(clock, generation, generation) as pair,
        Place(pair.ours, pair.other) as place,
    ):
        pair.other.state.mining = False
        pair.client = client_of(pair.ours, place.port)
        place.stay()
        await a_token(pair)
        pair.ours.misbehave("power_off", Closed())
        place.change_after(connections)
        with pytest.raises((WrongMinerError, UnconfirmedError)):
            await pair.client.send(commands.power_off())
        assert pair.ours.state.mining
        assert pair.other.writes == []


async def test_a_power_off_that_was_sent_once_is_not_said_to_be_unsent(
    pair: Pair,
) -> None:
    """Ours may have stopped before the other took its place."""
    async with Place(pair.ours, pair.other) as place:
        pair.client = client_of(pair.ours, place.port)
        place.stay()
        await a_token(pair)
        pair.ours.misbehave("power_off", Closed(execute=True))
        place.change_after(1)
        with pytest.raises(WhatsminerError) as caught:
            await pair.client.send(commands.power_off())
        assert not pair.ours.state.mining
        assert caught.value.request_sent
