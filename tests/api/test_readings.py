"""The readings of each command in fixed units: from real answers, and rule by rule."""

from datetime import datetime
from typing import Any, override

import pytest

from custom_components.whatsminer.api.readings import (
    Board,
    Details,
    ErrorEntry,
    Generation,
    MinerInfo,
    PoolState,
    Psu,
    Status,
    Summary,
    Version,
    board,
    board_rows,
    error_list,
    pools,
    summary_errors,
    unread_errors,
)
from custom_components.whatsminer.api.wire import decode

from . import fixture

# Real answers


def test_the_summary_of_an_m60s_with_v3_firmware() -> None:
    """It has hash rates in MH/s, numbers as floats, and flags as text."""
    summary = decode(Summary, fixture("compat_m60s")["summary"]["Msg"])
    assert summary == Summary(
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
        power_mode="normal",
        environment_temperature=28.687,
        chip_temperature=69.33332824707031,
        chip_temperature_min=54.443180084228516,
        chip_temperature_max=84.19318389892578,
        frequency=358.30596923828125,
        fan_speed_in=3764,
        fan_speed_out=3735,
        fast_boot=False,
    )


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
    info = decode(MinerInfo, fixture("compat_m60s")["get_miner_info"]["Msg"])
    assert info.mac == "CE:0C:1D:00:2A:53"
    assert info.serial_number is None
    assert info.hostname == "WhatsMiner"
    assert info.led == "auto"
    assert info.upfreq_speed == 0


def test_a_booting_miner_knows_little_yet() -> None:
    """A value that is not measured yet is unknown, not zero."""
    summary = decode(Summary, fixture("v2_summary_booting")["SUMMARY"][0])
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
    ("firmware", "expected"),
    [
        ("20220919.15.rel", Status(mining_off=True, firmware="20220919.15.REL")),
        (
            "20230208.18.rel",
            Status(
                mining_off=False,
                firmware="20230208.18.Rel",
                power_mode="normal",
                target_frequency_percent=0,
            ),
        ),
        ("20230803.11.rel", Status(mining_off=False, firmware="20230803.11.REL")),
        (
            "20240924.14.rel",
            Status(
                mining_off=False,
                firmware="20240924.14.Rel",
                power_mode="normal",
                power_limit=3300,
                target_frequency_percent=0,
            ),
        ),
        (
            "20250214.16.1",
            Status(mining_off=False, firmware="20250214.16.1", power_limit=2147483647),
        ),
    ],
)
def test_the_status_of_five_firmwares(firmware: str, expected: Status) -> None:
    """They have little in common."""
    answer = fixture(f"status_{firmware}")
    assert decode(Status, answer["Msg"]) == expected


def test_the_status_of_the_newest_firmware() -> None:
    """It has numbers among the texts."""
    status = decode(
        Status,
        {
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
        },
    )
    assert status == Status(
        mining_off=True,
        off_reason="by whatsminer api",
        firmware="20260312.16.REL3",
        power_mode="high",
        power_limit=10030,
        power_percent=120,
        target_frequency_percent=-5,
        coolant_temperature=45.5,
    )


