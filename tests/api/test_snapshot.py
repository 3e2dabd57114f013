"""What a snapshot concludes from the readings, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.whatsminer.api.faults import MOST_FAULTS, Severity
from custom_components.whatsminer.api.readings import (
    Board,
    Device,
    ErrorEntry,
    Performance,
    Pool,
    PowerSupply,
    ReportedSettings,
)
from custom_components.whatsminer.api.snapshot import Snapshot
from custom_components.whatsminer.api.v2 import fields
from custom_components.whatsminer.api.v2.generations import Generation
from simulator import Refused, SimulatedMiner
from tests import Altered, names_of

from . import Clock, Polls, fixture, reader_of

TAKEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
# The performance of a miner that hashes; where it is a leftover, none of it is true.
HASHING = Performance(
    elapsed=90,
    uptime=5000,
    hash_rate=90,
    target_hash_rate=112,
    factory_hash_rate=110,
    hash_stable=True,
    tuned=True,
    accepted_shares=9,
    rejected_shares=1,
    power=3400,
    power_limit=3600,
    board_temperature=70,
    psu_fan_speed=6900,
)
WORKING = Board(
    slot=1,
    alive=True,
    temperature=70,
    chip_temperature=80,
    frequency=500,
    hash_rate=30,
    accepted_shares=3,
    rejected_shares=1,
    effective_chips=117,
    voltage_difference=9,
    serial_number="PCB1",
)
USED = Pool(
    url="stratum+tcp://a:1", worker="w", status="alive", active=True, accepted_shares=7
)


def snapshot(
    *,
    mining: bool | None = True,
    power_mode: str | None = None,
    power_limit_set: float | None = None,
    model: str | None = None,
    **values: Any,
) -> Snapshot:
    """Return a snapshot of a mining miner with some of its fields filled in."""
    known: dict[str, Any] = {
        "generation": "v2",
        "settings": ReportedSettings(
            mining=mining, power_mode=power_mode, power_limit=power_limit_set
        ),
        "device": Device(model=model),
    }
    return Snapshot(taken=TAKEN, **known | values)


# States


def test_a_booting_miner_does_not_hash_yet() -> None:
    """A real answer: the miner is on, and values that are not measured are unknown."""
    performance = fields.PERFORMANCE.read(fixture("v2_summary_booting")["SUMMARY"][0])
    seen = snapshot(
        performance=performance, boards=(Board(slot=0, alive=False, effective_chips=0),)
    )
    assert seen.mining is True
    assert seen.hash_rate == 0
    assert seen.running is False
    assert seen.stable is False
    assert seen.efficiency is None
    assert seen.target_hash_rate == pytest.approx(184.229)
    assert seen.mining_since == TAKEN - timedelta(seconds=24)
    assert seen.board_temperature == 34.88
    assert seen.hashboards[0].alive is None
    assert seen.hashboards[0].hash_rate is None


@pytest.mark.parametrize("generation", Generation)
def test_without_its_process_a_miner_tells_nothing(generation: Generation) -> None:
    """It is unknown whether it hashes."""
    seen = snapshot(generation=generation)
    assert seen.hash_rate is None
    assert seen.running is None
    assert seen.stable is None
    assert seen.efficiency is None
    assert seen.target_hash_rate is None
    assert seen.mining_since is None
    assert seen.booted is None
    assert seen.board_temperature is None
    assert seen.psu_fan_speed is None
    assert seen.accepted_shares is None
    assert seen.rejected_shares is None
    assert seen.pool == Pool()
    assert seen.pool_connected is None
    assert seen.hashboards == {}
    assert seen.faults is None
    assert seen.power_mode is None
    assert seen.power_limit is None


# What it is


def test_what_a_miner_is_is_told_by_its_device() -> None:
    """A miner that reports no version of its API has one that is known."""
    device = Device(
        model="M60S_VK40", platform="H616", firmware="2026", api_known=False
    )
    seen = snapshot(device=device)
    assert (seen.model, seen.platform, seen.firmware) == ("M60S_VK40", "H616", "2026")
    assert not seen.api_known
    unknown = snapshot()
    assert (unknown.model, unknown.platform, unknown.firmware) == (None, None, None)
    assert unknown.api_known


def test_the_serial_numbers_of_the_boards_are_those_that_are_told() -> None:
    """Their number and order do not matter."""
    unknown = replace(WORKING, serial_number=None)
    other = replace(WORKING, serial_number="PCB2")
    assert snapshot().board_serials == frozenset()
    assert snapshot(boards=(unknown,)).board_serials == frozenset()
    assert snapshot(boards=(WORKING, unknown, other)).board_serials == {"PCB2", "PCB1"}


async def test_the_boards_outlive_their_control_board(
    any_miner: SimulatedMiner,
) -> None:
    """They identify the machine."""
    before = await reader_of(any_miner).poll()
    any_miner.replace_control_board("C2:04:28:00:00:01")
    after = await reader_of(any_miner).poll()
    assert len(before.board_serials) == 3
    assert after.board_serials == before.board_serials


# Hash rate and tuning


def test_a_stopped_miner_hashes_nothing_whatever_it_shows() -> None:
    """Some firmware keeps the last hash rate."""
    for stale in (True, False):
        stopped = snapshot(mining=False, stale=stale, performance=HASHING)
        assert stopped.hash_rate == 0
        assert stopped.rate(91) == 0
        assert stopped.rate(None) == 0
        assert stopped.running is False
        assert stopped.stable is False
        assert stopped.efficiency is None
        assert stopped.mining_since is None


def test_any_rate_counts_only_as_it_is_now() -> None:
    """This holds for averages and for boards, too."""
    assert snapshot().rate(91) == 91
    assert snapshot().rate(None) is None
    assert snapshot(mining=None).rate(91) == 91
    assert snapshot(stale=True).rate(91) is None
    assert snapshot(stale=True, mining=None).rate(91) is None


def test_a_stale_summary_tells_nothing_but_settings() -> None:
    """Its clock stands still, so its measurements are out of date."""
    stale = snapshot(stale=True, performance=HASHING, power_mode="low", pools=(USED,))
    assert stale.live == Performance()
    assert stale.hash_rate is None
    assert stale.running is None
    assert stale.stable is None
    assert stale.efficiency is None
    assert stale.target_hash_rate is None
    assert stale.mining_since is None
    assert stale.booted is None
    assert stale.board_temperature is None
    assert stale.psu_fan_speed is None
    assert stale.accepted_shares is None
    assert stale.rejected_shares is None
    assert stale.pool == Pool()
    assert stale.pool_connected is None
    assert stale.power_mode == "low"
    assert stale.power_limit == 3600


def test_what_is_unknown_stays_unknown() -> None:
    """The miner does not report whether it mines, and measures nothing."""
    unknown = snapshot(mining=None)
    assert unknown.hash_rate is None
    assert unknown.running is None
    assert unknown.stable is None
    assert unknown.efficiency is None
    assert unknown.mining_since is None


def test_a_miner_that_does_not_say_whether_it_mines_is_believed_what_it_measures() -> (
    None
):
    """Only the start of mining stays unknown."""
    silent = snapshot(mining=None, performance=HASHING)
    assert silent.hash_rate == 90
    assert silent.running is True
    assert silent.stable is True
    assert silent.mining_since is None


def test_a_miner_that_is_on_and_hashes_nothing_does_not_run() -> None:
    """It warms up, or waits for work."""
    assert snapshot(performance=Performance(hash_rate=0)).running is False
    assert snapshot(performance=Performance(hash_rate=0.001)).running is True


@pytest.mark.parametrize("tuned", [True, False, None])
def test_tuning_is_told_by_the_hash_rate_first(*, tuned: bool | None) -> None:
    """The frequency counts if the firmware does not report how stable the rate is."""
    assert snapshot(performance=Performance(tuned=tuned)).stable is tuned
    for stable in (True, False):
        performance = Performance(hash_stable=stable, tuned=tuned)
        assert snapshot(performance=performance).stable is stable


def test_the_target_is_that_of_the_factory_where_there_is_no_other() -> None:
    """V2.2 has no other."""
    assert snapshot(performance=HASHING).target_hash_rate == 112
    assert (
        snapshot(performance=Performance(factory_hash_rate=110)).target_hash_rate == 110
    )
    assert snapshot().target_hash_rate is None


def test_efficiency_is_power_per_hash_rate() -> None:
    """It is unknown if either of them is missing."""
    assert snapshot(performance=Performance(hash_rate=100, power=3400)).efficiency == 34
    assert snapshot(performance=Performance(hash_rate=100)).efficiency is None
    assert snapshot(performance=Performance(hash_rate=0, power=3400)).efficiency is None
    assert snapshot(performance=Performance(power=3400)).efficiency is None


def test_mining_began_as_long_ago_as_the_process_runs() -> None:
    """The time is by our own clock, because the miner's may be wrong."""
    assert snapshot(performance=HASHING).mining_since == TAKEN - timedelta(seconds=90)
    assert snapshot(performance=HASHING, mining=False).mining_since is None
    assert snapshot(performance=Performance(elapsed=0)).mining_since is None
    assert snapshot(performance=Performance(elapsed=1e300)).mining_since is None


