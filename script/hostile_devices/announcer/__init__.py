"""Tells integrations what devices say when they ask for an address, as `dhcp` does.

It stands in for that component, which leaves out loopback addresses (the only ones that a
script may use), listens to raw packets and asks the router for names.
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
# The host name is the JSON of a text: what Home Assistant's own requests carry is checked.
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
