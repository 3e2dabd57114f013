"""Consecutive polls: the requests, the readings that are used, and the miner they are from."""

import asyncio
from typing import Any

import pytest

from custom_components.whatsminer.api import Miner
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MacNotReportedError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    WhatsminerError,
    WrongMinerError,
)
from custom_components.whatsminer.api.readings import Performance
from custom_components.whatsminer.api.v2 import fields
from custom_components.whatsminer.api.v2.generations import Generation
from simulator import (
    GARBAGE,
    Closed,
    Misbehaviour,
    Quirk,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)
from tests import JOINED, PROCESS_DOWN, Altered, Held
from tests.api import (
    ANOTHER_MAC,
    CUT,
    HOST,
    SINGLY,
    STEADY,
    CannedMiner,
    Clock,
    Polls,
    codes_of,
    fixture,
    generation_of,
    introduce,
    message,
    reader_of,
    table,
)

# How much is asked


async def test_a_steady_poll_takes_three_connections_one_after_the_other(
    any_polls: Polls,
) -> None:
    """The control board copes with one at a time."""
    await any_polls.poll()
    assert any_polls.asked
    for _ in range(5):
        await any_polls.poll()
        assert any_polls.asked == STEADY[any_polls.miner.generation]
    assert any_polls.miner.peak_connections == 1


async def test_the_first_poll_reads_everything_once(any_polls: Polls) -> None:
    """It reads the MAC address and the slow commands, too."""
    await any_polls.poll()
    asked = any_polls.asked
    assert len(asked) == len(set(asked))
    needed = {
        "get_version",
        "devdetails",
        "get_psu",
        "get_miner_info",
        JOINED,
        "status",
    }
    if any_polls.miner.generation != "v1":  # which reports them in its summary
        needed |= {"get_error_code"}
    assert set(asked) == needed


async def test_a_miner_that_was_reached_is_not_asked_again_what_it_answered(
    any_polls: Polls,
) -> None:
    """The requests, their order and the answers are those of a first poll alone."""
    alone = reader_of(any_polls.miner)
    expected = await alone.poll()
    questions = any_polls.asked

    await any_polls.reader.reach()
    assert any_polls.asked == questions[:1]
    snapshot = await any_polls.poll(after=0)
    assert any_polls.asked == questions[1:]
    assert snapshot.device == expected.device
    assert snapshot.generation == expected.generation


async def test_a_miner_that_is_known_is_not_asked_to_be_reached(
    any_polls: Polls,
) -> None:
    """Its next poll begins with another request."""
    await any_polls.poll()
    assert any_polls.asked
    await any_polls.reader.reach()
    assert any_polls.asked == []


async def test_whoever_is_reached_again_answers_for_itself(polls: Polls) -> None:
    """Another miner may have taken its place."""
    await polls.reader.reach()
    polls.miner.firmware_version = "20261101.01.Rel"
    await polls.reader.reach()
    assert (await polls.poll()).firmware == "20261101.01.Rel"


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Closed(), CannotConnectError),
        (CUT, MalformedReplyError),
        (GARBAGE, NotAMinerError),
        (Raw(b"{}"), NotAMinerError),
        (PROCESS_DOWN, MiningProcessDownError),
    ],
)
async def test_who_is_not_reached_is_asked_by_the_next_poll(
    polls: Polls, how: Misbehaviour, error: type[WhatsminerError]
) -> None:
    """The error is that of a first poll."""
    polls.miner.misbehave("get_version", how)
    for attempt in (polls.reader.reach, polls.reader.poll):
        with pytest.raises(error):
            await attempt()
    polls.miner.behave()
    assert (await polls.poll()).firmware == polls.miner.firmware_version


async def test_the_oldest_firmware_is_reached_by_its_refusal(
    old_polls: Polls,
) -> None:
    """It does not know the command."""
    old_polls.miner.misbehave("get_version", Refused(14))
    await old_polls.reader.reach()
    assert (await old_polls.poll()).generation is Generation.V1
    assert old_polls.asked.count("get_version") == 1


async def test_of_another_miner_no_more_is_asked_than_who_it_is(polls: Polls) -> None:
    """Only a poll asks for that."""
    reader = reader_of(polls.miner, ANOTHER_MAC.lower())
    with pytest.raises(WrongMinerError):
        await reader.poll()
    assert polls.asked
    await reader.reach()
    assert polls.asked == []


