"""The categories and severities of fault codes."""

from datetime import datetime
import re

import pytest

from custom_components.whatsminer.api.fault_table import (
    CATEGORIES,
    CODES as CODE_TABLE,
    MINOR,
)
from custom_components.whatsminer.api.faults import (
    Category,
    Fault,
    Severity,
    describe,
    most_severe,
)
from tests.fault_codes import CODES, KNOWN, PROTECTIONS, ROWS, expand

# What the vendor's client lets pass on an M30 or an M56S, and what is called a warning.
VENDOR_MINOR = """
    203 204 205 206 217 219 236 248 270 275 320 321 322 620 714 901 2320 2330 2350 5140 5141
"""
WARNINGS = "263 272 273 274 275"
OTHER_SLOTS = "323 5142 5143"


# The table


def test_the_table_has_every_known_code() -> None:
    """It has no other codes."""
    assert len(ROWS) == 216
    assert {
        category: sorted(rows.split()) for category, rows in CODE_TABLE.items()
    } == {category: sorted(rows.split()) for category, rows in KNOWN.items()}


def test_no_code_belongs_to_two_rows() -> None:
    """Otherwise the order of the table would matter."""
    assert len(CODES) == sum(len(expand(row)) for row in ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_every_code_is_described(row: str) -> None:
    """This holds in every slot, with the right category."""
    for code in expand(row):
        fault = describe(code)
        assert fault.code == code
        assert fault.row == row
        assert fault.category is ROWS[row]


def test_all_categories_are_used() -> None:
    assert {describe(code).category for code in CODES} == set(Category)


def test_a_category_is_a_word_in_lower_case() -> None:
    """States of Home Assistant have this form."""
    assert all(re.fullmatch("[a-z]+(_[a-z]+)?", category) for category in Category)


def test_a_description_is_complete() -> None:
    """It has the code, what its text is made of, the category and the severity."""
    since = datetime(2026, 11, 1)
    assert describe("532042", since=since, reason="too few") == Fault(
        code="532042",
        row="53NCCC",
        places={"N": 3, "C": 42},
        category=Category.CHIP,
        severity=Severity.FAULT,
        since=since,
        reason="too few",
    )


# Unknown codes


# Codes of six digits that do not start with 1 have their type in the first two.
UNKNOWN = {
    Category.FAN: "199",
    Category.POWER_SUPPLY: "299",
    Category.TEMPERATURE: "319",
    Category.HASHBOARD: "499 501 5199 5299 5423 5699 5799 5899 6099 529999 580123",
    Category.ENVIRONMENT: "699",
    Category.CONTROL_BOARD: "799",
    Category.FIRMWARE: "899 8099 8299 8499 9099",
    Category.PERFORMANCE: "999 2399",
    Category.POOL: "2099 200123",
    Category.FACTORY: "2199 8199 8599 8799",
    Category.CHIP: "5099 500123",
    Category.SECURITY: "100099 100199 110099",
}


@pytest.mark.parametrize(
    ("code", "category"),
    [(code, category) for category in UNKNOWN for code in UNKNOWN[category].split()],
)
def test_the_type_of_an_unknown_code_tells_its_category(
    code: str, category: Category
) -> None:
    assert describe(code) == Fault(
        code=code,
        category=category,
        severity=Severity.FAULT,
    )


# 123456 starts with 1: its type is 1234, and not 12.
OF_NO_TYPE = "0 5 20 52 99 1999 12345 52345 123456 991234 1000000"


@pytest.mark.parametrize("code", OF_NO_TYPE.split())
def test_a_code_of_unknown_type_is_unknown(code: str) -> None:
    """Codes below 100 have no type."""
    assert describe(code) == Fault(
        code=code,
        category=Category.OTHER,
        severity=Severity.FAULT,
    )


def test_the_types_of_unknown_codes_are_those_of_known_ones() -> None:
    """A type is known if one of its codes is known."""
    types = {
        code[: 2 if len(code) == 6 and code[0] != "1" else -2] for code in CODES
    } - {"99"}  # of 9999 even the name says nothing
    assert types == set(CATEGORIES)


# Severity


def test_what_the_vendor_does_not_count_as_a_fault_is_minor() -> None:
    """Warnings are minor, too, and the slot of a board makes no difference.

    Protections are exceptions.
    """
    minor = {code for code in CODES if describe(code).severity is Severity.MINOR}
    lets_pass = set(f"{VENDOR_MINOR} {WARNINGS} {OTHER_SLOTS}".split())
    assert minor == lets_pass - set(PROTECTIONS.split())
    assert MINOR.issubset(ROWS)


@pytest.mark.parametrize("row", PROTECTIONS.split())
def test_a_protection_that_acted_is_never_minor(row: str) -> None:
    """The miner may have stopped, whatever the vendor's client makes of it."""
    for code in expand(row):
        assert describe(code).severity is Severity.FAULT


@pytest.mark.parametrize(
    "reason",
    [
        "Input over current protection",
        "power PROTECTED: output short circuit",
        "PSU short-circuit",
        "output tripped",
        "shut down",
        "liquid temp protect",
    ],
)
def test_a_protection_in_the_words_of_the_miner_is_not_minor_either(
    reason: str,
) -> None:
    assert describe("206").severity is Severity.MINOR
    assert describe("206", reason=reason).severity is Severity.FAULT
    assert describe("206", reason="Vin is low").severity is Severity.MINOR
    # The words of the miner may leave out what the table knows.
    assert describe("270", reason="input voltage").severity is Severity.FAULT


@pytest.mark.parametrize("code", ["202", "264", "265", "266", "267", "271", "280"])
def test_what_the_vendor_lets_pass_on_one_model_only_is_a_fault(code: str) -> None:
    """On other miners it is a fault."""
    assert describe(code).severity is Severity.FAULT


@pytest.mark.parametrize("code", ["350", "505", "5051", "5070", "2310", "2000", "9999"])
def test_other_codes_are_faults(code: str) -> None:
    """This includes unknown codes."""
    assert describe(code).severity is Severity.FAULT


@pytest.mark.parametrize(
    ("codes", "most", "kept"),
    [
        ("206 110", 2, "206 110"),
        ("206 110 204 236", 2, "110 236"),
        ("206 204", 1, "206"),
        ("206 110", 1, "110"),
        ("", 1, ""),
    ],
)
def test_of_many_faults_the_most_severe_count(codes: str, most: int, kept: str) -> None:
    """Those of one severity stay in the order of the miner."""
    faults = [describe(code) for code in codes.split()]
    assert [fault.code for fault in most_severe(faults, most)] == kept.split()
