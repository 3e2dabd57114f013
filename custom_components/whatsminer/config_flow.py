"""Adds a miner, and asks again when its password stops working."""

from collections.abc import Mapping
import logging
from typing import Any, Final, override

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.config_entries import ConfigEntryState, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .api import (
    DEFAULT_PORT,
    Miner,
    Snapshot,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from .const import DOMAIN
from .coordinator import WhatsminerConfigEntry
from .errors import translation_key
from .options_flow import WhatsminerOptionsFlow

_LOGGER = logging.getLogger(__name__)

# What miners are called until somebody names them.
_FACTORY_HOSTNAME: Final = "whatsminer"

_PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
MANUAL_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_HOST): TextSelector(
            TextSelectorConfig(autocomplete="off")
        ),
        # Its range is checked in the step, where the answer can be a translated one.
        probatio.Required(CONF_PORT, default=DEFAULT_PORT): NumberSelector(
            NumberSelectorConfig(mode=NumberSelectorMode.BOX, step=1)
        ),
        probatio.Optional(probatio.Secret(CONF_PASSWORD)): _PASSWORD,
    }
)
REAUTH_SCHEMA: Final = probatio.Schema(
    {probatio.Required(probatio.Secret(CONF_PASSWORD)): _PASSWORD}
)


class WhatsminerConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle everything that is asked of the owner of a miner."""

    # 1 to 3 were two earlier integrations of this domain.
    VERSION = 4

    @staticmethod
    @callback
    @override
    def async_get_options_flow(
        config_entry: WhatsminerConfigEntry,
    ) -> WhatsminerOptionsFlow:
        """Return what the button "Configure" begins."""
        return WhatsminerOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin; there is one way in so far."""
        return await self.async_step_manual(user_input)

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the miner at an address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            host = user_input[CONF_HOST].strip()
            port = user_input[CONF_PORT]
            password = user_input.get(CONF_PASSWORD, "")
            if not host:
                errors[CONF_HOST] = "invalid_host"
            elif not (1 <= port <= 65535 and port == int(port)):
                errors[CONF_PORT] = "invalid_port"
            else:
                address = {CONF_HOST: host, CONF_PORT: int(port)}
                if self._is_polled(address):
                    return self.async_abort(reason="already_configured")
                miner = Miner(host, int(port))
                snapshot, errors = await self._async_read(miner)
                if snapshot is not None:
                    assert miner.mac is not None
                    await self.async_set_unique_id(miner.mac, raise_on_progress=False)
                    self._abort_if_unique_id_configured(updates=address)
                    if password:
                        errors = await self._async_check_password(miner, password)
                    if not errors:
                        data = {**address, CONF_MAC: miner.mac}
                        if password:
                            data[CONF_PASSWORD] = password
                        return self.async_create_entry(
                            title=_title(snapshot, miner.mac), data=data
                        )
        known = {
            key: value
            for key, value in (user_input or {}).items()
            if key != CONF_PASSWORD
        }
        return self.async_show_form(
            step_id="manual",
            data_schema=self.add_suggested_values_to_schema(MANUAL_SCHEMA, known),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin when the password stopped working."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the new password."""
        entry: WhatsminerConfigEntry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            password = user_input[CONF_PASSWORD]
            if entry.state is ConfigEntryState.LOADED:
                # Over the line that is there: a miner copes with one connection at a time.
                miner = entry.runtime_data.miner
            else:
                miner = Miner(
                    entry.data[CONF_HOST], entry.data[CONF_PORT], mac=entry.unique_id
                )
            errors = (await self._async_read(miner))[1]
            if not errors:
                errors = await self._async_check_password(miner, password)
            if not errors:
                return self.async_update_reload_and_abort(
                    entry, data_updates={CONF_PASSWORD: password}
                )
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=REAUTH_SCHEMA,
            errors=errors,
            description_placeholders={"miner": entry.title},
        )

    def _is_polled(self, address: Mapping[str, Any]) -> bool:
        """Tell whether a miner is known to be there, which a second connection would disturb."""
        return any(
            entry.state is ConfigEntryState.LOADED
            and entry.runtime_data.last_update_success
            and address.items() <= entry.data.items()
            for entry in self._async_current_entries()
        )

    async def _async_read(self, miner: Miner) -> tuple[Snapshot | None, dict[str, str]]:
        """Return what a miner says, or the error for the form."""
        try:
            return await miner.poll(), {}
        except WhatsminerError as err:
            _LOGGER.debug("No miner could be read: %s", err)
            return None, {"base": translation_key(err)}

    async def _async_check_password(
        self, miner: Miner, password: str
    ) -> dict[str, str]:
        """Return the errors for the form; a closed write access is none."""
        try:
            await miner.check_password(password)
        except WriteAccessClosedError:
            return {}  # the coordinator raises a repair for it
        except WrongPasswordError:
            return {CONF_PASSWORD: "wrong_password"}
        except WhatsminerError as err:
            return {"base": translation_key(err)}
        return {}


def _title(snapshot: Snapshot, mac: str) -> str:
    """Return the name that somebody gave the miner, else its model and a part of its MAC."""
    hostname = snapshot.info.hostname
    if hostname and hostname.lower() != _FACTORY_HOSTNAME:
        return hostname
    return f"{snapshot.model or 'Whatsminer'} {mac.replace(':', '')[-4:].upper()}"
