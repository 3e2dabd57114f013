"""The list of errors in an answer of any firmware."""

from datetime import datetime
from typing import Any

import pytest

from custom_components.whatsminer.api.error_list import error_list, unread_errors
from custom_components.whatsminer.api.readings import ErrorEntry


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
        ([True, "", None, [], [[1]], 2.5], []),
        ([["218", "2024-06-15 10:30:00"], [540, ""]], ["218", "540"]),
        (
            [{"code": 218, "time": "2024-06-15 10:30:00"}, {"code": "540"}],
            ["218", "540"],
        ),
        (["0", "000", 0, {"0": ""}, {"code": 0}, "218"], ["218"]),
        ([{"": ""}, {" ": "x"}, {"218": "x", "": "y"}, " "], ["218"]),
        ({"": "2022-01-17 11:28:11"}, []),
        (["There is no error"], []),
        (["110", "Fan speed error", 540], ["110", "540"]),
        ("no error", []),
        ([{"110": "x", "Slot 0 chip 3 error": "y"}], ["110"]),
        ([{"Power supply lost": "2024-06-15 10:30:00"}, {"540": "x"}], ["540"]),
        ({"time": "2024-06-15 10:30:00", "329": "x"}, ["329"]),
        (["1.5", "11\u0660", "0x6e", "Error 110"], []),
    ],
)
def test_the_error_lists_of_all_firmware(value: Any, codes: list[str]) -> None:
    """They have objects, one object, plain codes, or nothing. Sentences are no codes."""
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
    listed = make([str(code) for code in range(1, 16_001)])
    read = error_list(listed)
    assert len(read) == 1024
    assert len(read) + unread_errors(listed) == 16_000
    assert unread_errors(make(["218", "540"])) == 0
    assert unread_errors(make([*map(str, range(1, 1025)), "no", "word"])) == 0
    assert unread_errors(None) == 0