def test_the_board_started_as_long_ago_as_it_is_up() -> None:
    """Mining makes no difference."""
    for mining in (True, False, None):
        seen = snapshot(performance=HASHING, mining=mining)
        assert seen.booted == TAKEN - timedelta(seconds=5000)
    assert snapshot(performance=Performance(uptime=0)).booted is None
    assert snapshot(performance=Performance(uptime=1e300)).booted is None
    assert snapshot(performance=HASHING, stale=True).booted is None


# Temperatures, fans, shares, pools


def test_the_temperature_of_the_boards_is_their_mean_where_no_other_is_told() -> None:
    """Boards without a temperature do not count."""
    boards = tuple(Board(temperature=value) for value in (60, None, 70))
    assert snapshot(boards=boards).board_temperature == 65
    assert snapshot(boards=boards, performance=HASHING).board_temperature == 70
    assert snapshot(boards=boards, mining=False).board_temperature == 65
    assert snapshot(boards=boards, stale=True).board_temperature is None
    assert snapshot(boards=(Board(),)).board_temperature is None
    assert snapshot().board_temperature is None


def test_the_fan_of_the_supply_is_told_by_the_supply_or_by_the_summary() -> None:
    """A speed of 0 counts as well."""
    assert snapshot(power_supply=PowerSupply(fan_speed=7000)).psu_fan_speed == 7000
    assert snapshot(performance=HASHING).psu_fan_speed == 6900
    assert (
        snapshot(
            performance=HASHING, power_supply=PowerSupply(fan_speed=7000)
        ).psu_fan_speed
        == 7000
    )
    assert snapshot(power_supply=PowerSupply(fan_speed=0)).psu_fan_speed == 0
    assert (
        snapshot(
            performance=HASHING, power_supply=PowerSupply(fan_speed=0)
        ).psu_fan_speed
        == 0
    )
    assert snapshot(performance=HASHING, stale=True).psu_fan_speed is None


