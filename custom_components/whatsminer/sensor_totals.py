"""Sensors that add up what a miner itself does not count."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfEnergy
from homeassistant.core import callback
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity
from homeassistant.util import dt as dt_util

from .const import POLL_INTERVAL
from .coordinator import WhatsminerCoordinator
from .entity import WhatsminerEntity, WhatsminerEntityDescription

# A longer gap between two polls is not counted: who knows what the miner did meanwhile.
_MOST_POLLS_APART: Final = 3
_JOULES_PER_KILOWATT_HOUR: Final = 3_600_000
# 0.01 Wh, below which there is nothing but rounding errors.
_DIGITS: Final = 5
# Start times are computed from two clocks: this much apart, they are the same start.
_SAME_START: Final = timedelta(seconds=30)


class WhatsminerMeter(WhatsminerEntity, RestoreEntity, SensorEntity):
    """A sum that grows with the polls, and outlives a restart of Home Assistant."""

    @override
    async def async_added_to_hass(self) -> None:
        """Go on where the last run ended."""
        await super().async_added_to_hass()
        if stored := await self.async_get_last_extra_data():
            # What another version has kept may be something else: begin anew.
            with suppress(KeyError, TypeError, ValueError):
                self._restore(stored.as_dict())
        self._count()

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        """Return what the next run has to know."""
        return RestoredExtraData(dict(self._kept()))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._count()
        super()._handle_coordinator_update()

    @abstractmethod
    def _count(self) -> None:
        """Add what the last poll tells; there may have been no new one."""

    @abstractmethod
    def _kept(self) -> Mapping[str, Any]:
        """Return what to keep, as JSON."""

    @abstractmethod
    def _restore(self, kept: Mapping[str, Any]) -> None:
        """Take what was kept.

        Raises:
            KeyError, TypeError, ValueError: it is not what `_kept` returns.

        """


@dataclass(frozen=True, slots=True)
class _Poll:
    """When a poll was, and the power that it found.

    `monotonic` is None for a poll of the last run, which had a steady clock of its own. After
    more than `longest` seconds there is a gap.
    """

    taken: datetime
    power: float | None
    longest: float
    monotonic: float | None = None


class WhatsminerEnergy(WhatsminerMeter):
    """The energy used: the power of every two polls in a row, times what lies between them."""

    _energy = 0.0
    # The last poll, which may be one of the last run.
    _last: _Poll | None = None

    @property
    @override
    def native_value(self) -> float:
        """Return kWh."""
        return round(self._energy, _DIGITS)

    @property
    def _longest(self) -> float:
        """How many seconds the next poll may be away, at the interval of now."""
        interval = self.coordinator.update_interval or POLL_INTERVAL
        return _MOST_POLLS_APART * interval.total_seconds()

    @override
    def _count(self) -> None:
        snapshot = self.coordinator.data
        power = snapshot.live.power
        last, self._last = (
            self._last,
            _Poll(snapshot.taken, power, self._longest, snapshot.monotonic),
        )
        if last is None or last.power is None or power is None:
            return
        if last.monotonic is None:
            apart = (snapshot.taken - last.taken).total_seconds()
        else:
            apart = snapshot.monotonic - last.monotonic
        # A clock that was set back meanwhile has not measured anything.
        if not 0 < apart <= last.longest:
            return
        joules = max(0.0, (last.power + power) / 2) * apart
        self._energy += joules / _JOULES_PER_KILOWATT_HOUR

    @override
    def _kept(self) -> Mapping[str, Any]:
        last = self._last
        return {
            "energy": self._energy,
            "power": last and last.power,
            "taken": last and last.taken.isoformat(),
        }

    @override
    def _restore(self, kept: Mapping[str, Any]) -> None:
        self._energy = float(kept["energy"])
        if kept["taken"] and kept["power"] is not None:
            self._last = _Poll(
                datetime.fromisoformat(kept["taken"]),
                float(kept["power"]),
                self._longest,
            )


class WhatsminerRestartCount(WhatsminerMeter):
    """How often mining started today, in the time zone of Home Assistant.

    Of those that Home Assistant was not there to see, the last one counts.
    """

    _restarts = 0
    _day: date | None = None
    # How many of those that were seen since the set-up have been counted.
    _counted = 0
    # When mining started last, and whether this run of Home Assistant has seen it going on.
    _start: datetime | None = None
    _seen_mining = False

    @property
    @override
    def native_value(self) -> int:
        """Return the count."""
        return self._restarts

    @override
    def _count(self) -> None:
        today = dt_util.now().date()
        if today != self._day:
            self._day = today
            self._restarts = 0
        restarts = self.coordinator.settings.restarts
        self._restarts += restarts - self._counted
        self._counted = restarts
        if (start := self.coordinator.data.mining_since) is None:
            return
        missed = (
            not self._seen_mining
            and not restarts
            and self._start is not None
            and start - self._start > _SAME_START
            and dt_util.as_local(start).date() == today
        )
        self._start, self._seen_mining = start, True
        if missed:
            self._restarts += 1

    @override
    def _kept(self) -> Mapping[str, Any]:
        return {
            "restarts": self._restarts,
            "day": self._day and self._day.isoformat(),
            "start": self._start and self._start.isoformat(),
        }

    @override
    def _restore(self, kept: Mapping[str, Any]) -> None:
        self._restarts = int(kept["restarts"])
        self._day = date.fromisoformat(kept["day"])
        if kept["start"]:
            self._start = datetime.fromisoformat(kept["start"])


@dataclass(frozen=True, kw_only=True)
class WhatsminerMeterDescription(WhatsminerEntityDescription, SensorEntityDescription):
    """A meter."""

    meter: Callable[
        [WhatsminerCoordinator, WhatsminerMeterDescription], WhatsminerMeter
    ]


METERS: Final = (
    WhatsminerMeterDescription(
        key="energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
        meter=WhatsminerEnergy,
    ),
    WhatsminerMeterDescription(
        key="restart_count",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        meter=WhatsminerRestartCount,
    ),
)
