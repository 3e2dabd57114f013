"""The texts, categories and severities of fault codes."""

from collections import defaultdict
from itertools import product
import re

import pytest

from custom_components.whatsminer.api.fault_table import CATEGORIES, MINOR, TEXTS
from custom_components.whatsminer.api.faults import Category, Fault, Severity, describe

# Every code that is known, written down a second time, so that a lost one is noticed. In these,
# N is the slot of a hashboard, P a pool, L a level, CCC the number of a chip.
KNOWN = {
    Category.FAN: "100 110 111 120 121 130 131 140",
    Category.POWER_SUPPLY: """
        200 201 202 203 204 205 206 207 208 209
        210 211 212 213 214 215 216 217 218 219
        233 234 235 236 237 238 239
        240 241 243 244 245 246 247 248 249
        250 251 253 254 255 256 257
        263 264 265 266 267 268 269
        270 271 272 273 274 275 276 277 278 279
        280 281 282 283 284 285 286 287 288 289
        290 291 292 293 294 295 296
    """,
    Category.TEMPERATURE: "30N 32N 329 34N 35N 36N",
    Category.ENVIRONMENT: "330 370 380 381 382 383 600 610",
    Category.HASHBOARD: """
        400 41N 42N 43N 44N 45N
        500 51N 52N 53N 54N 55N 56N 57N 58N 59N
        511N 512N 513N 514N 517N
        541N 543N 572N 601N
        810
    """,
    Category.COOLANT: "335 507N 620 652",
    Category.CHIP: """
        501N 502N 503N 504N 505N 5080 509N
        52NCCC 53NCCC 54NCCC 55NCCC 56NCCC
        52N999 53N999 54N999 55N999 56N999 58N999
    """,
    Category.PERFORMANCE: "900 901 902 2310 2320 2330 2340 2350",
    Category.CONTROL_BOARD: "700 701 704 710 711 712 714 72N",
    Category.NETWORK: "713",
    Category.POOL: "2000 2010 202P 2030 2040 2050",
    Category.FIRMWARE: "800 801 802 8000 8200 8210 8220 8400 8410 9000 9010",
    Category.FACTORY: """
        211N
        8010 8020 8035 8100 8300
        85L0 85L1 85L2 85L3 85L4
        8600 8610 8620 8621 8630 8631 8632 8640 8641 8642 8643 8644
        8650 8660 8670 8700
    """,
    Category.SECURITY: "100000 100001 100002 100003 100100 110000 110001",
    Category.OTHER: "9999",
}
ROWS = {row: category for category, rows in KNOWN.items() for row in rows.split()}

# Codes whose difference is unknown; all others have a text of their own.
ALIKE = {
    frozenset(codes.split())
    for codes in (
        "233 234 235",
        "243 244 245",
        "246 247 248 249",
        "236 237 238 268",
        "250 251 271",
        "253 254",
        "255 256",
        "265 266 276 277 278 279 280",
        "381 382",
        "710 712",
        "900 902",
        "2310 2320",
        "2330 2340",
        "5110 5170",
        "5120 5720",
        "8502 8503",
        "9000 9010",
    )
}

# What the vendor's client lets pass on an M30 or an M56S, and what is called a warning.
VENDOR_MINOR = """
    203 204 205 206 217 219 236 248 270 275 320 321 322 620 714 901 2320 2330 2350 5140 5141
"""
WARNINGS = "263 272 273 274 275"
OTHER_SLOTS = "323 5142 5143"

# Protections, by their names in the sources; 620 protects from the temperature of the coolant.
PROTECTIONS = """
    203 233 234 235 236 237 238 239 240 243 244 245 246 247 248 249 250 251 255 256 257
    267 268 269 270 271 35N 383 505N 54NCCC 54N999 620
"""

# Words of the vendor, and names of places, that have no business in a text.
ODD_WORDS = """
    err error errors fail temp env psu volt vol freq amb comm init cfg hb sn pcb cb crc
    nonce nonces slot abnormal ambient n p l
"""
ODD = set(ODD_WORDS.split())


def expand(row: str) -> list[str]:
    """Return the codes that a row stands for, with only some of the chips."""
    if "CCC" in row:
        return [
            code
            for chip in ("000", "007", "042", "110", "998")
            for code in expand(row.replace("CCC", chip))
        ]
    digits_of = {"N": "0123", "P": "012", "L": "0123456789"}
    places = [digits_of.get(c, c) for c in row]
    return ["".join(digits) for digits in product(*places)]


