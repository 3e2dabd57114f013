"""Issues of miners, which their owners have to repair."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .listing import names
from .markdown import escape_markdown
from .names import owner_name


class Issue(StrEnum):
    """The kinds of issues, of which a miner has one each; the values are translation keys.

    `V3_PASSWORD` is one issue for all miners that have it. Those of the plan are of a site.
    """

    DEFAULT_PASSWORD = "default_password"
    NEW_CONTROL_BOARD = "new_control_board"
    PLAN_FIGHT = "plan_fight"
    PLAN_UNIT = "plan_unit"
    UNKNOWN_FIRMWARE = "unknown_firmware"
    V3_PASSWORD = "v3_password"
    WRITE_ACCESS_CLOSED = "write_access_closed"
    WRONG_MINER = "wrong_miner"


ENTRY_ID: Final = "entry_id"
# Those that have a repair in `repairs.py`.
_FIXABLE: Final = frozenset(Issue) - {
    Issue.PLAN_FIGHT,
    Issue.PLAN_UNIT,
    Issue.UNKNOWN_FIRMWARE,
}
_SHARING: Final[HassKey[dict[str, str]]] = HassKey(f"{DOMAIN}_sharing")
_ERRORS: Final = frozenset({Issue.NEW_CONTROL_BOARD, Issue.WRONG_MINER})


def issue_id(entry: ConfigEntry, issue: Issue) -> str:
    """Return the id of an issue of a miner."""
    return f"{issue}_{entry.entry_id}"


@callback
def raise_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    issue: Issue,
    *,
    placeholders: dict[str, str] | None = None,
    data: dict[str, str | int | float | None] | None = None,
) -> None:
    """Create an issue with the miner's name; `data` is for its repair."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(entry, issue),
        data={ENTRY_ID: entry.entry_id, **(data or {})},
        is_fixable=issue in _FIXABLE,
        severity=(
            ir.IssueSeverity.ERROR if issue in _ERRORS else ir.IssueSeverity.WARNING
        ),
        translation_key=issue,
        translation_placeholders={"miner": owner_name(entry), **(placeholders or {})},
    )


@callback
def clear_issues(hass: HomeAssistant, entry: ConfigEntry, *issues: Issue) -> None:
    """Delete issues of a miner, all of them if none is named."""
    for issue in issues or Issue:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, issue))
    if not issues:
        share_issue(hass, entry, Issue.V3_PASSWORD, is_there=False)


@callback
def share_issue(
    hass: HomeAssistant, entry: ConfigEntry, issue: Issue, *, is_there: bool
) -> None:
    """Name a miner in an issue that all miners share, or no longer; without any, delete it."""
    sharing = hass.data.setdefault(_SHARING, {})
    name = owner_name(entry) if is_there else None
    # A repair of some of the miners deletes the issue, also for the others.
    is_shown = bool(ir.async_get(hass).async_get_issue(DOMAIN, issue))
    if sharing.get(entry.entry_id) == name and is_shown is bool(sharing):
        return
    if name is None:
        sharing.pop(entry.entry_id, None)
    else:
        sharing[entry.entry_id] = name
    if not sharing:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=issue,
        translation_placeholders={
            "miners": names(sorted(map(escape_markdown, sharing.values())))
        },
    )


def sharing_miners(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the titles of the miners that share an issue, by the ids of their entries."""
    return hass.data.get(_SHARING, {})


@callback
def async_setup_issues(hass: HomeAssistant) -> None:
    """Delete the issues of an entry when it is disabled: without a set-up it is not unloaded."""

    @callback
    def changed(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            clear_issues(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