# What comes of it


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_three_generations_tell_the_same_in_the_same_units(
    generation: str,
) -> None:
    """The simulated machine is the same, but its answers differ."""
    async with SimulatedMiner(generation=generation, model="M50", seed="same") as miner:
        snapshot = await reader_of(miner).poll()
        state = miner.state.telemetry()
    assert snapshot.generation is generation_of(generation)
    assert snapshot.mining is True
    assert not snapshot.stale
    summary = snapshot.performance
    assert snapshot.hash_rate == pytest.approx(state.hash_rate, rel=1e-6)
    assert snapshot.hash_rate == pytest.approx(118, rel=0.05)
    assert summary.hash_rate_average == pytest.approx(state.hash_average, rel=1e-6)
    assert summary.hash_rate_1m == pytest.approx(state.hash_1m, rel=1e-6)
    assert summary.hash_rate_15m == pytest.approx(state.hash_15m, rel=1e-6)
    assert summary.factory_hash_rate == pytest.approx(118)
    assert summary.power == pytest.approx(state.power, abs=0.5)
    assert summary.power_limit == 3600
    assert snapshot.power_mode == "normal"
    assert snapshot.efficiency == pytest.approx(28, abs=1)
    assert summary.elapsed == pytest.approx(86_400, abs=1)
    assert summary.uptime == pytest.approx(state.uptime, abs=1)
    assert summary.frequency == pytest.approx(state.frequency, abs=0.5)
    assert summary.fan_speed_in == pytest.approx(state.fan_in, abs=0.5)
    assert summary.fan_speed_out == pytest.approx(state.fan_out, abs=0.5)
    assert summary.chip_temperature == pytest.approx(state.chip_avg, abs=0.01)
    assert summary.chip_temperature_max == pytest.approx(state.chip_max, abs=0.01)
    assert summary.hash_stable is True
    if generation == "v1":
        assert summary.environment_temperature is None
        assert snapshot.device.liquid_cooled is False
    else:
        assert summary.environment_temperature == pytest.approx(
            state.environment, abs=0.01
        )
    assert len(snapshot.boards) == 3
    for board, reading in zip(snapshot.boards, state.boards, strict=True):
        assert board.slot == reading.slot
        assert board.hash_rate == pytest.approx(reading.hash_rate, abs=0.01)
        assert board.temperature == pytest.approx(reading.temperature, abs=0.01)
        assert board.frequency == pytest.approx(reading.frequency, abs=0.5)
        assert board.effective_chips == 117
        assert board.serial_number == reading.serial
    pool = snapshot.pools[0]
    assert pool.url == "stratum+tcp://btc.pool.example:3333"
    assert pool.worker == "simulated.001"
    assert (pool.status, pool.active) == ("alive", True)
    assert pool.accepted_shares == state.accepted
    assert pool.last_share == int(state.last_share)


async def test_who_the_miner_is(any_polls: Polls) -> None:
    """Its identity is in different answers."""
    snapshot = await any_polls.poll()
    miner = any_polls.miner
    assert any_polls.identity.mac == miner.mac.lower()
    assert snapshot.firmware == miner.firmware_version
    assert (snapshot.model or "").replace("_", "") == "M50VH84"
    assert snapshot.power_supply.model == "P221C"
    assert not snapshot.liquid_cooled
    assert snapshot.platform in ("ALLWINNER_H3", "H616")
    assert snapshot.device.serial_number == (
        miner.serial if miner.generation == "v2" else None
    )


async def test_faults_are_listed(any_polls: Polls) -> None:
    """V1 has them in its summary, without a time."""
    any_polls.miner.state.faults = {
        111: "2026-11-20 08:00:00",
        541: "2026-11-20 09:00:00",
    }
    snapshot = await any_polls.poll()
    assert codes_of(snapshot) == ["111", "541"]
    assert all(
        (error.since is None) == (any_polls.miner.generation == "v1")
        for error in snapshot.errors or ()
    )
    any_polls.miner.state.faults = {}
    assert (await any_polls.poll()).errors == ()


async def test_faults_of_v1_are_unknown_without_its_summary(old_polls: Polls) -> None:
    """V1 reports them there."""
    old_polls.miner.misbehave(JOINED, PROCESS_DOWN)
    assert (await old_polls.poll()).errors is None
    old_polls.miner.behave()
    assert (await old_polls.poll()).errors == ()


