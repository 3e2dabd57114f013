"""Repair issues are shown while their cause exists."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.issues import (
    ENTRY_ID,
    Issue,
    clear_issues,
    issue_id,
    raise_issue,
)
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_PASSWORD, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from simulator import SimulatedMiner

from .fleet import Fleet, Owned, issues, shown_issues


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return (Platform.SENSOR,)


def raise_all(owned: Owned) -> None:
    """Raise every issue for a miner."""
    for issue in Issue:
        raise_issue(owned.hass, owned.entry, issue)
    assert len(shown_issues(owned.hass)) >= len(Issue)


# One by one


async def test_an_issue_names_its_miner(hass: HomeAssistant, ada: Owned) -> None:
    raise_issue(
        hass,
        ada.entry,
        Issue.WRONG_MINER,
        placeholders={"host": "192.168.1.2"},
        data={"more": 1},
    )

    (issue,) = issues(hass)
    assert issue.issue_id == issue_id(ada.entry, Issue.WRONG_MINER)
    assert issue.translation_key == "wrong_miner"
    assert issue.translation_placeholders == {"miner": "Ada", "host": "192.168.1.2"}
    assert issue.data == {ENTRY_ID: ada.entry.entry_id, "more": 1}
    assert not issue.is_persistent


@pytest.mark.parametrize(
    ("issue", "fixable", "severity"),
    [
        (Issue.DEFAULT_PASSWORD, True, ir.IssueSeverity.WARNING),
        (Issue.NEW_CONTROL_BOARD, True, ir.IssueSeverity.ERROR),
        (Issue.UNKNOWN_FIRMWARE, False, ir.IssueSeverity.WARNING),
        (Issue.WRITE_ACCESS_CLOSED, True, ir.IssueSeverity.WARNING),
        (Issue.WRONG_MINER, True, ir.IssueSeverity.ERROR),
    ],
)
async def test_an_error_is_what_takes_a_miner_away(
    hass: HomeAssistant,
    ada: Owned,
    issue: Issue,
    fixable: bool,
    severity: ir.IssueSeverity,
) -> None:
    raise_issue(hass, ada.entry, issue)

    assert [(each.is_fixable, each.severity) for each in issues(hass)] == [
        (fixable, severity)
    ]


async def test_issues_are_taken_back_one_by_one_or_all_at_once(
    hass: HomeAssistant, ada: Owned, bea: Owned
) -> None:
    raise_all(ada)
    raise_all(bea)

    clear_issues(hass, ada.entry, Issue.WRONG_MINER, Issue.UNKNOWN_FIRMWARE)
    assert len(shown_issues(hass)) == 2 * len(Issue) - 2
    clear_issues(hass, ada.entry)
    assert shown_issues(hass) == [f"{issue} of Bea" for issue in Issue]
    clear_issues(hass, ada.entry)  # there is nothing left


# With the entry


async def unload(ada: Owned) -> None:
    """Unload the entry."""
    assert await ada.hass.config_entries.async_unload(ada.entry.entry_id)


async def disable(ada: Owned) -> None:
    """Disable the entry."""
    await ada.disable()


async def remove(ada: Owned) -> None:
    """Remove the entry."""
    await ada.remove()


@pytest.mark.parametrize("how", [unload, disable, remove])
async def test_issues_end_with_the_entry_that_was_set_up(
    hass: HomeAssistant, ada: Owned, bea: Owned, how: Any
) -> None:
    raise_all(ada)
    raise_issue(hass, bea.entry, Issue.WRONG_MINER)
    await how(ada)
    await hass.async_block_till_done()

    assert shown_issues(hass) == ["wrong_miner of Bea"]


@pytest.mark.parametrize("how", [disable, remove])
async def test_issues_end_with_the_entry_that_could_not_be_set_up(
    hass: HomeAssistant, fleet: Fleet, ada: Owned, bea: Owned, how: Any
) -> None:
    """Home Assistant does not unload an entry that could not be set up."""
    await ada.miner.disconnect()
    await fleet.reload(ada)
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    raise_all(ada)
    raise_issue(hass, bea.entry, Issue.WRONG_MINER)
    await how(ada)
    await hass.async_block_till_done()

    assert shown_issues(hass) == ["wrong_miner of Bea"]


async def test_other_changes_of_entries_end_no_issue(
    hass: HomeAssistant, ada: Owned
) -> None:
    raise_all(ada)
    other = MockConfigEntry(domain="other", disabled_by=ConfigEntryDisabler.USER)
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, title="Other")
    hass.config_entries.async_update_entry(ada.entry, title="Adele")
    await hass.async_block_till_done()

    assert len(shown_issues(hass)) == len(Issue)


@pytest.mark.parametrize(
    ("password", "issue"),
    [("satoshi", Issue.WRITE_ACCESS_CLOSED), ("admin", Issue.DEFAULT_PASSWORD)],
)
async def test_what_the_owner_ignores_is_ignored_after_a_restart(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    fleet: Fleet,
    password: str,
    issue: Issue,
) -> None:
    ada = await fleet.know("Ada", password=password, api_open=False)
    hass_storage[ir.STORAGE_KEY] = {
        "version": ir.STORAGE_VERSION_MAJOR,
        "minor_version": ir.STORAGE_VERSION_MINOR,
        "key": ir.STORAGE_KEY,
        "data": {
            "issues": [
                {
                    "created": "2026-10-01T00:00:00+00:00",
                    "dismissed_version": "2026.10.0",
                    "domain": DOMAIN,
                    "is_persistent": False,
                    "issue_id": issue_id(ada.entry, issue),
                }
            ]
        },
    }
    await ir.async_load(hass)

    await fleet.set_up(ada)
    await fleet.clock.next_poll(25)

    assert shown_issues(hass) == [f"{issue} of Ada"]
    assert issues(hass)[0].dismissed_version == "2026.10.0"


# Unknown firmware


@pytest.mark.parametrize("version", ["3.0.1", "2.3.0"])
@pytest.mark.parametrize("from_the_start", [False, True])
async def test_a_firmware_that_is_not_known_is_an_issue(
    hass: HomeAssistant, fleet: Fleet, version: str, from_the_start: bool
) -> None:
    ada = await fleet.know("Ada")
    known = ada.miner.api_version
    if from_the_start:
        ada.miner.api_version = version
    await fleet.set_up(ada)
    ada.miner.api_version = version
    await fleet.clock.next_poll(12)

    assert shown_issues(hass) == ["unknown_firmware of Ada"]
    assert issues(hass)[0].translation_placeholders == {
        "miner": "Ada",
        "api": version,
        "firmware": ada.miner.firmware_version,
    }
    assert ada.is_available

    ada.miner.api_version = known
    await fleet.clock.next_poll(12)
    assert shown_issues(hass) == []
    assert ada.is_available


@pytest.mark.parametrize(
    ("generation", "model"), [("v1", "M20S"), ("v2", "M30S+"), ("compat", "M63")]
)
async def test_a_firmware_that_is_known_is_none(
    hass: HomeAssistant, fleet: Fleet, generation: str, model: str
) -> None:
    await fleet.add("Ada", generation=generation, model=model)
    await fleet.clock.next_poll(12)

    assert shown_issues(hass) == []


# Of the password that the factory sets


async def test_a_password_that_is_no_longer_the_default_ends_its_issue(
    hass: HomeAssistant, fleet: Fleet
) -> None:
    ada = await fleet.add("Ada", password="admin")
    assert shown_issues(hass) == ["default_password of Ada"]

    ada.miner.password = "new_1234"
    hass.config_entries.async_update_entry(
        ada.entry, data={**ada.entry.data, CONF_PASSWORD: "new_1234"}
    )
    await fleet.reload(ada)
    assert shown_issues(hass) == []


async def test_a_miner_that_is_only_read_has_no_password_to_change(
    hass: HomeAssistant, fleet: Fleet, make_entry: Any
) -> None:
    """Without its password the miner cannot be given another one from here."""
    miner: SimulatedMiner = await fleet.start("Ada", password="admin")
    entry = make_entry(miner, title="Ada")
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        data={key: value for key, value in entry.data.items() if key != CONF_PASSWORD},
    )
    await fleet.set_up(Owned(hass, miner, entry))
    await fleet.clock.next_poll(2)

    assert shown_issues(hass) == []
