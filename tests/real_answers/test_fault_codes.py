"""Kind 6, and the first half of 5: what a code means, and what nobody knows of it."""

import re
from typing import Any

import pytest

from tests.api import message

from . import cases, described
from .cases import errors
from .described import Answers
from .home import Added, Home
from .miner import DescribedMiner


def with_errors(*listed: object, mac: str = described.MAC) -> DescribedMiner:
    """Return a miner that lists errors."""
    return DescribedMiner(
        described.v2_2(mac) | {"get_error_code": errors(*listed)}, mac=mac
    )


def text(added: Added, code: str) -> str:
    """Return the text of an active fault."""
    found = added.faults[code]["text"]
    assert found
    return found


async def test_codes_of_new_firmware_say_no_more_than_is_sure(home: Home) -> None:
    """Four digits name a slot, 999 is no chip, and a sentence is no code."""
    async with cases.odd_faults() as miner:
        added = await (await home.add(miner)).poll()
    assert added.number("sensor.faults") == 3
    assert added.shows("binary_sensor.problem") == "on"
    assert "Hashboard 3" in text(added, "5412")
    assert "hot" not in text(added, "5412")
    assert "Hashboard 2" in text(added, "551999")
    assert "999" not in text(added, "551999")
    assert "temperature" in text(added, "342")
    assert added.faults["5412"]["since"] == "2026-10-30T09:00:00"
    assert added.faults["551999"]["since"] is None


async def test_a_code_in_each_slot_names_its_hashboard(home: Home) -> None:
    """The texts count boards from 1, as the devices do."""
    kinds = ("541{}", "34{}", "58{}999", "55{}999", "56{}999")
    codes = [kind.format(slot) for slot in range(4) for kind in kinds]
    async with with_errors(*({code: ""} for code in codes)) as miner:
        added = await (await home.add(miner)).poll(1)
    for code in codes:
        slot = int(code[3] if code.startswith("541") else code[2])
        assert f"Hashboard {slot + 1}" in text(added, code), code
        assert not re.search(r"[Uu]nknown|999|Chip \d", text(added, code)), code
        assert added.faults[code]["severity"] == "fault"


async def test_a_chip_that_is_named_stays_named(home: Home) -> None:
    """999 is special, and no other number of three digits."""
    async with with_errors({"552998": ""}, {"551007": ""}) as miner:
        added = await (await home.add(miner)).poll(1)
    assert text(added, "552998").startswith("Chip 998 on Hashboard 3")
    assert text(added, "551007").startswith("Chip 7 on Hashboard 2")


@pytest.mark.parametrize(
    ("codes", "category"),
    [
        (["5480", "5599", "5712", "580123", "581000"], "hashboard"),
        (["3475", "5419", "34", "5999999"], None),
        (["549", "5415", "550", "349"], None),
    ],
    ids=["like-chips", "like-nothing", "beyond-the-slots"],
)
async def test_an_unknown_code_that_looks_like_another_has_no_cause(
    home: Home, codes: list[str], category: str | None
) -> None:
    """It is counted and shown, at most with its category, and is no minor fault."""
    async with with_errors(*({code: ""} for code in codes)) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.number("sensor.faults") == len(codes)
    for code in codes:
        assert not re.search(
            r"too hot|Chip \d|Hashboard [5-9]|999\b on", text(added, code)
        )
        assert added.faults[code]["severity"] == "fault"
        assert category in (None, added.faults[code]["category"])
    assert added.shows("binary_sensor.problem") == "on"


@pytest.mark.parametrize(
    "listed",
    [
        ["no error", "Everything is fine."],
        [{"none": ""}, {"": ""}],
        ["E-54-10", {"slot 0: 5410": "2026-10-30 09:00:00"}],
        [None, [], {}, -5410, 54.1, "-541", "_5410_"],
    ],
    ids=["sentences", "words", "around-a-code", "no-texts"],
)
async def test_what_is_no_code_is_no_fault(home: Home, listed: list[Any]) -> None:
    """A code beside it is still one."""
    async with with_errors(*listed) as miner:
        added = await (await home.add(miner)).poll(1)
        assert added.faults == {}
        assert added.shows("binary_sensor.problem") == "off"
        miner.answers["get_error_code"] = errors(*listed, {"541": "", "reason": "x"})
        await added.poll(2)
    assert list(added.faults) == ["541"]


