"""Tests of the folder `miner`."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
import logging
from typing import Any

import pytest

from custom_components.whatsminer.api import Miner
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.miner.record import (
    MinerRecord,
    client_for_entry,
    record_for_entry,
)
from simulator import Misbehaviour
from tests import (
    Clock,
    Held,
    act,
    hold,
    load_entry,
    log_lines,
    names_of,
    restart,
    set_mode,
    set_number,
    shown,
    store_memory,
    stored_memory,
    unloaded,
)
from tests.fleet import Owned
from tests.words import sent


@dataclass(frozen=True)
class Rig(Owned):
    """The miner called Miner, with the clock, the storage and the log of its Home Assistant."""

    clock: Clock
    storage: dict[str, Any]
    caplog: pytest.LogCaptureFixture

    async def load(self) -> None:
        """Set the entry up, which has to succeed."""
        await load_entry(self.hass, self.entry)

    def unloaded(self) -> AbstractAsyncContextManager[None]:
        """Unload the entry, and set it up again after the block."""
        return unloaded(self.hass, self.entry)

    async def restart(self) -> None:
        """Do what a restart of Home Assistant does to the entry."""
        await restart(self.hass, self.entry)

    async def settle(self) -> None:
        """Wait until Home Assistant is done, for example with the poll that follows a command."""
        await self.hass.async_block_till_done()

    async def act(self, action: str, entity_id: str, **data: object) -> None:
        """Call an action of an entity (`switch.turn_on`) and wait until it is done."""
        await act(self.hass, action, entity_id, **data)

    async def set_number(self, key: str, value: float) -> None:
        """Set a number of the miner."""
        await set_number(self.hass, key, value)

    async def set_mode(self, mode: str) -> None:
        """Choose the power mode of the miner."""
        await set_mode(self.hass, mode)

    def hold(
        self, command: str, then: Misbehaviour | None = None, times: int | None = None
    ) -> Held:
        """Hold the answers to a command, and return what releases them."""
        return hold(self.miner, command, then, times)

    def start(self, call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a call, and return its task."""
        return self.hass.async_create_task(call)

    async def hold_call(
        self,
        command: str,
        call: Coroutine[Any, Any, None],
        then: Misbehaviour | None = None,
        times: int | None = None,
    ) -> tuple[Held, asyncio.Task[None]]:
        """Start a call and wait until the miner holds its command; return what releases it, too."""
        held = self.hold(command, then, times)
        task = self.start(call)
        await held.reached.wait()
        return held, task

    def state_of(self, entity_id: str) -> str:
        """Return the state of an entity."""
        return shown(self.hass, entity_id)

    @property
    def record(self) -> MinerRecord:
        """The record of the miner in this run of Home Assistant."""
        return record_for_entry(self.hass, self.entry)

    def client(self) -> Miner:
        """Return the client of the miner, which is made anew where the entry asks for that."""
        return client_for_entry(self.hass, self.entry)

    def change(self, **changes: Any) -> None:
        """Change the entry."""
        self.hass.config_entries.async_update_entry(self.entry, **changes)

    @property
    def sent(self) -> list[str]:
        """The commands that the miner has received under a token, in the words of V2."""
        return sent(self.miner)

    @property
    def asked(self) -> list[str]:
        """The requests that the miner has received."""
        return names_of(self.miner.requests)

    @property
    def warnings(self) -> list[str]:
        """The warnings in the log."""
        return log_lines(self.caplog, logging.WARNING)

    @property
    def storage_key(self) -> str:
        """The name of the file of the miner."""
        return f"{DOMAIN}.{self.entry.entry_id}"

    @property
    def stored(self) -> dict[str, Any]:
        """What is stored of the miner."""
        return stored_memory(self.storage, self.entry)

    def store(self, **memory: object) -> None:
        """Store something of the miner, as an earlier run of Home Assistant did."""
        store_memory(self.storage, self.entry, **memory)
