"""Miners of earlier integrations that cannot go on here, or not yet."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.names import owner_name
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_MAC,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import GARBAGE, Closed, Misbehaviour, Raw, SimulatedMiner
from tests import PROCESS_DOWN, Clock, every_generation
from tests.earlier import (
    EARLIER,
    IP,
    MAC,
    Earlier,
    all_entries,
    registered,
    set_up,
    state,
)

both = pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)


# A miner that has to be asked


@every_generation
async def test_a_miner_that_nobody_knows_is_asked_who_it_is(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    entry = IP.add(hass, miner)
    entity = IP.entity(hass, entry, IP.device(hass, entry, "None"), "None_hashrate")

    await set_up(hass, entry)

    assert entry.unique_id == miner.mac.lower()
    assert er.async_get(hass).entities[entity.entity_id].unique_id == (
        f"{miner.mac.lower()}_hash_rate"
    )


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (None, "cannot_connect"),
        (Closed(), "cannot_connect"),
        (PROCESS_DOWN, "mining_process_down"),
        (Raw(b'{"STATUS":'), "malformed_reply"),
    ],
)
async def test_a_miner_that_does_not_tell_now_is_asked_again_later(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    how: Misbehaviour | None,
    reason: str,
) -> None:
    entry = IP.add(hass, miner)
    IP.entity(hass, entry, IP.device(hass, entry, "None"), "None_hashrate")
    before = registered(hass, entry)
    if how:
        miner.misbehave("*", how)
    else:
        await miner.disconnect()

    await set_up(hass, entry)

    assert state(entry) is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == reason
    assert owner_name(entry) in (entry.reason or "")
    assert registered(hass, entry) == before

    if how:
        miner.behave()
    else:
        miner.reconnect()
    await clock.tick(10)
    assert state(entry) is ConfigEntryState.LOADED
    assert entry.unique_id == miner.mac.lower()


async def test_of_two_miners_nobody_guesses_which_goes_on(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Both miners had the address once; the miner that has it now is asked."""
    entry = IP.add(hass, miner)
    for owner in ("c6_07_20_00_11_22", IP.owner(miner)):
        IP.entity(hass, entry, IP.device(hass, entry, owner), f"{owner}_hashrate")
    before = registered(hass, entry)
    await miner.disconnect()

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert registered(hass, entry) == before


async def test_what_is_no_miner_does_not_become_one(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    entry = IP.add(hass, miner)
    before = registered(hass, entry)
    miner.misbehave("*", GARBAGE)

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.error_reason_translation_key == "not_a_whatsminer"
    assert owner_name(entry) in (entry.reason or "")
    assert registered(hass, entry) == before


@pytest.mark.parametrize("mac", ["", "unknown", None])
async def test_a_mac_address_that_is_none_is_asked_for(
    hass: HomeAssistant, miner: SimulatedMiner, mac: str | None
) -> None:
    entry = MAC.add(hass, miner)
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_MAC: mac})

    await set_up(hass, entry)

    assert entry.unique_id == miner.mac.lower()


# What cannot go on


@both
async def test_a_miner_that_is_here_already_does_not_come_twice(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    earlier: Earlier,
) -> None:
    await set_up(hass, config_entry)
    entry = earlier.add(hass, miner, unique_id="127.0.0.1")
    earlier.entities(hass, entry, miner)
    before = [registered(hass, each) for each in (entry, config_entry)]

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.error_reason_translation_key == "migration_duplicate"
    assert owner_name(entry) in (entry.reason or "")
    assert [registered(hass, each) for each in (entry, config_entry)] == before


async def test_of_two_entries_of_a_miner_the_first_goes_on(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The miner had two addresses, or one by name."""
    first, second = IP.entry(miner), IP.entry(miner, unique_id="whatsminer_garage")

    for entry in (first, second):
        await set_up(hass, entry)

    assert first.state is ConfigEntryState.LOADED
    assert second.state is ConfigEntryState.MIGRATION_ERROR
    assert second.error_reason_translation_key == "migration_duplicate"


async def test_an_entity_of_another_entry_is_left_alone(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The entity has the unique id that this entry would take."""
    entry = MAC.add(hass, miner)
    other = MockConfigEntry(domain=DOMAIN, disabled_by=ConfigEntryDisabler.USER)
    other.add_to_hass(hass)
    device = MAC.device(hass, entry, MAC.owner(miner))
    MAC.entity(hass, entry, device, f"{MAC.owner(miner)}_hash_rate_5_m")
    MAC.entity(
        hass, other, MAC.device(hass, other, "?"), f"{miner.mac.lower()}_hash_rate"
    )
    before = [registered(hass, each) for each in (entry, other)]

    await set_up(hass, entry)

    assert entry.error_reason_translation_key == "migration_duplicate"
    assert [registered(hass, each) for each in (entry, other)] == before


@both
@pytest.mark.parametrize(
    "changes",
    [
        {CONF_HOST: None},
        {CONF_HOST: ""},
        {CONF_HOST: 5},
        {CONF_PORT: "usual"},
        {CONF_PORT: 70_000},
        {CONF_PASSWORD: 1234},
        {CONF_SCAN_INTERVAL: "often"},
    ],
    ids=str,
)
async def test_an_entry_of_no_known_shape_is_left_alone(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    earlier: Earlier,
    changes: dict[str, Any],
) -> None:
    """There may have been a third integration."""
    entry = earlier.add(hass, miner)
    earlier.entities(hass, entry, miner)
    hass.config_entries.async_update_entry(entry, data={**entry.data, **changes})
    before = registered(hass, entry)

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.error_reason_translation_key == "migration_unknown"
    assert owner_name(entry) in (entry.reason or "")
    assert registered(hass, entry) == before
    assert miner.requests == []


async def test_an_entry_that_cannot_go_on_can_be_deleted(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    entry = MAC.add(hass, miner, data={"address": miner.host})
    MAC.entities(hass, entry, miner)
    await set_up(hass, entry)

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    assert all_entries(hass) == []
    assert not er.async_get(hass).entities
    assert registered(hass, entry)["devices"] == []


# A miner that was discovered before it went on


async def test_a_discovery_ends_when_the_miner_turns_out_to_be_known(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    ignored = MockConfigEntry(
        domain=DOMAIN, source=SOURCE_IGNORE, unique_id=miner.mac.lower()
    )
    ignored.add_to_hass(hass)
    entry = IP.entry(miner)

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.LOADED
    assert all_entries(hass) == [entry]


async def test_an_offer_ends_when_the_miner_turns_out_to_be_known(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Accepting the offer would replace the entry and lose all of it."""
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": "integration_discovery"},
        data={"host": miner.host, "port": miner.port, "mac": miner.mac.lower()},
    )
    assert len(hass.config_entries.flow.async_progress()) == 1

    await set_up(hass, IP.entry(miner))

    assert hass.config_entries.flow.async_progress() == []
