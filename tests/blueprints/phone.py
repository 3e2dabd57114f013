"""A phone that gets the messages of the blueprint Tell me."""

from typing import Any, Final

from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import ServiceCall
from tests.fleet import Owned

from . import Home, target

TELL: Final[list[dict[str, Any]]] = [
    {
        "action": "notify.phone",
        "data": {
            key: f"{{{{ {key} }}}}" for key in ("what", "miner", "title", "message")
        },
    }
]


class Phone:
    """The messages that the owner gets."""

    def __init__(self, home: Home) -> None:
        """Begin without messages."""
        self.home = home
        self._calls: list[ServiceCall] = async_mock_service(
            home.hass, "notify", "phone"
        )

    async def watch(self, *miners: Owned, **inputs: Any) -> None:
        """Make the automation, by default for the miner in the garage."""
        await self.watch_target(target(*(miners or [self.garage])), **inputs)

    async def watch_target(self, chosen: dict[str, Any], **inputs: Any) -> None:
        """Make the automation for what the owner has chosen."""
        await self.home.automate("tell_me", target=chosen, tell=TELL, **inputs)

    async def watch_as_before(self, *miners: Owned, **inputs: Any) -> None:
        """Make an automation as the first version of the blueprint has stored it."""
        events = [each.entity_id("event", "fault_events") for each in miners]
        await self.home.automate("tell_me", miners=events, tell=TELL, **inputs)

    @property
    def garage(self) -> Owned:
        """The miner in the garage."""
        return self.home.garage

    @property
    def news(self) -> list[tuple[str, str]]:
        """The kind and the miner of each message since they were last taken."""
        return [(data["what"], data["miner"]) for data in self.messages]

    @property
    def messages(self) -> list[dict[str, str]]:
        """The messages since they were last taken."""
        said = [dict(call.data) for call in self._calls]
        self._calls.clear()
        return said
