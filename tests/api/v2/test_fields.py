"""The readings of each command in fixed units: from real answers, and rule by rule."""

from collections.abc import Callable, Mapping
from typing import Any, override

import pytest

from custom_components.whatsminer.api.readings import (
    Board,
    Device,
    ErrorEntry,
    Performance,
    Pool,
    PowerSupply,
    Preheating,
    ReportedSettings,
)
from custom_components.whatsminer.api.v2.error_list import summary_errors
from custom_components.whatsminer.api.v2.fields import (
    PERFORMANCE,
    POWER_SUPPLY,
    PREHEATING,
    STATE,
    board,
    board_identity,
    board_rows,
    device,
    info_mac,
    led,
    mining_off,
    pools,
    settings as settings_of,
    summary_mac,
)
from custom_components.whatsminer.api.v2.generations import Generation
from tests.api import fixture

type Row = Mapping[str, Any]
type Read = Callable[[Row], object]


def board_of(row: Row) -> Board:
    """Return the readings of a hashboard whose rates are in MH/s."""
    return board(row, Generation.V2)


def pool_of(row: Row) -> Pool:
    """Return the readings of a pool."""
    (pool,) = pools([row])
    return pool


ANSWERS = ("version", "details", "info", "status", "summary")


def device_in(**answers: Any) -> Device:
    """Return what some answers say of the device."""
    return device(**{name: {} for name in ANSWERS} | answers)


def settings_in(*, mining: bool | None = None, **answers: Any) -> ReportedSettings:
    """Return the settings that some answers have."""
    empty: dict[str, Any] = {"info": {}, "status": {}, "summary": {}}
    return settings_of(mining=mining, **empty | answers)


def device_by(answer: str) -> Callable[[Mapping[str, Any]], Device]:
    """Return a function that reads what one answer says of the device."""
    return lambda reading: device_in(**{answer: reading})


def settings_by(answer: str) -> Callable[[Mapping[str, Any]], ReportedSettings]:
    """Return a function that reads the settings in one answer."""
    return lambda reading: settings_in(mining=None, **{answer: reading})


# Real answers


def test_the_summary_of_an_m60s_with_v3_firmware() -> None:
    """It has hash rates in MH/s, numbers as floats, and flags as text."""
    summary = fixture("compat_m60s")["summary"]["Msg"]
    assert PERFORMANCE.read(summary) == Performance(
        elapsed=884.010009765625,
        uptime=911,
        hash_rate=140544208 * 1e-6,
        hash_rate_average=111337976 * 1e-6,
        hash_rate_1m=140544208 * 1e-6,
        hash_rate_15m=111337976 * 1e-6,
        factory_hash_rate=165848 * 1e-3,
        hash_stable=False,
        pool_rejection=0,
        power=3173.4533333333334,
        power_limit=3600,
        environment_temperature=28.687,
        chip_temperature=69.33332824707031,
        chip_temperature_min=54.443180084228516,
        chip_temperature_max=84.19318389892578,
        frequency=358.30596923828125,
        fan_speed_in=3764,
        fan_speed_out=3735,
    )
    assert settings_by("summary")(summary) == ReportedSettings(
        power_mode="normal", fast_boot=False
    )
    assert device_by("summary")(summary) == Device()
    assert summary_mac(summary) is None


def test_the_boards_of_an_m60s_with_v3_firmware() -> None:
    """They have hash rates in TH/s, under keys that say MH/s."""
    rows = fixture("compat_m60s")["edevs"]["DEVS"]
    boards = [board(row, Generation.V2_2) for row in rows]
    assert [b.hash_rate for b in boards] == pytest.approx([45.61, 50.13, 44.8])
    assert sum(b.hash_rate or 0 for b in boards) == pytest.approx(140.54, abs=0.01)
    assert boards[0] == Board(
        slot=0,
        temperature=73.88,
        frequency=362,
        hash_rate=boards[0].hash_rate,
        effective_chips=215,
        serial_number="SKM3CSD7104715KA1227",
    )


