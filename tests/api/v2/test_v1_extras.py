"""Readings that only some firmware of V1 has in its summary, or answers in another shape."""

from dataclasses import replace

import pytest

from simulator import SimulatedMiner
from tests.answers import answers_of
from tests.api import CannedMiner, message, reader_of, table

V1 = {"api_ver": "whatsminer v1.3", "fw_ver": "20201202.22.REL"}
SUMMARY = {"Elapsed": 30110, "HS RT": 85e6, "MAC": "C2:04:28:00:00:01"}


def answers(
    summary: dict[str, object] | None = None, psu: object = None
) -> dict[str, object]:
    """Return the answers of a miner with V1."""
    return {
        "summary": table("SUMMARY", SUMMARY | (summary or {})),
        "pools": table("POOLS"),
        "edevs": table("DEVS"),
        "devdetails": table("DEVDETAILS", {"Model": "M30SV10"}),
        "get_version": message(V1),
        "get_psu": message({"name": "P21"} if psu is None else psu),
        "status": message({"btmineroff": "false"}),
    }


async def test_the_summary_may_have_the_air_and_the_input_of_the_supply() -> None:
    extras: dict[str, object] = {
        "Env Temp": 7.0,
        "Power Voltage Input": 229.5,
        "Power Current Input": 15.58,
    }
    async with CannedMiner(answers(extras)) as miner:
        seen = await reader_of(miner).poll()
    assert seen.live.environment_temperature == 7
    assert seen.psu_input_voltage == 229.5
    assert seen.psu_input_current == 15.58
    assert seen.power_supply.name == "P21"


async def test_what_the_supply_reports_itself_counts_first() -> None:
    extras: dict[str, object] = {"Power Voltage Input": 229.5}
    psu = {"vin": "22400", "iin": "15718"}
    async with CannedMiner(answers(extras, psu)) as miner:
        seen = await reader_of(miner).poll()
    assert seen.psu_input_voltage == 224
    assert seen.psu_input_current == pytest.approx(15.718)


@pytest.mark.parametrize(
    ("time", "since"),
    [
        ("2026-07-31 08:00:00", "2026-07-31T08:00:00"),
        ("", None),
        ("unknown", None),
        ("1970-01-01 00:21:07", None),
        (None, None),
    ],
)
async def test_an_error_in_the_summary_may_have_a_time(
    time: object, since: str | None
) -> None:
    errors: dict[str, object] = {
        "Error Code Count": 3,
        "Error Code 0": 110,
        "Error 0 Time": "2026-07-30 10:30:00",
        "Error Code 1": 0,
        "Error 1 Time": "2026-07-29 10:30:00",
        "Error Code 2": 111,
        "Error 2 Time": time,
    }
    async with CannedMiner(answers(errors)) as miner:
        faults = (await reader_of(miner).poll()).faults
    assert faults is not None
    assert [fault.code for fault in faults] == ["110", "111"]
    times = [fault.since.isoformat() if fault.since else None for fault in faults]
    assert times == ["2026-07-30T10:30:00", since]


@pytest.mark.parametrize("command", ["get_psu", "get_version", "status"])
async def test_a_message_in_a_list_is_read_like_its_object(
    air_miner: SimulatedMiner, command: str
) -> None:
    """It makes no difference which command answers so."""
    canned = await answers_of(air_miner)
    async with CannedMiner(canned) as miner:
        plain = await reader_of(miner).poll()
        assert plain.power_supply.input_voltage
        miner.answers[command] = canned[command] | {"Msg": [canned[command]["Msg"]]}
        listed = await reader_of(miner).poll()
    assert listed == replace(plain, taken=listed.taken)


async def test_a_summary_in_a_list_is_that_of_v2_2(hydro_miner: SimulatedMiner) -> None:
    canned = await answers_of(hydro_miner)
    canned["summary"]["Msg"] = [canned["summary"]["Msg"]]
    async with CannedMiner(canned) as miner:
        seen = await reader_of(miner).poll()
    assert seen.generation == "v2.2"
    assert seen.hash_rate
