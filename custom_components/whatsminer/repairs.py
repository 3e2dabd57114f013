"""Repairs of the issues, with the help of the owner."""

from abc import abstractmethod
import re
from typing import Any, Final, override

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import TextSelector

from .actions.change_password import async_change_password
from .api import (
    DefaultPasswordError,
    InvalidTextError,
    Miner,
    RefusedError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
    limits,
)
from .const import CONF_V3_PORT, DOMAIN
from .coordinator import WhatsminerCoordinator
from .entries.lookup import entry_at_address, entry_for_mac, hosts_in_use, is_at_address
from .entries.new_control_board import async_replace_control_board
from .entries.relocation import async_relocate_and_match, relocate
from .entries.scan import async_own_networks, async_scan, network_around
from .flow_helpers import (
    PASSWORD_FIELD,
    PASSWORD_SELECTOR,
    Errors,
    GivenPassword,
    without_password,
)
from .issues import ENTRY_ID, Issue
from .miner.record import Address, address_of, client_at
from .models import WhatsminerConfigEntry
from .v3_password_repair import V3PasswordRepair


class MinerRepair(ConfirmRepairFlow):
    """A repair that is one form: `async_repair` returns its errors, none when it is done."""

    schema: probatio.Schema = probatio.Schema({})
    # As the issue was shown last; it is gone while the miner is not set up.
    _placeholders: dict[str, str] | None = None

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show what the owner has to do, and repair it when the form is submitted."""
        errors: Errors = {}
        if (entry := self.entry) and user_input is not None:
            errors = await self.async_repair(entry, user_input)
        if self.entry is None:  # it may have been removed at any time
            return self.async_abort(reason="no_miner")
        if user_input is not None and not errors:
            return self.async_create_entry(data={})
        if issue := ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id):
            self._placeholders = issue.translation_placeholders
        return self.async_show_form(
            step_id="confirm",
            data_schema=self.add_suggested_values_to_schema(
                self.schema, without_password(user_input)
            ),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    @property
    def entry(self) -> WhatsminerConfigEntry | None:
        """The entry of the miner, None if it was removed."""
        assert self.data
        return self.hass.config_entries.async_get_entry(str(self.data[ENTRY_ID]))

    @abstractmethod
    async def async_repair(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Repair the issue, and return the errors of the form."""


