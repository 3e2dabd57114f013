"""Each client controls a simulated miner as it controls a real one."""

import pytest

from peer_bench.bench import Bench, found
from peer_bench.clients import CLIENTS, NEW_POOLS, AsicRs, Client, Pyasic
from peer_bench.table import Table

each_client = pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)

# What a command changes in the machine.
CHANGES: dict[str, tuple[str, object]] = {
    "power off": ("mining", False),
    "power on": ("mining", True),
    "power limit": ("limit_set", 3000),
    "LED on": ("led", ["red"]),
    "LED off": ("led", []),
    "pools": ("pools", [[*pool, 0] for pool in NEW_POOLS]),
    "mode": ("mode", "low"),
}
# adjust_power_limit came with V2; asic-rs only reads V1 (backends/v1/mod.rs).
REFUSED = {("pyasic", "V1", "power limit")}
READ_ONLY = {("asic-rs", "V1")}
# What else than False a command returns while the API is closed. pyasic: send_config catches the
# error (miners/backends/btminer.py:279). asic-rs 0.8.6: pause returns True after any refusal.
CLOSED = {
    "pyasic": {"pools": "True", "mode": "True"},
    "asic-rs": {"power off": "True", "mode": "RuntimeError"},
}
# pyasic takes an answer that it cannot decrypt for a joined one (misc/__init__.py:106).
NOT_UNDERSTOOD = {
    "pyasic": dict.fromkeys(CHANGES, "AttributeError") | {"power limit": "False"}
}


@each_client
@pytest.mark.parametrize("generation", ["V1", "V2"])
async def test_each_command_changes_the_machine(
    bench: Bench, table: Table, kind: type[Client], generation: str
) -> None:
    client = await found(bench, kind, generation)
    for name, (key, value) in CHANGES.items():
        if (client.name, generation) in READ_ONLY:
            with pytest.raises(RuntimeError, match="not supported on this platform"):
                await client.commands[name]()
            assert bench.ask(generation, "writes") == []
            table.add(generation, f"command: {name}", client.name, "not offered")
            continue
        refused = (client.name, generation, name) in REFUSED
        assert await client.commands[name]() is not refused
        state = bench.state(generation)
        assert (state[key] == value) is not refused
        written = [write["cmd"] for write in bench.ask(generation, "writes")]
        cell = ", ".join(written) + (" is unknown to it" if refused else "")
        table.add(generation, f"command: {name}", client.name, cell)


@pytest.mark.parametrize("quirk", ["", "encrypted-refusals", "twice-encrypted"])
@each_client
async def test_a_closed_api_changes_nothing(kind: type[Client], quirk: str) -> None:
    """Most commands say that they failed, without a reason, however the refusal comes."""
    with Bench(V2=quirk) as bench:
        bench.ask("V2", "open", False)
        client = await found(bench, kind, "V2")
        before = bench.state("V2")
        answers = {name: await answer(client, name) for name in CHANGES}
        assert bench.state("V2") == before
    known = NOT_UNDERSTOOD if (kind, quirk) == (Pyasic, "twice-encrypted") else CLOSED
    assert answers == dict.fromkeys(CHANGES, "False") | known[client.name]


async def answer(client: Client, name: str) -> str:
    """Return what a command returns, or the name of its error."""
    try:
        return str(await client.commands[name]())
    except (RuntimeError, AttributeError) as err:
        return type(err).__name__


NUMBERS: dict[str, tuple[object, ...]] = {
    "set_temp_offset": (-5,),
    "set_poweroff_cool": (True,),
    "set_fan_zero_speed": (True,),
    "adjust_upfreq_speed": (5,),
}


async def test_most_firmware_takes_the_numbers_of_pyasic(bench: Bench) -> None:
    """Pyasic sends numbers where the document has strings."""
    client = await found(bench, Pyasic, "V2")
    for command, arguments in NUMBERS.items():
        await getattr(client.miner.rpc, command)(*arguments)
        [write] = bench.ask("V2", "writes")
        assert {type(value) for key, value in write.items() if key != "cmd"} == {int}


async def test_strict_firmware_refuses_them() -> None:
    with Bench(V2="strict-types") as bench:
        client = await found(bench, Pyasic, "V2")
        for command, arguments in NUMBERS.items():
            with pytest.raises(Exception, match="API command ERROR"):
                await getattr(client.miner.rpc, command)(*arguments)
        other = await found(bench, AsicRs, "V2")
        for name in CHANGES:
            assert await other.commands[name]() is True
