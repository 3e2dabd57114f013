"""Firmware of V2.2 has V3 on port 4433, and both clients read it there and nowhere else (test_v3.py)."""

import asyncio
from collections.abc import AsyncGenerator
from ipaddress import ip_address
import json
from pathlib import Path
import re

from pyasic.miners.whatsminer import BTMinerM60SVK40
import pytest

from peer_bench import plans
from peer_bench.bench import Bench
from peer_bench.clients import CLIENTS, AsicRs, Pyasic
from peer_bench.listening import listening, web_page
from peer_bench.table import Table

RECORDED = json.loads(
    (Path(__file__).parents[1] / "api/fixtures/compat_m60s.json").read_text()
)
UNKNOWN = {"STATUS": "E", "When": 1, "Code": 14, "Msg": "invalid cmd"}
NOTE = {
    "pyasic": "knows the maker by the web page only, as any answer on 4028 keeps it from asking"
    " 4433 (miners/factory.py:732 and 958); reads all firmware after 2024-11 over 4433"
    " (miners/backends/btminer.py:49)",
    "asic-rs": "knows the maker by the web page only, and asks 4433 for the model of all"
    " firmware after 2024-11 (src/firmware.rs, identify_web and get_model)",
}


@pytest.fixture(params=["simulated", "recorded"])
async def address(request: pytest.FixtureRequest, bench: Bench) -> AsyncGenerator[str]:
    """The simulated miner, and one that gives the recorded answers of a real M60S."""
    simulated = bench.addresses["V2.2"]
    if request.param == "simulated":
        yield simulated
        return
    recorded = str(ip_address(simulated) + 100)
    async with await asyncio.start_server(_answer_as_recorded, recorded, plans.PORT):
        yield recorded


async def _answer_as_recorded(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    name = json.loads(await reader.read(4096))["command"]
    answers = {part: RECORDED.get(part, UNKNOWN) for part in name.split("+")}
    joined = {part: [answer] for part, answer in answers.items()} | {"id": 1}
    writer.write(json.dumps(joined if "+" in name else answers[name]).encode())
    writer.close()


@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
async def test_a_v2_2_miner_is_not_found_while_the_port_of_v3_is_closed(
    address: str, table: Table, kind: type[Pyasic | AsicRs]
) -> None:
    assert await kind.find(address) is None
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
    """It asks for the web page first, which redirects to HTTPS."""
    address = bench.addresses["V2.2"]
    try:
        async with (
            web_page(address),
            listening(address, 4433, b"") as asked,
        ):
            assert await AsicRs.find(address) is None
    except PermissionError:
        pytest.skip("port 80 is for root only")
    assert b"get.device.info" in asked[0]


async def test_pyasics_class_for_port_4028_cannot_read_it(address: str) -> None:
    """It stumbles over a joined answer whose STATUS is text (misc/__init__.py:107)."""
    miner = BTMinerM60SVK40(address, version="20241015.16.REL")
    with pytest.raises(TypeError, match="string indices must be integers"):
        await miner.get_data()
    assert re.fullmatch("(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", await miner.get_mac() or "")
    assert await miner.get_hostname() == "WhatsMiner"
    assert await miner.get_hashrate() is None
    assert await miner.get_wattage() is None
    assert [board.missing for board in await miner.get_hashboards()] == [True] * 3