def test_the_identity_of_an_m60s_with_v3_firmware() -> None:
    """It does not know its own serial number."""
    info = fixture("compat_m60s")["get_miner_info"]["Msg"]
    assert info_mac(info) == "ce:0c:1d:00:2a:53"
    seen = device_by("info")(info)
    assert seen.serial_number is None
    assert seen.hostname == "WhatsMiner"
    assert led(info) == "auto"
    assert settings_by("info")(info).upfreq_speed == 0


def test_a_booting_miner_knows_little_yet() -> None:
    """A value that is not measured yet is unknown, not zero."""
    summary = PERFORMANCE.read(fixture("v2_summary_booting")["SUMMARY"][0])
    assert summary.elapsed == 24
    assert summary.power == 262
    assert summary.hash_rate == 0
    assert summary.board_temperature == 34.88
    assert summary.environment_temperature == 29.06
    assert summary.target_frequency == 360
    assert summary.tuned is False
    assert summary.target_hash_rate is None
    assert summary.chip_temperature is None
    assert summary.chip_temperature_min is None
    assert summary.chip_temperature_max is None


@pytest.mark.parametrize(
    ("firmware", "off", "version", "settings"),
    [
        ("20220919.15.rel", True, "20220919.15.REL", ReportedSettings()),
        (
            "20230208.18.rel",
            False,
            "20230208.18.Rel",
            ReportedSettings(power_mode="normal", target_frequency=0),
        ),
        ("20230803.11.rel", False, "20230803.11.REL", ReportedSettings()),
        (
            "20240924.14.rel",
            False,
            "20240924.14.Rel",
            ReportedSettings(power_mode="normal", power_limit=3300, target_frequency=0),
        ),
        # No limit was set: 2147483647.
        ("20250214.16.1", False, "20250214.16.1", ReportedSettings()),
    ],
)
def test_the_status_of_five_firmwares(
    firmware: str, version: str, settings: ReportedSettings, *, off: bool
) -> None:
    """They have little in common."""
    status = fixture(f"status_{firmware}")["Msg"]
    assert mining_off(status) is off
    assert device_by("status")(status) == Device(firmware=version)
    assert settings_by("status")(status) == settings
    assert STATE.values(status) == {}


def test_the_status_of_the_newest_firmware() -> None:
    """It has numbers among the texts."""
    status: dict[str, Any] = {
        "mineroff": "true",
        "mineroff_reason": "by whatsminer api",
        "mineroff_time": "2026-11-20 08:15:30",
        "FirmwareVersion": "20260312.16.REL3",
        "power_mode": "high",
        "power_limit_set": "10030",
        "hash_percent": "-5",
        "fast_mining": "false",
        "fast_hash": "false",
        "liquid_temp": 45.5,
        "power_pct": 120,
    }
    assert mining_off(status) is True
    assert STATE.values(status)["stop_reason"] == "by whatsminer api"
    assert device_by("status")(status) == Device(firmware="20260312.16.REL3")
    assert settings_by("status")(status) == ReportedSettings(
        power_mode="high", power_limit=10030, power_percent=120, target_frequency=-5
    )
    assert STATE.values(status)["coolant_temperature"] == 45.5


def test_the_supply_counts_in_small_units() -> None:
    """The units are mA and 10 mV, and all values are text."""
    supply = POWER_SUPPLY.read(
        {
            "name": "P221B",
            "model": "P221B",
            "hw_version": "V01.00",
            "sw_version": "V01.03",
            "iin": "15120",
            "vin": "22400",
            "fan_speed": "6912",
            "serial_no": "A1234",
            "vender": "7",
            "temp0": "31.5",
            "pin": "3412",
            "enable": "1",
        },
    )
    assert supply.input_current == pytest.approx(15.12)
    assert supply.input_voltage == pytest.approx(224)
    assert supply.input_power == 3412
    assert supply.fan_speed == 6912
    assert supply.temperature == 31.5
    assert (supply.name, supply.model) == ("P221B", "P221B")


