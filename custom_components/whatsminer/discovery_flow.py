"""Offers miners that were discovered: by DHCP, or by a scan whose finder did not pick them."""

from typing import Any, override

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_PASSWORD
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.typing import DiscoveryInfoType

from .api import Miner
from .discovery import Found
from .forms import (
    PASSWORD_FIELD,
    Errors,
    async_check_password,
    async_read,
    async_refuse_known_boards,
)
from .miners import address_of
from .whereabouts import async_follow, entry_of

CONFIRM_SCHEMA = probatio.Schema(PASSWORD_FIELD)


class DiscoverySteps(ConfigFlow):
    """Look at a miner that was discovered, and ask for no more than its password."""

    # What is known of it; without a model if it did not answer yet.
    _found: Found

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Find a miner that asked for an address, or find it again at another one."""
        mac = format_mac(discovery_info.macaddress)
        host = discovery_info.ip
        if entry := entry_of(self.hass, mac):
            _, port = address_of(entry)
            await async_follow(self.hass, {mac: (host, port)})
            return self.async_abort(reason="already_configured")
        await self._async_claim(mac, host)
        self._abort_if_unique_id_configured()  # it is ignored
        self._found = Found(host=host, mac=mac, hostname=discovery_info.hostname)
        found, errors = await async_read(Miner(host))
        if errors.get("base") == "not_a_whatsminer":
            return self.async_abort(reason="not_a_whatsminer")
        if found:  # one that has just started does not answer yet
            return await self._async_offer(found)
        return self._show_confirm({})

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Offer a miner that a scan has found."""
        return await self._async_offer(Found(**discovery_info))

    async def _async_claim(self, mac: str, host: str) -> None:
        """Be the only flow about a miner, in place of one that knows it at an old address."""
        for flow in self._async_in_progress(match_context={"unique_id": mac}):
            shown = flow["context"].get("title_placeholders", {})
            if shown.get("host", host) != host:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        await self.async_set_unique_id(mac)

    async def _async_offer(self, found: Found) -> ConfigFlowResult:
        """Offer a miner unless it is known, which its boards may tell, too."""
        if self.unique_id != found.mac:
            await self._async_claim(found.mac, found.host)
        self._abort_if_unique_id_configured()
        await async_refuse_known_boards(self.hass, found)
        self._found = found
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
            self._found = found
            errors = await async_check_password(miner, password)
            if not errors:
                return self.async_create_entry(
                    title=found.title, data=found.entry_data(password)
                )
        return self._show_confirm(errors)

    def _show_confirm(self, errors: Errors) -> ConfigFlowResult:
        found = self._found
        model = found.model or "Whatsminer"
        self.context["title_placeholders"] = {
            "host": found.host,
            "miner": found.label,
        }
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=CONFIRM_SCHEMA,
            errors=errors,
            description_placeholders={
                "host": found.host,
                "miner": found.title,
                "model": model,
            },
        )
