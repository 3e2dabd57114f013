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
    async_capture_events,
    mock_storage,
)

from custom_components.whatsminer.const import MEMORY_INTERVAL
from custom_components.whatsminer.miner.record import async_remove_record
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Closed, SimulatedMiner
from tests import JOINED, Efficient

from . import Rig
from .setting_changes import CHANGES, LIMIT, OFFSET, WEB_POOLS

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
    rig: Rig, hass_storage: Disk, unsettle: Unsettle
) -> None:
    polls = round(MEMORY_INTERVAL / 30)
    await rig.clock.tick(MEMORY_INTERVAL)
    hass_storage.writes.clear()
    for writes in range(1, 5):
        for poll in range(polls):
            unsettle(rig.miner, polls * writes + poll)
            await rig.clock.next_poll()
        assert hass_storage.writes[rig.storage_key] in (writes - 1, writes)


async def store(rig: Rig, how: str) -> None:
    """End what uses the memory of a miner in one way or another."""
    match how:
        case "unload":
            assert await rig.hass.config_entries.async_unload(rig.entry.entry_id)
        case "reload":
            assert await rig.hass.config_entries.async_reload(rig.entry.entry_id)
        case "failed reload":
            rig.miner.misbehave("*", Closed())
            assert not await rig.hass.config_entries.async_reload(rig.entry.entry_id)
        case "stop":
            await stop(rig.hass)
    await rig.settle()


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
    rig: Rig, unsettle: Unsettle, how: str
) -> None:
    await rig.clock.tick(MEMORY_INTERVAL)
    before = rig.stored
    for poll in range(3):
        unsettle(rig.miner, poll)
        await rig.clock.next_poll()
    memory = rig.coordinator.memory.data
    assert memory != rig.stored == before

    await store(rig, how)

    assert rig.stored == memory


