"""The client of a miner, as the rest of the integration uses it."""

import asyncio
import inspect
from unittest.mock import Mock

import pytest

from custom_components.whatsminer import api
from custom_components.whatsminer.api import (
    DEFAULT_PORT,
    CannotConnectError,
    Capabilities,
    MalformedReplyError,
    Miner,
    Outcome,
    TimedOutError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
    commands,
)
from custom_components.whatsminer.api.v2 import fields
from custom_components.whatsminer.api.v2.generations import Generation
from simulator import DEFAULT_PASSWORD, Hang, Refused, SimulatedMiner
from tests import JOINED, PROCESS_DOWN, Held, names_of

from . import TOKEN, Clock, generation_of, wire_name


def client_of(miner: SimulatedMiner, password: str = DEFAULT_PASSWORD) -> Miner:
    """Return a client of a simulated miner."""
    return Miner(miner.host, miner.port, password=password)


def test_the_port_is_that_of_the_document() -> None:
    assert DEFAULT_PORT == 4028


def test_nothing_is_sent_before_it_is_asked_for(air_miner: SimulatedMiner) -> None:
    assert client_of(air_miner).mac is None
    assert air_miner.connections == 0


async def test_a_poll_tells_the_mac(client: Miner, air_miner: SimulatedMiner) -> None:
    """It is in lower case with colons."""
    await client.poll()
    assert client.mac == air_miner.mac.lower()


async def test_the_expected_mac_is_held_to(air_miner: SimulatedMiner) -> None:
    """This holds from the first poll on."""
    expected = "c2:04:28:00:00:01"
    client = Miner(air_miner.host, air_miner.port, mac=expected)
    with pytest.raises(WrongMinerError):
        await client.poll()
    assert client.mac == expected


async def test_whoever_answers_says_who_it_is(any_miner: SimulatedMiner) -> None:
    """It needs no poll, and the expected MAC address stays as it is."""
    for expected in (None, "c2:04:28:00:00:01"):
        client = Miner(any_miner.host, any_miner.port, mac=expected)
        assert await client.read_mac() == any_miner.mac.lower()
        assert client.mac == expected


async def test_who_it_is_may_be_unknown_or_nobody_there(
    client: Miner, air_miner: SimulatedMiner
) -> None:
    """A miner without a MAC address differs from no miner."""
    air_miner.misbehave("*", PROCESS_DOWN)
    assert await client.read_mac() is None
    await air_miner.disconnect()
    with pytest.raises(CannotConnectError):
        await client.read_mac()


async def test_who_it_is_is_asked_in_turn(
    polled: Miner, air_miner: SimulatedMiner
) -> None:
    """The request never opens a second connection, and waits for more urgent ones."""
    held = Held()
    air_miner.misbehave(JOINED, held, times=1)
    poll = asyncio.create_task(polled.poll())
    await held.reached.wait()
    who = asyncio.create_task(polled.read_mac())
    await asyncio.sleep(0)
    off = asyncio.create_task(polled.send(commands.power_off()))
    await asyncio.sleep(0)
    held.release.set()
    await asyncio.gather(poll, who, off)
    asked = names_of(air_miner.requests)
    assert asked[:5] == [JOINED, *TOKEN, "power_off", "get_miner_info"]


async def test_the_last_answers_are_kept_as_they_are(
    any_miner: SimulatedMiner, clock: Clock
) -> None:
    """Polls and queries count, refusals too, but neither a token nor the commands under it."""
    client = client_of(any_miner)
    assert client.replies == {}
    await client.poll()
    await client.send(commands.set_led_auto())
    await client.check_password()
    asked = {name for name in names_of(any_miner.requests) if name != "set_led"}
    assert client.replies.keys() == asked - {"get_token"}
    any_miner.misbehave("get_psu", Refused(132, "because I say so"))
    answer = await client.query("get_psu")
    assert answer["Msg"] == "because I say so"
    assert client.replies["get_psu"] == answer


async def test_a_write_is_seen_by_the_next_poll(
    any_miner: SimulatedMiner, clock: Clock
) -> None:
    client = client_of(any_miner)
    assert (await client.poll()).generation is generation_of(any_miner.generation)
    result = await client.send(commands.power_mode("low"))
    assert result.outcome is Outcome.ACCEPTED
    any_miner.advance(30)
    clock.now += 30
    assert (await client.poll()).power_mode == "low"
    await client.send(commands.power_off())
    for _ in range(2):
        any_miner.advance(30)
        clock.now += 30
        snapshot = await client.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0


async def test_a_poll_tells_how_commands_are_spelt(old_miner: SimulatedMiner) -> None:
    """The generation is unknown before the first poll."""
    client = client_of(old_miner)
    snapshot = await client.poll()
    assert snapshot.generation is Generation.V1
    await client.send(commands.fast_boot(on=True))
    assert names_of(old_miner.writes) == ["enable_cgminer_fast_boot"]


async def test_a_failed_poll_does_not_forget_how(old_miner: SimulatedMiner) -> None:
    """The firmware has not changed."""
    client = client_of(old_miner)
    await client.poll()
    await old_miner.disconnect()
    with pytest.raises(CannotConnectError):
        await client.poll()
    old_miner.reconnect()
    await client.send(commands.fast_boot(on=False))
    assert names_of(old_miner.writes) == ["disable_cgminer_fast_boot"]


