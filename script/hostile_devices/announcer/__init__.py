"""Announces devices to integrations as Home Assistant's `dhcp` component does.

It replaces that component, which ignores loopback addresses (the only ones that a script may
use), listens to raw packets and asks the router for names.
"""

import json
from typing import Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import SOURCE_DHCP
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.discovery_flow import DiscoveryKey
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.typing import ConfigType

DOMAIN: Final = "announcer"
# The host name is JSON, as an action's data cannot carry every text.
SCHEMA: Final = probatio.Schema(
    {
        probatio.Required("integration"): str,
        probatio.Required("ip"): str,
        probatio.Required("hostname"): str,
        probatio.Required("mac"): str,
    }
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the one action."""

    @callback
    def announce(call: ServiceCall) -> None:
        mac = call.data["mac"].replace(":", "")
        discovery_flow.async_create_flow(
            hass,
            call.data["integration"],
            {"source": SOURCE_DHCP},
            DhcpServiceInfo(
                ip=call.data["ip"],
                hostname=json.loads(call.data["hostname"]).lower(),
                macaddress=mac,
            ),
            discovery_key=DiscoveryKey(domain="dhcp", key=mac, version=1),
        )

    hass.services.async_register(DOMAIN, "announce", announce, schema=SCHEMA)
    return True
