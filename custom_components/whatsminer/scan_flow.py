"""Adds miners, any number of them at once, that a scan of the network found."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_IMPORT,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from .api import Miner
from .const import DOMAIN
from .entries.discovery import DiscoveredMiner
from .entries.error_isolation import async_for_each, async_isolated
from .entries.lookup import hosts_in_use, is_at_address, miner_entries
from .entries.relocation import async_relocate_and_match
from .entries.scan import Scan, async_own_networks, async_scan, parse_networks
from .flow_helpers import PASSWORD_FIELD, Errors, async_check_password, without_password

CONF_MINERS: Final = "miners"
CONF_NETWORKS: Final = "networks"
CONF_OTHERS: Final = "others"
OTHERS: Final = ("show", "ignore")
_PASSWORDS_AT_ONCE: Final = 16
# So many names fit into a sentence.
_MOST_NAMES: Final = 10

SCAN_SCHEMA: Final = probatio.Schema({probatio.Required(CONF_NETWORKS): TextSelector()})


class PickSteps(ConfigFlow):
    """The steps of a config flow that adds the miners that are picked from a list."""

    _adding: asyncio.Task[dict[str, Errors]] | None = None
    # The result of a scan: new miners by their MAC addresses, and titles of known ones.
    _new: Mapping[str, DiscoveredMiner]
    _known: Sequence[str]
    _unready: Sequence[str]
    _without_mac: Sequence[str]
    # What was entered last in the step `pick`.
    _picks: Mapping[str, Any]
    # The picked miners that could not be added.
    _lost: Sequence[DiscoveredMiner] = ()

    def _ignored(self) -> set[str | None]:
        return {
            entry.unique_id
            for entry in self._async_current_entries(include_ignore=True)
            if entry.source == SOURCE_IGNORE
        }

    def _summary(self) -> dict[str, str]:
        """Return the placeholders for what was found."""
        return {
            "count": str(len(self._new)),
            "known": _count(self._known),
            "unready": _count(self._unready),
            "without_mac": _count(self._without_mac),
        }

    def _show_pick(
        self, errors: Errors, failed: Sequence[str] = (), untried: Sequence[str] = ()
    ) -> ConfigFlowResult:
        options = [
            SelectOptionDict(value=mac, label=f"{found.label} ({found.host})")
            for mac, found in self._new.items()
        ]
        schema = probatio.Schema(
            {
                probatio.Required(CONF_MINERS): SelectSelector(
                    SelectSelectorConfig(
                        options=options, multiple=True, mode=SelectSelectorMode.LIST
                    )
                ),
                **PASSWORD_FIELD,
                probatio.Required(CONF_OTHERS, default=OTHERS[0]): SelectSelector(
                    SelectSelectorConfig(
                        options=list(OTHERS),
                        mode=SelectSelectorMode.LIST,
                        translation_key=CONF_OTHERS,
                    )
                ),
            }
        )
        return self.async_show_form(
            step_id="pick",
            data_schema=self.add_suggested_values_to_schema(
                schema, without_password(self._picks)
            ),
            errors=errors,
            description_placeholders={
                **self._summary(),
                "failed": _names(failed),
                "untried": _names(untried),
            },
        )

    async def async_step_pick(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which miners to add, with one password for all of them or none."""
        if user_input is None:
            return self._show_pick({})
        self._picks = user_input
        self._adding = None
        return await self.async_step_adding()

    async def async_step_adding(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the picked miners, if all of them take the password."""
        if self._adding is None:
            self._adding = self.hass.async_create_task(
                self._async_add(), "Whatsminers are added"
            )
        if not self._adding.done():
            return self.async_show_progress(
                step_id="adding", progress_action="adding", progress_task=self._adding
            )
        return self.async_show_progress_done(next_step_id="added")

    async def _async_add(self) -> dict[str, Errors]:
        """Add all picked miners, or none; return the errors of those that cannot be added."""
        picked = [self._new[mac] for mac in self._picks[CONF_MINERS]]
        password = self._picks.get(CONF_PASSWORD, "")
        checks = await async_for_each(
            picked,
            lambda found: async_check_password(
                Miner(found.host, found.port, mac=found.mac), password
            ),
            name=lambda found: found.host,
            limit=_PASSWORDS_AT_ONCE,
        )
        unknown: Errors = {"base": "unknown"}
        failed = {
            found.mac: unknown if errors is None else errors
            for found, errors in zip(picked, checks, strict=True)
            if errors != {}
        }
        if failed:
            return failed
        # It goes on when the dialogue is closed: a set-up that ends half-way is a failure.
        await asyncio.shield(
            self.hass.async_create_task(
                self._async_create(picked, password), "Whatsminers are set up"
            )
        )
        return {}

    async def _async_create(
        self, picked: Sequence[DiscoveredMiner], password: str
    ) -> None:
        """Create the entries of the picked miners, and show or ignore the others."""
        added = await async_for_each(
            picked,
            lambda found: self.hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_IMPORT},
                data={"title": found.title, **found.entry_data(password)},
            ),
            name=lambda found: found.host,
            limit=len(picked),
            progress=self.async_update_progress,
        )
        self._lost = [
            found for found, result in zip(picked, added, strict=True) if not result
        ]
        settled = self._ignored() | {found.mac for found in picked}
        for mac, found in self._new.items():
            if mac not in settled:
                await async_isolated(self._async_handle_other(found), found.host)
                await asyncio.sleep(0)  # there may be thousands

    async def _async_handle_other(self, found: DiscoveredMiner) -> None:
        """Show a miner that was not picked as a discovery, or ignore it."""
        if self._picks[CONF_OTHERS] == "ignore":
            await self.hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_IGNORE},
                data={"unique_id": found.mac, "title": found.title},
            )
            return
        discovery_flow.async_create_flow(
            self.hass,
            DOMAIN,
            context={"source": SOURCE_INTEGRATION_DISCOVERY},
            data=asdict(found),
        )

    async def async_step_added(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show how many were added, or ask again: what can be added is still picked."""
        assert self._adding
        picked: list[str] = self._picks[CONF_MINERS]
        if failed := self._adding.result():
            fit = [mac for mac in picked if mac not in failed]
            self._picks = {**self._picks, CONF_MINERS: fit}
            titles = {mac: self._new[mac].title for mac in failed}
            wrong = [titles[mac] for mac in failed if CONF_PASSWORD in failed[mac]]
            untried = [
                titles[mac] for mac in failed if CONF_PASSWORD not in failed[mac]
            ]
            errors: Errors = {}
            if wrong:
                errors[CONF_PASSWORD] = "wrong_password_at"
            if untried:
                errors["base"] = "not_tried_at"
            return self._show_pick(errors, wrong, untried)
        count = str(len(picked) - len(self._lost))
        if self._lost:
            lost = _names([found.title for found in self._lost])
            return self.async_abort(
                reason="some_not_added",
                description_placeholders={"count": count, "failed": lost},
            )
        return self.async_abort(
            reason="miners_added", description_placeholders={"count": count}
        )

    async def async_step_import(self, import_data: dict[str, Any]) -> ConfigFlowResult:
        """Create the entry of a picked miner, also of one that was ignored before."""
        title = import_data.pop("title")
        entry = await self.async_set_unique_id(
            import_data[CONF_MAC], raise_on_progress=False
        )
        if entry and entry.source != SOURCE_IGNORE:
            return self.async_abort(reason="already_configured")
        return self.async_create_entry(title=title, data=import_data)


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
                description_placeholders={"networks": _names(self._networks)},
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
        known = {entry.entry_id: entry.title for entry in placed.values()} | {
            entry.entry_id: entry.title
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


def _names(items: Sequence[object]) -> str:
    """Return a list as text, cut after some items."""
    shown = ", ".join(str(item) for item in items[:_MOST_NAMES])
    return f"{shown}, …" if len(items) > _MOST_NAMES else shown


def _count(items: Sequence[object]) -> str:
    return f"{len(items)} ({_names(items)})" if items else "0"
