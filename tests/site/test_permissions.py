"""Users can do to a site what Home Assistant allows them, and no more."""

from typing import Any, Final

import pytest

from homeassistant.auth.permissions.types import CategoryType
from homeassistant.const import ATTR_AREA_ID, ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import area_registry as ar, device_registry as dr
from tests import device_of
from tests.action_calls import guest
from tests.fleet import Fleet, Owned
from tests.words import sent

from . import Site, add_site

HOLD: Final = "whatsminer.hold"
RELEASE: Final = "whatsminer.release"
TURN_OFF: Final = "switch.turn_off"
TURN_ON: Final = "switch.turn_on"
POWER: Final = ("power_off", "power_on")

CAN: Final = {"control": True}
EVERYTHING_ELSE: Final[CategoryType] = {"domains": {"sensor": CAN}}

every_way = pytest.mark.parametrize("way", ["device", "entity", "area"])


class Yard:
    """An area with a site, whose miner is elsewhere."""

    def __init__(self, site: Site, ada: Owned) -> None:
        """Put the site there."""
        self.hass = site.hass
        self.site = site
        self.ada = ada
        self.switch = site.entity_id("switch", "mining")
        self.device = device_of(self.hass, site.entry).id
        self.area = ar.async_get(self.hass).async_create("Yard").id
        dr.async_get(self.hass).async_update_device(self.device, area_id=self.area)
        self.targets: dict[str, dict[str, Any]] = {
            "device": {ATTR_DEVICE_ID: self.device},
            "entity": {ATTR_ENTITY_ID: self.switch},
            "area": {ATTR_AREA_ID: self.area},
        }
        # A target includes all entities there, but with the way "entity" the switch only.
        self.policies: dict[str, CategoryType] = {
            "device": {"device_ids": {self.device: CAN}},
            "entity": {"entity_ids": {self.switch: CAN}},
            "area": {"area_ids": {self.area: CAN}},
        }

    async def call(self, action: str, target: str, policy: CategoryType) -> None:
        """Call an action as a new user, who has a policy for entities."""
        domain, _, service = action.partition(".")
        await self.hass.services.async_call(
            domain,
            service,
            self.targets[target],
            blocking=True,
            context=guest(self.hass, policy),
        )

    @property
    def switched(self) -> list[str]:
        """How mining was switched at the miner."""
        return [command for command in sent(self.ada.miner) if command in POWER]


@pytest.fixture
async def yard(fleet: Fleet, ada: Owned) -> Yard:
    """An area with a site of one miner."""
    return Yard(await add_site(fleet), ada)


@every_way
@pytest.mark.parametrize(("off", "on"), [(HOLD, RELEASE), (TURN_OFF, TURN_ON)])
async def test_who_may_control_a_site_turns_off_its_miners(
    yard: Yard, way: str, off: str, on: str
) -> None:
    """No permission for the miners is needed."""
    await yard.call(off, way, yard.policies[way])

    assert not yard.site.is_on
    assert yard.switched == ["power_off"]
    await yard.call(on, way, yard.policies[way])
    assert yard.site.is_on
    assert yard.switched == ["power_off", "power_on"]


@every_way
@pytest.mark.parametrize("action", [HOLD, RELEASE, TURN_OFF, TURN_ON])
async def test_who_may_not_control_the_switch_of_a_site_does_nothing_to_it(
    yard: Yard, way: str, action: str
) -> None:
    """Its sensors are not enough, nor are its miners."""
    is_release = action in (RELEASE, TURN_ON)
    if is_release:
        await yard.site.turn_off()
    before = yard.switched
    miner = device_of(yard.hass, yard.ada.entry).id

    for policy in ({}, EVERYTHING_ELSE, {"device_ids": {miner: CAN}}):
        with pytest.raises(Unauthorized):
            await yard.call(action, way, policy)

    assert yard.site.is_on is not is_release
    assert yard.switched == before


@pytest.mark.parametrize("action", [HOLD, RELEASE])
async def test_a_sensor_of_a_site_stands_for_it_with_permission_for_its_switch(
    yard: Yard, action: str
) -> None:
    power = yard.site.entity_id("sensor", "power")
    yard.targets["power"] = {ATTR_ENTITY_ID: power}

    with pytest.raises(Unauthorized) as caught:
        await yard.call(action, "power", {"entity_ids": {power: CAN}})
    assert caught.value.entity_id == yard.switch
    with pytest.raises(Unauthorized) as caught:
        await yard.call(action, "power", {"entity_ids": {yard.switch: CAN}})
    assert caught.value.entity_id == power

    await yard.call(action, "power", {"entity_ids": {power: CAN, yard.switch: CAN}})


async def test_a_miner_of_no_site_in_the_target_needs_its_own_permission(
    hass: HomeAssistant, yard: Yard, bea: Owned
) -> None:
    """If one of several is not allowed, nothing is sent to any."""
    only_ada = {"all_miners": False, "miners": [yard.ada.entry.entry_id]}
    hass.config_entries.async_update_entry(yard.site.entry, options=only_ada)
    miner = device_of(hass, bea.entry).id
    yard.targets["both"] = {ATTR_DEVICE_ID: [yard.device, miner]}

    with pytest.raises(Unauthorized):
        await yard.call(HOLD, "both", yard.policies["device"])
    assert yard.site.is_on
    assert yard.switched == []

    await yard.call(HOLD, "both", {"device_ids": {yard.device: CAN, miner: CAN}})
    assert not yard.site.is_on


async def test_a_site_that_an_action_ignores_needs_no_permission(
    hass: HomeAssistant, yard: Yard
) -> None:
    miner = device_of(hass, yard.ada.entry).id
    yard.targets["both"] = {ATTR_DEVICE_ID: [yard.device, miner]}

    await yard.call("whatsminer.set_led", "both", {"device_ids": {miner: CAN}})

    assert sent(yard.ada.miner) == ["set_led"]
