"""Adds a site, and changes its name, its miners and its hash price."""

from collections.abc import Container, Mapping
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_HOST, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    AreaSelector,
    AreaSelectorConfig,
    BooleanSelector,
    LabelSelector,
    LabelSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from .const import (
    CONF_ALL_MINERS,
    CONF_AREAS,
    CONF_HASH_PRICE,
    CONF_HASH_PRICE_ENTITY,
    CONF_HASH_PRICE_UNIT,
    CONF_KIND,
    CONF_LABELS,
    CONF_MINERS,
    DOMAIN,
    KIND_SITE,
)
from .entries.lookup import miner_entries
from .entries.membership import miner_name
from .flow_helpers import HASH_PRICE_FIELDS, Errors, hash_price_errors
from .site.coordinator import SiteConfigEntry

_CHOICES: Final = (CONF_MINERS, CONF_AREAS, CONF_LABELS)
_MEMBERS: Final = (CONF_ALL_MINERS, *_CHOICES)
_HASH_PRICE: Final = (CONF_HASH_PRICE, CONF_HASH_PRICE_ENTITY, CONF_HASH_PRICE_UNIT)
_LONGEST_NAME: Final = 100


def _schema(hass: HomeAssistant) -> probatio.Schema:
    """Return the form for the name of a site and for its miners."""
    return probatio.Schema(
        {
            probatio.Required(CONF_NAME): TextSelector(),
            probatio.Required(CONF_ALL_MINERS, default=True): BooleanSelector(),
            probatio.Optional(CONF_MINERS): SelectSelector(
                SelectSelectorConfig(
                    options=_miners(hass),
                    mode=SelectSelectorMode.DROPDOWN,
                    multiple=True,
                )
            ),
            probatio.Optional(CONF_AREAS): AreaSelector(
                AreaSelectorConfig(multiple=True)
            ),
            probatio.Optional(CONF_LABELS): LabelSelector(
                LabelSelectorConfig(multiple=True)
            ),
        }
    )


def _miners(hass: HomeAssistant) -> list[SelectOptionDict]:
    """Return the miners to choose from; the address tells those with the same name apart."""
    miners = sorted(
        (miner_name(hass, entry), entry.data[CONF_HOST], entry.entry_id)
        for entry in miner_entries(hass)
    )
    return [
        SelectOptionDict(value=entry_id, label=f"{name} ({host})")
        for name, host, entry_id in miners
    ]


def _filled_in(hass: HomeAssistant, site: SiteConfigEntry) -> dict[str, Any]:
    """Return what the form shows of a site; a miner that was removed is no longer a choice."""
    known = {entry.entry_id for entry in miner_entries(hass)}
    chosen = [each for each in site.options.get(CONF_MINERS, ()) if each in known]
    return {CONF_NAME: site.title, **site.options, CONF_MINERS: chosen}


def _read(user_input: Mapping[str, Any]) -> tuple[str, dict[str, Any], Errors]:
    """Return the name and the miners as they were entered, and the errors for the form."""
    name: str = user_input[CONF_NAME].strip()
    has_all: bool = user_input[CONF_ALL_MINERS]
    chosen = {key: user_input[key] for key in _CHOICES if user_input.get(key)}
    errors: Errors = {}
    if not 0 < len(name) <= _LONGEST_NAME:
        errors[CONF_NAME] = "invalid_name"
    if has_all and chosen:
        errors[CONF_ALL_MINERS] = "all_and_chosen"
    elif not has_all and not chosen:
        errors[CONF_ALL_MINERS] = "no_miners_chosen"
    return name, {CONF_ALL_MINERS: has_all, **chosen}, errors


def _update(
    hass: HomeAssistant,
    site: SiteConfigEntry,
    options: Mapping[str, Any],
    title: str | None = None,
) -> None:
    """Use changed options, and another name if there is one, at once and without a reload."""
    hass.config_entries.async_update_entry(
        site, options=options, title=title or site.title
    )
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        (DOMAIN, site.entry_id), site.entry_id
    )
    if device:
        registry.async_update_device(device.id, name=site.title)
    if site.state is ConfigEntryState.LOADED:
        site.runtime_data.async_apply_options()


def _without(options: Mapping[str, Any], keys: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in keys}


class SiteSteps(ConfigFlow):
    """The steps of a config flow that adds a site, or changes its name and its miners."""

    async def async_step_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the name of a site, and which miners belong to it."""
        errors: Errors = {}
        if user_input is not None:
            name, members, errors = _read(user_input)
            if not errors:
                return self.async_create_entry(
                    title=name, data={CONF_KIND: KIND_SITE}, options=members
                )
        return self.async_show_form(
            step_id="site",
            data_schema=self.add_suggested_values_to_schema(
                _schema(self.hass), user_input
            ),
            errors=errors,
        )

    async def async_step_reconfigure_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another name of a site, and for other miners."""
        site = self._get_reconfigure_entry()
        errors: Errors = {}
        if user_input is not None:
            name, members, errors = _read(user_input)
            if not errors:
                _update(
                    self.hass, site, _without(site.options, _MEMBERS) | members, name
                )
                return self.async_abort(reason="reconfigure_successful")
        return self.async_show_form(
            step_id="reconfigure_site",
            data_schema=self.add_suggested_values_to_schema(
                _schema(self.hass), user_input or _filled_in(self.hass, site)
            ),
            errors=errors,
            description_placeholders={"site": site.title},
        )


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
            name, members, errors = _read(user_input)
            if not errors:
                return self._save(_without(site.options, _MEMBERS) | members, name)
        return self.async_show_form(
            step_id="members",
            data_schema=self.add_suggested_values_to_schema(
                _schema(self.hass), user_input or _filled_in(self.hass, site)
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
            return self._save(_without(site.options, _HASH_PRICE) | user_input)
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
        _update(self.hass, self.config_entry, options, title)
        return self.async_create_entry(data=options)
