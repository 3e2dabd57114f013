"""The break-even price: up to which electricity price mining is worth it."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import MEMORY_INTERVAL
from homeassistant.components.sensor import ATTR_STATE_CLASS, SensorStateClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests import JOINED, Efficient, Held, every_generation, since_v2
from tests.options_flow import OptionsFlow
from tests.words import name_for

from . import Rig

pytestmark = pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""])
PRICE = "sensor.miner_break_even_price"
EFFICIENCY = "sensor.miner_efficiency"
SOURCE = "sensor.hash_price"
FIXED: dict[str, Any] = {"hash_price": 50.0}
FOLLOWED: dict[str, Any] = {"hash_price_entity": SOURCE}


@pytest.fixture
def options() -> dict[str, Any]:
    """The options: a fixed hash price, unless the test has another."""
    return FIXED


@pytest.fixture
def config_entry(
    hass: HomeAssistant, config_entry: MockConfigEntry, options: dict[str, Any]
) -> MockConfigEntry:
    """The entry of the miner, with a hash price."""
    hass.config_entries.async_update_entry(config_entry, options=options)
    return config_entry


with_options = pytest.mark.parametrize("options", [FIXED, FOLLOWED])
followed = pytest.mark.parametrize("options", [FOLLOWED])
without_price = pytest.mark.parametrize(
    "options", [{}, {"hash_price_unit": "per_petahash", "poll_interval": 30}]
)


def price(rig: Rig) -> float:
    """Return the break-even price per kWh."""
    return float(rig.state_of(PRICE))


def efficiency(rig: Rig) -> float:
    """Return the present efficiency in J/TH."""
    return float(rig.state_of(EFFICIENCY))


def efficiency_known(rig: Rig) -> bool:
    """Return whether the miner hashes, so that it has an efficiency."""
    return rig.state_of(EFFICIENCY) != STATE_UNKNOWN


async def report(rig: Rig, hash_price: str, source: str = SOURCE) -> None:
    """Let an entity report a hash price."""
    rig.hass.states.async_set(source, hash_price)
    await rig.settle()


def at(joules_per_terahash: float, per_petahash: float = 50) -> Any:
    """Return about the price at an efficiency."""
    return pytest.approx(per_petahash / 24 / joules_per_terahash, abs=1e-4)


# How much it is


@every_generation
async def test_the_price_is_that_at_which_mining_earns_what_it_costs(rig: Rig) -> None:
    """The price is what 1 TH/s earns in a day, divided by the kWh that it takes."""
    watts, terahashes = (
        float(rig.state_of(f"sensor.miner_{key}")) for key in ("power", "hash_rate")
    )

    earned = 50 / 1000 * terahashes
    assert price(rig) * watts / 1000 * 24 == pytest.approx(earned, rel=1e-3)
    assert rig.coordinator.break_even.price == pytest.approx(price(rig), abs=1e-5)
    assert rig.coordinator.break_even.efficiency == pytest.approx(
        efficiency(rig), abs=0.01
    )


@pytest.mark.parametrize(
    ("options", "joules_per_terahash", "expected"),
    [
        ({"hash_price": 50.0}, 20, 0.104167),
        ({"hash_price": 50.0, "hash_price_unit": "per_petahash"}, 20, 0.104167),
        ({"hash_price": 0.05, "hash_price_unit": "per_terahash"}, 20, 0.104167),
        ({"hash_price": 47.35, "hash_price_unit": "per_petahash"}, 31.5, 0.062632),
    ],
)
async def test_a_hash_price_has_either_unit(
    rig: Rig, joules_per_terahash: float, expected: float
) -> None:
    """The hash price is for a PH/s, unless its unit is that of a TH/s."""
    rig.miner.misbehave(JOINED, Efficient(joules_per_terahash))
    await rig.clock.next_poll()

    assert price(rig) == pytest.approx(expected, rel=1e-3)


async def test_the_price_follows_the_efficiency(rig: Rig) -> None:
    for joules_per_terahash in (30, 30.1, 20):
        rig.miner.misbehave(JOINED, Efficient(joules_per_terahash))
        await rig.clock.next_poll()
        assert price(rig) == pytest.approx(50 / 24 / joules_per_terahash, rel=1e-3)


@pytest.mark.parametrize("currency", ["USD", "CHF"])
async def test_the_unit_has_the_currency_of_home_assistant(
    new_rig: Rig, entity_registry: er.EntityRegistry, currency: str
) -> None:
    """No device class has the unit of a price per kWh; statistics are made without one."""
    await new_rig.hass.config.async_update(currency=currency)
    await new_rig.hass.config_entries.async_setup(new_rig.entry.entry_id)
    await new_rig.settle()

    state = new_rig.hass.states.get(PRICE)
    assert state is not None
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == f"{currency}/kWh"
    assert state.attributes[ATTR_STATE_CLASS] is SensorStateClass.MEASUREMENT
    assert ATTR_DEVICE_CLASS not in state.attributes
    entry = entity_registry.async_get(PRICE)
    assert entry is not None
    assert entry.options["sensor"] == {"suggested_display_precision": 4}


async def test_another_currency_counts_from_the_next_poll(rig: Rig) -> None:
    await rig.hass.config.async_update(currency="SEK")
    await rig.clock.next_poll()

    state = rig.hass.states.get(PRICE)
    assert state is not None
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == "SEK/kWh"


# Where the hash price comes from


@followed
async def test_an_entity_is_followed_at_once(rig: Rig) -> None:
    """No poll is needed, and none is made."""
    for text in ("50", "47.35", "1e2"):
        await report(rig, text)
        assert price(rig) == at(efficiency(rig), float(text))
    assert rig.miner.requests == []


@followed
@pytest.mark.parametrize(
    "text",
    [STATE_UNKNOWN, STATE_UNAVAILABLE, "", "much", "0", "-50", "nan", "inf", "1e999"],
)
async def test_what_is_no_price_makes_none(rig: Rig, text: str) -> None:
    """What mining is worth is unknown then, not 0."""
    assert rig.state_of(PRICE) == STATE_UNKNOWN  # the entity does not even exist
    await report(rig, "50")
    assert price(rig) > 0

    await report(rig, text)
    assert rig.state_of(PRICE) == STATE_UNKNOWN
    await rig.clock.next_poll()
    assert rig.state_of(PRICE) == STATE_UNKNOWN

    await report(rig, "50")
    assert price(rig) > 0


@followed
@pytest.mark.parametrize("text", ["1.7e308", "5e-324"])
async def test_what_is_hardly_a_price_makes_a_number_or_none(
    rig: Rig, text: str
) -> None:
    rig.miner.misbehave(JOINED, Efficient(0.01))
    await rig.clock.next_poll()

    await report(rig, text)

    assert rig.state_of(PRICE) not in ("inf", "0.0")


@followed
async def test_an_entity_that_is_gone_makes_no_price(rig: Rig) -> None:
    await report(rig, "50")
    assert price(rig) > 0

    rig.hass.states.async_remove(SOURCE)
    await rig.settle()

    assert rig.state_of(PRICE) == STATE_UNKNOWN


@followed
async def test_another_entity_is_followed_in_its_place(
    rig: Rig, options_flow: OptionsFlow
) -> None:
    coordinator = rig.coordinator
    rig.hass.states.async_set(SOURCE, "50")
    rig.hass.states.async_set("input_number.other", "60")
    await options_flow.prefer(hash_price_entity="input_number.other")
    assert price(rig) == at(efficiency(rig), 60)

    await report(rig, "70", "input_number.other")
    assert price(rig) == at(efficiency(rig), 70)
    written = rig.hass.states.get(PRICE)
    await report(rig, "80")
    assert rig.hass.states.get(PRICE) is written

    await options_flow.prefer(hash_price=90)
    await report(rig, "100", "input_number.other")

    assert price(rig) == at(efficiency(rig), 90)
    assert rig.coordinator is coordinator


@followed
async def test_a_sensor_with_another_id_still_follows(
    rig: Rig, entity_registry: er.EntityRegistry
) -> None:
    """Home Assistant removes the sensor and adds it again."""
    rig.hass.states.async_set(SOURCE, "50")
    entity_registry.async_update_entity(PRICE, new_entity_id="sensor.worth_it")
    await rig.settle()
    before = float(rig.state_of("sensor.worth_it"))

    await report(rig, "100")

    assert float(rig.state_of("sensor.worth_it")) == pytest.approx(2 * before, rel=1e-3)


# Whether there is one


@without_price
async def test_without_a_hash_price_there_is_no_sensor(
    rig: Rig, entity_registry: er.EntityRegistry
) -> None:
    await rig.clock.next_poll()

    assert rig.hass.states.get(PRICE) is None
    assert entity_registry.async_get(PRICE) is None
    assert efficiency(rig) > 0


@pytest.mark.parametrize("options", [{}])
@pytest.mark.parametrize("hash_price", [{"hash_price": 50}, FOLLOWED])
async def test_the_sensor_comes_and_goes_with_the_hash_price(
    rig: Rig,
    options_flow: OptionsFlow,
    entity_registry: er.EntityRegistry,
    hash_price: dict[str, Any],
) -> None:
    coordinator = rig.coordinator
    rig.hass.states.async_set(SOURCE, "50")
    for _ in range(2):
        await options_flow.prefer(**hash_price)
        assert price(rig) == at(efficiency(rig))
        await rig.clock.next_poll(2)
        assert price(rig) == at(efficiency(rig))

        await options_flow.prefer()
        assert rig.hass.states.get(PRICE) is None
        assert entity_registry.async_get(PRICE) is None
        await rig.clock.next_poll(2)
        assert rig.hass.states.get(PRICE) is None
    assert rig.coordinator is coordinator


async def test_a_sensor_that_was_there_before_goes(
    rig: Rig, options_flow: OptionsFlow, entity_registry: er.EntityRegistry
) -> None:
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    await options_flow.prefer()
    assert entity_registry.async_get(PRICE)

    await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    await rig.settle()

    assert entity_registry.async_get(PRICE) is None


async def test_another_hash_price_counts_at_once(
    rig: Rig, options_flow: OptionsFlow
) -> None:
    coordinator = rig.coordinator
    rig.miner.misbehave(JOINED, held := Held())

    form = await options_flow.preferences()
    preferences = {"poll_interval": 30, "percent_method": "normal", "hash_price": 100}
    await options_flow.submit(form, preferences)

    assert price(rig) == at(efficiency(rig), 100)
    held.release.set()
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    assert price(rig) == at(efficiency(rig), 100)
    assert rig.coordinator is coordinator


async def test_of_a_miner_that_cannot_be_reached_it_is_unavailable(rig: Rig) -> None:
    await rig.miner.disconnect()
    await rig.clock.next_poll(3)
    assert rig.state_of(PRICE) == STATE_UNAVAILABLE

    rig.miner.reconnect()
    await rig.clock.next_poll()
    assert price(rig) == at(efficiency(rig))


# Which efficiency counts


@every_generation
async def test_a_stopped_miner_keeps_the_last_efficiency(rig: Rig) -> None:
    """The price decides whether to start a stopped miner, whose present efficiency is unknown."""
    await rig.clock.next_poll()
    before, last = price(rig), rig.coordinator.break_even.efficiency

    rig.miner.state.mining = False
    await rig.clock.next_poll(5)

    assert rig.state_of(EFFICIENCY) == STATE_UNKNOWN
    assert price(rig) == before
    assert rig.coordinator.break_even.efficiency == last


@every_generation
@with_options
async def test_the_last_efficiency_outlives_a_restart_of_home_assistant(
    rig: Rig,
) -> None:
    coordinator = rig.coordinator
    rig.hass.states.async_set(SOURCE, "50")
    last = efficiency(rig)
    rig.miner.state.mining = False
    await rig.clock.next_poll(3)

    await rig.restart()

    assert rig.coordinator is not coordinator
    assert rig.state_of(EFFICIENCY) == STATE_UNKNOWN
    assert price(rig) == at(last)


async def test_it_is_stored_when_it_has_become_another(rig: Rig) -> None:
    """A reading that wavers is not written to the disk, but many small steps count as one."""
    for joules_per_terahash, stored in (
        (20, 20),
        (20.3, 20),
        (19.7, 20),
        (20.3, 20),
        (20.5, 20.5),
        (20.2, 20.5),
        (20, 20),
        (40, 40),
    ):
        rig.miner.misbehave(JOINED, Efficient(joules_per_terahash))
        await rig.clock.next_poll()
        await rig.clock.tick(MEMORY_INTERVAL)
        assert rig.stored["efficiency"] == pytest.approx(stored, rel=1e-4)
        assert rig.coordinator.break_even.efficiency == pytest.approx(
            joules_per_terahash, rel=1e-4
        )

    rig.miner.state.mining = False
    rig.miner.behave()
    await rig.clock.next_poll(2)
    await rig.clock.tick(MEMORY_INTERVAL)
    assert rig.stored["efficiency"] == pytest.approx(40, rel=1e-4)


@every_generation
async def test_tuning_does_not_spoil_it(rig: Rig) -> None:
    """A miner that tunes its frequencies may take much more power for its hash rate."""
    before = price(rig)
    rig.miner.state.restart()
    rig.miner.misbehave(name_for(rig.miner, JOINED), Efficient(90))
    await rig.clock.next_poll()
    seen = 0
    while rig.coordinator.data.stable is False:
        seen += efficiency_known(rig)
        assert price(rig) == before
        await rig.clock.next_poll()
        if seen == 5:  # then Home Assistant begins anew, amid of it
            await rig.restart()
            assert price(rig) == pytest.approx(before, rel=0.02)
            before = price(rig)
    assert seen > 10

    assert efficiency(rig) == pytest.approx(90, rel=1e-3)
    assert price(rig) == at(efficiency(rig))


@since_v2
async def test_a_miner_that_was_never_stable_is_taken_as_it_is(new_rig: Rig) -> None:
    """The price is unknown while the miner does not hash, an estimate while it tunes, and then right.

    Only then the efficiency is stored.
    """
    new_rig.miner.state.mining = False
    await new_rig.load()
    assert new_rig.state_of(PRICE) == STATE_UNKNOWN
    assert new_rig.coordinator.break_even.efficiency is None

    new_rig.miner.state.mining = True
    seen = 0
    while new_rig.coordinator.data.stable is False:
        if efficiency_known(new_rig):
            seen += 1
            assert price(new_rig) == at(efficiency(new_rig))
        else:
            assert new_rig.state_of(PRICE) == STATE_UNKNOWN
        assert "efficiency" not in new_rig.coordinator.memory.data
        await new_rig.clock.next_poll()
    assert seen > 10

    first = efficiency(new_rig)
    assert price(new_rig) == at(first)
    await new_rig.clock.tick(MEMORY_INTERVAL)
    assert new_rig.stored["efficiency"] == pytest.approx(first, abs=0.01)
