"""Commands of V3 that go wrong on demand."""

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
from tests import Altered, Without, hold
from tests.simulator.client import Client

from .client import Connection, V3Client, connected, framed

FAN = "get.fan.setting"
STOP = ("set.miner.service", "stop")


async def received(miner: SimulatedMiner) -> bytes:
    """Return what comes back for one request, up to the end of the connection."""
    async with connected(miner) as connection:
        await connection.request({"cmd": FAN})
        return await connection.rest()


async def whole(miner: SimulatedMiner) -> bytes:
    """Return the usual frame."""
    async with connected(miner) as connection:
        return framed(
            json.dumps(await connection.ask(FAN), separators=(",", ":")).encode()
        )


async def carries_on(connection: Connection) -> bool:
    """Return whether the connection answers another request."""
    return bool((await connection.ask("get.system.setting"))["code"] == 0)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x05", framed(b"{}")[:3], b"HTTP/1.1 400 Bad Request\r\n\r\n"],
)
async def test_raw_bytes_have_no_frame(miner: SimulatedMiner, data: bytes) -> None:
    miner.misbehave(FAN, Raw(data))
    assert await received(miner) == data

    miner.misbehave(FAN, GARBAGE)
    assert await received(miner) == GARBAGE.data


@pytest.mark.parametrize("text", [b"[]", b"7", b'"text"', b"{", b"", b"null"])
async def test_any_text_can_be_framed(miner: SimulatedMiner, text: bytes) -> None:
    """JSON that is no object, for example. The connection carries on."""
    miner.misbehave(FAN, Framed(text))
    async with connected(miner) as connection:
        await connection.request({"cmd": FAN})
        frame = await connection.reader.readexactly(4 + len(text))
        assert frame == framed(text)
        assert await carries_on(connection)


async def test_a_framed_text_may_stand_for_the_answer_to_a_command_that_was_carried_out(
    v3: V3Client,
) -> None:
    v3.miner.misbehave("set.miner.service", Framed(b"{}", execute=True))
    async with connected(v3.miner) as connection:
        await connection.request(await v3.signed(*STOP))
        assert await connection.answer() == {}

    assert not v3.miner.state.mining


@pytest.mark.parametrize("announced", [0, 1, 3, 1 << 20, 1 << 31, 0xFFFF_FFFF])
async def test_a_frame_can_announce_a_wrong_length(
    miner: SimulatedMiner, announced: int
) -> None:
    miner.misbehave(FAN, Framed(b"{}", announced))

    assert await received(miner) == announced.to_bytes(4, "little") + b"{}"


