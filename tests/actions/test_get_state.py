"""The action get_state, which scripts and blueprints use."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util.dt import utcnow
from simulator import SimulatedMiner
from tests import (
    AddEntry,
    Clock,
    act,
    before_v2_2,
    every_generation,
    set_mode,
    set_number,
)
from tests.action_calls import Target, ask
from tests.site import ALL, site_entry


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that set and show what is returned."""
    return (Platform.NUMBER, Platform.SELECT, Platform.SENSOR, Platform.SWITCH)


@pytest.fixture
async def hall(
    set_up: WhatsminerCoordinator, hydro_miner: SimulatedMiner, add_entry: AddEntry
) -> WhatsminerCoordinator:
    """A second miner that is set up."""
    entry = await add_entry(hydro_miner, "Hall")
    coordinator: WhatsminerCoordinator = entry.runtime_data.coordinator
    return coordinator


type StateOf = Callable[[], Awaitable[Any]]


@pytest.fixture
def state_now(one: Target, set_up: WhatsminerCoordinator) -> StateOf:
    """A function that returns what the action says of the miner."""

    async def state() -> Any:
        return (await one.ask("get_state"))[set_up.device_id]

    return state


@every_generation
async def test_it_says_what_the_entities_show(
    hass: HomeAssistant, miner: SimulatedMiner, state_now: StateOf
) -> None:
    """The miner is not asked."""
    state = await state_now()

    assert state["name"] == "Miner"
    assert state["switch"] == "switch.miner"
    assert state["power_mode_select"] == "select.miner_power_mode"
    assert (state["mining"], state["running"], state["stable"]) == (True, True, True)
    assert state["status"] == "mining"
    for key in ("power", "hash_rate", "efficiency"):
        shown = hass.states.get(f"sensor.miner_{key}")
        assert shown
        assert state[key] == pytest.approx(float(shown.state), rel=0.001)
    assert miner.requests == []


async def test_a_percent_is_told_until_the_miner_forgets_it(
    hass: HomeAssistant, clock: Clock, state_now: StateOf
) -> None:
    """A percentage of None stands for a miner that runs at its full power."""
    assert (await state_now())["power_percent"] is None
    await set_number(hass, "power_percent", 60)
    assert (await state_now())["power_percent"] == 60
    assert (await state_now())["status"] == "throttled"

    await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(2)

    state = await state_now()
    assert (state["mining"], state["running"]) == (False, False)
    assert state["power_percent"] is None
    assert state["mining_since"] is None


async def test_a_stopped_miner_is_as_efficient_as_it_was(
    hass: HomeAssistant, clock: Clock, state_now: StateOf
) -> None:
    """Scripts choose by efficiency which miner to start."""
    before = (await state_now())["efficiency"]
    assert before

    await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(2)

    state = await state_now()
    assert state["efficiency"] == pytest.approx(before, rel=0.02)
    assert state["break_even_price"] is None  # there is no hash price


async def test_nobody_takes_a_miner_for_tuned_that_was_told_to_restart(
    hass: HomeAssistant, clock: Clock, state_now: StateOf
) -> None:
    """The miner would forget a setting that it is given now."""
    await set_mode(hass, "low")
    assert (await state_now())["mining_since"] is None
    assert (await state_now())["stable"] is False
    await clock.next_poll()
    assert (await state_now())["stable"] is False
    await clock.tick(1800)
    await clock.next_poll()
    assert (await state_now())["stable"] is True


@before_v2_2
async def test_nobody_takes_a_miner_for_running_that_was_told_to_stop(
    hass: HomeAssistant, clock: Clock, state_now: StateOf
) -> None:
    """The summary may show mining for some time after a stop."""
    await act(hass, "switch.turn_off", "switch.miner")
    for _ in range(3):
        state = await state_now()
        assert (state["mining"], state["running"], state["stable"]) == (False,) * 3
        assert (state["mining_since"], state["hash_rate_at_most"]) == (None, [])
        await clock.next_poll()


