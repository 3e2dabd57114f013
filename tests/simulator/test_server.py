"""One request, one answer, one connection."""

import asyncio
import json

import pytest

from simulator import Delayed, Hang, Quirk, SimulatedMiner

from .client import Client, exchange, give_up

SUMMARY = b'{"cmd":"summary"}'


@pytest.mark.parametrize("key", ["cmd", "command"])
async def test_either_key_names_the_command(miner: SimulatedMiner, key: str) -> None:
    """Clients write ``cmd`` or ``command``."""
    answer = await exchange(miner, json.dumps({key: "summary"}).encode())

    assert json.loads(answer)["SUMMARY"]
    assert miner.requests == [{key: "summary"}]


async def test_the_miner_closes_after_one_answer(miner: SimulatedMiner) -> None:
    answer = await exchange(miner, SUMMARY + SUMMARY)

    assert answer.count(b'"SUMMARY"') == 1
    assert miner.connections == 1


@pytest.mark.parametrize("end", [False, True], ids=["open", "half-closed"])
@pytest.mark.parametrize(
    "segments",
    [
        (SUMMARY,),
        (SUMMARY + b"\n",),
        (SUMMARY[:5], SUMMARY[5:]),
        tuple(bytes([byte]) for byte in SUMMARY),
    ],
    ids=["whole", "newline", "two segments", "byte by byte"],
)
async def test_a_request_may_arrive_in_any_way(
    miner: SimulatedMiner, segments: tuple[bytes, ...], end: bool
) -> None:
    """Segments, a trailing newline and a client that ends its side are all fine."""
    assert json.loads(await exchange(miner, *segments, end=end))["SUMMARY"]


@pytest.mark.parametrize(
    "request_text", [b"hello", b"[]", b'{"cmd":summary}'], ids=["text", "list", "typo"]
)
async def test_what_is_no_json_object_gets_23(
    miner: SimulatedMiner, request_text: bytes
) -> None:
    answer = json.loads(await exchange(miner, request_text))

    assert (answer["Code"], answer["Msg"]) == (23, "json cmd err")


async def test_half_a_request_gets_23(miner: SimulatedMiner) -> None:
    assert json.loads(await exchange(miner, SUMMARY[:9], end=True))["Code"] == 23


async def test_a_request_that_overflows_the_buffer_gets_23(
    miner: SimulatedMiner,
) -> None:
    """The miner reads 8 KiB and no more."""
    pad = "x" * 8192
    answer = await exchange(miner, f'{{"cmd":"summary","pad":"{pad}"}}'.encode()[:8192])

    assert json.loads(answer)["Code"] == 23


async def test_an_idle_connection_is_dropped() -> None:
    async with SimulatedMiner(idle_seconds=0.01) as miner:
        assert await exchange(miner) == b""
        assert await exchange(miner, SUMMARY[:4]) == b""


async def test_connections_are_counted(client: Client) -> None:
    """The peak is of those open at one time."""
    await client.read("summary")
    await client.read("summary")
    assert (client.miner.connections, client.miner.peak_connections) == (2, 1)

    client.miner.misbehave("pools", Hang())
    async with asyncio.TaskGroup() as group:
        hanging = [
            group.create_task(exchange(client.miner, b'{"cmd":"pools"}')) for _ in "ab"
        ]
        while client.miner.peak_connections < 2:
            await asyncio.sleep(0)
        await client.miner.disconnect()
    assert [task.result() for task in hanging] == [b"", b""]
    assert client.miner.connections == 4


async def test_a_client_that_gives_up_and_comes_back_is_one_at_a_time(
    client: Client,
) -> None:
    for how in (Hang(), Delayed(asyncio.Event())):
        client.miner.misbehave("pools", how)
        for _ in range(10):
            await give_up(client.miner, b'{"cmd":"pools"}')
            await client.read("summary")

    assert client.miner.peak_connections == 1


async def test_a_disconnected_miner_is_refused_and_can_come_back(
    client: Client,
) -> None:
    await client.miner.disconnect()
    with pytest.raises(ConnectionRefusedError):
        await client.read("summary")

    client.miner.reconnect()
    assert await client.summary()


async def test_a_cable_may_be_pulled_as_soon_as_it_is_in(client: Client) -> None:
    for _ in range(3):
        await client.miner.disconnect()
        client.miner.reconnect()

    assert await client.summary()


async def test_leaving_the_block_leaves_nothing_behind() -> None:
    async with SimulatedMiner() as miner:
        miner.misbehave("*", Hang())
        reader, writer = await asyncio.open_connection(miner.host, miner.port)
        writer.write(SUMMARY)
        while not miner.requests:
            await asyncio.sleep(0)

    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_port_in_use_is_an_error(miner: SimulatedMiner) -> None:
    with pytest.raises(OSError):
        async with SimulatedMiner(port=miner.port):
            pass


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_answers_end_with_the_json(generation: str) -> None:
    async with SimulatedMiner(generation=generation) as miner:
        assert (await exchange(miner, SUMMARY)).endswith(b"}")


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_some_old_firmware_ends_answers_with_a_nul(generation: str) -> None:
    async with SimulatedMiner(
        generation=generation, quirks={Quirk.TRAILING_NUL}
    ) as miner:
        assert (await exchange(miner, SUMMARY)).endswith(b"}\0")
        assert await Client(miner).code("power_off") == 131


@pytest.mark.parametrize("quirk", [Quirk.NEWLINES, Quirk.SPLIT_WRITES])
async def test_odd_ways_to_write_do_not_change_what_is_said(quirk: Quirk) -> None:
    async with SimulatedMiner() as plain, SimulatedMiner(quirks={quirk}) as odd:
        assert await Client(odd).read("edevs") == await Client(plain).read("edevs")
        assert (b"\n" in await exchange(odd, SUMMARY)) is (quirk is Quirk.NEWLINES)


async def test_some_miners_leave_closing_to_the_client() -> None:
    """The whole answer arrives, but the connection stays open."""
    async with SimulatedMiner(quirks={Quirk.KEEP_OPEN}) as miner:
        reader, writer = await asyncio.open_connection(miner.host, miner.port)
        writer.write(SUMMARY)
        assert json.loads(await reader.readuntil(b'"id":1}'))["SUMMARY"]
        assert not reader.at_eof()
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