def test_a_pool_of_any_firmware() -> None:
    """The readings show whether it is in use, and its shares."""
    pool = pool_of(
        {
            "POOL": 1,
            "URL": "stratum+tcp://a:3333",
            "Status": "Alive",
            "Priority": 0,
            "User": "w.1",
            "Accepted": 7,
            "Rejected": 1,
            "Stale": 0,
            "Last Share Time": 1700000000,
            "Stratum Active": True,
            "Stratum Difficulty": 262144,
            "Pool Rejected%": "12.5",
        },
    )
    assert pool == Pool(
        url="stratum+tcp://a:3333",
        worker="w.1",
        status="alive",
        active=True,
        difficulty=262144,
        accepted_shares=7,
        rejected_shares=1,
        last_share=1700000000,
    )


# Keys


@pytest.mark.parametrize(
    ("read", "key", "said", "name", "expected"),
    [
        (PERFORMANCE.read, "MHS 5s", 5e6, "hash_rate", 5),
        (PERFORMANCE.read, "MHS av", 5e6, "hash_rate_average", 5),
        (PERFORMANCE.read, "MHS 15m", 5e6, "hash_rate_15m", 5),
        (PERFORMANCE.read, "Target MHS", 112e6, "target_hash_rate", 112),
        (PERFORMANCE.read, "Target MHS", 0, "target_hash_rate", None),
        (PERFORMANCE.read, "Hash Deviation%", -0.5, "hash_deviation", -0.5),
        (PERFORMANCE.read, "Upfreq Complete", 1, "tuned", True),
        (PERFORMANCE.read, "Accepted", "7", "accepted_shares", 7),
        (PERFORMANCE.read, "Rejected", 7.0, "rejected_shares", 7),
        (PERFORMANCE.read, "Pool Rejected%", 0.1, "pool_rejection", 0.1),
        (PERFORMANCE.read, "Temperature", 70.5, "board_temperature", 70.5),
        (PERFORMANCE.read, "Temperature", 0, "board_temperature", None),
        (PERFORMANCE.read, "Env Temp", -3.5, "environment_temperature", -3.5),
        (PERFORMANCE.read, "Chip Temp Min", 0, "chip_temperature_min", None),
        (PERFORMANCE.read, "Chip Temp Max", 90, "chip_temperature_max", 90),
        (PERFORMANCE.read, "Target Freq", 0, "target_frequency", None),
        (PERFORMANCE.read, "Power Fanspeed", 6912, "psu_fan_speed", 6912),
        (settings_by("summary"), "Btminer Fast Boot", "enable", "fast_boot", True),
        (
            device_by("summary"),
            "CB Platform",
            "ALLWINNER_H3",
            "platform",
            "ALLWINNER_H3",
        ),
        (device_by("summary"), "Liquid Cooling", False, "liquid_cooled", False),
        (board_of, "MHS 1m", 5e6, "hash_rate", 5),
        (board_of, "Temperature", "0.00", "temperature", None),
        (board_of, "Chip Temp Avg", 80.5, "chip_temperature", 80.5),
        (board_of, "Chip Temp Min", 60.5, "chip_temperature_min", 60.5),
        (board_of, "Chip Temp Max", 0.0, "chip_temperature_max", None),
        (board_of, "Accepted", 3, "accepted_shares", 3),
        (board_of, "Rejected", 0, "rejected_shares", 0),
        (board_of, "chip_vol_diff", 12, "voltage_difference", 12),
        (pool_of, "Work Difficulty", 262144, "difficulty", 262144),
        (pool_of, "Last Share Time", 0, "last_share", None),
        (settings_by("status"), "power_pct", "0", "power_percent", 0),
        (device_by("version"), "api_ver", "2.0.5", "api", "2.0.5"),
        (device_by("version"), "platform", "H616", "platform", "H616"),
        (device_by("version"), "miner_type", "M50_VH84", "model", "M50_VH84"),
        (settings_by("info"), "ut_speed", "3", "upfreq_speed", 3),
        (device_by("info"), "minersn", "HTM1", "serial_number", "HTM1"),
        (POWER_SUPPLY.read, "iin", "0", "input_current", 0),
        (POWER_SUPPLY.read, "temp0", "0.0", "temperature", None),
        (POWER_SUPPLY.read, "fan_speed", "0", "fan_speed", 0),
        (device_by("details"), "Model", "M20SV10", "model", "M20SV10"),
        (PERFORMANCE.read, "Power Limit", "3600", "power_limit", 3600),
        (settings_by("summary"), "Power Mode", "Normal", "power_mode", "normal"),
        (settings_by("status"), "power_limit_set", "3300", "power_limit", 3300),
        (settings_by("status"), "power_limit_set", "0", "power_limit", None),
        (
            settings_by("status"),
            "power_limit_set",
            "2147483646",
            "power_limit",
            2147483646,
        ),
        (settings_by("status"), "power_limit_set", "2147483647", "power_limit", None),
        (settings_by("status"), "hash_percent", "-5", "target_frequency", -5),
        (PREHEATING.read, "complete", "true", "complete", True),
        (PREHEATING.read, "msg", "Adjust Continue", "message", "adjust continue"),
    ],
)
def test_what_a_key_tells(
    read: Read, key: str, said: Any, name: str, expected: object
) -> None:
    """Numbers are converted to fixed units, and other values are unknown."""
    if isinstance(expected, float | int):
        expected = pytest.approx(expected)
    assert getattr(read({key: said}), name) == expected