def test_shares_are_counted_by_pool_where_nobody_else_counts_them() -> None:
    """The shares of all pools since the start of mining are added."""
    pools = (
        Pool(accepted_shares=7, rejected_shares=1),
        Pool(),
        Pool(accepted_shares=5, rejected_shares=0),
    )
    counted = snapshot(pools=pools)
    assert (counted.accepted_shares, counted.rejected_shares) == (12, 1)
    known = snapshot(pools=pools, performance=HASHING)
    assert (known.accepted_shares, known.rejected_shares) == (9, 1)
    none = snapshot(
        pools=pools, performance=Performance(accepted_shares=0, rejected_shares=0)
    )
    assert (none.accepted_shares, none.rejected_shares) == (0, 0)
    stale = snapshot(pools=pools, stale=True)
    assert (stale.accepted_shares, stale.rejected_shares) == (None, None)
    unknown = snapshot(pools=(Pool(),))
    assert (unknown.accepted_shares, unknown.rejected_shares) == (None, None)


def test_the_pool_is_the_one_that_is_mined_for() -> None:
    """It need not be the first in the list."""
    first = Pool(url="stratum+tcp://b:1", status="alive", active=False)
    second = Pool(url="stratum+tcp://c:1", status="alive")
    assert snapshot(pools=(first, second, USED)).pool == USED
    assert snapshot(pools=(first, second)).pool == Pool()
    assert snapshot(pools=(USED,), stale=True).pool == Pool()
    assert snapshot().pool == Pool()


