"""Sensors of totals that a miner itself does not count: energy, restarts."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .coordinator import WhatsminerCoordinator
from .entity import WhatsminerEntity, WhatsminerEntityDescription
from .miner.energy_meter import EnergyMeter
from .miner.mining_run import SAME_START
from .sensor_restored import ENERGY, RestoredEnergy, RestoredTotal


class WhatsminerTotal(WhatsminerEntity, RestoredTotal):
    """A total of a miner, which grows with its polls."""

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the total, and add the last poll."""
        await super().async_added_to_hass()
        self._count()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._count()
        super()._handle_coordinator_update()

    @abstractmethod
    def _count(self) -> None:
        """Add the last poll; it may have been added before."""


class WhatsminerEnergy(WhatsminerTotal, RestoredEnergy):
    """The energy that a miner has used."""

    def __init__(
        self,
        coordinator: WhatsminerCoordinator,
        description: WhatsminerTotalDescription,
    ) -> None:
        """Begin with nothing."""
        super().__init__(coordinator, description)
        self._meter = EnergyMeter()

    @override
    def _count(self) -> None:
        coordinator = self.coordinator
        self._energy += self._meter.add(coordinator.data, coordinator.update_interval)

    @override
    def _to_store(self) -> Mapping[str, Any]:
        return {"energy": self._energy, **self._meter.to_store()}

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        self._energy = float(stored["energy"])
        self._meter.restore(stored, self.coordinator.update_interval)

    @override
    def _forget_polls(self) -> None:
        self._meter = EnergyMeter()


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
        **ENERGY,
        entity_class=WhatsminerEnergy,
    ),
    WhatsminerTotalDescription(
        key="restart_count",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_class=WhatsminerRestartCount,
    ),
)
