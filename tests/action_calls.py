"""How tests call the actions, and what each of them takes."""

from dataclasses import dataclass
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.whatsminer.const import DOMAIN
from homeassistant.auth.models import Group
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.auth.permissions.types import CategoryType
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Raw, SimulatedMiner

POOLS = [
    {"url": "stratum+tcp://one.example:3333", "worker": "account.1", "password": "p1"},
    {"url": "stratum+tcp://two.example:3333", "worker": "account.1"},
]
STATIC = {
    "mode": "static",
    "ip": "192.168.1.50",
    "netmask": "255.255.255.0",
    "gateway": "192.168.1.1",
    "dns": ["192.168.1.1"],
}
# Something that each action takes.
DATA: dict[str, dict[str, Any]] = {
    "change_password": {"confirm": True, "new_password": "new_1234"},
    "download_logs": {},
    "factory_reset": {"confirm": True},
    "get_customer_message": {},
    "get_state": {},
    "hold": {},
    "preheat": {},
    "query": {"command": "summary"},
    "release": {},
    "set_customer_message": {"key": "message_0", "message": "rack 3"},
    "set_hostname": {"hostname": "garage"},
    "set_led": {"color": "green"},
    "set_log_server": {"host": "192.168.1.10"},
    "set_network": {"confirm": True, **STATIC},
    "set_power_limit": {"power_limit": 3000},
    "set_power_percent": {"percent": 80},
    "set_time_zone": {"time_zone": "Europe/Berlin"},
    "update_firmware": {"confirm": True, "file": "new.bin"},
    "update_pools": {"pools": POOLS, "remove_others": True},
}


def teach(miner: SimulatedMiner) -> None:
    """Let a miner with V2.0.5 firmware answer what only newer firmware reads."""
    answer = {"STATUS": "S", "When": 1, "Code": 131, "Msg": {"msg0": "rack 3"}}
    miner.misbehave("get_customer_msg", Raw(json.dumps(answer).encode()))


async def call(
    hass: HomeAssistant, action: str, data: dict[str, Any], **options: Any
) -> Any:
    """Call an action of the integration and wait for it."""
    return await hass.services.async_call(
        DOMAIN, action, data, blocking=True, **options
    )


async def ask(hass: HomeAssistant, action: str, data: dict[str, Any]) -> Any:
    """Call an action of the integration and return its response."""
    return await call(hass, action, data, return_response=True)


async def failure(
    hass: HomeAssistant, action: str, data: dict[str, Any], **options: Any
) -> HomeAssistantError:
    """Call an action of the integration that fails, and return the error."""
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, action, data, **options)
    assert caught.value.translation_domain == DOMAIN
    assert "{" not in str(caught.value)
    assert str(caught.value) != caught.value.translation_key
    return caught.value


def member(
    hass: HomeAssistant, group: Group | None, *, is_owner: bool = False
) -> Context:
    """Return the context of a new user, who is in a group."""
    user = MockUser(groups=[group] if group else [], is_owner=is_owner)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    return Context(user_id=user.add_to_hass(hass).id)


def guest(hass: HomeAssistant, entities: CategoryType) -> Context:
    """Return the context of a new user, who has a policy for entities."""
    return member(hass, Group(name="Guests", policy={"entities": entities}))


@dataclass(frozen=True)
class Target:
    """Some miners, for which actions are called.

    Attributes:
        named: how the actions name them.
    """

    hass: HomeAssistant
    named: dict[str, Any]

    async def call(self, action: str, **data: Any) -> None:
        """Call an action and wait for it."""
        await call(self.hass, action, data | self.named)

    async def ask(self, action: str, **data: Any) -> Any:
        """Call an action and return its response."""
        return await ask(self.hass, action, data | self.named)

    async def failure(self, action: str, **data: Any) -> HomeAssistantError:
        """Call an action that fails, and return the error."""
        response = self.hass.services.supports_response(DOMAIN, action)
        return await failure(
            self.hass,
            action,
            data | self.named,
            return_response=response is SupportsResponse.ONLY,
        )
