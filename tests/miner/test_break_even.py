"""The break-even price: up to which electricity price mining is worth it."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN, MEMORY_INTERVAL
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
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
from simulator import SimulatedMiner
from tests import (
    JOINED,
    Clock,
    Efficient,
    Held,
    every_generation,
    load_entry,
    restart,
    shown,
    since_v2,
)
from tests.options_flow import OptionsFlow

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


def price(hass: HomeAssistant) -> float:
    """Return the break-even price per kWh."""
    return float(shown(hass, PRICE))


def efficiency(hass: HomeAssistant) -> float:
    """Return the present efficiency in J/TH."""
    return float(shown(hass, EFFICIENCY))


def efficiency_known(hass: HomeAssistant) -> bool:
    """Return whether the miner hashes, so that it has an efficiency."""
    return shown(hass, EFFICIENCY) != STATE_UNKNOWN


def at(joules_per_terahash: float, per_petahash: float = 50) -> Any:
    """Return about the price at an efficiency."""
    return pytest.approx(per_petahash / 24 / joules_per_terahash, rel=1e-6)


# How much it is


@every_generation
async def test_the_price_is_that_at_which_mining_earns_what_it_costs(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    """The price is what 1 TH/s earns in a day, divided by the kWh that it takes."""
    watts, terahashes = (
        float(shown(hass, f"sensor.miner_{key}")) for key in ("power", "hash_rate")
    )

    earned = 50 / 1000 * terahashes
    assert price(hass) * watts / 1000 * 24 == pytest.approx(earned, rel=1e-6)
    assert set_up.break_even.price == pytest.approx(price(hass))
    assert set_up.break_even.efficiency == pytest.approx(efficiency(hass))


@pytest.mark.parametrize(
    ("options", "joules_per_terahash", "expected"),
    [
        ({"hash_price": 50.0}, 20, 0.104167),
        ({"hash_price": 50.0, "hash_price_unit": "per_petahash"}, 20, 0.104167),
        ({"hash_price": 0.05, "hash_price_unit": "per_terahash"}, 20, 0.104167),
        ({"hash_price": 47.35, "hash_price_unit": "per_petahash"}, 31.5, 0.062632),
    ],
)
@pytest.mark.usefixtures("set_up")
async def test_a_hash_price_has_either_unit(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    joules_per_terahash: float,
    expected: float,
) -> None:
    """The hash price is for a PH/s, unless its unit is that of a TH/s."""
    miner.misbehave(JOINED, Efficient(joules_per_terahash))
    await clock.next_poll()

    assert price(hass) == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("set_up")
async def test_the_price_follows_the_efficiency(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    for joules_per_terahash in (30, 30.1, 20):
        miner.misbehave(JOINED, Efficient(joules_per_terahash))
        await clock.next_poll()
        assert price(hass) == pytest.approx(50 / 24 / joules_per_terahash, rel=1e-4)


@pytest.mark.parametrize("currency", ["USD", "CHF"])
async def test_the_unit_has_the_currency_of_home_assistant(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
    currency: str,
) -> None:
    """No device class has the unit of a price per kWh; statistics are made without one."""
    await hass.config.async_update(currency=currency)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()

    state = hass.states.get(PRICE)
    assert state is not None
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == f"{currency}/kWh"
    assert state.attributes[ATTR_STATE_CLASS] is SensorStateClass.MEASUREMENT
    assert ATTR_DEVICE_CLASS not in state.attributes
    entry = entity_registry.async_get(PRICE)
    assert entry is not None
    assert entry.options["sensor"] == {"suggested_display_precision": 4}


@pytest.mark.usefixtures("set_up")
async def test_another_currency_counts_from_the_next_poll(
    hass: HomeAssistant, clock: Clock
) -> None:
    await hass.config.async_update(currency="SEK")
    await clock.next_poll()

    state = hass.states.get(PRICE)
    assert state is not None
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == "SEK/kWh"


# Where the hash price comes from


@followed
@pytest.mark.usefixtures("set_up")
async def test_an_entity_is_followed_at_once(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """No poll is needed, and none is made."""
    for text in ("50", "47.35", "1e2"):
        hass.states.async_set(SOURCE, text)
        await hass.async_block_till_done()
        assert price(hass) == at(efficiency(hass), float(text))
    assert miner.requests == []


@followed
@pytest.mark.parametrize(
    "text",
    [STATE_UNKNOWN, STATE_UNAVAILABLE, "", "much", "0", "-50", "nan", "inf", "1e999"],
)
@pytest.mark.usefixtures("set_up")
async def test_what_is_no_price_makes_none(
    hass: HomeAssistant, clock: Clock, text: str
) -> None:
    """What mining is worth is unknown then, not 0."""
    assert shown(hass, PRICE) == STATE_UNKNOWN  # the entity does not even exist
    hass.states.async_set(SOURCE, "50")
    await hass.async_block_till_done()
    assert price(hass) > 0

    hass.states.async_set(SOURCE, text)
    await hass.async_block_till_done()
    assert shown(hass, PRICE) == STATE_UNKNOWN
    await clock.next_poll()
    assert shown(hass, PRICE) == STATE_UNKNOWN

    hass.states.async_set(SOURCE, "50")
    await hass.async_block_till_done()
    assert price(hass) > 0


@followed
@pytest.mark.parametrize("text", ["1.7e308", "5e-324"])
@pytest.mark.usefixtures("set_up")
async def test_what_is_hardly_a_price_makes_a_number_or_none(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, text: str
) -> None:
    miner.misbehave(JOINED, Efficient(0.01))
    await clock.next_poll()

    hass.states.async_set(SOURCE, text)
    await hass.async_block_till_done()

    assert shown(hass, PRICE) not in ("inf", "0.0")


@followed
@pytest.mark.usefixtures("set_up")
async def test_an_entity_that_is_gone_makes_no_price(hass: HomeAssistant) -> None:
    hass.states.async_set(SOURCE, "50")
    await hass.async_block_till_done()
    assert price(hass) > 0

    hass.states.async_remove(SOURCE)
    await hass.async_block_till_done()

    assert shown(hass, PRICE) == STATE_UNKNOWN


@followed
async def test_another_entity_is_followed_in_its_place(
    options_flow: OptionsFlow,
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    hass.states.async_set(SOURCE, "50")
    hass.states.async_set("input_number.other", "60")
    await options_flow.prefer(hash_price_entity="input_number.other")
    assert price(hass) == at(efficiency(hass), 60)

    hass.states.async_set("input_number.other", "70")
    await hass.async_block_till_done()
    assert price(hass) == at(efficiency(hass), 70)
    written = hass.states.get(PRICE)
    hass.states.async_set(SOURCE, "80")
    await hass.async_block_till_done()
    assert hass.states.get(PRICE) is written

    await options_flow.prefer(hash_price=90)
    hass.states.async_set("input_number.other", "100")
    await hass.async_block_till_done()

    assert price(hass) == at(efficiency(hass), 90)
    assert config_entry.runtime_data.coordinator is set_up


@followed
@pytest.mark.usefixtures("set_up")
async def test_a_sensor_with_another_id_still_follows(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    """Home Assistant removes the sensor and adds it again."""
    hass.states.async_set(SOURCE, "50")
    entity_registry.async_update_entity(PRICE, new_entity_id="sensor.worth_it")
    await hass.async_block_till_done()
    before = float(shown(hass, "sensor.worth_it"))

    hass.states.async_set(SOURCE, "100")
    await hass.async_block_till_done()

    assert float(shown(hass, "sensor.worth_it")) == pytest.approx(2 * before)


# Whether there is one


@without_price
@pytest.mark.usefixtures("set_up")
async def test_without_a_hash_price_there_is_no_sensor(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, clock: Clock
) -> None:
    await clock.next_poll()

    assert hass.states.get(PRICE) is None
    assert entity_registry.async_get(PRICE) is None
    assert efficiency(hass) > 0


@pytest.mark.parametrize("options", [{}])
@pytest.mark.parametrize("hash_price", [{"hash_price": 50}, FOLLOWED])
async def test_the_sensor_comes_and_goes_with_the_hash_price(
    options_flow: OptionsFlow,
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    clock: Clock,
    hash_price: dict[str, Any],
) -> None:
    hass.states.async_set(SOURCE, "50")
    for _ in range(2):
        await options_flow.prefer(**hash_price)
        assert price(hass) == at(efficiency(hass))
        await clock.next_poll(2)
        assert price(hass) == at(efficiency(hass))

        await options_flow.prefer()
        assert hass.states.get(PRICE) is None
        assert entity_registry.async_get(PRICE) is None
        await clock.next_poll(2)
        assert hass.states.get(PRICE) is None
    assert config_entry.runtime_data.coordinator is set_up


async def test_a_sensor_that_was_there_before_goes(
    options_flow: OptionsFlow,
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    await hass.config_entries.async_unload(config_entry.entry_id)
    await options_flow.prefer()
    assert entity_registry.async_get(PRICE)

    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()

    assert entity_registry.async_get(PRICE) is None


async def test_another_hash_price_counts_at_once(
    options_flow: OptionsFlow,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave(JOINED, held := Held())

    form = await options_flow.preferences()
    preferences = {"poll_interval": 30, "percent_method": "normal", "hash_price": 100}
    await options_flow.submit(form, preferences)

    assert price(hass) == at(efficiency(hass), 100)
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert price(hass) == at(efficiency(hass), 100)
    assert config_entry.runtime_data.coordinator is set_up


@pytest.mark.usefixtures("set_up")
async def test_of_a_miner_that_cannot_be_reached_it_is_unavailable(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(3)
    assert shown(hass, PRICE) == STATE_UNAVAILABLE

    miner.reconnect()
    await clock.next_poll()
    assert price(hass) == at(efficiency(hass))


# Which efficiency counts


@every_generation
async def test_a_stopped_miner_keeps_the_last_efficiency(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    """The price decides whether to start a stopped miner, whose present efficiency is unknown."""
    await clock.next_poll()
    before, last = price(hass), set_up.break_even.efficiency

    miner.state.mining = False
    await clock.next_poll(5)

    assert shown(hass, EFFICIENCY) == STATE_UNKNOWN
    assert price(hass) == before
    assert set_up.break_even.efficiency == last


@every_generation
@with_options
async def test_the_last_efficiency_outlives_a_restart_of_home_assistant(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    hass.states.async_set(SOURCE, "50")
    last = efficiency(hass)
    miner.state.mining = False
    await clock.next_poll(3)

    await restart(hass, config_entry)

    assert config_entry.runtime_data.coordinator is not set_up
    assert shown(hass, EFFICIENCY) == STATE_UNKNOWN
    assert price(hass) == at(last)


async def test_it_is_stored_when_it_has_become_another(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    """A reading that wavers is not written to the disk, but many small steps count as one."""
    key = f"{DOMAIN}.{config_entry.entry_id}"
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
        miner.misbehave(JOINED, Efficient(joules_per_terahash))
        await clock.next_poll()
        await clock.tick(MEMORY_INTERVAL)
        assert hass_storage[key]["data"]["efficiency"] == pytest.approx(
            stored, rel=1e-4
        )
        assert set_up.break_even.efficiency == pytest.approx(
            joules_per_terahash, rel=1e-4
        )

    miner.state.mining = False
    miner.behave()
    await clock.next_poll(2)
    await clock.tick(MEMORY_INTERVAL)
    assert hass_storage[key]["data"]["efficiency"] == pytest.approx(40, rel=1e-4)


@every_generation
async def test_tuning_does_not_spoil_it(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    """A miner that tunes its frequencies may take much more power for its hash rate."""
    before = price(hass)
    miner.state.restart()
    miner.misbehave(JOINED, Efficient(90))
    await clock.next_poll()
    seen = 0
    while set_up.data.stable is False:
        seen += efficiency_known(hass)
        assert price(hass) == before
        await clock.next_poll()
        if seen == 5:  # then Home Assistant begins anew, amid of it
            await restart(hass, config_entry)
            set_up = config_entry.runtime_data.coordinator
            assert price(hass) == pytest.approx(before, rel=0.02)
            before = price(hass)
    assert seen > 10

    assert efficiency(hass) == pytest.approx(90, rel=1e-3)
    assert price(hass) == at(efficiency(hass))


@since_v2
async def test_a_miner_that_was_never_stable_is_taken_as_it_is(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """The price is unknown while the miner does not hash, an estimate while it tunes, and then right.

    Only then the efficiency is stored.
    """
    miner.state.mining = False
    await load_entry(hass, config_entry)
    assert shown(hass, PRICE) == STATE_UNKNOWN
    assert config_entry.runtime_data.coordinator.break_even.efficiency is None

    miner.state.mining = True
    key = f"{DOMAIN}.{config_entry.entry_id}"
    seen = 0
    while config_entry.runtime_data.coordinator.data.stable is False:
        if efficiency_known(hass):
            seen += 1
            assert price(hass) == at(efficiency(hass))
        else:
            assert shown(hass, PRICE) == STATE_UNKNOWN
        assert "efficiency" not in config_entry.runtime_data.coordinator.memory.data
        await clock.next_poll()
    assert seen > 10

    first = efficiency(hass)
    assert price(hass) == at(first)
    await clock.tick(MEMORY_INTERVAL)
    assert hass_storage[key]["data"]["efficiency"] == pytest.approx(first)
