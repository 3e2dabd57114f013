"""Whether a miner takes commands: its password, and its API switch."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import logging
import math
import time

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback

from ..api import (
    Miner,
    WhatsminerError,
    WriteAccessClosedError,
    WriteProbe,
    WrongPasswordError,
)
from ..const import ACCESS_CHECK_INTERVAL
from ..issues import Issue, clear_issues, raise_issue, share_issue

_LOGGER = logging.getLogger(__name__)


class WriteAccess:
    """Learns from every write whether the next will be taken, and probes while it is closed.

    `is_open` is None until a write has shown it.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, client: Miner) -> None:
        """Prepare; nothing is sent."""
        self.is_open: bool | None = None
        self._hass = hass
        self._entry = entry
        self._client = client
        self._reads_refused = False
        # The API switch as the last poll showed it.
        self._switch: bool | None = None
        # When to probe next; there is nothing to probe while it is open over the best protocol.
        self._due = -math.inf
        self._is_shut_down = False

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Learn from an error that is raised in the block."""
        try:
            yield
        except WriteAccessClosedError:
            self.update(is_open=False)
            raise
        except WrongPasswordError:
            if self.is_open is False:
                self.update(is_open=None)  # it reads commands again
            self._entry.async_start_reauth(self._hass)
            raise

    async def async_probe(self, takes_commands: bool | None = None) -> None:
        """Probe, from time to time, whether closed (or unknown) access is open; nothing changes.

        `takes_commands` is what a poll says of the API switch, None where the firmware does not.

        Nothing is sent to a miner that has not confirmed its MAC address: a device in its place
        could choose the token, and guess the password from what is encrypted under it.
        """
        if self._client.is_confirmed:
            self._follow(takes_commands)
            await self._async_probe_if_due()
        # Not before, or one that the owner ignores would be forgotten at each start.
        self._update_issues()

    def _follow(self, takes_commands: bool | None) -> None:
        """Believe the API switch, which a poll has read; a command shows whether it is enough."""
        before, self._switch = self._switch, takes_commands
        if takes_commands is False:
            if self.is_open is not False:
                self.update(is_open=False)
        elif takes_commands and before is False and not self.is_open:
            self._due = -math.inf

    async def _async_probe_if_due(self) -> None:
        probe = self._client.write_probe
        now = time.monotonic()
        if probe is WriteProbe.NONE or now < self._due:
            return
        self._due = now + ACCESS_CHECK_INTERVAL.total_seconds()
        self._client.try_password_again()
        try:
            with self.learning():
                if probe is WriteProbe.WRITE:
                    await self._client.probe_write_access()
                    self.update(is_open=True)
                else:
                    await self._async_probe_by_reading()
        except WhatsminerError as err:
            _LOGGER.debug("%s: no write access: %s", self._entry.title, err)

    async def _async_probe_by_reading(self) -> None:
        """Probe by a read that needs the password, where no write is harmless.

        A refused read closes the access; an accepted one opens only what a read has closed. Where
        polls show the API switch, the two together show that it is open.
        """
        try:
            await self._client.check_password()
        except WriteAccessClosedError:
            self._reads_refused = True
            raise
        if self._switch or self._reads_refused or self.is_open is None:
            self._reads_refused = False
            self.update(is_open=self._switch)

    @callback
    def shut_down(self) -> None:
        """Delete the issues; the next set-up creates them again if need be."""
        self._is_shut_down = True
        self.update(is_open=None)

    async def async_probe_now(self) -> bool:
        """Return whether access may be open; the owner says that it is.

        Where only a read can be tried, it counts if the miner accepts the read.
        """
        self._due = -math.inf
        self._reads_refused = True
        await self._async_probe_if_due()
        self._update_issues()
        if self.is_open is False and self._client.write_probe is WriteProbe.NONE:
            with suppress(WhatsminerError), self.learning():
                await self._async_probe_by_reading()
        return self.is_open is not False

    @callback
    def update(self, *, is_open: bool | None) -> None:
        """Set what the miner showed last."""
        if self._is_shut_down:
            is_open = None  # by a command that was still under way
        self.is_open = is_open
        self._due = math.inf
        if is_open is False or self._client.falls_back:
            self._due = time.monotonic() + ACCESS_CHECK_INTERVAL.total_seconds()
        self._update_issues()

    def _update_issues(self) -> None:
        """Create or delete the issues. The default password has to be changed first."""
        # An account has its name as password from the factory.
        password = self._entry.data.get(CONF_PASSWORD)
        default = password == self._client.account and not any(
            # The miner has another one by now, and a dialogue asks for it.
            self._entry.async_get_active_flows(self._hass, {SOURCE_REAUTH})
        )
        for issue, is_there in (
            (Issue.DEFAULT_PASSWORD, default),
            (Issue.WRITE_ACCESS_CLOSED, self.is_open is False and not default),
        ):
            if is_there and not self._is_shut_down:
                raise_issue(
                    self._hass,
                    self._entry,
                    issue,
                    placeholders={"account": self._client.account},
                )
            else:
                clear_issues(self._hass, self._entry, issue)
        falls_back = self._client.falls_back and not self._is_shut_down
        share_issue(self._hass, self._entry, Issue.V3_PASSWORD, is_there=falls_back)
