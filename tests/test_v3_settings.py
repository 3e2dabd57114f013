"""What V2 only assumes, a miner that speaks V3 reports: its settings in a real Home Assistant."""

from dataclasses import dataclass
import logging
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.number import ATTR_MAX, ATTR_MIN
from homeassistant.components.select import ATTR_OPTIONS
from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from simulator import Framed, Quirk, Refused, SimulatedMiner

from . import Clock, act, fails_with, log_lines, over_v3, restart, set_number, shown

pytestmark = [
    pytest.mark.parametrize(
        "platforms", [(Platform.NUMBER, Platform.SELECT, Platform.SWITCH)], ids=[""]
    ),
    pytest.mark.usefixtures("entity_registry_enabled_by_default", "v3_api", "set_up"),
]
AIR: Final = "v3_miner"
HYDRO: Final = "v3_hydro_miner"
air = pytest.mark.parametrize("miner", [AIR], indirect=True)
hydro = pytest.mark.parametrize("miner", [HYDRO], indirect=True)
versions = pytest.mark.parametrize("v3_api", ["3.0.0", "3.0.2", "3.0.5"], indirect=True)

COOLING: Final = "switch.miner_cooling_after_power_off"
FAN_STOP: Final = "switch.miner_fans_may_stop"
FAST_HASH: Final = "switch.miner_fast_hash"
HEAT: Final = "select.miner_heat_mode"
FAN_ONLY: Final = {COOLING, FAN_STOP, "number.miner_temperature_offset"}
TARGET: Final = "number.miner_power_target"
SPEED: Final = "number.miner_tuning_speed"
PERCENT: Final = "number.miner_power_percent"


@dataclass(frozen=True)
class Case:
    """A setting of a miner.

    Attributes:
        entity_id: the entity.
        miner: a miner that has it.
        change: what somebody else sets at the miner, and what the entity then shows.
        sent: the action, its data, what is sent, and what the entity then shows.
        since: the version that reports the setting.
        exists_since: the version that has the command.
    """

    entity_id: str
    change: tuple[dict[str, Any], str]
    sent: tuple[str, dict[str, Any], dict[str, Any], str]
    miner: str = AIR
    since: str = "3.0.0"
    exists_since: str = "3.0.0"


def numbers(
    key: str, state: str, other: float, value: float, cmd: str, **case: Any
) -> Case:
    """Return the case of a number that is written as it is."""
    return Case(
        f"number.miner_{key}",
        ({state: other}, str(float(other))),
        (
            "number.set_value",
            {"value": value},
            {"cmd": cmd, "param": value},
            str(float(value)),
        ),
        **case,
    )


def switched(entity_id: str, state: str, cmd: str, param: Any, **case: Any) -> Case:
    """Return the case of a switch that somebody else switches off, and we switch on."""
    return Case(
        entity_id,
        ({state: False}, STATE_OFF),
        ("switch.turn_on", {}, {"cmd": cmd, "param": param}, STATE_ON),
        **case,
    )