@pytest.mark.parametrize(
    ("pools", "connected"),
    [
        ((), None),
        ((USED,), True),
        ((Pool(status="dead"), USED), True),
        ((replace(USED, status="dead"),), False),
        ((replace(USED, status=None),), False),
        ((replace(USED, active=False),), False),
        ((replace(USED, active=None),), False),
    ],
)
def test_a_pool_is_connected_that_is_alive_and_in_use(
    pools: tuple[Pool, ...], *, connected: bool | None
) -> None:
    """It is unknown without a list, or if the list is out of date. A miner that is off has none."""
    assert snapshot(pools=pools).pool_connected is connected
    assert snapshot(pools=pools, mining=False).pool_connected is False
    assert snapshot(pools=pools, mining=False, stale=True).pool_connected is False
    assert snapshot(pools=pools, stale=True).pool_connected is None


# Hashboards


def test_the_boards_are_known_by_their_slots() -> None:
    """A missing board has no entry, and neither has one without a slot."""
    boards = (replace(WORKING, slot=2), replace(WORKING, slot=0), Board(alive=True))
    seen = snapshot(performance=HASHING, boards=boards)
    assert list(seen.hashboards) == [2, 0]
    assert seen.hashboards[2] == boards[0]
    assert snapshot(performance=HASHING).hashboards == {}


@pytest.mark.parametrize(
    ("said", "chips", "alive"),
    [
        (True, 117, True),
        (True, 0, True),
        (True, None, True),
        (False, 117, False),
        (False, None, False),
        (None, 117, True),
        (None, 1, True),
        (None, 0, False),
        (None, None, None),
    ],
)
def test_a_board_is_alive_by_its_own_word_or_by_its_chips(
    *, said: bool | None, chips: int | None, alive: bool | None
) -> None:
    """V2.2 does not report it. It is unknown unless the miner is known to hash."""
    boards = (Board(slot=0, alive=said, effective_chips=chips),)
    assert snapshot(performance=HASHING, boards=boards).hashboards[0].alive is alive
    known: dict[str, Any] = {"performance": HASHING, "boards": boards}
    for values in (
        {"mining": False},
        {"stale": True},
        {"performance": Performance(hash_rate=0)},
        {"performance": Performance()},
    ):
        seen = snapshot(**known | values)
        assert seen.hashboards[0].alive is None


def test_the_boards_of_a_running_miner_are_as_they_say() -> None:
    assert snapshot(performance=HASHING, boards=(WORKING,)).hashboards == {1: WORKING}


def test_the_boards_of_a_stopped_miner_hash_nothing() -> None:
    """Some firmware keeps their last hash rate. Present measurements are kept."""
    seen = snapshot(mining=False, boards=(WORKING, Board(slot=2)))
    assert seen.hashboards == {
        1: replace(WORKING, alive=None, hash_rate=0),
        2: Board(slot=2, hash_rate=0),
    }


def test_the_boards_of_a_stale_answer_tell_only_who_they_are() -> None:
    """Their hash rate is 0 once mining is known to be off."""
    seen = snapshot(performance=HASHING, stale=True, boards=(WORKING,))
    assert seen.hashboards == {1: Board(slot=1, serial_number="PCB1")}
    off = replace(seen, settings=ReportedSettings(mining=False))
    assert off.hashboards == {1: Board(slot=1, hash_rate=0, serial_number="PCB1")}


# Settings and identity


def test_what_is_set_is_what_the_miner_reports_as_set() -> None:
    """It is known without a performance."""
    for mining in (True, False, None):
        assert snapshot(mining=mining).mining is mining
    assert snapshot(power_mode="high").power_mode == "high"
    assert snapshot().power_mode is None


@pytest.mark.parametrize(
    ("reported", "rate", "percent"),
    [
        (0, 110, 100),
        (0, 40, 0),
        (0, 0, 0),
        (0, None, 0),
        (60, 110, 60),
        (120, 130, 120),
        (None, 110, None),
    ],
)
def test_a_percent_of_zero_is_none_while_a_miner_hashes_in_full(
    reported: float | None, rate: float | None, percent: float | None
) -> None:
    """V2.2 firmware may report 0 after its percent was undone."""
    seen = Snapshot(
        taken=TAKEN,
        generation="v2.2",
        settings=ReportedSettings(mining=True, power_percent=reported),
        performance=Performance(hash_rate=rate, target_hash_rate=112),
    )
    assert seen.power_percent == percent


