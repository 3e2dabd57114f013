"""Adds a miner by its address, and changes the address or password of an entry."""

from collections.abc import Mapping
from typing import Any, override

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import callback

from .api import Miner
from .const import CONF_ACCOUNT, CONF_V3_PORT, DOMAIN
from .discovery_flow import DiscoverySteps
from .entries.discovery import advanced_data
from .entries.lookup import entry_at_address, is_site, miner_entries
from .flow_helpers import (
    ACCOUNT_SECTION,
    ADDRESS_FIELDS,
    PORT_AND_ACCOUNT_SECTION,
    Advanced,
    Errors,
    GivenPassword,
    async_abort_if_known_boards,
    async_check_password,
    async_read,
    async_read_at,
    read_address,
    read_advanced,
    with_advanced,
    without_password,
)
from .migration import VERSION
from .miner.record import Address, address_of, async_forget_protocol, client_for_entry
from .models import WhatsminerConfigEntry
from .names import owner_name
from .options_flow import WhatsminerOptionsFlow
from .scan_flow import ScanSteps
from .site_flow import SiteSteps
from .site_options_flow import SiteOptionsFlow


class WhatsminerConfigFlow(ScanSteps, DiscoverySteps, SiteSteps, domain=DOMAIN):
    """The config flow; its steps for scans, discoveries and sites are in files of their own."""

    VERSION = VERSION

    @staticmethod
    @callback
    @override
    def async_get_options_flow(
        config_entry: ConfigEntry,
    ) -> WhatsminerOptionsFlow | SiteOptionsFlow:
        """Return the options flow of a miner or of a site."""
        return SiteOptionsFlow() if is_site(config_entry) else WhatsminerOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu of the ways to add a miner, or a site once there are miners."""
        has_miners = bool(miner_entries(self.hass))
        return self.async_show_menu(
            step_id="user",
            menu_options=["scan", "manual", *(["site"] if has_miners else [])],
        )

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the miner at an address."""
        errors: Errors = {}
        if user_input is not None:
            password, errors = self._given.read(user_input)
            address, wrong = read_address(user_input)
            advanced, misread = read_advanced(user_input)
            errors |= wrong | misread
            if not errors:
                if entry_at_address(self.hass, address):
                    return self.async_abort(reason="already_configured")
                client, found, errors = await async_read_at(address, advanced)
                if found:
                    await self.async_set_unique_id(found.mac, raise_on_progress=False)
                    self._abort_if_unique_id_configured(
                        updates={
                            CONF_HOST: found.host,
                            CONF_PORT: found.port,
                            **advanced_data(found.v3_port, ""),
                        }
                    )
                    await async_abort_if_known_boards(self.hass, found)
                    errors = await async_check_password(client, password)
                    if not errors:
                        return self._create(found, password, advanced.account)
        return self.async_show_form(
            step_id="manual",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(
                    ADDRESS_FIELDS | self._given.fields | PORT_AND_ACCOUNT_SECTION
                ),
                without_password(user_input),
            ),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin when the miner refuses the password."""
        entry = self._get_reauth_entry()
        host, _ = address_of(entry)
        # Home Assistant sets the name only, but tiles of miners have their address, too.
        self.context["title_placeholders"] = {"host": host, "miner": owner_name(entry)}
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the new password; without one there are readings only from now on."""
        entry: WhatsminerConfigEntry = self._get_reauth_entry()
        errors: Errors = {}
        if user_input is not None:
            password, errors = self._given.read(user_input)
            given, wrong = read_advanced(user_input)
            errors |= wrong
            advanced = Advanced(entry.data.get(CONF_V3_PORT), given.account)
            if password and not errors:
                errors = await self._async_check(
                    entry, address_of(entry), password, advanced
                )
            if not errors:
                return self._update(entry, entry.data, password, advanced)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(self._given.fields | ACCOUNT_SECTION),
                without_password(user_input or with_advanced(entry.data)),
            ),
            errors=errors,
            description_placeholders={"miner": owner_name(entry)},
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address or password of the same miner."""
        entry: WhatsminerConfigEntry = self._get_reconfigure_entry()
        if is_site(entry):
            return await self.async_step_reconfigure_site()
        errors: Errors = {}
        if user_input is None:
            self._given = GivenPassword(entry.data.get(CONF_PASSWORD, ""))
        else:
            password, errors = self._given.read(user_input)
            address, wrong = read_address(user_input)
            advanced, misread = read_advanced(user_input)
            errors |= wrong | misread
            if not errors:
                # The stored password is not tried: it may stay while the miner refuses it.
                is_same = advanced.account == entry.data.get(CONF_ACCOUNT, "")
                new = self._given.last if password and is_same else password
                await async_forget_protocol(self.hass, entry)
                errors = await self._async_check(entry, address, new, advanced)
                if errors.get("base") == "wrong_miner":
                    errors = {CONF_HOST: "wrong_miner"}
            if not errors:
                host, port = address
                data = {**entry.data, CONF_HOST: host, CONF_PORT: port}
                return self._update(entry, data, password, advanced)
            if CONF_PASSWORD in errors:
                self._given.refuse()
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(
                    ADDRESS_FIELDS | self._given.fields | PORT_AND_ACCOUNT_SECTION
                ),
                without_password(user_input or with_advanced(entry.data)),
            ),
            errors=errors,
            description_placeholders={"miner": owner_name(entry)},
        )

    async def _async_check(
        self,
        entry: WhatsminerConfigEntry,
        address: Address,
        password: str,
        advanced: Advanced,
    ) -> Errors:
        """Return the errors for the form: the miner is not there, or refuses the password."""
        if entry_at_address(self.hass, address) not in (None, entry):
            return {"base": "wrong_miner"}
        # By the client that the entry uses: a miner copes with one connection at a time.
        client = client_for_entry(self.hass, entry)
        if (client.address, client.v3_port) != (address, advanced.v3_port):
            v2_only = client.v2_only
            client = Miner(*address, v3_port=advanced.v3_port, mac=entry.unique_id)
            client.v2_only = v2_only
        found, errors = await async_read(client)
        if not found:
            return errors
        return await async_check_password(client, password, advanced.account)

    def _update(
        self,
        entry: WhatsminerConfigEntry,
        data: Mapping[str, Any],
        password: str,
        advanced: Advanced,
    ) -> ConfigFlowResult:
        """Give an entry its data and password; the result says if there are readings only."""
        kept = without_password(data)
        for key in (CONF_V3_PORT, CONF_ACCOUNT):
            kept.pop(key, None)
        data = kept | advanced_data(advanced.v3_port, advanced.account)
        if password:
            return self.async_update_reload_and_abort(
                entry, data={**data, CONF_PASSWORD: password}
            )
        result = self.async_update_reload_and_abort(
            entry, data=data, reason="read_only"
        )
        result["description_placeholders"] = {"miner": owner_name(entry)}
        return result
