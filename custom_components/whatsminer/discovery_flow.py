"""Offers miners that were discovered by DHCP, or by a scan in which they were not picked."""

from collections.abc import Iterator
from typing import Any, Final, override

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigFlowResult,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.typing import DiscoveryInfoType
from homeassistant.util.hass_dict import HassKey

from .api import DEFAULT_PORT, Miner, clean_name
from .const import DOMAIN
from .entries.discovery import DiscoveredMiner, is_mac, is_private
from .entries.lookup import entry_at_address, entry_for_mac
from .entries.missing_miner import async_handle_announcement
from .flow_helpers import (
    ACCOUNT_SECTION,
    Errors,
    PasswordFlow,
    async_abort_if_known_boards,
    async_check_password,
    async_read,
    read_advanced,
    without_password,
)

# Any device can ask for any address in any name, so only so many discoveries wait to be added, and
# only so many of these are of miners that did not answer.
MOST_WAITING: Final = 256
MOST_SILENT: Final = 16
_SOURCES: Final = (SOURCE_DHCP, SOURCE_INTEGRATION_DISCOVERY)
# The hosts of those that did not answer, by the ids of their flows.
SILENT: HassKey[dict[str, str]] = HassKey(f"{DOMAIN}_silent")


class DiscoverySteps(PasswordFlow):
    """The steps of a config flow that a discovery begins; they ask only for a password."""

    # It has no model if it did not answer yet.
    _found: DiscoveredMiner

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Offer a miner that asked for an address by DHCP, or relocate a known one."""
        mac = format_mac(discovery_info.macaddress)
        host = discovery_info.ip
        if not (is_mac(mac) and is_private(host)):
            return self.async_abort(reason="unusable_announcement")
        if entry := entry_for_mac(self.hass, mac):
            await async_handle_announcement(self.hass, entry, host)
            return self.async_abort(reason="already_configured")
        if entry_at_address(
            self.hass, (host, DEFAULT_PORT)
        ):  # no other client may ask there
            return self.async_abort(reason="already_configured")
        self._abort_if_too_many()
        if any("step_id" not in flow for flow in self._others_at(host)):
            return self.async_abort(reason="already_asked")
        await self._async_claim(mac, host)
        self._abort_if_unique_id_configured()  # it is ignored
        name = clean_name(discovery_info.hostname) or None
        self._show_on_tile(DiscoveredMiner(host=host, mac=mac, hostname=name))
        found, errors = await async_read(Miner(host))
        if errors.get("base") == "not_a_whatsminer":
            return self.async_abort(reason="not_a_whatsminer")
        if found:  # one that has just started does not answer yet
            return await self._async_offer(found)
        silent = self.hass.data.setdefault(SILENT, {})
        if sum(each != host for each in silent.values()) >= MOST_SILENT:
            return self.async_abort(reason="too_many_discovered")
        self._take_place(host)
        silent[self.flow_id] = host
        return self._show_confirm({})

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Offer a miner that a scan found."""
        self._abort_if_too_many()
        return await self._async_offer(DiscoveredMiner(**discovery_info))

    @override
    @callback
    def async_remove(self) -> None:
        """Make room for another one."""
        super().async_remove()
        self._end_silence()

    def _end_silence(self) -> None:
        """Stop counting this flow as that of a miner that did not answer."""
        self.hass.data.get(SILENT, {}).pop(self.flow_id, None)

    def _others(self) -> list[ConfigFlowResult]:
        """Return the other discoveries; one whose miner is just being read has no `step_id`."""
        flows = self._async_in_progress(include_uninitialized=True)
        return [flow for flow in flows if flow["context"]["source"] in _SOURCES]

    def _others_at(self, host: str) -> Iterator[ConfigFlowResult]:
        """Return the other discoveries that are of a host."""
        for flow in self._others():
            if flow["context"].get("title_placeholders", {}).get("host") == host:
                yield flow

    def _abort_if_too_many(self) -> None:
        """Abort the flow if too many discoveries wait already.

        Raises:
            AbortFlow: too many wait.

        """
        if len(self._others()) >= MOST_WAITING:
            raise AbortFlow("too_many_discovered")

    async def _async_claim(self, mac: str, host: str) -> None:
        """Make this the only flow of a miner, in place of one with an old address of it."""
        for flow in self._async_in_progress(match_context={"unique_id": mac}):
            shown = flow["context"].get("title_placeholders", {})
            if shown.get("host", host) != host:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        await self.async_set_unique_id(mac)

    def _take_place(self, host: str) -> None:
        """End older discoveries at the same host, except open dialogues."""
        for flow in self._others_at(host):
            if "step_id" in flow and not flow["context"].get("dismiss_protected"):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    async def _async_offer(self, found: DiscoveredMiner) -> ConfigFlowResult:
        """Offer a miner unless it is known, by its MAC address or by its hashboards."""
        if self.unique_id != found.mac:
            await self._async_claim(found.mac, found.host)
        self._abort_if_unique_id_configured()
        await async_abort_if_known_boards(self.hass, found)
        self._take_place(found.host)
        self._show_on_tile(found)
        return self._show_confirm({})

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the password."""
        if user_input is None:
            return self._show_confirm({})
        password, errors = self._given.read(user_input)
        advanced, wrong = read_advanced(user_input)
        if errors := errors | wrong:
            return self._show_confirm(errors, user_input)
        client = Miner(
            self._found.host,
            self._found.port,
            v3_port=self._found.v3_port,
            account=advanced.account,
            mac=self._found.mac,
        )
        found, errors = await async_read(client)
        if found:
            # A new control board asks for an address long before it answers for its boards.
            await async_abort_if_known_boards(self.hass, found)
            self._end_silence()
            self._show_on_tile(found)
            errors = await async_check_password(client, password)
            if not errors:
                return self._create(found, password, advanced.account)
        return self._show_confirm(errors, user_input)

    def _show_on_tile(self, found: DiscoveredMiner) -> None:
        """Set the miner of this flow, and show its name and host on the tile."""
        self._found = found
        self.context["title_placeholders"] = {"host": found.host, "miner": found.label}

    def _show_confirm(
        self, errors: Errors, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        found = self._found
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(self._given.fields | ACCOUNT_SECTION),
                without_password(user_input),
            ),
            errors=errors,
            description_placeholders={
                "host": found.host,
                "miner": found.title,
                "model": found.model or "Whatsminer",
            },
        )
