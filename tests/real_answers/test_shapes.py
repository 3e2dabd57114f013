"""Kinds 7 and 8: entities by what is answered; shapes, units and ranges as they are."""

from typing import Any

import pytest

from homeassistant.const import STATE_UNKNOWN
from tests.api import message, table

from . import cases, described
from .cases import changed
from .described import Answers, reading
from .home import Added, Home
from .miner import DescribedMiner

PSU = {
    "sensor.psu_input_voltage": 230.6,
    "sensor.psu_input_current": 17.15,
    "sensor.psu_input_power": 3940,
    "sensor.psu_temperature": 41.5,
    "sensor.psu_fan_speed": 6480,
}


def numbers(added: Added, *names: str) -> dict[str, float]:
    """Return the states of sensors."""
    return {name: added.number(name) for name in names}


def listed(answers: Answers, command: str, *more: object) -> Answers:
    """List the object in the answer to a command, perhaps with others behind it."""
    return answers | {
        command: answers[command] | {"Msg": [answers[command]["Msg"], *more]}
    }


# Lists of one object


async def test_a_power_supply_in_a_list_is_one(home: Home) -> None:
    async with cases.supply_in_list() as miner:
        added = await (await home.add(miner)).poll()
    assert numbers(added, *PSU) == PSU
    assert added.connections == [3] * 5


@pytest.mark.parametrize("generation", ["v2", "v2_2"])
async def test_every_answer_may_list_its_object(home: Home, generation: str) -> None:
    """A second object in the list is not used."""
    answers: Answers = getattr(described, generation)()
    for command in ("get_psu", "get_version", "get_miner_info", "status"):
        answers = listed(answers, command, {"mineroff": "true", "vin": "1"})
    answers["get_error_code"] = message([{"error_code": [{"110": ""}]}])
    if generation == "v2_2":
        answers = listed(answers, "summary")
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll()
    assert numbers(added, *PSU) == PSU
    assert added.shows("switch.mining") == "on"
    assert added.shows("select.power_mode") == "normal"
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert list(added.faults) == ["110"]
    assert added.device.serial_number == "MS77"
    assert added.connections == [3] * 5


@pytest.mark.parametrize("shape", [[], ["P366C"], "no psu", None, [[]], 7])
async def test_a_supply_that_says_nothing_has_no_entities(
    home: Home, shape: object
) -> None:
    """The rest is shown."""
    async with DescribedMiner(described.v2_2() | {"get_psu": message(shape)}) as miner:
        added = await (await home.add(miner)).poll(1)
    assert not any(added.has(name) for name in PSU)
    assert added.number("sensor.power") == 3905


# What only some firmware of V1 has


async def test_v1_may_report_the_air_and_the_input_of_its_supply(home: Home) -> None:
    async with cases.v1_extras() as miner:
        added = await (await home.add(miner)).poll()
    assert added.number("sensor.environment_temperature") == 12.5
    assert added.number("sensor.psu_input_voltage") == 234.25
    assert added.number("sensor.psu_input_current") == 16.75
    assert added.number("sensor.faults") == 2
    assert added.faults["120"]["since"] == "2026-10-31T21:15:00"
    assert added.faults["275"]["since"] is None
    assert added.connections == [3] * 5


async def test_v1_may_report_them_in_the_units_of_newer_firmware(home: Home) -> None:
    """Newer firmware reports texts, in 10 mV and mA."""
    answers = described.v1()
    reading(answers, "summary").update(
        {
            "Env Temp": "21.5",
            "Power Voltage Input": "23310",
            "Power Current Input": "14190",
        }
    )
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.number("sensor.environment_temperature") == 21.5
    assert added.number("sensor.psu_input_voltage") == pytest.approx(233.1)
    assert added.number("sensor.psu_input_current") == pytest.approx(14.19)


async def test_v1_without_them_has_no_such_entities(home: Home) -> None:
    async with DescribedMiner(described.v1()) as miner:
        added = await (await home.add(miner)).poll(1)
    assert not added.has("sensor.environment_temperature")
    assert not added.has("sensor.psu_input_voltage")
    assert added.number("sensor.psu_fan_speed") == 7010