@pytest.mark.parametrize(
    "listed",
    [
        {"5410": "2026-10-30 09:00:00", "236": ""},
        [{"5410": "2026-10-30 09:00:00", "236": ""}],
        ["5410", "236"],
        [5410, 236],
    ],
    ids=["object", "one-object", "texts", "numbers"],
)
async def test_the_list_may_have_another_shape(home: Home, listed: object) -> None:
    answers = described.v2() | {"get_error_code": message({"error_code": listed})}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert list(added.faults) == ["5410", "236"]


# A protection that acted is never minor


@pytest.mark.parametrize("code", ["203", "236", "248", "270", "620"])
async def test_a_protection_that_acted_is_a_problem(home: Home, code: str) -> None:
    """Although the vendor's own client does not count it."""
    async with with_errors({code: "2026-10-31 23:10:00"}) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.faults[code]["severity"] == "fault"
    assert "nobody" not in text(added, code)
    assert added.shows("binary_sensor.problem") == "on"


async def test_a_tripped_supply_is_a_problem_while_mining_is_on(home: Home) -> None:
    async with cases.tripped_supply() as miner:
        added = await (await home.add(miner)).poll()
    assert added.shows("switch.mining") == "on"
    assert added.number("sensor.hash_rate") == 0
    assert added.number("sensor.power") == 18
    assert added.shows("binary_sensor.problem") == "on"
    assert added.faults["248"]["severity"] == "fault"
    assert added.connections == [3] * 5


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ([{"5410": ""}], ["5410"]),
        ({"5410": "2026-10-31 23:10:00"}, ["5410"]),
        (["5410", 110], ["5410", "110"]),
        ([{"error_code": [{"5410": ""}]}], ["5410"]),
        ({"error_code": None}, []),
        ([], []),
    ],
)
async def test_the_list_may_take_the_place_of_its_object(
    home: Home, said: object, codes: list[str]
) -> None:
    answers = described.v2_2() | {"get_error_code": message(said)}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert list(added.faults) == codes
    assert added.shows("binary_sensor.problem") == ("on" if codes else "off")


@pytest.mark.parametrize("said", [{}, "ok", {"errors": 0}, None, 7])
async def test_an_answer_without_a_list_tells_of_no_fault_and_of_no_health(
    home: Home, said: object
) -> None:
    answers = described.v2_2() | {"get_error_code": message(said)}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.shows("sensor.faults") == "unknown"
    assert added.shows("binary_sensor.problem") == "unknown"


async def test_v1_lists_the_protection_in_its_summary(home: Home) -> None:
    """It is one fault, and says more than that nothing is hashed."""
    answers = v1_with(Error_Code_Count=1, Error_Code_0=236, HS_RT=0, MHS_5m=0, Power=21)
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(2)
    assert list(added.faults) == ["236"]
    assert added.shows("switch.mining") == "on"
    assert added.shows("binary_sensor.problem") == "on"


@pytest.mark.parametrize(
    "reason", ["PSU output short circuit", "over temperature protect", "PSU shutdown"]
)
async def test_a_protection_in_the_words_of_the_miner_counts_as_well(
    home: Home, reason: str
) -> None:
    """The code alone would be minor."""
    async with with_errors({"272": "", "reason": reason}) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.faults["272"]["text"] == reason
    assert added.shows("binary_sensor.problem") == "on"


def v1_with(**values: object) -> Answers:
    """Return the answers of a V1 miner with other values in its summary."""
    answers = described.v1()
    described.reading(answers, "summary").update(
        {key.replace("_", " "): value for key, value in values.items()}
    )
    return answers


async def test_a_minor_fault_stays_minor(home: Home) -> None:
    """On V1, whose summary has the codes, like on newer firmware."""
    answers = v1_with(Error_Code_Count=2, Error_Code_0=275, Error_Code_1=321)
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert list(added.faults) == ["275", "321"]
    assert added.shows("binary_sensor.problem") == "off"
