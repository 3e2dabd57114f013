"""Entries that spoke V2.2 go on with machines that speak V3, which nobody asked them before."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.whatsminer.api import client_state
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.issues import Issue
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from simulator import SimulatedMiner
from tests import act, names_of

from . import FOLDERS, Machine, RunningHome, copy_folder, restarted
from .test_upgrade import VERSIONS, query, rows, stored

PORT = 4433
ENTITIES = ("core.entity_registry", "entities")

type Start = Callable[..., AbstractAsyncContextManager[RunningHome]]


@pytest.fixture(params=VERSIONS)
def start(
    request: pytest.FixtureRequest,
    freezer: FrozenDateTimeFactory,
    home_network: IPv4Network,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Start:
    """Start the home of an earlier version, whose machines of V2.2 also speak V3."""
    monkeypatch.setattr(client_state, "V3_PORT", PORT)
    simulated = Machine.simulated

    @asynccontextmanager
    async def start(
        super_password: str | None = None,
    ) -> AsyncGenerator[RunningHome]:
        def with_v3(machine: Machine) -> SimulatedMiner:
            if machine.generation != "compat" or machine.api_version:
                return simulated(machine)
            before = simulated(machine)
            miner = SimulatedMiner(
                generation="v3",
                model=machine.model,
                host=machine.host,
                port=4028,
                v3_port=PORT,
                password=machine.password,
                super_password=super_password,
                seed=machine.name,
                start=before.state.now,
            )
            miner.replace_control_board(before.mac)
            miner.state.hostname = machine.name
            return miner

        monkeypatch.setattr(Machine, "simulated", with_v3)
        for name in ("before", "now"):
            copy_folder(FOLDERS / request.param, tmp_path / name, home_network)
        async with restarted(tmp_path / "now", freezer) as clock:
            yield RunningHome(clock=clock)

    return start


def speak_v3(home: RunningHome) -> list[SimulatedMiner]:
    """Return the machines that speak V3."""
    return [miner for miner in home.clock.miners if miner.generation == "v3"]


async def test_readings_turn_to_v3_under_the_same_ids(
    start: Start, tmp_path: Path
) -> None:
    """Nothing is unavailable, and nothing is there twice."""
    async with start() as home:
        for miner in speak_v3(home):
            entry = home.entry_of(miner)
            assert entry.runtime_data.coordinator.data.generation == "v3"
            for entity in er.async_entries_for_config_entry(
                er.async_get(home.hass), entry.entry_id
            ):
                state = home.hass.states.get(entity.entity_id)
                if not entity.disabled:
                    assert state, entity.entity_id
                    assert state.state != STATE_UNAVAILABLE, entity.entity_id
        for _ in range(20):
            await home.clock.tick(30)
        assert speak_v3(home)
        assert len(home.hass.config_entries.async_entries(DOMAIN)) == len(
            stored(tmp_path / "before", "core.config_entries")["entries"]
        )
        await async_wait_recording_done(home.hass)

    before, now = (
        {(row["unique_id"], row["entity_id"]) for row in rows(folder, *ENTITIES)}
        for folder in (tmp_path / "before", tmp_path / "now")
    )
    assert before <= now
    metadata = "SELECT * FROM statistics_meta ORDER BY id"
    old, new = (query(tmp_path / name, metadata) for name in ("before", "now"))
    assert set(old) <= set(new)


async def test_commands_follow_once_v3_has_taken_one_that_changes_nothing(
    start: Start,
) -> None:
    async with start() as home:
        for miner in speak_v3(home):
            # One of them for a password that was changed just before the stop.
            assert set(names_of(miner.v3.writes)) == {"set.system.led"}
            switch = home.entity_of(miner, "switch", "mining")
            assert switch
            await act(home.hass, "switch.turn_off", switch)
            assert not miner.state.mining
            assert names_of(miner.v3.writes)[-1] == "set.miner.service"
            assert (
                ir.async_get(home.hass).async_get_issue(DOMAIN, Issue.V3_PASSWORD)
                is None
            )


async def test_commands_stay_on_v2_where_super_has_another_password(
    start: Start,
) -> None:
    """One repair names all such miners."""
    async with start(super_password="Another_1") as home:
        await home.clock.tick(30)
        issue = ir.async_get(home.hass).async_get_issue(DOMAIN, Issue.V3_PASSWORD)
        assert issue
        assert issue.translation_placeholders
        for miner in speak_v3(home):
            entry = home.entry_of(miner)
            assert entry.title in issue.translation_placeholders["miners"]
            assert entry.runtime_data.coordinator.data.generation == "v3"
            fast_boot = home.entity_of(miner, "switch", "fast_boot")
            assert fast_boot
            on = miner.state.fast_boot
            await act(home.hass, f"switch.turn_{'off' if on else 'on'}", fast_boot)
            assert miner.state.fast_boot is not on
            assert miner.v3.writes == []