def test_the_supply_counts_in_small_units() -> None:
    """The units are mA and 10 mV, and all values are text."""
    psu = decode(
        Psu,
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
    assert psu.input_current == pytest.approx(15.12)
    assert psu.input_voltage == pytest.approx(224)
    assert psu.input_power == 3412
    assert psu.fan_speed == 6912
    assert psu.temperature == 31.5
    assert (psu.name, psu.model) == ("P221B", "P221B")


def test_a_pool_of_any_firmware() -> None:
    """The readings show whether it is in use, and its shares."""
    pool = decode(
        PoolState,
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
    assert pool == PoolState(
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
    ("kind", "key", "said", "name", "read"),
    [
        (Summary, "MHS 5s", 5e6, "hash_rate", 5),
        (Summary, "MHS av", 5e6, "hash_rate_average", 5),
        (Summary, "MHS 15m", 5e6, "hash_rate_15m", 5),
        (Summary, "Target MHS", 112e6, "target_hash_rate", 112),
        (Summary, "Target MHS", 0, "target_hash_rate", None),
        (Summary, "Hash Deviation%", -0.5, "hash_deviation", -0.5),
        (Summary, "Upfreq Complete", 1, "tuned", True),
        (Summary, "Accepted", "7", "accepted_shares", 7),
        (Summary, "Rejected", 7.0, "rejected_shares", 7),
        (Summary, "Pool Rejected%", 0.1, "pool_rejection", 0.1),
        (Summary, "Temperature", 70.5, "board_temperature", 70.5),
        (Summary, "Temperature", 0, "board_temperature", None),
        (Summary, "Env Temp", -3.5, "environment_temperature", -3.5),
        (Summary, "Chip Temp Min", 0, "chip_temperature_min", None),
        (Summary, "Chip Temp Max", 90, "chip_temperature_max", 90),
        (Summary, "Target Freq", 0, "target_frequency", None),
        (Summary, "Power Fanspeed", 6912, "psu_fan_speed", 6912),
        (Summary, "Btminer Fast Boot", "enable", "fast_boot", True),
        (Summary, "MAC", "C2:04:28:00:00:01", "mac", "C2:04:28:00:00:01"),
        (Summary, "CB Platform", "ALLWINNER_H3", "platform", "ALLWINNER_H3"),
        (Summary, "Liquid Cooling", False, "liquid_cooling", False),
        (Board, "MHS 1m", 5e6, "hash_rate", 5),
        (Board, "Temperature", "0.00", "temperature", None),
        (Board, "Chip Temp Avg", 80.5, "chip_temperature", 80.5),
        (Board, "Chip Temp Min", 60.5, "chip_temperature_min", 60.5),
        (Board, "Chip Temp Max", 0.0, "chip_temperature_max", None),
        (Board, "Accepted", 3, "accepted_shares", 3),
        (Board, "Rejected", 0, "rejected_shares", 0),
        (Board, "chip_vol_diff", 12, "voltage_difference", 12),
        (PoolState, "Work Difficulty", 262144, "difficulty", 262144),
        (PoolState, "Last Share Time", 0, "last_share", None),
        (Status, "btmineroff", "true", "mining_off", True),
        (Status, "mineroff_reason", "", "off_reason", None),
        (Status, "power_pct", "0", "power_percent", 0),
        (Version, "api_ver", "2.0.5", "api", "2.0.5"),
        (Version, "platform", "H616", "platform", "H616"),
        (Version, "miner_type", "M50_VH84", "model", "M50_VH84"),
        (MinerInfo, "ut_speed", "3", "upfreq_speed", 3),
        (MinerInfo, "minersn", "HTM1", "serial_number", "HTM1"),
        (Psu, "iin", "0", "input_current", None),
        (Psu, "temp0", "0.0", "temperature", None),
        (Psu, "fan_speed", "0", "fan_speed", 0),
        (Details, "Model", "M20SV10", "model", "M20SV10"),
    ],
)
def test_what_a_key_tells(
    kind: type[object], key: str, said: Any, name: str, read: object
) -> None:
    """Numbers are converted to fixed units, and other values are unknown."""
    expected = pytest.approx(read) if isinstance(read, float | int) else read
    assert getattr(decode(kind, {key: said}), name) == expected


# Number formats


@pytest.mark.parametrize(
    ("reported", "number"),
    [
        ("2.0.5", (2, 0)),
        ("'2.0.3'", (2, 0)),
        ("2.2.2", (2, 2)),
        ("2.10.1", (2, 10)),
        ("3.0.1", (3, 0)),
        ("whatsminer v1.4.0", (1, 4)),
        ("whatsminer v1.1", (1, 1)),
        ("20200917.22.REL", None),  # the date of a firmware
        ("whatsminer", None),
        ("", None),
        (None, None),
    ],
)
def test_the_number_of_an_api(
    reported: str | None, number: tuple[int, int] | None
) -> None:
    """It consists of the first two parts, at any place in the text."""
    assert decode(Version, {"api_ver": reported}).number == number


def test_numbers_may_be_text() -> None:
    """Some firmware writes all numbers as text."""
    summary = decode(
        Summary,
        {"Power": "3400", "HS RT": "100000000", "Elapsed": "12", "Hash Stable": "true"},
    )
    assert summary.power == 3400
    assert summary.hash_rate == pytest.approx(100)
    assert summary.elapsed == 12
    assert summary.hash_stable is True


@pytest.mark.parametrize("unknown", [-1, "-1", -1.0, "", "n/a"])
def test_a_power_of_minus_one_is_unknown(unknown: Any) -> None:
    """The power supply did not answer."""
    assert decode(Summary, {"Power": unknown}).power is None
    assert decode(Psu, {"pin": unknown}).input_power is None


@pytest.mark.parametrize("absurd", [2**32 - 1, "4294967295", 100_000, 1e300])
def test_a_power_that_no_miner_has_is_unknown(absurd: Any) -> None:
    """Minus one without a sign is an example, which would spoil an energy meter for ever."""
    assert decode(Summary, {"Power": absurd}).power is None
    assert decode(Psu, {"pin": absurd}).input_power is None


def test_a_power_below_100_kilowatts_is_a_reading() -> None:
    """The largest model takes a tenth of that."""
    assert decode(Summary, {"Power": "99999"}).power == 99_999
    assert decode(Psu, {"pin": 99_999}).input_power == 99_999


def test_a_power_of_zero_is_a_reading() -> None:
    assert decode(Summary, {"Power": 0}).power == 0


@pytest.mark.parametrize("unknown", [0, -0.003])
def test_a_factory_hash_rate_of_nothing_is_unknown(unknown: float) -> None:
    """The boards were not read yet."""
    assert decode(Summary, {"Factory GHS": unknown}).factory_hash_rate is None


def test_a_power_limit_of_zero_is_no_reading() -> None:
    """The miner recalibrates."""
    assert decode(Summary, {"Power Limit": 0}).power_limit is None


def test_the_firmware_of_v1_is_quoted() -> None:
    """The text has quotes of its own."""
    summary = decode(Summary, {"Firmware Version": "'20210322.22.REL'"})
    assert summary.firmware == "20210322.22.REL"


def test_where_there_is_no_current_rate_the_shortest_average_stands_in() -> None:
    """The order is HS RT, 5 s, 1 min."""
    rates = {"HS RT": 1e6, "MHS 5s": 2e6, "MHS 1m": 3e6}
    assert decode(Summary, rates).hash_rate == pytest.approx(1)
    del rates["HS RT"]
    assert decode(Summary, rates).hash_rate == pytest.approx(2)
    del rates["MHS 5s"]
    assert decode(Summary, rates).hash_rate == pytest.approx(3)


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


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ([], []),
        (None, []),
        ("", []),
        ([{"218": "2024-06-15 10:30:00"}, {"540": "x"}], ["218", "540"]),
        ([{"218": "x", "540": "y"}], ["218", "540"]),
        ({"329": "2022-01-17 11:28:11"}, ["329"]),
        (["218", "540"], ["218", "540"]),
        ([218], ["218"]),
        ("218", ["218"]),
        ([{"218": "x", "reason": "fan lost"}], ["218"]),
        ([True, "", None, [1], 2.5], []),
        ([{"": ""}, {" ": "x"}, {"218": "x", "": "y"}, " "], ["218"]),
        ({"": "2022-01-17 11:28:11"}, []),
    ],
)
def test_the_error_lists_of_all_firmware(value: Any, codes: list[str]) -> None:
    """They have objects, one object, plain codes, or nothing."""
    assert [entry.code for entry in error_list(value)] == codes


