"""The base of coordinators, which logs an outage once and as information, and remembers it."""

from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .miner.outage import outage_after
from .miner.record import record_for_entry


class OutageLogCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """A coordinator of a device that may go away: it is moved, updated, or switched off.

    Home Assistant logs each outage as an error. Here an error is a bug only, and the device page
    shows the outage.
    """

    config_entry: ConfigEntry

    @override
    async def _async_refresh(
        self,
        log_failures: bool = True,
        raise_on_auth_failed: bool = False,
        scheduled: bool = False,
        raise_on_entry_error: bool = False,
    ) -> None:
        """Refresh the data, and log the beginning of an outage; Home Assistant logs its end."""
        was_available = self.last_update_success
        await super()._async_refresh(
            log_failures=False,
            raise_on_auth_failed=raise_on_auth_failed,
            scheduled=scheduled,
            raise_on_entry_error=raise_on_entry_error,
        )
        began = was_available and not self.last_update_success
        # Anything else is a bug, which Home Assistant logs.
        if began and log_failures and isinstance(self.last_exception, UpdateFailed):
            self._log_outage()

    @callback
    @override
    def async_set_update_error(self, err: Exception) -> None:
        """Make the entities unavailable, and log the beginning of an outage."""
        self.last_exception = err
        if self.last_update_success:
            self.last_update_success = False
            self._async_refresh_finished()
            self._log_outage()
            self.async_update_listeners()

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Remember whether the device answers, before the listeners know."""
        record = record_for_entry(self.hass, self.config_entry)
        record.outage = outage_after(record.outage, answers=self.last_update_success)

    @callback
    def _log_outage(self) -> None:
        self.logger.info("%s is unavailable: %s", self.name, self.last_exception)
