"""When the memory of a miner goes to the disk, and what is in it then."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import nullcontext
import json
from pathlib import Path
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    mock_storage,
)

from custom_components.whatsminer.const import DOMAIN, MEMORY_INTERVAL
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.miner.record import (
    async_remove_record,
    record_for_entry,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Closed, SimulatedMiner
from tests import JOINED, Clock, Efficient, act, hold, set_number, shown

FAULT = {110: "2026-11-01 08:00:00"}


class Disk(dict[str, Any]):
    """The files of Home Assistant's storage, and how often each was written."""

    def __init__(self) -> None:
        """Begin without files."""
        super().__init__()
        self.writes = Counter[str]()

    @override
    def __setitem__(self, key: str, value: Any) -> None:
        self.writes[key] += 1
        super().__setitem__(key, value)


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """A folder for tests that write to a real disk."""
    return str(tmp_path)


@pytest.fixture
def real_disk() -> bool:
    """Whether to write to a real disk, where writes cannot be counted."""
    return False


@pytest.fixture
def hass_storage(real_disk: bool) -> Generator[Disk]:
    """Replaces the fixture of this name, which counts nothing."""
    disk = Disk()
    with nullcontext() if real_disk else mock_storage(disk):
        yield disk


@pytest.fixture
def key(config_entry: MockConfigEntry) -> str:
    """The name of the file of the miner."""
    return f"{DOMAIN}.{config_entry.entry_id}"


# What polls change


def waver(miner: SimulatedMiner, number: int) -> None:
    """Take more and less power by turns for the same work."""
    miner.misbehave(JOINED, Efficient(40 if number % 2 else 20))


def alternate(miner: SimulatedMiner, number: int) -> None:
    """Have one fault and then another."""
    miner.state.faults = FAULT if number % 2 else {206: "2026-11-01 08:00:00"}


def flood(miner: SimulatedMiner, number: int) -> None:
    """Have faults that the miner has not had before."""
    miner.state.faults = {
        1000 + 8 * number + more: "2026-11-01 08:00:00" for more in range(8)
    }


def exchange_boards(miner: SimulatedMiner, number: int) -> None:
    """Have other hashboards."""
    for slot, board in enumerate(miner.state.boards):
        board.serial = f"SKM3CSD0000001{number:04}{slot}"


type Unsettle = Callable[[SimulatedMiner, int], None]
UNSETTLED = pytest.mark.parametrize(
    "unsettle", [waver, alternate, flood, exchange_boards]
)


@UNSETTLED
async def test_what_changes_at_every_poll_is_written_once_in_some_minutes(
    miner: SimulatedMiner,
    clock: Clock,
    key: str,
    hass_storage: Disk,
    set_up: WhatsminerCoordinator,
    unsettle: Unsettle,
) -> None:
    polls = round(MEMORY_INTERVAL / 30)
    await clock.tick(MEMORY_INTERVAL)
    hass_storage.writes.clear()
    for writes in range(1, 5):
        for poll in range(polls):
            unsettle(miner, polls * writes + poll)
            await clock.next_poll()
        assert hass_storage.writes[key] in (writes - 1, writes)


async def store(
    hass: HomeAssistant, entry: MockConfigEntry, miner: SimulatedMiner, how: str
) -> None:
    """End what uses the memory of a miner in one way or another."""
    match how:
        case "unload":
            assert await hass.config_entries.async_unload(entry.entry_id)
        case "reload":
            assert await hass.config_entries.async_reload(entry.entry_id)
        case "failed reload":
            miner.misbehave("*", Closed())
            assert not await hass.config_entries.async_reload(entry.entry_id)
        case "stop":
            await stop(hass)
    await hass.async_block_till_done()


async def settle() -> None:
    """Let every task run that can run."""
    for _ in range(100):
        await asyncio.sleep(0)


async def stop(hass: HomeAssistant) -> None:
    """Let Home Assistant write what it writes last."""
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)


@UNSETTLED
@pytest.mark.parametrize("how", ["unload", "reload", "failed reload", "stop"])
async def test_nothing_is_lost_at_the_end(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    key: str,
    hass_storage: Disk,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    unsettle: Unsettle,
    how: str,
) -> None:
    await clock.tick(MEMORY_INTERVAL)
    before = hass_storage[key]["data"]
    for poll in range(3):
        unsettle(miner, poll)
        await clock.next_poll()
    memory = set_up.memory.data
    assert memory != hass_storage[key]["data"] == before

    await store(hass, config_entry, miner, how)

    assert hass_storage[key]["data"] == memory


