"""Diagnostics can be downloaded whatever is broken."""

import asyncio
from contextlib import suppress
import json
import threading
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsminer import diagnostics
from custom_components.whatsminer.api import WhatsminerError
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.diagnostics import async_get_config_entry_diagnostics
from custom_components.whatsminer.redaction import anonymise
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from simulator import Raw, SimulatedMiner

from . import JOINED
from .test_diagnostics import HIDDEN, Report, private

HOSTILE = {
    "deep lists": b'{"STATUS":"S","Msg":' + b"[" * 3000 + b"]" * 3000 + b"}",
    "deep objects": b'{"STATUS":"S","Msg":' + b'{"User":' * 900 + b"1" + b"}" * 901,
    "surrogates": rb'{"STATUS":"S","Msg":{"\ud800":"x\udfff","hostname":"\ud83d"}}',
    "numbers": b'{"STATUS":"S","Msg":{"a":NaN,"b":-Infinity,"c":1e999,"d":1'
    + b"0" * 400
    + b"}}",
    "lone colons": b'{"STATUS":"S","Msg":"' + b"//::" * 8000 + b'"}',
    "names": b'{"STATUS":"S","Msg":['
    + b",".join(b'{"User":"name%d"}' % number for number in range(20_000))
    + b"]}",
    "values": b'{"STATUS":"S","Msg":[' + b"0," * 100_000 + b"0]}",
    "controls": rb'{"STATUS":"S","Msg":{"\u0000":"\u202e\u0007"}}',
}


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No platform is needed."""
    return ()


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
async def test_no_answer_keeps_a_report_from_being_downloaded(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    answer: bytes,
) -> None:
    for command in (JOINED, "summary", "status", "get_psu"):
        miner.misbehave(command, Raw(answer))
    with suppress(WhatsminerError):  # it may be taken for no answer at all
        await set_up.client.query("get_psu")
    for _ in range(3):
        await set_up.async_refresh()

    report = Report(hass, hass_client, config_entry)
    downloaded = await report.download()

    assert set(downloaded) >= {"entry", "memory", "replies"}
    assert json.loads(json.dumps(downloaded, allow_nan=False)) == downloaded
    assert await report.leaks(private(miner)) == set()


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        ("\ud800 of garage-7", f"? of {HIDDEN}"),
        ("a\0b\r\n", "a\0b\r\n"),
        ("{miner} %s \u202e", "{miner} %s \u202e"),
        ("x" * 100_000, "x" * 100_000),
    ],
    ids=["surrogate", "control characters", "braces", "long"],
)
async def test_no_reason_keeps_a_report_from_being_downloaded(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    reason: str,
    left: str,
) -> None:
    hass.config_entries.async_update_entry(config_entry, title="garage-7")
    await miner.disconnect()
    await hass.config_entries.async_setup(config_entry.entry_id)
    config_entry.mock_state(hass, ConfigEntryState.SETUP_RETRY, reason)

    downloaded = await Report(hass, hass_client, config_entry).download()

    assert isinstance(downloaded["entry"], dict)
    assert downloaded["entry"]["reason"] == left


async def test_home_assistant_goes_on_while_a_report_is_made(
    hass: HomeAssistant, config_entry: MockConfigEntry, set_up: WhatsminerCoordinator
) -> None:
    """The event loop is not blocked by much data."""
    begun, go_on = asyncio.Event(), threading.Event()

    def slowly(*data: Any) -> Any:
        hass.loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(60)
        return anonymise(*data)

    with patch.object(diagnostics, "anonymise", slowly):
        report = asyncio.create_task(
            async_get_config_entry_diagnostics(hass, config_entry)
        )
        await begun.wait()
        go_on.set()
        assert (await report)["entry"]["title"] == HIDDEN
