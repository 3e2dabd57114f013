"""What the recorder knows of an energy. To be imported only where there is a recorder."""

from functools import partial
import math

from homeassistant.components.recorder.history import get_last_state_changes
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_registry import RegistryEntry
from homeassistant.helpers.recorder import get_instance
from homeassistant.util.unit_conversion import EnergyConverter


async def async_last_recorded(
    hass: HomeAssistant, entity: RegistryEntry | None
) -> float:
    """Return the last recorded state of an energy sensor in kWh, 0 if there is none.

    States from before the entity was registered are those of another one with the same entity id.
    """
    if entity is None:
        return 0.0
    states = await get_instance(hass).async_add_executor_job(
        partial(get_last_state_changes, hass, 1, entity.entity_id)
    )
    for state in states.get(entity.entity_id, []):
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if state.last_updated < entity.created_at or unit not in UnitOfEnergy:
            continue
        try:
            value = float(state.state)
        except ValueError:
            continue
        if math.isfinite(value):
            return EnergyConverter.convert(value, unit, UnitOfEnergy.KILO_WATT_HOUR)
    return 0.0
