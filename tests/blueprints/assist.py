"""The assistant of a home with an automation of the blueprint Voice."""

from dataclasses import dataclass
from typing import Any

from homeassistant.components import conversation
from homeassistant.core import Context
from homeassistant.helpers import device_registry as dr
from tests.fleet import Owned

from . import Home, target


@dataclass(frozen=True)
class Assist:
    """The assistant of a home."""

    home: Home

    async def say(self, text: str, language: str = "en") -> str:
        """Say a sentence; return the answer in one line."""
        result = await conversation.async_converse(
            self.home.hass, text, None, Context(), language=language
        )
        speech: str = result.response.speech["plain"]["speech"]
        return " ".join(speech.split())

    async def hear(self, *miners: Owned, **inputs: Any) -> None:
        """Make the automation, by default for the miner in the garage."""
        named = target(*(miners or [self.garage]))
        await self.home.automate("voice", miners=named, **inputs)

    @property
    def garage(self) -> Owned:
        """The miner in the garage."""
        return self.home.garage

    def take_commands(self) -> list[str]:
        """Return the commands that the garage's miner has received since they were last taken."""
        return self.home.take_commands()


def rename(owned: Owned, name: str) -> None:
    """Give the device of a miner another name."""
    dr.async_get(owned.hass).async_update_device(
        owned.coordinator.device_id, name_by_user=name
    )
