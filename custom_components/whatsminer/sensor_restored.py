"""Base sensors of totals, which go on after a restart of Home Assistant."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TypedDict, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity

# 0.01 Wh, below which there is nothing but rounding errors.
_DIGITS: Final = 5
# What is shown is rounded, and rounded again in the unit that the user chose.
_ROUNDING: Final = 2 * 10**-_DIGITS
# Stored with each total: the id of its entry in the registry, which no later entity has.
_REGISTRY_ID: Final = "registry_id"


class RestoredTotal(RestoreEntity, SensorEntity):
    """A total that is restored after a restart of Home Assistant."""

    # The same object is added again when its entity id changes. It knows the total then.
    _was_added = False

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the total, unless it is that of a removed entity with the same entity id."""
        await super().async_added_to_hass()
        was_added, self._was_added = self._was_added, True
        if was_added or not (last := await self.async_get_last_extra_data()):
            return
        stored = last.as_dict()
        # Earlier versions stored no id.
        if stored.get(_REGISTRY_ID, self._registry_id) == self._registry_id:
            # Another version may have stored something else: begin anew.
            with suppress(KeyError, TypeError, ValueError):
                self._restore(stored)

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        """Return what is stored for the next start of Home Assistant."""
        return RestoredExtraData({**self._to_store(), _REGISTRY_ID: self._registry_id})

    @property
    def _registry_id(self) -> str | None:
        return self.registry_entry.id if self.registry_entry else None

    @abstractmethod
    def _to_store(self) -> Mapping[str, Any]:
        """Return what to store, as JSON."""

    @abstractmethod
    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Take what was stored.

        Raises:
            KeyError, TypeError, ValueError: it is not what `_to_store` returns.

        """


class _Energy(TypedDict):
    """What the descriptions of energies have in common."""

    key: str
    device_class: SensorDeviceClass
    native_unit_of_measurement: str
    state_class: SensorStateClass
    suggested_display_precision: int


ENERGY: Final = _Energy(
    key="energy",
    device_class=SensorDeviceClass.ENERGY,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    state_class=SensorStateClass.TOTAL_INCREASING,
    suggested_display_precision=2,
)


class RestoredEnergy(RestoredTotal):
    """An energy in kWh, which never falls, not even after Home Assistant crashed.

    What is restored may be a quarter of an hour older than what the recorder has.
    """

    _energy = 0.0

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the energy."""
        await super().async_added_to_hass()
        if "recorder" in self.hass.config.components:
            # It is a part of Home Assistant that not everybody runs, and is slow to import.
            from .recorded import async_last_recorded  # noqa: PLC0415

            recorded = await async_last_recorded(self.hass, self.registry_entry)
            if recorded - self._energy > _ROUNDING:
                # It counted polls after those that were restored, up to an unknown one.
                self._forget_polls()
            self._energy = max(self._energy, recorded)

    @abstractmethod
    def _forget_polls(self) -> None:
        """Count from the next poll on."""

    @property
    @override
    def native_value(self) -> float:
        """Return kWh."""
        return round(self._energy, _DIGITS)
