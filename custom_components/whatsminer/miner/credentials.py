"""How a miner is reached after it was told to change its password or its address.

Each time the answer can be lost, or Home Assistant can end, between the miner's change and
ours. So the new one is stored before it is sent, and tried until it is known which one counts.
"""

from collections.abc import Awaitable, Callable
import math
import time
from typing import TYPE_CHECKING

from homeassistant.const import CONF_HOST, CONF_PASSWORD

from ..api import (
    Command,
    RefusedError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
    commands,
)
from ..const import ACCESS_CHECK_INTERVAL

if TYPE_CHECKING:
    from ..coordinator import WhatsminerCoordinator


class Changeover:
    """Follows one miner to its new password or address."""

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Prepare; nothing is sent."""
        self._coordinator = coordinator
        self._due = -math.inf

    async def async_change_password(self, new: str) -> None:
        """Give the miner a new password, and use it from now on.

        Raises:
            InvalidTextError: the miner cannot take it.
            WhatsminerError: see `Miner.send`; when it is an UnreachableError, the miner may
                have the new password, which is tried as soon as it answers.

        """
        coordinator = self._coordinator
        old = coordinator.config_entry.data[CONF_PASSWORD]
        command = commands.update_pwd(old, new)
        async with coordinator.store.async_remembering() as memory:
            memory["password"] = new
        try:
            await coordinator.async_command(command)
        except WhatsminerError as err:
            if isinstance(err, RefusedError) or not err.request_sent:
                await self._async_forget_password()
                raise
            self._due = -math.inf
            await self.async_settle()
            if coordinator.config_entry.data[CONF_PASSWORD] == new:
                return
            if "password" not in coordinator.memory and err.__cause__:
                raise err.__cause__ from None  # for sure it was not changed
            raise
        else:
            self.adopt(new)

    async def async_settle(self) -> None:
        """Find out whether the miner took a new password: try that one, then the old.

        What the entry has had since its set-up is sure to be on disk, and forgotten here.
        """
        coordinator = self._coordinator
        entry = coordinator.config_entry
        async with coordinator.store.async_remembering() as memory:
            if memory.get("host") == entry.data[CONF_HOST]:
                memory.pop("host", None)
        new = memory.get("password")
        if new is None or time.monotonic() < self._due:
            return
        if new == entry.data.get(CONF_PASSWORD):
            await self._async_forget_password()
            return
        try:
            await coordinator.miner.check_password(new)
        except WrongPasswordError:
            await self._async_forget_password()
        except WriteAccessClosedError:  # and as long as it is, any password seems right
            self._due = time.monotonic() + ACCESS_CHECK_INTERVAL.total_seconds()
        except WhatsminerError:
            pass  # the next poll asks again
        else:
            self.adopt(new)

    async def async_surely[T](self, talk: Callable[[], Awaitable[T]]) -> T:
        """Talk to the miner with the password that counts.

        One that it may have got, or not, is found out first when the other does not fit.
        """
        miner = self._coordinator.miner
        password = miner.password
        try:
            return await talk()
        except WrongPasswordError:
            await self.async_settle()
            if miner.password == password:
                raise
            return await talk()

    def adopt(self, password: str) -> None:
        """Use a new password; it stays in memory until the entry is sure to be on disk."""
        coordinator = self._coordinator
        coordinator.miner.password = password
        entry = coordinator.config_entry
        entries = coordinator.hass.config_entries
        if entries.async_get_entry(entry.entry_id):  # it may be removed meanwhile
            entries.async_update_entry(
                entry, data={**entry.data, CONF_PASSWORD: password}
            )
        self._due = math.inf

    async def _async_forget_password(self) -> None:
        async with self._coordinator.store.async_remembering() as memory:
            memory.pop("password", None)

    async def async_set_address(self, command: Command, host: str | None) -> None:
        """Give the miner a new address, static (`host`) or by DHCP.

        The entry follows to a static one once the miner answers there (see `async_seek`).

        Raises:
            WhatsminerError: see `Miner.send`.

        """
        async with self._coordinator.store.async_remembering() as memory:
            memory.pop("host", None)
            if host:
                memory["host"] = host
        try:
            await self._coordinator.async_command(command)
        except WhatsminerError as err:
            # An answer that was cut short comes from a miner whose network went down.
            if isinstance(err, RefusedError) or not err.request_sent:
                async with self._coordinator.store.async_remembering() as memory:
                    memory.pop("host", None)
            raise