@pytest.mark.parametrize(
    ("key", "said", "expected"),
    [
        ("mineroff_reason", "", {}),
        ("mineroff_reason", "by api", {"stop_reason": "by api"}),
        ("liquid_temp", "38.5", {"coolant_temperature": 38.5}),
        ("liquid_temp", "cold", {}),
    ],
)
def test_what_the_status_tells_beside_settings(
    key: str, said: str, expected: dict[str, object]
) -> None:
    assert STATE.values({key: said}) == expected


@pytest.mark.parametrize(
    ("read", "key", "said", "expected"),
    [
        (summary_mac, "MAC", "C2:04:28:00:00:01", "c2:04:28:00:00:01"),
        (mining_off, "btmineroff", "true", True),
        (info_mac, "mac", "C2-04-28-00-00-01", "c2:04:28:00:00:01"),
        (info_mac, "mac", "00:00:00:00:00:00", None),
        (mining_off, "mineroff", "false", False),
        (mining_off, "mineroff", "", None),
        (led, "ledstat", "auto", "auto"),
        (led, "ledstat", "", None),
    ],
)
def test_what_a_key_alone_tells(
    read: Read, key: str, said: Any, expected: object
) -> None:
    """Some readings stand for themselves, or decide something."""
    assert read({key: said}) == expected
    assert read({}) is None


# Several commands


def test_the_power_mode_is_said_in_two_places() -> None:
    """Either may be empty."""
    summary, status = {"Power Mode": "High"}, {"power_mode": "low"}
    assert settings_in(summary=summary, status=status).power_mode == "high"
    assert settings_in(status=status).power_mode == "low"
    assert settings_in(summary={"Power Mode": ""}, status=status).power_mode == "low"
    assert settings_in().power_mode is None


def test_where_the_identity_comes_from() -> None:
    """The newer place counts first."""
    summary = {"Firmware Version": "'2021'", "CB Platform": "H3"}
    details = {"Model": "M20SV10"}
    assert device_in(details=details, summary=summary) == Device(
        model="M20SV10", platform="H3", firmware="2021"
    )
    status = {"FirmwareVersion": "2023"}
    version = {"miner_type": "M60S_VK40", "platform": "H616"}
    assert device_in(
        version=version, details=details, status=status, summary=summary
    ) == Device(model="M60S_VK40", platform="H616", firmware="2023")
    version = {"fw_ver": "2026"}
    assert (
        device_in(
            version=version, details=details, status=status, summary=summary
        ).firmware
        == "2026"
    )