async def test_a_power_off_goes_out_as_soon_as_a_hanging_connection_ends(
    client: Miner, air_miner: SimulatedMiner, impatient: None
) -> None:
    """It does not wait for the rest of the poll."""
    await client.poll()
    air_miner.requests.clear()
    air_miner.misbehave(JOINED, Hang())
    poll = asyncio.create_task(client.poll())
    while not air_miner.requests:
        await asyncio.sleep(0)
    result = await client.send(commands.power_off())
    assert result.outcome is Outcome.ACCEPTED
    with pytest.raises(TimedOutError):
        await poll
    assert names_of(air_miner.requests) == [JOINED, *TOKEN, "power_off"]
    assert air_miner.peak_connections == 1


@pytest.mark.parametrize(
    ("command", "third"),
    [
        (commands.power_off(), "get_psu"),
        (commands.power_percent(50, fast=True), "get_error_code"),
    ],
    ids=["off", "write"],
)
async def test_a_write_goes_between_the_connections_of_a_poll(
    polled: Miner, air_miner: SimulatedMiner, command: commands.Command, third: str
) -> None:
    """The poll goes on after it."""
    held = Held()
    air_miner.misbehave(JOINED, held, times=1)
    poll = asyncio.create_task(polled.poll())
    await held.reached.wait()
    write = asyncio.create_task(polled.send(command))
    await asyncio.sleep(0)
    held.release.set()
    await asyncio.gather(poll, write)
    assert names_of(air_miner.requests) == [
        JOINED,
        *TOKEN,
        wire_name(command),
        "status",
        third,
    ]


async def test_polls_and_writes_together_never_open_two_connections(
    polled: Miner, air_miner: SimulatedMiner
) -> None:
    """The fixture checks this."""
    await asyncio.gather(
        polled.poll(),
        polled.send(commands.power_percent(10, fast=True)),
        polled.send(commands.temperature_offset(-5)),
        polled.check_password(),
        polled.poll(),
        polled.send(commands.power_off()),
    )
    assert {"set_power_pct", "set_temp_offset", "power_off"} == set(
        names_of(air_miner.writes)
    )


async def test_the_password_is_checked(air_miner: SimulatedMiner) -> None:
    """It is right, wrong, or cannot be checked; nothing is changed."""
    await client_of(air_miner).check_password()
    with pytest.raises(WrongPasswordError):
        await client_of(air_miner, "wrong").check_password()
    air_miner.api_open = False
    with pytest.raises(WriteAccessClosedError):
        await client_of(air_miner).check_password()
    assert air_miner.writes == []


async def test_another_password_is_tried_under_a_token_of_its_own(
    air_miner: SimulatedMiner,
) -> None:
    """It uses the same queue."""
    client = client_of(air_miner, "wrong")
    await client.check_password(air_miner.password)
    with pytest.raises(WrongPasswordError):
        await client.check_password()


async def test_readings_need_no_password(air_miner: SimulatedMiner) -> None:
    """They need no token either."""
    await client_of(air_miner, "").poll()
    assert "get_token" not in names_of(air_miner.requests)


async def test_a_reboot_is_survived(
    polled: Miner, air_miner: SimulatedMiner, clock: Clock
) -> None:
    """The miner is away, comes back with the same MAC address, and accepts commands again."""
    answer = await polled.send(commands.reboot())
    assert answer is not None
    with pytest.raises(CannotConnectError):
        await polled.poll()
    air_miner.advance(120)
    clock.now += 120
    snapshot = await polled.poll()
    assert snapshot.performance.uptime == pytest.approx(30, abs=1)
    assert "get_miner_info" in names_of(air_miner.requests)
    assert await polled.send(commands.power_percent(50, fast=True))


async def test_what_can_be_done_is_told_by_the_first_snapshot(client: Miner) -> None:
    """No other request is needed."""
    capabilities = Capabilities.of(await client.poll())
    assert capabilities.accepts("temperature_offset")
    assert capabilities.air_cooled


def test_every_error_is_of_one_kind() -> None:
    """A caller can catch one exception, and all of them are public."""
    errors = {
        name
        for name, kind in inspect.getmembers(api.errors, inspect.isclass)
        if kind.__module__ == api.errors.__name__
    }
    assert errors <= set(api.__all__)
    for name in errors:
        assert issubclass(getattr(api, name), WhatsminerError)


def test_a_password_is_not_shown(client: Miner) -> None:
    """A client may be written to a log."""
    assert DEFAULT_PASSWORD not in repr(client) + str(client)


@pytest.mark.parametrize(
    "mistake",
    [ValueError(), TypeError(), OverflowError(), RecursionError(), KeyError()],
)
async def test_a_mistake_of_ours_about_an_answer_is_an_error_of_this_miner_alone(
    polled: Miner,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mistake: Exception,
) -> None:
    """No answer should raise an exception. If one does, it is logged once."""
    with monkeypatch.context() as patch:
        patch.setattr(fields, "pools", Mock(side_effect=mistake))
        for _ in range(3):
            with pytest.raises(MalformedReplyError):
                await polled.poll()
    (record,) = (item for item in caplog.records if "bug" in item.getMessage())
    assert record.exc_info
    await polled.poll()
