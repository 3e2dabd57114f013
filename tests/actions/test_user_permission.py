"""Permissions: users can do to miners what Home Assistant allows them, and no more."""

from typing import Any, Final

import pytest

from custom_components.whatsminer.const import DOMAIN
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.auth.permissions.types import CategoryType
from homeassistant.const import (
    ATTR_AREA_ID,
    ATTR_DEVICE_ID,
    ATTR_ENTITY_ID,
    ATTR_FLOOR_ID,
    ATTR_LABEL_ID,
    CONF_PASSWORD,
    Platform,
)
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from tests import names_of
from tests.action_calls import DATA, call, failure, guest, member, teach
from tests.fleet import Fleet, Owned

READS: Final = {"get_customer_message", "get_state", "query"}
SWITCH: Final = "switch.garage"
HASH_RATE: Final = "sensor.garage_hash_rate"
POWER: Final = "sensor.garage_power"


class House:
    """Two miners, with the targets and the users that tests choose from."""

    def __init__(self, hass: HomeAssistant, garage: Owned, hall: Owned) -> None:
        """Put one of the miners into an area, and label them."""
        self.hass = hass
        self.garage = garage
        self.hall = hall
        teach(garage.miner)
        teach(hall.miner)
        devices = dr.async_get(hass)
        self.device = garage.coordinator.device_id
        self.hall_device = hall.coordinator.device_id
        self.board = dr.async_entries_for_parent_device(devices, self.device)[0].id
        floor = fr.async_get(hass).async_create("Cellar")
        area = ar.async_get(hass).async_create("Garage", floor_id=floor.floor_id)
        self.area = area.id
        mine, all_miners = (
            lr.async_get(hass).async_create(name).label_id for name in ("Mine", "All")
        )
        devices.async_update_device(
            self.device, area_id=self.area, labels={mine, all_miners}
        )
        devices.async_update_device(self.hall_device, labels={all_miners})
        hass.states.async_set(
            "group.both", "on", {ATTR_ENTITY_ID: [SWITCH, "switch.hall"]}
        )
        self.board_sensor = er.async_entries_for_device(er.async_get(hass), self.board)[
            0
        ].entity_id
        self.targets: dict[str, dict[str, Any]] = {
            "switch": {ATTR_ENTITY_ID: SWITCH},
            "hash rate": {ATTR_ENTITY_ID: HASH_RATE},
            "power": {ATTR_ENTITY_ID: POWER},
            "board sensor": {ATTR_ENTITY_ID: self.board_sensor},
            "device": {ATTR_DEVICE_ID: self.device},
            "board": {ATTR_DEVICE_ID: self.board},
            "area": {ATTR_AREA_ID: self.area},
            "floor": {ATTR_FLOOR_ID: floor.floor_id},
            "label": {ATTR_LABEL_ID: mine},
            "device in the hall": {ATTR_DEVICE_ID: self.hall_device},
            "both devices": {ATTR_DEVICE_ID: [self.device, self.hall_device]},
            "label of both": {ATTR_LABEL_ID: all_miners},
            "group of both": {ATTR_ENTITY_ID: "group.both"},
            "one by device, one by switch": {
                ATTR_DEVICE_ID: self.device,
                ATTR_ENTITY_ID: "switch.hall",
            },
        }

    def guest(self, entities: CategoryType) -> Context:
        """Return the context of a new user, who has this policy for entities."""
        return guest(self.hass, entities)

    async def may(self, context: Context, action: str, target: dict[str, Any]) -> bool:
        """Return whether a user may call an action; a call that is refused reaches no miner."""
        services = self.hass.services.async_services_for_domain(DOMAIN)
        only_answers = services[action].supports_response is SupportsResponse.ONLY
        data = DATA[action] | target
        options = {"context": context, "return_response": only_answers}
        before = self.heard
        try:
            await call(self.hass, action, data, **options)
        except Unauthorized:
            assert self.heard == before
            return False
        return True

    @property
    def heard(self) -> list[Any]:
        """What the miners were sent."""
        return self.garage.miner.requests + self.hall.miner.requests


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Switches, sensors and hashboards."""
    return (Platform.SENSOR, Platform.SWITCH)


@pytest.fixture
async def house(hass: HomeAssistant, fleet: Fleet) -> House:
    """A house with two miners."""
    return House(hass, await fleet.add("Garage"), await fleet.add("Hall"))


# Who the user is


async def test_a_user_who_may_do_nothing_may_call_no_action(
    hass: HomeAssistant, house: House
) -> None:
    actions = hass.services.async_services_for_domain(DOMAIN)
    guest = house.guest({})

    assert actions.keys() == DATA.keys()
    for action in actions:
        assert not await house.may(guest, action, house.targets["device"]), action


async def test_a_read_only_user_only_reads(hass: HomeAssistant, house: House) -> None:
    reader = member(hass, await hass.auth.async_get_group(GROUP_ID_READ_ONLY))

    allowed = {
        action
        for action in hass.services.async_services_for_domain(DOMAIN)
        if await house.may(reader, action, house.targets["device"])
    }

    assert allowed == READS
    assert sorted(names_of(house.heard)) == ["get_customer_msg", "summary"]
    assert house.garage.miner.writes == []


@pytest.mark.parametrize("action", ["query", "set_led"])
@pytest.mark.parametrize("who", ["no user", "owner", "administrator", "user"])
async def test_others_reach_all_miners(
    hass: HomeAssistant, house: House, who: str, action: str
) -> None:
    """An automation has no user, and Home Assistant's ordinary users control everything."""
    contexts = {
        "no user": Context(),
        "owner": member(hass, None, is_owner=True),
        "administrator": member(hass, await hass.auth.async_get_group(GROUP_ID_ADMIN)),
        "user": member(hass, await hass.auth.async_get_group(GROUP_ID_USER)),
    }

    assert await house.may(contexts[who], action, house.targets["both devices"])

    assert house.garage.miner.requests
    assert house.hall.miner.requests


