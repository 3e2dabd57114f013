"""A miner that was discovered: what it is, and where."""

from dataclasses import dataclass
from ipaddress import IPv4Address
import re
from typing import Any, Final, Self

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant

from ..api import DEFAULT_PORT, Miner, Snapshot, clean_name
from ..const import CONF_ACCOUNT, CONF_V3_PORT, DOMAIN

# The hostname of a miner until its owner changes it.
FACTORY_HOSTNAME: Final = "whatsminer"
_MAC: Final = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_NO_MAC: Final = "00:00:00:00:00:00"
# This bit of the first byte is set for addresses of groups.
_MULTICAST: Final = 1
# With the end of a MAC address they are a name.
_LONGEST_MODEL: Final = 59


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredMiner:
    """A miner, where it is, and what it reports about itself.

    `v3_port` is None for the port that miners have. `mac` is in lower case with colons; `boards`
    are the serial numbers of its hashboards. Model and hostname are clean names (see
    `api.clean_name`): a stranger chose them.
    """

    host: str
    port: int = DEFAULT_PORT
    v3_port: int | None = None
    mac: str
    model: str | None = None
    hostname: str | None = None
    boards: frozenset[str] = frozenset()

    @classmethod
    def of(cls, client: Miner, snapshot: Snapshot) -> Self:
        """Describe a miner that was polled."""
        assert client.mac is not None
        host, port = client.address
        return cls(
            host=host,
            port=port,
            v3_port=client.v3_port,
            mac=client.mac,
            model=snapshot.model_name,
            hostname=snapshot.device.hostname,
            boards=snapshot.board_serials,
        )

    @property
    def title(self) -> str:
        """The hostname that its owner gave it, else its model and the end of its MAC address."""
        if self.hostname and self.hostname.lower() != FACTORY_HOSTNAME:
            return self.hostname
        end = self.mac.replace(":", "")[-4:].upper()
        return f"{(self.model or 'Whatsminer')[:_LONGEST_MODEL]} {end}"

    @property
    def label(self) -> str:
        """The title with the model, for lists of several miners."""
        if self.model is None or self.model in self.title:
            return self.title
        return clean_name(f"{self.title}, {self.model}")

    def entry_data(self, password: str, account: str = "") -> dict[str, Any]:
        """Return the data of a config entry; an empty password is for readings only."""
        return {
            CONF_HOST: self.host,
            CONF_PORT: self.port,
            CONF_MAC: self.mac,
            **({CONF_PASSWORD: password} if password else {}),
            **advanced_data(self.v3_port, account),
        }


def advanced_data(v3_port: int | None, account: str) -> dict[str, Any]:
    """Return the data of an entry that only few miners need: what is not the default."""
    return {
        **({CONF_V3_PORT: v3_port} if v3_port else {}),
        **({CONF_ACCOUNT: account} if account else {}),
    }


def is_mac(text: str) -> bool:
    """Return whether a text is the MAC address of one device, in lower case with colons."""
    if not _MAC.fullmatch(text) or text == _NO_MAC:
        return False
    return not int(text[:2], 16) & _MULTICAST


def is_private(host: str) -> bool:
    """Return whether a host is the address of one device in a private network."""
    try:
        address = IPv4Address(host)
    except ValueError:
        return False
    return not (
        address.is_global
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )


async def async_discover(host: str, port: int = DEFAULT_PORT) -> DiscoveredMiner:
    """Return the miner at an address.

    Raises:
        WhatsminerError: see `Miner.poll`.

    """
    client = Miner(host, port)
    return DiscoveredMiner.of(client, await client.poll())


async def async_end_discovery_flows(hass: HomeAssistant, mac: str) -> None:
    """End the discovery flows of a miner, and stop ignoring it: it belongs to an entry."""
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(
        DOMAIN, match_context={"unique_id": mac}
    ):
        flows.async_abort(flow["flow_id"])
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.source == SOURCE_IGNORE and entry.unique_id == mac:
            await hass.config_entries.async_remove(entry.entry_id)
