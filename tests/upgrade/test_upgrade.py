"""A home goes on unchanged when the present version takes it over from an earlier one."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from ipaddress import IPv4Network
import json
import logging
from pathlib import Path
import re
import sqlite3
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.whatsminer.const import DOMAIN
from homeassistant.components.automation import automations_with_blueprint
from homeassistant.components.recorder import DEFAULT_DB_FILE
from homeassistant.const import CONF_HOST, CONF_PASSWORD
from tests import act, names_of, shown

from . import FOLDERS, STATES, RunningHome, copy_folder, registered_states, restarted

VERSIONS: Final = sorted(path.parent.name for path in FOLDERS.glob(f"*/{STATES}"))
# Home Assistant warns of every custom integration, and of libraries that the tests do without.
EXPECTED: Final = (
    "We found a custom integration whatsminer which has not been tested",
    "zlib_ng and isal are not available",
)

# What the miners of a folder did not have yet in the version that wrote it.
ADDED: Final = {
    "0.1.0": {
        "number.power_target",
        "select.heat_mode",
        "sensor.fault",
        "sensor.status",
        "sensor.tuning_progress",
        "switch.start_after_boot",
    }
}

# The ends of the unique ids of entities that are shown otherwise since then: their states have
# names, they have another name or another attribute, or they are boxes. What people chose for them stays.
SHOWN_OTHERWISE: Final = (
    "_fault",
    "_faults",
    "_mining_since",
    "_preheat_state",
    "_stop_reason",
    "_target_frequency",
    "_temperature_offset",
    "_upfreq_speed",
)
SHOWN_AS: Final = (
    "capabilities",
    "object_id_base",
    "original_device_class",
    "original_name",
    "original_name_unprefixed",
)

# The unique ids of sensors that are for diagnosis since then. A new miner has those of the miner
# and most of a hashboard's disabled; who has them keeps them.
FOR_DIAGNOSIS: Final = re.compile(
    "[^_]+_(?:hash_rate_(?:average|1m|15m)|chip_temperature(?:_min)?|board_temperature|frequency"
    "|(?:accepted|rejected)_shares|pool_rejection"
    r"|board\d_(?:hash_rate|(?:chip_)?temperature|chip_temperature_(?:min|max)|frequency"
    "|(?:accepted|rejected)_shares))"
)


@dataclass(frozen=True, kw_only=True)
class Home(RunningHome):
    """A home as a `version` left it (`before`), in which the present one runs (`now`)."""

    version: str
    before: Path
    now: Path


type Start = Callable[[], AbstractAsyncContextManager[Home]]


@pytest.fixture(params=VERSIONS)
def start(
    request: pytest.FixtureRequest,
    freezer: FrozenDateTimeFactory,
    home_network: IPv4Network,
    tmp_path: Path,
) -> Start:
    """Start the home of an earlier version, at the moment when it stopped."""

    @asynccontextmanager
    async def start() -> AsyncGenerator[Home]:
        """Start the home of an earlier version, at the moment when it stopped."""
        before, now = tmp_path / "before", tmp_path / "now"
        for copy in (before, now):
            copy_folder(FOLDERS / request.param, copy, home_network)
        async with restarted(now, freezer) as clock:
            yield Home(version=request.param, before=before, now=now, clock=clock)

    return start


@pytest.fixture(autouse=True)
def clean_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail when there is a warning or an error in the log."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    wrong = [each.getMessage() for each in records if each.levelno >= logging.WARNING]
    assert [text for text in wrong if not text.startswith(EXPECTED)] == []


def stored(folder: Path, key: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / ".storage" / key).read_text())["data"]
    return data


def rows(folder: Path, key: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a stored file, without the times at which they changed."""
    return [
        {field: value for field, value in row.items() if field != "modified_at"}
        for row in stored(folder, key)[name]
    ]


def take_readings(states: dict[str, Any]) -> dict[str, float]:
    """Take the values of measurements out of some states."""
    return {
        entity_id: float(state.pop("state"))
        for entity_id, state in states.items()
        if state["attributes"].get("state_class") == "measurement"
    }