def test_whether_it_mines_is_not_read_from_a_key() -> None:
    """It depends on the generation; an unknown state stays unknown."""
    for mining in (True, False, None):
        assert settings_in(status={"mineroff": "true"}, mining=mining).mining is mining


# Number formats


def test_numbers_may_be_text() -> None:
    """Some firmware writes all numbers as text."""
    summary = PERFORMANCE.read(
        {"Power": "3400", "HS RT": "100000000", "Elapsed": "12", "Hash Stable": "true"}
    )
    assert summary.power == 3400
    assert summary.hash_rate == pytest.approx(100)
    assert summary.elapsed == 12
    assert summary.hash_stable is True


@pytest.mark.parametrize("unknown", [-1, "-1", -1.0, "", "n/a"])
def test_a_power_of_minus_one_is_unknown(unknown: Any) -> None:
    """The power supply did not answer."""
    assert PERFORMANCE.read({"Power": unknown}).power is None
    assert POWER_SUPPLY.read({"pin": unknown}).input_power is None


@pytest.mark.parametrize("absurd", [2**32 - 1, "4294967295", 100_000, 1e300])
def test_a_power_that_no_miner_has_is_unknown(absurd: Any) -> None:
    """Minus one without a sign is an example, which would spoil an energy meter for ever."""
    assert PERFORMANCE.read({"Power": absurd}).power is None
    assert POWER_SUPPLY.read({"pin": absurd}).input_power is None


def test_a_power_below_100_kilowatts_is_a_reading() -> None:
    """The largest model takes a tenth of that."""
    assert PERFORMANCE.read({"Power": "99999"}).power == 99_999
    assert POWER_SUPPLY.read({"pin": 99_999}).input_power == 99_999


def test_a_power_of_zero_is_a_reading() -> None:
    assert PERFORMANCE.read({"Power": 0}).power == 0


@pytest.mark.parametrize("unknown", [0, -0.003])
def test_a_factory_hash_rate_of_nothing_is_unknown(unknown: float) -> None:
    """The boards were not read yet."""
    assert PERFORMANCE.read({"Factory GHS": unknown}).factory_hash_rate is None


def test_a_power_limit_of_zero_is_no_reading() -> None:
    """The miner recalibrates."""
    assert PERFORMANCE.read({"Power Limit": 0}).power_limit is None


def test_the_firmware_of_v1_is_quoted() -> None:
    """The text has quotes of its own."""
    seen = device_by("summary")({"Firmware Version": "'20210322.22.REL'"})
    assert seen.firmware == "20210322.22.REL"


def test_where_there_is_no_current_rate_the_shortest_average_stands_in() -> None:
    """The order is HS RT, 5 min (which is the same), 5 s, 1 min."""
    rates = {"HS RT": 1e6, "MHS 5s": 2e6, "MHS 1m": 3e6}
    assert PERFORMANCE.read(rates).hash_rate == pytest.approx(1)
    del rates["HS RT"]
    assert PERFORMANCE.read(rates).hash_rate == pytest.approx(2)
    del rates["MHS 5s"]
    assert PERFORMANCE.read(rates).hash_rate == pytest.approx(3)


# Boards


@pytest.mark.parametrize("generation", [Generation.V1, Generation.V2])
def test_boards_of_older_firmware_count_in_megahash(generation: Generation) -> None:
    """This holds for small numbers, too."""
    row: dict[str, Any] = {"ASC": 1, "Slot": 1, "HS RT": 33e6}
    assert board(row, generation).hash_rate == pytest.approx(33)
    assert board(row | {"HS RT": "1200"}, generation).hash_rate == pytest.approx(0.0012)


def test_a_rate_that_no_board_has_in_terahash_is_in_megahash() -> None:
    """Firmware might correct its units one day."""
    for rate in (170_620_000, 170.62):
        row: dict[str, Any] = {"Slot": 0, "HS RT": rate}
        assert board(row, Generation.V2_2).hash_rate == pytest.approx(170.62)