@pytest.mark.parametrize("action", sorted(DATA))
async def test_a_user_who_is_not_known_is_refused(
    hass: HomeAssistant, house: House, action: str
) -> None:
    """The user may have been deleted."""
    context = Context(user_id="deleted")
    options = {"context": context, "return_response": action in READS}

    with pytest.raises(UnknownUser) as caught:
        await call(hass, action, DATA[action] | house.targets["device"], **options)

    assert caught.value.context is context
    assert house.heard == []


# What the user may do, and what is targeted

ALL_OF_GARAGE: Final = {
    "switch",
    "hash rate",
    "power",
    "board sensor",
    "device",
    "board",
    "area",
    "floor",
    "label",
}


@pytest.mark.parametrize(
    ("policy", "targets"),
    [
        # The hashboards are devices of their own: an entity of one is not of this device.
        ("device", ALL_OF_GARAGE - {"board sensor"}),
        ("area", ALL_OF_GARAGE),
        # What else is on the device comes with the device.
        ("switch", {"switch", "board"}),
        ("switch and hash rate", {"switch", "hash rate", "board"}),
        ("switch and board", {"switch", "board sensor", "board"}),
        ("domain switch", {"switch", "board", "group of both"}),
        # What does not stand for the miner is not enough.
        ("hash rate", set()),
        ("power", set()),
        ("board", set()),
        ("domain sensor", set()),
        ("device in the hall", {"device in the hall"}),
        ("nothing", set()),
    ],
)
async def test_a_user_reaches_a_miner_with_permission_for_it_and_for_what_is_targeted(
    house: House, policy: str, targets: set[str]
) -> None:
    """If one of several miners is not allowed, nothing is sent to any."""
    for granted in (POLICY_CONTROL, POLICY_READ):
        can = {granted: True}
        policies: dict[str, CategoryType] = {
            "device": {"device_ids": {house.device: can}},
            "device in the hall": {"device_ids": {house.hall_device: can}},
            "board": {"device_ids": {house.board: can}},
            "area": {"area_ids": {house.area: can}},
            "switch": {"entity_ids": {SWITCH: can}},
            "switch and hash rate": {"entity_ids": {SWITCH: can, HASH_RATE: can}},
            "switch and board": {
                "entity_ids": {SWITCH: can},
                "device_ids": {house.board: can},
            },
            "hash rate": {"entity_ids": {HASH_RATE: can}},
            "power": {"entity_ids": {POWER: can}},
            "domain switch": {"domains": {"switch": can}},
            "domain sensor": {"domains": {"sensor": can}},
            "nothing": {},
        }
        guest = house.guest(policies[policy])
        for action, needed in (("set_led", POLICY_CONTROL), ("query", POLICY_READ)):
            allowed = {
                name
                for name, target in house.targets.items()
                if await house.may(guest, action, target)
            }
            assert allowed == (targets if needed == granted else set()), action