@pytest.mark.parametrize("quirk", Quirk)
async def test_a_firmware_with_a_quirk_is_read_all_the_same(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, quirk: Quirk
) -> None:
    """Each of these was seen."""
    monkeypatch.setattr(
        "custom_components.whatsminer.api.v2.exchange._CLOSE_GRACE", 0.01
    )
    async with SimulatedMiner(quirks={quirk}) as miner:
        miner.state.faults = {111: "2026-11-20 08:00:00", 541: "2026-11-20 09:00:00"}
        polls = Polls(miner, clock)
        await polls.poll()
        snapshot = await polls.poll()
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
    assert codes_of(snapshot) == ["111", "541"]
    assert snapshot.power_supply.temperature
    assert snapshot.device.hostname == "WhatsMiner"


async def test_a_booting_miner_is_available_and_knows_little(
    canned: CannedMiner,
) -> None:
    """The answer is a real one."""
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V2
    assert snapshot.mining is True
    assert snapshot.hash_rate == 0
    assert snapshot.efficiency is None
    assert snapshot.performance.power == 262
    assert snapshot.performance.chip_temperature is None
    assert snapshot.boards == ()
    assert snapshot.errors == ()
    assert snapshot.power_limit_set == 3300


@pytest.mark.parametrize("known", [True, False], ids=["known", "first-poll"])
async def test_a_booting_miner_without_its_process_is_available_with_unknown_values(
    polls: Polls, *, known: bool
) -> None:
    """The control board reports what it knows by itself."""
    if known:
        await polls.poll()
    polls.miner.misbehave(JOINED, PROCESS_DOWN)
    polls.miner.misbehave("devdetails", PROCESS_DOWN)
    snapshot = await polls.poll()
    assert snapshot.performance == Performance()
    assert snapshot.boards == ()
    assert snapshot.pools == ()
    assert snapshot.hash_rate is None
    assert snapshot.live.power is None
    assert snapshot.mining is True
    polls.miner.behave()
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)


async def test_a_miner_that_refuses_all_live_readings_is_available(
    polls: Polls,
) -> None:
    """Some firmware refuses them while its process is down."""
    await polls.poll()
    for command in (JOINED, *SINGLY, "devs"):
        polls.miner.misbehave(command, Refused(132))
    snapshot = await polls.poll()
    assert snapshot.performance == Performance()
    assert snapshot.mining is True
    polls.miner.behave()
    assert (await polls.poll()).performance.power
    assert JOINED in polls.asked


async def test_a_status_that_is_refused_leaves_open_what_only_it_tells(
    polls: Polls,
) -> None:
    """Everything else is read as usual."""
    polls.miner.misbehave("status", Refused(14))
    snapshot = await polls.poll()
    assert snapshot.mining is True  # it hashes
    assert snapshot.settings.power_limit is None
    assert snapshot.stop_reason is None
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)


async def test_a_long_error_list_that_is_cut_keeps_what_is_whole(polls: Polls) -> None:
    """The miner's buffer was too small."""
    polls.miner.state.faults = dict.fromkeys(range(100, 400), "2026-11-20 08:00:00")
    polls.miner.misbehave("get_error_code", Truncated(1000))
    errors = (await polls.poll()).errors or ()
    assert 15 < len(errors) < 40
    assert errors[0].code == "100"
    assert errors[0].since is not None


async def test_a_poll_without_an_answer_fails(polls: Polls) -> None:
    await polls.poll()
    await polls.miner.disconnect()
    with pytest.raises(CannotConnectError):
        await polls.poll()
    polls.miner.reconnect()
    assert (await polls.poll()).mining is True