async def test_a_set_up_that_fails_late_loses_nothing(
    new_rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise HomeAssistantError("no platform")

    monkeypatch.setattr(new_rig.hass.config_entries, "async_forward_entry_setups", fail)
    assert not await new_rig.hass.config_entries.async_setup(new_rig.entry.entry_id)

    assert new_rig.stored["firmware"] == new_rig.miner.firmware_version


@pytest.mark.parametrize("how", ["unload", "reload", "stop"])
async def test_what_was_told_before_a_restart_is_not_told_after_it(
    rig: Rig, how: str
) -> None:
    events = async_capture_events(rig.hass, "whatsminer_fault")
    alternate(rig.miner, 1)
    await rig.clock.next_poll(2)
    assert [event.data["code"] for event in events] == ["110"]

    await store(rig, how)
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    assert await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    await rig.clock.next_poll(3)

    assert len(events) == 1


# What is sent


async def test_what_is_sent_is_stored_at_once_with_all_that_waits(
    rig: Rig, hass_storage: Disk
) -> None:
    """One write has everything; nothing is left to be written later."""
    await rig.clock.tick(MEMORY_INTERVAL)
    alternate(rig.miner, 1)
    await rig.clock.next_poll(2)
    hass_storage.writes.clear()

    await rig.set_number("temperature_offset", -5)
    assert hass_storage.writes[rig.storage_key] == 1
    stored = rig.stored
    assert stored["settings"]["temperature_offset"] == {"value": -5}
    assert stored["faults"] == ["110"]
    await rig.clock.tick(MEMORY_INTERVAL)
    await rig.clock.tick(MEMORY_INTERVAL)
    assert hass_storage.writes[rig.storage_key] == 1

    alternate(rig.miner, 2)
    await rig.clock.next_poll(2)
    await rig.clock.tick(MEMORY_INTERVAL)
    assert rig.stored["faults"] == ["206"]


async def test_each_command_is_stored_however_many_there_are(rig: Rig) -> None:
    for offset in (-1, -2, -3):
        await rig.set_number("temperature_offset", offset)
        settings = rig.stored["settings"]
        assert settings["temperature_offset"] == {"value": offset}
    await rig.act("switch.turn_on", "switch.miner_pools_on_web_page")
    assert rig.stored["settings"]["web_pools"] == {"value": True}


# What outlasts a reload


@pytest.mark.parametrize(
    ("entity_id", "setting"),
    [
        (OFFSET, {"temperature_offset": {"value": -5}}),
        (WEB_POOLS, {"web_pools": {"value": True}}),
        (LIMIT, {"power_limit": {"value": 3000, "reported": 3000.0}}),
    ],
)
async def test_what_a_miner_accepts_during_a_reload_is_known_after_it(
    rig: Rig, entity_id: str, setting: dict[str, object]
) -> None:
    """The value is shown, and stays stored when something else is."""
    action, data, command, expected = CHANGES[entity_id]
    coordinator = rig.coordinator
    held, sent = await rig.hold_call(command, rig.act(action, entity_id, **data))
    reload = rig.hass.async_create_task(
        rig.hass.config_entries.async_reload(rig.entry.entry_id)
    )
    while rig.entry.state is not ConfigEntryState.SETUP_IN_PROGRESS:
        await asyncio.sleep(0)
    await settle()  # the new set-up has its memory, and waits for the miner
    held.release.set()
    await sent
    assert await reload
    assert rig.coordinator is not coordinator

    alternate(rig.miner, 1)
    await rig.clock.next_poll(2)
    assert rig.state_of(entity_id) == expected
    await rig.clock.tick(MEMORY_INTERVAL)
    stored = rig.stored
    assert stored["faults"] == ["110"]
    assert stored["settings"] | setting == stored["settings"]


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("how", ["wait", "unload", "reload", "stop"])
async def test_two_that_remember_at_once_lose_nothing_of_each_other(
    rig: Rig, early: bool, how: str
) -> None:
    """A command from before a reload ends some time after it, while faults come and go."""
    async with rig.coordinator.memory.editing() as memory:
        assert await rig.hass.config_entries.async_reload(rig.entry.entry_id)
        if early:
            memory["host"] = "192.168.1.50"
        alternate(rig.miner, 1)
        await rig.clock.next_poll(2)
        memory["host"] = "192.168.1.50"
    if how == "wait":
        await rig.clock.tick(MEMORY_INTERVAL)
    await store(rig, how)

    stored = rig.stored
    assert stored["faults"] == ["110"]
    assert stored["host"] == "192.168.1.50"


async def test_two_that_load_at_once_have_the_same_memory(new_rig: Rig) -> None:
    key = new_rig.storage_key
    new_rig.storage[key] = {"version": 1, "key": key, "data": {"boards": ["A"]}}
    store = new_rig.record.memory
    memory, same = await asyncio.gather(store.async_load(), store.async_load())

    assert memory is same is await store.async_load()
    assert memory == {"boards": ["A"]}


async def test_what_is_changed_back_meanwhile_is_stored_as_it_is(new_rig: Rig) -> None:
    store = new_rig.record.memory
    async with store.editing() as memory:
        memory["host"] = "192.168.1.50"
    async with store.editing():
        async with store.editing() as memory:
            memory["host"] = "192.168.1.51"
        assert new_rig.stored == {"host": "192.168.1.51"}
        memory["host"] = "192.168.1.50"
    await store.async_flush()

    assert new_rig.stored == {"host": "192.168.1.50"}


# Others that read or write the memory


on_a_real_disk = pytest.mark.parametrize("real_disk", [True], ids=[""])


@pytest.fixture
def file(new_rig: Rig, tmp_path: Path) -> Path:
    """The file of the miner's memory on a real disk."""
    return tmp_path / ".storage" / new_rig.storage_key


@on_a_real_disk
async def test_what_is_not_written_yet_is_known_to_all(
    new_rig: Rig, file: Path
) -> None:
    store = new_rig.record.memory
    await store.async_load()
    with store.editing_later() as memory:
        memory["boards"] = ["A"]
    assert await new_rig.record.memory.async_load() == {"boards": ["A"]}
    with store.editing_later() as memory:
        memory["boards"] = ["B"]
    with store.editing_later() as memory:
        memory["efficiency"] = 20
    assert not file.exists()

    await new_rig.clock.tick(MEMORY_INTERVAL)
    written = json.loads(file.read_text())
    assert written["data"] == {"boards": ["B"], "efficiency": 20}


@pytest.mark.parametrize("late", ["at once", "later", "flush"])
@pytest.mark.parametrize("waits", [False, True])
@on_a_real_disk
async def test_nothing_is_written_of_a_miner_that_was_removed(
    new_rig: Rig, file: Path, late: str, waits: bool
) -> None:
    store = new_rig.record.memory
    async with store.editing() as memory:
        memory["boards"] = ["A"]
    assert file.exists()
    if waits:
        with store.editing_later():
            memory["boards"] = ["B"]
    else:
        memory["boards"] = ["B"]
        new_rig.hass.async_create_task(store.async_flush())
    await async_remove_record(new_rig.hass, new_rig.entry)
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
    await new_rig.clock.tick(2 * MEMORY_INTERVAL)
    await stop(new_rig.hass)
    assert not file.exists()
    assert new_rig.record.memory is not store


@on_a_real_disk
async def test_a_removed_entry_leaves_no_file(rig: Rig, file: Path) -> None:
    await rig.clock.tick(MEMORY_INTERVAL)
    assert file.exists()
    alternate(rig.miner, 1)
    await rig.clock.next_poll(2)

    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    await rig.clock.tick(2 * MEMORY_INTERVAL)
    await stop(rig.hass)

    assert not file.exists()