@pytest.mark.parametrize(
    ("action", "permission"), [("set_led", POLICY_CONTROL), ("get_state", POLICY_READ)]
)
@pytest.mark.parametrize(
    ("allowed", "target", "missing"),
    [
        (SWITCH, {ATTR_ENTITY_ID: HASH_RATE}, HASH_RATE),
        (HASH_RATE, {ATTR_ENTITY_ID: HASH_RATE}, SWITCH),
        (SWITCH, {ATTR_ENTITY_ID: [SWITCH, "switch.hall"]}, "switch.hall"),
    ],
)
async def test_a_refusal_says_what_is_missing(
    hass: HomeAssistant,
    house: House,
    action: str,
    permission: str,
    allowed: str,
    target: dict[str, Any],
    missing: str,
) -> None:
    """The error is that of Home Assistant's own actions."""
    options = {
        "context": house.guest({"entity_ids": {allowed: True}}),
        "return_response": action in READS,
    }

    with pytest.raises(Unauthorized) as caught:
        await call(hass, action, DATA[action] | target, **options)

    assert caught.value.context is options["context"]
    assert caught.value.entity_id == missing
    assert caught.value.permission == permission


async def test_a_miner_that_does_not_answer_needs_the_permission_too(
    hass: HomeAssistant, house: House
) -> None:
    await house.hall.miner.disconnect()
    await house.hall.coordinator.async_refresh()
    guest = house.guest({"device_ids": {house.device: True}})

    assert not await house.may(guest, "get_state", house.targets["both devices"])


async def test_the_permission_is_checked_before_the_values(
    hass: HomeAssistant, house: House
) -> None:
    with pytest.raises(Unauthorized):
        await call(
            hass,
            "set_power_percent",
            {"percent": 101, **house.targets["device"]},
            context=house.guest({}),
        )


async def test_all_is_no_target_for_anybody(hass: HomeAssistant, house: House) -> None:
    """The keyword stands for no miner, whatever the user may do."""
    for context in (Context(), house.guest({}), house.guest({"all": True})):
        error = await failure(hass, "set_led", {ATTR_ENTITY_ID: "all"}, context=context)
        assert error.translation_key == "no_miner"

    assert house.heard == []


# What stands for a miner


async def test_the_hash_rate_stands_for_a_miner_without_a_switch(
    hass: HomeAssistant, house: House
) -> None:
    """Without its password a miner has no switch."""
    entry = house.garage.entry
    data = {key: value for key, value in entry.data.items() if key != CONF_PASSWORD}
    hass.config_entries.async_update_entry(entry, data=data)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert SWITCH not in er.async_get(hass).entities

    for entity_id, target in ((HASH_RATE, "hash rate"), (POWER, "power")):
        guest = house.guest({"entity_ids": {entity_id: True}})
        allowed = await house.may(guest, "get_state", house.targets[target])
        assert allowed is (entity_id == HASH_RATE)


async def test_a_switch_stands_for_its_miner_also_while_it_is_disabled(
    hass: HomeAssistant, house: House
) -> None:
    registry = er.async_get(hass)
    registry.async_update_entity(
        SWITCH, new_entity_id="switch.heater", disabled_by=er.RegistryEntryDisabler.USER
    )

    for entity_id in (HASH_RATE, "switch.heater"):
        guest = house.guest({"entity_ids": {entity_id: True, POWER: True}})
        allowed = await house.may(guest, "set_led", house.targets["power"])
        assert allowed is (entity_id == "switch.heater")


async def test_a_miner_that_nothing_stands_for_is_left_to_administrators(
    hass: HomeAssistant, house: House
) -> None:
    """The miner is not loaded, and its entities were deleted."""
    await hass.config_entries.async_unload(house.garage.entry.entry_id)
    registry = er.async_get(hass)
    registry.async_remove(SWITCH)
    registry.async_remove(HASH_RATE)

    guest = house.guest({"all": True})
    assert not await house.may(guest, "set_led", house.targets["power"])


async def test_a_miner_that_was_not_migrated_yet_is_left_to_administrators(
    hass: HomeAssistant, house: House
) -> None:
    """Its entry has no MAC address, by which the entities of a miner are found."""
    entry = house.garage.entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, unique_id=None)

    with pytest.raises(Unauthorized):
        await call(
            hass,
            "get_state",
            {ATTR_DEVICE_ID: house.device},
            context=house.guest({"all": True}),
            return_response=True,
        )
