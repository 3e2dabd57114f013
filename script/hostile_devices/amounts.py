"""Devices with more hashboards, faults and pools than there can be."""

from collections.abc import Iterator

from .device import Hostile
from .plausible import Answers, board, pool

_SINCE = "2026-11-01 10:00:00"


def _boards(said: Answers, poll: int) -> None:
    said["edevs"]["DEVS"] = [board(slot, "many") for slot in range(1500)]


def _other_slots(said: Answers, poll: int) -> None:
    first = 4 + 3 * poll
    said["edevs"]["DEVS"] += [board(first + slot, "other") for slot in range(3)]


def _one_slot(said: Answers, poll: int) -> None:
    said["edevs"]["DEVS"] = [board(0, f"same{number}") for number in range(1500)]


def _faults(said: Answers, poll: int) -> None:
    first = 100_000 + 16_000 * poll
    said["get_error_code"]["Msg"]["error_code"] = [
        {str(first + number): _SINCE} for number in range(16_000)
    ]


def _known_faults(said: Answers, poll: int) -> None:
    """List all codes of three digits, among them those with texts of their own."""
    codes = range(110 + poll % 2, 2000, 2)
    said["get_error_code"]["Msg"]["error_code"] = {str(code): _SINCE for code in codes}


def _reasons(said: Answers, poll: int) -> None:
    said["get_error_code"]["Msg"]["error_code"] = [
        {str(number): _SINCE, "reason": f"reason {poll} " * 20}
        for number in range(2000)
    ]


def _pools(said: Answers, poll: int) -> None:
    said["pools"]["POOLS"] = [pool(number) for number in range(2000)]


def _active_pools(said: Answers, poll: int) -> None:
    said["pools"]["POOLS"] = [
        pool(0) | {"URL": f"stratum+tcp://pool{poll}.example:{number}"}
        for number in range(1, 2000)
    ]


def _serials(said: Answers, poll: int) -> None:
    said["edevs"]["DEVS"] = [
        board(number % 3, f"serial{poll}x{number}") for number in range(1000)
    ]


def devices() -> Iterator[Hostile]:
    """Yield devices for each kind of list."""
    for name, edit, short in (
        ("1,500 hashboards", _boards, True),
        ("hashboards in other slots at every poll", _other_slots, True),
        ("1,500 hashboards in one slot", _one_slot, False),
        ("16,000 other fault codes at every poll", _faults, True),
        ("all fault codes of three digits, half of them in turn", _known_faults, False),
        ("2,000 faults with other reasons at every poll", _reasons, False),
        ("2,000 pools", _pools, True),
        ("2,000 pools, all active, others at every poll", _active_pools, False),
        ("1,000 other serial numbers at every poll", _serials, False),
    ):
        yield Hostile(name=name, edit=edit, hostname="whatsminer", short=short)
