"""Machines that speak V3 whose firmware leaves things out, or says them in another way."""

from collections.abc import Callable
from typing import Any

import pytest

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.util import dt as dt_util
from tests.api.v3.framed_miner import refusal

from . import cases
from .described_v3 import FAN, SETTING, STATUS, SYSTEM
from .home import Added, Home
from .miner_v3 import DescribedV3Miner

DOWN = "btminer process is down err"


def none_is_unavailable(added: Added) -> None:
    """Check that no entity of the miner is unavailable, as those of boards that it lacks may be."""
    assert [
        state.entity_id
        for state in added.home.hass.states.async_all()
        if state.state == STATE_UNAVAILABLE and "hashboard" not in state.entity_id
    ] == []


def as_texts(value: Any) -> Any:
    """Return a message in which every number is a text."""
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


def as_numbers(value: Any) -> Any:
    """Return a message in which every text that is a number is one."""
    if isinstance(value, dict):
        return {key: as_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


# On or off


@pytest.mark.parametrize("working", ["true", True, "True", 1, "1"])
async def test_a_miner_that_works_is_on_in_each_spelling(
    home: Home, working: object
) -> None:
    async with cases.of_v3("m60s") as miner:
        miner.device["miner"]["working"] = working
        added = await (await home.add(miner)).poll(1)
        assert added.shows("switch.mining") == "on"


@pytest.mark.parametrize("working", ["false", False, "False", 0, "0"])
async def test_a_miner_that_does_not_work_is_off_whatever_its_clock_says(
    home: Home, working: object
) -> None:
    """The clock of its mining process goes on."""
    async with cases.of_v3("m60s") as miner:
        miner.device["miner"]["working"] = working
        del miner.answers[STATUS]["pools"]
        miner.summary.update({key: 0 for key in miner.summary if "hash-" in key})
        added = await (await home.add(miner)).poll(2)
        assert added.shows("switch.mining") == "off"
        assert added.shows("sensor.status") == "off"
        assert added.number("sensor.hash_rate") == 0
        assert added.shows("binary_sensor.problem") == "off"
        none_is_unavailable(added)


@pytest.mark.parametrize(("rate", "shown"), [(None, "on"), (0, STATE_UNKNOWN)])
async def test_where_it_is_missing_a_hash_rate_says_on(
    home: Home, rate: float | None, shown: str
) -> None:
    async with cases.of_v3("m50") as miner:
        del miner.device["miner"]["working"]
        if rate is not None:
            miner.summary["hash-realtime"] = rate
        added = await (await home.add(miner)).poll(2)
        assert added.shows("switch.mining") == shown


async def test_mining_began_when_its_process_did(home: Home) -> None:
    async with cases.of_v3("m7bs") as miner:
        added = await (await home.add(miner)).poll(1)
        since = dt_util.parse_datetime(added.shows("sensor.mining_since"))
        booted = dt_util.parse_datetime(added.shows("sensor.booted"))
        assert since
        assert booted
        seconds = (dt_util.utcnow() - since).total_seconds()
        assert seconds == pytest.approx(miner.summary["elapsed"], abs=2)
        seconds = (dt_util.utcnow() - booted).total_seconds()
        assert seconds == pytest.approx(miner.summary["bootup-time"], abs=2)


# Its mining process


@pytest.mark.parametrize("kind", ["m50", "m64"])
async def test_a_miner_whose_mining_process_is_down_is_available(
    home: Home, kind: str
) -> None:
    """The text stands in the place of the list of errors as well: nothing is known of them."""
    async with cases.of_v3(kind) as miner:
        miner.device["error-code"] = [
            {"206": "2026-10-31 23:10:00", "reason": "Power input voltage is low."}
        ]
        added = await (await home.add(miner)).poll(1)
        assert list(added.faults) == ["206"]
        well = miner.answers[STATUS]

        async def is_down(call: Any) -> None:
            await call.answer(refusal(-1, DOWN))

        miner.device["error-code"] = DOWN
        miner.answers[STATUS] = is_down
        await added.poll(3)
        none_is_unavailable(added)
        assert added.shows("switch.mining") == "on"
        assert added.shows("sensor.hash_rate") in (STATE_UNKNOWN, "0.0", "0")
        assert added.shows("sensor.faults") == STATE_UNKNOWN

        miner.device["error-code"], miner.answers[STATUS] = [], well
        miner.advance(90)
        await added.poll(2)
        assert added.number("sensor.faults") == 0
        assert added.number("sensor.hash_rate") > 0
        assert added.number("sensor.restart_count") == 0


# What is missing


@pytest.mark.parametrize("section", ["power", "miner", "error-code", "system"])
async def test_a_section_of_the_device_may_be_missing(home: Home, section: str) -> None:
    """A miner without its system does not say that it speaks V3: it has to be known before."""
    async with cases.of_v3("m50") as miner:
        added = await home.add(miner)
        del miner.device[section]
        await added.poll(3)
        none_is_unavailable(added)
        assert added.number("sensor.hash_rate") == pytest.approx(118.29, abs=0.01)
        assert added.shows("switch.mining") == "on"


@pytest.mark.parametrize("section", ["summary", "pools", "edevs"])
async def test_a_section_of_the_status_may_be_missing(home: Home, section: str) -> None:
    async with cases.of_v3("m50") as miner:
        added = await home.add(miner)
        del miner.answers[STATUS][section]
        await added.poll(3)
        assert added.shows("switch.mining") == "on"
        assert added.shows("sensor.psu_input_voltage") == "233.5"
        gone = {
            "summary": "sensor.chip_temperature",
            "pools": "binary_sensor.pool_connected",
            "edevs": "sensor.board0_hash_rate",
        }[section]
        assert added.shows(gone) in (STATE_UNKNOWN, STATE_UNAVAILABLE)


@pytest.mark.parametrize("command", [SETTING, FAN, SYSTEM])
@pytest.mark.parametrize("answer", [refusal(-2, "invalid command"), "nothing", []])
async def test_settings_may_be_missing(
    home: Home, command: str, answer: object
) -> None:
    async with cases.of_v3("m50") as miner:

        async def say(call: Any) -> None:
            await call.answer(answer if isinstance(answer, dict) else {"code": 0})

        miner.answers[command] = say if isinstance(answer, dict) else answer
        added = await (await home.add(miner)).poll(3)
        none_is_unavailable(added)
        assert added.number("sensor.hash_rate") == pytest.approx(118.29, abs=0.01)
        assert added.shows("select.power_mode") == "normal"
        assert added.shows("switch.fast_boot") == "off"
        assert added.shows("switch.web_pools") == "on"


# Other forms


@pytest.mark.parametrize("kind", ["m50", "m60s", "m64", "m7bs"])
@pytest.mark.parametrize("form", [as_texts, as_numbers], ids=["texts", "numbers"])
async def test_numbers_may_be_texts_and_texts_numbers(
    home: Home, kind: str, form: Callable[[Any], Any]
) -> None:
    names = (
        "sensor.hash_rate",
        "sensor.power",
        "sensor.board0_hash_rate",
        "sensor.board0_temperature",
        "sensor.environment_temperature",
        "sensor.pool_rejection",
        "number.power_limit",
        "switch.web_pools",
        "select.power_mode",
        "sensor.last_share",
        "binary_sensor.stable",
        "binary_sensor.write_access",
    )
    async with cases.of_v3(kind) as ordinary:
        plain = await (await home.add(ordinary)).poll(1)
        expected = {name: plain.shows(name) for name in names}
        assert STATE_UNKNOWN not in expected.values()
    home.added.clear()
    await home.hass.config_entries.async_remove(plain.entry.entry_id)
    async with cases.of_v3(kind) as miner:
        miner.v3.device = form(miner.device)
        miner.v3.answers = {key: form(item) for key, item in miner.answers.items()}
        miner.advance = lambda seconds: None  # type: ignore[method-assign]
        added = await home.add(miner)
        assert {name: added.shows(name) for name in names} == expected


@pytest.mark.parametrize("kind", ["m60s", "m7bs"])
@pytest.mark.parametrize("unknown", [-0.004, 0, "", None])
async def test_before_the_boards_are_read_their_factory_hash_rate_is_not_known(
    home: Home, kind: str, unknown: object
) -> None:
    """The text with what was detected counts, where there is one."""
    async with cases.of_v3(kind) as miner:
        miner.summary["factory-hash"] = unknown
        added = await (await home.add(miner)).poll(1)
        shown = added.shows("sensor.factory_hash_rate")
        assert shown == ("180.5" if kind == "m60s" else STATE_UNKNOWN)


@pytest.mark.parametrize("value", [3550, 0, "", {}, None])
async def test_a_power_where_an_object_is_expected_hides_nothing(
    home: Home, value: object
) -> None:
    """One answer has an object under `power`, the other a number."""
    async with cases.of_v3("m7bs") as miner:
        miner.answers[SETTING]["power"] = {"set": 0}
        added = await home.add(miner)
        miner.device["power"] = value
        await added.poll(1)
        none_is_unavailable(added)
        assert added.number("sensor.power") == 7478
        assert added.number("number.power_limit") == 10_030
        assert added.shows("sensor.psu_input_voltage") == STATE_UNKNOWN


@pytest.mark.parametrize("api", ["3.1.0", "3.0.9", "3.1"])
async def test_a_newer_version_is_read_like_the_last_known_one(
    home: Home, api: str
) -> None:
    async with cases.of_v3("m7bs") as miner:
        miner.device["system"]["api"] = api
        added = await (await home.add(miner)).poll(1)
        assert added.entry.runtime_data.coordinator.data.generation == "v3"
        assert added.number("sensor.hash_rate") == pytest.approx(509.84, abs=0.01)
        assert added.number("number.power_percent") == 100


async def test_version_4_is_no_v3_and_is_read_over_v2(home: Home) -> None:
    """What is sure is that this client does not know it."""
    async with cases.of_v3("m60s") as miner:
        miner.device["system"]["api"] = "4.0.0"
        added = await (await home.add(miner)).poll(2)
        assert added.entry.runtime_data.coordinator.data.generation == "v2.2"
        assert added.number("sensor.hash_rate") == pytest.approx(124.4)


async def test_a_miner_that_turns_to_version_4_stays_readable(home: Home) -> None:
    """A known miner with another version has other firmware: it is asked again."""
    async with cases.of_v3("m60s") as miner:
        added = await (await home.add(miner)).poll(1)
        miner.device["system"] |= {"api": "4.0.0", "fwversion": "20280101.11.Rel"}
        await added.poll(3)
        none_is_unavailable(added)
        assert added.number("sensor.hash_rate") > 0


@pytest.mark.parametrize(
    "led",
    ["Auto", "AUTO", " auto", "manual", "", 0, None, {"color": "red", "start": 0}],
    ids=str,
)
async def test_the_led_is_told_in_other_forms(home: Home, led: object) -> None:
    """Write access is tried by a command only while the LED is on auto."""
    async with cases.of_v3("m50") as miner:
        miner.device["system"]["ledstatus"] = led
        added = await (await home.add(miner)).poll(2)
        none_is_unavailable(added)
        is_auto = isinstance(led, str) and led.strip().lower() == "auto"
        tried = [param for name, param in miner.v3.writes if name == "set.system.led"]
        assert set(tried) == ({"auto"} if is_auto else set())


# Boards


@pytest.mark.parametrize("kind", ["m64", "m7bs"])
async def test_a_fourth_board_is_a_board(home: Home, kind: str) -> None:
    async with cases.of_v3(kind) as miner:
        added = await (await home.add(miner)).poll(1)
        for slot in range(4):
            assert added.number(f"sensor.board{slot}_hash_rate") > 50
            assert added.number(f"sensor.board{slot}_temperature") > 40
            assert added.shows(f"binary_sensor.board{slot}_alive") == "on"


async def test_two_boards_of_four_have_the_temperatures_of_their_slots(
    home: Home,
) -> None:
    """A real machine told two boards, and four temperatures."""
    async with cases.of_v3("m7bs") as miner:
        del miner.answers[STATUS]["edevs"][2:]
        miner.answers[STATUS]["edevs"][1] |= {"id": 1, "slot": 3}
        added = await (await home.add(miner)).poll(1)
        assert added.number("sensor.board0_temperature") == 57
        assert added.number("sensor.board3_temperature") == 48.75
        assert not added.has("sensor.board1_temperature")


# Faults


async def test_a_fault_is_told_in_the_words_of_the_miner(home: Home) -> None:
    async with cases.of_v3("m60s") as miner:
        miner.device["error-code"] = [
            {"264": "2026-10-31 09:19:10", "reason": "Power xfer error. code: 0xc0"},
            {"267": "2026-10-31 09:19:11", "reason": "Power watch dog protected."},
        ]
        added = await (await home.add(miner)).poll(1)
        assert added.faults["264"]["text"] == "Power xfer error. code: 0xc0"
        assert added.faults["267"]["text"] == "Power watch dog protected."
        assert added.shows("binary_sensor.problem") == "on"


async def test_in_german_the_table_of_faults_comes_first(home: Home) -> None:
    home.hass.config.language = "de"
    async with cases.of_v3("m60s") as miner:
        miner.device["error-code"] = [
            {"206": "2026-10-31 09:19:10", "reason": "Power input voltage is low."},
            {"98765": "2026-10-31 09:19:11", "reason": "Something quite new."},
        ]
        added = await (await home.add(miner)).poll(1)
        assert "Eingangsspannung" in str(added.faults["206"]["text"])
        assert added.faults["98765"]["text"] == "Something quite new."


# Write access


@pytest.mark.parametrize(("switch", "shown"), [("1", "on"), ("0", "off")])
async def test_the_api_switch_shows_whether_commands_are_taken(
    home: Home, switch: str, shown: str
) -> None:
    async with cases.of_v3("m50") as miner:
        miner.device["system"]["apiswitch"] = switch
        miner.v3.is_open = switch == "1"
        if switch == "0":
            miner.v2.refused = {"STATUS": "E", "Code": 45, "Msg": "can't access"}
        added = await (await home.add(miner)).poll(2)
        assert added.shows("binary_sensor.write_access") == shown


def test_each_miner_has_an_address_of_its_own() -> None:
    first, second = cases.of_v3("m50"), cases.of_v3("m64")
    assert isinstance(first, DescribedV3Miner)
    assert first.host != second.host
