"""Sensors of totals that a miner itself does not count: energy, restarts."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
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
from .miner.mining_run import SAME_START

# A longer gap between two polls is not counted: the power in it is not known.
_MOST_POLLS_APART: Final = 3
_JOULES_PER_KILOWATT_HOUR: Final = 3_600_000
# 0.01 Wh, below which there is nothing but rounding errors.
_DIGITS: Final = 5


class WhatsminerTotal(WhatsminerEntity, RestoreEntity, SensorEntity):
    """A total that grows with the polls, and is restored after a restart of Home Assistant."""

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the total."""
        await super().async_added_to_hass()
        if stored := await self.async_get_last_extra_data():
            # Another version may have stored something else: begin anew.
            with suppress(KeyError, TypeError, ValueError):
                self._restore(stored.as_dict())
        self._count()

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        """Return what is stored for the next start of Home Assistant."""
        return RestoredExtraData(dict(self._to_store()))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._count()
        super()._handle_coordinator_update()

    @abstractmethod
    def _count(self) -> None:
        """Add the last poll; it may have been added before."""

    @abstractmethod
    def _to_store(self) -> Mapping[str, Any]:
        """Return what to store, as JSON."""

    @abstractmethod
    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Take what was stored.

        Raises:
            KeyError, TypeError, ValueError: it is not what `_to_store` returns.

        """


@dataclass(frozen=True, slots=True)
class _Poll:
    """The time of a poll, and the power that it reported.

    `monotonic` is None for a poll before a restart of Home Assistant, which had another clock.
    After more than `longest` seconds there is a gap.
    """

    taken: datetime
    power: float | None
    longest: float
    monotonic: float | None = None


class WhatsminerEnergy(WhatsminerTotal):
    """The energy used: the power of every two polls in a row, times what lies between them."""

    _energy = 0.0
    # The last poll, which may have been before a restart of Home Assistant.
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
        # A clock that was set back has not measured anything.
        if not 0 < apart <= last.longest:
            return
        joules = max(0.0, (last.power + power) / 2) * apart
        self._energy += joules / _JOULES_PER_KILOWATT_HOUR

    @override
    def _to_store(self) -> Mapping[str, Any]:
        last = self._last
        return {
            "energy": self._energy,
            "power": last and last.power,
            "taken": last and last.taken.isoformat(),
        }

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        self._energy = float(stored["energy"])
        if stored["taken"] and stored["power"] is not None:
            self._last = _Poll(
                datetime.fromisoformat(stored["taken"]),
                float(stored["power"]),
                self._longest,
            )


class WhatsminerRestartCount(WhatsminerTotal):
    """How often mining started today, in the time zone of Home Assistant.

    Of the starts while Home Assistant did not run, only the last one is known and counted.
    """

    _restarts = 0
    _day: date | None = None
    # How many of the restarts that the polls showed are counted.
    _counted = 0
    # When mining started last, and whether a poll of this run of Home Assistant showed it.
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
        restarts = self.coordinator.settings.mining_runs.restarts
        self._restarts += restarts - self._counted
        self._counted = restarts
        if (start := self.coordinator.data.mining_since) is None:
            return
        missed = (
            not self._seen_mining
            and not restarts
            and self._start is not None
            and start - self._start > SAME_START
            and dt_util.as_local(start).date() == today
        )
        self._start, self._seen_mining = start, True
        if missed:
            self._restarts += 1

    @override
    def _to_store(self) -> Mapping[str, Any]:
        return {
            "restarts": self._restarts,
            "day": self._day and self._day.isoformat(),
            "start": self._start and self._start.isoformat(),
        }

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        self._restarts = int(stored["restarts"])
        self._day = date.fromisoformat(stored["day"])
        if stored["start"]:
            self._start = datetime.fromisoformat(stored["start"])


@dataclass(frozen=True, kw_only=True)
class WhatsminerTotalDescription(WhatsminerEntityDescription, SensorEntityDescription):
    """Describes a total."""

    entity_class: Callable[
        [WhatsminerCoordinator, WhatsminerTotalDescription], WhatsminerTotal
    ]


TOTALS: Final = (
    WhatsminerTotalDescription(
        key="energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
        entity_class=WhatsminerEnergy,
    ),
    WhatsminerTotalDescription(
        key="restart_count",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_class=WhatsminerRestartCount,
    ),
)
