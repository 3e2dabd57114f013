"""Which key of V3's answers is which reading."""

from typing import Any

import pytest

from custom_components.whatsminer.api.readings import (
    Board,
    Device,
    Performance,
    Pool,
    PowerSupply,
    ReportedSettings,
)
from custom_components.whatsminer.api.sanitize import Json
from custom_components.whatsminer.api.v3 import device_info, fields
from custom_components.whatsminer.api.v3.envelope import Answer

from .devices import answers, device, device_with

ANY: list[Any] = [None, "", "x", True, [], {}, [1], 1e300, -5e9, "NaN", 2**60]


def status(**parts: Any) -> Answer:
    """Return an answer to `get.miner.status` with some parts in the place of the usual ones."""
    return Answer(message=answers()["get.miner.status"] | parts)


def summary(**values: Any) -> Answer:
    """Return a status whose summary has other values under some keys (`_` stands for `-`)."""
    usual = answers()["get.miner.status"]["summary"]
    return status(
        summary=usual | {key.replace("_", "-"): value for key, value in values.items()}
    )


def performance(answer: Answer, other: dict[str, Any] | None = None) -> Performance:
    """Return the performance in a status."""
    return fields.performance(answer, device() if other is None else other)


# Performance


def test_the_summary_has_the_performance() -> None:
    """Hash rates are in TH/s, and the one that counts is that of now."""
    assert performance(status()) == Performance(
        elapsed=7200,
        uptime=7300,
        hash_rate=182.75,
        hash_rate_average=181.5,
        hash_rate_1m=183.25,
        hash_rate_15m=182.25,
        factory_hash_rate=183.5,
        tuned=True,
        pool_rejection=0.25,
        power=3505,
        power_limit=3600,
        board_temperature=62.5,
        environment_temperature=24.5,
        chip_temperature=72.5,
        chip_temperature_min=66.5,
        chip_temperature_max=80.5,
        frequency=601.5,
        fan_speed_in=4980,
        fan_speed_out=4860,
    )


def test_numbers_may_be_texts() -> None:
    found = performance(
        summary(hash_realtime="182.5", up_freq_finish="0", elapsed="60")
    )
    assert (found.hash_rate, found.tuned, found.elapsed) == (182.5, False, 60)


@pytest.mark.parametrize("unknown", [-0.003, 0, "", None])
def test_an_unknown_factory_hash_rate_is_the_sum_of_what_the_boards_were_detected_with(
    unknown: object,
) -> None:
    assert performance(summary(factory_hash=unknown)).factory_hash_rate == 183


@pytest.mark.parametrize(
    ("detected", "terahashes"),
    [
        ("60000:61000:0", 121),
        ("60000", 60),
        ("0:0:0", None),
        ("", None),
        ("x:y", None),
        ("a:1000", 1),
        (60000, 60),
        ({}, None),
    ],
)
def test_the_detected_hash_rates_may_have_an_empty_slot(
    detected: object, terahashes: float | None
) -> None:
    miner = device_with("miner", detect_hash_rate=detected)
    assert performance(summary(factory_hash=0), miner).factory_hash_rate == terahashes


def test_power_is_that_of_the_supply_where_the_summary_has_none() -> None:
    assert performance(summary(power_realtime=None)).power == 3550
    assert performance(Answer()).power == 3550
    assert performance(Answer(), device_with("power", pin=None)).power is None


@pytest.mark.parametrize(
    ("reported", "megahertz"), [(0, None), (-5, None), (100, None), (580, 580)]
)
def test_a_target_frequency_that_may_be_a_percentage_is_no_reading(
    reported: int, megahertz: float | None
) -> None:
    assert performance(summary(target_freq=reported)).target_frequency == megahertz


@pytest.mark.parametrize("key", ["reject-percent", "reject-rate"])
def test_the_share_of_rejected_work_is_that_of_the_pool_in_use(key: str) -> None:
    rows = [
        {"stratum-active": False, key: 5},
        {"stratum-active": "true", key: "0.5"},
    ]
    assert performance(status(pools=rows)).pool_rejection == 0.5


def test_the_share_of_rejected_work_may_be_in_the_statistics_since_power_on() -> None:
    stats = {"energy-ws": 1000, "reject-percent": 0.75}
    rows = [{"stratum-active": True}]
    usual: dict[str, Any] = answers()["get.miner.status"]["summary"]
    found = status(summary=usual | {"power-on-stats": stats}, pools=rows)
    assert performance(found).pool_rejection == 0.75
    assert performance(status(pools=rows)).pool_rejection is None


