"""A site over two hundred modelled miners has the right readings in every state."""

from itertools import pairwise
from random import Random

import pytest

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from tests import entities_of

from .big import LISTS, MINERS, SITE_PRICE, STATES, Big, poll_now
from .modelled import Says


async def test_the_readings_are_right_in_all_states_and_after_all_changes(
    big: Big,
) -> None:
    big.check()
    crowd = big.crowd
    for states in (
        STATES,
        STATES[::-1],
        *([state] for state in STATES),
        Random(17).choices(STATES, k=MINERS),
    ):
        crowd.say(states)
        await big.poll()
        big.check()


async def test_a_miner_that_joins_or_leaves_in_any_way_changes_the_readings(
    big: Big,
) -> None:
    await big.poll()
    hass, entries = big.crowd.hass, big.crowd.hass.config_entries
    disabled, hidden, removed, reloaded, unloaded, failing = big.crowd.miners[:6]

    await entries.async_set_disabled_by(
        disabled.entry.entry_id, ConfigEntryDisabler.USER
    )
    await big.site.settle()
    big.check(without=[disabled])

    registry = dr.async_get(hass)
    registry.async_update_device(
        hidden.device.id, disabled_by=dr.DeviceEntryDisabler.USER
    )
    await big.site.settle()
    big.check(without=[disabled, hidden])

    await entries.async_remove(removed.entry.entry_id)
    await big.site.settle()
    big.check(without=[disabled, hidden, removed])

    await entries.async_unload(unloaded.entry.entry_id)
    await big.site.settle()
    big.check(without=[disabled, hidden, removed], unknown=[unloaded])

    says, failing.client.says = failing.client.says, None
    await entries.async_reload(failing.entry.entry_id)
    await entries.async_reload(reloaded.entry.entry_id)
    await big.site.settle()
    assert failing.is_in(ConfigEntryState.SETUP_RETRY)
    assert reloaded.is_in(ConfigEntryState.LOADED)
    big.check(without=[disabled, hidden, removed], unknown=[unloaded], down=[failing])

    failing.client.says = says
    await entries.async_reload(failing.entry.entry_id)
    await entries.async_setup(unloaded.entry.entry_id)
    registry.async_update_device(hidden.device.id, disabled_by=None)
    await entries.async_set_disabled_by(disabled.entry.entry_id, None)
    await big.poll()
    big.check(without=[removed])


async def test_a_site_that_lost_all_its_miners_knows_nothing(big: Big) -> None:
    big.crowd.hass.config_entries.async_update_entry(
        big.site.entry, options={"miners": ["gone"], "hash_price": SITE_PRICE}
    )
    big.site.coordinator.async_apply_options()
    await big.site.settle()

    big.check(without=big.crowd.miners)
    assert big.site.shown("hash_rate") == STATE_UNKNOWN
    assert big.site.is_on


async def test_a_reloaded_miner_is_followed_by_its_new_coordinator(big: Big) -> None:
    reloaded = big.crowd.miners[0]
    before = reloaded.coordinator
    # The site, which has just been updated, does not see that the entry is not loaded.
    await poll_now(big.crowd.miners[1:2])
    await big.crowd.hass.config_entries.async_reload(reloaded.entry.entry_id)
    assert reloaded.coordinator is not before

    await big.site.settle()

    reloaded.client.says = Says(mining=False, power=17.0)
    await poll_now([reloaded])
    await big.crowd.hass.async_block_till_done()

    big.crowd.hear()
    big.check()


async def test_a_site_that_is_off_tells_who_may_mine_all_the_same(big: Big) -> None:
    big.crowd.say(STATES)
    await big.poll()
    on = [
        miner
        for miner in big.crowd
        if miner.client.says and miner.client.says.mining is not False
    ]

    with pytest.raises(HomeAssistantError):
        await big.site.turn_off()
    await big.site.settle()

    big.check(held=True)
    assert [miner for miner in big.crowd if miner.client.commands] == on
    # All obey, and those that come back do so, too.
    big.crowd.say(STATES[3:5])
    await big.poll()
    big.check(held=True)
    assert big.site.shown("miners_not_off") == "0"


async def test_a_site_has_few_entities_whatever_its_size(big: Big) -> None:
    entities = entities_of(big.crowd.hass, big.site.entry)

    assert len(entities) < 20
    assert {each.disabled_by for each in entities} == {None}
    states = [big.crowd.hass.states.get(each.entity_id) for each in entities]
    assert all(state and state.state != STATE_UNAVAILABLE for state in states)


async def test_lists_of_names_are_capped_and_not_recorded(big: Big) -> None:
    big.crowd.say([None])
    await big.poll()

    assert big.site.shown("miners_offline") == str(MINERS)
    names = big.site.attributes("miners_offline")["names"]
    assert names == [
        f"Miner {number:03}" for number in range(52) if number not in (5, 19)
    ]
    for key in LISTS:
        state = big.crowd.hass.states.get(big.site.entity_id("sensor", key))
        assert state is not None
        assert state.state_info is not None
        assert "names" in state.state_info["unrecorded_attributes"]
    for entity in entities_of(big.crowd.hass, big.site.entry):
        state = big.crowd.hass.states.get(entity.entity_id)
        assert state is not None
        lists = {
            key for key, value in state.attributes.items() if isinstance(value, list)
        }
        assert state.state_info is not None
        unrecorded = state.state_info["unrecorded_attributes"]
        assert lists <= unrecorded | {"options"}
        assert all(len(state.attributes[key]) <= 50 for key in lists)


async def test_what_a_plan_wants_is_listed_for_some_miners_and_not_recorded(
    big: Big,
) -> None:
    """Those that have less than full power come first."""
    big.crowd.hass.states.async_set("sensor.price", "0.5")
    big.site.coordinator.async_set_options(
        follow_plan=True, price_entity="sensor.price", stop_above=0.3, minutes_on=0
    )
    await big.site.fleet.clock.tick(11)
    await big.poll()

    assert len(big.site.coordinator.planning.plan.decisions) == MINERS
    state = big.crowd.hass.states.get(big.site.entity_id("sensor", "plan"))
    assert state is not None
    assert state.state_info is not None
    assert "miners" in state.state_info["unrecorded_attributes"]
    listed = state.attributes["miners"]
    assert len(listed) == 50
    full = [each["on"] is True for each in listed]
    assert full == sorted(full)


async def test_the_energy_of_all_miners_is_added_up(big: Big) -> None:
    begun = big.site.number("energy")
    for miner in big.crowd:
        del miner.client.polls[:-1]
    for states in (STATES[:7], STATES[3:11], STATES[:4], STATES[::-1], STATES[:2]):
        big.crowd.say(states)
        await big.poll()

    joules = 0.0
    for miner in big.crowd:
        polls = miner.client.polls
        for (since, before), (until, power) in pairwise(polls):
            if before is not None and power is not None and until - since <= 90:
                joules += max(0.0, (before + power) / 2) * (until - since)
    used = big.site.number("energy") - begun
    assert used == pytest.approx(joules / 3.6e6, rel=1e-9, abs=1e-4)
