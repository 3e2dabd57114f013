"""The record of a miner: one client, however often its entry is reloaded, and where it may be."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.whatsminer.miner.record import (
    RECORDS,
    CapabilityChange,
    address_of,
    async_remove_record,
)
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT

from . import Rig


async def test_an_entry_has_one_miner(new_rig: Rig) -> None:
    client, miner = new_rig.client(), new_rig.miner

    assert client.address == address_of(new_rig.entry) == (miner.host, miner.port)
    assert client.mac == miner.mac.lower()
    assert client.password == miner.password
    assert new_rig.client() is client


@pytest.mark.parametrize("password", ["new_1234", None])
async def test_another_password_is_the_same_miner(
    new_rig: Rig, password: str | None
) -> None:
    miner = new_rig.client()
    data = {**new_rig.entry.data, CONF_PASSWORD: password}
    if not password:
        del data[CONF_PASSWORD]
    new_rig.change(data=data)

    assert new_rig.client() is miner
    assert miner.password == (password or "")


@pytest.mark.parametrize("changes", [{CONF_HOST: "127.0.0.2"}, {CONF_PORT: 4029}])
async def test_another_address_is_another_line(
    new_rig: Rig, changes: dict[str, str | int]
) -> None:
    """What was learned at the old address may be no longer true."""
    miner = new_rig.client()
    new_rig.change(data={**new_rig.entry.data, **changes})

    other = new_rig.client()
    assert other is not miner
    assert other.address == address_of(new_rig.entry)


async def test_another_mac_is_another_miner(new_rig: Rig) -> None:
    """A new control board has another MAC address."""
    miner = new_rig.client()
    new_rig.change(unique_id="ce:02:01:00:00:01")

    assert new_rig.client() is not miner
    assert new_rig.client().mac == "ce:02:01:00:00:01"


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"title": "Other"}, True),
        ({"data": {CONF_HOST: "127.0.0.2", CONF_PORT: 4028}}, False),
        ({"unique_id": "ce:02:01:00:00:01"}, False),
    ],
)
async def test_a_change_is_that_of_one_miner(
    new_rig: Rig, changes: dict[str, Any], stays: bool
) -> None:
    new_rig.client()
    change = new_rig.record.change = CapabilityChange(0, is_other=True)
    new_rig.change(**changes)
    new_rig.client()

    assert new_rig.record.change is (change if stays else None)


async def test_a_miner_is_forgotten(new_rig: Rig) -> None:
    await async_remove_record(new_rig.hass, new_rig.entry)
    miner = new_rig.client()
    await async_remove_record(new_rig.hass, new_rig.entry)

    assert new_rig.hass.data[RECORDS] == {}
    assert new_rig.client() is not miner


async def test_a_miner_is_where_it_was_announced_last(new_rig: Rig) -> None:
    assert new_rig.record.announced_host is None
    new_rig.record.announce("10.0.0.1")
    new_rig.record.announce("10.0.0.2")

    assert new_rig.record.announced_host == "10.0.0.2"


async def test_an_announcement_is_forgotten_after_a_while(
    new_rig: Rig, freezer: FrozenDateTimeFactory
) -> None:
    """The miner may need some time before it moves."""
    new_rig.record.forget_old_announcement()
    new_rig.record.announce("10.0.0.1")
    freezer.tick(100)
    new_rig.record.announce("10.0.0.2")
    freezer.tick(100)
    new_rig.record.forget_old_announcement()
    assert new_rig.record.announced_host == "10.0.0.2"

    freezer.tick(20)
    new_rig.record.forget_old_announcement()
    assert new_rig.record.announced_host is None


async def test_an_announcement_is_forgotten_with_its_miner(new_rig: Rig) -> None:
    new_rig.record.announce("10.0.0.1")
    await async_remove_record(new_rig.hass, new_rig.entry)
    assert new_rig.hass.data[RECORDS] == {}