CODES = {code: row for row in ROWS for code in expand(row)}
BOARD_ROWS = {row for row in ROWS if "N" in row}
FIRST_TEXTS = {row: describe(expand(row)[0]).text for row in ROWS}


# The table


def test_the_table_has_every_known_code() -> None:
    """It has no other codes."""
    assert len(ROWS) == 216
    rows = [row for texts in TEXTS.values() for row in texts]
    assert sorted(rows) == sorted(ROWS)


def test_no_code_belongs_to_two_rows() -> None:
    """Otherwise the order of the table would matter."""
    assert len(CODES) == sum(len(expand(row)) for row in ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_every_code_is_described(row: str) -> None:
    """This holds in every slot, with the right category."""
    for code in expand(row):
        fault = describe(code)
        assert fault.code == code
        assert "Unknown" not in fault.text
        assert fault.category is ROWS[row]


def test_texts_are_made_of_sentences() -> None:
    """They begin with a capital, end with a full stop, and are short enough for a state."""
    for text in FIRST_TEXTS.values():
        sentences = re.findall(r"[A-Z](?:[^.!?]|\.\d)*\.(?: (?=[A-Z])|$)", text)
        assert "".join(sentences) == text
        assert 20 <= len(text) <= 160
        assert "  " not in text


def test_texts_are_plain() -> None:
    """They have no abbreviations, no jargon, and no letter that was not replaced."""
    for text in FIRST_TEXTS.values():
        assert not ODD & set(re.findall(r"\w+", text.lower()))
        assert not set("{}_\t\n") & set(text)


def test_other_faults_have_other_texts() -> None:
    """Codes whose difference is unknown are exceptions."""
    codes = defaultdict(set)
    for row, text in FIRST_TEXTS.items():
        if "CCC" not in row:  # the same faults as those of one C
            codes[text].add(expand(row)[0])
    assert {frozenset(same) for same in codes.values() if len(same) > 1} == ALIKE


def test_all_categories_are_used() -> None:
    assert {describe(code).category for code in CODES} == set(Category)


def test_a_category_is_a_word_in_lower_case() -> None:
    """States of Home Assistant have this form."""
    assert all(re.fullmatch("[a-z]+(_[a-z]+)?", category) for category in Category)


# Single codes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("110", "intake fan 1000"),
        ("111", "exhaust fan 1000"),
        ("120", "intake fan 2000"),
        ("131", "exhaust fan 3000"),
        ("140", "fans too fast"),
        ("200", "no power supply detected"),
        ("203", "power supply protect air too hot"),
        ("206", "input voltage too low"),
        ("218", "mains voltage below 230 high power mode"),
        ("233", "output side too hot"),
        ("236", "output current too high"),
        ("239", "output voltage too high"),
        ("240", "output voltage too low"),
        ("243", "input side too hot"),
        ("246", "input voltage too high"),
        ("248", "input current too high"),
        ("250", "input voltage too low"),
        ("255", "output power too high"),
        ("264", "cannot talk power supply"),
        ("267", "watchdog"),
        ("269", "input current too high"),
        ("273", "input power high"),
        ("275", "power supply hot"),
        ("281", "status word 1 bit 0"),
        ("288", "status word 1 bit 7"),
        ("289", "status word 2 bit 0"),
        ("296", "status word 2 bit 7"),
        ("370", "temperature changes too fast"),
        ("600", "air too hot"),
        ("610", "air too hot high normal mode"),
        ("711", "restarted processor firmware"),
        ("713", "network unstable clock"),
        ("2010", "all pools disabled"),
        ("2030", "pool rejects shares"),
        ("2310", "hash rate too low"),
        ("5080", "calibrated factory settings"),
        ("8400", "firmware too old update"),
        ("8620", "serial number miner missing"),
        ("8630", "serial number power supply missing"),
        ("9000", "program crashed"),
        ("100100", "illegal mining program removed"),
        ("110001", "virus 0001 removed"),
    ],
)
def test_what_a_code_is_about(code: str, words: str) -> None:
    """Codes of every kind are checked for the words that matter."""
    found = re.findall(r"\w+", describe(code).text.lower())
    assert [word for word in words.split() if word not in found] == []


def test_a_description_is_complete() -> None:
    """It has the code, the text, the category and the severity."""
    assert describe("110") == Fault(
        code="110",
        text="The intake fan is about 1000 rpm off the speed it should have. "
        "Check the fan and its cable.",
        category=Category.FAN,
        severity=Severity.FAULT,
    )


