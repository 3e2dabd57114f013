"""Adds a site, and changes its name and its miners."""

from typing import Any

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from .const import CONF_KIND, KIND_SITE
from .flow_helpers import Errors
from .names import owner_name
from .site_form import SiteForm, read_members


class SiteSteps(SiteForm, ConfigFlow):
    """The steps of a config flow that adds a site, or changes its name and its miners."""

    async def async_step_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the name of a site, and which miners belong to it."""
        errors: Errors = {}
        if user_input is not None:
            name, members, errors = read_members(user_input)
            if not errors:
                return self.async_create_entry(
                    title=name, data={CONF_KIND: KIND_SITE}, options=members
                )
        return self.async_show_form(
            step_id="site", data_schema=self._members(user_input), errors=errors
        )

    async def async_step_reconfigure_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another name of a site, and for other miners, as its options do.

        Home Assistant offers Reconfigure for a site because it does so for miners.
        """
        if not (site := self._site(self._reconfigure_entry_id)):
            return self.async_abort(reason="site_removed")
        errors = self._change_members(user_input, site)
        if user_input is not None and not errors:
            return self.async_abort(reason="site_changed")
        return self.async_show_form(
            step_id="reconfigure_site",
            data_schema=self._members(user_input, site),
            errors=errors,
            description_placeholders={"site": owner_name(site)},
        )
