"""Options flow: a firmware update of the miner."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
import hashlib
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsminer.actions import update_firmware as firmware
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from simulator import CutTransfer, Refused, SimulatedMiner

from . import Held
from .config_flow import check_aborted
from .options_flow import OptionsFlow

CONTENT = b"\x00firmware" * 50_000
# More than what a connection that is lost half-way could have swallowed.
LARGE = CONTENT * 40


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch, miner: SimulatedMiner) -> None:
    """Let the time between two checks pass for the miner, and not for the test."""

    async def sleep(seconds: float) -> None:
        miner.advance(seconds)

    monkeypatch.setattr(firmware, "sleep", sleep)


@dataclass(frozen=True)
class FirmwareFlow(OptionsFlow):
    """The dialogue that updates the firmware.

    Attributes:
        browser: a client that is logged in.
        uploads: the folder in which Home Assistant keeps uploaded files.
    """

    browser: Any
    uploads: Path

    async def open(self) -> ConfigFlowResult:
        """Choose the firmware."""
        result = await self.choose("firmware")
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == "firmware"
        return result

    async def upload(self, content: bytes = CONTENT) -> dict[str, str]:
        """Upload a file as a browser does, and return what is submitted then."""
        file = BytesIO(content)
        file.name = "new.bin"
        response = await self.browser.post("/api/file_upload", data={"file": file})
        assert response.status == HTTPStatus.OK
        return {"file": (await response.json())["file_id"]}

    async def confirmed(self, content: bytes = CONTENT) -> ConfigFlowResult:
        """Go on until the firmware is sent."""
        result = await self.submit(await self.open(), await self.upload(content))
        assert result["step_id"] == "confirm"
        return await self.submit(result, {})

    async def until(self, step: str) -> tuple[ConfigFlowResult, dict[str, Any]]:
        """Go on to a step, and return what would be submitted next."""
        result, data = await self.begin(), {"next_step_id": "firmware"}
        if step == "init":
            return result, data
        result, data = await self.submit(result, data), await self.upload()
        if step == "firmware":
            return result, data
        return await self.submit(result, data), {}

    @property
    def kept(self) -> list[Path]:
        """The uploaded files that still exist."""
        return [path for path in self.uploads.rglob("*") if path.is_file()]


@pytest.fixture
async def flow(
    options_flow: OptionsFlow,
    set_up: WhatsminerCoordinator,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> AsyncGenerator[FirmwareFlow]:
    """The dialogue, of a miner that is set up."""
    hass = options_flow.hass
    with patch("tempfile.gettempdir", return_value=str(tmp_path)):
        assert await async_setup_component(hass, "file_upload", {})
        yield FirmwareFlow(hass, options_flow.entry, await hass_client(), tmp_path)


async def test_the_whole_way(flow: FirmwareFlow, miner: SimulatedMiner) -> None:
    before = miner.firmware_version
    miner.next_firmware = "20991231.11.Rel"
    result = await flow.open()

    result = await flow.submit(result, await flow.upload())
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {
        "file": r"new\.bin",
        "firmware": before,
        "miner": "Miner",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": "0.5",
    }
    assert miner.images == []

    result = await flow.submit(result, {})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["progress_action"] == "firmware"
    result = await flow.finished(result)

    check_aborted(result, "firmware_updated")
    assert result["description_placeholders"] == {
        "after": "20991231.11.Rel",
        "before": before,
        "miner": "Miner",
    }
    (image,) = miner.images
    assert image.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert flow.kept == []
    assert flow.entry.runtime_data.coordinator.data.firmware == "20991231.11.Rel"


async def test_progress_is_shown(flow: FirmwareFlow, hass: HomeAssistant) -> None:
    """The miner still has to write the firmware and reboot after the last byte."""
    shares: list[float] = []

    @callback
    def note(event: Event[dict[str, Any]]) -> None:
        shares.append(event.data["progress"])

    hass.bus.async_listen("data_entry_flow_progress_update", note)
    await flow.confirmed()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(0.9)


async def test_a_miner_that_kept_its_firmware_is_told(
    flow: FirmwareFlow, miner: SimulatedMiner
) -> None:
    miner.next_firmware = miner.firmware_version
    result = await flow.confirmed()
    result = await flow.finished(result)
    assert result["reason"] == "firmware_unchanged"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (CutTransfer(), "it is not known which firmware"),
        (Refused(45), "takes no commands"),
        (Refused(132, "not for this model"), "not for this model"),
        (Refused(132, "[click](https://e.example)"), r"\[click\]\(https\:"),
    ],
)
async def test_a_failure_is_told_in_words(
    flow: FirmwareFlow, miner: SimulatedMiner, how: CutTransfer | Refused, sentence: str
) -> None:
    miner.misbehave("update_firmware", how)
    result = await flow.confirmed(LARGE)
    result = await flow.finished(result)
    check_aborted(result, "firmware_failed")
    assert result["description_placeholders"] is not None
    assert sentence in result["description_placeholders"]["error"]
    assert flow.kept == []


async def test_an_empty_file_can_be_replaced(flow: FirmwareFlow) -> None:
    result = await flow.open()
    result = await flow.submit(result, await flow.upload(b""))
    assert result["errors"] == {"file": "file_empty"}
    result = await flow.submit(result, await flow.upload())
    assert result["step_id"] == "confirm"
    (path,) = flow.kept
    assert path.read_bytes() == CONTENT


async def test_an_upload_that_is_gone_can_be_repeated(flow: FirmwareFlow) -> None:
    """Home Assistant may have restarted since."""
    result = await flow.open()
    result = await flow.submit(result, {"file": "0123456789abcdef0123456789abcdef"})
    assert result["errors"] == {"file": "file_lost"}
    result = await flow.submit(result, await flow.upload())
    assert result["step_id"] == "confirm"


async def test_a_dialogue_that_is_closed_before_the_yes_sends_nothing(
    flow: FirmwareFlow, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    result = await flow.open()
    result = await flow.submit(result, await flow.upload())
    hass.config_entries.options.async_abort(result["flow_id"])
    await hass.async_block_till_done(wait_background_tasks=True)
    assert flow.kept == []
    assert miner.images == []


@pytest.mark.parametrize("refuses", [False, True])
async def test_an_update_goes_on_without_its_dialogue(
    flow: FirmwareFlow,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    refuses: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A miner that gets half of a firmware is worse off than one that gets all of it."""
    miner.next_firmware = "20991231.11.Rel"
    miner.refuses_firmware = refuses
    miner.misbehave("update_firmware", held := Held(), times=1)
    result = await flow.confirmed()
    await held.reached.wait()
    hass.config_entries.options.async_abort(result["flow_id"])
    await asyncio.sleep(0)
    assert flow.kept
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert len(miner.images) == 1
    assert flow.kept == []
    assert ("20991231.11.Rel" in caplog.text) is not refuses
    assert ("Miner refused the firmware" in caplog.text) is refuses


