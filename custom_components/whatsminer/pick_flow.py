"""Adds miners, any number of them at once, that are picked from a list."""

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_IMPORT,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigFlowResult,
)
from homeassistant.const import CONF_MAC, CONF_PASSWORD
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.typing import VolDictType

from .api import Miner
from .const import CONF_MINERS, DOMAIN
from .entries.discovery import DiscoveredMiner
from .entries.error_isolation import async_for_each, async_isolated
from .flow_helpers import (
    ACCOUNT_SECTION,
    Errors,
    GivenPassword,
    PasswordFlow,
    async_check_password,
    read_advanced,
    without_password,
)
from .listing import count_of, names

CONF_OTHERS: Final = "others"
CONF_SELECTION: Final = "selection"
OTHERS: Final = ("show", "ignore")
# To add what is selected; the others select all or none, and show the list again.
KEEP: Final = "keep"
ALL: Final = "all"
SELECTIONS: Final = (KEEP, ALL, "none")
# Above this many miners, a click on each would be tedious.
SHORT_LIST: Final = 12
_PASSWORDS_AT_ONCE: Final = 16
# What the list says of a miner, by the error of its password.
_KINDS: Final = {
    "default_password_refused": "wrong_password",
    "no_passwords": "no_passwords",
    "wrong_password": "wrong_password",
}


class PickSteps(PasswordFlow):
    """The steps of a config flow that adds the miners that are picked from a list."""

    _adding: asyncio.Task[dict[str, Errors]] | None = None
    # The result of a scan: new miners by their MAC addresses, and titles of known ones.
    _new: Mapping[str, DiscoveredMiner]
    _known: Sequence[str]
    _unready: Sequence[str]
    _without_mac: Sequence[str]
    # What was entered last in the step `pick`, and the password that counts.
    _picks: dict[str, Any]
    _password = ""
    _account = ""
    # The picked miners that could not be added, by their MAC addresses.
    _lost: Mapping[str, DiscoveredMiner] = MappingProxyType({})

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
            "known": count_of(self._known),
            "unready": count_of(self._unready),
            "without_mac": count_of(self._without_mac),
        }

    def _show_pick(
        self, errors: Errors, failed: Mapping[str, Sequence[str]] | None = None
    ) -> ConfigFlowResult:
        """Show the list; `failed` are the titles of miners by the errors that name them."""
        failed = failed or {}
        return self.async_show_form(
            step_id="pick",
            data_schema=self.add_suggested_values_to_schema(
                _schema(self._new.values(), self._given), self._picks
            ),
            errors=errors,
            description_placeholders={
                **self._summary(),
                "failed": names(failed.get("wrong_password", ())),
                "passwordless": names(failed.get("no_passwords", ())),
                "untried": names(failed.get("untried", ())),
            },
        )

    async def async_step_pick(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which miners to add, with one password for all of them or none."""
        if user_input is None:
            return self._show_pick({})
        self._picks = without_password(user_input)
        self._password, errors = self._given.read(user_input)
        advanced, wrong = read_advanced(user_input)
        errors |= wrong
        self._account = advanced.account
        selection = self._picks.pop(CONF_SELECTION, KEEP)
        if selection != KEEP:
            self._picks[CONF_MINERS] = [*self._new] if selection == ALL else []
        if errors or selection != KEEP:
            return self._show_pick(errors)
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
        password, account = self._password, self._account
        checks = await async_for_each(
            picked,
            lambda found: async_check_password(
                Miner(found.host, found.port, v3_port=found.v3_port, mac=found.mac),
                password,
                account,
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
                self._async_create(picked, password, account), "Whatsminers are set up"
            )
        )
        return {}

    async def _async_create(
        self, picked: Sequence[DiscoveredMiner], password: str, account: str
    ) -> None:
        """Create the entries of the picked miners, and show or ignore the others."""
        added = await async_for_each(
            picked,
            lambda found: self.hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_IMPORT},
                data={"title": found.title, **found.entry_data(password, account)},
            ),
            name=lambda found: found.host,
            limit=len(picked),
            progress=self.async_update_progress,
        )
        self._lost = {
            found.mac: found
            for found, result in zip(picked, added, strict=True)
            if not result
        }
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
            titles: dict[str, list[str]] = {}
            for mac, error in failed.items():
                kind = _KINDS.get(error.get(CONF_PASSWORD, ""), "untried")
                titles.setdefault(kind, []).append(self._new[mac].title)
            good = [mac for mac in picked if mac not in failed]
            self._picks[CONF_MINERS] = good or picked
            return self._show_pick(_errors_for(titles), titles)
        added = [self._new[mac].title for mac in picked if mac not in self._lost]
        return self._show_added(added, [found.title for found in self._lost.values()])

    def _show_added(
        self, added: Sequence[str], lost: Sequence[str]
    ) -> ConfigFlowResult:
        """End the flow; which miners can only be read is said by name."""
        placeholders = {"count": str(len(added))}
        read_only = bool(added) and not self._password
        if read_only:
            placeholders["read_only"] = names(added)
        if lost:
            return self.async_abort(
                reason="some_not_added_read_only" if read_only else "some_not_added",
                description_placeholders=placeholders | {"failed": names(lost)},
            )
        return self.async_abort(
            reason="miners_added_read_only" if read_only else "miners_added",
            description_placeholders=placeholders,
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


def _schema(miners: Iterable[DiscoveredMiner], given: GivenPassword) -> probatio.Schema:
    """Return the fields of the list."""
    options = [
        SelectOptionDict(value=found.mac, label=f"{found.label} ({found.host})")
        for found in miners
    ]
    selection: VolDictType = {}
    if len(options) > SHORT_LIST:
        key = probatio.Required(CONF_SELECTION, default=KEEP)
        selection = {key: _choice(CONF_SELECTION, SELECTIONS)}
    return probatio.Schema(
        {
            **selection,
            probatio.Required(CONF_MINERS): SelectSelector(
                SelectSelectorConfig(
                    options=options, multiple=True, mode=SelectSelectorMode.LIST
                )
            ),
            **given.fields,
            probatio.Required(CONF_OTHERS, default=OTHERS[0]): _choice(
                CONF_OTHERS, OTHERS
            ),
            **ACCOUNT_SECTION,
        }
    )


def _choice(key: str, options: Sequence[str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[*options], mode=SelectSelectorMode.LIST, translation_key=key
        )
    )


def _errors_for(failed: Container[str]) -> Errors:
    """Return the errors of the form for what went wrong at some of the miners."""
    errors: Errors = {}
    if "wrong_password" in failed:
        errors[CONF_PASSWORD] = "wrong_password_at"
    if "no_passwords" in failed:
        errors[CONF_MINERS] = "no_passwords_at"
    if "untried" in failed:
        errors["base"] = "not_tried_at"
    return errors