def kind_of(entity: dict[str, Any]) -> str:
    """Return the platform and the key of an entity, such as `sensor.status`."""
    platform = entity["entity_id"].partition(".")[0]
    return f"{platform}.{entity['unique_id'].partition('_')[2]}"


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / DEFAULT_DB_FILE)) as database:
        return database.execute(sql).fetchall()


async def test_entries_keep_their_data_and_their_options(start: Start) -> None:
    """A password and an address that a miner took just before the stop are followed."""
    async with start() as home:
        miners = {miner.mac.lower(): miner for miner in home.clock.miners}

    expected = rows(home.before, "core.config_entries", "entries")
    for entry in expected:
        miner = miners[entry["unique_id"]]
        entry["data"][CONF_HOST] = miner.host
        if CONF_PASSWORD in entry["data"]:
            entry["data"][CONF_PASSWORD] = miner.password
    assert rows(home.now, "core.config_entries", "entries") == expected


async def test_no_entity_and_no_device_changes(start: Start) -> None:
    """A miner gets the entities that came with a later version, and keeps all others."""
    async with start() as home:
        hosts = {miner.mac.lower(): miner.host for miner in home.clock.miners}

    registries = (
        ("core.area_registry", "areas"),
        ("core.device_registry", "child_devices"),
        ("core.device_registry", "devices"),
        ("core.entity_registry", "entities"),
    )
    for key, name in registries:
        expected = rows(home.before, key, name)
        for row in expected:
            if "configuration_url" in row and row["identifiers"][0][1] in hosts:
                host = hosts[row["identifiers"][0][1]]
                row["configuration_url"] = f"https://{host}"
                row["model"] = row["model"].replace("_", " ")
            if FOR_DIAGNOSIS.fullmatch(row.get("unique_id", "")):
                row["entity_category"] = "diagnostic"
        kept = [
            row
            for row in rows(home.now, key, name)
            if name != "entities" or kind_of(row) not in ADDED[home.version]
        ]
        for row in (*kept, *expected):
            if row.get("unique_id", "").endswith(SHOWN_OTHERWISE):
                for field in SHOWN_AS:
                    row.pop(field, None)
        assert kept == expected
    assert {kind_of(row) for row in rows(home.now, *registries[-1])} >= ADDED[
        home.version
    ]
    # What is ignored stays ignored.
    issues = stored(home.before, "repairs.issue_registry")
    assert stored(home.now, "repairs.issue_registry") == issues


async def test_what_is_enabled_stays_enabled(start: Start) -> None:
    """Also what a new miner starts without, and what people disabled stays disabled."""
    async with start() as home:
        pass

    before, now = (
        {
            row["unique_id"]: row["disabled_by"]
            for row in rows(folder, "core.entity_registry", "entities")
        }
        for folder in (home.before, home.now)
    )
    assert {key: now.get(key, "removed") for key in before} == before
    enabled = {key for key, disabled_by in before.items() if not disabled_by}
    for key in ("frequency", "hash_rate_average", "fast_boot", "preheat"):
        assert any(unique_id.endswith(f"_{key}") for unique_id in enabled), key


async def test_every_entity_shows_what_it_showed(start: Start) -> None:
    """Settings that no miner reports, and totals, are restored."""
    async with start() as home:
        states = registered_states(home.hass)

    expected = json.loads((home.before / STATES).read_text())
    for row in rows(home.now, "core.entity_registry", "entities"):
        # The button to preheat is available since then while a miner mines, too.
        added = kind_of(row) in ADDED[home.version]
        if added or row["unique_id"].endswith((*SHOWN_OTHERWISE, "_preheat")):
            states.pop(row["entity_id"], None)  # some are disabled
            expected.pop(row["entity_id"], None)
    # Readings come from the simulator, which may change a little: its boards were once hotter.
    readings = take_readings(states)
    assert readings == pytest.approx(take_readings(expected), rel=0.15)
    assert states == expected