CASES: Final = (
    Case(
        PERCENT,
        ({"set_percent": 60}, "60.0"),
        (
            "number.set_value",
            {"value": 80},
            {
                "cmd": "set.miner.power_percent",
                "param": {"percent": "80", "mode": "normal"},
            },
            "80.0",
        ),
        since="3.0.3",
    ),
    numbers("power_limit", "power_limit", 3100, 3000, "set.miner.power_limit"),
    numbers(
        "power_target", "power_target", 2500, 3000, "set.miner.power", since="3.0.3"
    ),
    numbers("temperature_offset", "temp_offset", -7, -5, "set.fan.temp_offset"),
    numbers("frequency_shift", "target_freq", -7, -5, "set.miner.target_freq"),
    numbers("tuning_speed", "upfreq_speed", 3, 10, "set.miner.upfreq_speed"),
    switched("switch.miner_fast_boot", "fast_boot", "set.miner.fastboot", "enable"),
    switched(
        FAST_HASH,
        "fast_hash",
        "set.miner.fast_hash",
        1,
        since="3.0.3",
        exists_since="3.0.2",
    ),
    switched(
        "switch.miner_pools_on_web_page", "web_pools", "set.system.webpools", "enable"
    ),
    switched(COOLING, "poweroff_cool", "set.fan.poweroff_cool", 1),
    switched(FAN_STOP, "fan_zero_speed", "set.fan.zero_speed", 1),
    Case(
        "select.miner_power_mode",
        ({"power_mode": "low"}, "low"),
        (
            "select.select_option",
            {"option": "high"},
            {"cmd": "set.miner.power_mode", "param": "high"},
            "high",
        ),
    ),
    *(
        Case(
            HEAT,
            ({"heat_mode": other}, seen),
            (
                "select.select_option",
                {"option": mode},
                {"cmd": "set.miner.heat_mode", "param": param},
                mode,
            ),
            miner=HYDRO,
        )
        for other, seen, mode, param in (
            ("heating", "heating", "anti_icing", "anti-freezing"),
            ("anti-freezing", "anti_icing", "normal", "normal"),
            ("normal", "normal", "heating", "heating"),
        )
    ),
)
each_case = pytest.mark.parametrize(
    ("case", "miner"),
    [
        pytest.param(case, case.miner, id=f"{case.entity_id}-{case.sent[3]}")
        for case in CASES
    ],
    indirect=["miner"],
)


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity that exists."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def change(miner: SimulatedMiner, changed: dict[str, Any]) -> None:
    """Set something at the miner, as its web page does."""
    for name, value in changed.items():
        if name == "set_percent":
            miner.state.set_percent(value, 1)
        else:
            setattr(miner.state, name, value)


def sent_to(miner: SimulatedMiner) -> list[dict[str, Any]]:
    """Return the commands that arrived over V3, without the account."""
    assert miner.writes == []  # over V2
    return [
        {key: value for key, value in write.items() if key != "account"}
        for write in miner.v3.writes
    ]


@versions
@over_v3
async def test_a_setting_exists_where_version_and_cooling_have_it(
    hass: HomeAssistant, miner: SimulatedMiner, v3_api: str
) -> None:
    """Preheating and the like are no settings. Start after boot is never reported."""
    liquid = miner.state.model.liquid
    expected = {
        case.entity_id
        for case in CASES
        if v3_api >= case.exists_since
        and case.entity_id not in (FAN_ONLY if liquid else {HEAT})
    }
    assert set(hass.states.async_entity_ids()) == expected | {
        "switch.miner",
        "switch.miner_start_after_boot",
    }


@versions
@each_case
async def test_what_is_reported_is_shown_and_not_assumed(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, case: Case, v3_api: str
) -> None:
    """A change that somebody else makes is seen. What a version does not report is assumed."""
    if v3_api < case.exists_since:
        assert hass.states.get(case.entity_id) is None
        return
    reported = v3_api >= case.since
    state = state_of(hass, case.entity_id)
    assert state.attributes.get(ATTR_ASSUMED_STATE, False) is not reported
    assert (state.state == STATE_UNKNOWN) is not reported

    changed, seen = case.change
    change(miner, changed)
    await clock.next_poll(12)  # settings are read every five minutes
    assert shown(hass, case.entity_id) == (seen if reported else STATE_UNKNOWN)

    action, data, sent, then = case.sent
    await act(hass, action, case.entity_id, **data)
    assert sent_to(miner) == [sent]
    assert shown(hass, case.entity_id) == then
    await clock.next_poll(15)
    assert shown(hass, case.entity_id) == then


@versions
@over_v3
async def test_a_percent_is_forgotten_with_the_run_of_mining_it_belongs_to(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, v3_api: str
) -> None:
    """The clock of the mining process goes on over a stop and a start."""
    reported = v3_api >= "3.0.3"
    await set_number(hass, "power_percent", 60)
    await clock.next_poll(3)
    assert shown(hass, PERCENT) == "60.0"
    for turn in ("off", "on"):
        await act(hass, f"switch.turn_{turn}", "switch.miner")
        await clock.next_poll(12)
        assert shown(hass, PERCENT) == ("100.0" if reported else STATE_UNKNOWN)
    assert miner.state.percent == 100
    await clock.next_poll(60)
    await set_number(hass, "power_percent", 70)
    change(miner, {"mining": False})  # by somebody else
    await clock.next_poll(12)
    assert shown(hass, PERCENT) == ("100.0" if reported else STATE_UNKNOWN)


