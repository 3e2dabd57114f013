"""Finds miners in a network: who answers on their port, and what it says it is."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
import logging
import re
from typing import Any, Final, Self

from homeassistant.components import network
from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant

from ..api import (
    DEFAULT_PORT,
    MalformedReplyError,
    Miner,
    MiningProcessDownError,
    NoMacError,
    Snapshot,
    UnreachableError,
    WhatsminerError,
    clean_name,
    is_listening,
)
from ..const import DOMAIN
from .isolation import async_isolated

_LOGGER = logging.getLogger(__name__)

# A /20.
MOST_ADDRESSES: Final = 4096
_WIDEST_PREFIX: Final = 20
# So many addresses are tried at once; many more would overrun the neighbour table of a router.
_AT_ONCE: Final = 128
# So many of those that answer are asked what they are. Each may answer with as much as is read.
_LOOKS_AT_ONCE: Final = 64
# Long enough for a lost packet to be sent again.
_SECONDS_TO_ANSWER: Final = 2.5
# Other tools ask miners as well, and a miner copes with one at a time.
_TRIES: Final = 2
# For one address, with all its answers. A miner that is busy needs a few of these.
_SECONDS_TO_LOOK: Final = 60
# What miners are called until somebody names them.
FACTORY_HOSTNAME: Final = "whatsminer"
_MAC: Final = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_NO_MAC: Final = "00:00:00:00:00:00"
# This bit of the first byte is set for addresses of groups.
_MULTICAST: Final = 1
# With the end of a MAC address they are a name.
_LONGEST_MODEL: Final = 59


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A miner, where it is, and what it says it is.

    `mac` is in lower case with colons; `boards` are the serial numbers of its hashboards. Model
    and host name are clean names, whatever they are made from: a stranger chose them.
    """

    host: str
    port: int = DEFAULT_PORT
    mac: str
    model: str | None = None
    hostname: str | None = None
    boards: frozenset[str] = frozenset()

    @classmethod
    def of(cls, miner: Miner, snapshot: Snapshot) -> Self:
        """Describe a miner that was polled."""
        assert miner.mac is not None
        host, port = miner.address
        return cls(
            host=host,
            port=port,
            mac=miner.mac,
            model=snapshot.model,
            hostname=snapshot.info.hostname,
            boards=snapshot.board_serials,
        )

    @property
    def title(self) -> str:
        """The name that somebody gave it, else its model and a part of its MAC."""
        if self.hostname and self.hostname.lower() != FACTORY_HOSTNAME:
            return self.hostname
        end = self.mac.replace(":", "")[-4:].upper()
        return f"{(self.model or 'Whatsminer')[:_LONGEST_MODEL]} {end}"

    @property
    def label(self) -> str:
        """The name with the model, for those who have to tell several apart."""
        if self.model is None or self.model in self.title:
            return self.title
        return clean_name(f"{self.title}, {self.model}")

    def entry_data(self, password: str) -> dict[str, Any]:
        """Return what a config entry keeps of it; without a password there are readings only."""
        data = {CONF_HOST: self.host, CONF_PORT: self.port, CONF_MAC: self.mac}
        return {**data, CONF_PASSWORD: password} if password else data


@dataclass(slots=True)
class Scan:
    """What was found: miners, and addresses of miners that do not tell yet who they are."""

    miners: list[Found] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)


def is_mac(text: str) -> bool:
    """Tell whether a text is the MAC address of one device, in lower case with colons."""
    if not _MAC.fullmatch(text) or text == _NO_MAC:
        return False
    return not int(text[:2], 16) & _MULTICAST


def is_private(host: str) -> bool:
    """Tell whether a host is the address of one device in a private network."""
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


async def async_look(host: str, port: int = DEFAULT_PORT) -> Found:
    """Return the miner at an address.

    Raises:
        WhatsminerError: see `Miner.poll`.

    """
    miner = Miner(host, port)
    return Found.of(miner, await miner.poll())


async def async_end_discovery(hass: HomeAssistant, mac: str) -> None:
    """Forget that a miner was discovered, and maybe ignored: it belongs to an entry."""
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(
        DOMAIN, match_context={"unique_id": mac}
    ):
        flows.async_abort(flow["flow_id"])
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.source == SOURCE_IGNORE and entry.unique_id == mac:
            await hass.config_entries.async_remove(entry.entry_id)