def test_a_rate_of_newer_firmware_may_be_text() -> None:
    """It is in TH/s under each of its keys, and other numbers are not converted."""
    for key in ("HS RT", "MHS 5s", "MHS 1m"):
        row: dict[str, Any] = {"Slot": 0, key: "45.61", "Chip Frequency": 362}
        read = board(row, Generation.V2_2)
        assert read.hash_rate == pytest.approx(45.61)
        assert read.frequency == 362


@pytest.mark.parametrize(("said", "read"), [(9_999, 9_999), (10_000, 0.01)])
def test_ten_thousand_terahash_is_too_much_for_a_board(said: int, read: float) -> None:
    """So the number is in MH/s."""
    reading: dict[str, Any] = {"Slot": 0, "HS RT": said}
    assert board(reading, Generation.V2_2).hash_rate == pytest.approx(read)


def test_a_classic_board_of_newer_firmware_counts_in_megahash() -> None:
    """It has the key that the newer list no longer has."""
    assert board({"ASC": 0, "HS RT": 5000}, Generation.V2_2).hash_rate == pytest.approx(
        0.005
    )


def test_a_rate_that_is_no_number_is_unknown() -> None:
    assert board({"Slot": 0, "HS RT": "n/a"}, Generation.V2_2).hash_rate is None


def test_a_board_is_known_by_its_slot() -> None:
    """Without a slot, its place in the list counts."""
    assert board({"Slot": 2, "ASC": 1}, Generation.V2).slot == 2
    assert board({"ASC": 1}, Generation.V2).slot == 1


@pytest.mark.parametrize(
    ("status", "alive"), [("Alive", True), ("Initialising", False), ("Dead", False)]
)
def test_a_board_is_alive_or_not(status: str, *, alive: bool) -> None:
    """Some firmware does not report it."""
    assert board({"Status": status}, Generation.V2).alive is alive
    assert board({"Slot": 0}, Generation.V2_2).alive is None


# Errors


def test_the_errors_of_v1_are_in_its_summary() -> None:
    """The count limits them, and a code of zero is no error."""
    reading: dict[str, Any] = {
        "Error Code Count": 3,
        "Error Code 0": 218,
        "Error Code 1": "540",
        "Error Code 2": 0,
        "Error Code 3": 111,
    }
    assert summary_errors(reading) == (ErrorEntry(code="218"), ErrorEntry(code="540"))
    assert summary_errors({}) == ()
    assert summary_errors({"Error Code Count": "none", "Error Code 0": 1}) == ()


class Bounded(dict[str, Any]):
    """An answer that must not be read too often."""

    reads = 0

    @override
    def get(self, key: str, default: Any = None) -> Any:
        """Read one key."""
        self.reads += 1
        assert self.reads < 1000
        return super().get(key, default)


def test_an_absurd_count_of_errors_does_no_harm() -> None:
    """The count comes from the miner, and counting that far would take all time and memory."""
    reading = Bounded({"Error Code Count": 10**12, "Error Code 0": 218})
    assert summary_errors(reading) == (ErrorEntry(code="218"),)


# What a miner cannot have


@pytest.mark.parametrize("slot", [-1, 4, 2**31, 2**63 - 1, 1e17, "99", -0.9e9])
def test_a_hashboard_that_no_miner_has_is_left_out(slot: float | str) -> None:
    """Each would be a device with thirty entities."""
    assert board_rows([{"Slot": slot}, {"Slot": 1}]) == [{"Slot": 1}]


@pytest.mark.parametrize(
    "row", [{}, {"Slot": ""}, {"Slot": "one"}, {"Status": "Alive"}]
)
def test_a_hashboard_without_a_slot_is_left_out(row: dict[str, Any]) -> None:
    """It could not be identified, and all known firmware reports the slot."""
    assert board_rows([row, {"Slot": 1}]) == [{"Slot": 1}]


def test_there_is_one_hashboard_for_each_slot() -> None:
    """The first row of a slot counts, and only a few rows are read."""
    rows: list[Any] = [{"Slot": slot % 4, "ASC": slot} for slot in range(200_000)]
    assert board_rows(rows) == rows[:4]
    assert board_rows([{"Slot": 9}] * 100_000 + rows) == []