async def test_miners_that_do_not_answer_are_left_out(
    hass: HomeAssistant,
    clock: Clock,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    hall: WhatsminerCoordinator,
) -> None:
    both = {ATTR_DEVICE_ID: [set_up.device_id, hall.device_id]}
    assert set(await ask(hass, "get_state", both)) == {set_up.device_id, hall.device_id}

    assert await hass.config_entries.async_unload(hall.config_entry.entry_id)
    assert set(await ask(hass, "get_state", both)) == {set_up.device_id}

    await miner.disconnect()
    await clock.next_poll(3)
    assert await ask(hass, "get_state", both) == {}


async def test_miners_that_do_not_answer_are_included_on_demand(
    clock: Clock, miner: SimulatedMiner, one: Target, set_up: WhatsminerCoordinator
) -> None:
    async def outage() -> Any:
        answer = await one.ask("get_state", include_offline=True)
        return answer[set_up.device_id]["outage"]

    assert await outage() is None
    await miner.disconnect()
    await clock.next_poll()
    assert await outage() is None  # a single missed poll
    await clock.next_poll(2)
    began = await outage()
    assert datetime.fromisoformat(began["since"]) < utcnow()
    assert began["until"] is None
    assert await one.ask("get_state", include_offline=True) == {
        set_up.device_id: {"name": "Miner", "outage": began}
    }

    await clock.next_poll(5)
    assert await outage() == began
    miner.reconnect()
    await clock.next_poll()
    ended = await outage()
    assert ended == {"since": began["since"], "until": utcnow().isoformat()}
    await clock.next_poll(2)
    assert await outage() == ended

    await miner.disconnect()
    await clock.next_poll(3)
    assert (await outage())["since"] > ended["until"]


async def test_a_miner_that_is_not_loaded_does_not_answer(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    one: Target,
    set_up: WhatsminerCoordinator,
) -> None:
    await miner.disconnect()
    await hass.config_entries.async_reload(set_up.config_entry.entry_id)

    (answer,) = (await one.ask("get_state", include_offline=True)).values()
    assert answer["outage"] == {"since": utcnow().isoformat(), "until": None}


async def test_it_takes_all_miners_at_once(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, hall: WhatsminerCoordinator
) -> None:
    answer = await ask(hass, "get_state", {ATTR_ENTITY_ID: "all"})
    assert set(answer) == {set_up.device_id, hall.device_id}
    with pytest.raises(ServiceValidationError, match="no miner"):
        await ask(hass, "query", {ATTR_ENTITY_ID: "all", "command": "summary"})