async def test_a_set_up_that_fails_late_loses_nothing(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    key: str,
    hass_storage: Disk,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_: object) -> None:
        raise HomeAssistantError("no platform")

    monkeypatch.setattr(hass.config_entries, "async_forward_entry_setups", fail)
    assert not await hass.config_entries.async_setup(config_entry.entry_id)

    assert hass_storage[key]["data"]["firmware"] == miner.firmware_version


@pytest.mark.parametrize("how", ["unload", "reload", "stop"])
async def test_what_was_told_before_a_restart_is_not_told_after_it(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    hass_storage: Disk,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    how: str,
) -> None:
    events = async_capture_events(hass, "whatsminer_fault")
    alternate(miner, 1)
    await clock.next_poll(2)
    assert [event.data["code"] for event in events] == ["110"]

    await store(hass, config_entry, miner, how)
    await hass.config_entries.async_unload(config_entry.entry_id)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await clock.next_poll(3)

    assert len(events) == 1


# What is sent


async def test_what_is_sent_is_stored_at_once_with_all_that_waits(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    key: str,
    hass_storage: Disk,
    set_up: WhatsminerCoordinator,
) -> None:
    """One write has everything; nothing is left to be written later."""
    await clock.tick(MEMORY_INTERVAL)
    alternate(miner, 1)
    await clock.next_poll(2)
    hass_storage.writes.clear()

    await set_number(hass, "temperature_offset", -5)
    assert hass_storage.writes[key] == 1
    stored = hass_storage[key]["data"]
    assert stored["settings"]["temperature_offset"] == {"value": -5}
    assert stored["faults"] == ["110"]
    await clock.tick(MEMORY_INTERVAL)
    await clock.tick(MEMORY_INTERVAL)
    assert hass_storage.writes[key] == 1

    alternate(miner, 2)
    await clock.next_poll(2)
    await clock.tick(MEMORY_INTERVAL)
    assert hass_storage[key]["data"]["faults"] == ["206"]


@pytest.mark.usefixtures("set_up")
async def test_each_command_is_stored_however_many_there_are(
    hass: HomeAssistant, key: str, hass_storage: Disk
) -> None:
    for offset in (-1, -2, -3):
        await set_number(hass, "temperature_offset", offset)
        settings = hass_storage[key]["data"]["settings"]
        assert settings["temperature_offset"] == {"value": offset}
    await act(hass, "switch.turn_on", "switch.miner_pools_on_web_page")
    assert hass_storage[key]["data"]["settings"]["web_pools"] == {"value": True}


# What outlasts a reload


@pytest.mark.parametrize(
    ("entity", "action", "data", "command", "setting", "state"),
    [
        (
            "number.miner_temperature_offset",
            "number.set_value",
            {"value": -5},
            "set_temp_offset",
            {"temperature_offset": {"value": -5}},
            "-5.0",
        ),
        (
            "switch.miner_pools_on_web_page",
            "switch.turn_off",
            {},
            "disable_web_pools",
            {"web_pools": {"value": False}},
            "off",
        ),
        (
            "number.miner_power_limit",
            "number.set_value",
            {"value": 3000},
            "adjust_power_limit",
            {"power_limit": {"value": 3000, "reported": 3000.0}},
            "3000.0",
        ),
    ],
)
async def test_what_a_miner_accepts_during_a_reload_is_known_after_it(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    key: str,
    hass_storage: Disk,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    entity: str,
    action: str,
    data: dict[str, float],
    command: str,
    setting: dict[str, object],
    state: str,
) -> None:
    """The value is shown, and stays stored when something else is."""
    held = hold(miner, command)
    sent = hass.async_create_task(act(hass, action, entity, **data))
    await held.reached.wait()
    reload = hass.async_create_task(
        hass.config_entries.async_reload(config_entry.entry_id)
    )
    while config_entry.state is not ConfigEntryState.SETUP_IN_PROGRESS:
        await asyncio.sleep(0)
    await settle()  # the new set-up has its memory, and waits for the miner
    held.release.set()
    await sent
    assert await reload
    assert config_entry.runtime_data.coordinator is not set_up

    alternate(miner, 1)
    await clock.next_poll(2)
    assert shown(hass, entity) == state
    await clock.tick(MEMORY_INTERVAL)
    stored = hass_storage[key]["data"]
    assert stored["faults"] == ["110"]
    assert stored["settings"] | setting == stored["settings"]


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("how", ["wait", "unload", "reload", "stop"])
async def test_two_that_remember_at_once_lose_nothing_of_each_other(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    key: str,
    hass_storage: Disk,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    early: bool,
    how: str,
) -> None:
    """A command from before a reload ends some time after it, while faults come and go."""
    async with set_up.memory.editing() as memory:
        assert await hass.config_entries.async_reload(config_entry.entry_id)
        if early:
            memory["host"] = "192.168.1.50"
        alternate(miner, 1)
        await clock.next_poll(2)
        memory["host"] = "192.168.1.50"
    if how == "wait":
        await clock.tick(MEMORY_INTERVAL)
    await store(hass, config_entry, miner, how)

    stored = hass_storage[key]["data"]
    assert stored["faults"] == ["110"]
    assert stored["host"] == "192.168.1.50"


