"""Each client reads a simulated miner as it reads a real one."""

import pytest

from peer_bench.bench import Bench, found
from peer_bench.clients import CLIENTS, READINGS, AsicRs, Client, Pyasic, Readings
from peer_bench.deviations import DEVIATIONS, expected, same
from peer_bench.table import Table

each_client = pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
# V2.2 is in the other file: both clients read it over the port of V3.
each_generation = pytest.mark.parametrize("generation", ["V1", "V2"])


async def read_as_expected(client: Client, bench: Bench, generation: str) -> Readings:
    """Return the readings, each of which has to be right."""
    wanted = client.wanted(bench.state(generation))
    right = expected(client.name, generation, wanted)
    read = await client.read()
    wrong = {
        reading: (read[reading], right[reading])
        for reading in READINGS
        if not same(read[reading], right[reading])
    }
    assert wrong == {}
    return read


@each_client
@each_generation
async def test_each_client_reads_a_mining_miner(
    bench: Bench, table: Table, kind: type[Client], generation: str
) -> None:
    client = await found(bench, kind, generation)
    bench.ask(generation, "fail", 111)
    read = await read_as_expected(client, bench, generation)
    for reading in READINGS:
        deviation = DEVIATIONS.get((client.name, generation, reading))
        note = deviation.reason if deviation else ""
        table.add(generation, reading, client.name, read[reading], note)


@each_client
@each_generation
async def test_each_client_reads_a_miner_that_tunes_with_faults(
    bench: Bench, kind: type[Client], generation: str
) -> None:
    """Its averages differ from the present rate, and from one another."""
    client = await found(bench, kind, generation)
    bench.ask(generation, "restart")
    bench.ask(generation, "advance", 330)
    for code in (111, 2010, 541):
        bench.ask(generation, "fail", code)
    await read_as_expected(client, bench, generation)


@each_client
async def test_each_client_sees_that_a_miner_is_stopped(
    bench: Bench, kind: type[Client]
) -> None:
    client = await found(bench, kind, "V2")
    await client.commands["power off"]()
    bench.ask("V2", "advance", 600)
    read = await client.read()
    assert (read["mining"], read["hash rate"]) == (False, 0)
    await read_as_expected(client, bench, "V2")


@pytest.mark.parametrize("quirk", ["", "trailing-nul"])
@each_client
async def test_v1_goes_on_with_its_last_readings_after_a_stop(
    kind: type[Client], quirk: str
) -> None:
    """It answers devdetails as well, which pyasic takes for mining."""
    with Bench(V1=quirk) as bench:
        client = await found(bench, kind, "V1")
        before = await client.read()
        stopper = await found(bench, Pyasic, "V1")
        await stopper.commands["power off"]()
        bench.ask("V1", "advance", 600)
        after = await client.read()
    assert before["mining"] is True
    assert after["hash rate"] == before["hash rate"]
    # pyasic 0.79.0, miners/backends/btminer.py:717: any btmineroff, be it "false"
    assert after["mining"] is (kind is Pyasic)


async def test_pyasic_knows_a_stopped_v1_whose_process_is_down() -> None:
    with Bench(V1="process-down") as bench:
        client = await found(bench, Pyasic, "V1")
        await client.commands["power off"]()
        assert await client.miner.is_mining() is False


@each_client
async def test_asic_rs_believes_old_firmware_that_always_says_off(
    kind: type[Client],
) -> None:
    """asic-rs believes it (is_mining in backends/v1/mod.rs); pyasic asks devdetails."""
    with Bench(V1="always-off") as bench:
        client = await found(bench, kind, "V1")
        read = await client.read()
    assert read["mining"] is (kind is Pyasic)
    assert read["hash rate"] != 0


@each_client
async def test_each_client_reads_all_pools(bench: Bench, kind: type[Client]) -> None:
    pools = [[f"stratum+tcp://p{n}.example:3333", f"account.{n}"] for n in "123"]
    bench.ask("V2", "pools", pools)
    client = await found(bench, kind, "V2")
    assert (await client.read())["pools"] == [[*pool, 0] for pool in pools]


@each_client
async def test_each_client_reads_no_pool_of_a_list_that_is_cut(
    kind: type[Client],
) -> None:
    """Pyasic joins the pools with other commands, and loses all of them."""
    with Bench(V2="cut-pools") as bench:
        pools = [[f"stratum+tcp://p{n}.example:3333", f"account.{n}"] for n in "123"]
        bench.ask("V2", "pools", pools)
        read = await (await found(bench, kind, "V2")).read()
    assert read["pools"] == []
    assert read["mining"] is (kind is AsicRs)
    assert (read["hash rate"] is None) is (kind is Pyasic)


@each_client
async def test_a_status_without_mineroff_is_off_for_pyasic_and_on_for_asic_rs(
    kind: type[Client],
) -> None:
    """For pyasic it is off then (miners/backends/btminer.py:723), for asic-rs it is on."""
    with Bench(V2="no-mineroff") as bench:
        read = await (await found(bench, kind, "V2")).read()
    assert read["mining"] is (kind is AsicRs)


async def test_both_clients_use_the_key_that_old_firmware_needs() -> None:
    with Bench(V1="command-key", V2="command-key") as bench:
        for kind in (Pyasic, AsicRs):
            for generation in ("V1", "V2"):
                client = await found(bench, kind, generation)
                await read_as_expected(client, bench, generation)
