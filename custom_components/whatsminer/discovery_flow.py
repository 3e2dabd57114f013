"""Offers miners that were discovered: by DHCP, or by a scan whose finder did not pick them."""

from collections.abc import Iterator
from typing import Any, Final, override

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.typing import DiscoveryInfoType
from homeassistant.util.hass_dict import HassKey

from .api import DEFAULT_PORT, Miner, clean_name
from .const import DOMAIN
from .entries.announcements import async_handle_announcement
from .entries.discovery import Found, is_mac, is_private
from .entries.relocation import entry_of, tenant_of
from .flow_helpers import (
    PASSWORD_FIELD,
    Errors,
    async_check_password,
    async_read,
    async_refuse_known_boards,
)

CONFIRM_SCHEMA = probatio.Schema(PASSWORD_FIELD)
# Anybody can ask for any address in any name, so only so many discoveries wait for somebody who
# adds them, and only so many of these are of miners that did not answer.
MOST_WAITING: Final = 256
MOST_SILENT: Final = 16
_SOURCES: Final = (SOURCE_DHCP, SOURCE_INTEGRATION_DISCOVERY)
# The hosts of those that did not answer, by the ids of their flows.
SILENT: HassKey[dict[str, str]] = HassKey(f"{DOMAIN}_silent")


class DiscoverySteps(ConfigFlow):
    """Look at a miner that was discovered, and ask for no more than its password."""

    # What is known of it; without a model if it did not answer yet.
    _found: Found

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Find a miner that asked for an address, or look for it there if it is known."""
        mac = format_mac(discovery_info.macaddress)
        host = discovery_info.ip
        if not (is_mac(mac) and is_private(host)):
            return self.async_abort(reason="unusable_announcement")
        if entry := entry_of(self.hass, mac):
            await async_handle_announcement(self.hass, entry, host)
            return self.async_abort(reason="already_configured")
        if tenant_of(self.hass, (host, DEFAULT_PORT)):  # nobody else may ask there
            return self.async_abort(reason="already_configured")
        self._refuse_too_many()
        if any("step_id" not in flow for flow in self._others_at(host)):
            return self.async_abort(reason="already_asked")
        await self._async_claim(mac, host)
        self._abort_if_unique_id_configured()  # it is ignored
        name = clean_name(discovery_info.hostname) or None
        self._show_on_tile(Found(host=host, mac=mac, hostname=name))
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
        """Offer a miner that a scan has found."""
        self._refuse_too_many()
        return await self._async_offer(Found(**discovery_info))

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
        """Return the other discoveries; one that is just being looked at has no `step_id`."""
        flows = self._async_in_progress(include_uninitialized=True)
        return [flow for flow in flows if flow["context"]["source"] in _SOURCES]

    def _others_at(self, host: str) -> Iterator[ConfigFlowResult]:
        """Return the other discoveries that are of a host."""
        for flow in self._others():
            if flow["context"].get("title_placeholders", {}).get("host") == host:
                yield flow

    def _refuse_too_many(self) -> None:
        """End the flow if too many discoveries wait already.

        Raises:
            AbortFlow: too many wait.

        """
        if len(self._others()) >= MOST_WAITING:
            raise AbortFlow("too_many_discovered")

    async def _async_claim(self, mac: str, host: str) -> None:
        """Be the only flow about a miner, in place of one that knows it at an old address."""
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

    async def _async_offer(self, found: Found) -> ConfigFlowResult:
        """Offer a miner unless it is known, which its boards may tell, too."""
        if self.unique_id != found.mac:
            await self._async_claim(found.mac, found.host)
        self._abort_if_unique_id_configured()
        await async_refuse_known_boards(self.hass, found)
        self._take_place(found.host)
        self._show_on_tile(found)
        return self._show_confirm({})

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the password."""
        if user_input is None:
            return self._show_confirm({})
        password = user_input.get(CONF_PASSWORD, "")
        miner = Miner(self._found.host, self._found.port, mac=self._found.mac)
        found, errors = await async_read(miner)
        if found:
            # A new control board asks for an address long before it answers for its boards.
            await async_refuse_known_boards(self.hass, found)
            self._end_silence()
            self._show_on_tile(found)
            errors = await async_check_password(miner, password)
            if not errors:
                return self.async_create_entry(
                    title=found.title, data=found.entry_data(password)
                )
        return self._show_confirm(errors)

    def _show_on_tile(self, found: Found) -> None:
        """Go on with what is known of the miner, and name it on the tile."""
        self._found = found
        self.context["title_placeholders"] = {"host": found.host, "miner": found.label}

    def _show_confirm(self, errors: Errors) -> ConfigFlowResult:
        found = self._found
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=CONFIRM_SCHEMA,
            errors=errors,
            description_placeholders={
                "host": found.host,
                "miner": found.title,
                "model": found.model or "Whatsminer",
            },
        )