async def test_one_of_them_comes_without_the_others(home: Home) -> None:
    """The air at 0 °C may as well not be measured: its entity comes with the first reading."""
    answers = described.v1()
    reading(answers, "summary").update({"Env Temp": 0.0, "Power Voltage Input": 0})
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
        assert not added.has("sensor.environment_temperature")
        reading(answers, "summary")["Env Temp"] = -6.5
        await added.poll(3)
    assert added.number("sensor.environment_temperature") == -6.5
    assert not added.has("sensor.psu_input_voltage")


# Units


@pytest.mark.parametrize(
    ("psu", "volts", "amperes"),
    [
        ({"vin": "23140", "iin": "14320"}, 231.4, 14.32),
        ({"vin": "231.4", "iin": "14.3"}, 231.4, 14.3),
        ({"vin": 231, "iin": 14}, 231, 14),
        ({"vin": "40010", "iin": "9870"}, 400.1, 9.87),
        ({"vin": "11890", "iin": "2.5"}, 118.9, 2.5),
    ],
    ids=["as-documented", "plain", "whole", "three-phases", "each-its-own"],
)
async def test_a_supply_may_report_in_plain_units(
    home: Home, psu: dict[str, Any], volts: float, amperes: float
) -> None:
    async with DescribedMiner(changed(described.v2(), "get_psu", **psu)) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.number("sensor.psu_input_voltage") == pytest.approx(volts)
    assert added.number("sensor.psu_input_current") == pytest.approx(amperes)


async def test_frost_is_a_temperature(home: Home) -> None:
    """An alarm needs it: coolant, board, supply and air below zero."""
    answers = changed(described.v2_2(), "status", liquid_temp="-3.5")
    changed(answers, "get_psu", temp0="-7.0")
    reading(answers, "summary")["Env Temp"] = -11
    for row in answers["edevs"]["DEVS"]:
        row["Temperature"] = -5.5
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert numbers(
        added,
        "sensor.coolant_temperature",
        "sensor.psu_temperature",
        "sensor.environment_temperature",
        "sensor.board0_temperature",
        "sensor.board_temperature",
    ) == {
        "sensor.coolant_temperature": -3.5,
        "sensor.psu_temperature": -7,
        "sensor.environment_temperature": -11,
        "sensor.board0_temperature": -5.5,
        "sensor.board_temperature": -5.5,
    }


@pytest.mark.parametrize("epoch", [0, 1234, 86_400 * 365, "1970-01-01 00:20:34"])
async def test_a_clock_that_was_not_set_knows_no_last_share(
    home: Home, epoch: object
) -> None:
    answers = described.v2()
    answers["pools"]["POOLS"][0]["Last Share Time"] = epoch
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.shows("sensor.last_share") == STATE_UNKNOWN
    assert added.shows("sensor.pool") != STATE_UNKNOWN


# Rates


async def test_boards_of_v1_show_a_steady_rate(home: Home) -> None:
    """They have none of now, and that of five seconds jumps."""
    async with cases.jumping_rate() as miner:
        added = await (await home.add(miner)).poll()
    rates = [added.number(f"sensor.board{slot}_hash_rate") for slot in range(3)]
    assert rates == pytest.approx(described.HASH_RATES)
    assert sum(rates) == pytest.approx(added.number("sensor.hash_rate"))


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({"HS RT": 40e6, "MHS 5m": 39e6, "MHS 5s": 52e6}, 40),
        ({"MHS 5m": 39e6, "MHS 1m": 38e6}, 39),
        ({"MHS 5s": 52e6, "MHS 1m": 38e6}, 52),
        ({"MHS 1m": 38e6}, 38),
    ],
    ids=["now", "five-minutes", "five-seconds", "one-minute"],
)
async def test_a_board_shows_the_best_rate_that_it_has(
    home: Home, keys: dict[str, float], shown: float
) -> None:
    answers = described.v1()
    for row in answers["edevs"]["DEVS"]:
        for key in ("MHS 5s", "MHS 1m", "MHS 5m"):
            del row[key]
        row.update(keys)
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.number("sensor.board2_hash_rate") == pytest.approx(shown)


async def test_an_empty_list_of_boards_or_pools_hides_nothing_else(home: Home) -> None:
    answers = described.v2() | {"pools": table("POOLS"), "edevs": table("DEVS")}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(3)
    assert added.shows("binary_sensor.pool_connected") == STATE_UNKNOWN
    assert added.number("sensor.power") == 3905
    assert added.connections == [3] * 3
