"""Scans networks for miners."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
import logging
from typing import Final

from homeassistant.components import network
from homeassistant.core import HomeAssistant

from ..api import (
    DEFAULT_PORT,
    V3_PORT,
    MacNotReportedError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    UnreachableError,
    WhatsminerError,
    is_listening,
)
from .discovery import DiscoveredMiner, async_discover
from .error_isolation import async_for_each

_LOGGER = logging.getLogger(__name__)

# A /20.
MOST_ADDRESSES: Final = 4096
_WIDEST_PREFIX: Final = 20
# At most so many addresses are tried at once; many more would overrun a router's neighbour table.
_TRIED_AT_ONCE: Final = 128
# At most so many devices that listen are read at once: each may answer with as much as is read.
_READ_AT_ONCE: Final = 64
# Long enough for a lost packet to be sent again.
_SECONDS_TO_CONNECT: Final = 2.5
# The port of V2 is asked so much earlier than that of V3, unless it refuses before. A miner that
# has both thus gets one connection at a time.
_HEAD_START: Final = 0.2
# Other tools ask miners as well, and a miner copes with one at a time.
_TRIES: Final = 2
# For one address, with all its answers. A busy miner needs a few of these.
_SECONDS_TO_READ: Final = 60
# The same where only the port of V3 listens. Many other programs use that port.
_SECONDS_TO_READ_V3: Final = 20


@dataclass(slots=True)
class Scan:
    """The result of a scan: miners, and addresses of miners that do not report a MAC.

    Those of `unready` do not report it yet, those of `without_mac` never do.
    """

    miners: list[DiscoveredMiner] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    without_mac: list[str] = field(default_factory=list)


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
    """Return the miners in some networks; only the ports of miners are tried.

    `skip` are addresses to leave out; `progress` is called with the share that is done (0 to 1).
    A miner with several addresses is found at the first of them.
    """
    skipped = set(skip)
    hosts = list(
        dict.fromkeys(
            str(address)
            for each in networks
            for address in each.hosts()
            if str(address) not in skipped
        )
    )
    scan = Scan()
    gate = asyncio.Semaphore(_READ_AT_ONCE)
    await async_for_each(
        hosts,
        lambda host: _async_scan_host(host, scan, gate),
        name=str,
        limit=_TRIED_AT_ONCE,
        progress=progress,
    )
    miners: dict[str, DiscoveredMiner] = {}
    for miner in sorted(scan.miners, key=lambda each: IPv4Address(each.host)):
        miners.setdefault(miner.mac, miner)
    return Scan(
        [*miners.values()],
        sorted(scan.unready, key=IPv4Address),
        sorted(scan.without_mac, key=IPv4Address),
    )


async def _async_scan_host(host: str, scan: Scan, gate: asyncio.Semaphore) -> None:
    """Add what is at one address, if it listens."""
    has_v2, has_v3 = await _async_listening(host)
    if not (has_v2 or has_v3):
        return
    seconds = _SECONDS_TO_READ if has_v2 else _SECONDS_TO_READ_V3
    try:
        async with gate, asyncio.timeout(seconds):
            await _async_read(host, scan)
    except TimeoutError:
        _LOGGER.debug("%s: too slow", host)


async def _async_listening(host: str) -> tuple[bool, bool]:
    """Return whether a host listens on the port of V2, and on that of V3; nothing is sent.

    That of V2 is tried first. If it answers within 0.2 s, that of V3 is not tried, and the result
    is (True, False) whether or not the host listens there. Otherwise both are tried at the same
    time until the time for one is over, so that a silent host takes no longer than one port.
    """
    async with asyncio.TaskGroup() as group:
        first = group.create_task(
            is_listening(host, DEFAULT_PORT, timeout=_SECONDS_TO_CONNECT)
        )
        await asyncio.wait([first], timeout=_HEAD_START)
        if first.done() and first.result():
            return True, False
        left = _SECONDS_TO_CONNECT - _HEAD_START
        second = group.create_task(is_listening(host, V3_PORT, timeout=left))
    return first.result(), second.result()


async def _async_read(host: str, scan: Scan) -> None:
    """Add the miner at one address, read at the first or the second try."""
    for _ in range(_TRIES):
        try:
            scan.miners.append(await async_discover(host))
        except MacNotReportedError:
            scan.without_mac.append(host)
        except NoMacError, MiningProcessDownError:
            scan.unready.append(host)
        except (UnreachableError, MalformedReplyError) as err:
            _LOGGER.debug("%s: no answer: %s", host, err)
            continue
        except WhatsminerError as err:
            _LOGGER.debug("%s: no miner: %s", host, err)
        return