def test_there_are_no_more_pools_than_any_firmware_keeps() -> None:
    """Five thousand pools would take much memory."""
    found = pools([{"URL": f"pool{number}"} for number in range(5000)])
    assert [pool.url for pool in found] == [f"pool{number}" for number in range(8)]


def test_v1_lists_no_more_errors_than_are_read_either() -> None:
    """Its count and its codes come from the miner, too."""
    reading: dict[str, Any] = {
        f"Error Code {index}": index + 1 for index in range(9000)
    }
    assert len(summary_errors({"Error Code Count": 9000, **reading})) == 1024


def test_a_name_is_plain_text() -> None:
    """It becomes the title of an entry and the name of a device."""
    nasty = "<b>x\u202e\n![y](http://e.example)" * 100
    version = {"miner_type": nasty, "fw_ver": nasty, "platform": nasty}
    seen = device_in(version=version, info={"hostname": nasty, "minersn": nasty})
    for name in (
        seen.hostname,
        seen.serial_number,
        seen.model,
        seen.firmware,
        seen.platform,
    ):
        assert name
        assert name.isprintable()
        assert len(name) <= 64
        assert not set(name) & set("<>[]*`:")


@pytest.mark.parametrize(
    ("read", "key", "absurd", "sane"),
    [
        (PERFORMANCE.read, "Elapsed", [-1, -1e12, 1e12], 0),
        (PERFORMANCE.read, "Uptime", [-1, 1e10], 911),
        (PERFORMANCE.read, "HS RT", [-1e6, 1e17], 0),
        (PERFORMANCE.read, "MHS av", [-5, 1e16], 1e8),
        (PERFORMANCE.read, "Accepted", [-5, 1e17, 2**60], 0),
        (PERFORMANCE.read, "Temperature", [9e17, 301], 70),
        (PERFORMANCE.read, "Env Temp", [-9e17, 1e9], -20),
        (PERFORMANCE.read, "Fan Speed In", [-1, 1e9], 0),
        (PERFORMANCE.read, "freq_avg", [-7, 1e9], 650),
        (PERFORMANCE.read, "Pool Rejected%", [-1e9, 1e9], 0.1),
        (PERFORMANCE.read, "Target MHS", [1e17], 1e8),
        (STATE.values, "liquid_temp", [1e9], 40),
        (POWER_SUPPLY.read, "fan_speed", [-1, 1e9], 7000),
        (POWER_SUPPLY.read, "vin", [1e12], 22400),
        (pool_of, "Last Share Time", [-1, 1e17], 1_793_491_200),
        (board_of, "Rejected", [-1], 3),
    ],
)
def test_what_nothing_can_have_is_no_reading(
    read: Read, key: str, absurd: list[float], sane: float
) -> None:
    """Such a number would stay in the statistics, and no time can be calculated from it."""
    for value in absurd:
        assert read({key: value}) == read({})
    assert read({key: sane}) != read({})


def test_without_an_answer_nothing_is_known() -> None:
    """Each reading is None."""
    assert PERFORMANCE.read({}) == Performance()
    assert settings_in() == ReportedSettings()
    assert device_in() == Device()
    assert POWER_SUPPLY.read({}) == PowerSupply()
    assert PREHEATING.read({}) == Preheating()
    assert board_of({}) == board_identity({}) == Board()
    assert pool_of({}) == Pool()


# Units and ranges that differ from firmware to firmware


