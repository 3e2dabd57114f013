"""What a miner lets us do: its password, and whether it takes commands at all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import logging
import math
import time
from typing import TYPE_CHECKING

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback

from ..api import (
    Miner,
    Snapshot,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
    commands,
)
from ..const import ACCESS_CHECK_INTERVAL, DEFAULT_PASSWORD
from ..issues import Issue, clear_issues, raise_issue

if TYPE_CHECKING:
    from ..coordinator import WhatsminerConfigEntry

_LOGGER = logging.getLogger(__name__)


class Access:
    """Learns from every write whether the next will be taken, and looks while it is closed.

    `is_open` is None until a write has told.
    """

    def __init__(
        self, hass: HomeAssistant, entry: WhatsminerConfigEntry, miner: Miner
    ) -> None:
        """Prepare; nothing is sent."""
        self.is_open: bool | None = None
        self._hass = hass
        self._entry = entry
        self._miner = miner
        self._reads_refused = False
        # When to look next; there is nothing to look for while it is open.
        self._due = -math.inf
        self._over = False

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Learn from a failure of what is done meanwhile."""
        try:
            yield
        except WriteAccessClosedError:
            self.update(is_open=False)
            raise
        except WrongPasswordError:
            if self.is_open is False:
                self.update(is_open=None)  # it looks at commands again
            self._entry.async_start_reauth(self._hass)
            raise

    async def async_look(self, snapshot: Snapshot) -> None:
        """Look whether what is closed (or not yet known) is open, by changing nothing.

        Nothing is sent to a miner that has not confirmed its MAC address: a device in its place
        could choose the token, and guess the password from what is encrypted under it.
        """
        if self._miner.sure:
            await self._async_look_if_due(snapshot)
        # Not before, or one that the owner ignores would be forgotten at each start.
        self._show()

    async def _async_look_if_due(self, snapshot: Snapshot) -> None:
        led = snapshot.info.led
        now = time.monotonic()
        if _is_idle(led) and now >= self._due:
            self._due = now + ACCESS_CHECK_INTERVAL.total_seconds()
            try:
                with self.learning():
                    if led:
                        await self._miner.send(commands.set_led_auto())
                        self.update(is_open=True)
                    else:
                        await self._async_look_by_reading()
            except WhatsminerError as err:
                _LOGGER.debug("%s: no write access: %s", self._entry.title, err)

    async def _async_look_by_reading(self) -> None:
        """Look with what is left on V1, which does not tell what its LED does.

        A refused read closes; one that is let in opens no more than what a read has closed.
        """
        try:
            await self._miner.check_password()
        except WriteAccessClosedError:
            self._reads_refused = True
            raise
        if self._reads_refused or self.is_open is None:
            self._reads_refused = False
            self.update(is_open=None)

    @callback
    def close(self) -> None:
        """Leave nothing behind: the next set-up finds out by itself what has to be repaired."""
        self._over = True
        self.update(is_open=None)

    async def async_look_again(self, snapshot: Snapshot) -> bool:
        """Look at once, because the owner says that it is open now; tell whether it may be.

        Where nothing but a read can be tried, that counts if the read is let in.
        """
        self._due = -math.inf
        self._reads_refused = True
        await self._async_look_if_due(snapshot)
        self._show()
        if self.is_open is False and not _is_idle(snapshot.info.led):
            # The LED does something, which is not to be ended for this.
            with suppress(WhatsminerError), self.learning():
                await self._async_look_by_reading()
        return self.is_open is not False

    @callback
    def update(self, *, is_open: bool | None) -> None:
        """Take note of what the miner said last."""
        if self._over:
            is_open = None  # a command that was still under way
        self.is_open = is_open
        self._due = math.inf
        if is_open is False:
            self._due = time.monotonic() + ACCESS_CHECK_INTERVAL.total_seconds()
        self._show()

    def _show(self) -> None:
        """Keep the issues in step. Under the default password there is one thing to do first."""
        default = self._entry.data.get(CONF_PASSWORD) == DEFAULT_PASSWORD and not any(
            # The miner has another one by now, which is asked for.
            self._entry.async_get_active_flows(self._hass, {SOURCE_REAUTH})
        )
        for issue, is_there in (
            (Issue.DEFAULT_PASSWORD, default),
            (Issue.WRITE_ACCESS_CLOSED, self.is_open is False and not default),
        ):
            if is_there and not self._over:
                raise_issue(self._hass, self._entry, issue)
            else:
                clear_issues(self._hass, self._entry, issue)


def _is_idle(led: str | None) -> bool:
    """Tell whether a LED can be given back to the miner without a change; V1 does not tell."""
    return led in ("auto", None)