def test_some_firmware_misspells_temperatures() -> None:
    misspelt = Answer(
        message={
            "summary": {
                "environment-tempurature": 20.5,
                "board-tempurature": [50, 51],
            },
            "edevs": [{"slot": 1}],
        }
    )
    found = performance(misspelt)
    assert (found.environment_temperature, found.board_temperature) == (20.5, 51)
    assert fields.boards(misspelt, {})[0].temperature == 51


@pytest.mark.parametrize(
    ("listed", "hottest"),
    [([50, 61, 0], 61), ([0, 0], None), ([], None), (["55.5", None], 55.5), (60, None)],
)
def test_the_board_temperature_is_that_of_the_hottest(
    listed: object, hottest: float | None
) -> None:
    assert performance(summary(board_temperature=listed)).board_temperature == hottest


# Hashboards


def test_a_hashboard_has_its_average_hash_rate() -> None:
    """It reports no other. Its temperature is in the summary, its serial number in the device."""
    found = fields.boards(status(), device())
    assert found[1] == Board(
        slot=1,
        serial_number="HB1",
        temperature=62.5,
        chip_temperature=73,
        chip_temperature_min=67,
        chip_temperature_max=81,
        frequency=601,
        hash_rate=61.5,
        effective_chips=120,
    )
    assert [board.slot for board in found] == [0, 1, 2]


def test_there_are_as_many_hashboards_as_are_reported() -> None:
    rows = [{"slot": slot, "hash-average": 100 + slot} for slot in range(4)]
    found = fields.boards(status(edevs=rows), device())
    assert [board.hash_rate for board in found] == [100, 101, 102, 103]


@pytest.mark.parametrize(
    ("temperatures", "slots", "expected"),
    [
        ([50, 51, 52], [0, 2], [50, 52]),
        ([50, 52], [0, 2], [50, 52]),
        ([50], [0, 1], [50, None]),
        ([50, 0, 52, 53], [0, 1, 2, 3], [50, None, 52, 53]),
        ("x", [0], [None]),
        (None, [0], [None]),
    ],
)
def test_a_board_temperature_belongs_to_its_slot(
    temperatures: object, slots: list[int], expected: list[float | None]
) -> None:
    """If there are as many as boards, they are in the order of the boards."""
    usual: dict[str, Any] = answers()["get.miner.status"]["summary"]
    answer = status(
        summary=usual | {"board-temperature": temperatures},
        edevs=[{"slot": slot} for slot in slots],
    )
    assert [each.temperature for each in fields.boards(answer, {})] == expected


def test_a_board_without_a_slot_has_its_number() -> None:
    rows = [{"id": 1, "status": "Alive"}, {"id": 1}, {"slot": 7}, {"slot": "2"}, {}, 5]
    found = fields.boards(status(edevs=rows), {})
    assert [(board.slot, board.alive) for board in found] == [(1, True), (2, None)]


# Pools


def test_a_pool_has_its_url_its_worker_and_its_last_share() -> None:
    assert fields.pools(status()) == (
        Pool(
            url="stratum+tcp://pool.example:3333",
            worker="garage.1",
            status="alive",
            active=True,
            last_share=1_759_799_990,
        ),
        Pool(
            url="stratum+tcp://other.example:3333",
            worker="garage.2",
            status="dead",
            active=False,
        ),
    )


def test_some_firmware_reports_the_difficulty_of_a_pool() -> None:
    (found,) = fields.pools(status(pools=[{"stratum-diff": "65536"}]))
    assert found.difficulty == 65536


def test_no_more_than_eight_pools_are_read() -> None:
    assert len(fields.pools(status(pools=[{"id": 1}] * 20))) == 8


# Settings


def test_the_settings_are_read_from_the_commands_of_their_own() -> None:
    slow = {command: Answer(message=answers()[command]) for command in fields.SETTINGS}
    assert fields.settings(slow, device(), mining=True) == ReportedSettings(
        mining=True,
        power_mode="normal",
        power_limit=3550,
        power_percent=80,
        power_target=0,
        heat_mode="normal",
        target_frequency=-5,
        upfreq_speed=3,
        temperature_offset=-10,
        fast_boot=False,
        fast_hash=False,
        web_pools=False,
        poweroff_cooling=True,
        fan_zero_speed=False,
    )


