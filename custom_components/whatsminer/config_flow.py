"""Adds a miner by its address, and changes the address or password of an entry."""

from collections.abc import Mapping
from typing import Any, Final, override

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import callback
from homeassistant.helpers.selector import BooleanSelector

from .api import Miner
from .const import DOMAIN
from .discovery_flow import DiscoverySteps
from .entries.lookup import entry_at_address
from .flow_helpers import (
    ADDRESS_FIELDS,
    PASSWORD_FIELD,
    Errors,
    async_abort_if_known_boards,
    async_check_password,
    async_read,
    read_address,
    without_password,
)
from .migration import VERSION
from .miner.record import Address, address_of, client_for_entry
from .models import WhatsminerConfigEntry
from .options_flow import WhatsminerOptionsFlow
from .scan_flow import ScanSteps

CONF_READ_ONLY: Final = "read_only"

MANUAL_SCHEMA: Final = probatio.Schema({**ADDRESS_FIELDS, **PASSWORD_FIELD})
REAUTH_SCHEMA: Final = probatio.Schema(PASSWORD_FIELD)


class WhatsminerConfigFlow(ScanSteps, DiscoverySteps, domain=DOMAIN):
    """The config flow; its steps for scans and discoveries are in files of their own."""

    VERSION = VERSION

    @staticmethod
    @callback
    @override
    def async_get_options_flow(
        config_entry: WhatsminerConfigEntry,
    ) -> WhatsminerOptionsFlow:
        """Return the options flow."""
        return WhatsminerOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu of the ways to add a miner."""
        return self.async_show_menu(step_id="user", menu_options=["scan", "manual"])

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the miner at an address."""
        errors: Errors = {}
        if user_input is not None:
            address, errors = read_address(user_input)
            if not errors:
                if entry_at_address(self.hass, address):
                    return self.async_abort(reason="already_configured")
                client = Miner(*address)
                found, errors = await async_read(client)
                if found:
                    await self.async_set_unique_id(found.mac, raise_on_progress=False)
                    self._abort_if_unique_id_configured(
                        updates={CONF_HOST: found.host, CONF_PORT: found.port}
                    )
                    await async_abort_if_known_boards(self.hass, found)
                    password = user_input.get(CONF_PASSWORD, "")
                    errors = await async_check_password(client, password)
                    if not errors:
                        return self.async_create_entry(
                            title=found.title, data=found.entry_data(password)
                        )
        return self.async_show_form(
            step_id="manual",
            data_schema=self.add_suggested_values_to_schema(
                MANUAL_SCHEMA, without_password(user_input)
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
        self.context["title_placeholders"] = {"host": host, "miner": entry.title}
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the new password; without one there are readings only from now on."""
        entry: WhatsminerConfigEntry = self._get_reauth_entry()
        errors: Errors = {}
        if user_input is not None:
            password = user_input.get(CONF_PASSWORD, "")
            if password:
                errors = await self._async_check(entry, address_of(entry), password)
            if not errors:
                return self.async_update_reload_and_abort(
                    entry, data=_with_password(entry.data, password)
                )
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=REAUTH_SCHEMA,
            errors=errors,
            description_placeholders={"miner": entry.title},
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address or password of the same miner."""
        entry: WhatsminerConfigEntry = self._get_reconfigure_entry()
        old = entry.data.get(CONF_PASSWORD, "")
        errors: Errors = {}
        if user_input is not None:
            address, errors = read_address(user_input)
            new = user_input.get(CONF_PASSWORD, "")
            if new and user_input.get(CONF_READ_ONLY):
                errors[CONF_READ_ONLY] = "password_and_read_only"
            if not errors:
                errors = await self._async_check(entry, address, new)
                if errors.get("base") == "wrong_miner":
                    errors = {CONF_HOST: "wrong_miner"}
            if not errors:
                host, port = address
                password = "" if user_input.get(CONF_READ_ONLY) else new or old
                return self.async_update_reload_and_abort(
                    entry,
                    data=_with_password(
                        {**entry.data, CONF_HOST: host, CONF_PORT: port}, password
                    ),
                )
        # An empty field keeps the password, so another field is needed to remove it.
        read_only = {
            probatio.Required(CONF_READ_ONLY, default=False): BooleanSelector()
        }
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                MANUAL_SCHEMA.extend(read_only) if old else MANUAL_SCHEMA,
                without_password(user_input or entry.data),
            ),
            errors=errors,
            description_placeholders={"miner": entry.title},
        )

    async def _async_check(
        self, entry: WhatsminerConfigEntry, address: Address, password: str
    ) -> Errors:
        """Return the errors for the form: the miner is not there, or refuses the password."""
        if entry_at_address(self.hass, address) not in (None, entry):
            return {"base": "wrong_miner"}
        if address == address_of(entry):
            # By the client that the entry uses: a miner copes with one connection at a time.
            client = client_for_entry(self.hass, entry)
        else:
            client = Miner(*address, mac=entry.unique_id)
        found, errors = await async_read(client)
        return await async_check_password(client, password) if found else errors


def _with_password(data: Mapping[str, Any], password: str) -> dict[str, Any]:
    return {
        **without_password(data),
        **({CONF_PASSWORD: password} if password else {}),
    }
