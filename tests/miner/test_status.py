"""What a miner does at the moment, in one word."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
import time

import pytest

from custom_components.whatsminer.api import (
    SETTINGS,
    Capabilities,
    Command,
    Snapshot,
    Support,
    commands,
)
from custom_components.whatsminer.api.readings import Performance, ReportedSettings
from custom_components.whatsminer.miner.settings import Settings
from custom_components.whatsminer.miner.status import Status, status_of

# It reports whether mining is on, but not the percent, like most firmware.
SUPPORT = Support(settings=frozenset({"mining"}), commands=frozenset(SETTINGS))
NOTHING = Snapshot(
    taken=datetime(2026, 11, 1, tzinfo=UTC), generation="v2", support=SUPPORT
)
OFF = replace(NOTHING, settings=ReportedSettings(mining=False))
ON = replace(NOTHING, settings=ReportedSettings(mining=True), idle_for=0)
BOOTING = replace(ON, idle_for=60)
STARTING = replace(BOOTING, performance=Performance(hash_rate=0))
FAILED = replace(STARTING, idle_for=20 * 60)
FAILED_BLIND = replace(BOOTING, idle_for=20 * 60)
TUNING = replace(ON, performance=Performance(hash_rate=50, hash_stable=False))
MINING = replace(ON, performance=Performance(hash_rate=100, hash_stable=True))
UNTOLD = replace(ON, performance=Performance(hash_rate=100))
HANGING = replace(MINING, stale=True, idle_for=60)
LEFTOVER = replace(MINING, settings=OFF.settings, stale=True, idle_for=None)
HASHES = replace(MINING, settings=ReportedSettings())
SAYS_80 = replace(MINING, settings=ReportedSettings(mining=True, power_percent=80))
SAYS_100 = replace(MINING, settings=ReportedSettings(mining=True, power_percent=100))

STOP = commands.power_off()
START = commands.power_on()
RESTART = commands.restart_mining()
LOW = commands.power_percent(60, fast=False)
FULL = commands.power_percent(100, fast=False)


@dataclass(frozen=True)
class Case:
    """What a poll shows, the commands that were accepted since then, and what follows."""

    snapshot: Snapshot
    status: Status | None
    sent: tuple[Command, ...] = ()
    updating: bool = False


CASES = {
    # what the poll shows
    "nothing is known": Case(NOTHING, None),
    "off": Case(OFF, Status.OFF),
    "off, with the hash rate from before": Case(LEFTOVER, Status.OFF),
    "on, without any reading": Case(BOOTING, Status.STARTING),
    "on, at 0 TH/s": Case(STARTING, Status.STARTING),
    "on, at 0 TH/s for too long": Case(FAILED, Status.FAULT),
    "on, without any reading for too long": Case(FAILED_BLIND, Status.FAULT),
    "its clock stands still": Case(HANGING, Status.STARTING),
    "hashes, is tuned": Case(TUNING, Status.TUNING),
    "hashes": Case(MINING, Status.MINING),
    "hashes, does not say whether it is tuned": Case(UNTOLD, Status.MINING),
    "hashes, says 80 percent": Case(SAYS_80, Status.THROTTLED),
    "hashes, says 100 percent": Case(SAYS_100, Status.MINING),
    "hashes, does not say that it is on": Case(HASHES, Status.MINING),
    # what was sent since then
    "hashes, is told to stop": Case(MINING, Status.STOPPING, (STOP,)),
    "tunes, is told to stop": Case(TUNING, Status.STOPPING, (STOP,)),
    "starts, is told to stop": Case(STARTING, Status.STOPPING, (STOP,)),
    "has failed, is told to stop": Case(FAILED, Status.STOPPING, (STOP,)),
    "unknown, is told to stop": Case(NOTHING, Status.STOPPING, (STOP,)),
    "off, is told to stop again": Case(OFF, Status.OFF, (STOP,)),
    "off, is told to start": Case(OFF, Status.STARTING, (START,)),
    "off, is told to start and to stop": Case(OFF, Status.OFF, (START, STOP)),
    "hashes, is told to stop and to start": Case(
        MINING, Status.STARTING, (STOP, START)
    ),
    "hashes, is told to restart": Case(MINING, Status.STARTING, (RESTART,)),
    "has failed, is told to restart": Case(FAILED, Status.STARTING, (RESTART,)),
    "hashes, is told to take 60 percent": Case(MINING, Status.THROTTLED, (LOW,)),
    "hashes, is told to take 100 percent": Case(MINING, Status.MINING, (LOW, FULL)),
    "tunes, is told to take 60 percent": Case(TUNING, Status.TUNING, (LOW,)),
    "starts, is told to take 60 percent": Case(STARTING, Status.STARTING, (LOW,)),
    "hashes with 60 percent, is told to restart": Case(
        MINING, Status.STARTING, (LOW, RESTART)
    ),
    # an update counts before all of that
    "unknown, is updated": Case(NOTHING, Status.UPDATING, updating=True),
    "off, is updated": Case(OFF, Status.UPDATING, updating=True),
    "has failed, is updated": Case(FAILED, Status.UPDATING, updating=True),
    "hashes, is updated": Case(MINING, Status.UPDATING, updating=True),
    "is told to stop, is updated": Case(MINING, Status.UPDATING, (STOP,), True),
}


def after(case: Case) -> Settings:
    """Return the settings after the poll and the commands of a case."""
    settings = Settings("Miner", Capabilities.of(case.snapshot), {})
    settings.update(case.snapshot, time.monotonic())
    for command in case.sent:
        settings.accept(command)
    return settings


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_first_that_holds_is_the_status(case: Case) -> None:
    status = status_of(case.snapshot, after(case), updating=case.updating)
    assert status is case.status


def test_every_status_is_reached() -> None:
    assert {case.status for case in CASES.values()} == {*Status, None}


@pytest.mark.parametrize(
    ("snapshot", "status"),
    [
        (OFF, Status.OFF),
        (STARTING, Status.STARTING),
        (MINING, Status.MINING),
        (FAILED, Status.FAULT),
    ],
)
def test_a_poll_after_the_commands_decides_again(
    snapshot: Snapshot, status: Status
) -> None:
    settings = after(Case(MINING, None, (RESTART,)))
    settings.update(snapshot, time.monotonic())
    assert status_of(snapshot, settings, updating=False) is status


def test_a_command_under_way_counts_at_once() -> None:
    settings = after(Case(MINING, None))
    with settings.requesting(STOP):
        assert status_of(MINING, settings, updating=False) is Status.STOPPING
    assert status_of(MINING, settings, updating=False) is Status.MINING
