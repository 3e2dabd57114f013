"""Scans networks for miners to add."""

import asyncio
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_HOST
from homeassistant.helpers.selector import TextSelector

from .const import CONF_MINERS
from .entries.lookup import hosts_in_use, is_at_address, miner_entries
from .entries.relocation import async_relocate_and_match
from .entries.scan import Scan, async_own_networks, async_scan, parse_networks
from .flow_helpers import Errors
from .listing import names
from .names import owner_name
from .pick_flow import PickSteps

CONF_NETWORKS: Final = "networks"

SCAN_SCHEMA: Final = probatio.Schema({probatio.Required(CONF_NETWORKS): TextSelector()})


class ScanSteps(PickSteps):
    """The steps of a config flow that scans networks for miners to pick from."""

    _networks: Sequence[IPv4Network] = ()
    _scanning: asyncio.Task[Scan] | None = None

    async def async_step_scan(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which networks to scan."""
        own = await async_own_networks(self.hass)
        errors: Errors = {}
        if user_input is not None:
            try:
                self._networks = parse_networks(user_input[CONF_NETWORKS], own)
            except ValueError as err:
                errors[CONF_NETWORKS] = str(err)
            else:
                self._scanning = None
                return await self.async_step_scanning()
        return self._show_scan(
            user_input or {CONF_NETWORKS: ", ".join(map(str, own))}, errors
        )

    def _show_scan(
        self,
        values: Mapping[str, Any],
        errors: Errors,
        placeholders: Mapping[str, str] | None = None,
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="scan",
            data_schema=self.add_suggested_values_to_schema(SCAN_SCHEMA, values),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_scanning(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Scan; hosts of miners that are known to answer are left out."""
        if self._scanning is None:
            self._scanning = self.hass.async_create_task(
                async_scan(
                    self._networks,
                    skip=hosts_in_use(self.hass),
                    progress=self.async_update_progress,
                ),
                "Whatsminer scan",
            )
        if not self._scanning.done():
            return self.async_show_progress(
                step_id="scanning",
                progress_action="scanning",
                description_placeholders={"networks": names(self._networks)},
                progress_task=self._scanning,
            )
        return self.async_show_progress_done(next_step_id="found")

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Separate new miners from known ones, which are relocated."""
        assert self._scanning
        scan = self._scanning.result()
        placed = await async_relocate_and_match(self.hass, *scan.miners)
        self._new = {
            found.mac: found for found in scan.miners if found.mac not in placed
        }
        known = {entry.entry_id: owner_name(entry) for entry in placed.values()} | {
            entry.entry_id: owner_name(entry)
            for entry in miner_entries(self.hass)
            if is_at_address(entry)
            and _may_be_in(entry.data[CONF_HOST], self._networks)
        }
        self._known = sorted(known.values())
        self._unready = scan.unready
        self._without_mac = scan.without_mac
        ignored = self._ignored()
        self._picks = {CONF_MINERS: [mac for mac in self._new if mac not in ignored]}
        if self._new:
            return self._show_pick({})
        return self._show_scan(
            {CONF_NETWORKS: ", ".join(map(str, self._networks))},
            {"base": "nothing_new" if self._known else "nothing_found"},
            self._summary(),
        )


def _may_be_in(host: str, networks: Sequence[IPv4Network]) -> bool:
    """Return whether a host may be in some networks; a host name may be anywhere."""
    try:
        address = IPv4Address(host)
    except ValueError:
        return True
    return any(address in each for each in networks)