async def test_what_is_remembered_is_stored_as_before(start: Start) -> None:
    """An address that a miner has taken is no longer stored; its power is since then."""
    async with start() as home:
        pass

    files = list((home.before / ".storage").glob(f"{DOMAIN}.*"))
    assert len(files) == len(home.clock.miners)
    for file in files:
        expected = stored(home.before, file.name)
        expected.pop("host", None)
        now = stored(home.now, file.name)
        now.pop("power", None)
        assert now == expected


async def test_commands_reach_the_miners(start: Start) -> None:
    """Commands use the right password, and the method of the options.

    A limit that was requested before is not sent again, because that would restart mining.
    """
    async with start() as home:
        limited = fast = off = 0
        for miner in home.clock.miners:
            limit = home.entity_of(miner, "number", "power_limit")
            if limit and miner.state.power_limit:
                before = len(miner.writes)
                value = miner.state.power_limit
                await act(home.hass, "number.set_value", limit, value=value)
                assert len(miner.writes) == before
                limited += 1
            if home.entry_of(miner).options.get("percent_method") == "fast":
                percent = home.entity_of(miner, "number", "power_percent")
                assert percent
                await act(home.hass, "number.set_value", percent, value=50)
                assert miner.writes[-1]["cmd"] == "set_power_pct"
                fast += 1
            if switch := home.entity_of(miner, "switch", "mining"):
                await act(home.hass, "switch.turn_off", switch)
                assert not miner.state.mining
                off += 1

    assert limited
    assert fast
    assert off == len(home.clock.miners) - 1  # one has no password


async def test_polls_and_statistics_go_on(start: Start) -> None:
    """Polls follow the interval of the options. Statistics keep their ids, units and sums."""
    async with start() as home:
        for miner in home.clock.miners:
            miner.requests.clear()
        for _ in range(20):
            await home.clock.tick(30)
        for miner in home.clock.miners:
            polls = names_of(miner.requests).count("status")
            interval = home.entry_of(miner).options.get("poll_interval", 30)
            assert polls == pytest.approx(600 / max(30, interval), abs=1)
        await async_wait_recording_done(home.hass)

    metadata = "SELECT * FROM statistics_meta ORDER BY id"
    assert query(home.before, metadata)
    assert query(home.now, metadata) == query(home.before, metadata)
    periods = (
        "SELECT metadata_id, start_ts, mean, min, max, state, sum"
        " FROM statistics_short_term ORDER BY metadata_id, start_ts"
    )
    before, now = query(home.before, periods), query(home.now, periods)
    assert set(before) < set(now)
    for metadata_id in {row[0] for row in before}:
        old = [row for row in before if row[0] == metadata_id]
        new = [row for row in now if row[0] == metadata_id][len(old) :]
        assert new
        *_, state, total = old[-1]
        for *_, later_state, later_total in new if total is not None else ():
            assert later_total - total == pytest.approx(later_state - state)
            assert later_total >= total


async def test_automations_run_from_the_blueprints_that_are_there(start: Start) -> None:
    """The blueprints are as they were imported."""
    async with start() as home:
        folder = home.now / "blueprints" / "automation"
        blueprints = [path.relative_to(folder) for path in folder.rglob("*.yaml")]
        assert len(blueprints) == 6
        for blueprint in blueprints:
            (automation,) = automations_with_blueprint(home.hass, str(blueprint))
            assert shown(home.hass, automation) == "on"


async def test_faults_that_were_reported_are_not_reported_again(start: Start) -> None:
    async with start() as home:
        expected = json.loads((home.before / STATES).read_text())
        for _ in range(3):
            await home.clock.tick(60)
        states = registered_states(home.hass)

    for entity_id, state in expected.items():
        if entity_id.startswith("event."):
            attributes = states[entity_id]["attributes"]
            attributes["friendly_name"] = state["attributes"]["friendly_name"]
            assert states[entity_id] == state
