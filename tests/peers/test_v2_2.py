"""Firmware of V2.2 has V3 on port 4433, and both clients read it there and nowhere else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from pyasic.miners.whatsminer import BTMinerM60SVK40
import pytest

from peer_bench.bench import Bench
from peer_bench.clients import CLIENTS, AsicRs, Pyasic
from peer_bench.table import Table

NOTE = {
    "pyasic": "knows the maker by the web page only, as any answer on 4028 keeps it from asking"
    " 4433 (miners/factory.py:732 and 958); reads all firmware after 2024-11 over 4433"
    " (miners/backends/btminer.py:49). The same with recorded answers of an M60S",
    "asic-rs": "knows the maker by the web page only, and asks 4433 for the model of all"
    " firmware after 2024-11 (src/firmware.rs, identify_web and get_model). The same with"
    " recorded answers of an M60S",
}


@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
async def test_it_is_not_found_while_that_port_is_closed(
    bench: Bench, table: Table, kind: type[Pyasic | AsicRs]
) -> None:
    assert await kind.find(bench.addresses["V2.2"]) is None
    row = "anything over 4028"
    table.add("V2.2", row, kind.name, "not found", NOTE[kind.name])


async def test_pyasic_does_not_look_for_the_other_port_without_a_web_page(
    bench: Bench,
) -> None:
    """It would, if nothing at all answered on port 4028 (miners/factory.py:961)."""
    async with listening(bench.addresses["V2.2"], 4433, b"") as asked:
        assert await Pyasic.find(bench.addresses["V2.2"]) is None
    assert asked == []


async def test_asic_rs_looks_for_the_other_port(bench: Bench) -> None:
    """It asks for the web page first, which sends to a safe one."""
    address = bench.addresses["V2.2"]
    page = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://%b/\r\n\r\n"
    try:
        async with (
            listening(address, 80, page % address.encode()),
            listening(address, 4433, b"") as asked,
        ):
            assert await AsicRs.find(address) is None
    except PermissionError:
        pytest.skip("port 80 is for root only")
    assert b"get.device.info" in asked[0]


async def test_pyasics_class_for_port_4028_cannot_read_it(bench: Bench) -> None:
    """It stumbles over a joined answer whose STATUS is text (misc/__init__.py:107)."""
    miner = BTMinerM60SVK40(bench.addresses["V2.2"], version="20241015.16.REL")
    with pytest.raises(TypeError, match="string indices must be integers"):
        await miner.get_data()
    state = bench.state("V2.2")
    assert await miner.get_mac() == state["mac"]
    assert await miner.get_fw_ver() == state["firmware"]
    assert await miner.is_mining() is True
    assert await miner.get_hashrate() is None


@asynccontextmanager
async def listening(
    address: str, port: int, answer: bytes
) -> AsyncGenerator[list[bytes]]:
    """Listen on a port; yield what arrives there."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError, asyncio.IncompleteReadError):
            asked.append(await asyncio.wait_for(reader.readuntil((b"}", b"\r\n")), 1))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, address, port)
    async with server:
        yield asked
