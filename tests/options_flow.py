"""The options flow of an entry, as a user goes through it."""

from dataclasses import dataclass
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType


@dataclass(frozen=True)
class OptionsFlow:
    """The button "Configure" of an entry."""

    hass: HomeAssistant
    entry: MockConfigEntry

    async def begin(self) -> ConfigFlowResult:
        """Open the menu."""
        return await self.hass.config_entries.options.async_init(self.entry.entry_id)

    async def submit(
        self, form: ConfigFlowResult, data: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Submit a form."""
        return await self.hass.config_entries.options.async_configure(
            form["flow_id"], data
        )

    async def choose(self, step: str) -> ConfigFlowResult:
        """Open the menu and choose from it."""
        menu = await self.begin()
        assert menu["type"] is FlowResultType.MENU
        assert menu["step_id"] == "init"
        assert menu["menu_options"] == ["preferences", "firmware"]
        return await self.submit(menu, {"next_step_id": step})

    async def preferences(self) -> ConfigFlowResult:
        """Choose the preferences and return the form."""
        form = await self.choose("preferences")
        assert form["type"] is FlowResultType.FORM
        assert form["step_id"] == "preferences"
        assert not form["errors"]
        return form

    async def prefer(
        self,
        poll_interval: float = 30,
        percent_method: str = "normal",
        **hash_price: object,
    ) -> None:
        """Set preferences and wait until they count."""
        form = await self.preferences()
        data = {"poll_interval": poll_interval, "percent_method": percent_method}
        result = await self.submit(form, data | hash_price)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def finished(self, progress: ConfigFlowResult) -> ConfigFlowResult:
        """Wait until what goes on is done, and return the end of the flow."""
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return await self.submit(progress)
