"""The repair for miners whose V3 refuses the password that V2 takes."""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .api import V3_ACCOUNT
from .const import CONF_ACCOUNT
from .entries.error_isolation import async_for_each
from .entries.lookup import is_at_address
from .flow_helpers import (
    ACCOUNT_FIELD,
    PASSWORD_FIELD,
    Errors,
    GivenPassword,
    async_check_password,
    read_account,
    without_password,
)
from .issues import sharing_miners
from .listing import names
from .markdown import escape_markdown
from .models import WhatsminerConfigEntry

_MINERS: Final = "miners"
_TRIED_AT_ONCE: Final = 16


class V3PasswordRepair(ConfirmRepairFlow):
    """Give some or all of the miners an account of V3, and its password."""

    def __init__(self) -> None:
        """Begin without a password."""
        super().__init__()
        self._given = GivenPassword()

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the miners, the account and the password; use them where they are right."""
        errors: Errors = {}
        failed: Mapping[str, Errors] = {}
        if user_input is not None:
            password, errors = self._given.read(user_input)
            account, wrong = read_account(user_input)
            account = account or V3_ACCOUNT
            errors |= wrong
            chosen: list[str] = user_input[_MINERS]
            if not errors and not chosen:
                errors = {_MINERS: "no_miner"}
            if not errors and not password:
                errors = {CONF_PASSWORD: "no_password"}
            if not errors:
                failed = await self._async_use(chosen, account, password)
                if not failed:
                    return self.async_create_entry(data={})
                errors = _errors_for(failed)
        miners = sharing_miners(self.hass)
        if not miners:  # they take the password by now, or were removed
            return self.async_create_entry(data={})
        filled_in = without_password(user_input) or {CONF_ACCOUNT: V3_ACCOUNT}
        wanted = failed or filled_in.get(_MINERS, miners)
        filled_in[_MINERS] = [entry_id for entry_id in miners if entry_id in wanted]
        return self.async_show_form(
            step_id="confirm",
            data_schema=self.add_suggested_values_to_schema(_schema(miners), filled_in),
            errors=errors,
            description_placeholders={
                "miners": names(sorted(map(escape_markdown, miners.values()))),
                "failed": names(
                    sorted(miners[each] for each in failed if each in miners)
                ),
            },
        )

    async def _async_use(
        self, chosen: list[str], account: str, password: str
    ) -> Mapping[str, Errors]:
        """Use an account where its password is right; return the errors of the other miners."""
        entries = [
            entry
            for entry_id in chosen
            if (entry := self.hass.config_entries.async_get_entry(entry_id))
        ]

        async def try_at(entry: WhatsminerConfigEntry) -> Errors:
            if not is_at_address(entry):
                return {"base": "not_loaded"}
            client = entry.runtime_data.coordinator.client
            errors = await async_check_password(
                client, password, account, closed="write_access_closed"
            )
            if not errors:
                self.hass.config_entries.async_update_entry(
                    entry, data=_data(entry, account, password)
                )
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
            return errors

        results = await async_for_each(
            entries, try_at, name=lambda entry: entry.title, limit=_TRIED_AT_ONCE
        )
        return {
            entry.entry_id: errors or {"base": "unknown"}
            for entry, errors in zip(entries, results, strict=True)
            if errors != {}
        }


def _data(entry: ConfigEntry, account: str, password: str) -> dict[str, Any]:
    """Return the data of an entry with an account, which is stored if it is not the usual one."""
    data = {key: value for key, value in entry.data.items() if key != CONF_ACCOUNT}
    usual = account == V3_ACCOUNT
    return data | {CONF_PASSWORD: password} | ({} if usual else {CONF_ACCOUNT: account})


def _schema(miners: Mapping[str, str]) -> probatio.Schema:
    """Return the fields of the form."""
    options = [
        SelectOptionDict(value=entry_id, label=title)
        for entry_id, title in sorted(miners.items(), key=lambda item: item[1])
    ]
    choice = SelectSelectorConfig(
        options=options, multiple=True, mode=SelectSelectorMode.LIST
    )
    return probatio.Schema(
        {
            probatio.Required(_MINERS): SelectSelector(choice),
            **ACCOUNT_FIELD,
            **PASSWORD_FIELD,
        }
    )


def _errors_for(failed: Mapping[str, Errors]) -> Errors:
    """Return the errors of the form, which name the miners that failed."""
    of_passwords = {errors.get(CONF_PASSWORD) for errors in failed.values()}
    if "default_password_refused" in of_passwords:
        return {CONF_PASSWORD: "default_password_refused_at"}
    if "wrong_password" in of_passwords:
        return {CONF_PASSWORD: "wrong_password_at"}
    return {"base": "not_tried_at"}