async def test_a_miner_that_cannot_be_reached_gets_none(
    options_flow: OptionsFlow,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
) -> None:
    await miner.disconnect()
    await hass.config_entries.async_setup(config_entry.entry_id)
    result = await options_flow.choose("firmware")
    check_aborted(result, "not_loaded")


every_step = pytest.mark.parametrize("step", ["init", "firmware", "confirm"])


@every_step
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("unloaded", "not_loaded"),
        ("retrying", "not_loaded"),
        ("removed", "not_loaded"),
        ("password", "read_only"),
    ],
)
async def test_a_miner_that_goes_between_two_steps_ends_the_dialogue(
    flow: FirmwareFlow,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    step: str,
    how: str,
    reason: str,
) -> None:
    result, data = await flow.until(step)
    entry_id = flow.entry.entry_id
    if how == "unloaded":
        await hass.config_entries.async_unload(entry_id)
    elif how == "retrying":
        await miner.disconnect()
        await hass.config_entries.async_reload(entry_id)
    elif how == "removed":
        await hass.config_entries.async_remove(entry_id)
    else:
        without = {**flow.entry.data}
        del without[CONF_PASSWORD]
        hass.config_entries.async_update_entry(flow.entry, data=without)

    result = await flow.submit(result, data)

    check_aborted(result, reason)
    assert miner.images == []


@every_step
async def test_a_second_dialogue_does_not_send_a_second_firmware(
    flow: FirmwareFlow, miner: SimulatedMiner, step: str
) -> None:
    """The flow ends, whether it was opened before the update began or after."""
    second, data = await flow.until(step)
    miner.misbehave("update_firmware", held := Held(), times=1)
    first = await flow.confirmed()
    await held.reached.wait()

    for result in (
        await flow.submit(second, data),
        await flow.choose("firmware"),
    ):
        check_aborted(result, "firmware_in_progress")

    held.release.set()
    first = await flow.finished(first)
    assert first["reason"] == "firmware_updated"
    assert len(miner.images) == 1


async def test_a_miner_that_is_removed_during_the_update_ends_it_in_words(
    flow: FirmwareFlow, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.misbehave("update_firmware", held := Held(), times=1)
    result = await flow.confirmed()
    await held.reached.wait()
    await hass.config_entries.async_remove(flow.entry.entry_id)
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    result = await flow.submit(result)

    assert result["reason"] == "firmware_updated"
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["miner"] == "Miner"
    assert len(miner.images) == 1
    assert flow.kept == []


@pytest.mark.parametrize("password", [""])
async def test_a_miner_without_its_password_gets_none(flow: OptionsFlow) -> None:
    result = await flow.choose("firmware")
    check_aborted(result, "read_only")