def test_an_error_knows_since_when() -> None:
    """The time is in the miner's own zone, which it does not report."""
    assert error_list([{"218": "2024-06-15 10:30:00"}]) == (
        ErrorEntry(code="218", since=datetime(2024, 6, 15, 10, 30)),
    )
    assert error_list([{"218": "a while"}]) == (ErrorEntry(code="218"),)


def test_an_error_may_tell_its_reason() -> None:
    """Firmware that speaks V3 sends its own text."""
    moment = datetime(2026, 3, 15, 10, 30)
    assert error_list([{"110": "2026-03-15 10:30:00", "reason": "Fanin lost"}]) == (
        ErrorEntry(code="110", since=moment, reason="Fanin lost"),
    )
    assert error_list([{"reason": "", "110": ""}]) == (ErrorEntry(code="110"),)
    assert error_list([{"reason": "nothing"}]) == ()


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


@pytest.mark.parametrize(
    "make",
    [
        lambda codes: list(codes),
        lambda codes: [{code: "x", "reason": "r"} for code in codes],
        lambda codes: dict.fromkeys(codes, "x"),
    ],
    ids=["codes", "objects", "object"],
)
def test_of_a_very_long_list_of_errors_the_rest_is_counted(make: Any) -> None:
    """Making a fault of each would take long."""
    listed = make([str(code) for code in range(16_000)])
    read = error_list(listed)
    assert len(read) == 1024
    assert len(read) + unread_errors(listed) == 16_000
    assert unread_errors(make(["218", "540"])) == 0
    assert unread_errors(None) == 0


