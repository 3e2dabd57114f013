"""The options of a site."""

from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow

from .const import CONF_HASH_PRICE, CONF_HASH_PRICE_ENTITY, CONF_HASH_PRICE_UNIT
from .flow_helpers import Errors
from .hash_price_form import HASH_PRICE_FIELDS, hash_price_errors
from .site.coordinator import SiteConfigEntry
from .site_form import (
    MEMBERS,
    changed,
    filled_in,
    members_schema,
    read_members,
    update_site,
)

_HASH_PRICE: Final = (CONF_HASH_PRICE, CONF_HASH_PRICE_ENTITY, CONF_HASH_PRICE_UNIT)


class SiteOptionsFlow(OptionsFlow):
    """The options flow of a site: its name and miners, or the hash price."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu, whose texts are others than those of a miner."""
        return await self.async_step_site()

    async def async_step_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu."""
        return self.async_show_menu(
            step_id="site",
            menu_options=["members", "hash_price"],
            description_placeholders={"site": self.config_entry.title},
        )

    async def async_step_members(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another name, and for other miners."""
        if not (site := self._site):
            return self.async_abort(reason="site_removed")
        errors: Errors = {}
        if user_input is not None:
            name, members, errors = read_members(user_input)
            if not errors:
                return self._save(changed(site.options, MEMBERS, members), name)
        return self.async_show_form(
            step_id="members",
            data_schema=self.add_suggested_values_to_schema(
                members_schema(self.hass), user_input or filled_in(self.hass, site)
            ),
            errors=errors,
            description_placeholders={"site": site.title},
        )

    async def async_step_hash_price(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the hash price of all miners."""
        if not (site := self._site):
            return self.async_abort(reason="site_removed")
        errors = hash_price_errors(user_input or {})
        if user_input is not None and not errors:
            return self._save(changed(site.options, _HASH_PRICE, user_input))
        return self.async_show_form(
            step_id="hash_price",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(HASH_PRICE_FIELDS),
                site.options if user_input is None else user_input,
            ),
            errors=errors,
            description_placeholders={"site": site.title},
        )

    @property
    def _site(self) -> SiteConfigEntry | None:
        """The entry of the site, None after it was removed."""
        return self.hass.config_entries.async_get_entry(self.handler)

    def _save(
        self, options: dict[str, Any], title: str | None = None
    ) -> ConfigFlowResult:
        # Now, because the flow manager does so only at the end of the flow.
        update_site(self.hass, self.config_entry, options, title)
        return self.async_create_entry(data=options)
