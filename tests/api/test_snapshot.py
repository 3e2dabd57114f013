"""What a poll says, in fixed units: from real captures, and rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, override

import pytest

from custom_components.whatsminer.api.snapshot import (
    Board,
    Details,
    ErrorEntry,
    Generation,
    MinerInfo,
    PoolState,
    Psu,
    Snapshot,
    Status,
    Summary,
    Version,
    board,
    error_list,
    summary_errors,
)
from custom_components.whatsminer.api.wire import decode

from . import fixture

TAKEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def snapshot(**values: Any) -> Snapshot:
    """Return a snapshot of a mining miner with some of it filled in."""
    known: dict[str, Any] = {"mining": True, "generation": Generation.V2}
    return Snapshot(taken=TAKEN, **known | values)


# Real answers


def test_the_summary_of_an_m60s_with_v3_firmware() -> None:
    """Hash rates in MH/s, numbers as floats, flags as text."""
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
        hash_stable_seconds=0,
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
        debug="37.7 3.0/0.5 3.0/0.2 3.0/0.5",
    )


def test_the_boards_of_an_m60s_with_v3_firmware() -> None:
    """Hash rates in TH/s, under the keys that say MH/s."""
    rows = fixture("compat_m60s")["edevs"]["DEVS"]
    boards = [board(row, Generation.COMPAT) for row in rows]
    assert [b.hash_rate for b in boards] == pytest.approx([45.61, 50.13, 44.8])
    assert [b.hash_rate_average for b in boards] == pytest.approx([37.9, 38.17, 35.27])
    assert [b.hash_rate_1m for b in boards] == pytest.approx([45.61, 50.13, 44.8])
    assert [b.hash_rate_15m for b in boards] == pytest.approx([37.9, 38.17, 35.27])
    assert [b.factory_hash_rate for b in boards] == pytest.approx(
        [56.792, 52.13, 56.926]
    )
    assert sum(b.hash_rate or 0 for b in boards) == pytest.approx(140.54, abs=0.01)
    assert replace(
        boards[0],
        hash_rate=None,
        hash_rate_1m=None,
        hash_rate_15m=None,
        hash_rate_average=None,
        factory_hash_rate=None,
    ) == Board(
        slot=0,
        temperature=73.88,
        frequency=362,
        tuned=False,
        effective_chips=215,
        serial_number="SKM3CSD7104715KA1227",
        chip="H37A02-24050704BINVE5-197802C",
    )


def test_the_identity_of_an_m60s_with_v3_firmware() -> None:
    """It does not know its own serial number."""
    info = decode(MinerInfo, fixture("compat_m60s")["get_miner_info"]["Msg"])
    assert info.mac == "CE:0C:1D:00:2A:53"
    assert info.serial_number is None
    assert info.psu_serial_number == "12245104509"
    assert info.hostname == "WhatsMiner"
    assert info.led == "auto"
    assert info.upfreq_speed == 0


def test_a_booting_miner_knows_little_yet() -> None:
    """What is not measured yet is unknown and not zero degrees."""
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
    assert snapshot(summary=summary).efficiency is None


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
    """They agree on little."""
    answer = fixture(f"status_{firmware}")
    assert decode(Status, answer["Msg"]) == expected


def test_the_status_of_the_newest_firmware() -> None:
    """Numbers among the text."""
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
        off_since=datetime(2026, 11, 20, 8, 15, 30),
        firmware="20260312.16.REL3",
        power_mode="high",
        power_limit=10030,
        power_percent=120,
        target_frequency_percent=-5,
        coolant_temperature=45.5,
        fast_mining=False,
        fast_hash=False,
    )


def test_the_supply_counts_in_small_units() -> None:
    """Milliamperes and 10 mV, all of it text."""
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
    assert psu.vendor == "7"
    assert psu.enabled is True


def test_a_pool_of_any_firmware() -> None:
    """Whether it is the one in use, and how much it rejects."""
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
        index=1,
        url="stratum+tcp://a:3333",
        worker="w.1",
        status="alive",
        priority=0,
        active=True,
        difficulty=262144,
        accepted_shares=7,
        rejected_shares=1,
        stale_shares=0,
        rejection=12.5,
        last_share=1700000000,
    )


# Number formats


def test_numbers_may_be_text() -> None:
    """As some firmware writes all of them."""
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


def test_a_power_of_zero_is_a_reading() -> None:
    """Unlike minus one."""
    assert decode(Summary, {"Power": 0}).power == 0


@pytest.mark.parametrize("unknown", [0, -0.003])
def test_a_factory_hash_rate_of_nothing_is_unknown(unknown: float) -> None:
    """The boards were not read yet."""
    assert decode(Summary, {"Factory GHS": unknown}).factory_hash_rate is None
    assert board({"Factory GHS": unknown}, Generation.COMPAT).factory_hash_rate is None


def test_a_power_limit_of_zero_is_no_reading() -> None:
    """The miner recalibrates."""
    assert decode(Summary, {"Power Limit": 0}).power_limit is None


def test_the_firmware_of_v1_is_quoted() -> None:
    """Inside its own quotes."""
    summary = decode(Summary, {"Firmware Version": "'20210322.22.REL'"})
    assert summary.firmware == "20210322.22.REL"


def test_where_there_is_no_current_rate_the_shortest_average_stands_in() -> None:
    """HS RT, else 5 s, else 1 min."""
    rates = {"HS RT": 1e6, "MHS 5s": 2e6, "MHS 1m": 3e6}
    assert decode(Summary, rates).hash_rate == pytest.approx(1)
    del rates["HS RT"]
    assert decode(Summary, rates).hash_rate == pytest.approx(2)
    del rates["MHS 5s"]
    assert decode(Summary, rates).hash_rate == pytest.approx(3)


# Boards


@pytest.mark.parametrize("generation", [Generation.V1, Generation.V2])
def test_boards_of_older_firmware_count_in_megahash(generation: Generation) -> None:
    """However little it is."""
    row: dict[str, Any] = {"ASC": 1, "Slot": 1, "HS RT": 33e6, "MHS av": "1200"}
    assert board(row, generation).hash_rate == pytest.approx(33)
    assert board(row, generation).hash_rate_average == pytest.approx(0.0012)


def test_a_rate_that_no_board_has_in_terahash_is_in_megahash() -> None:
    """Should firmware mend its units one day."""
    row: dict[str, Any] = {"Slot": 0, "HS RT": 170_620_000, "MHS av": 170.62}
    assert board(row, Generation.COMPAT).hash_rate == pytest.approx(170.62)
    assert board(row, Generation.COMPAT).hash_rate_average == pytest.approx(170.62)


def test_a_classic_board_of_newer_firmware_counts_in_megahash() -> None:
    """It is told by the key that the newer list dropped."""
    assert board(
        {"ASC": 0, "HS RT": 5000}, Generation.COMPAT
    ).hash_rate == pytest.approx(0.005)


def test_a_rate_that_is_no_number_is_unknown() -> None:
    """In any unit."""
    assert board({"Slot": 0, "HS RT": "n/a"}, Generation.COMPAT).hash_rate is None


def test_a_board_is_known_by_its_slot() -> None:
    """And by its place in the list where there is none."""
    assert board({"Slot": 2, "ASC": 1}, Generation.V2).slot == 2
    assert board({"ASC": 1}, Generation.V2).slot == 1


@pytest.mark.parametrize(
    ("status", "alive"), [("Alive", True), ("Initialising", False), ("Dead", False)]
)
def test_a_board_is_alive_or_not(status: str, *, alive: bool) -> None:
    """Where the firmware tells at all."""
    assert board({"Status": status}, Generation.V2).alive is alive
    assert board({"Slot": 0}, Generation.COMPAT).alive is None


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
    ],
)
def test_the_error_lists_of_all_firmware(value: Any, codes: list[str]) -> None:
    """Objects, one object, plain codes, or nothing."""
    assert [entry.code for entry in error_list(value)] == codes


def test_an_error_knows_since_when() -> None:
    """In the miner's own zone, which it does not name."""
    assert error_list([{"218": "2024-06-15 10:30:00"}]) == (
        ErrorEntry(code="218", since=datetime(2024, 6, 15, 10, 30)),
    )
    assert error_list([{"218": "a while"}]) == (ErrorEntry(code="218"),)


