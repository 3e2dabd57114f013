"""Each client reads and controls a simulated miner over V3, as it does with a real one."""

from collections.abc import AsyncGenerator
from typing import Final

import pytest

from peer_bench.bench import Bench, found
from peer_bench.clients import NEW_POOLS, READINGS, Client
from peer_bench.deviations import DEVIATIONS, expected, same
from peer_bench.table import Table
from peer_bench.v3_clients import V3_CLIENTS

# What a command changes in the machine.
CHANGES: Final[dict[str, tuple[str, object]]] = {
    "power off": ("mining", False),
    "power on": ("mining", True),
    "power limit": ("limit_set", 3000),
    "LED on": ("led", ["red"]),
    "LED off": ("led", []),
    "pools": ("pools", [[*pool, 0] for pool in NEW_POOLS]),
    "mode": ("mode", "low"),
}
# pyasic 0.79.0 takes each parameter for a pair (send_config in miners/backends/btminer.py:954).
BROKEN: Final = {
    ("pyasic", "pools"): "ValueError in its send_config, nothing is sent",
    ("pyasic", "mode"): "ValueError in its send_config, nothing is sent",
}
# asic-rs 0.8.6 (set_tuning_config in backends/v3/mod.rs): "set.miner.mode" is not known, then it
# tries to open the API with a secret of the vendor, and sends the mode over V2.
OVER_V2: Final = {("asic-rs", "mode"): "set_low_power"}
# What else than False a command returns when it is refused. pyasic looks at no answer to the
# limit (miners/backends/btminer.py:1023).
REFUSED: Final = {
    "pyasic": {"power limit": "True", "pools": "ValueError", "mode": "ValueError"},
    "asic-rs": {"mode": "RuntimeError"},
}


@pytest.fixture(params=V3_CLIENTS)
async def client(
    request: pytest.FixtureRequest, bench: Bench
) -> AsyncGenerator[Client]:
    """Each client, with the miner."""
    try:
        yield await found(bench, V3_CLIENTS[request.param], "V3")
    except PermissionError:
        pytest.skip("port 80 is for root only")


async def test_each_client_reads_a_mining_miner(
    bench: Bench, table: Table, client: Client
) -> None:
    bench.ask("V3", "fail", 111)
    read = await check_readings(client, bench)
    for reading in READINGS:
        deviation = DEVIATIONS.get((client.name, "V3", reading))
        note = deviation.reason if deviation else ""
        table.add("V3", reading, client.name, read[reading], note)


async def check_readings(client: Client, bench: Bench) -> dict[str, object]:
    """Return the readings, each of which has to be right."""
    right = expected(client.name, "V3", client.wanted(bench.state("V3")))
    read = await client.read()
    wrong = {
        reading: (read[reading], right[reading])
        for reading in READINGS
        if not same(read[reading], right[reading])
    }
    assert wrong == {}
    return read


async def test_each_client_reads_a_miner_that_tunes_with_faults(
    bench: Bench, client: Client
) -> None:
    bench.ask("V3", "restart")
    bench.ask("V3", "advance", 330)
    for code in (111, 541, 2010):
        bench.ask("V3", "fail", code)
    await check_readings(client, bench)


async def test_each_client_sees_that_a_miner_is_stopped(
    bench: Bench, client: Client
) -> None:
    await client.commands["power off"]()
    bench.ask("V3", "advance", 600)
    read = await client.read()
    assert read["hash rate"] == 0
    # pyasic 0.79.0 does not ask for it, and takes each miner for one that mines
    # (BTMINERV3_DATA_LOC in miners/backends/btminer.py:827).
    assert read["mining"] is (client.name == "pyasic")


async def test_each_command_changes_the_machine(
    bench: Bench, table: Table, client: Client
) -> None:
    for name, (key, value) in CHANGES.items():
        row = f"command: {name}"
        if broken := BROKEN.get((client.name, name)):
            with pytest.raises(ValueError, match="not enough values to unpack"):
                await client.commands[name]()
            assert bench.ask("V3", "writes") == []
            table.add("V3", row, client.name, broken)
            continue
        assert await client.commands[name]() is True
        assert bench.state("V3")[key] == value
        written = [write["cmd"] for write in bench.ask("V3", "writes")]
        (command,) = written
        over_v2 = OVER_V2.get((client.name, name))
        assert command == over_v2 if over_v2 else command.startswith("set.")
        note = (
            f"{command} over V2, as set.miner.mode is unknown" if over_v2 else command
        )
        table.add("V3", row, client.name, note)


@pytest.mark.parametrize("why", ["closed API", "wrong password"])
async def test_a_refused_command_changes_nothing(
    bench: Bench, client: Client, why: str
) -> None:
    if why == "closed API":
        bench.ask("V3", "open", False)
    else:
        bench.ask("V3", "super", "Another-1")
        bench.ask("V3", "admin", "another1")
    before = bench.state("V3")
    answers: dict[str, str] = {}
    for name in CHANGES:
        try:
            answers[name] = str(await client.commands[name]())
        except (RuntimeError, ValueError) as err:
            answers[name] = type(err).__name__
    assert bench.state("V3") == before
    assert answers == dict.fromkeys(CHANGES, "False") | REFUSED[client.name]
