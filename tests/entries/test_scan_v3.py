"""A scan finds miners that speak V3, also those that answer on port 4433 alone."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from ipaddress import IPv4Network

import pytest

from custom_components.whatsminer.api import DEFAULT_PORT, V3_PORT
from custom_components.whatsminer.api.v3 import reader
from custom_components.whatsminer.entries import scan as scanning
from custom_components.whatsminer.entries.scan import async_scan
from simulator import Closed, Framed, SimulatedMiner

from .conftest import neighbour

pytestmark = pytest.mark.usefixtures("ordinary_v3_port")

STRANGERS = {
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "tls": b"\x15\x03\x01\x00\x02\x02\x28",
    "json": b'{"jsonrpc":"2.0","error":{"code":-32600},"id":null}',
    "no object": b"\x02\x00\x00\x00[]",
    "half a frame": b"\x00\x01\x00\x00{",
    "2 GB": b"\xff\xff\xff\x7f{",
    "another version": b'\x31\x00\x00\x00{"code":0,"when":1,"msg":{"system":{"api":"9"}}}',
    "closes": b"",
}


@pytest.fixture
async def new_miners(network: IPv4Network) -> AsyncGenerator[list[SimulatedMiner]]:
    """Two miners that speak V3, of which the second answers on port 4433 alone."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                SimulatedMiner(
                    generation="v3",
                    model="M63",
                    seed=number,
                    host=str(network[number]),
                    port=DEFAULT_PORT,
                    v3_port=V3_PORT,
                    v2_open=v2_open,
                )
            )
            for number, v2_open in ((9, True), (17, False))
        ]


async def test_a_scan_finds_miners_that_answer_on_either_port(
    network: IPv4Network, miners: list[SimulatedMiner], new_miners: list[SimulatedMiner]
) -> None:
    """Each has one connection at a time, and nothing is written."""
    scan = await async_scan([network])

    everyone = [*miners, *new_miners]
    assert {found.mac for found in scan.miners} == {
        miner.mac.lower() for miner in everyone
    }
    assert {found.port for found in scan.miners} == {DEFAULT_PORT}
    assert (scan.unready, scan.without_mac) == ([], [])
    for miner in everyone:
        assert miner.writes == []
        assert miner.peak_connections == 1
    for miner in new_miners:
        assert miner.v3.writes == []


async def test_a_miner_of_v3_is_read_once_in_v3(
    network: IPv4Network, new_miners: list[SimulatedMiner]
) -> None:
    scan = await async_scan([network])

    for found, miner in zip(scan.miners, new_miners, strict=True):
        assert found.model == "M63 VK30"
        assert found.boards == {board.serial for board in miner.state.boards}
        asked = [request["cmd"] for request in miner.v3.requests]
        assert asked.count("get.miner.status") == 1


@pytest.mark.parametrize(
    "answer", [None, *STRANGERS.values()], ids=["silent", *STRANGERS]
)
async def test_what_is_no_miner_on_port_4433_is_left_alone(
    network: IPv4Network,
    new_miners: list[SimulatedMiner],
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes | None,
) -> None:
    """Many other programs use that port; they are asked for no more than their version."""
    monkeypatch.setattr(reader, "_PROBE", (3, 0.2))
    async with neighbour(str(network[7]), answer, V3_PORT) as other:
        scan = await async_scan([network])

    assert len(scan.miners) == 2
    assert (scan.unready, scan.without_mac) == ([], [])
    # The scan itself, and the question in each of two tries
    assert other.connections <= 1 + 2
    request = b'{"cmd":"get.device.info","param":"system"}'
    assert set(other.heard) <= {len(request).to_bytes(4, "little") + request}


@pytest.mark.parametrize("number", [9, 17])
async def test_a_miner_whose_v3_breaks_off_once_is_asked_again(
    network: IPv4Network, new_miners: list[SimulatedMiner], number: int
) -> None:
    (miner,) = [each for each in new_miners if each.host == str(network[number])]
    miner.misbehave("v3", Closed(), times=1)
    assert len((await async_scan([network])).miners) == 2


async def test_a_miner_that_reports_no_mac_in_v3_is_named(
    network: IPv4Network, new_miners: list[SimulatedMiner]
) -> None:
    text = b'{"code":0,"when":1,"msg":{"system":{"api":"3.0.5"},"miner":{}}}'
    new_miners[1].misbehave("v3", Framed(text))
    scan = await async_scan([network])

    assert [found.host for found in scan.miners] == [new_miners[0].host]
    assert scan.unready + scan.without_mac == [new_miners[1].host]


async def test_whoever_says_nothing_on_port_4433_does_not_hold_up_a_scan(
    network: IPv4Network,
    new_miners: list[SimulatedMiner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has less time than a miner, as many other programs use that port."""
    monkeypatch.setattr(scanning, "_SECONDS_TO_READ_V3", 1)
    monkeypatch.setattr(reader, "_PROBE", (3, None))
    async with neighbour(str(network[7]), None, V3_PORT) as other:
        scan = await async_scan([network])

    assert len(scan.miners) == 2
    assert other.connections == 1 + 1


async def test_a_miner_of_v3_is_found_while_something_else_is_on_port_4028(
    network: IPv4Network, new_miners: list[SimulatedMiner]
) -> None:
    """And an older one while something else is on port 4433."""
    web_page = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    old = SimulatedMiner(host=str(network[30]), port=DEFAULT_PORT)
    async with (
        neighbour(new_miners[1].host, web_page),
        old,
        neighbour(old.host, web_page, V3_PORT),
    ):
        scan = await async_scan([network])

    assert [found.host for found in scan.miners] == [
        *(miner.host for miner in new_miners),
        old.host,
    ]
    assert old.writes == []
