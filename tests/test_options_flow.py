"""Options flow: preferences, and a firmware update of the miner."""

import asyncio
from collections.abc import Generator
import hashlib
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsminer.actions import update_firmware as firmware
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.setup import async_setup_component
from simulator import CutTransfer, Refused, SimulatedMiner

from . import ACCEPTED_ONLY, JOINED, Clock, Held, act, names_of, set_number, shown

CONTENT = b"\x00firmware" * 50_000
# More than what a connection that is lost half-way could have swallowed.
LARGE = CONTENT * 40


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch, miner: SimulatedMiner) -> None:
    """Let the time between two checks pass for the miner, and not for the test."""

    async def sleep(seconds: float) -> None:
        miner.advance(seconds)

    monkeypatch.setattr(firmware, "sleep", sleep)


@pytest.fixture
def uploads(tmp_path: Path) -> Generator[Path]:
    """The folder in which Home Assistant keeps uploaded files."""
    with patch("tempfile.gettempdir", return_value=str(tmp_path)):
        yield tmp_path


@pytest.fixture
async def browser(
    hass: HomeAssistant, uploads: Path, hass_client: ClientSessionGenerator
) -> Any:
    """A client that is logged in."""
    assert await async_setup_component(hass, "file_upload", {})
    return await hass_client()


async def upload(browser: Any, content: bytes = CONTENT, name: str = "new.bin") -> str:
    """Upload a file as a browser does, and return its id."""
    file = BytesIO(content)
    file.name = name
    response = await browser.post("/api/file_upload", data={"file": file})
    assert response.status == HTTPStatus.OK
    file_id: str = (await response.json())["file_id"]
    return file_id


async def choose(
    hass: HomeAssistant, entry: MockConfigEntry, step: str
) -> ConfigFlowResult:
    """Start the options flow and choose from its menu."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "init"
    assert result["menu_options"] == ["preferences", "firmware"]
    return await configure(hass, result, {"next_step_id": step})


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Choose the firmware."""
    result = await choose(hass, entry, "firmware")
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "firmware"
    return result


