"""Settings of a miner that are numbers."""

import math
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import CONF_PERCENT_METHOD
from homeassistant.components.number import ATTR_MAX, ATTR_MIN
from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulator import Refused, SimulatedMiner

from . import (
    Altered,
    Check,
    Clock,
    every_generation,
    fails_with,
    names_of,
    restart,
    set_number,
    shown,
    since_v2,
)
from .words import speaks_v3, written

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.NUMBER,)], ids=[""]),
    pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up"),
]


@every_generation
async def test_every_generation_has_its_numbers(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
async def test_a_water_cooled_miner_that_speaks_v3_has_its_numbers(
    check_entities: Check,
) -> None:
    await check_entities()


@pytest.mark.parametrize(
    ("miner", "keys"),
    [
        (
            "air_miner",
            {
                "power_percent",
                "power_limit",
                "temperature_offset",
                "frequency_shift",
                "tuning_speed",
            },
        ),
        (
            "hydro_miner",
            {
                "power_percent",
                "power_limit",
                "power_target",
                "frequency_shift",
                "tuning_speed",
            },
        ),
        ("old_miner", {"power_percent", "frequency_shift"}),
    ],
    indirect=["miner"],
    ids=["air", "hydro", "old"],
)
async def test_numbers_exist_where_the_firmware_accepts_them(
    hass: HomeAssistant, keys: set[str]
) -> None:
    """V1 has no limit, upfreq speed and temperature offset; liquid cooling has no offset."""
    assert set(hass.states.async_entity_ids("number")) == {
        f"number.miner_{key}" for key in keys
    }


@since_v2
async def test_power_percent_is_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_number(hass, "power_percent", 60)

    assert miner.writes == [{"cmd": "set_power_pct_v2", "percent": "60"}]
    assert miner.state.percent == 60
    assert float(shown(hass, "number.miner_power_percent")) == 60
    await clock.next_poll(3)
    assert float(shown(hass, "number.miner_power_percent")) == 60


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_v1_firmware_gets_the_percentage_that_it_knows(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """V1 does not know the gentle command."""
    await set_number(hass, "power_percent", 60)

    assert miner.writes == [{"cmd": "set_power_pct", "percent": "60"}]
    assert miner.state.percent == 60
    assert float(shown(hass, "number.miner_power_percent")) == 60


async def test_firmware_without_the_gentle_way_gets_the_other(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.misbehave("set_power_pct_v2", Refused(14))
    await set_number(hass, "power_percent", 60)
    assert names_of(miner.writes) == ["set_power_pct_v2", "set_power_pct"]
    assert miner.state.percent == 60

    miner.writes.clear()
    await set_number(hass, "power_percent", 70)
    assert miner.writes == [{"cmd": "set_power_pct", "percent": "70"}]
    assert float(shown(hass, "number.miner_power_percent")) == 70


@every_generation
async def test_power_percent_is_set_at_once_where_its_owner_likes_that(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    set_up = config_entry.runtime_data.coordinator
    for method, percent in (("fast", "60"), ("normal", "70")):
        hass.config_entries.async_update_entry(
            config_entry, options={CONF_PERCENT_METHOD: method}
        )
        set_up.async_apply_options()
        await set_number(hass, "power_percent", float(percent))
        assert float(shown(hass, "number.miner_power_percent")) == float(percent)

    gentle = "set_power_pct" if miner.generation == "v1" else "set_power_pct_v2"
    expected: list[dict[str, Any]] = [
        {"cmd": "set_power_pct", "percent": "60"},
        {"cmd": gentle, "percent": "70"},
    ]
    if speaks_v3(miner):
        expected = [
            {"cmd": "set.miner.power_percent", "param": {"percent": sent, "mode": how}}
            for sent, how in (("60", "fast"), ("70", "normal"))
        ]
    assert written(miner) == expected
    assert config_entry.runtime_data.coordinator is set_up


async def test_the_other_numbers_have_no_fast_way(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        config_entry, options={CONF_PERCENT_METHOD: "fast"}
    )
    await set_number(hass, "temperature_offset", -5)
    assert names_of(miner.writes) == ["set_temp_offset"]


@since_v2
async def test_power_limit_is_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert float(shown(hass, "number.miner_power_limit")) == miner.state.limit

    await set_number(hass, "power_limit", 3000)

    assert miner.writes == [{"cmd": "adjust_power_limit", "power_limit": "3000"}]
    assert miner.state.limit == 3000
    assert float(shown(hass, "number.miner_power_limit")) == 3000
    await clock.next_poll(15)
    assert float(shown(hass, "number.miner_power_limit")) == 3000


async def test_temperature_offset_is_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """No firmware reports the offset."""
    state = hass.states.get("number.miner_temperature_offset")
    assert state is not None
    assert state.state == STATE_UNKNOWN
    assert state.attributes[ATTR_ASSUMED_STATE]

    await set_number(hass, "temperature_offset", -5)

    assert miner.writes == [{"cmd": "set_temp_offset", "temp_offset": "-5"}]
    assert miner.state.temp_offset == -5
    await clock.next_poll(3)
    assert float(shown(hass, "number.miner_temperature_offset")) == -5


@pytest.mark.parametrize(
    ("miner", "highest"),
    [("air_miner", 0), ("hydro_miner", 100), ("old_miner", 0)],
    indirect=["miner"],
)
async def test_what_air_cools_is_slowed_down_only(
    hass: HomeAssistant, miner: SimulatedMiner, highest: int
) -> None:
    """The range is that of the miner, and a value outside of it is not sent."""
    state = hass.states.get("number.miner_frequency_shift")
    assert state is not None
    assert state.attributes[ATTR_MIN] == -100
    assert state.attributes[ATTR_MAX] == highest

    for value in (-101, highest + 1):
        with pytest.raises(ServiceValidationError):
            await set_number(hass, "frequency_shift", value)
    assert miner.requests == []


@pytest.mark.parametrize(
    ("miner", "value"),
    [("air_miner", -10), ("hydro_miner", -10), ("hydro_miner", 10), ("old_miner", -10)],
    indirect=["miner"],
)
async def test_target_frequency_is_shifted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, value: int
) -> None:
    """A new frequency restarts mining."""
    await clock.tick(5)
    await set_number(hass, "frequency_shift", value)

    assert miner.writes == [{"cmd": "set_target_freq", "percent": str(value)}]
    assert miner.state.target_freq == value
    assert miner.state.elapsed == 0
    assert float(shown(hass, "number.miner_frequency_shift")) == value
    await clock.next_poll(15)
    assert float(shown(hass, "number.miner_frequency_shift")) == value


@since_v2
async def test_upfreq_speed_is_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert float(shown(hass, "number.miner_tuning_speed")) == 0

    await set_number(hass, "tuning_speed", 7)

    assert miner.writes == [{"cmd": "adjust_upfreq_speed", "upfreq_speed": "7"}]
    assert miner.state.upfreq_speed == 7
    assert float(shown(hass, "number.miner_tuning_speed")) == 7
    await hass.async_block_till_done()  # the poll that follows
    assert "get_miner_info" in names_of(miner.requests)
    await clock.next_poll(15)
    assert float(shown(hass, "number.miner_tuning_speed")) == 7


async def test_the_miner_decides_whether_fast_boot_and_upfreq_speed_go_together(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The miner's document excludes it, but its own answer counts."""
    miner.state.fast_boot = True
    await set_number(hass, "tuning_speed", 7)
    assert miner.state.upfreq_speed == 7

    miner.misbehave("adjust_upfreq_speed", Refused(132))
    with fails_with("refused"):
        await set_number(hass, "tuning_speed", 8)
    assert float(shown(hass, "number.miner_tuning_speed")) == 7


@pytest.mark.parametrize(
    ("miner", "assumed"),
    [("air_miner", True), ("hydro_miner", False), ("old_miner", True)],
    indirect=["miner"],
)
async def test_power_percent_is_assumed_only_where_it_is_not_reported(
    hass: HomeAssistant, assumed: bool
) -> None:
    state = hass.states.get("number.miner_power_percent")

    assert state is not None
    assert state.attributes.get(ATTR_ASSUMED_STATE, False) is assumed
    assert (state.state == STATE_UNKNOWN) is assumed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("power_percent", 101),
        ("power_percent", -1),
        ("power_percent", math.nan),
        ("power_percent", math.inf),
        ("power_percent", -math.inf),
        ("power_limit", 0),
        ("power_limit", -1),
        ("power_limit", 100_000),
        ("power_limit", math.nan),
        ("temperature_offset", 1),
        ("temperature_offset", -31),
        ("temperature_offset", math.nan),
        ("frequency_shift", 1),
        ("frequency_shift", -101),
        ("frequency_shift", math.nan),
        ("tuning_speed", -1),
        ("tuning_speed", 10),
        ("tuning_speed", math.nan),
    ],
)
async def test_values_out_of_range_are_refused_and_not_sent(
    hass: HomeAssistant, miner: SimulatedMiner, key: str, value: float
) -> None:
    before = shown(hass, f"number.miner_{key}")

    with pytest.raises(ServiceValidationError) as error:
        await set_number(hass, key, value)

    assert error.value.translation_key in ("out_of_range", "invalid_value")
    assert miner.requests == []
    assert shown(hass, f"number.miner_{key}") == before


@pytest.mark.parametrize(
    ("key", "value", "command", "parameter", "sent"),
    [
        ("power_percent", 50.4, "set_power_pct_v2", "percent", "50"),
        ("power_percent", 50.5, "set_power_pct_v2", "percent", "51"),
        ("power_percent", 0, "set_power_pct_v2", "percent", "0"),
        ("power_percent", 100, "set_power_pct_v2", "percent", "100"),
        ("power_limit", 1, "adjust_power_limit", "power_limit", "1"),
        ("power_limit", 3000.4, "adjust_power_limit", "power_limit", "3000"),
        ("power_limit", 99_999, "adjust_power_limit", "power_limit", "99999"),
        ("temperature_offset", -30, "set_temp_offset", "temp_offset", "-30"),
        ("temperature_offset", -0.4, "set_temp_offset", "temp_offset", "0"),
        ("frequency_shift", -100, "set_target_freq", "percent", "-100"),
        ("frequency_shift", -9.6, "set_target_freq", "percent", "-10"),
        ("tuning_speed", 9, "adjust_upfreq_speed", "upfreq_speed", "9"),
        ("tuning_speed", 0, "adjust_upfreq_speed", "upfreq_speed", "0"),
        ("tuning_speed", 4.5, "adjust_upfreq_speed", "upfreq_speed", "5"),
    ],
)
async def test_values_are_sent_as_whole_numbers_up_to_the_bounds(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    key: str,
    value: float,
    command: str,
    parameter: str,
    sent: str,
) -> None:
    """Fractions are rounded, and the bounds are allowed."""
    await set_number(hass, key, value)

    assert miner.writes == [{"cmd": command, parameter: sent}]
    assert float(shown(hass, f"number.miner_{key}")) == int(sent)


async def test_numbers_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)

    assert {state.state for state in hass.states.async_all("number")} == {
        STATE_UNAVAILABLE
    }


def bounds(hass: HomeAssistant, key: str) -> tuple[float, float]:
    """Return the range of a number."""
    state = hass.states.get(f"number.miner_{key}")
    assert state is not None
    return state.attributes[ATTR_MIN], state.attributes[ATTR_MAX]


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.parametrize("reported", [101, 120, 187])
async def test_a_miner_that_runs_beyond_its_full_power_can_be_set_back_to_it(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    reported: int,
) -> None:
    """The miner has shown that it takes so much; a restart of Home Assistant changes nothing."""
    assert bounds(hass, "power_percent") == (0, 100)
    miner.state.percent = reported
    await clock.next_poll()
    assert float(shown(hass, "number.miner_power_percent")) == reported
    assert bounds(hass, "power_percent") == (0, reported)

    await set_number(hass, "power_percent", 80)
    await clock.next_poll(3)
    await restart(hass, config_entry)
    assert bounds(hass, "power_percent") == (0, reported)
    miner.writes.clear()
    await set_number(hass, "power_percent", reported)
    assert miner.writes == [{"cmd": "set_power_pct_v2", "percent": str(reported)}]
    assert miner.state.percent == reported

    with pytest.raises(ServiceValidationError):
        await set_number(hass, "power_percent", reported + 1)


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.parametrize("method", ["normal", "fast"])
@pytest.mark.parametrize("present", [0, 60, 99, 120])
async def test_a_hundred_percent_undoes_what_was_set(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    method: str,
    present: int,
) -> None:
    """This holds for both methods. The number shows 100 at once, and when it is read back."""
    hass.config_entries.async_update_entry(
        config_entry, options={CONF_PERCENT_METHOD: method}
    )
    miner.state.percent = present
    await clock.next_poll()
    assert float(shown(hass, "number.miner_power_percent")) == present

    await set_number(hass, "power_percent", 100)

    assert miner.writes == [{"cmd": "restore_power_pct"}]
    assert float(shown(hass, "number.miner_power_percent")) == 100
    await clock.next_poll(4)
    assert miner.state.percent == 100
    assert float(shown(hass, "number.miner_power_percent")) == 100
    assert "was set to" not in caplog.text


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_firmware_that_cannot_undo_a_percentage_is_set_to_a_hundred(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """It is asked once; new values go the short way."""
    miner.misbehave("restore_power_pct", Refused(14))
    for names in (["restore_power_pct", "set_power_pct_v2"], ["set_power_pct_v2"]):
        miner.writes.clear()
        miner.state.percent = 60
        await set_number(hass, "power_percent", 100)
        assert names_of(miner.writes) == names
        assert miner.writes[-1] == {"cmd": "set_power_pct_v2", "percent": "100"}
        assert miner.state.percent == 100
        assert float(shown(hass, "number.miner_power_percent")) == 100


@pytest.mark.parametrize(
    ("miner", "sent"),
    [("air_miner", "set_power_pct_v2"), ("old_miner", "set_power_pct")],
    indirect=["miner"],
)
async def test_older_firmware_is_set_to_a_hundred_percent(
    hass: HomeAssistant, miner: SimulatedMiner, sent: str
) -> None:
    await set_number(hass, "power_percent", 100)
    assert miner.writes == [{"cmd": sent, "percent": "100"}]
    assert float(shown(hass, "number.miner_power_percent")) == 100


@pytest.mark.parametrize(
    ("key", "wire", "value"),
    [
        ("tuning_speed", "upfreq_speed", 12),
        ("frequency_shift", "hash_percent", 7),
        ("frequency_shift", "hash_percent", -120),
    ],
)
async def test_a_number_that_is_reported_is_within_its_bounds(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    key: str,
    wire: str,
    value: int,
) -> None:
    command = "get_miner_info" if wire == "upfreq_speed" else "status"
    miner.misbehave(command, Altered(f'"{wire}":"0"', f'"{wire}":"{value}"'))
    await clock.next_poll(20)
    assert float(shown(hass, f"number.miner_{key}")) == value
    lowest, highest = bounds(hass, key)
    assert lowest <= value <= highest
