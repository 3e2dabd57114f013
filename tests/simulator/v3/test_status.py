"""The answer to ``get.miner.status``."""

import pytest

from simulator import Pool, Quirk

from .client import STATUS, V3Client

GET = "get.miner.status"


async def test_sections_come_as_they_are_asked_for(v3: V3Client) -> None:
    assert list(await v3.read(GET, STATUS)) == ["summary", "pools", "edevs"]
    assert list(await v3.read(GET, "edevs")) == ["edevs"]


@pytest.mark.parametrize(
    ("param", "code", "message"),
    [
        (None, -3, "param item is null"),
        ("", -3, "param item is null"),
        ("summary+nonsense", -2, "invalid param: nonsense"),
        (["summary"], -1, "invalid param"),
    ],
)
async def test_what_is_no_section_is_refused(
    v3: V3Client, param: object, code: int, message: str
) -> None:
    answer = await v3.ask(GET, param)

    assert (answer["code"], answer["msg"]) == (code, message)


@pytest.mark.parametrize("model", ["M63", "M60S"])
async def test_the_summary_of_a_miner_that_mines(v3: V3Client, model: str) -> None:
    summary = await v3.summary()
    state = v3.miner.state

    assert summary["elapsed"] == 86_400
    assert summary["bootup-time"] > summary["elapsed"]
    for key in ("factory-hash", "hash-average", "hash-1min", "hash-realtime"):
        assert summary[key] == pytest.approx(state.model.hash_rate, rel=0.05)
    assert summary["power-realtime"] == pytest.approx(state.power, rel=0.01)
    assert summary["power-rate"] == pytest.approx(
        summary["power-realtime"] / summary["hash-realtime"], rel=0.01
    )
    assert len(summary["board-temperature"]) == state.model.boards
    assert (
        summary["chip-temp-min"] < summary["chip-temp-avg"] < summary["chip-temp-max"]
    )
    assert summary["power-limit"] == state.model.limit
    assert summary["up-freq-finish"] == 1
    assert (summary["fan-speed-in"] > 0) is (model == "M60S")


async def test_the_boards_together_have_the_hash_rate(v3: V3Client) -> None:
    status = await v3.read(GET, STATUS)
    boards = status["edevs"]

    assert [board["slot"] for board in boards] == [0, 1, 2, 3]
    assert all(board["effective-chips"] == 272 for board in boards)
    assert sum(board["hash-average"] for board in boards) == pytest.approx(
        status["summary"]["hash-average"], abs=0.01
    )


async def test_an_empty_slot_has_no_board(v3: V3Client) -> None:
    v3.miner.state.boards[1].present = False
    status = await v3.read(GET, STATUS)

    assert [(board["id"], board["slot"]) for board in status["edevs"]] == [
        (0, 0),
        (1, 2),
        (2, 3),
    ]
    assert status["summary"]["board-temperature"][1] == 0


async def test_the_pools_in_use(v3: V3Client) -> None:
    v3.miner.state.pools = [
        Pool("stratum+tcp://dead.example:1", "a.b", alive=False),
        Pool("", ""),
        Pool("stratum+tcp://pool.example:2", "c.d"),
    ]
    dead, alive = (await v3.read(GET, "pools"))["pools"]

    assert (dead["id"], dead["status"], dead["stratum-active"]) == (1, "dead", False)
    assert (alive["id"], alive["url"]) == (2, "stratum+tcp://pool.example:2")
    assert (alive["account"], alive["status"]) == ("c.d", "alive")
    assert alive["stratum-active"] is True
    assert "Accepted" not in alive


@pytest.mark.parametrize(
    ("api", "rejects", "whole"),
    [
        ("3.0.2", "reject-percent", True),
        ("3.0.3", "reject-percent", True),
        ("3.0.5", "reject-rate", False),
    ],
)
async def test_versions_differ_in_their_keys(
    v3: V3Client, api: str, rejects: str, whole: bool
) -> None:
    status = await v3.read(GET, STATUS)
    summary, pool = status["summary"], status["pools"][0]

    assert pool[rejects] == pytest.approx(0.2, abs=0.1)
    assert isinstance(status["edevs"][0]["freq"], int) is whole
    assert ("target-freq" in summary) is ("Debug" in summary) is whole
    assert ("stratum-diff" in pool) is (api == "3.0.3")


async def test_a_stopped_miner_leaves_its_pools_out(v3: V3Client) -> None:
    v3.miner.state.pause("")
    v3.miner.advance(900)
    status = await v3.read(GET, STATUS)

    assert list(status) == ["summary", "edevs"]
    assert status["summary"]["hash-realtime"] == 0
    assert all(board["hash-average"] == 0 for board in status["edevs"])
    assert (await v3.ask(GET, "pools"))["code"] == -1


async def test_the_factory_hash_rate_is_negative_while_it_is_unknown(
    v3: V3Client,
) -> None:
    v3.miner.state.restart()
    status = await v3.read(GET, STATUS)
    assert status["summary"]["factory-hash"] == -0.004
    assert {board["factory-hash"] for board in status["edevs"]} == {-0.001}

    v3.miner.advance(120)
    assert (await v3.summary())["factory-hash"] == pytest.approx(366, abs=0.01)


@pytest.mark.parametrize("quirks", [{Quirk.PROCESS_DOWN}])
async def test_some_firmware_has_no_status_while_its_process_is_away(
    v3: V3Client,
) -> None:
    v3.miner.state.mining = False
    answer = await v3.ask(GET, STATUS)

    assert (answer["code"], answer["msg"]) == (-1, "btminer process is down err")


@pytest.mark.parametrize("quirks", [{Quirk.ENERGY_COUNTER}])
async def test_some_firmware_counts_energy(v3: V3Client) -> None:
    """The counter begins anew with the mining."""
    before = (await v3.summary())["power-on-stats"]
    v3.miner.advance(3600)
    after = (await v3.summary())["power-on-stats"]

    kwh = (after["energy-ws"] - before["energy-ws"]) / 3_600_000
    assert kwh == pytest.approx(v3.miner.state.power / 1000, rel=0.01)
    assert list(after) == ["energy-ws", "total-ths", "total-pool-ths", "reject-percent"]

    v3.miner.state.restart()
    assert (await v3.summary())["power-on-stats"]["energy-ws"] == 0


@pytest.mark.parametrize("quirks", [{Quirk.TEMPURATURE}])
async def test_some_firmware_misspells_temperatures(v3: V3Client) -> None:
    summary = await v3.summary()

    assert len(summary["board-tempurature"]) == 4
    assert summary["environment-tempurature"] > 0
    assert "board-temperature" not in summary


@pytest.mark.parametrize("quirks", [{Quirk.STALE_SUMMARY}])
async def test_some_firmware_goes_on_with_its_last_values_after_a_stop(
    v3: V3Client,
) -> None:
    """Its elapsed counts on all the same."""
    before = await v3.summary()
    v3.miner.state.pause("")
    v3.miner.advance(600)
    after = await v3.summary()

    assert after["hash-realtime"] == before["hash-realtime"]
    assert after["elapsed"] == before["elapsed"] + 600