def test_the_errors_of_v1_are_in_its_summary() -> None:
    """As many as the count says, and none that is zero."""
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
    """A reading that must not be looked at too often."""

    looks = 0

    @override
    def get(self, key: str, default: Any = None) -> Any:
        """Look at one key."""
        self.looks += 1
        assert self.looks < 1000
        return super().get(key, default)


def test_an_absurd_count_of_errors_does_no_harm() -> None:
    """It comes from outside: counting that far would take all time and memory."""
    reading = Bounded({"Error Code Count": 10**12, "Error Code 0": 218})
    assert summary_errors(reading) == (ErrorEntry(code="218"),)


# What a snapshot makes of it


def test_a_stopped_miner_hashes_nothing_whatever_it_shows() -> None:
    """Some firmware keeps the last rate."""
    stopped = snapshot(
        mining=False, stale=True, summary=Summary(hash_rate=90, hash_rate_average=91)
    )
    assert stopped.hash_rate == 0
    assert stopped.hash_rate_average == 0
    assert snapshot(mining=False).hash_rate == 0


def test_a_stale_summary_tells_nothing_but_settings() -> None:
    """Its clock stands still: what it measured is over."""
    stale = snapshot(
        stale=True,
        summary=Summary(hash_rate=90, power=3400, elapsed=50, power_mode="low"),
    )
    assert stale.live == Summary()
    assert stale.hash_rate is None
    assert stale.hash_rate_average is None
    assert stale.live.power is None
    assert stale.efficiency is None
    assert stale.mining_since is None
    assert stale.power_mode == "low"


