"""Finds out which password a miner accepts, after a change whose answer may have been lost.

The answer can be lost, or Home Assistant can end, between the miner's change and ours. A new
password is therefore stored before it is sent (see `actions/change_password.py`), and tried until
it is known which one the miner accepts.
"""

from collections.abc import Awaitable, Callable
import math
import time

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant

from ..api import Miner, WhatsminerError, WriteAccessClosedError, WrongPasswordError
from ..const import ACCESS_CHECK_INTERVAL
from .memory import Memory


class Credentials:
    """The password of one miner: the old one, or a new one that was sent to the miner."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, client: Miner, memory: Memory
    ) -> None:
        """Prepare; nothing is sent."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._memory = memory
        # When to try a new password next.
        self._due = -math.inf

    async def async_prepare(self, new: str) -> None:
        """Store a new password before it is sent."""
        async with self._memory.editing() as data:
            data["password"] = new

    async def async_settle_now(self) -> None:
        """Try a new password at once, also when it could not be tried a moment ago."""
        self._due = -math.inf
        await self.async_settle()

    async def async_settle(self) -> None:
        """Find out whether the miner took a new password, by trying it.

        Once the entry was set up with the new password, it is on the disk, and forgotten here.
        """
        new = self._memory.data.get("password")
        if new is None or time.monotonic() < self._due:
            return
        if new == self._entry.data.get(CONF_PASSWORD):
            await self.async_forget_new()
            return
        try:
            await self._client.check_password(new)
        except WrongPasswordError:
            await self.async_forget_new()
        except WriteAccessClosedError:  # while it is closed, any password seems right
            self._due = time.monotonic() + ACCESS_CHECK_INTERVAL.total_seconds()
        except WhatsminerError:
            pass  # the next poll tries again
        else:
            self.adopt(new)

    async def async_with_password[T](self, talk: Callable[[], Awaitable[T]]) -> T:
        """Talk to the miner, a second time if another password turns out to count.

        Raises:
            WhatsminerError: what `talk` raises.

        """
        password = self._client.password
        try:
            return await talk()
        except WrongPasswordError:
            await self.async_settle()
            if self._client.password == password:
                raise
            return await talk()

    def adopt(self, password: str) -> None:
        """Use a new password; it stays stored here until the entry is sure to be on the disk."""
        self._client.password = password
        entries = self._hass.config_entries
        if entries.async_get_entry(self._entry.entry_id):  # it may have been removed
            entries.async_update_entry(
                self._entry, data={**self._entry.data, CONF_PASSWORD: password}
            )
        self._due = math.inf

    async def async_forget_new(self) -> None:
        """Forget a new password: the miner did not take it, or the entry has it."""
        async with self._memory.editing() as data:
            data.pop("password", None)
