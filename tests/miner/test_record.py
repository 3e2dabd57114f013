"""The record of a miner: one client, however often its entry is reloaded, and where it may be."""

from collections.abc import Callable
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.miner.record import (
    RECORDS,
    CapabilityChange,
    address_of,
    async_remove_record,
    client_for_entry,
    record_for_entry,
)
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from simulator import SimulatedMiner


@pytest.fixture
def entry(
    hass: HomeAssistant,
    air_miner: SimulatedMiner,
    make_entry: Callable[..., MockConfigEntry],
) -> MockConfigEntry:
    """The entry of a miner that is not asked anything here."""
    entry = make_entry(air_miner)
    entry.add_to_hass(hass)
    return entry


async def test_an_entry_has_one_miner(
    hass: HomeAssistant, air_miner: SimulatedMiner, entry: MockConfigEntry
) -> None:
    miner = client_for_entry(hass, entry)

    assert miner.address == address_of(entry) == (air_miner.host, air_miner.port)
    assert miner.mac == air_miner.mac.lower()
    assert miner.password == air_miner.password
    assert client_for_entry(hass, entry) is miner


@pytest.mark.parametrize("password", ["new_1234", None])
async def test_another_password_is_the_same_miner(
    hass: HomeAssistant, entry: MockConfigEntry, password: str | None
) -> None:
    miner = client_for_entry(hass, entry)
    data = {key: value for key, value in entry.data.items() if key != CONF_PASSWORD}
    if password:
        data[CONF_PASSWORD] = password
    hass.config_entries.async_update_entry(entry, data=data)

    assert client_for_entry(hass, entry) is miner
    assert miner.password == (password or "")


@pytest.mark.parametrize("changes", [{CONF_HOST: "127.0.0.2"}, {CONF_PORT: 4029}])
async def test_another_address_is_another_line(
    hass: HomeAssistant, entry: MockConfigEntry, changes: dict[str, str | int]
) -> None:
    """What was learned at the old address may be no longer true."""
    miner = client_for_entry(hass, entry)
    hass.config_entries.async_update_entry(entry, data={**entry.data, **changes})

    other = client_for_entry(hass, entry)
    assert other is not miner
    assert other.address == address_of(entry)


async def test_another_mac_is_another_miner(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A new control board has another MAC address."""
    miner = client_for_entry(hass, entry)
    hass.config_entries.async_update_entry(entry, unique_id="ce:02:01:00:00:01")

    assert client_for_entry(hass, entry) is not miner
    assert client_for_entry(hass, entry).mac == "ce:02:01:00:00:01"


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"title": "Other"}, True),
        ({"data": {CONF_HOST: "127.0.0.2", CONF_PORT: 4028}}, False),
        ({"unique_id": "ce:02:01:00:00:01"}, False),
    ],
)
async def test_a_change_is_that_of_one_miner(
    hass: HomeAssistant, entry: MockConfigEntry, changes: dict[str, Any], stays: bool
) -> None:
    client_for_entry(hass, entry)
    change = record_for_entry(hass, entry).change = CapabilityChange(0, is_other=True)
    hass.config_entries.async_update_entry(entry, **changes)
    client_for_entry(hass, entry)

    assert record_for_entry(hass, entry).change is (change if stays else None)


async def test_a_miner_is_forgotten(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await async_remove_record(hass, entry)
    miner = client_for_entry(hass, entry)
    await async_remove_record(hass, entry)

    assert hass.data[RECORDS] == {}
    assert client_for_entry(hass, entry) is not miner


async def test_a_miner_is_where_it_was_announced_last(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert record_for_entry(hass, entry).announced_host is None
    record_for_entry(hass, entry).announce("10.0.0.1")
    record_for_entry(hass, entry).announce("10.0.0.2")

    assert record_for_entry(hass, entry).announced_host == "10.0.0.2"


async def test_an_announcement_is_forgotten_after_a_while(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """The miner may need some time before it moves."""
    record_for_entry(hass, entry).forget_old_announcement()
    record_for_entry(hass, entry).announce("10.0.0.1")
    freezer.tick(100)
    record_for_entry(hass, entry).announce("10.0.0.2")
    freezer.tick(100)
    record_for_entry(hass, entry).forget_old_announcement()
    assert record_for_entry(hass, entry).announced_host == "10.0.0.2"

    freezer.tick(20)
    record_for_entry(hass, entry).forget_old_announcement()
    assert record_for_entry(hass, entry).announced_host is None


async def test_an_announcement_is_forgotten_with_its_miner(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    record_for_entry(hass, entry).announce("10.0.0.1")
    await async_remove_record(hass, entry)
    assert hass.data[RECORDS] == {}
