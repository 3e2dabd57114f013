"""Faults in words, in every language."""

from collections import defaultdict
import json
import re
from typing import Any

import pytest

from custom_components.whatsminer.api import Category, Severity, describe
from custom_components.whatsminer.fault_texts import fault_line, fault_text

from .fault_codes import BOARD_ROWS, CODES, PROTECTIONS, ROWS, expand
from .texts import FOLDER, LANGUAGES, leaves, placeholders

TEXTS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text())
    for path in (FOLDER / "fault_texts").glob("*.json")
}
OUTAGES = ("no_hash_rate", "no_input", "no_pool")
# Home Assistant takes no longer states.
MOST_CHARACTERS = 255
every_language = pytest.mark.parametrize("language", LANGUAGES)

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

# Words of the vendor, and names of places, that have no business in a text.
ODD_WORDS = """
    err error errors fail temp env psu volt vol freq amb comm init cfg hb sn pcb cb crc
    nonce nonces slot abnormal ambient n p l
"""
ODD = set(ODD_WORDS.split())


def text_of(code: str, language: str = "en") -> str:
    """Return what is said of a code."""
    return fault_text(describe(code), language)


FIRST_TEXTS = {row: text_of(expand(row)[0]) for row in ROWS}


# Languages


def test_faults_speak_the_languages_of_everything_else() -> None:
    assert TEXTS.keys() == {*LANGUAGES}


@every_language
def test_every_fault_has_a_text(language: str) -> None:
    assert TEXTS[language]["faults"].keys() == {*ROWS, *OUTAGES}
    assert TEXTS[language]["titles"].keys() == {"fault", *OUTAGES}
    assert TEXTS[language]["categories"].keys() == {*Category} - {Category.OTHER}
    english = dict(leaves(TEXTS["en"]))
    assert dict(leaves(TEXTS[language])).keys() == english.keys()


@every_language
def test_every_language_says_the_same(language: str) -> None:
    """Text by text, the same places, and no text that was not translated."""
    texts = dict(leaves(TEXTS[language]))
    for path, english in leaves(TEXTS["en"]):
        assert placeholders(texts[path]) == placeholders(english), path
        if language != "en" and len(english.split()) > 3:
            assert texts[path] != english, path


@every_language
def test_faults_that_are_alike_in_english_are_alike_everywhere(language: str) -> None:
    """A translation neither tells faults apart that English does not, nor the reverse."""

    def alike(texts: dict[str, str]) -> set[frozenset[str]]:
        rows = defaultdict(set)
        for row, text in texts.items():
            rows[text].add(row)
        return set(map(frozenset, rows.values()))

    assert alike(TEXTS[language]["faults"]) == alike(TEXTS["en"]["faults"])


@every_language
@pytest.mark.parametrize("code", [*CODES, *OUTAGES])
def test_every_text_is_a_state(language: str, code: str) -> None:
    """It is short enough, whatever the places are, and all letters are replaced."""
    text = text_of(code, language)
    assert 20 <= len(text) <= MOST_CHARACTERS
    assert text == text.strip()
    assert text.endswith(".")
    assert "  " not in text
    assert not set("{}_\t\n") & set(text)


@every_language
def test_texts_are_in_order(language: str) -> None:
    for group in TEXTS[language].values():
        assert list(group) == sorted(group)


@pytest.mark.parametrize(
    ("language", "beginning"),
    [
        ("en", "The intake fan"),
        ("en-GB", "The intake fan"),
        ("de", "Der Zuluftlüfter"),
        ("de-CH", "Der Zuluftlüfter"),
        ("fr", "The intake fan"),
        ("", "The intake fan"),
    ],
)
def test_a_language_without_texts_has_those_of_its_main_language_or_english(
    language: str, beginning: str
) -> None:
    assert text_of("110", language).startswith(beginning)


@pytest.mark.parametrize(
    ("code", "language", "text"),
    [
        ("110", "en", "Fan0 speed deviates"),
        ("110", "fr", "Fan0 speed deviates"),
        ("110", "de", "Der Zuluftlüfter weicht um etwa 1000 U/min von"),
        ("987654", "de", "Fan0 speed deviates"),
    ],
)
def test_the_words_of_the_miner_win_where_they_are_in_the_language(
    code: str, language: str, text: str
) -> None:
    """They are English, and better than nothing about a code that is not known."""
    fault = describe(code, reason="Fan0 speed deviates")
    assert fault_text(fault, language).startswith(text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("5072", "Der Wasserdurchfluss an Hashboard 3 ist nicht so"),
        ("2021", "Pool 2 ist nicht erreichbar."),
        ("542042", "Chip 42 auf Hashboard 3 ist zu heiß"),
        ("299", "Unbekannte Störung 299 (Netzteil)."),
        ("987654", "Unbekannte Störung 987654."),
        ("no_pool", "Der Miner ist eingeschaltet, mint aber nicht, und keiner"),
    ],
)
def test_faults_in_german(code: str, text: str) -> None:
    assert text_of(code, "de").startswith(text)