async def configure(
    hass: HomeAssistant, result: ConfigFlowResult, data: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form."""
    return await hass.config_entries.options.async_configure(result["flow_id"], data)


async def confirmed(
    hass: HomeAssistant, entry: MockConfigEntry, browser: Any, content: bytes = CONTENT
) -> ConfigFlowResult:
    """Go on until the firmware is sent."""
    result = await begin(hass, entry)
    result = await configure(hass, result, {"file": await upload(browser, content)})
    assert result["step_id"] == "confirm"
    return await configure(hass, result, {})


def kept(uploads: Path) -> list[Path]:
    """Return the uploaded files that still exist."""
    return [path for path in uploads.rglob("*") if path.is_file()]


# Preferences


async def preferences(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Choose the preferences and return the form."""
    result = await choose(hass, entry, "preferences")
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "preferences"
    assert not result["errors"]
    return result


async def prefer(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    poll_interval: float = 30,
    percent_method: str = "normal",
    **hash_price: object,
) -> None:
    """Set preferences and wait until they count."""
    result = await configure(
        hass,
        await preferences(hass, entry),
        {
            "poll_interval": poll_interval,
            "percent_method": percent_method,
            **hash_price,
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


def filled_in(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the defaults of the form."""
    assert form["data_schema"] is not None
    schema = form["data_schema"].schema
    defaults: dict[str, Any] = form["data_schema"]({})
    suggested = {key: get_schema_suggested_value(schema, key) for key in defaults}
    return defaults | {key: value for key, value in suggested.items() if value}


def offered(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the suggested values of the form."""
    assert form["data_schema"] is not None
    schema = form["data_schema"].schema
    suggested = {str(key): get_schema_suggested_value(schema, key) for key in schema}
    return {key: value for key, value in suggested.items() if value is not None}


def polls(miner: SimulatedMiner) -> int:
    """Return how often the miner was polled."""
    return names_of(miner.requests).count(JOINED)


async def test_preferences_are_filled_in(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, config_entry: MockConfigEntry
) -> None:
    assert filled_in(await preferences(hass, config_entry)) == {
        "poll_interval": 30,
        "percent_method": "normal",
        "hash_price_unit": "per_petahash",
    }

    await prefer(hass, config_entry, 60, "fast")

    chosen = {
        "poll_interval": 60,
        "percent_method": "fast",
        "hash_price_unit": "per_petahash",
    }
    assert filled_in(await preferences(hass, config_entry)) == chosen
    assert config_entry.options == chosen
    assert isinstance(config_entry.options["poll_interval"], int)


@pytest.mark.parametrize(
    "hash_price", [{"hash_price": 47.35}, {"hash_price_entity": "sensor.hash_price"}]
)
async def test_a_hash_price_can_be_given_and_taken_away(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    hash_price: dict[str, Any],
) -> None:
    await prefer(hass, config_entry, **hash_price, hash_price_unit="per_terahash")

    form = await preferences(hass, config_entry)
    chosen = {
        "poll_interval": 30,
        "percent_method": "normal",
        "hash_price_unit": "per_terahash",
        **hash_price,
    }
    assert offered(form) == config_entry.options == chosen

    await prefer(hass, config_entry)

    assert set(config_entry.options) == {
        "poll_interval",
        "percent_method",
        "hash_price_unit",
    }


@pytest.mark.parametrize(
    ("hash_price", "errors"),
    [
        *(
            ({"hash_price": price}, {"hash_price": "hash_price_invalid"})
            for price in (0, -50, "nan", "inf", "-inf")
        ),
        (
            {"hash_price": 50, "hash_price_entity": "sensor.hash_price"},
            {"hash_price_entity": "hash_price_twice"},
        ),
    ],
)
async def test_a_hash_price_that_is_none_is_refused_in_words(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    hash_price: dict[str, Any],
    errors: dict[str, str],
) -> None:
    form = await preferences(hass, config_entry)
    entered = {"poll_interval": 60, "percent_method": "fast"}

    form = await configure(hass, form, {**entered, **hash_price})

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == errors
    assert config_entry.options == {}
    assert offered(form).items() >= entered.items()
    assert set(offered(form)) >= set(hash_price)
    result = await configure(hass, form, {**entered, "hash_price": 0.05})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert config_entry.options["hash_price"] == 0.05


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hash_price", "much"),
        ("hash_price_entity", "light.shed"),
        ("hash_price_unit", "per_exahash"),
    ],
)
async def test_a_hash_price_that_no_form_offers(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    field: str,
    value: str,
) -> None:
    form = await preferences(hass, config_entry)

    with pytest.raises(InvalidData) as caught:
        await configure(
            hass, form, {"poll_interval": 60, "percent_method": "fast", field: value}
        )

    assert list(caught.value.schema_errors) == [field]
    assert config_entry.options == {}


@pytest.mark.parametrize("interval", [10, 300])
async def test_a_polling_interval_counts_at_once(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    clock: Clock,
    interval: int,
) -> None:
    await prefer(hass, config_entry, interval)
    assert polls(miner) == 1

    await clock.tick(interval - 2)
    assert polls(miner) == 1

    for times in (2, 3, 4):
        await clock.tick(interval)
        assert polls(miner) == times


async def test_a_polling_interval_outlasts_a_reload(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    clock: Clock,
) -> None:
    await prefer(hass, config_entry, 10)
    assert await hass.config_entries.async_reload(config_entry.entry_id)
    miner.requests.clear()

    for _ in range(3):
        await clock.tick(10)

    assert polls(miner) == 3


@pytest.mark.parametrize("interval", [9, 301, 0, -10])
async def test_a_polling_interval_that_is_none(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    interval: int,
) -> None:
    form = await preferences(hass, config_entry)
    with pytest.raises(InvalidData) as caught:
        await configure(
            hass, form, {"poll_interval": interval, "percent_method": "fast"}
        )
    assert list(caught.value.schema_errors) == ["poll_interval"]
    assert config_entry.options == {}

    result = await configure(
        hass, form, {"poll_interval": 300, "percent_method": "fast"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert config_entry.options["poll_interval"] == 300


async def test_a_percent_method_that_is_none(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, config_entry: MockConfigEntry
) -> None:
    form = await preferences(hass, config_entry)
    with pytest.raises(InvalidData):
        await configure(hass, form, {"poll_interval": 30, "percent_method": "slow"})
    assert config_entry.options == {}

    result = await configure(
        hass, form, {"poll_interval": 30, "percent_method": "normal"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_percent_method_counts_at_once(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
) -> None:
    for method, command in (("fast", "set_power_pct"), ("normal", "set_power_pct_v2")):
        await prefer(hass, config_entry, percent_method=method)
        await set_number(hass, "power_percent", 80)
        assert names_of(miner.writes)[-1] == command


async def test_preferences_lose_nothing_that_is_pending(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
) -> None:
    miner.misbehave("adjust_power_limit", ACCEPTED_ONLY)
    await set_number(hass, "power_limit", 3000)

    await prefer(hass, config_entry, 300, "fast")

    assert config_entry.runtime_data.coordinator is set_up
    assert config_entry.state is ConfigEntryState.LOADED
    assert set_up.data.power_limit != 3000
    assert shown(hass, "number.miner_power_limit") == "3000.0"


async def test_preferences_lose_nothing_that_is_added_up(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    clock: Clock,
) -> None:
    await clock.next_poll(3)
    before = float(shown(hass, "sensor.miner_energy"))
    assert before > 0

    await prefer(hass, config_entry, 300)

    assert float(shown(hass, "sensor.miner_energy")) == before
    await clock.tick(300)
    used = float(shown(hass, "sensor.miner_energy")) - before
    assert used == pytest.approx(before * 300 / 90, rel=0.05)


async def test_preheating_goes_on_under_other_preferences(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    clock: Clock,
) -> None:
    miner.state.mining = False
    await clock.next_poll(2)
    await act(hass, "button.press", "button.miner_preheat")
    miner.writes.clear()

    await prefer(hass, config_entry, 300)

    assert shown(hass, "sensor.miner_preheat") == "waiting"
    await clock.tick(10)
    assert names_of(miner.writes) == ["pre_power_on"]


@pytest.mark.parametrize(
    "state", [ConfigEntryState.SETUP_RETRY, ConfigEntryState.NOT_LOADED]
)
async def test_a_miner_that_is_not_loaded_has_preferences(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    clock: Clock,
    state: ConfigEntryState,
) -> None:
    if state is ConfigEntryState.SETUP_RETRY:
        await miner.disconnect()
        assert not await hass.config_entries.async_setup(config_entry.entry_id)
    assert config_entry.state is state

    await prefer(hass, config_entry, 10, "fast")

    assert config_entry.state is state
    if state is ConfigEntryState.SETUP_RETRY:
        miner.reconnect()
        await hass.config_entries.async_unload(config_entry.entry_id)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    miner.requests.clear()
    await clock.tick(10)
    assert polls(miner) == 1


@pytest.mark.parametrize("password", [""])
async def test_a_miner_without_its_password_has_preferences(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    clock: Clock,
) -> None:
    await prefer(hass, config_entry, 10)

    await clock.tick(10)

    assert polls(miner) == 2


@pytest.mark.parametrize("chosen", [False, True])
async def test_preferences_of_a_miner_that_is_removed_end_in_words(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    chosen: bool,
) -> None:
    if chosen:
        form = await preferences(hass, config_entry)
        data = {"poll_interval": 10, "percent_method": "fast"}
    else:
        form = await hass.config_entries.options.async_init(config_entry.entry_id)
        data = {"next_step_id": "preferences"}
    await hass.config_entries.async_remove(config_entry.entry_id)

    result = await configure(hass, form, data)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "not_loaded"


# Another firmware


async def test_the_whole_way(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
) -> None:
    before = miner.firmware_version
    miner.next_firmware = "20991231.11.Rel"
    result = await begin(hass, config_entry)

    result = await configure(hass, result, {"file": await upload(browser)})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {
        "file": "new.bin",
        "firmware": before,
        "miner": "Miner",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": "0.5",
    }
    assert miner.images == []

    result = await configure(hass, result, {})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["progress_action"] == "firmware"
    await hass.async_block_till_done(wait_background_tasks=True)
    result = await hass.config_entries.options.async_configure(result["flow_id"])

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "firmware_updated"
    assert result["description_placeholders"] == {
        "after": "20991231.11.Rel",
        "before": before,
        "miner": "Miner",
    }
    (image,) = miner.images
    assert image.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert kept(uploads) == []
    assert config_entry.runtime_data.coordinator.data.firmware == "20991231.11.Rel"


async def test_progress_is_shown(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
) -> None:
    """The miner still has to write the firmware and reboot after the last byte."""
    shares: list[float] = []

    @callback
    def note(event: Event[dict[str, Any]]) -> None:
        shares.append(event.data["progress"])

    hass.bus.async_listen("data_entry_flow_progress_update", note)
    await confirmed(hass, config_entry, browser)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(0.9)


async def test_a_miner_that_kept_its_firmware_is_told(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
) -> None:
    miner.next_firmware = miner.firmware_version
    result = await confirmed(hass, config_entry, browser)
    await hass.async_block_till_done(wait_background_tasks=True)
    result = await hass.config_entries.options.async_configure(result["flow_id"])
    assert result["reason"] == "firmware_unchanged"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (CutTransfer(), "nobody knows which one it has now"),
        (Refused(45), "takes no commands"),
        (Refused(132, "not for this model"), "not for this model"),
    ],
)
async def test_a_failure_is_told_in_words(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
    how: CutTransfer | Refused,
    sentence: str,
) -> None:
    miner.misbehave("update_firmware", how)
    result = await confirmed(hass, config_entry, browser, LARGE)
    await hass.async_block_till_done(wait_background_tasks=True)
    result = await hass.config_entries.options.async_configure(result["flow_id"])
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "firmware_failed"
    assert result["description_placeholders"] is not None
    assert sentence in result["description_placeholders"]["error"]
    assert kept(uploads) == []


async def test_an_empty_file_can_be_replaced(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
) -> None:
    result = await begin(hass, config_entry)
    result = await configure(hass, result, {"file": await upload(browser, b"")})
    assert result["errors"] == {"file": "file_empty"}
    result = await configure(hass, result, {"file": await upload(browser)})
    assert result["step_id"] == "confirm"
    (path,) = kept(uploads)
    assert path.read_bytes() == CONTENT


async def test_an_upload_that_is_gone_can_be_repeated(
    hass: HomeAssistant,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
) -> None:
    """Home Assistant may have restarted since."""
    result = await begin(hass, config_entry)
    result = await configure(hass, result, {"file": "0123456789abcdef0123456789abcdef"})
    assert result["errors"] == {"file": "file_lost"}
    result = await configure(hass, result, {"file": await upload(browser)})
    assert result["step_id"] == "confirm"


async def test_a_dialogue_that_is_closed_before_the_yes_sends_nothing(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
) -> None:
    result = await begin(hass, config_entry)
    result = await configure(hass, result, {"file": await upload(browser)})
    hass.config_entries.options.async_abort(result["flow_id"])
    await hass.async_block_till_done(wait_background_tasks=True)
    assert kept(uploads) == []
    assert miner.images == []


@pytest.mark.parametrize("refuses", [False, True])
async def test_an_update_goes_on_without_its_dialogue(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
    refuses: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A miner that gets half of a firmware is worse off than one that gets all of it."""
    miner.next_firmware = "20991231.11.Rel"
    miner.refuses_firmware = refuses
    miner.misbehave("update_firmware", held := Held(), times=1)
    result = await confirmed(hass, config_entry, browser)
    await held.reached.wait()
    hass.config_entries.options.async_abort(result["flow_id"])
    await asyncio.sleep(0)
    assert kept(uploads)
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert len(miner.images) == 1
    assert kept(uploads) == []
    assert ("20991231.11.Rel" in caplog.text) is not refuses
    assert ("Miner did not take the firmware" in caplog.text) is refuses


async def test_a_miner_that_cannot_be_reached_gets_none(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    await miner.disconnect()
    await hass.config_entries.async_setup(config_entry.entry_id)
    result = await choose(hass, config_entry, "firmware")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "not_loaded"


async def until(
    hass: HomeAssistant, entry: MockConfigEntry, browser: Any, step: str
) -> tuple[ConfigFlowResult, dict[str, Any]]:
    """Go on to a step, and return what would be submitted next."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    if step == "init":
        return result, {"next_step_id": "firmware"}
    result = await configure(hass, result, {"next_step_id": "firmware"})
    data = {"file": await upload(browser)}
    if step == "firmware":
        return result, data
    return await configure(hass, result, data), {}


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
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    step: str,
    how: str,
    reason: str,
) -> None:
    result, data = await until(hass, config_entry, browser, step)
    entry_id = config_entry.entry_id
    if how == "unloaded":
        await hass.config_entries.async_unload(entry_id)
    elif how == "retrying":
        await miner.disconnect()
        await hass.config_entries.async_reload(entry_id)
    elif how == "removed":
        await hass.config_entries.async_remove(entry_id)
    else:
        without = {**config_entry.data}
        del without[CONF_PASSWORD]
        hass.config_entries.async_update_entry(config_entry, data=without)

    result = await configure(hass, result, data)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason
    assert miner.images == []


@every_step
async def test_a_second_dialogue_does_not_send_a_second_firmware(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
    step: str,
) -> None:
    """The flow ends, whether it was opened before the update began or after."""
    second, data = await until(hass, config_entry, browser, step)
    miner.misbehave("update_firmware", held := Held(), times=1)
    first = await confirmed(hass, config_entry, browser)
    await held.reached.wait()

    for result in (
        await configure(hass, second, data),
        await choose(hass, config_entry, "firmware"),
    ):
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "firmware_in_progress"

    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    first = await hass.config_entries.options.async_configure(first["flow_id"])
    assert first["reason"] == "firmware_updated"
    assert len(miner.images) == 1


async def test_a_miner_that_is_removed_during_the_update_ends_it_in_words(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_entry: MockConfigEntry,
    browser: Any,
    uploads: Path,
) -> None:
    miner.misbehave("update_firmware", held := Held(), times=1)
    result = await confirmed(hass, config_entry, browser)
    await held.reached.wait()
    await hass.config_entries.async_remove(config_entry.entry_id)
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    result = await hass.config_entries.options.async_configure(result["flow_id"])

    assert result["reason"] == "firmware_updated"
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["miner"] == "Miner"
    assert len(miner.images) == 1
    assert kept(uploads) == []


@pytest.mark.parametrize("password", [""])
async def test_a_miner_without_its_password_gets_none(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, config_entry: MockConfigEntry
) -> None:
    result = await choose(hass, config_entry, "firmware")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "read_only"