async def test_half_a_frame(miner: SimulatedMiner) -> None:
    answer = await whole(miner)
    miner.misbehave(FAN, Truncated())
    assert await received(miner) == answer[: len(answer) // 2]
    for keep in (0, 2, 4, len(answer) - 1):
        miner.misbehave(FAN, Truncated(keep))
        assert await received(miner) == answer[:keep]


async def test_an_answer_may_come_in_pieces_at_any_byte(miner: SimulatedMiner) -> None:
    answer = await whole(miner)
    async with connected(miner) as connection:
        for cut in range(1, len(answer)):
            miner.misbehave(FAN, InPieces((cut,)), times=1)
            await connection.request({"cmd": FAN})
            first = await connection.reader.read(1 << 16)
            assert first == answer[:cut]
            assert await connection.reader.read(1 << 16) == answer[cut:]


async def test_an_answer_may_come_byte_by_byte(miner: SimulatedMiner) -> None:
    answer = await whole(miner)
    miner.misbehave(FAN, InPieces(tuple(range(1, len(answer)))))
    async with connected(miner) as connection:
        assert (await connection.ask(FAN))["code"] == 0
        assert await carries_on(connection)


async def test_a_dropped_connection(miner: SimulatedMiner) -> None:
    miner.misbehave(FAN, Dropped(10))

    with pytest.raises(ConnectionResetError):
        await received(miner)


@pytest.mark.parametrize("execute", [False, True])
@pytest.mark.parametrize("how", [Closed, Hang])
async def test_a_command_without_its_answer(
    v3: V3Client, execute: bool, how: type[Closed | Hang]
) -> None:
    """The command may have been carried out or not. It was received in any case."""
    v3.miner.misbehave("set.miner.service", how(execute))
    request = await v3.signed(*STOP)
    async with connected(v3.miner) as connection:
        await connection.request(request)
        while not v3.miner.v3.writes:
            await asyncio.sleep(0)
    v3.miner.behave()

    assert (await v3.info("miner"))["working"] == ("false" if execute else "true")
    assert len(v3.miner.v3.writes) == 1


async def test_a_refusal_leaves_the_connection_open(v3: V3Client) -> None:
    v3.miner.misbehave("set.miner.service", Refused(-2))
    assert await v3.result(*STOP) == (-2, "invalid command")
    v3.miner.misbehave(FAN, Refused(-5, "no way"))
    async with connected(v3.miner) as connection:
        answer = await connection.ask(FAN)
        assert (answer["code"], answer["msg"], answer["desc"]) == (-5, "no way", FAN)
        assert await carries_on(connection)

    assert v3.miner.state.mining


async def test_a_delay_lasts_until_its_event(v3: V3Client) -> None:
    release = asyncio.Event()
    v3.miner.misbehave("set.miner.service", Delayed(release))
    waiting = asyncio.create_task(v3.result(*STOP))
    while not v3.miner.v3.writes:
        await asyncio.sleep(0)
    assert v3.miner.state.mining

    release.set()
    assert await waiting == (0, "ok")
    assert not v3.miner.state.mining


async def test_a_held_command_waits_for_its_release(v3: V3Client) -> None:
    held = hold(v3.miner, "set.miner.service")
    waiting = asyncio.create_task(v3.result(*STOP))
    await held.reached.wait()
    assert v3.miner.state.mining

    held.release.set()
    assert await waiting == (0, "ok")


async def test_an_altered_answer_has_the_right_frame(miner: SimulatedMiner) -> None:
    miner.misbehave(
        FAN, Altered('"fan-zero-speed":0', '"fan-zero-speed":"none at all"')
    )
    async with connected(miner) as connection:
        answer = await connection.ask(FAN)
        assert answer["msg"]["fan-zero-speed"] == "none at all"
        assert await carries_on(connection)

        miner.misbehave("get.device.info system", Without("api"))
        answer = await connection.ask("get.device.info", "system")
        assert "api" not in answer["msg"]["system"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("get.device.info", [False, False, True, True]),
        ("get.device.info salt", [False, True, True, True]),
        ("v3", [False, False, False, True]),
        ("v2", [True, True, True, False]),
        ("*", [False, False, False, False]),
    ],
)
async def test_only_the_named_command_is_concerned(
    miner: SimulatedMiner, command: str, expected: list[bool]
) -> None:
    """It may be named with its parameter, and a port by its name."""
    miner.misbehave(command, Closed())
    answers = []
    for name, param in (
        ("get.device.info", "salt"),
        ("get.device.info", "system"),
        (FAN, None),
    ):
        async with connected(miner) as connection:
            await connection.request({"cmd": name, "param": param})
            answers.append(bool(await connection.reader.read(4)))
    try:
        answers.append(bool(await Client(miner).summary()))
    except ValueError:
        answers.append(False)

    assert answers == expected


@pytest.mark.parametrize("how", [Closed(), GARBAGE, Refused(-2), Framed(b"[]")])
async def test_a_useless_v3_leaves_v2_alone(
    miner: SimulatedMiner, how: Misbehaviour
) -> None:
    miner.misbehave("v3", how)
    async with connected(miner) as connection:
        await connection.send(framed(b"not JSON"))
        await connection.reader.read(1 << 16)

    assert await Client(miner).summary()