async def test_all_miners_may_be_none(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    await hass.config_entries.async_remove(set_up.config_entry.entry_id)

    assert await ask(hass, "get_state", {ATTR_ENTITY_ID: "all"}) == {}


@pytest.mark.parametrize(
    ("key", "found"), [("device_id", True), ("entity_id", True), ("area_id", False)]
)
async def test_a_site_stands_for_its_miners_if_it_is_chosen_itself(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, key: str, found: bool
) -> None:
    """In its area, only the miners that are there are meant."""
    entry = site_entry("Shed", ALL)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    area = ar.async_get(hass).async_create("Office").id
    dr.async_get(hass).async_update_device(device.id, area_id=area)
    ids = {
        "device_id": device.id,
        "entity_id": "sensor.shed_hash_rate",
        "area_id": area,
    }
    assert hass.states.get(ids["entity_id"])

    named = {key: ids[key]}
    asked = {**named, "include_sites": True}
    if found:
        assert set(await ask(hass, "get_state", asked)) == {set_up.device_id}
    else:
        with pytest.raises(ServiceValidationError, match="no miner"):
            await ask(hass, "get_state", asked)
    with pytest.raises(ServiceValidationError, match="no miner"):
        await ask(hass, "get_state", named)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_switch_that_is_disabled_is_not_named(
    entity_registry: er.EntityRegistry, state_now: StateOf
) -> None:
    entity_registry.async_update_entity(
        "switch.miner", disabled_by=er.RegistryEntryDisabler.USER
    )

    assert (await state_now())["switch"] is None


@pytest.mark.parametrize("password", [""])
async def test_without_a_password_there_is_no_switch(state_now: StateOf) -> None:
    state = await state_now()

    assert state["switch"] is None
    assert state["mining"] is True


@every_generation
async def test_it_is_known_since_when_the_hash_rate_is_low(
    miner: SimulatedMiner, clock: Clock, state_now: StateOf
) -> None:
    """The caller chooses what low is, and only time in which the miner should hash counts."""

    async def since(percent: float) -> str | None:
        bounds = (await state_now())["hash_rate_at_most"]
        assert bounds == sorted(bounds, key=lambda bound: -bound["percent"])
        return next(
            (bound["since"] for bound in bounds if bound["percent"] < percent), None
        )

    beginning = await since(200)
    assert beginning
    assert await since(80) is None

    miner.state.boards[0].alive = False
    await clock.next_poll(2)
    failed = await since(80)
    assert failed
    assert failed > beginning
    miner.state.boards[1].alive = False
    await clock.next_poll(2)
    worse = await since(60)
    assert worse
    assert worse > failed
    assert await since(80) == failed
    assert await since(200) == beginning

    miner.state.boards[1].alive = True
    await clock.next_poll(2)
    assert (await since(60), await since(80)) == (None, failed)
    miner.state.mining = False
    await clock.next_poll(2)
    assert await since(200) is None


async def test_less_hash_rate_is_expected_of_less_power(
    hass: HomeAssistant, clock: Clock, state_now: StateOf
) -> None:
    await set_number(hass, "power_percent", 40)
    await clock.next_poll(20)
    assert (await state_now())["hash_rate_at_most"][-1]["percent"] > 90

    await set_number(hass, "power_percent", 0)
    await clock.next_poll(20)
    assert (await state_now())["hash_rate_at_most"] == []


async def test_a_change_of_the_pool_is_remembered(
    miner: SimulatedMiner, clock: Clock, state_now: StateOf
) -> None:
    first = (await state_now())["pool"]
    state = await state_now()
    assert (state["previous_pool"], state["pool_since"]) == (None, None)

    miner.state.mining = False
    await clock.next_poll(2)
    assert (await state_now())["pool"] == first
    miner.state.pools[0].url = "stratum+tcp://other.example:3333"
    miner.state.mining = True
    await clock.next_poll(2)

    state = await state_now()
    assert state["pool"] == "stratum+tcp://other.example:3333"
    assert state["previous_pool"] == first
    assert datetime.fromisoformat(state["pool_since"])


async def test_every_field_is_on_its_page(state_now: StateOf) -> None:
    page = (Path(__file__).parents[2] / "docs" / "get_state.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    fields = re.findall(r"`(\w+)`", " ".join(rows))

    assert sorted(fields) == sorted(await state_now())


async def test_after_an_outage_a_low_hash_rate_is_a_new_one(
    miner: SimulatedMiner, clock: Clock, state_now: StateOf
) -> None:
    before = (await state_now())["hash_rate_at_most"][0]["since"]

    await miner.disconnect()
    await clock.next_poll(3)
    miner.reconnect()
    await clock.next_poll()

    assert (await state_now())["hash_rate_at_most"][0]["since"] > before


async def test_no_miner_at_all_is_a_mistake(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    with pytest.raises(ServiceValidationError, match="no miner"):
        await ask(hass, "get_state", {ATTR_DEVICE_ID: "gone"})


async def test_it_remembers_since_when_something_has_been_so(
    clock: Clock, one: Target, set_up: WhatsminerCoordinator
) -> None:
    """What an automation tells in each run is known to the next one, and to all others."""

    async def since(**conditions: bool) -> dict[str, float]:
        """Return the minutes for which each has been true."""
        state = (await one.ask("get_state", conditions=conditions))[set_up.device_id]
        return {
            name: (utcnow() - datetime.fromisoformat(at)).total_seconds() / 60
            for name, at in state["conditions_since"].items()
        }

    assert await since() == {}
    assert await since(price=True, heat=False) == {"price": 0}
    await clock.tick(300)
    assert await since(heat=True) == {"price": 5, "heat": 0}
    assert await since(price=True) == {"price": 5, "heat": 0}
    await clock.tick(540)
    assert await since(price=True) == {"price": 14, "heat": 9}
    assert await since(price=False) == {"heat": 9}
    await clock.tick(120)
    assert await since(price=True, heat=True) == {"price": 0, "heat": 0}