@pytest.mark.parametrize(
    ("code", "change", "language", "title"),
    [
        ("5072", "appeared", "en", "Fault 5072: "),
        ("5072", "cleared", "en", "Fault 5072 cleared: "),
        ("no_hash_rate", "appeared", "en", "No hash rate: "),
        ("no_hash_rate", "cleared", "en", "No hash rate (cleared): "),
        ("{text}", "appeared", "en", "Fault {text}: "),
        ("5072", "appeared", "de", "Störung 5072: "),
        ("5072", "cleared", "de", "Störung 5072 behoben: "),
        ("no_pool", "appeared", "de-AT", "Kein Pool: "),
    ],
)
def test_a_line_begins_with_the_number_or_the_name_of_the_fault(
    code: str, change: Any, language: str, title: str
) -> None:
    assert fault_line(code, change, "Text.", language) == f"{title}Text."


# Texts in English


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
    found = re.findall(r"\w+", text_of(code).lower())
    assert [word for word in words.split() if word not in found] == []


def test_an_exact_code_wins_over_a_pattern() -> None:
    """The 9 in 329 is not a slot: this code is for the control board."""
    assert "control board" in text_of("329")
    assert "Hashboard" not in text_of("329")
    for code in filter(str.isdecimal, ROWS):
        assert text_of(code) == TEXTS["en"]["faults"][code]


@pytest.mark.parametrize("slot", range(4))
def test_a_board_has_the_name_of_its_device(slot: int) -> None:
    """Slot 0 is Hashboard 1."""
    for row in BOARD_ROWS:
        code = row.replace("N", str(slot)).replace("CCC", "111")
        found = re.findall(r"Hashboard \d+", text_of(code))
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
            assert text_of(code).startswith(f"Unknown fault {code}")
            assert "(" in text_of(code)


@pytest.mark.parametrize(("code", "pool"), [("2020", 1), ("2021", 2), ("2022", 3)])
def test_pools_are_counted_from_one(code: str, pool: int) -> None:
    """The miner counts them from 0."""
    assert text_of(code).startswith(f"Pool {pool} ")


@pytest.mark.parametrize(("code", "level"), [("8500", 0), ("8531", 3), ("8594", 9)])
def test_levels_are_no_slots(code: str, level: int) -> None:
    """They keep their number."""
    assert text_of(code).endswith(f"standard level {level}.")


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
    text = text_of(code)
    assert text.startswith(f"Chip {chip} on Hashboard {slot + 1} ")


def test_codes_of_three_and_four_digits_differ() -> None:
    """541 is for the chips of a board, 5410 for its connection."""
    assert text_of("541") == "The chips of Hashboard 2 cannot be identified."
    assert text_of("5410").startswith("The serial connection to Hashboard 1 ")


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
    assert text_of(code).startswith(text)


@pytest.mark.parametrize("kind", ["52", "53", "54", "55", "56", "57", "58"])
def test_four_digits_name_no_chip(kind: str) -> None:
    """One digit cannot count a hundred chips. Where nothing is known, the text says no more."""
    for rest in range(100):
        assert not re.search(r"Chip \d", text_of(f"{kind}{rest:02}"))


@pytest.mark.parametrize("code", ["580007", "571012", "590999", "501999", "6410"])
def test_what_no_source_explains_has_no_cause(code: str) -> None:
    """Neither a chip nor a hashboard is made of its digits."""
    assert text_of(code).startswith(f"Unknown fault {code}")


@pytest.mark.parametrize("code", ["2023", "2025", "2029"])
def test_a_pool_that_no_miner_has_is_no_pool(code: str) -> None:
    """A miner has three."""
    assert text_of(code) == f"Unknown fault {code} (pool)."


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
    found = re.findall(r"\w+", text_of(code).lower())
    assert [word for word in readings.split() if word not in found] == []


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
    assert text_of(code) == text


@pytest.mark.parametrize("code", [" 110", "110 ", "110\n", "\t110\r\n"])
def test_blanks_around_a_code_do_not_count(code: str) -> None:
    assert text_of(code) == text_of("110")


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_short_number_has_a_text(length: int) -> None:
    """Known codes have a text of their own."""
    for number in range(10**length):
        code = str(number).zfill(length)
        assert text_of(code).startswith("Unknown fault") is (code not in CODES)


@pytest.mark.parametrize("code", CODES)
def test_no_text_of_a_minor_fault_tells_of_a_protection(code: str) -> None:
    if describe(code).severity is Severity.MINOR:
        assert not re.search(
            "protect|tripped|shut|stop|short", text_of(code), re.IGNORECASE
        )


@pytest.mark.parametrize("row", PROTECTIONS.split())
def test_a_protection_says_so(row: str) -> None:
    assert re.search("protect|tripped|stopped", FIRST_TEXTS[row])
    assert re.search(
        "[Ss]chutz|schützt|ausgelöst|gestoppt", text_of(expand(row)[0], "de")
    )


@pytest.mark.parametrize("code", OUTAGES)
def test_an_outage_says_what_to_do(code: str) -> None:
    assert text_of(code).startswith("The miner is switched on, but ")
    assert text_of(code).count(". ") >= 1
