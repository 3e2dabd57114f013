"""The address of a miner and its control board, and who the miner is after a change."""

import asyncio
from contextlib import AsyncExitStack
from random import randrange

import pytest

from simulator import MODELS, Generation, Hang, SimulatedMiner

from .client import Client, exchange

ELSEWHERE = "127.7.8.9"
SUMMARY = b'{"cmd":"summary"}'
STATIC = {"mask": "255.0.0.0", "gate": "127.0.0.1", "dns": "127.0.0.1", "host": ""}
MAC = "CA:01:14:00:00:99"

each_generation = pytest.mark.parametrize("generation", list(Generation))


async def ip(client: Client) -> str:
    """Return the address that the miner reports."""
    address: str = (await client.message("get_miner_info"))["ip"]
    return address


# Another address


@each_generation
async def test_a_moved_miner_goes_on_elsewhere(client: Client) -> None:
    first, port = client.miner.host, client.miner.port
    await client.log_in()
    client.miner.advance(60)
    before = await client.summary()
    await client.miner.move(ELSEWHERE)

    assert (client.miner.host, client.miner.port) == (ELSEWHERE, port)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(first, port)
    assert await client.summary() == before
    assert await client.code("power_off") == 131  # with the earlier token


async def test_a_moved_miner_tells_its_new_address(client: Client) -> None:
    await client.miner.move(ELSEWHERE)
    assert await ip(client) == ELSEWHERE

    await client.miner.reboot()
    client.miner.advance(90)
    assert await ip(client) == client.miner.host == ELSEWHERE


async def test_a_miner_moves_to_another_port(client: Client) -> None:
    """Port 0 picks a free one."""
    first = client.miner.port
    await client.miner.move(client.miner.host, 0)

    assert client.miner.port not in (first, 0)
    assert await client.summary()


@pytest.mark.parametrize(
    ("static", "reported"), [("127.3.4.5", ELSEWHERE), ("192.168.1.9", "192.168.1.9")]
)
async def test_a_static_address_moves_along_where_it_is_in_force(
    client: Client, static: str, reported: str
) -> None:
    """A static address that is only reported stays as it was set."""
    await client.send("net_config", ip=static, **STATIC)
    client.miner.advance(90)
    await client.miner.move(ELSEWHERE)

    info = await client.message("get_miner_info")
    assert (client.miner.host, info["ip"], info["proto"]) == (
        ELSEWHERE,
        reported,
        "static",
    )


async def test_a_move_ends_open_connections(miner: SimulatedMiner) -> None:
    miner.misbehave("summary", Hang())
    hanging = asyncio.create_task(exchange(miner, SUMMARY))
    while not miner.requests:
        await asyncio.sleep(0)
    await miner.move(ELSEWHERE)

    assert await hanging == b""


async def test_an_unplugged_miner_comes_back_at_its_new_address(client: Client) -> None:
    await client.miner.disconnect()
    await client.miner.move(ELSEWHERE)
    with pytest.raises(ConnectionRefusedError):
        await client.summary()

    client.miner.reconnect()
    assert await ip(client) == ELSEWHERE


async def test_a_rebooting_miner_comes_back_at_its_new_address(client: Client) -> None:
    await client.miner.reboot()
    await client.miner.move(ELSEWHERE)
    with pytest.raises(ConnectionRefusedError):
        await client.summary()

    client.miner.advance(90)
    assert await ip(client) == ELSEWHERE


async def test_nobody_moves_to_where_somebody_is(miner: SimulatedMiner) -> None:
    async with SimulatedMiner(seed=2, host=ELSEWHERE, port=miner.port) as other:
        with pytest.raises(OSError):
            await other.move(miner.host)

        assert await exchange(miner, SUMMARY)


@each_generation
async def test_two_miners_swap_places(client: Client) -> None:
    async with SimulatedMiner(seed=2, host=ELSEWHERE, port=0) as other:
        one, two = (client.miner.host, client.miner.port), (other.host, other.port)
        before = await client.summary()
        await client.miner.swap(other)

        assert (client.miner.host, client.miner.port) == two
        assert (other.host, other.port) == one
        assert await client.summary() == before
        assert await Client(other).summary() != before

        await other.swap(client.miner)
        assert (client.miner.host, client.miner.port) == one
        assert await client.summary() == before


async def test_an_unplugged_miner_swaps_places_unseen(client: Client) -> None:
    async with SimulatedMiner(seed=2, host=ELSEWHERE, port=client.miner.port) as other:
        await client.miner.disconnect()
        await client.miner.swap(other)
        assert await ip(Client(other)) == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            await client.summary()

        client.miner.reconnect()
        assert await ip(client) == ELSEWHERE


async def test_two_hundred_miners_have_the_same_port() -> None:
    network = f"127.{randrange(100, 250)}.{randrange(256)}"
    kinds = [
        (generation, model) for generation in Generation for model in list(MODELS)[:5]
    ]
    async with AsyncExitStack() as stack:
        miners = [
            await stack.enter_async_context(
                SimulatedMiner(
                    generation=generation,
                    model=model,
                    seed=number,
                    host=f"{network}.{number}",
                    port=4028,
                )
            )
            for number in range(1, 201)
            for generation, model in [kinds[number % len(kinds)]]
        ]
        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(exchange(miner, SUMMARY)) for miner in miners]

    assert all(b"Elapsed" in answer.result() for answer in answers)
    assert len({miner.mac for miner in miners}) == 200


# Another control board


@each_generation
async def test_another_control_board_has_another_mac(
    client: Client, generation: str
) -> None:
    serial, boards = client.miner.serial, await client.boards()
    before = await client.summary()
    client.miner.replace_control_board(MAC)

    assert client.miner.mac == MAC
    if generation == "v1":
        assert before.pop("MAC") != MAC
        assert await client.summary() == before | {"MAC": MAC}
    else:
        assert (await client.message("get_miner_info"))["mac"] == MAC
        assert await client.summary() == before
    assert (client.miner.serial, await client.boards()) == (serial, boards)


async def test_another_control_board_is_called_as_the_factory_calls_it(
    client: Client,
) -> None:
    client.miner.state.hostname = "boiler-room"
    await client.send("set_hostname", hostname="attic")
    client.miner.replace_control_board(MAC)
    assert (await client.message("get_miner_info"))["hostname"] == "WhatsMiner"

    await client.miner.reboot()
    client.miner.advance(90)
    assert (await client.message("get_miner_info"))["hostname"] == "WhatsMiner"


async def test_another_control_board_knows_no_token_of_before(client: Client) -> None:
    await client.log_in()
    client.miner.replace_control_board(MAC)
    assert await client.code("power_off") == 23

    await client.log_in()
    assert await client.code("power_off") == 131


async def test_another_control_board_may_be_as_it_was_shipped(client: Client) -> None:
    client.miner.replace_control_board(MAC, locked=True)

    assert (client.miner.password, client.miner.api_open) == ("admin", False)
    await client.log_in()
    assert await client.code("power_off") == 45
