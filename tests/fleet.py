"""Several miners of one network in Home Assistant, each with its entry."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api import DEFAULT_PORT
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.entries.discovery import DiscoveredMiner
from custom_components.whatsminer.entries.relocation import async_relocate_and_match
from custom_components.whatsminer.miner.record import address_of
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
from simulator import SimulatedMiner

from . import STRICT, Clock, act, shown

NEW_MAC = "CE:02:01:AB:CD:EF"


@dataclass(frozen=True)
class Owned:
    """A miner with its entry, whose title is the name of its entities."""

    hass: HomeAssistant
    miner: SimulatedMiner
    entry: MockConfigEntry

    @property
    def coordinator(self) -> WhatsminerCoordinator:
        """The coordinator that polls the miner while it is set up."""
        coordinator: WhatsminerCoordinator = self.entry.runtime_data.coordinator
        return coordinator

    @property
    def is_followed(self) -> bool:
        """Whether the entry has the address at which the miner is."""
        return address_of(self.entry) == (self.miner.host, self.miner.port)

    def is_in(self, state: ConfigEntryState) -> bool:
        """Return whether the entry is in a state."""
        return self.entry.state is state

    @property
    def is_available(self) -> bool:
        """Whether the entities of the miner are available."""
        return self.shown("sensor", "hash_rate") != STATE_UNAVAILABLE

    async def appear_at(self, host: str) -> None:
        """Switch on the miner, at another address."""
        await self.miner.move(host)
        self.miner.reconnect()

    def check_found(self) -> None:
        """Check that the entry has the address of the miner, and entities are available."""
        assert self.is_followed
        assert self.is_available

    def replace_control_board(self) -> str:
        """Give the miner a new control board, and return the new MAC address."""
        self.miner.replace_control_board(NEW_MAC)
        return NEW_MAC.lower()

    async def turn_off(self) -> None:
        """Switch mining off."""
        await act(self.hass, "switch.turn_off", self.entity_id("switch"))

    async def call(self, action: str, **data: Any) -> None:
        """Call an action of the integration for the miner."""
        target = {ATTR_DEVICE_ID: self.coordinator.device_id}
        await self.hass.services.async_call(
            DOMAIN, action, target | data, blocking=True
        )

    async def disable(self) -> None:
        """Disable the entry."""
        await self.hass.config_entries.async_set_disabled_by(
            self.entry.entry_id, ConfigEntryDisabler.USER
        )

    async def remove(self) -> None:
        """Remove the entry."""
        await self.hass.config_entries.async_remove(self.entry.entry_id)

    def entity_id(self, platform: str, key: str = "") -> str:
        """Return the id of an entity; the switch alone is called as the miner is."""
        name = self.entry.title.lower()
        return f"{platform}.{name}_{key}" if key else f"{platform}.{name}"

    def shown(self, platform: str, key: str = "") -> str:
        """Return the state of an entity."""
        return shown(self.hass, self.entity_id(platform, key))


class Fleet:
    """Miners in a network that no other test uses, all on the same port."""

    def __init__(
        self,
        hass: HomeAssistant,
        clock: Clock,
        network: IPv4Network,
        make_entry: Callable[..., MockConfigEntry],
        stack: AsyncExitStack,
    ) -> None:
        """Begin without miners; those that are added stop with the stack."""
        self.hass = hass
        self.clock = clock
        self.network = network
        self._make_entry = make_entry
        self._stack = stack
        self._next = 11

    def host(self, number: int) -> str:
        """Return an address of the network."""
        return str(self.network[number])

    async def start(self, name: str, **what: Any) -> SimulatedMiner:
        """Switch on a miner that Home Assistant does not know."""
        if "host" not in what:
            what["host"] = self.host(self._next)
            self._next += 1
        miner = SimulatedMiner(
            seed=name,
            port=DEFAULT_PORT,
            start=utcnow().timestamp(),
            **{"quirks": STRICT, **what},
        )
        await self._stack.enter_async_context(miner)
        self.clock.miners.append(miner)
        return miner

    async def know(self, name: str, **what: Any) -> Owned:
        """Switch on a miner that has an entry, which is not set up."""
        miner = await self.start(name, **what)
        entry = self._make_entry(miner, title=name)
        entry.add_to_hass(self.hass)
        return Owned(self.hass, miner, entry)

    async def add(self, name: str, **what: Any) -> Owned:
        """Switch on a miner, and set it up."""
        owned = await self.know(name, **what)
        await self.set_up(owned)
        return owned

    async def set_up(self, *owned: Owned) -> None:
        """Set up miners that have entries, or try to, and clear what they were sent for that."""
        config_entries = self.hass.config_entries
        if DOMAIN not in self.hass.config.components:
            # That sets up all of them, as at the start of Home Assistant.
            assert await async_setup_component(self.hass, DOMAIN, {})
        else:
            await asyncio.gather(
                *(config_entries.async_setup(each.entry.entry_id) for each in owned)
            )
        await self.settle()
        for each in owned:
            each.miner.requests.clear()
            each.miner.writes.clear()

    async def reload(self, owned: Owned) -> None:
        """Reload the entry of a miner."""
        await self.hass.config_entries.async_reload(owned.entry.entry_id)
        await self.settle()

    async def replace(self, owned: Owned, **what: Any) -> SimulatedMiner:
        """Switch a miner off, and start an unknown one at its address."""
        host = owned.miner.host
        await owned.miner.disconnect()
        return await self.start("Zoe", host=host, **what)

    async def see(self, *owned: Owned) -> None:
        """Report miners where they are, as a scan does."""
        await async_relocate_and_match(
            self.hass, *(found(each.miner) for each in owned)
        )
        await self.settle()

    async def settle(self) -> None:
        """Wait until no task is left."""
        await self.hass.async_block_till_done(wait_background_tasks=True)


async def rotate(*miners: SimulatedMiner) -> None:
    """Give each miner the address of the one before it, and the first that of the last."""
    for miner in miners[:-1]:
        await miners[-1].swap(miner)


@asynccontextmanager
async def second_address(miner: SimulatedMiner, host: str) -> AsyncGenerator[None]:
    """Let a miner answer at another address, too."""

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if request := await reader.read(65536):
            miner_reader, miner_writer = await asyncio.open_connection(
                miner.host, miner.port
            )
            miner_writer.write(request)
            writer.write(await miner_reader.read())
            miner_writer.close()
        writer.close()

    async with await asyncio.start_server(pass_on, host, miner.port):
        yield


def found(miner: SimulatedMiner) -> DiscoveredMiner:
    """Return what a scan finds out about a miner."""
    return DiscoveredMiner(
        host=miner.host,
        port=miner.port,
        mac=miner.mac.lower(),
        model="M30S+ VE40",
        boards=frozenset(board.serial for board in miner.state.boards),
    )


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the active repair issues in the order in which they were raised."""
    return [
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    ]


def issue_keys(hass: HomeAssistant) -> list[str | None]:
    """Return the kinds of the active repair issues."""
    return [issue.translation_key for issue in issues(hass)]


def shown_issues(hass: HomeAssistant) -> list[str]:
    """Return the active repair issues as texts, each with the name of its miner."""
    return [
        f"{issue.translation_key} of {(issue.translation_placeholders or {})['miner']}"
        for issue in issues(hass)
    ]