async def async_own_networks(
    hass: HomeAssistant, widest: int = _WIDEST_PREFIX
) -> list[IPv4Network]:
    """Return the networks that Home Assistant is on, of each no more than is near it.

    `widest` is the length of the prefix: 20 for a /20.
    """
    interfaces = [
        IPv4Interface(f"{address['address']}/{address['network_prefix']}")
        for adapter in await network.async_get_adapters(hass)
        if adapter["enabled"]
        for address in adapter["ipv4"]
    ]
    networks: list[IPv4Network] = []
    for interface in interfaces:
        near = interface.network
        if near.prefixlen < widest:
            near = IPv4Network((interface.ip, widest), strict=False)
        if near not in networks and _size([*networks, near]) <= MOST_ADDRESSES:
            networks.append(near)
    return networks


def network_around(host: str) -> list[IPv4Network]:
    """Return the /24 around an address, none around a host name or out in the internet."""
    try:
        around = IPv4Network((host, 24), strict=False)
    except ValueError:
        return []
    return [] if around.is_global else [around]


def parse_networks(text: str, own: Iterable[IPv4Network]) -> list[IPv4Network]:
    """Return the networks in a text, separated by commas or spaces: 192.168.1.0/24.

    Raises:
        ValueError: its text is `invalid_network`, `network_too_large`, or `network_public` for
            one out in the internet, of which Home Assistant is no part.

    """
    try:
        networks = [
            IPv4Network(part, strict=False) for part in text.replace(",", " ").split()
        ]
    except ValueError as err:
        raise ValueError("invalid_network") from err
    if not networks:
        raise ValueError("invalid_network")
    if _size(networks) > MOST_ADDRESSES:
        raise ValueError("network_too_large")
    for each in networks:
        if each.is_global and not any(each.subnet_of(home) for home in own):
            raise ValueError("network_public")
    return networks


def _size(networks: Iterable[IPv4Network]) -> int:
    return sum(each.num_addresses for each in networks)


async def async_scan(
    networks: Iterable[IPv4Network],
    *,
    skip: Iterable[str] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> Scan:
    """Ask everybody in some networks, on the port of miners alone, whether it is one.

    `skip` are addresses to leave in peace; `progress` is told the share that is done (0 to 1).
    A miner with several addresses is found at the first of them.
    """
    passed = set(skip)
    hosts = {
        str(address)
        for each in networks
        for address in each.hosts()
        if str(address) not in passed
    }
    scan = Scan()
    gate, looks = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_LOOKS_AT_ONCE)
    done = 0

    async def ask(host: str) -> None:
        nonlocal done
        async with gate:
            await async_isolated(_async_ask(host, scan, looks), host)
        done += 1
        progress(done / len(hosts))

    async with asyncio.TaskGroup() as group:
        for host in hosts:
            group.create_task(ask(host))
    miners: dict[str, Found] = {}
    for found in sorted(scan.miners, key=lambda found: IPv4Address(found.host)):
        miners.setdefault(found.mac, found)
    return Scan([*miners.values()], sorted(scan.unready, key=IPv4Address))


async def _async_ask(host: str, scan: Scan, gate: asyncio.Semaphore) -> None:
    """Note what is at one address."""
    if not await is_listening(host, DEFAULT_PORT, timeout=_SECONDS_TO_ANSWER):
        return
    try:
        async with gate, asyncio.timeout(_SECONDS_TO_LOOK):
            await _async_try(host, scan)
    except TimeoutError:
        _LOGGER.debug("%s: too slow", host)


async def _async_try(host: str, scan: Scan) -> None:
    """Note what answers at one address, once or at the second try."""
    for _ in range(_TRIES):
        try:
            scan.miners.append(await async_look(host))
        except NoMacError, MiningProcessDownError:
            scan.unready.append(host)
        except (UnreachableError, MalformedReplyError) as err:
            _LOGGER.debug("%s: no answer: %s", host, err)
            continue
        except WhatsminerError as err:
            _LOGGER.debug("%s: no miner: %s", host, err)
        return