@over_v3
async def test_a_percent_of_zero_that_was_set_stays(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The miner reports 0 for none as well."""
    await clock.next_poll(60)
    assert shown(hass, PERCENT) == "100.0"
    await set_number(hass, "power_percent", 0)
    for _ in range(15):
        await clock.next_poll()
        assert shown(hass, PERCENT) in ("0", "0.0")
    assert log_lines(caplog, logging.WARNING, "custom_components.whatsminer") == []
    await set_number(hass, "power_percent", 100)
    await clock.next_poll(15)
    assert shown(hass, PERCENT) == "100.0"


@over_v3
async def test_a_reported_value_counts_before_one_that_was_accepted(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """Also after the entry was set up anew."""
    await set_number(hass, "power_target", 3000)
    await clock.next_poll()
    miner.state.power_target = 2000
    await restart(hass, config_entry)
    await clock.next_poll(12)
    assert shown(hass, TARGET) == "2000.0"


# Limits that differ


@over_v3
async def test_v3_takes_a_tuning_speed_of_ten(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    assert state_of(hass, SPEED).attributes[ATTR_MAX] == 10
    await set_number(hass, "tuning_speed", 10)
    assert sent_to(miner) == [{"cmd": "set.miner.upfreq_speed", "param": 10}]
    with pytest.raises(ServiceValidationError):
        await set_number(hass, "tuning_speed", 11)
    assert len(miner.v3.writes) == 1


@over_v3
async def test_a_power_target_of_zero_is_none(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The miner is not stopped, and goes back to its tuned power."""
    state = state_of(hass, TARGET)
    assert (state.state, state.attributes[ATTR_MIN]) == ("0.0", 0)
    for watts in (2000, 0):
        await set_number(hass, "power_target", watts)
        assert shown(hass, TARGET) == str(float(watts))
        await clock.next_poll(3)
        assert shown(hass, TARGET) == str(float(watts))
        assert miner.state.power_target == watts
    assert shown(hass, "switch.miner") == STATE_ON
    assert [write["param"] for write in sent_to(miner)] == [2000, 0]
    for beyond in (-1, 100_000):
        with pytest.raises(ServiceValidationError):
            await set_number(hass, "power_target", beyond)


@hydro
async def test_a_heat_mode_can_be_normal_over_v3(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    modes = ["anti_icing", "heating", "normal"]
    assert state_of(hass, HEAT).attributes[ATTR_OPTIONS] == modes
    for mode in ("anti-freezing", "Normal", ""):
        with pytest.raises(ServiceValidationError):
            await act(hass, "select.select_option", HEAT, option=mode)
    assert miner.v3.writes == []


@hydro
async def test_firmware_with_the_older_word_gets_that(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Earlier documents call frost protection anti-icing."""
    miner.misbehave("set.miner.heat_mode anti-freezing", Refused(-1))
    await act(hass, "select.select_option", HEAT, option="anti_icing")
    assert [write["param"] for write in sent_to(miner)][-1] == "anti-icing"
    assert shown(hass, HEAT) == "anti_icing"


# What firmware does otherwise than it was told


@pytest.mark.usefixtures("v3_quirks")
@pytest.mark.parametrize(
    "v3_quirks", [frozenset({Quirk.CROSSED_FANS})], indirect=True, ids=["crossed"]
)
@air
async def test_a_flag_that_moved_is_put_back_and_the_other_switch_says_so(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As on firmware 20250214.16.1.AMS. Other settings of the fans go on."""
    with fails_with("unsupported_command"):
        await act(hass, "switch.turn_on", FAN_STOP)
    assert (miner.state.fan_zero_speed, miner.state.poweroff_cool) == (False, False)
    assert sent_to(miner) == [
        {"cmd": "set.fan.zero_speed", "param": 1},
        {"cmd": "set.fan.poweroff_cool", "param": 0},
    ]
    await clock.next_poll(3)
    assert (shown(hass, FAN_STOP), shown(hass, COOLING)) == (STATE_OFF, STATE_OFF)
    (line,) = log_lines(caplog, logging.WARNING, "custom_components.whatsminer")
    assert "set.fan.zero_speed has changed poweroff_cooling, which is put back" in line

    with fails_with("unsupported_command"):
        await act(hass, "switch.turn_on", FAN_STOP)
    assert len(miner.v3.writes) == 2
    await act(hass, "switch.turn_on", COOLING)
    await clock.next_poll(3)
    assert (shown(hass, FAN_STOP), shown(hass, COOLING)) == (STATE_OFF, STATE_ON)
    await act(hass, "switch.turn_off", COOLING)

    miner.firmware_version = "20270101.16.Rel"  # which may do it right
    await clock.next_poll(3)
    with fails_with("unsupported_command"):
        await act(hass, "switch.turn_on", FAN_STOP)
    last = [write["cmd"] for write in miner.v3.writes[-2:]]
    assert last == ["set.fan.zero_speed", "set.fan.poweroff_cool"]


@over_v3
async def test_what_the_miner_says_but_does_not_do_is_taken_back(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is read afterwards counts, because "ok" proves nothing."""
    answer = b'{"code":0,"when":1,"msg":"ok","desc":"set.miner.power"}'
    miner.misbehave("set.miner.power", Framed(answer))
    await set_number(hass, "power_target", 3000)
    assert shown(hass, TARGET) == "3000.0"
    await clock.next_poll(4)
    assert shown(hass, TARGET) == "0.0"
    (line,) = log_lines(caplog, logging.WARNING, "custom_components.whatsminer")
    assert "power_target was set to 3000, but the miner reports 0" in line


@over_v3
async def test_a_setting_that_firmware_does_not_know_says_so(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """It is not sent again to this firmware."""
    miner.misbehave("set.miner.fast_hash", Refused(-2))
    for _ in range(2):
        with fails_with("unsupported_command"):
            await act(hass, "switch.turn_on", FAST_HASH)
        assert shown(hass, FAST_HASH) == STATE_OFF
    sent = [each for each in miner.v3.requests if each["cmd"] == "set.miner.fast_hash"]
    assert len(sent) == 1


ODD: Final = (
    b'{"power":{"a":1},"heat-mode":7,"fast-hash":[],"upfreq-speed":"fast","power-percent":"x",'
    b'"target-freq":null,"power-limit":true,"power-mode":{},"fast-boot":2}'
)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"code":0,"msg":%s}' % ODD,
        b'{"code":"0","msg":"ok"}',
        b'{"code":-1,"msg":"btminer process is down err"}',
        b'{"code":0}',
        b"[]",
        b"{",
    ],
)
@hydro
async def test_an_answer_that_makes_no_sense_takes_no_entity_with_it(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, answer: bytes
) -> None:
    """All is well again with the next answer."""
    names = ("power_target", "power_percent", "tuning_speed", "power_limit")
    await clock.next_poll()
    before = {name: shown(hass, f"number.miner_{name}") for name in names}
    miner.misbehave("get.miner.setting", Framed(answer))
    await clock.next_poll(12)
    assert shown(hass, "switch.miner") == STATE_ON
    for entity_id in (TARGET, HEAT, FAST_HASH, SPEED, PERCENT):
        assert shown(hass, entity_id) != STATE_UNAVAILABLE
    miner.behave("get.miner.setting")
    await clock.next_poll(12)
    assert {name: shown(hass, f"number.miner_{name}") for name in names} == before
    assert shown(hass, HEAT) == "normal"


# A miner that is read over V3 and told over V2


@hydro
async def test_what_only_v3_takes_is_an_error_while_commands_go_over_v2(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """V3 refuses the password here, and V2 takes it. What V2 takes as well is read back over V3."""
    miner.v3.password = "another"
    await set_number(hass, "tuning_speed", 5)
    await set_number(hass, "power_target", 3000)
    assert miner.v3.writes == []
    await clock.next_poll(12)
    assert (shown(hass, SPEED), shown(hass, TARGET)) == ("5.0", "3000.0")

    sent = len(miner.writes)
    for key, value in (("tuning_speed", 10), ("power_target", 0)):
        with fails_with("needs_password"):
            await set_number(hass, key, value)
    with fails_with("needs_password"):
        await act(hass, "select.select_option", HEAT, option="normal")
    assert len(miner.writes) == sent
    assert (shown(hass, SPEED), shown(hass, TARGET)) == ("5.0", "3000.0")
    with fails_with("needs_password"):
        await act(hass, "switch.turn_on", FAST_HASH)