class WriteAccessRepair(MinerRepair):
    """Probe write access again, after the owner has switched the API on."""

    @override
    async def async_repair(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Probe whether the miner takes commands now."""
        if not is_at_address(entry):
            return {"base": "not_loaded"}
        coordinator = entry.runtime_data.coordinator
        if await coordinator.write_access.async_probe_now():
            coordinator.async_update_listeners()
            return {}
        return {"base": "write_access_closed"}


class DefaultPasswordRepair(MinerRepair):
    """Use a password that the owner has set at the miner, or else set it there."""

    schema = probatio.Schema(
        {probatio.Required(probatio.Secret(CONF_PASSWORD)): PASSWORD_SELECTOR}
    )

    def __init__(self) -> None:
        """Begin without a password."""
        super().__init__()
        self._given = GivenPassword()

    @override
    async def async_repair(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Use the password, whether the miner has it already or gets it now."""
        password, _ = self._given.read(user_input)
        if not password:
            return {CONF_PASSWORD: "invalid_password"}
        self.schema = probatio.Schema(PASSWORD_FIELD)  # it need not be given again
        errors = await self._async_try(entry, password)
        # What was set in the tool may have another form, so the miner is asked first.
        if errors and not _password_pattern(entry).fullmatch(password):
            errors[CONF_PASSWORD] = "invalid_password"
        return errors

    async def _async_try(self, entry: WhatsminerConfigEntry, password: str) -> Errors:
        if not is_at_address(entry):
            return {"base": "not_loaded"}
        coordinator = entry.runtime_data.coordinator
        if password == coordinator.client.account:
            return {CONF_PASSWORD: "default_password"}
        try:
            await self._async_use(coordinator, password)
        except WriteAccessClosedError:  # while it is closed, any password seems right
            return {"base": "change_in_tool"}
        except DefaultPasswordError:  # with which V3 lets nobody change it
            return {"base": "change_in_tool"}
        except InvalidTextError:
            return {CONF_PASSWORD: "invalid_password"}
        except WrongPasswordError:
            # Neither this one nor the default one is the miner's.
            return {CONF_PASSWORD: "wrong_password"}
        except RefusedError as err:  # some firmware says so of its default password
            is_about_password = "password" in err.reason.lower()
            return {"base": "change_in_tool" if is_about_password else "not_there"}
        except WhatsminerError:
            return {"base": "not_there"}
        return {}

    async def _async_use(
        self, coordinator: WhatsminerCoordinator, password: str
    ) -> None:
        try:
            client = coordinator.client
            await client.check_password(password, client.account)
        except WrongPasswordError:
            await async_change_password(coordinator, password)
        else:
            coordinator.credentials.adopt(password)
            # Under it the miner may take commands, and no dialogue has to ask for it again.
            self.hass.config_entries.async_schedule_reload(
                coordinator.config_entry.entry_id
            )


def _password_pattern(entry: WhatsminerConfigEntry) -> re.Pattern[str]:
    """Return what the miner of an entry takes as a password, as far as that is known."""
    if not is_at_address(entry):
        return limits.LONG_PASSWORD
    coordinator = entry.runtime_data.coordinator
    return coordinator.capabilities.limits.password


class WrongMinerRepair(MinerRepair):
    """Find a miner at whose address another one is: at a host that is entered, or by a scan."""

    schema = probatio.Schema({probatio.Optional(CONF_HOST): TextSelector()})

    @override
    async def async_repair(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Search for the miner, and relocate its entry."""
        left = address_of(entry)
        if host := user_input.get(CONF_HOST, "").strip():
            return await self._async_move(entry, (host, left[1]))
        near = await async_own_networks(self.hass, widest=24)
        scan = await async_scan(
            {*near, *network_around(left[0])}, skip=hosts_in_use(self.hass)
        )
        await async_relocate_and_match(self.hass, *scan.miners)
        if (
            is_at_address(entry)
            or address_of(entry) != left
            or any(found.mac == entry.unique_id for found in scan.miners)
        ):
            return {}
        return {"base": "not_found"}

    async def _async_move(
        self, entry: WhatsminerConfigEntry, address: Address
    ) -> Errors:
        if entry_at_address(self.hass, address) not in (None, entry):
            return {CONF_HOST: "wrong_miner"}
        if error := await _async_error(client_at(entry, address)):
            return {CONF_HOST: error}
        relocate(self.hass, entry, address)
        return {}


async def _async_error(client: Miner) -> str | None:
    """Return the error if a miner is not where it should be."""
    try:
        await client.poll()
    except WrongMinerError:
        return "wrong_miner"
    except WhatsminerError:
        return "not_there"
    return None


class NewControlBoardRepair(MinerRepair):
    """Use the new control board of a miner."""

    @override
    async def async_repair(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Replace the control board, if the miner is still at the address."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        if issue is None:  # the old one answers again
            return {}
        assert issue.data
        mac = str(issue.data[CONF_MAC])
        address = str(issue.data[CONF_HOST]), int(issue.data[CONF_PORT] or 0)
        client = Miner(*address, v3_port=entry.data.get(CONF_V3_PORT), mac=mac)
        if error := await _async_error(client):
            return {"base": error}
        if entry_for_mac(self.hass, mac):
            return {"base": "already_configured"}
        await async_replace_control_board(self.hass, entry, mac, address)
        return {}


_REPAIRS: Final[dict[Issue, type[MinerRepair]]] = {
    Issue.DEFAULT_PASSWORD: DefaultPasswordRepair,
    Issue.NEW_CONTROL_BOARD: NewControlBoardRepair,
    Issue.WRITE_ACCESS_CLOSED: WriteAccessRepair,
    Issue.WRONG_MINER: WrongMinerRepair,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the repair of an issue."""
    if issue_id == Issue.V3_PASSWORD:
        return V3PasswordRepair()
    assert data
    return _REPAIRS[Issue(issue_id.removesuffix(f"_{data[ENTRY_ID]}"))]()