def test_the_limit_that_was_set_is_not_the_one_in_force() -> None:
    """Firmware may report either."""
    performance = Performance(power_limit=3600)
    assert snapshot(performance=performance).power_limit_set is None
    assert snapshot(power_limit_set=3300).power_limit_set == 3300
    both = snapshot(performance=performance, power_limit_set=3300)
    assert both.power_limit_set == 3300


def test_the_limit_is_what_was_asked_for_else_what_is_in_force() -> None:
    """Both are settings, which a stale answer has as well."""
    performance = Performance(power_limit=3600)
    assert snapshot(performance=performance, power_limit_set=3300).power_limit == 3300
    assert snapshot(performance=performance).power_limit == 3600
    assert snapshot(power_limit_set=3300).power_limit == 3300
    assert snapshot().power_limit is None
    stale = snapshot(performance=performance, stale=True)
    assert stale.power_limit == 3600


# Cooling


@pytest.mark.parametrize(
    "values",
    [
        {"device": Device(liquid_cooled=True)},
        {"coolant_temperature": 38.5},
        {"coolant_temperature": 0.0},
        {"power_supply": PowerSupply(name="P463B")},
        {"power_supply": PowerSupply(model="P564B")},
        {"model": "M63_VK30"},
        {"model": "M7BS_VM30"},
        {"model": "M53S++_VJ20"},
        {"model": "M33SVG30"},
        {"model": "M66_VK30"},
        {"model": "M56S_VH30"},
        {"model": "M36S+VE30"},
    ],
)
def test_liquid_cooling_is_known_by_what_belongs_to_it(values: dict[str, Any]) -> None:
    """The flag of V1, a coolant, the power supply or the model shows it."""
    assert snapshot(**values).liquid_cooled


@pytest.mark.parametrize("reported", [0, "0", 0.0, "0.00"])
def test_a_coolant_of_zero_degrees_is_no_coolant(reported: float | str) -> None:
    """Firmware of air-cooled miners has the key as well, without a measurement."""
    found = fields.STATE.values({"mineroff": "false", "liquid_temp": reported}).get(
        "coolant_temperature"
    )
    assert found is None
    assert not snapshot(coolant_temperature=found).liquid_cooled
    found = fields.STATE.values({"mineroff": "false", "liquid_temp": "38.5"}).get(
        "coolant_temperature"
    )
    assert snapshot(coolant_temperature=found).liquid_cooled


AIR_COOLED = "M20SV10 M21S M30S+_VE40 M30S++VH70 M31S+_VE20 M50_VH84 M60S_VK40"


@pytest.mark.parametrize("model", AIR_COOLED.split())
@pytest.mark.parametrize("fan", [0, 4500])
def test_an_air_cooled_miner_is_one_even_while_its_fans_stand_still(
    model: str, fan: int
) -> None:
    """A fan at 0 rpm may be broken, or may not have started yet."""
    fans = Performance(fan_speed_in=fan, fan_speed_out=fan)
    supply = PowerSupply(name="P221B", model="P221B", fan_speed=fan)
    for reported in (False, None):
        known = Device(model=model, liquid_cooled=reported)
        seen = snapshot(performance=fans, device=known, power_supply=supply)
        assert not seen.liquid_cooled
        unknown = Device(liquid_cooled=reported)
        assert not snapshot(performance=fans, device=unknown).liquid_cooled


# From poll to poll


async def test_polls_are_apart_by_the_steady_clock(any_polls: Polls) -> None:
    """Two snapshots with the same readings are equal all the same."""
    first = await any_polls.poll()
    second = await any_polls.poll()

    assert first.monotonic == any_polls.clock.now - 30
    assert second.monotonic == any_polls.clock.now
    assert replace(first, monotonic=second.monotonic) == first


