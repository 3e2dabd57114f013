"""The second half of kind 5: a miner that is on and produces nothing, with or without a code."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api import table

from . import cases, described
from .cases import changed, errors
from .described import Answers, pools, reading
from .home import Added, Home
from .miner import DescribedMiner

MINUTE = 60


def idle(generation: str = "v2_2", elapsed: int = 30 * MINUTE) -> Answers:
    """Return the answers of a miner that is on, and has not hashed since it started."""
    answers: Answers = getattr(described, generation)()
    summary = reading(answers, "summary")
    summary.update({key: 0 for key in summary if key.startswith(("MHS", "HS RT"))})
    summary.update({"Elapsed": elapsed, "Power": 19})
    return answers


def check_problem(added: Added, code: str) -> None:
    """Check that the outage is a problem, with its own text."""
    assert added.shows("binary_sensor.problem") == "on"
    assert added.number("sensor.faults") == len(added.faults)
    fault = added.faults[code]
    assert fault["severity"] == "fault"
    assert "nknown" not in (fault["text"] or "nknown")


def check_none(added: Added) -> None:
    """Check that nothing is wrong."""
    assert added.faults == {}
    assert added.shows("binary_sensor.problem") == "off"


def _no_pools(answers: Answers) -> None:
    answers["pools"] = table("POOLS")


def _dead_pools(answers: Answers) -> None:
    answers["pools"] = pools(3)
    for row in answers["pools"]["POOLS"]:
        row.update({"Status": "Dead", "Stratum Active": False})


# What else the miner shows, the fault, and words of its text.
CAUSES: dict[str, tuple[Callable[[Answers], object], str, str]] = {
    "nothing": (lambda _: None, "no_hash_rate", "has not hashed"),
    "no-current": (
        lambda answers: changed(answers, "get_psu", iin="0"), "no_input", "power supply"
    ),
    "supply-disabled": (
        lambda answers: changed(answers, "get_psu", enable="0"), "no_input", "power supply"
    ),
    "supply-disabled-in-numbers": (
        lambda answers: changed(answers, "get_psu", enable=0, iin=""), "no_input", "power"
    ),
    "no-pool": (_no_pools, "no_pool", "pools"),
    "dead-pools": (_dead_pools, "no_pool", "pools"),
}  # fmt: skip


@pytest.mark.parametrize("which", CAUSES)
async def test_a_miner_that_is_on_and_produces_nothing_is_a_problem(
    home: Home, which: str
) -> None:
    """The miner reports no code. The text names the cause if one is seen."""
    change, code, words = CAUSES[which]
    answers = idle()
    change(answers)
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(2)
    assert added.shows("switch.mining") == "on"
    assert added.number("sensor.hash_rate") == 0
    check_problem(added, code)
    assert words in (added.faults[code]["text"] or "")
    assert added.connections == [3] * 2


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_the_outage_of_a_miner_that_hashed_is_seen_after_some_time(
    home: Home, generation: str
) -> None:
    """It ends with the first hash, on every firmware."""
    async with DescribedMiner(getattr(described, generation)()) as miner:
        added = await (await home.add(miner)).poll(1)
        well = dict(reading(miner.answers, "summary"))
        miner.answers["summary"] = idle(generation, well["Elapsed"])["summary"]
        await added.poll(2)
        check_none(added)
        await home.tick(20 * MINUTE)
        await added.poll(1)
        check_problem(added, "no_hash_rate")
        rates = {key: well[key] for key in well if key.startswith(("MHS", "HS RT"))}
        reading(miner.answers, "summary").update(rates)
        await added.poll(1)
    check_none(added)


@pytest.mark.parametrize("code", ["275", "321", "2330"])
async def test_a_minor_fault_does_not_hide_an_outage(home: Home, code: str) -> None:
    """Both are listed."""
    answers = idle() | {"get_error_code": errors({code: ""})}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    check_problem(added, "no_hash_rate")
    assert added.faults[code]["severity"] == "minor"


@pytest.mark.parametrize("code", ["203", "236", "530", "2010", "98765"])
async def test_a_fault_that_may_be_the_cause_is_the_problem(
    home: Home, code: str
) -> None:
    """A second fault would say less."""
    answers = idle() | {"get_error_code": errors({code: ""})}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert list(added.faults) == [code]
    assert added.shows("binary_sensor.problem") == "on"


async def test_a_tripped_supply_has_the_fault_that_it_reports(home: Home) -> None:
    async with cases.tripped_supply() as miner:
        added = await (await home.add(miner)).poll(1)
        assert list(added.faults) == ["248"]
        miner.answers["get_error_code"] = errors()
        await added.poll(2)
    check_problem(added, "no_hash_rate")


# What is no outage


def _starting(answers: Answers) -> None:
    reading(answers, "summary")["Elapsed"] = 4 * MINUTE


def _tuning(answers: Answers) -> None:
    reading(answers, "summary").update({"HS RT": 2e6, "Hash Stable": "false"})


def _off(answers: Answers) -> None:
    changed(answers, "status", mineroff="true")


def _not_known(answers: Answers) -> None:
    del reading(answers, "status")["mineroff"]


@pytest.mark.parametrize("change", [_starting, _tuning, _off, _not_known])
async def test_a_miner_that_starts_or_is_off_is_no_problem(
    home: Home, change: Callable[[Answers], Any]
) -> None:
    answers = idle()
    change(answers)
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(3)
    check_none(added)


async def test_one_restart_gives_it_the_time_to_start_anew(home: Home) -> None:
    """So does a start after a stop, whatever the clock of the process says."""
    async with DescribedMiner(idle()) as miner:
        added = await (await home.add(miner)).poll(1)
        check_problem(added, "no_hash_rate")
        reading(miner.answers, "summary")["Elapsed"] = 10
        await added.poll(1)
        check_none(added)
        await home.tick(20 * MINUTE)
        await added.poll(1)
        check_problem(added, "no_hash_rate")
        changed(miner.answers, "status", mineroff="true")
        await added.poll(1)
        check_none(added)
        changed(miner.answers, "status", mineroff="false")
        await added.poll(2)
    check_none(added)