def test_what_is_unknown_stays_unknown() -> None:
    """A miner that does not say whether it mines, and measures nothing."""
    unknown = snapshot(mining=None)
    assert unknown.hash_rate is None
    assert unknown.efficiency is None
    assert unknown.mining_since is None


def test_efficiency_is_power_per_hash_rate() -> None:
    """And unknown while there is none of either."""
    assert snapshot(summary=Summary(hash_rate=100, power=3400)).efficiency == 34
    assert snapshot(summary=Summary(hash_rate=100)).efficiency is None
    assert snapshot(summary=Summary(hash_rate=0, power=3400)).efficiency is None
    stopped = snapshot(mining=False, summary=Summary(hash_rate=100, power=3400))
    assert stopped.efficiency is None


def test_mining_began_as_long_ago_as_the_process_runs() -> None:
    """By our own clock: the miner's may be wrong."""
    summary = Summary(elapsed=90, uptime=5000)
    assert snapshot(summary=summary).mining_since == TAKEN - timedelta(seconds=90)
    assert snapshot(summary=summary, mining=False).mining_since is None
    assert snapshot(summary=Summary(elapsed=0)).mining_since is None
    assert snapshot(summary=Summary(elapsed=1e300)).mining_since is None


def test_the_power_mode_is_said_in_two_places() -> None:
    """Either may be empty."""
    summary, status = Summary(power_mode="high"), Status(power_mode="low")
    assert snapshot(summary=summary, status=status).power_mode == "high"
    assert snapshot(status=status).power_mode == "low"
    assert snapshot().power_mode is None


def test_the_limit_that_was_set_is_not_the_one_in_force() -> None:
    """And a number that fills its type means that none was set."""
    summary = Summary(power_limit=3600)
    assert snapshot(summary=summary).power_limit_set is None
    assert snapshot(status=Status(power_limit=3300)).power_limit_set == 3300
    assert snapshot(status=Status(power_limit=2147483647)).power_limit_set is None


def test_where_the_identity_comes_from() -> None:
    """The newer place first."""
    old = snapshot(
        summary=Summary(firmware="2021", platform="H3"),
        details=Details(model="M20SV10"),
    )
    assert (old.model, old.platform, old.firmware) == ("M20SV10", "H3", "2021")
    new = replace(
        old,
        status=Status(firmware="2023"),
        version=Version(model="M60S_VK40", platform="H616"),
    )
    assert (new.model, new.platform, new.firmware) == ("M60S_VK40", "H616", "2023")
    assert replace(new, version=Version(firmware="2026")).firmware == "2026"


# Cooling


@pytest.mark.parametrize(
    "values",
    [
        {"summary": Summary(liquid_cooling=True)},
        {"status": Status(coolant_temperature=38.5)},
        {"status": Status(coolant_temperature=0.0)},
        {"psu": Psu(name="P463B")},
        {"psu": Psu(model="P564B")},
        {"version": Version(model="M63_VK30")},
        {"version": Version(model="M7BS_VM30")},
        {"version": Version(model="M53S++_VJ20")},
        {"details": Details(model="M33SVG30")},
        {"details": Details(model="M66_VK30")},
        {"details": Details(model="M56S_VH30")},
        {"details": Details(model="M36S+VE30")},
    ],
)
def test_liquid_cooling_is_known_by_what_belongs_to_it(values: dict[str, Any]) -> None:
    """The flag of V1, a coolant, the supply, or the model."""
    assert snapshot(**values).liquid_cooled


@pytest.mark.parametrize("told", [0, "0", 0.0, "0.00"])
def test_a_coolant_of_zero_degrees_is_no_coolant(told: float | str) -> None:
    """Firmware of air-cooled miners has the key as well, and nothing to measure."""
    status = decode(Status, {"mineroff": "false", "liquid_temp": told})
    assert status.coolant_temperature is None
    assert not snapshot(status=status).liquid_cooled
    status = decode(Status, {"mineroff": "false", "liquid_temp": "38.5"})
    assert snapshot(status=status).liquid_cooled


@pytest.mark.parametrize(
    "model",
    [
        "M20SV10",
        "M21S",
        "M30S+_VE40",
        "M30S++VH70",
        "M31S+_VE20",
        "M50_VH84",
        "M60S_VK40",
    ],
)
@pytest.mark.parametrize("fan", [0, 4500])
def test_an_air_cooled_miner_is_one_even_while_its_fans_stand_still(
    model: str, fan: int
) -> None:
    """A fan at 0 rpm may be broken, or not have started yet."""
    summary = Summary(fan_speed_in=fan, fan_speed_out=fan, liquid_cooling=False)
    details, psu = Details(model=model), Psu(name="P221B", model="P221B", fan_speed=fan)
    assert not snapshot(summary=summary, details=details, psu=psu).liquid_cooled
    assert not snapshot(summary=summary).liquid_cooled