def test_what_is_missing_there_is_read_from_the_device() -> None:
    assert fields.settings({}, device(), mining=None) == ReportedSettings(
        power_mode="normal",
        target_frequency=0,
        upfreq_speed=2,
        fast_boot=False,
        web_pools=True,
    )


@pytest.mark.parametrize(("mode", "name"), [("0", "low"), (2, "high"), ("7", None)])
def test_the_supply_numbers_the_power_modes(mode: object, name: str | None) -> None:
    found = fields.settings({}, device_with("power", mode=mode), mining=None)
    assert found.power_mode == name


@pytest.mark.parametrize(
    ("reported", "percent"), [(0, 0), ("0", 0), (80, 80), (120, 120), ("", None)]
)
def test_a_power_percent_is_read_as_it_is_reported(
    reported: Json, percent: float | None
) -> None:
    answer = Answer(message={"power-percent": reported})
    found = fields.settings({"get.miner.setting": answer}, {}, mining=None)
    assert found.power_percent == percent


@pytest.mark.parametrize(
    ("reported", "mode"),
    [
        ("normal", "normal"),
        ("heating", "heating"),
        ("anti-freezing", "anti_icing"),
        ("anti-icing", "anti_icing"),
    ],
)
def test_the_heat_mode_has_our_name(reported: str, mode: str) -> None:
    answer = Answer(message={"heat-mode": reported})
    found = fields.settings({"get.miner.setting": answer}, {}, mining=None)
    assert found.heat_mode == mode
    other = fields.settings({}, device_with("miner", heatmode=reported), mining=None)
    assert other.heat_mode == mode


def test_an_empty_heat_mode_of_the_device_is_the_normal_one() -> None:
    """What the settings say counts before it; a device without the key says nothing."""
    normal = device_with("miner", heatmode="")
    assert fields.settings({}, normal, mining=None).heat_mode == "normal"
    answers = {"get.miner.setting": Answer(message={"heat-mode": "heating"})}
    assert fields.settings(answers, normal, mining=None).heat_mode == "heating"
    assert fields.settings({}, {"miner": {}}, mining=None).heat_mode is None
    assert fields.settings({}, {"miner": 7}, mining=None).heat_mode is None


@pytest.mark.parametrize(
    ("reported", "on"),
    [
        ({"fast-hash": "enable"}, True),
        ({"fast-mining": "disable"}, False),
        ({"fast-hash": "disable", "fast-mining": "enable"}, False),
        ({"fast-hash": 1}, True),
        ({"fast-hash": ""}, None),
        ({}, None),
    ],
)
def test_the_manual_calls_fast_hash_otherwise_than_firmware(
    reported: dict[str, Json], on: bool | None
) -> None:
    answers = {"get.miner.setting": Answer(message=reported)}
    assert fields.settings(answers, {}, mining=None).fast_hash is on


@pytest.mark.parametrize(
    ("reported", "watts"),
    [(0, 0), (3000, 3000), ("3000", 3000), ("", None), (-1, None), (2**31 - 1, None)],
)
def test_a_power_target_of_0_is_a_reading(reported: Json, watts: float | None) -> None:
    answers = {"get.miner.setting": Answer(message={"power": reported})}
    assert fields.settings(answers, {}, mining=None).power_target == watts


def test_power_is_an_object_here_and_a_number_there() -> None:
    answer = Answer(message={"power": {"a": 1}, "power-limit": 3000})
    found = fields.settings({"get.miner.setting": answer}, {"power": 3000}, mining=None)
    assert found == ReportedSettings(power_limit=3000)
    assert device_info.power_supply({"power": 3000}) == PowerSupply()


@pytest.mark.parametrize("value", ANY, ids=repr)
def test_a_section_of_another_kind_is_like_a_missing_one(value: Json) -> None:
    other: dict[str, Any] = dict.fromkeys(device(), value)
    answer = status(summary=value, pools=value, edevs=value)
    assert fields.performance(answer, other) == Performance()
    assert fields.boards(answer, other) == ()
    assert fields.pools(answer) == ()
    assert device_info.device_of(other, api_known=True) == Device()
    assert fields.settings({}, other, mining=None) == ReportedSettings()
    assert device_info.mac(other) is None
    assert device_info.working(other) is None