@pytest.mark.parametrize("command", [JOINED, "status"])
async def test_a_poll_that_loses_the_miner_half_way_fails(
    polls: Polls, command: str
) -> None:
    """Half a snapshot is not used."""
    await polls.poll()
    polls.miner.misbehave(command, Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await polls.poll()
    assert (await polls.poll()).mining is True
    assert polls.asked.count(JOINED) == 3


# Stopped, stale, or frozen


async def test_a_stopped_miner_says_so_and_hashes_nothing(any_polls: Polls) -> None:
    """It takes two polls at most, on any firmware."""
    assert (await any_polls.poll()).mining is True
    any_polls.clock.now += 10
    any_polls.miner.advance(10)
    any_polls.miner.state.mining = False
    await any_polls.poll(after=20)
    snapshot = await any_polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.efficiency is None
    any_polls.miner.state.mining = True
    assert (await any_polls.poll()).mining is True
    snapshot = await any_polls.poll(after=1800)
    assert snapshot.hash_rate == pytest.approx(118, rel=0.05)


async def test_a_stopped_miner_that_measures_keeps_its_power(polls: Polls) -> None:
    """This is the power of the control board and the power supply."""
    polls.miner.state.mining = False
    for _ in range(3):
        snapshot = await polls.poll()
        assert not snapshot.stale
        assert snapshot.live.power == pytest.approx(14, abs=2)
        assert snapshot.hash_rate == 0


async def test_a_stale_summary_is_seen_through_at_once(clock: Clock) -> None:
    """A hash rate without mining is out of date, and so is the power."""
    async with SimulatedMiner(quirks={Quirk.STALE_SUMMARY}) as miner:
        polls = Polls(miner, clock)
        miner.state.mining = False
        snapshot = await polls.poll()
        assert snapshot.performance.hash_rate == pytest.approx(100, rel=0.05)
        assert snapshot.performance.power == pytest.approx(3400, rel=0.05)
        assert snapshot.mining is False
        assert snapshot.stale
        assert snapshot.hash_rate == 0
        assert snapshot.live.power is None
        assert snapshot.efficiency is None


async def test_v1_with_a_frozen_summary_is_stopped(old_polls: Polls) -> None:
    """Only its clock shows that, and the power that it reports is out of date."""
    await old_polls.poll()
    old_polls.miner.state.mining = False
    await old_polls.poll()
    snapshot = await old_polls.poll()
    assert snapshot.performance.hash_rate == pytest.approx(67.75, rel=0.05)
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.live.power is None


async def test_v1_without_its_process_is_stopped(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """Its proxy answers in plain text."""
    miner = proxied_miner
    polls = Polls(miner, clock)
    assert (await polls.poll()).mining is True
    miner.state.mining = False
    snapshot = await polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.live.power is None
    miner.state.mining = True
    assert (await polls.poll()).mining is True


@pytest.mark.parametrize(
    ("command", "how"),
    [(JOINED, PROCESS_DOWN), ("devdetails", PROCESS_DOWN), ("devdetails", Refused(14))],
)
async def test_either_sign_that_the_process_of_v1_is_down_will_do(
    old_polls: Polls, command: str, how: Misbehaviour
) -> None:
    """The two are read one after the other, and not both in each poll."""
    assert (await old_polls.poll()).mining is True
    old_polls.miner.misbehave(command, how)
    snapshot = await old_polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.live.power is None


async def test_v1_that_is_known_may_be_stopped_at_the_first_poll(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """There is no MAC address to compare, and there are no data to use."""
    miner = proxied_miner
    miner.state.mining = False
    snapshot = await Polls(miner, clock, miner.mac.lower()).poll()
    assert snapshot.generation is Generation.V1
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    with pytest.raises(NoMacError):
        await Polls(miner, clock).poll()


@pytest.mark.parametrize("known", [True, False], ids=["outage", "first-poll"])
async def test_v1_that_boots_is_available_with_unknown_values(
    old_polls: Polls, *, known: bool
) -> None:
    """Its control board reports its version only, not its MAC address."""
    miner = old_polls.miner
    if known:
        await old_polls.poll()
        await miner.disconnect()
        with pytest.raises(CannotConnectError):
            await old_polls.poll()
        miner.reconnect()
    miner.misbehave("*", PROCESS_DOWN)
    miner.misbehave("get_version", Altered("STATUS", "STATUS"))  # as usual
    for _ in range(3):
        snapshot = await old_polls.poll()
        assert snapshot.generation is Generation.V1
        assert snapshot.performance == Performance()
        assert snapshot.settings.power_limit is None
        assert snapshot.stop_reason is None
        assert snapshot.boards == ()
        assert snapshot.pools == ()
        assert snapshot.live.power is None
        assert not snapshot.mining

    miner.behave()
    await old_polls.poll()
    snapshot = await old_polls.poll()
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)


async def test_v1_is_compared_once_its_process_is_back(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """This happens before its data are used."""
    polls = Polls(proxied_miner, clock, ANOTHER_MAC.lower())
    proxied_miner.state.mining = False
    assert (await polls.poll()).performance == Performance()
    proxied_miner.state.mining = True
    with pytest.raises(WrongMinerError):
        await polls.poll()


@pytest.mark.parametrize(
    ("quirks", "off"), [(set[Quirk](), False), ({Quirk.ALWAYS_OFF}, True)]
)
async def test_v1_that_says_it_is_off_is_not_believed(
    clock: Clock, quirks: set[Quirk], *, off: bool
) -> None:
    """A real one reported that while it was hashing. Most do not."""
    async with SimulatedMiner(generation="v1", model="M20S", quirks=quirks) as miner:
        polls = Polls(miner, clock, miner.mac.lower())
        snapshot = await polls.poll()
    status = polls.replies["status"]["Msg"]
    assert isinstance(status, dict)
    assert fields.mining_off(status) is off
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)


async def test_a_clock_that_stands_still_makes_power_unknown(polls: Polls) -> None:
    """This holds although the miner reports that it mines."""
    await polls.poll()
    polls.clock.now += 30  # and the miner's does not move
    snapshot = await polls.poll(after=0)
    assert snapshot.mining is True
    assert snapshot.stale
    assert snapshot.performance.power
    assert snapshot.live.power is None
    assert snapshot.hash_rate is None
    snapshot = await polls.poll()
    assert not snapshot.stale
    assert snapshot.live.power == pytest.approx(3400, rel=0.05)


async def test_the_same_second_twice_is_no_frozen_clock(any_polls: Polls) -> None:
    """After a write, two polls may follow closely."""
    await any_polls.poll()
    any_polls.clock.now += 4
    snapshot = await any_polls.poll(after=0)
    assert not snapshot.stale
    assert snapshot.mining is True


async def test_a_summary_without_a_clock_is_believed(
    canned: CannedMiner, clock: Clock
) -> None:
    """One firmware had no clock."""
    canned.answers["summary"] = table(
        "SUMMARY", {"Uptime": 5, "Power": 3400, "HS RT": 1e8}
    )
    reader = reader_of(canned)
    for _ in range(3):
        snapshot = await reader.poll()
        clock.now += 30
        assert not snapshot.stale
        assert snapshot.live.power == 3400


# Which miner it is


@pytest.mark.parametrize(
    "mac", ["", "00:00:00:00:00:00", "C2:04:28", "C2:04:28:00:00:01:02", "unknown"]
)
@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_a_miner_without_a_mac_is_refused(generation: str, mac: str) -> None:
    """It could not be identified later."""
    async with SimulatedMiner(generation=generation, model="M50", mac=mac) as miner:
        reader, identity = introduce(miner)
        with pytest.raises(MacNotReportedError):
            await reader.poll()
        assert identity.mac is None


MINING = table("SUMMARY", {"Elapsed": 900, "MHS 5s": 8.53e7, "MHS av": 8.5e7})
AT_START = table("SUMMARY", {"Elapsed": 9, "MHS 5s": 0.0, "MHS av": 0.0})


@pytest.mark.parametrize("info", [None, {"mac": ""}, {"ledstat": "auto"}])
@pytest.mark.parametrize(
    ("summary", "error"),
    [(MINING, MacNotReportedError), (AT_START, NoMacError), (None, NoMacError)],
    ids=["mining", "at-start", "stopped"],
)
async def test_a_mac_that_is_missing_may_come_with_mining_but_not_later(
    canned: CannedMiner,
    info: dict[str, str] | None,
    summary: dict[str, Any] | None,
    error: type[NoMacError],
) -> None:
    """Firmware of 2019 never tells one, and later firmware of V1 while it mines."""
    for command, answer in (
        ("get_miner_info", info and message(info)),
        ("summary", summary),
    ):
        if answer:
            canned.answers[command] = answer
        else:
            del canned.answers[command]
    with pytest.raises(NoMacError) as caught:
        await reader_of(canned).poll()
    assert type(caught.value) is error


@pytest.mark.parametrize("mac", ["C20428-000001", "c2 04 28 00 00 01", "c20428000001"])
async def test_a_mac_may_be_written_in_other_ways(
    canned: CannedMiner, mac: str
) -> None:
    canned.answers["get_miner_info"] = message({"mac": mac})
    reader, identity = introduce(canned, "c2:04:28:00:00:01")
    await reader.poll()
    assert identity.mac == "c2:04:28:00:00:01"


async def test_a_mac_in_the_summary_identifies(canned: CannedMiner) -> None:
    """A few early 2.0.x still have it. The other identity data are read once."""
    canned.answers["summary"] = table("SUMMARY", {"MAC": ANOTHER_MAC, "Elapsed": 5})
    reader, identity = introduce(canned)
    await reader.poll()
    assert identity.mac == ANOTHER_MAC.lower()
    assert canned.asked.count("get_miner_info") == 1
    await reader.poll()
    assert canned.asked.count("get_miner_info") == 1


async def test_another_miner_than_the_expected_one_is_refused(any_polls: Polls) -> None:
    """Its data are not used."""
    reader = reader_of(any_polls.miner, ANOTHER_MAC.lower())
    for _ in range(2):
        with pytest.raises(WrongMinerError) as caught:
            await reader.poll()
        assert caught.value.expected == ANOTHER_MAC.lower()
        assert caught.value.found == any_polls.miner.mac.lower()


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_another_miner_behind_the_address_after_an_outage_is_refused(
    polls: Polls, generation: str
) -> None:
    """DHCP gave the address away, and no data of the other miner are used."""
    before = await polls.poll()
    ours = polls.miner
    await ours.disconnect()
    with pytest.raises(CannotConnectError):
        await polls.poll()
    async with SimulatedMiner(
        generation=generation, model="M60S", port=ours.port, seed="another"
    ) as other:
        other.state.faults = {111: "2026-11-20 08:00:00"}
        for _ in range(3):
            with pytest.raises(WrongMinerError):
                await polls.poll()
    ours.reconnect()
    snapshot = await polls.poll()
    assert snapshot.device == before.device
    assert snapshot.errors == ()
    assert snapshot.generation == before.generation


async def test_after_an_outage_the_mac_is_read_again_and_then_no_more(
    any_polls: Polls,
) -> None:
    """It takes one more connection, which V1 does not need."""
    await any_polls.poll()
    await any_polls.miner.disconnect()
    with pytest.raises(CannotConnectError):
        await any_polls.poll()
    any_polls.miner.reconnect()
    assert any_polls.asked
    await any_polls.poll()
    asked = any_polls.asked
    old = any_polls.miner.generation == "v1"
    assert ("get_miner_info" in asked) is not old
    assert len(asked) == (3 if old else 4)
    for _ in range(6):
        await any_polls.poll()
        assert len(any_polls.asked) == 3


async def test_an_uptime_that_ran_backwards_makes_us_look_at_the_mac(
    any_polls: Polls,
) -> None:
    """The miner was rebooted or replaced between two polls."""
    await any_polls.poll()
    await any_polls.poll()
    assert any_polls.asked
    state = any_polls.miner.state
    state.booted_at = state.now - 60
    await any_polls.poll()
    old = any_polls.miner.generation == "v1"
    assert len(any_polls.asked) == (3 if old else 4)
    await any_polls.poll()
    assert len(any_polls.asked) == 3


@pytest.mark.parametrize("after", [1, 30, 300])
@pytest.mark.parametrize(
    ("jump", "asks"), [(-6, True), (-5, False), (0, False), (5, False), (6, True)]
)
async def test_an_uptime_that_did_not_go_on_as_time_did_makes_us_look_at_the_mac(
    polls: Polls, jump: float, after: float, *, asks: bool
) -> None:
    """It may differ in either direction, by more than a few seconds."""
    for _ in range(2):
        await polls.poll()
    assert polls.asked
    polls.miner.state.booted_at -= jump
    await polls.poll(after=after)
    first = polls.asked
    assert first[0] == JOINED
    assert first[1:-2] == (["get_miner_info"] if asks else [])
    await polls.poll()
    assert len(polls.asked) == 3  # it is compared with the last one


async def test_other_boards_make_us_look_at_the_mac(any_polls: Polls) -> None:
    """A board was removed, added or replaced. V1 reports the MAC address anyway."""
    boards = any_polls.miner.state.boards

    async def connections() -> int:
        await any_polls.poll()
        return len(any_polls.asked)

    await any_polls.poll()
    await any_polls.poll()
    assert any_polls.asked
    more = 3 if any_polls.miner.generation == "v1" else 4
    assert await connections() == 3
    boards[1].present = False
    assert [await connections() for _ in range(2)] == [more, 3]
    boards[1].present = True
    assert [await connections() for _ in range(2)] == [more, 3]
    boards[1].serial = "SKM3CSD0000000B00000"
    assert [await connections() for _ in range(2)] == [more, 3]
    boards[0], boards[2] = boards[2], boards[0]  # the same, in another order
    assert await connections() == 3


async def test_boards_that_are_not_told_of_are_no_other_boards(
    any_polls: Polls,
) -> None:
    """A stopped miner may report none. They are compared with the last ones that were reported."""
    boards = any_polls.miner.state.boards
    await any_polls.poll()
    await any_polls.poll()
    for present in (False, False, True):
        for board in boards:
            board.present = present
        assert any_polls.asked
        await any_polls.poll()
        assert len(any_polls.asked) == 3
        await any_polls.poll()


async def test_v1_is_looked_at_in_every_summary(old_polls: Polls) -> None:
    """This takes no more connections.

    The other miner is only asked for its MAC address after that.
    """
    await old_polls.poll()
    assert old_polls.asked
    old_polls.miner.replace_control_board(ANOTHER_MAC)
    with pytest.raises(WrongMinerError):
        await old_polls.poll()
    assert old_polls.asked == [JOINED]
    with pytest.raises(WrongMinerError):
        await old_polls.poll()
    assert set(old_polls.asked) <= {"get_miner_info", "summary"}


async def test_an_uptime_that_ran_backwards_out_of_sight_counts_as_well(
    polls: Polls,
) -> None:
    """A booting miner has no summary for a while."""
    await polls.poll()
    polls.miner.misbehave(JOINED, PROCESS_DOWN, times=1)
    await polls.poll()
    assert polls.asked
    state = polls.miner.state
    state.booted_at = state.now - 60
    await polls.poll()
    assert "get_miner_info" in polls.asked


async def test_another_miner_with_less_uptime_is_refused_without_an_outage(
    polls: Polls,
) -> None:
    """It got the address between two polls."""
    await polls.poll()
    await polls.miner.disconnect()
    async with SimulatedMiner(model="M60S", port=polls.miner.port, seed="x") as other:
        state = other.state
        state.booted_at = state.now - 60
        with pytest.raises(WrongMinerError):
            await polls.poll()


@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_another_miner_with_more_uptime_is_refused_once_it_tells_its_mac(
    polls: Polls, generation: str
) -> None:
    """It got the address between two polls, and `get_miner_info` follows minutes later."""
    await polls.poll()
    await polls.miner.disconnect()
    async with SimulatedMiner(
        generation=generation, model="M60S", port=polls.miner.port, seed="x"
    ) as other:
        polls.miner = other
        other.advance(3600)

        async def poll_for_a_while() -> None:
            for _ in range(30):
                await polls.poll()

        with pytest.raises(WrongMinerError):
            await poll_for_a_while()


@pytest.mark.parametrize("how", [Refused(14), Closed()])
async def test_a_mac_that_cannot_be_read_after_an_outage_is_no_licence(
    polls: Polls, how: Misbehaviour
) -> None:
    """No data are used until it was read."""
    await polls.poll()
    polls.miner.misbehave("status", Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await polls.poll()
    polls.miner.misbehave("get_miner_info", how)
    for _ in range(2):
        with pytest.raises(WhatsminerError):
            await polls.poll()
    polls.miner.behave()
    assert (await polls.poll()).mining is True


# Which generation it is


@pytest.mark.parametrize(
    ("version", "generation"),
    [
        ({"api_ver": "2.0.3", "fw_ver": "20220801.11.REL"}, Generation.V2),
        ({"api_ver": "2.0.5", "fw_ver": "'20240924.14.Rel'"}, Generation.V2),
        ({"api_ver": "2.2.2", "fw_ver": "20260312.16.REL3"}, Generation.V2_2),
        ({"api_ver": "whatsminer v1.4.0", "fw_ver": "20210322.22.REL"}, Generation.V1),
        ("whatsminer v1.1", Generation.V1),
        ("20200917.22.REL", Generation.V1),
        ({"fw_ver": "20230714.15.Rel"}, Generation.V2),
    ],
)
async def test_the_generation_is_what_the_firmware_says(
    canned: CannedMiner, version: Any, generation: Generation
) -> None:
    """The version of its API counts, not a date."""
    canned.answers["get_version"] = message(version)
    assert (await reader_of(canned).poll()).generation is generation


@pytest.mark.parametrize(
    ("version", "generation"), [("2.2.1", Generation.V2_2), ("2.0.5", Generation.V2)]
)
async def test_other_firmware_may_be_of_another_generation(
    canned: CannedMiner, version: str, generation: Generation
) -> None:
    """This is seen even while its mining process, which would show it best, is down."""
    miner = Miner(HOST, canned.port)
    assert (await miner.poll()).generation is Generation.V2

    for command in ("summary", "pools", "edevs"):
        del canned.answers[command]
    new = {"api_ver": version, "fw_ver": "20261101.01.Rel"}
    canned.answers["get_version"] = message(new)
    await miner.firmware()
    await miner.poll()
    assert (await miner.poll()).generation is generation


async def test_the_generation_is_how_the_firmware_says_it(canned: CannedMiner) -> None:
    """A summary inside a message comes from V3 firmware, whatever version it reports."""
    canned.answers["summary"] = fixture("compat_m60s")["summary"]
    canned.answers["edevs"] = fixture("compat_m60s")["edevs"]
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V2_2
    assert snapshot.hash_rate == pytest.approx(140.544208)
    assert sum(board.hash_rate or 0 for board in snapshot.boards) == pytest.approx(
        140.54, abs=0.01
    )


async def test_an_m60s_with_v3_firmware_is_read_whole(canned: CannedMiner) -> None:
    """The answers were captured from a real one."""
    canned.answers |= fixture("compat_m60s")
    canned.answers["get_version"] = message(
        {"api_ver": "2.2.2", "fw_ver": "20260312.16.REL3", "miner_type": "M60S_VK40"}
    )
    canned.answers["status"] = fixture("status_20250214.16.1")
    reader, identity = introduce(canned)
    snapshot = await reader.poll()
    assert identity.mac == "ce:0c:1d:00:2a:53"
    assert snapshot.generation is Generation.V2_2
    assert snapshot.model == "M60S_VK40"
    assert snapshot.mining is True
    assert snapshot.power_limit_set is None
    assert snapshot.power_mode == "normal"
    assert snapshot.efficiency == pytest.approx(22.58, abs=0.01)
    assert not snapshot.liquid_cooled
    assert len(snapshot.boards) == 3


# A first poll that comes to nothing


async def test_a_first_poll_that_failed_is_begun_again(polls: Polls) -> None:
    """Everything that it should have read is read."""
    polls.miner.misbehave("devdetails", Refused(132), times=1)
    polls.miner.misbehave(JOINED, Closed(), times=1)
    polls.miner.misbehave("summary", Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await polls.poll()
    snapshots = [await polls.poll() for _ in range(5)]
    assert snapshots[0].firmware == polls.miner.firmware_version
    assert snapshots[-1].model == "M30S+_VE40"
    assert snapshots[-1].power_supply.model == "P221B"


@pytest.mark.parametrize(
    "command", ["get_version", "devdetails", "get_psu", JOINED, "status"]
)
async def test_a_first_poll_that_was_cancelled_does_not_break_the_next(
    polls: Polls, command: str
) -> None:
    """Home Assistant may cancel a set-up at any moment and try again."""
    held = Held()
    polls.miner.misbehave(command, held, times=1)
    first = asyncio.create_task(polls.poll())
    await held.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    snapshots = [await polls.poll() for _ in range(2)]

    for snapshot in snapshots:
        assert snapshot.firmware == polls.miner.firmware_version
        assert snapshot.model == "M30S+_VE40"
        assert snapshot.power_supply.model == "P221B"
        assert snapshot.hash_rate == pytest.approx(100, rel=0.05)


async def test_a_version_without_the_firmware_is_completed_by_the_status(
    canned: CannedMiner,
) -> None:
    """Old firmware has only the version of the API there."""
    canned.answers["get_version"] = message({"api_ver": "2.0.5"})
    assert await reader_of(canned).firmware() == "20240924.14.Rel"
    assert canned.asked == ["get_version", "status"]