@pytest.mark.parametrize(
    ("said", "volts", "amperes"),
    [
        ({"vin": "22400", "iin": "15718"}, 224, 15.718),
        ({"vin": "39610", "iin": "14250"}, 396.1, 14.25),
        ({"vin": "22400", "iin": "58"}, 224, 0.058),
        ({"vin": "39610", "iin": "19"}, 396.1, 0.019),
        ({"vin": 225.5, "iin": 14.8}, 225.5, 14.8),
        ({"vin": "112.25", "iin": "28.6"}, 112.25, 28.6),
        ({"vin": "396.1", "iin": "14"}, 396.1, 14),
        ({"vin": "226", "iin": "0.4"}, 226, 0.4),
        ({"vin": "22550", "iin": "14.8"}, 225.5, 14.8),
        ({"vin": "225.5", "iin": "14800"}, 225.5, 14.8),
        ({"iin": "14.8"}, None, 14.8),
        ({"vin": "2.3", "iin": "0"}, None, 0),
        ({"vin": "0", "iin": "-1"}, None, None),
        ({"vin": "n/a", "iin": "n/a"}, None, None),
    ],
)
def test_a_supply_may_use_plain_units(
    said: dict[str, Any], volts: float | None, amperes: float | None
) -> None:
    """No supply takes 2.3 V."""
    supply = POWER_SUPPLY.read(said)
    assert supply.input_voltage == (None if volts is None else pytest.approx(volts))
    assert supply.input_current == (None if amperes is None else pytest.approx(amperes))


@pytest.mark.parametrize(
    ("said", "volts", "amperes"),
    [
        ({"Power Voltage Input": 229.5, "Power Current Input": 15.58}, 229.5, 15.58),
        ({"Power Voltage Input": "22950", "Power Current Input": 15580}, 229.5, 15.58),
        ({"Power Voltage Input": 0, "Power Current Input": 0.0}, None, 0),
    ],
)
def test_a_summary_of_v1_may_have_the_input_of_the_supply(
    said: dict[str, Any], volts: float | None, amperes: float | None
) -> None:
    seen = PERFORMANCE.read(said)
    assert seen.psu_input_voltage == (None if volts is None else pytest.approx(volts))
    assert seen.psu_input_current == (
        None if amperes is None else pytest.approx(amperes)
    )


@pytest.mark.parametrize("degrees", [-0.5, "-7.25", -31])
def test_below_zero_is_a_reading(degrees: float | str) -> None:
    """Frost harms a coolant, and can be warned of only if it is known."""
    expected = float(degrees)
    assert PERFORMANCE.read({"Env Temp": degrees}).environment_temperature == expected
    assert PERFORMANCE.read({"Temperature": degrees}).board_temperature == expected
    assert board_of({"Temperature": degrees}).temperature == expected
    assert POWER_SUPPLY.read({"temp0": degrees}).temperature == expected
    assert STATE.values({"liquid_temp": degrees}) == {"coolant_temperature": expected}


@pytest.mark.parametrize("degrees", [-100, "-273.0", -32768, 300])
def test_what_is_colder_than_any_place_is_no_reading(degrees: float | str) -> None:
    assert PERFORMANCE.read({"Env Temp": degrees}).environment_temperature is None
    assert board_of({"Temperature": degrees}).temperature is None
    assert POWER_SUPPLY.read({"temp0": degrees}).temperature is None
    assert STATE.values({"liquid_temp": degrees}) == {}


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ({"MHS 5s": 20e6, "MHS 1m": 22.1e6, "MHS 5m": 22.4e6, "HS RT": 22.5e6}, 22.5),
        ({"MHS 5s": 20e6, "MHS 1m": 22.1e6, "MHS 5m": 22.4e6}, 22.4),
        ({"MHS 5s": 31e6, "MHS 1m": 22.1e6, "MHS 5m": "22400000.00"}, 22.4),
        ({"MHS 5s": 31e6}, 31),
    ],
)
def test_the_rate_of_five_minutes_counts_before_that_of_five_seconds(
    said: dict[str, Any], rate: float
) -> None:
    """This holds for boards and for the miner, so that their sums agree."""
    assert board_of(said).hash_rate == pytest.approx(rate)
    assert PERFORMANCE.read(said).hash_rate == pytest.approx(rate)


@pytest.mark.parametrize("key", ["Power Mode", "power_mode"])
def test_a_miner_with_a_limit_in_watts_has_a_mode_of_its_owner(key: str) -> None:
    answer = "summary" if key == "Power Mode" else "status"
    for said in ("User", "user", "USER"):
        assert settings_by(answer)({key: said}).power_mode == "custom"
