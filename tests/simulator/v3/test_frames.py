"""Requests and answers in frames, however they arrive."""

import asyncio

import pytest

from simulator import Quirk, SimulatedMiner

from .client import Connection, V3Client, connected, framed

SALT = b'{"cmd":"get.device.info","param":"salt"}'
SALT_FRAME = bytes.fromhex("28000000") + SALT
HEARTBEAT = bytes(4)
EVERY_CUT = range(1, len(SALT_FRAME))


async def test_an_answer_comes_in_a_frame(miner: SimulatedMiner) -> None:
    """The answer is compact JSON with code, time, message and command."""
    async with connected(miner) as connection:
        await connection.send(SALT_FRAME)
        length = int.from_bytes(await connection.reader.readexactly(4), "little")
        answer = await connection.reader.readexactly(length)

    salt = miner.v3.accounts.salt.encode()
    when = b"%d" % int(miner.state.now)
    assert answer == (
        b'{"code":0,"when":' + when + b',"msg":{"salt":"' + salt + b'"},'
        b'"desc":"get.device.info"}'
    )


async def test_a_connection_carries_several_requests(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        answers = [
            await connection.ask(command, param)
            for command, param in (
                ("get.miner.status", "summary"),
                ("get.device.info", None),
                ("get.fan.setting", None),
            )
        ]

    assert [answer["desc"] for answer in answers] == [
        "get.miner.status",
        "get.device.info",
        "get.fan.setting",
    ]
    assert (miner.connections, miner.v3.connections, miner.peak_connections) == (
        1,
        1,
        1,
    )


async def test_a_request_may_be_cut_anywhere(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        for cut in EVERY_CUT:
            await connection.send(SALT_FRAME[:cut], SALT_FRAME[cut:])
            assert (await connection.answer())["code"] == 0
        await connection.send(*(bytes([byte]) for byte in SALT_FRAME))
        assert (await connection.answer())["code"] == 0


async def test_two_requests_may_come_in_one_segment(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        await connection.send(SALT_FRAME + SALT_FRAME)
        assert await connection.answer() == await connection.answer()


async def test_heartbeats_are_ignored(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        await connection.send(HEARTBEAT, HEARTBEAT[:2], HEARTBEAT[:2] + SALT_FRAME)
        assert (await connection.answer())["code"] == 0

    assert len(miner.v3.requests) == 1


@pytest.mark.parametrize("text", [b"hello", b"[]", b"7", b'{"cmd":}', b"\xff\xfe"])
async def test_what_is_no_json_object_is_refused(
    miner: SimulatedMiner, text: bytes
) -> None:
    """The connection stays open."""
    async with connected(miner) as connection:
        await connection.send(framed(text))
        answer = await connection.answer()
        assert (answer["code"], answer["desc"]) == (-1, "")
        assert (await connection.ask("get.fan.setting"))["code"] == 0


@pytest.mark.parametrize("request_", [{}, {"cmd": 7}, {"command": "get.fan.setting"}])
async def test_a_request_needs_a_command(
    miner: SimulatedMiner, request_: dict[str, object]
) -> None:
    async with connected(miner) as connection:
        await connection.request(request_)
        assert (await connection.answer())["code"] == -3


async def test_half_a_frame_is_answered_with_nothing(miner: SimulatedMiner) -> None:
    for half in (SALT_FRAME[:2], SALT_FRAME[:-1]):
        async with connected(miner) as connection:
            await connection.send(half)
            connection.writer.write_eof()
            assert await connection.is_closed()


async def test_a_request_of_v2_waits_in_vain() -> None:
    """Its text reads as a length of two thousand million bytes."""
    async with SimulatedMiner(generation="v3", v3_idle_seconds=0.2) as miner:
        async with connected(miner) as connection:
            await connection.send(b'{"cmd":"summary"}', b"and more")
            assert await connection.is_closed()

        assert miner.v3.requests == []


async def test_an_idle_connection_is_closed() -> None:
    async with (
        SimulatedMiner(generation="v3", v3_idle_seconds=0.2) as miner,
        connected(miner) as connection,
    ):
        assert (await connection.ask("get.fan.setting"))["code"] == 0
        assert await connection.is_closed()


@pytest.mark.parametrize("most", [10, 1])
async def test_it_keeps_ten_connections(miner: SimulatedMiner, most: int) -> None:
    """The eleventh is closed at once. A test may set another number."""
    miner.v3.most_clients = most

    async def ask_and_stay(start: asyncio.Barrier) -> int:
        async with connected(miner) as connection:
            code: int = (await connection.ask("get.fan.setting"))["code"]
            await start.wait()
            await start.wait()
            return code

    barrier = asyncio.Barrier(most + 1)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask_and_stay(barrier)) for _ in range(most)]
        await barrier.wait()
        async with connected(miner) as one_more:
            assert await one_more.is_closed()
        await barrier.wait()

    assert [task.result() for task in tasks] == [0] * most
    assert miner.peak_connections == most + 1
    assert (await V3Client(miner).ask("get.fan.setting"))["code"] == 0


@pytest.mark.parametrize("quirks", [{Quirk.HEARTBEATS}])
async def test_some_firmware_sends_heartbeats(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        await connection.send(SALT_FRAME)
        assert await connection.reader.readexactly(4) == HEARTBEAT
        assert (await connection.answer())["code"] == 0


@pytest.mark.parametrize("quirks", [{Quirk.ONE_ANSWER}])
async def test_some_firmware_closes_after_one_answer(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        assert (await connection.ask("get.fan.setting"))["code"] == 0
        assert await connection.is_closed()


@pytest.mark.parametrize("quirks", [{Quirk.KEEP_OPEN}])
async def test_v3_keeps_its_connections_anyway(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        for _ in range(2):
            assert (await connection.ask("get.fan.setting"))["code"] == 0


@pytest.mark.parametrize("quirks", [{Quirk.SPLIT_WRITES, Quirk.NEWLINES}])
async def test_other_quirks_hold_for_v3_as_well(miner: SimulatedMiner) -> None:
    async with connected(miner) as connection:
        await connection.send(SALT_FRAME)
        first = await connection.reader.read(1 << 16)
        rest = b""
        while len(first + rest) < 4 + int.from_bytes(first[:4], "little"):
            rest += await connection.reader.read(1 << 16)

    assert rest
    assert b',\n"msg"' in first + rest


async def connection_of(miner: SimulatedMiner) -> Connection:
    """Return a connection that is not closed again."""
    return Connection(*await asyncio.open_connection(miner.host, miner.v3.port))


async def test_the_end_of_the_miner_ends_every_connection() -> None:
    async with SimulatedMiner(generation="v3") as miner:
        connection = await connection_of(miner)
        assert (await connection.ask("get.fan.setting"))["code"] == 0

    assert await connection.is_closed()
    connection.writer.close()
