"""The options of a site."""

from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow

from .flow_helpers import Errors
from .hash_price_form import HASH_PRICE_FIELDS, hash_price_errors
from .names import owner_name
from .plan_form import PLAN_KEYS, PLAN_SCHEMA, filled_in, read_plan
from .site.coordinator import SiteConfigEntry
from .site_form import SiteForm, update_site

_HASH_PRICE: Final = tuple(str(field) for field in HASH_PRICE_FIELDS)


class SiteOptionsFlow(SiteForm, OptionsFlow):
    """The options flow of a site: its name and miners, its plan, or the hash price."""

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
            menu_options=["members", "plan", "hash_price"],
            description_placeholders={"site": owner_name(self.config_entry)},
        )

    async def async_step_members(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another name, and for other miners."""
        if not (site := self._site(self.handler)):
            return self.async_abort(reason="site_removed")
        errors = self._change_members(user_input, site)
        if user_input is not None and not errors:
            return self._finish(site)
        return self.async_show_form(
            step_id="members",
            data_schema=self._members(user_input, site),
            errors=errors,
            description_placeholders={"site": owner_name(site)},
        )

    async def async_step_plan(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the plan follows, and what it does."""
        if not (site := self._site(self.handler)):
            return self.async_abort(reason="site_removed")
        errors: Errors = {}
        if user_input is not None:
            plan, errors = read_plan(self.hass, user_input, site.options)
            if not errors:
                update_site(self.hass, site, PLAN_KEYS, plan)
                return self._finish(site)
        return self.async_show_form(
            step_id="plan",
            data_schema=self.add_suggested_values_to_schema(
                PLAN_SCHEMA, user_input or filled_in(site.options)
            ),
            errors=errors,
            description_placeholders={
                "site": owner_name(site),
                "currency": self.hass.config.currency,
            },
        )

    async def async_step_hash_price(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the hash price of all miners."""
        if not (site := self._site(self.handler)):
            return self.async_abort(reason="site_removed")
        errors = hash_price_errors(user_input or {})
        if user_input is not None and not errors:
            update_site(self.hass, site, _HASH_PRICE, user_input)
            return self._finish(site)
        return self.async_show_form(
            step_id="hash_price",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(HASH_PRICE_FIELDS),
                site.options if user_input is None else user_input,
            ),
            errors=errors,
            description_placeholders={"site": owner_name(site)},
        )

    def _finish(self, site: SiteConfigEntry) -> ConfigFlowResult:
        """End with the options as they are: they were changed before the end of the flow."""
        return self.async_create_entry(data=dict(site.options))
