"""Describes the events of this integration in the logbook."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util.event_type import EventType

from .const import DOMAIN
from .event import EVENT_FAULT, FaultEventData
from .fault_texts import fault_line
from .site.announcer import EVENT_PLAN, PlanEventData


@callback
def _describe_plan(event: Event[PlanEventData]) -> dict[str, str]:
    """Return the line of what a plan has done."""
    line = {
        LOGBOOK_ENTRY_NAME: event.data["site"],
        LOGBOOK_ENTRY_MESSAGE: event.data["text"],
    }
    if entity_id := event.data["entity_id"]:
        line[LOGBOOK_ENTRY_ENTITY_ID] = entity_id
    return line


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [
            str,
            EventType[Any],
            Callable[[Event[Any]], dict[str, str]],
        ],
        None,
    ],
) -> None:
    """Describe the events of this integration."""

    @callback
    def describe_fault(event: Event[FaultEventData]) -> dict[str, str]:
        """Return the line of a fault."""
        data = event.data
        device = dr.async_get(hass).async_get(data["device_id"])
        name = device and (device.name_by_user or device.name)
        return {
            # Pages show the name of the entity instead, for as long as that exists.
            LOGBOOK_ENTRY_NAME: name or "Whatsminer",
            LOGBOOK_ENTRY_MESSAGE: fault_line(
                data["code"], data["type"], data["text"], hass.config.language
            ),
            LOGBOOK_ENTRY_ENTITY_ID: data["entity_id"],
        }

    async_describe_event(DOMAIN, EVENT_FAULT, describe_fault)
    async_describe_event(DOMAIN, EVENT_PLAN, _describe_plan)
