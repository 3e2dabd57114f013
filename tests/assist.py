"""Home Assistant's own assistant, Assist."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component

# Says something, and returns the kind and the text of the answer.
type Say = Callable[[str], Awaitable[tuple[str, str]]]

# What Home Assistant calls its answers.
DONE: Final = "action_done"
ANSWER: Final = "query_answer"
ERROR: Final = "error"


async def start_assist(
    hass: HomeAssistant, language: str, context: Context | None = None
) -> Say:
    """Start the assistant; who speaks in the context of nobody speaks to a voice satellite."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})

    async def say(text: str) -> tuple[str, str]:
        answer: Any = await hass.services.async_call(
            "conversation",
            "process",
            {"text": text, "language": language},
            blocking=True,
            context=context,
            return_response=True,
        )
        response = answer["response"]
        return response["response_type"], response["speech"]["plain"]["speech"]

    return say


def expose(hass: HomeAssistant, entity_id: str) -> None:
    """Expose an entity to the assistant, as the owner does on the page Voice assistants."""
    async_expose_entity(hass, "conversation", entity_id, True)
