"""Settings of a miner that are numbers."""

import math

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from simulator import Refused, SimulatedMiner

from . import Clock, names_of, set_number, shown

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.NUMBER,)], ids=[""]),
    pytest.mark.usefixtures("set_up"),
]
every_generation = pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)
since_v2 = pytest.mark.parametrize("miner", ["air_miner", "hydro_miner"], indirect=True)


@every_generation
async def test_every_generation_has_its_numbers(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    config_entry: MockConfigEntry,
) -> None:
    """All numbers and what they show are as they were when somebody last looked."""
    await snapshot_platform(hass, entity_registry, snapshot, config_entry.entry_id)


@pytest.mark.parametrize(
    ("miner", "keys"),
    [
        ("air_miner", {"power_percent", "power_limit", "temperature_offset"}),
        ("hydro_miner", {"power_percent", "power_limit"}),
        ("old_miner", {"power_percent"}),
    ],
    indirect=["miner"],
)
async def test_numbers_exist_where_the_firmware_accepts_them(
    hass: HomeAssistant, keys: set[str]
) -> None:
    """No limit on V1; no temperature offset on V1 or on liquid cooling."""
    assert set(hass.states.async_entity_ids("number")) == {
        f"number.miner_{key}" for key in keys
    }


@since_v2
async def test_power_percent_is_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The percentage goes out as text, in the gentle way."""
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
    """The gentle way came later."""
    await set_number(hass, "power_percent", 60)

    assert miner.writes == [{"cmd": "set_power_pct", "percent": "60"}]
    assert miner.state.percent == 60
    assert float(shown(hass, "number.miner_power_percent")) == 60


async def test_firmware_without_the_gentle_way_gets_the_other(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """What it once refused as unknown is not tried again."""
    miner.misbehave("set_power_pct_v2", Refused(14))
    await set_number(hass, "power_percent", 60)
    assert names_of(miner.writes) == ["set_power_pct_v2", "set_power_pct"]
    assert miner.state.percent == 60

    miner.writes.clear()
    await set_number(hass, "power_percent", 70)
    assert miner.writes == [{"cmd": "set_power_pct", "percent": "70"}]
    assert float(shown(hass, "number.miner_power_percent")) == 70


@since_v2
async def test_power_limit_is_set(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The limit goes out as text, and the miner's own reading follows."""
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
    """The offset goes out as text; no firmware reads it back."""
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
    ("miner", "assumed"),
    [("air_miner", True), ("hydro_miner", False), ("old_miner", True)],
    indirect=["miner"],
)
async def test_power_percent_is_assumed_only_where_it_is_not_reported(
    hass: HomeAssistant, assumed: bool
) -> None:
    """A number that is read back is an ordinary number."""
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
    ],
)
async def test_values_out_of_range_are_refused_and_not_sent(
    hass: HomeAssistant, miner: SimulatedMiner, key: str, value: float
) -> None:
    """Nothing reaches the miner, and the number shows what it showed."""
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
    """Fractions are rounded, bounds are allowed, and what was sent is shown."""
    await set_number(hass, key, value)

    assert miner.writes == [{"cmd": command, parameter: sent}]
    assert float(shown(hass, f"number.miner_{key}")) == int(sent)


async def test_numbers_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A number that cannot reach its miner says so."""
    await miner.disconnect()
    await clock.next_poll(2)

    assert {state.state for state in hass.states.async_all("number")} == {
        STATE_UNAVAILABLE
    }
