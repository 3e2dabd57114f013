"""Sensors of a site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import callback

from ..coordinator import WhatsminerCoordinator, poll_interval
from ..miner.energy_meter import EnergyMeter
from ..sensor_base import (
    JOULES_PER_TERAHASH,
    DescribedSensor,
    HashRate,
    Power,
    Price,
    PriceSensor,
    WhatsminerSensorDescription,
)
from ..sensor_restored import ENERGY, RestoredEnergy
from .coordinator import SiteCoordinator
from .decision import PlanState
from .entity import SiteEntity
from .planning import Planning
from .totals import Sum, Totals

_MEASUREMENT: Final = SensorStateClass.MEASUREMENT
# A list of miners has so many names at most.
_MOST_NAMES: Final = 50


def _counted(totals: Totals, reading: Sum) -> Mapping[str, int]:
    return {"miners_counted": reading.miners, "miners": totals.miners}


def _named(names: Sequence[str] | None) -> Mapping[str, list[str]]:
    return {"names": list((names or ())[:_MOST_NAMES])}


@dataclass(frozen=True, kw_only=True)
class _Count(WhatsminerSensorDescription[Totals]):
    """A number of miners."""

    state_class: SensorStateClass | None = _MEASUREMENT


SITE_SENSORS: Final[tuple[WhatsminerSensorDescription[Totals], ...]] = (
    HashRate(
        key="hash_rate",
        value_fn=lambda totals: totals.hash_rate.value,
        attributes_fn=lambda totals: _counted(totals, totals.hash_rate),
    ),
    Power(
        key="power",
        value_fn=lambda totals: totals.power.value,
        attributes_fn=lambda totals: _counted(totals, totals.power),
    ),
    WhatsminerSensorDescription(
        key="efficiency",
        native_unit_of_measurement=JOULES_PER_TERAHASH,
        state_class=_MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda totals: totals.efficiency,
    ),
    _Count(
        key="miners_running",
        value_fn=lambda totals: len(totals.running),
        attributes_fn=lambda totals: _named(totals.running),
    ),
    _Count(
        key="miners_offline",
        value_fn=lambda totals: len(totals.offline),
        attributes_fn=lambda totals: _named(totals.offline),
    ),
    _Count(
        key="miners_with_problem",
        value_fn=lambda totals: len(totals.with_problem),
        attributes_fn=lambda totals: _named(totals.with_problem),
    ),
    _Count(
        key="miners_not_off",
        value_fn=lambda totals: None if totals.not_off is None else len(totals.not_off),
        attributes_fn=lambda totals: _named(totals.not_off),
    ),
)

# There while the site or a miner of it has a hash price; in Home Assistant's currency per kWh.
SITE_PRICE_SENSORS: Final[tuple[WhatsminerSensorDescription[Totals], ...]] = (
    Price(
        key="break_even_price",
        value_fn=lambda totals: totals.break_even_price,
    ),
    Price(
        key="lowest_break_even_price",
        value_fn=lambda totals: (
            totals.least_efficient.break_even_price if totals.least_efficient else None
        ),
        attributes_fn=lambda totals: {
            "name": totals.least_efficient.name if totals.least_efficient else None
        },
    ),
)
SITE_ENERGY: Final = SensorEntityDescription(**ENERGY)


class SiteSensor(SiteEntity, DescribedSensor[Totals]):
    """A sensor of a site."""

    # As long as the list of miners may be; the count of them is recorded.
    _unrecorded_attributes = frozenset({"names"})

    entity_description: WhatsminerSensorDescription[Totals]

    @property
    @override
    def source(self) -> Totals:
        """The sums over the miners."""
        return self.coordinator.data


class SitePriceSensor(PriceSensor, SiteSensor):
    """A price per kWh of a site."""


SITE_PLAN_SENSORS: Final[tuple[WhatsminerSensorDescription[Planning], ...]] = (
    WhatsminerSensorDescription(
        key="plan",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in PlanState],
        value_fn=lambda planning: planning.plan.state,
        attributes_fn=lambda planning: {
            "miners": list(islice(planning.reports.values(), _MOST_NAMES))
        },
    ),
    WhatsminerSensorDescription(
        key="next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda planning: planning.plan.next_change,
    ),
)


class SitePlanSensor(SiteEntity, DescribedSensor[Planning]):
    """A sensor that shows what the plan of a site does."""

    # What is wanted of each miner, and why; what was done is in Activity.
    _unrecorded_attributes = frozenset({"miners"})

    entity_description: WhatsminerSensorDescription[Planning]

    @property
    @override
    def source(self) -> Planning:
        """The plan."""
        return self.coordinator.planning


class SiteEnergy(SiteEntity, RestoredEnergy):
    """The energy that the miners have used while they belonged to the site."""

    def __init__(
        self, coordinator: SiteCoordinator, description: SensorEntityDescription
    ) -> None:
        """Begin with nothing."""
        super().__init__(coordinator, description)
        # By the ids of the miners' entries.
        self._meters: dict[str, EnergyMeter] = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the energy, and count from then on."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_poll_listener(self._count))

    @callback
    def _count(self, entry_id: str, miner: WhatsminerCoordinator) -> None:
        """Add a poll of a miner; what it used before it joined does not count."""
        meter = self._meters.setdefault(entry_id, EnergyMeter())
        self._energy += meter.add(miner.data, miner.update_interval)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        members = self.coordinator.members
        self._meters = {
            entry_id: meter
            for entry_id, meter in self._meters.items()
            if entry_id in members
        }
        super()._handle_coordinator_update()

    @override
    def _to_store(self) -> Mapping[str, Any]:
        meters = {
            entry_id: meter.to_store() for entry_id, meter in self._meters.items()
        }
        return {"energy": self._energy, "miners": meters}

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        self._energy = float(stored["energy"])
        for entry_id, last_poll in dict(stored["miners"]).items():
            if entry := self.hass.config_entries.async_get_entry(entry_id):
                meter = self._meters[entry_id] = EnergyMeter()
                meter.restore(last_poll, poll_interval(entry))

    @override
    def _forget_polls(self) -> None:
        self._meters.clear()