def test_an_exact_code_wins_over_a_pattern() -> None:
    """The 9 in 329 is not a slot: this code is for the control board."""
    assert "control board" in describe("329").text
    assert "Hashboard" not in describe("329").text
    assert describe("329").severity is Severity.FAULT
    for code in filter(str.isdecimal, ROWS):
        assert describe(code).text == TEXTS[ROWS[code]][code]


# Slots, pools, levels, chips


@pytest.mark.parametrize("slot", range(4))
def test_a_board_has_the_name_of_its_device(slot: int) -> None:
    """Slot 0 is Hashboard 1."""
    for row in BOARD_ROWS:
        code = row.replace("N", str(slot)).replace("CCC", "111")
        found = re.findall(r"Hashboard \d+", describe(code).text)
        assert (code, found) == (code, [f"Hashboard {slot + 1}"])


def test_no_board_is_named_where_none_is_known() -> None:
    """These codes have no slot."""
    for row in ROWS.keys() - BOARD_ROWS:
        assert not re.search(r"Hashboard \d", FIRST_TEXTS[row])


@pytest.mark.parametrize("digit", range(4, 10))
def test_a_slot_that_no_miner_has_is_no_slot(digit: int) -> None:
    """The code is unknown, but its type still gives a category."""
    for row in BOARD_ROWS:
        code = row.replace("N", str(digit)).replace("CCC", "111")
        if code != "329":
            assert describe(code).text.startswith(f"Unknown fault {code}")
            assert describe(code).category is not Category.OTHER


@pytest.mark.parametrize(("code", "pool"), [("2020", 1), ("2021", 2), ("2022", 3)])
def test_pools_are_counted_from_one(code: str, pool: int) -> None:
    """The miner counts them from 0."""
    assert describe(code).text.startswith(f"Pool {pool} ")


@pytest.mark.parametrize(("code", "level"), [("8500", 0), ("8531", 3), ("8594", 9)])
def test_levels_are_no_slots(code: str, level: int) -> None:
    """They keep their number."""
    assert describe(code).text.endswith(f"standard level {level}.")


@pytest.mark.parametrize(
    ("code", "slot", "chip"),
    [
        ("520000", 0, 0),
        ("531007", 1, 7),
        ("542042", 2, 42),
        ("553110", 3, 110),
        ("560998", 0, 998),
    ],
)
def test_a_chip_is_named_with_its_board(code: str, slot: int, chip: int) -> None:
    """It has three digits, in codes of six."""
    text = describe(code).text
    assert text.startswith(f"Chip {chip} on Hashboard {slot + 1} ")


def test_codes_of_three_and_four_digits_differ() -> None:
    """541 is for the chips of a board, 5410 for its connection."""
    assert describe("541").text == "The chips of Hashboard 2 cannot be identified."
    assert describe("5410").text.startswith("The serial connection to Hashboard 1 ")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("340", "Hashboard 1 is slowed down because of its temperature."),
        ("343", "Hashboard 4 is slowed down because of its temperature."),
        ("5410", "The serial connection to Hashboard 1 does not start."),
        ("5413", "The serial connection to Hashboard 4 does not start."),
        ("5431", "Hashboard 2 does not start: it sends no data."),
        ("5722", "Too much data is damaged on its way to or from Hashboard 3."),
        ("6010", "Too many chips of Hashboard 1 are switched off."),
        ("520999", "Chips on Hashboard 1 give wrong results."),
        ("531999", "Chips on Hashboard 2 give too few results."),
        ("542999", "Chips on Hashboard 3 are too hot, and a protection tripped."),
        ("550999", "Chips on Hashboard 1 were reset."),
        ("553999", "Chips on Hashboard 4 were reset."),
        ("561999", "Chips on Hashboard 2 give no results."),
        ("580999", "Hashboard 1 has too many bad chips."),
        ("582999", "Hashboard 3 has too many bad chips."),
    ],
)
def test_what_new_firmware_reports(code: str, text: str) -> None:
    """999 stands for many chips, and is no chip."""
    assert describe(code).text.startswith(text)


@pytest.mark.parametrize("kind", ["52", "53", "54", "55", "56", "57", "58"])
def test_four_digits_name_no_chip(kind: str) -> None:
    """One digit cannot count a hundred chips. Where nothing is known, the text says no more."""
    for rest in range(100):
        fault = describe(f"{kind}{rest:02}")
        assert not re.search(r"Chip \d", fault.text)
        assert fault.category is Category.HASHBOARD