async def test_two_that_load_at_once_have_the_same_memory(
    hass: HomeAssistant, config_entry: MockConfigEntry, key: str, hass_storage: Disk
) -> None:
    hass_storage[key] = {"version": 1, "key": key, "data": {"boards": ["A"]}}
    store = record_for_entry(hass, config_entry).memory
    memory, same = await asyncio.gather(store.async_load(), store.async_load())

    assert memory is same is await store.async_load()
    assert memory == {"boards": ["A"]}


async def test_what_is_changed_back_meanwhile_is_stored_as_it_is(
    hass: HomeAssistant,
    clock: Clock,
    config_entry: MockConfigEntry,
    key: str,
    hass_storage: Disk,
) -> None:
    store = record_for_entry(hass, config_entry).memory
    async with store.editing() as memory:
        memory["host"] = "192.168.1.50"
    async with store.editing():
        async with store.editing() as memory:
            memory["host"] = "192.168.1.51"
        assert hass_storage[key]["data"] == {"host": "192.168.1.51"}
        memory["host"] = "192.168.1.50"
    await store.async_flush()

    assert hass_storage[key]["data"] == {"host": "192.168.1.50"}


# Others that read or write the memory


on_a_real_disk = pytest.mark.parametrize("real_disk", [True], ids=[""])


@pytest.fixture
def file(key: str, tmp_path: Path) -> Path:
    """The file of the miner's memory on a real disk."""
    return tmp_path / ".storage" / key


@on_a_real_disk
async def test_what_is_not_written_yet_is_known_to_all(
    hass: HomeAssistant, clock: Clock, file: Path, config_entry: MockConfigEntry
) -> None:
    store = record_for_entry(hass, config_entry).memory
    await store.async_load()
    with store.editing_later() as memory:
        memory["boards"] = ["A"]
    assert await record_for_entry(hass, config_entry).memory.async_load() == {
        "boards": ["A"]
    }
    with store.editing_later() as memory:
        memory["boards"] = ["B"]
    with store.editing_later() as memory:
        memory["efficiency"] = 20
    assert not file.exists()

    await clock.tick(MEMORY_INTERVAL)
    written = json.loads(file.read_text())
    assert written["data"] == {"boards": ["B"], "efficiency": 20}


@pytest.mark.parametrize("late", ["at once", "later", "flush"])
@pytest.mark.parametrize("waits", [False, True])
@on_a_real_disk
async def test_nothing_is_written_of_a_miner_that_was_removed(
    hass: HomeAssistant,
    clock: Clock,
    file: Path,
    config_entry: MockConfigEntry,
    late: str,
    waits: bool,
) -> None:
    store = record_for_entry(hass, config_entry).memory
    async with store.editing() as memory:
        memory["boards"] = ["A"]
    assert file.exists()
    if waits:
        with store.editing_later():
            memory["boards"] = ["B"]
    else:
        memory["boards"] = ["B"]
        hass.async_create_task(store.async_flush())
    await async_remove_record(hass, config_entry)
    assert not file.exists()

    match late:
        case "at once":
            async with store.editing() as memory:
                memory["boards"] = ["C"]
        case "later":
            with store.editing_later() as memory:
                memory["boards"] = ["C"]
        case "flush":
            await store.async_flush()
    await clock.tick(2 * MEMORY_INTERVAL)
    await stop(hass)
    assert not file.exists()
    assert record_for_entry(hass, config_entry).memory is not store


@on_a_real_disk
async def test_a_removed_entry_leaves_no_file(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    file: Path,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    await clock.tick(MEMORY_INTERVAL)
    assert file.exists()
    alternate(miner, 1)
    await clock.next_poll(2)

    await hass.config_entries.async_remove(config_entry.entry_id)
    await clock.tick(2 * MEMORY_INTERVAL)
    await stop(hass)

    assert not file.exists()