@pytest.mark.parametrize("mining", [False, True])
@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_what_the_supply_took_before_mining_flipped_is_unknown(
    generation: str, clock: Clock, *, mining: bool
) -> None:
    """Anything may have caused the change; the next poll reads it again."""
    async with SimulatedMiner(generation=generation) as miner:
        polls = Polls(miner, clock)
        miner.state.mining = not mining
        for _ in range(2):
            before = await polls.poll()
        assert before.mining is not mining
        assert before.power_supply.input_power is not None

        miner.state.mining = mining
        seen = await polls.poll()
        assert seen.mining is mining
        assert seen.power_supply == replace(
            before.power_supply, input_current=None, input_power=None
        )

        after = await polls.poll()
        assert after.power_supply.input_current is not None
        assert after.power_supply.input_power == pytest.approx(
            miner.state.power, rel=0.1
        )


async def test_of_old_firmware_the_supply_is_read_in_its_turn(old_polls: Polls) -> None:
    """The third connection first shows whether V1 mines."""
    for _ in range(2):
        assert (await old_polls.poll()).mining is True
    old_polls.miner.state.mining = False
    seen = len(old_polls.miner.requests)
    snapshots = [await old_polls.poll() for _ in range(4)]

    assert snapshots[-1].mining is False
    assert "get_psu" not in names_of(old_polls.miner.requests[seen:])


async def test_what_the_supply_took_while_mining_flipped_is_read_once_more(
    polls: Polls,
) -> None:
    """The miner answers before it stops, so the first reading may be too early."""
    await polls.poll()
    polls.reader.expect("get_psu")  # as a power_off does
    polls.miner.state.mining = False
    polls.miner.misbehave("get_psu", Altered('"iin"', '"iin":"9000","x"'))
    snapshot = await polls.poll()
    assert snapshot.mining is False
    assert snapshot.power_supply.input_current == 9

    polls.miner.behave("get_psu")
    snapshot = [await polls.poll() for _ in range(2)][-1]
    assert snapshot.power_supply.input_current == pytest.approx(0.06, abs=0.02)


async def test_what_the_supply_took_stays_unknown_until_it_tells(polls: Polls) -> None:
    """Its voltage does not depend on mining."""
    assert (await polls.poll()).power_supply.input_current is not None
    polls.miner.misbehave("get_psu", Refused(14))
    polls.miner.state.mining = False
    for _ in range(10):
        snapshot = await polls.poll()
        assert snapshot.power_supply.input_current is None
        assert snapshot.power_supply.input_voltage is not None

    polls.miner.behave("get_psu")
    snapshots = [await polls.poll() for _ in range(12)]
    assert snapshots[-1].power_supply.input_power is not None


async def test_a_status_that_is_refused_is_no_flip(polls: Polls) -> None:
    """It is unknown whether it mines, and then it goes on as before."""
    before = await polls.poll()
    polls.miner.misbehave("status", Refused(14))
    assert (await polls.poll()).power_supply == before.power_supply
    polls.miner.behave("status")
    assert (await polls.poll()).power_supply == before.power_supply


# Many faults


def test_of_many_faults_the_worst_are_known_and_all_are_counted() -> None:
    """Each makes an event and a line in the logbook."""
    minor = [ErrorEntry(code=code) for code in ("203", "204", "205", "206")]
    unknown = [ErrorEntry(code=f"x{number}") for number in range(50)]
    seen = snapshot(errors=(*minor, *unknown), unread_errors=7)
    assert seen.faults is not None
    assert len(seen.faults) == MOST_FAULTS == 32
    assert all(fault.severity is Severity.FAULT for fault in seen.faults)
    assert seen.fault_count == 61


def test_a_few_faults_stay_in_the_order_of_the_miner() -> None:
    """Each code occurs once."""
    codes = ["218", "540", "218", "110"]
    seen = snapshot(errors=tuple(ErrorEntry(code=code) for code in codes))
    assert seen.faults is not None
    assert [fault.code for fault in seen.faults] == ["218", "540", "110"]
    assert seen.fault_count == 3


def test_nobody_knows_how_many_faults_there_are_before_the_miner_has_told() -> None:
    """The number is None, not 0."""
    assert snapshot(errors=None).fault_count is None
    assert snapshot(errors=()).fault_count == 0
