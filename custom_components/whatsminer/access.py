"""What a miner lets us do: its password, and whether it takes commands at all."""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
import math
import time
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .api import (
    Miner,
    Snapshot,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
    commands,
)
from .const import ACCESS_CHECK_INTERVAL, DOMAIN, ISSUE_WRITE_ACCESS

if TYPE_CHECKING:
    from .coordinator import WhatsminerConfigEntry

_LOGGER = logging.getLogger(__name__)


def write_access_issue(entry: WhatsminerConfigEntry) -> str:
    """Return the id of the one repair issue that a miner can have."""
    return f"{ISSUE_WRITE_ACCESS}_{entry.entry_id}"


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
            self._entry.async_start_reauth(self._hass)
            raise

    async def async_look(self, snapshot: Snapshot) -> None:
        """Look whether what is closed (or not yet known) is open, by changing nothing."""
        led = snapshot.info.led
        now = time.monotonic()
        if led not in ("auto", None) or now < self._due:
            return
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

    @callback
    def update(self, *, is_open: bool | None) -> None:
        """Keep the one repair issue in step with what the miner said last."""
        if self._over:
            is_open = None  # a command that was still under way
        self.is_open = is_open
        issue_id = write_access_issue(self._entry)
        if is_open is not False:
            self._due = math.inf
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        self._due = time.monotonic() + ACCESS_CHECK_INTERVAL.total_seconds()
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_WRITE_ACCESS,
            translation_placeholders={"miner": self._entry.title},
        )
