"""Mends what an issue tells of, together with the owner of the miner."""

from abc import abstractmethod
from typing import Any, Final, override

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import TextSelector

from .api import (
    InvalidTextError,
    Miner,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .const import DEFAULT_PASSWORD, DOMAIN
from .coordinator import WhatsminerConfigEntry, WhatsminerCoordinator
from .entries.discovery import async_own_networks, async_scan, network_around
from .entries.relocation import (
    Address,
    async_adopt,
    async_place,
    entry_of,
    hosts_in_use,
    is_well,
    set_address,
    tenant_of,
)
from .flow_helpers import PASSWORD_SELECTOR, Errors
from .issues import ENTRY_ID, Issue
from .miner.record import address_of


class MinerRepair(RepairsFlow):
    """One form about one miner; what `async_mend` returns are its errors, none when all is well."""

    schema: probatio.Schema = probatio.Schema({})
    # As the issue was shown last; it is gone while the miner is not set up.
    _placeholders: dict[str, str] | None = None

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what is to be done, and see whether it was."""
        errors: Errors = {}
        if (entry := self.entry) and user_input is not None:
            errors = await self.async_mend(entry, user_input)
        if self.entry is None:  # it may have been removed at any time
            return self.async_abort(reason="no_miner")
        if user_input is not None and not errors:
            return self.async_create_entry(data={})
        if issue := ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id):
            self._placeholders = issue.translation_placeholders
        return self.async_show_form(
            step_id="confirm",
            data_schema=self.schema,
            errors=errors,
            description_placeholders=self._placeholders,
        )

    @property
    def entry(self) -> WhatsminerConfigEntry | None:
        """The entry of the miner, None when it was removed."""
        assert self.data
        return self.hass.config_entries.async_get_entry(str(self.data[ENTRY_ID]))

    @abstractmethod
    async def async_mend(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Mend it."""


class WriteAccessRepair(MinerRepair):
    """Look again, once the owner has switched the API on."""

    @override
    async def async_mend(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Look whether the miner takes commands now."""
        if not is_well(entry):
            return {"base": "not_loaded"}
        coordinator = entry.runtime_data
        if await coordinator.access.async_look_again(coordinator.data):
            coordinator.async_update_listeners()
            return {}
        return {"base": "write_access_closed"}


class DefaultPasswordRepair(MinerRepair):
    """Take a password that the owner has set, or else set it at the miner."""

    schema = probatio.Schema(
        {probatio.Required(probatio.Secret(CONF_PASSWORD)): PASSWORD_SELECTOR}
    )

    @override
    async def async_mend(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Use the password, whether the miner has it already or gets it now."""
        password = user_input[CONF_PASSWORD]
        if password == DEFAULT_PASSWORD:
            return {CONF_PASSWORD: "default_password"}
        if not is_well(entry):
            return {"base": "not_loaded"}
        try:
            await self._async_use(entry.runtime_data, password)
        except WriteAccessClosedError:  # as long as it is, any password seems right
            return {"base": "change_in_tool"}
        except InvalidTextError:
            return {CONF_PASSWORD: "invalid_password"}
        except WrongPasswordError:
            # Neither this one nor the default one is the miner's.
            return {CONF_PASSWORD: "wrong_password"}
        except WhatsminerError:
            return {"base": "not_there"}
        return {}

    async def _async_use(
        self, coordinator: WhatsminerCoordinator, password: str
    ) -> None:
        try:
            await coordinator.miner.check_password(password)
        except WrongPasswordError:
            await coordinator.changeover.async_change_password(password)
        else:
            coordinator.changeover.adopt(password)
            # Under it the miner may take commands, and nobody has to be asked for it again.
            self.hass.config_entries.async_schedule_reload(
                coordinator.config_entry.entry_id
            )


class WrongMinerRepair(MinerRepair):
    """Find a miner whose address another one has: at the address that is entered, or by a scan."""

    schema = probatio.Schema({probatio.Optional(CONF_HOST): TextSelector()})

    @override
    async def async_mend(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Look for it, and let the entry follow."""
        left = address_of(entry)
        if host := user_input.get(CONF_HOST, "").strip():
            return await self._async_move(entry, (host, left[1]))
        near = await async_own_networks(self.hass, widest=24)
        scan = await async_scan(
            {*near, *network_around(left[0])}, skip=hosts_in_use(self.hass)
        )
        await async_place(self.hass, *scan.miners)
        if (
            is_well(entry)
            or address_of(entry) != left
            or any(found.mac == entry.unique_id for found in scan.miners)
        ):
            return {}
        return {"base": "not_found"}

    async def _async_move(
        self, entry: WhatsminerConfigEntry, address: Address
    ) -> Errors:
        if tenant_of(self.hass, address) not in (None, entry):
            return {CONF_HOST: "wrong_miner"}
        if error := await _async_error(Miner(*address, mac=entry.unique_id)):
            return {CONF_HOST: error}
        set_address(self.hass, entry, address)
        return {}


async def _async_error(miner: Miner) -> str | None:
    """Return what is wrong if a miner is not where it should be."""
    try:
        await miner.poll()
    except WrongMinerError:
        return "wrong_miner"
    except WhatsminerError:
        return "not_there"
    return None


class NewControlBoardRepair(MinerRepair):
    """Go on with a miner whose control board was replaced."""

    @override
    async def async_mend(
        self, entry: WhatsminerConfigEntry, user_input: dict[str, Any]
    ) -> Errors:
        """Make sure that it is still there, and adopt it."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        if issue is None:  # the old one answers again
            return {}
        assert issue.data
        mac = str(issue.data[CONF_MAC])
        address = str(issue.data[CONF_HOST]), int(issue.data[CONF_PORT] or 0)
        if error := await _async_error(Miner(*address, mac=mac)):
            return {"base": error}
        if entry_of(self.hass, mac):
            return {"base": "already_configured"}
        await async_adopt(self.hass, entry, mac, address)
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
    assert data
    return _REPAIRS[Issue(issue_id.removesuffix(f"_{data[ENTRY_ID]}"))]()
