"""Events of a miner."""

from dataclasses import dataclass
import logging
import time
from typing import Final, TypedDict, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import Platform
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.event_type import EventType

from .api import MOST_FAULTS, Fault, describe
from .const import DOMAIN
from .coordinator import WhatsminerCoordinator
from .entity import WhatsminerEntity, WhatsminerEntityDescription, existing
from .fault_texts import FaultChange, fault_text
from .models import WhatsminerConfigEntry

_LOGGER = logging.getLogger(__name__)

PARALLEL_UPDATES = 0

# As many events as a miner has faults are fired at once, and after that two in a minute. A real
# miner has a handful of faults; one whose codes change at each poll would fill the recorder.
_SECONDS_BETWEEN: Final = 30.0


class FaultEventData(TypedDict):
    """The data of the event on the bus."""

    device_id: str
    entity_id: str
    type: FaultChange
    code: str
    text: str
    category: str
    severity: str


# The logbook says of an event entity no more than that it fired; this one it can describe.
EVENT_FAULT: Final[EventType[FaultEventData]] = EventType(f"{DOMAIN}_fault")


@dataclass(frozen=True, kw_only=True)
class WhatsminerEventDescription(WhatsminerEntityDescription, EventEntityDescription):
    """An event."""


EVENTS: Final = (
    WhatsminerEventDescription(key="fault", event_types=["appeared", "cleared"]),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of a miner."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        WhatsminerFaultEvent(coordinator, description)
        for description in existing(coordinator, Platform.EVENT, EVENTS)
    )


class _Allowance:
    """How many events may be fired: the number grows with time, up to a limit."""

    def __init__(self) -> None:
        """Begin with all of it."""
        self._left = float(MOST_FAULTS)
        self._counted = time.monotonic()

    def take(self) -> bool:
        """Return whether one was left, and take it."""
        now = time.monotonic()
        grown = self._left + (now - self._counted) / _SECONDS_BETWEEN
        self._left, self._counted = min(grown, MOST_FAULTS), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class WhatsminerFaultEvent(WhatsminerEntity, EventEntity):
    """Fires once when a fault appears or clears, also over a restart of Home Assistant.

    An event that cannot be fired at the moment is fired later, if it is still true then.
    """

    entity_description: WhatsminerEventDescription

    def __init__(
        self,
        coordinator: WhatsminerCoordinator,
        description: WhatsminerEventDescription,
    ) -> None:
        """Begin without an event."""
        super().__init__(coordinator, description)
        self._allowance = _Allowance()
        self._warned = False
        # The faults that are active or have an event, as the miner told them last.
        self._told: dict[str, Fault] = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Fire for what changed while Home Assistant did not run."""
        await super().async_added_to_hass()
        self._fire_soon()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._fire_soon()

    @callback
    def _fire_soon(self) -> None:
        """Fire for what changed, but not before the entity has a state to fire from."""
        known = self.coordinator.memory.data.get("faults", [])
        active = {fault.code: fault for fault in self.coordinator.data.faults or ()}
        self._told = {
            code: self._told[code] for code in self._told if code in known
        } | active
        if self._changes():
            self.coordinator.config_entry.async_create_task(
                self.hass,
                self._async_fire_changes(),
                f"{self.coordinator.name} faults",
                eager_start=False,
            )

    def _changes(self) -> list[tuple[FaultChange, Fault]]:
        """Return the changes for which no event was fired yet."""
        data = self.coordinator.data
        faults = None if data.errors is None else data.faults
        # Automations wait until Home Assistant has started, and so does what they wait for.
        if (
            faults is None
            or not self.available
            or self.hass.state is not CoreState.running
        ):
            return []
        active = {fault.code for fault in faults}
        known = self.coordinator.memory.data.get("faults", [])
        return [
            *(
                ("cleared", self._told.get(code) or describe(code))
                for code in known
                if code not in active
            ),
            *(("appeared", fault) for fault in faults if fault.code not in known),
        ]

    async def _async_fire_changes(self) -> None:
        """Fire for each change, as long as there are not too many, and store that."""
        with self.coordinator.memory.editing_later() as stored:
            for change, fault in self._changes():
                if not self._allowance.take():
                    self._warn()
                    break
                known = stored.setdefault("faults", [])
                if change == "cleared":
                    known.remove(fault.code)
                else:
                    known.append(fault.code)
                self._fire(change, fault)

    def _warn(self) -> None:
        """Write into the log, once, that not every change fires an event."""
        if not self._warned:
            self._warned = True
            _LOGGER.warning(
                "%s: its faults change so often that not every change fires an event",
                self.coordinator.name,
            )

    def _fire(self, change: FaultChange, fault: Fault) -> None:
        text = fault_text(fault, self.hass.config.language)
        self._trigger_event(
            change,
            {"code": fault.code, "text": text, "category": fault.category},
        )
        self.async_write_ha_state()
        self.hass.bus.async_fire(
            EVENT_FAULT,
            FaultEventData(
                device_id=self.coordinator.device_id,
                entity_id=self.entity_id,
                type=change,
                code=fault.code,
                text=text,
                category=fault.category,
                severity=fault.severity,
            ),
        )