def test_v1_lists_no_more_errors_than_are_read_either() -> None:
    """Its count and its codes come from the miner, too."""
    reading: dict[str, Any] = {
        f"Error Code {index}": index + 1 for index in range(9000)
    }
    assert len(summary_errors({"Error Code Count": 9000, **reading})) == 1024


@pytest.mark.parametrize("digits", ["5" * 300, "0" * 5000, "1" * 4301])
def test_a_version_that_is_no_version_is_not_known(digits: str) -> None:
    """Converting so many digits to a number is an error, or takes long."""
    assert Version(api=f"2.{digits}").number is None
    assert Version(api=f"2.0.{digits}").number == (2, 0)


def test_a_name_is_plain_text() -> None:
    """It becomes the title of an entry and the name of a device."""
    nasty = "<b>x\u202e\n![y](http://e.example)" * 100
    info = decode(MinerInfo, {"hostname": nasty, "minersn": nasty})
    version = decode(Version, {"miner_type": nasty, "fw_ver": nasty, "platform": nasty})
    for name in (
        info.hostname,
        info.serial_number,
        version.model,
        version.firmware,
        version.platform,
    ):
        assert name
        assert name.isprintable()
        assert len(name) <= 64
        assert not set(name) & set("<>[]*`:")


@pytest.mark.parametrize(
    ("kind", "key", "absurd", "sane"),
    [
        (Summary, "Elapsed", [-1, -1e12, 1e12], 0),
        (Summary, "Uptime", [-1, 1e10], 911),
        (Summary, "HS RT", [-1e6, 1e17], 0),
        (Summary, "MHS av", [-5, 1e16], 1e8),
        (Summary, "Accepted", [-5, 1e17, 2**60], 0),
        (Summary, "Temperature", [9e17, 301], 70),
        (Summary, "Env Temp", [-9e17, 1e9], -20),
        (Summary, "Fan Speed In", [-1, 1e9], 0),
        (Summary, "freq_avg", [-7, 1e9], 650),
        (Summary, "Pool Rejected%", [-1e9, 1e9], 0.1),
        (Summary, "Target MHS", [1e17], 1e8),
        (Status, "liquid_temp", [1e9], 40),
        (Psu, "fan_speed", [-1, 1e9], 7000),
        (Psu, "vin", [1e12], 22400),
        (PoolState, "Last Share Time", [-1, 1e17], 1_793_491_200),
        (Board, "Rejected", [-1], 3),
    ],
)
def test_what_nothing_can_have_is_no_reading(
    kind: type[Any], key: str, absurd: list[float], sane: float
) -> None:
    """Such a number would stay in the statistics, and no time can be calculated from it."""
    for value in absurd:
        assert decode(kind, {key: value}) == kind()
    assert decode(kind, {key: sane}) != kind()