@pytest.mark.parametrize("code", ["580007", "571012", "590999", "501999", "6410"])
def test_what_no_source_explains_has_no_cause(code: str) -> None:
    """Neither a chip nor a hashboard is made of its digits."""
    assert describe(code).text.startswith(f"Unknown fault {code}")


@pytest.mark.parametrize("code", ["2023", "2025", "2029"])
def test_a_pool_that_no_miner_has_is_no_pool(code: str) -> None:
    """A miner has three."""
    assert describe(code).text == f"Unknown fault {code} (pool)."


@pytest.mark.parametrize(
    ("code", "readings"),
    [
        ("240", "output voltage too low too high"),
        ("241", "output unequal input voltage too low"),
        ("244", "input too hot voltage too high"),
        ("247", "input voltage current too high"),
        ("249", "input voltage current too high"),
        ("256", "output power too high too hot"),
        ("430", "chip grade or cannot be read"),
        ("441", "number of chips or cannot be read"),
        ("512", "does not fit this miner or its control board"),
        ("5032", "voltages or temperatures"),
    ],
)
def test_where_sources_contradict_one_another_the_text_allows_for_both(
    code: str, readings: str
) -> None:
    """Nobody is sent after the wrong cause."""
    found = re.findall(r"\w+", describe(code).text.lower())
    assert [word for word in readings.split() if word not in found] == []


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
    """The text names both."""
    about = category.replace("_", " ")
    assert describe(code) == Fault(
        code=code,
        text=f"Unknown fault {code} ({about}).",
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
        text=f"Unknown fault {code}.",
        category=Category.OTHER,
        severity=Severity.FAULT,
    )


def test_the_types_of_unknown_codes_are_those_of_known_ones() -> None:
    """A type is known if one of its codes is known."""
    types = {
        code[: 2 if len(code) == 6 and code[0] != "1" else -2] for code in CODES
    } - {"99"}  # of 9999 even the name says nothing
    assert types == set(CATEGORIES)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("", "Unknown fault."),
        (" ", "Unknown fault."),
        ("abc", "Unknown fault abc."),
        ("-110", "Unknown fault -110."),
        ("110.0", "Unknown fault 110.0."),
        ("0110", "Unknown fault 0110."),
        ("1_10", "Unknown fault 1_10."),
        ("{0}", "Unknown fault {0}."),
        ("{N}", "Unknown fault {N}."),
        ("30N", "Unknown fault 30N."),  # what the table calls it
        ("52NC", "Unknown fault 52NC."),
        ("1" * 20, f"Unknown fault {'1' * 20}."),
        ("1" * 21, f"Unknown fault {'1' * 20}…."),
        ("9" * 1_000_000, f"Unknown fault {'9' * 20}…."),
        ("a\n\tb\0c\x1b", "Unknown fault abc."),
        ("\ud800", "Unknown fault."),
        ("١١٠", "Unknown fault ١١٠."),  # 110 in Arabic digits
        ("11０", "Unknown fault 11０."),  # with a wide digit
        ("11²", "Unknown fault 11²."),
        ("30³", "Unknown fault 30³."),
    ],
    ids=ascii,
)
def test_any_text_is_an_unknown_code(code: str, text: str) -> None:
    """It raises no error, and its text can be shown."""
    assert describe(code) == Fault(
        code=code, text=text, category=Category.OTHER, severity=Severity.FAULT
    )


@pytest.mark.parametrize("code", [" 110", "110 ", "110\n", "\t110\r\n"])
def test_blanks_around_a_code_do_not_count(code: str) -> None:
    """The code is returned as it was."""
    assert describe(code).text == describe("110").text
    assert describe(code).code == code


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_short_number_has_a_text(length: int) -> None:
    """Known codes have a text of their own."""
    for number in range(10**length):
        code = str(number).zfill(length)
        assert describe(code).text.startswith("Unknown fault") is (code not in CODES)


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
    assert re.search("protect|tripped|stopped", FIRST_TEXTS[row])
    for code in expand(row):
        assert describe(code).severity is Severity.FAULT


@pytest.mark.parametrize("code", CODES)
def test_no_text_of_a_minor_fault_tells_of_a_protection(code: str) -> None:
    fault = describe(code)
    if fault.severity is Severity.MINOR:
        assert not re.search(
            "protect|tripped|shut|stop|short", fault.text, re.IGNORECASE
        )


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
