"""Whatever a miner calls itself or answers, dialogues and issues show as text.

That no text becomes a link, a picture or emphasis is seen to whenever a test shows one: see
`texts_of_flows` in `conftest`. Here each dialogue is opened for a miner with such words.
"""

from dataclasses import replace
from typing import Final

import pytest

from custom_components.whatsminer.api import clean_name
from custom_components.whatsminer.entries.discovery import async_discover
from custom_components.whatsminer.entries.relocation import async_relocate_and_match
from custom_components.whatsminer.issues import Issue
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import SimulatedMiner

from .fleet import Fleet, issues
from .markdown import is_shown_as_text
from .options_flow import OptionsFlow
from .scan_flow import Shed, entries, fill_in, found as scanned, picks
from .test_repairs import repair
from .texts import AS_THEY_ARE, TEXTS as TEXTS_OF, leaves, placeholders

# Each becomes something else where it is not escaped.
MARKUP: Final = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[link](https://evil.example)",
    "![](https://evil.example/x.png)",
    "www.evil.example",
    "**bold**",
    "_slanted_",
    "`code`",
    "&lt;b&gt;",
)
TEXTS: Final = (
    *MARKUP,
    "# title",
    "a | b",
    "{{ states('sun.sun') }}",
    "{% set x = 1 %}",
    "{miner}",
    "line\n\n- item",
    "\u202egnp\x1b[31m",
)
# What stands in texts that are shown as Markdown, by why it has no marks of a stranger.
NAMES: Final = {
    "cleaned where it arrives": {"after", "api", "before", "firmware", "model"},
    "escaped": {"automations", "error", "file", "miners", "unit", "unit_of_limits"},
    "a title, which is cleaned or the owner's": {
        *("failed", "known", "miner", "other", "read_only", "site"),
    },
    "an address": {"host", "networks", "unready", "without_mac"},
    "a number, or letters and digits": {
        *("account", "count", "currency", "entity", "longest", "sha256", "shortest"),
        "size",
    },
}
every_text = pytest.mark.parametrize("text", TEXTS)


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return Platform.EVENT, Platform.SENSOR


def speak(miner: SimulatedMiner, text: str) -> None:
    """Let a miner say a text wherever its owner or its firmware chooses the words."""
    state = miner.state
    state.hostname = f"x {text} y"
    state.model = replace(state.model, name=f"M30S {text} y")
    miner.firmware_version, miner.api_version = f"2023 {text} y", f"2.9.9 {text} y"
    for pool in state.pools:
        pool.url, pool.user = f"x {text} y", f"x {text} y"


@pytest.mark.parametrize("text", MARKUP)
def test_the_check_notices_each_of_them(text: str) -> None:
    """Otherwise the other tests would not fail."""
    assert not is_shown_as_text("Now {miner} is there.", {"miner": text})


@every_text
async def test_a_scan_shows_and_adds_them_as_text(
    hass: HomeAssistant, shed: Shed, text: str
) -> None:
    miner = await shed.add()
    speak(miner, text)

    result = await fill_in(hass, await scanned(hass), picks(miner))
    assert result["type"] is FlowResultType.ABORT

    (entry,) = entries(hass)
    assert is_shown_as_text("{title}", {"title": entry.title})
    assert await hass.config_entries.async_unload(entry.entry_id)


@every_text
async def test_dialogues_and_issues_of_a_miner_show_them_as_text(
    fleet: Fleet, text: str
) -> None:
    ada = await fleet.know("Ada")
    speak(ada.miner, text)
    await fleet.set_up(ada)
    (issue,) = issues(fleet.hass)
    assert issue.translation_key == Issue.UNKNOWN_FIRMWARE
    assert (issue.translation_placeholders or {})["firmware"].startswith("2023")
    options = OptionsFlow(fleet.hass, ada.entry)
    menu = await options.begin()
    assert menu["type"] is FlowResultType.MENU

    ada.replace_control_board()
    await fleet.clock.next_poll(2)
    found = await async_discover(ada.miner.host)
    await async_relocate_and_match(fleet.hass, found)
    dialogue = await repair(ada, Issue.NEW_CONTROL_BOARD)
    assert dialogue.said["model"] == found.model != "Whatsminer"


@every_text
async def test_another_miner_at_an_address_is_named_as_text(
    fleet: Fleet, text: str
) -> None:
    ada = await fleet.add("Ada")
    speak(await fleet.replace(ada), text)
    await fleet.clock.next_poll(2)
    await fleet.settle()

    dialogue = await repair(ada, Issue.WRONG_MINER)
    assert dialogue.said["other"] == clean_name(f"x {text} y")


def test_all_that_stands_in_texts_is_known_to_have_no_marks() -> None:
    """Whoever adds a name to a text has to say here why it is text."""
    texts = TEXTS_OF["en"]
    shown = {
        path: text
        for part in ("config", "options", "issues")
        for path, text in leaves(texts[part], part)
        if not AS_THEY_ARE.intersection(path.split(".")[1:])
    }
    assert placeholders(*shown.values()) == set().union(*NAMES.values())
