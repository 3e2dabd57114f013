"""The form for the name of a site and for its miners, and how changes take effect."""

from collections.abc import Container, Mapping
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigEntryBaseFlow, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_NAME
from homeassistant.core import HomeAssistant
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

from .const import CONF_ALL_MINERS, CONF_AREAS, CONF_LABELS, CONF_MINERS
from .entries.lookup import miner_entries
from .flow_helpers import Errors
from .names import owner_name
from .site.coordinator import SiteConfigEntry

_CHOICES: Final = (CONF_MINERS, CONF_AREAS, CONF_LABELS)
_MEMBERS: Final = (CONF_ALL_MINERS, *_CHOICES)
_LONGEST_NAME: Final = 100


def _members_schema(hass: HomeAssistant) -> probatio.Schema:
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
        (owner_name(entry), entry.data.get(CONF_HOST, ""), entry.entry_id)
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


def read_members(user_input: Mapping[str, Any]) -> tuple[str, dict[str, Any], Errors]:
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


class SiteForm(ConfigEntryBaseFlow):
    """A flow with the form for the name of a site and for its miners."""

    def _site(self, entry_id: str) -> SiteConfigEntry | None:
        """Return the entry of a site, None if it was removed while the dialogue was open."""
        return self.hass.config_entries.async_get_entry(entry_id)

    def _members(
        self, user_input: dict[str, Any] | None, site: SiteConfigEntry | None = None
    ) -> probatio.Schema:
        """Return the form with what was entered, or with what there is of a site."""
        there = _filled_in(self.hass, site) if site else None
        return self.add_suggested_values_to_schema(
            _members_schema(self.hass), user_input or there
        )

    def _change_members(
        self, user_input: dict[str, Any] | None, site: SiteConfigEntry
    ) -> Errors:
        """Use what was entered, unless there are errors for the form."""
        if user_input is None:
            return {}
        name, members, errors = read_members(user_input)
        if not errors:
            update_site(self.hass, site, _MEMBERS, members, name)
        return errors


def update_site(
    hass: HomeAssistant,
    site: SiteConfigEntry,
    keys: Container[str],
    new: Mapping[str, Any],
    title: str | None = None,
) -> None:
    """Use new options in place of all those with some keys, and another name if there is one.

    They take effect at once and without a reload.
    """
    kept = {key: value for key, value in site.options.items() if key not in keys}
    hass.config_entries.async_update_entry(
        site, options={**kept, **new}, title=title or site.title
    )
    if site.state is ConfigEntryState.LOADED:
        site.runtime_data.async_apply_options()
