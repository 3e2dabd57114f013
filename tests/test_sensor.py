"""Sensors of what a miner reports."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from simulator import Raw, Refused, SimulatedMiner

from . import (
    JOINED,
    Altered,
    Check,
    Clock,
    before_v2_2,
    every_generation,
    shown,
    since_v2,
)
from .words import speaks_v3

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""]),
    pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up"),
]


def number(hass: HomeAssistant, key: str) -> float:
    """Return the value of a sensor of the miner."""
    return float(shown(hass, f"sensor.miner_{key}"))


def faults_of(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return the list of faults beside their count."""
    state = hass.states.get("sensor.miner_faults")
    assert state is not None
    faults: list[dict[str, Any]] = state.attributes["faults"]
    return faults


@every_generation
async def test_every_generation_has_its_sensors(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
async def test_a_water_cooled_miner_that_speaks_v3_has_its_sensors(
    check_entities: Check,
) -> None:
    await check_entities()


@every_generation
async def test_readings_have_no_more_digits_than_mean_something(
    hass: HomeAssistant, clock: Clock
) -> None:
    """Each other digit would be noise, and a new row in the database."""
    for _ in range(3):
        await clock.next_poll()
        for state in hass.states.async_all("sensor"):
            whole, point, digits = state.state.partition(".")
            if point and whole.lstrip("-").isdigit():
                is_total = state.entity_id.endswith("energy")
                assert len(digits) <= (5 if is_total else 2), state


@every_generation
async def test_readings_are_those_of_the_miner(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    machine = miner.state.telemetry()
    hash_rate = number(hass, "hash_rate")
    power = number(hass, "power")

    assert hash_rate == pytest.approx(machine.hash_rate, rel=1e-4)
    assert power == pytest.approx(machine.power, rel=1e-3)
    assert number(hass, "efficiency") == pytest.approx(power / hash_rate, abs=0.02)
    assert number(hass, "average_hash_rate") == pytest.approx(
        machine.hash_average, rel=1e-4
    )
    assert number(hass, "hash_rate_1_minute") == pytest.approx(
        machine.hash_1m, rel=1e-4
    )
    assert number(hass, "hash_rate_15_minutes") == pytest.approx(
        machine.hash_15m, rel=1e-4
    )
    assert number(hass, "target_hash_rate") == pytest.approx(
        miner.state.model.hash_rate, rel=1e-3
    )
    assert number(hass, "factory_hash_rate") == pytest.approx(
        miner.state.model.hash_rate, rel=1e-3
    )
    assert number(hass, "chip_temperature") == pytest.approx(machine.chip_avg, abs=0.1)
    assert number(hass, "lowest_chip_temperature") == pytest.approx(
        machine.chip_min, abs=0.1
    )
    assert number(hass, "highest_chip_temperature") == pytest.approx(
        machine.chip_max, abs=0.1
    )
    assert number(hass, "chip_frequency") == pytest.approx(machine.frequency, abs=1)
    assert number(hass, "accepted_shares") == machine.accepted
    assert number(hass, "rejected_shares") == machine.rejected
    assert shown(hass, "sensor.miner_pool") == miner.state.pools[0].url
    assert shown(hass, "sensor.miner_worker") == miner.state.pools[0].user
    assert shown(hass, "sensor.miner_last_share") == (
        datetime.fromtimestamp(int(miner.state.pools[0].last_share), UTC).isoformat()
    )


@every_generation
async def test_board_temperature_is_there_everywhere(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """On firmware whose summary has none, it is the mean of the boards; on V3 the highest."""
    boards = [board.temperature for board in miner.state.telemetry().boards]

    assert number(hass, "board_temperature") == pytest.approx(
        max(boards) if speaks_v3(miner) else sum(boards) / len(boards),
        abs=0.1 if speaks_v3(miner) else 0.5,
    )


@since_v2
async def test_the_power_supply_is_read_in_volts_and_amperes(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The firmware counts in hundredths of a volt and thousandths of an ampere."""
    volts = 396 if miner.state.model.liquid else 224
    phases = 3**0.5 if miner.state.model.liquid else 1

    assert number(hass, "psu_input_voltage") == volts
    assert number(hass, "psu_input_current") == pytest.approx(
        number(hass, "psu_input_power") / volts / phases, rel=1e-3
    )
    assert number(hass, "psu_input_power") == pytest.approx(
        number(hass, "power"), rel=1e-3
    )
    assert number(hass, "psu_temperature") == pytest.approx(
        miner.state.telemetry().psu_temperature, abs=0.1
    )


async def test_intake_and_exhaust_are_not_swapped(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    machine = miner.state.telemetry()

    assert number(hass, "intake_fan_speed") == round(machine.fan_in)
    assert number(hass, "exhaust_fan_speed") == round(machine.fan_out)
    assert round(machine.fan_in) != round(machine.fan_out)


# What exists


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_a_liquid_cooled_miner_has_no_fans(hass: HomeAssistant) -> None:
    """Fan speeds of a liquid-cooled miner would stay at 0 rpm for ever."""
    assert not [entity for entity in hass.states.async_entity_ids() if "fan" in entity]
    assert number(hass, "coolant_temperature") > 0


@before_v2_2
async def test_an_air_cooled_miner_has_no_coolant(hass: HomeAssistant) -> None:
    assert hass.states.get("sensor.miner_coolant_temperature") is None
    assert number(hass, "intake_fan_speed") > 0


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
@pytest.mark.parametrize(
    "key", ["environment_temperature", "stop_reason", "psu_input_voltage"]
)
async def test_v1_firmware_tells_less(hass: HomeAssistant, key: str) -> None:
    assert hass.states.get(f"sensor.miner_{key}") is None
    assert hass.states.get("sensor.miner_chip_temperature") is not None


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
@pytest.mark.parametrize(
    ("field", "key", "expected"),
    [
        ('"Env Temp":7.0', "environment_temperature", 7),
        ('"Env Temp":-12.5', "environment_temperature", -12.5),
        ('"Power Voltage Input":229.5', "psu_input_voltage", 229.5),
        ('"Power Current Input":15.58', "psu_input_current", 15.58),
    ],
)
async def test_v1_firmware_that_tells_more_has_more_sensors(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    field: str,
    key: str,
    expected: float,
) -> None:
    """They come as soon as it tells it, and stay."""
    miner.misbehave(JOINED, Altered('"Elapsed"', f'{field},"Elapsed"'))
    await clock.next_poll()
    await hass.async_block_till_done()
    assert number(hass, key) == pytest.approx(expected)
    miner.behave(JOINED)
    await clock.next_poll()
    assert hass.states.get(f"sensor.miner_{key}") is not None


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.parametrize("key", ["target_chip_frequency", "hash_rate_deviation"])
async def test_v2_2_firmware_has_no_targets(hass: HomeAssistant, key: str) -> None:
    """V2.2 reports 0 MHz, which is no target, and no deviation."""
    assert hass.states.get(f"sensor.miner_{key}") is None


@pytest.mark.parametrize(
    ("miner", "password", "exists"),
    [
        ("air_miner", "admin1", True),
        ("air_miner", "", False),
        ("hydro_miner", "admin1", False),
    ],
    indirect=["miner"],
)
async def test_preheating_shows_where_it_can_be_asked_for(
    hass: HomeAssistant, exists: bool
) -> None:
    """V2.2 does not know the command, and without a password it cannot be sent."""
    assert (hass.states.get("sensor.miner_preheat") is not None) is exists


async def test_preheating_shows_its_stage(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    assert shown(hass, "sensor.miner_preheat") == "off"
    for stage in ("waiting", "adjusting", "complete"):
        set_up.config_entry.runtime_data.preheat.state = stage
        set_up.async_update_listeners()
        assert shown(hass, "sensor.miner_preheat") == stage


@since_v2
async def test_generations_agree_on_units(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    units = {
        state.entity_id: state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        for state in hass.states.async_all("sensor")
    }

    rates = [entity for entity in units if entity.endswith("hash_rate")]
    assert {units[entity] for entity in rates} == {"TH/s"}
    assert len(rates) == 4 + len(miner.state.boards)
    assert units["sensor.miner_efficiency"] == "J/TH"
    assert {
        unit for entity, unit in units.items() if entity.endswith("temperature")
    } == {"°C"}
    assert {
        unit for entity, unit in units.items() if entity.endswith("chip_frequency")
    } == {"MHz"}


# What is shown of a miner that does not hash


@every_generation
async def test_a_stopped_miner_hashes_nothing(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll(2)

    for key in ("", "average_", "hashboard_1_"):
        assert number(hass, f"{key}hash_rate") == 0
    assert shown(hass, "sensor.miner_efficiency") == STATE_UNKNOWN


@since_v2
async def test_a_stopped_miner_says_why(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The words of the miner are an attribute."""
    assert shown(hass, "sensor.miner_stop_reason") == "none"

    for reason, cause in (
        ("by whatsminer api", "command"),
        ("overheat " * 40, "other"),
        ("rapid rise", "other"),
        ("", STATE_UNKNOWN),
    ):
        miner.state.mining = True
        miner.state.stop(reason)
        await clock.next_poll()
        state = hass.states.get("sensor.miner_stop_reason")
        assert state is not None
        assert state.state == cause
        assert state.attributes["text"] == (reason.strip()[:255] or None)

    miner.state.mining = True
    await clock.next_poll(2)
    state = hass.states.get("sensor.miner_stop_reason")
    assert state is not None
    assert (state.state, state.attributes["text"]) == ("none", None)


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_leftovers_of_a_stopped_miner_are_not_shown(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Some firmware goes on reporting its last values."""
    miner.state.mining = False
    await clock.next_poll(2)

    for key in ("power", "chip_temperature", "accepted_shares", "booted"):
        assert shown(hass, f"sensor.miner_{key}") == STATE_UNKNOWN
    assert shown(hass, "sensor.miner_hashboard_1_temperature") == STATE_UNKNOWN


@every_generation
async def test_a_stopped_miner_keeps_its_pool(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """It will go on with it. A change to unknown and back would only be noise in Activity."""
    miner.state.mining = False
    await clock.next_poll(3)

    assert shown(hass, "sensor.miner_pool") == miner.state.pools[0].url
    assert shown(hass, "sensor.miner_worker") == miner.state.pools[0].user


@every_generation
async def test_a_stopped_miner_keeps_the_time_of_its_last_start(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    before = shown(hass, "sensor.miner_last_start_of_mining")
    assert before != STATE_UNKNOWN
    miner.state.mining = False
    await clock.next_poll(3)

    assert shown(hass, "sensor.miner_last_start_of_mining") == before


async def test_a_starting_miner_is_available(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.restart()
    await clock.next_poll()

    assert number(hass, "hash_rate") == 0
    assert shown(hass, "sensor.miner_efficiency") == STATE_UNKNOWN
    assert number(hass, "power") > 0
    assert (
        shown(hass, "sensor.miner_last_start_of_mining") == "2026-11-01T00:00:00+00:00"
    )


async def test_a_miner_without_a_pool_has_none(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    for pool in miner.state.pools:
        pool.alive = False
    await clock.next_poll()

    for key in ("pool", "worker", "last_share"):
        assert shown(hass, f"sensor.miner_{key}") == STATE_UNKNOWN


@pytest.mark.parametrize("digits", ["9999", "99999999", "999999999999"])
async def test_a_share_at_no_possible_time_is_unknown(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, digits: str
) -> None:
    key = '"Last Share Time":'
    miner.misbehave(JOINED, Altered(key, f"{key}{digits}"))
    await clock.next_poll()

    assert shown(hass, "sensor.miner_last_share") == STATE_UNKNOWN
    assert number(hass, "hash_rate") > 0


async def test_all_sensors_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)

    states = hass.states.async_all("sensor")
    assert {state.state for state in states} == {STATE_UNAVAILABLE}


# Since when


@every_generation
async def test_since_when_stands_still(
    hass: HomeAssistant, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    """The start moves neither with the rounding of clocks nor with a slow clock."""
    ids = ("sensor.miner_last_start_of_mining", "sensor.miner_booted")
    started = [shown(hass, entity_id) for entity_id in ids]
    classes = {
        state.attributes[ATTR_DEVICE_CLASS]
        for entity_id in ids
        if (state := hass.states.get(entity_id))
    }
    readings: set[datetime | None] = set()

    for _ in range(40):
        await clock.tick(30.37)
        clock.freezer.tick(timedelta(seconds=0.5))  # ours runs fast
        readings.add(set_up.data.mining_since)
        assert [shown(hass, entity_id) for entity_id in ids] == started

    assert classes == {SensorDeviceClass.UPTIME}
    assert len(readings) > 20  # it is not that there was nothing to smooth


async def test_the_last_start_of_mining_follows_a_restart(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The control board does not restart with mining."""
    before = shown(hass, "sensor.miner_last_start_of_mining")
    booted = shown(hass, "sensor.miner_booted")

    miner.state.restart()
    await clock.next_poll()

    assert shown(hass, "sensor.miner_last_start_of_mining") > before
    assert shown(hass, "sensor.miner_booted") == booted


# Faults: every other poll may ask for something else instead


@every_generation
async def test_no_fault_is_a_count_of_none(hass: HomeAssistant) -> None:
    assert shown(hass, "sensor.miner_faults") == "0"
    assert faults_of(hass) == []


@since_v2
async def test_faults_are_counted_and_explained(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.faults = {206: "2026-10-31 23:00:01", 540: "2026-11-01 00:00:01"}
    await clock.next_poll(2)

    assert shown(hass, "sensor.miner_faults") == "2"
    first, second = faults_of(hass)
    assert first == {
        "code": "206",
        "since": "2026-10-31T23:00:01",
        "text": "The input voltage of the power supply is too low. "
        "Check the mains voltage and the power cable.",
        "reason": None,
        "category": "power_supply",
        "severity": "minor",
    }
    assert second["code"] == "540"
    assert second["severity"] == "fault"
    assert second["category"] == "hashboard"

    miner.state.faults = {}
    await clock.next_poll(2)
    assert shown(hass, "sensor.miner_faults") == "0"


@since_v2
async def test_codes_of_new_firmware_have_no_made_up_causes(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Some tell of a whole hashboard, and one digit is no chip."""
    codes = (5411, 553999, 582999, 342, 620, 5423)
    miner.state.faults = dict.fromkeys(codes, "2026-11-01 00:00:01")
    await clock.next_poll(2)

    assert shown(hass, "sensor.miner_faults") == "6"
    assert {fault["code"]: fault["text"] for fault in faults_of(hass)} == {
        "5411": "The serial connection to Hashboard 2 does not start. "
        "Check the cable of the board.",
        "553999": "Chips on Hashboard 4 were reset.",
        "582999": "Hashboard 3 has too many bad chips.",
        "342": "Hashboard 3 is slowed down because of its temperature. Check the cooling.",
        "620": "The miner protects itself because of the temperature of its coolant. "
        "Check the cooling.",
        "5423": "Unknown fault 5423 (hashboard).",
    }


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_faults_of_v1_have_no_time(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """V1 lists codes and nothing else."""
    miner.state.faults = {206: "2026-10-31 23:00:01"}
    await clock.next_poll(2)

    assert [(fault["code"], fault["since"]) for fault in faults_of(hass)] == [
        ("206", None)
    ]


async def test_the_miners_own_words_go_first(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The miner's own text counts before that of the table."""
    answer = {
        "STATUS": "S",
        "When": 1,
        "Code": 131,
        "Msg": {
            "error_code": [
                {"9999": "2026-11-01 00:00:00", "reason": "the cat sits on it"},
                {"9999": "2026-11-01 00:00:09"},
            ]
        },
        "Description": "",
    }
    miner.misbehave("get_error_code", Raw(json.dumps(answer).encode()))
    await clock.next_poll(2)

    assert shown(hass, "sensor.miner_faults") == "1"
    assert faults_of(hass)[0]["text"] == "the cat sits on it"
    assert faults_of(hass)[0]["since"] == "2026-11-01T00:00:00"


async def test_the_list_of_faults_is_not_recorded(hass: HomeAssistant) -> None:
    """The list may be long, and each fault is an event anyway."""
    state = hass.states.get("sensor.miner_faults")

    assert state is not None
    assert state.state_info is not None
    assert "faults" in state.state_info["unrecorded_attributes"]


async def test_a_code_that_nobody_knows_is_shown_as_it_is(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """New firmware has new codes."""
    miner.state.faults = {987_654: "yesterday"}
    await clock.next_poll(2)

    assert faults_of(hass) == [
        {
            "code": "987654",
            "since": None,
            "text": "Unknown fault 987654.",
            "reason": None,
            "category": "other",
            "severity": "fault",
        }
    ]


async def test_faults_that_were_never_told_are_unknown(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("get_error_code", Refused(132))
    await clock.next_poll(2)

    assert shown(hass, "sensor.miner_faults") == STATE_UNKNOWN
    state = hass.states.get("sensor.miner_faults")
    assert state is not None
    assert "faults" not in state.attributes
