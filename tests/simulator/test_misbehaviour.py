"""Commands that go wrong on demand."""

import asyncio
import json

import pytest

from simulator import (
    GARBAGE,
    Closed,
    Delayed,
    Dropped,
    Framed,
    Hang,
    InPieces,
    Misbehaviour,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)

from .client import Client, exchange, give_up

SUMMARY = b'{"cmd":"summary"}'


async def whole(miner: SimulatedMiner) -> bytes:
    """Return the usual answer to a summary."""
    return await exchange(miner, SUMMARY)


async def command(miner: SimulatedMiner) -> bytes:
    """Return an encrypted power_off with a fresh token."""
    return await Client(miner).command("power_off")


async def power_off(miner: SimulatedMiner) -> bytes:
    return await exchange(miner, await command(miner))


async def test_raw_bytes(miner: SimulatedMiner) -> None:
    """Raw bytes are sent as they are."""
    miner.misbehave("summary", Raw(b"{}"))

    assert await exchange(miner, SUMMARY) == b"{}"


async def test_garbage(miner: SimulatedMiner) -> None:
    """Garbage is neither JSON nor text."""
    miner.misbehave("summary", GARBAGE)

    with pytest.raises(ValueError):
        json.loads(await exchange(miner, SUMMARY))


async def test_v2_has_no_frames(miner: SimulatedMiner) -> None:
    """The misbehaviours that are made for V3 do the same on V2, without a frame."""
    answer = await whole(miner)

    miner.misbehave("summary", Framed(b"[]", announced=7))
    assert await exchange(miner, SUMMARY) == b"[]"
    miner.misbehave("summary", InPieces((1, 5)))
    assert await exchange(miner, SUMMARY) == answer


async def test_a_truncated_answer(miner: SimulatedMiner) -> None:
    """Half of the answer is sent, or as many bytes as wanted."""
    answer = await whole(miner)

    miner.misbehave("summary", Truncated())
    assert await exchange(miner, SUMMARY) == answer[: len(answer) // 2]
    miner.misbehave("summary", Truncated(10))
    assert await exchange(miner, SUMMARY) == answer[:10]


async def test_a_dropped_connection(miner: SimulatedMiner) -> None:
    """The connection is reset in the middle of the answer."""
    miner.misbehave("summary", Dropped(10))
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    writer.write(SUMMARY)

    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    with pytest.raises(ConnectionResetError):
        await writer.wait_closed()


async def test_a_hang_ends_when_the_client_gives_up(miner: SimulatedMiner) -> None:
    miner.misbehave("summary", Hang())

    await give_up(miner, SUMMARY)
    miner.behave()
    assert await whole(miner)


@pytest.mark.parametrize("execute", [False, True])
async def test_a_command_without_its_answer(
    miner: SimulatedMiner, execute: bool
) -> None:
    """The command may have been carried out or not. It was received in any case."""
    for how, answer in ((Closed(execute), b""), (Raw(b"?", execute), b"?")):
        miner.state.mining = True
        miner.misbehave("power_off", how)
        assert await power_off(miner) == answer
        assert miner.state.mining is not execute

    miner.state.mining = True
    miner.misbehave("power_off", Hang(execute))
    await give_up(miner, await command(miner))
    assert miner.state.mining is not execute
    assert miner.writes == [{"cmd": "power_off"}] * 3


async def test_a_refusal(miner: SimulatedMiner) -> None:
    """A refusal has the usual text of its code, or another one."""
    miner.misbehave("power_off", Refused(132))
    answer = json.loads(await power_off(miner))
    assert (answer["STATUS"], answer["Code"]) == ("E", 132)
    assert answer["Msg"] == "API command ERROR"

    miner.misbehave("summary", Refused(14, "no way"))
    assert json.loads(await exchange(miner, SUMMARY))["Msg"] == "no way"
    assert miner.state.mining


async def test_a_delay_lasts_until_its_event(miner: SimulatedMiner) -> None:
    release = asyncio.Event()
    miner.misbehave("power_off", Delayed(release))
    waiting = asyncio.create_task(power_off(miner))
    while not miner.writes:
        await asyncio.sleep(0)
    assert miner.state.mining

    release.set()
    assert "enc" in json.loads(await waiting)
    assert not miner.state.mining


async def test_a_client_that_does_not_wait_is_not_served(miner: SimulatedMiner) -> None:
    release = asyncio.Event()
    miner.misbehave("power_off", Delayed(release))
    await give_up(miner, await command(miner))
    await whole(miner)
    release.set()
    await whole(miner)

    assert miner.state.mining


async def test_it_lasts_for_a_number_of_requests(miner: SimulatedMiner) -> None:
    answer = await whole(miner)

    miner.misbehave("summary", Closed(), times=2)
    assert [await exchange(miner, SUMMARY) for _ in "abc"] == [b"", b"", answer]

    miner.misbehave("summary", Closed())
    assert [await exchange(miner, SUMMARY) for _ in "abc"] == [b"", b"", b""]
    miner.behave("summary")
    assert await exchange(miner, SUMMARY) == answer


@pytest.mark.parametrize(
    ("command", "how", "expected"),
    [
        ("summary+pools+edevs", Closed(), [False, True, True, True]),
        ("pools", Closed(), [True, False, True, True]),
        ("get_token", Closed(), [True, True, False, True]),
        ("*", Closed(), [False, False, False, False]),
    ],
)
async def test_only_the_named_command_is_concerned(
    miner: SimulatedMiner, command: str, how: Misbehaviour, expected: list[bool]
) -> None:
    """A star stands for all commands and for unreadable requests."""
    miner.misbehave(command, how)
    commands = ("summary+pools+edevs", "pools", "get_token")
    requests = [*(b'{"cmd":"%s"}' % name.encode() for name in commands), b"what?"]

    answers = [await exchange(miner, request) for request in requests]
    assert [answer != b"" for answer in answers] == expected


async def test_a_named_command_goes_before_the_star(miner: SimulatedMiner) -> None:
    """A star and a named command together silence all commands but one."""
    miner.misbehave("*", Closed())
    miner.misbehave("summary", Raw(b"{}"))

    assert await exchange(miner, SUMMARY) == b"{}"
