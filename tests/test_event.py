"""Each event of a miner is reported once."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_restore_state_shutdown_restart,
)

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    EventStateChangedData,
    async_track_state_change_event,
)
from homeassistant.setup import async_setup_component
from simulator import Raw, Refused, SimulatedMiner

from . import Check, Clock, every_generation, load_entry, shown
from .fleet import Owned
from .words import speaks_v3

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.EVENT,)], ids=[""]),
    pytest.mark.usefixtures("hass_storage"),
]
FAULT = "event.miner_fault_events"
LOW_VOLTAGE = {206: "2026-11-01 08:00:00"}
FAN = {110: "2026-11-01 08:00:00"}


class News:
    """What the entity has shown, and the events on the bus with it, for the logbook."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin to listen."""
        self.shown: list[tuple[str, str]] = []
        self.events = async_capture_events(hass, "whatsminer_fault")
        async_track_state_change_event(hass, FAULT, self._changed)

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None:
            return
        # Triggers ignore these changes.
        if STATE_UNAVAILABLE not in (old.state, new.state) and old.state != new.state:
            self.shown.append((new.attributes["event_type"], new.attributes["code"]))

    @property
    def fired(self) -> list[tuple[str, str]]:
        """The events in short."""
        return [(event.data["type"], event.data["code"]) for event in self.events]


@pytest.fixture
def news(hass: HomeAssistant) -> News:
    """What is reported from the set-up on."""
    return News(hass)


@every_generation
async def test_every_generation_has_its_events(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
async def test_a_water_cooled_miner_that_speaks_v3_has_its_events(
    check_entities: Check,
) -> None:
    await check_entities()


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_fault_appears_and_clears(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    news: News,
    entity_registry: er.EntityRegistry,
) -> None:
    miner.state.faults = dict(LOW_VOLTAGE)
    await clock.next_poll(4)

    assert news.shown == [("appeared", "206")]
    state = hass.states.get(FAULT)
    assert state is not None
    assert state.attributes["category"] == "power_supply"
    own = "Power input voltage is low."  # the miner's text
    begins = own if speaks_v3(miner) else "The input voltage"
    assert state.attributes["text"].startswith(begins)

    miner.state.faults = {}
    await clock.next_poll(4)

    assert news.shown == [("appeared", "206"), ("cleared", "206")]
    entity = entity_registry.async_get(FAULT)
    assert entity is not None
    assert [event.data for event in news.events] == [
        {
            "device_id": entity.device_id,
            "entity_id": FAULT,
            "type": change,
            "code": "206",
            "text": state.attributes["text"],
            "category": "power_supply",
            "severity": "minor",
        }
        for change in ("appeared", "cleared")
    ]


@pytest.mark.usefixtures("set_up")
async def test_a_fault_is_told_in_the_language_of_home_assistant(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    await hass.config.async_update(language="de")
    miner.state.faults = dict(LOW_VOLTAGE)
    await clock.next_poll(2)

    state = hass.states.get(FAULT)
    assert state is not None
    text = (
        "Die Eingangsspannung des Netzteils ist zu niedrig."
        " Die Netzspannung und das Netzkabel prüfen."
    )
    assert state.attributes["text"] == news.events[0].data["text"] == text


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_an_outage_that_the_miner_does_not_report_is_told_like_a_fault(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    for pool in miner.state.pools:
        pool.alive = False
    miner.state.restart()
    await clock.next_poll()
    await clock.tick(20 * 60)
    await clock.next_poll()

    assert news.shown == [("appeared", "no_pool")]
    state = hass.states.get(FAULT)
    assert state is not None
    assert state.attributes["category"] == "pool"
    assert state.attributes["text"].startswith("The miner is switched on, but ")

    miner.state.pools[0].alive = True
    await clock.next_poll(2)

    assert news.fired == [("appeared", "no_pool"), ("cleared", "no_pool")]


@pytest.mark.usefixtures("set_up")
async def test_an_outage_whose_cause_the_miner_reports_is_told_once(
    miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    """The fault of the power supply says it all."""
    miner.state.faults = {236: "2026-11-01 08:00:00"}
    miner.state.set_boards(alive=False)
    await clock.next_poll(2)
    for _ in range(4):
        await clock.tick(10 * 60)
        await clock.next_poll()

    assert news.fired == [("appeared", "236")]


@pytest.mark.usefixtures("set_up")
async def test_the_words_of_a_miner_are_cut(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    """A fault without a code is none."""
    error_list = f'{{"":""}},{{"110":"","reason":"{"x" * 40_000}"}}'
    answer = f'{{"STATUS":"S","Code":131,"Msg":{{"error_code":[{error_list}]}}}}'
    miner.misbehave("get_error_code", Raw(answer.encode()))
    await clock.next_poll(2)

    assert news.shown == [("appeared", "110")]
    state = hass.states.get(FAULT)
    assert state is not None
    assert state.attributes["text"] == news.events[0].data["text"] == "x" * 255


@pytest.mark.usefixtures("set_up")
async def test_several_at_once_each_fire(
    miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    miner.state.faults = LOW_VOLTAGE | FAN
    await clock.next_poll(2)
    miner.state.faults = {540: "2026-11-01 08:01:00"}
    await clock.next_poll(2)

    assert news.shown == [
        ("appeared", "206"),
        ("appeared", "110"),
        ("cleared", "206"),
        ("cleared", "110"),
        ("appeared", "540"),
    ]
    assert news.fired == news.shown


async def test_a_first_set_up_tells_of_what_it_finds(
    hass: HomeAssistant, miner: SimulatedMiner, owned: Owned, news: News
) -> None:
    """A fault that was there before the entry is new to Home Assistant."""
    miner.state.faults = LOW_VOLTAGE | FAN
    await load_entry(hass, owned.entry)

    assert news.fired == [
        ("appeared", "206"),
        ("appeared", "110"),
    ]
    state = hass.states.get(FAULT)
    assert state is not None
    assert state.attributes["code"] == "110"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (LOW_VOLTAGE, []),
        ({}, [("cleared", "206")]),
        (LOW_VOLTAGE | FAN, [("appeared", "110")]),
        (FAN, [("cleared", "206"), ("appeared", "110")]),
    ],
    ids=["nothing", "cleared", "another", "instead"],
)
@pytest.mark.usefixtures("set_up")
async def test_a_restart_neither_repeats_nor_loses_one(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    news: News,
    changes: dict[int, str],
    expected: list[tuple[str, str]],
) -> None:
    miner.state.faults = dict(LOW_VOLTAGE)
    await clock.next_poll(2)
    news.events.clear()
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_unload(config_entry.entry_id)

    miner.state.faults = dict(changes)
    await clock.tick(600)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await clock.next_poll(2)

    assert news.fired == expected
    assert shown(hass, FAULT) not in (STATE_UNKNOWN, STATE_UNAVAILABLE)


async def test_automations_are_there_when_it_fires(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned, news: News
) -> None:
    """No event fires while Home Assistant starts; all of them fire later."""
    miner.state.faults = dict(LOW_VOLTAGE)
    hass.set_state(CoreState.starting)
    assert await hass.config_entries.async_setup(owned.entry.entry_id)
    await clock.next_poll(2)
    assert not news.events
    assert shown(hass, FAULT) == STATE_UNKNOWN

    await miner.disconnect()
    await clock.next_poll(2)
    hass.set_state(CoreState.running)
    owned.coordinator.async_update_listeners()  # as with every command
    await clock.next_poll()
    assert not news.events  # the automations could not see the entity fire

    miner.reconnect()
    await clock.next_poll()
    assert [code for _, code in news.fired] == ["206"]


@pytest.mark.usefixtures("set_up")
async def test_nothing_known_is_nothing_cleared(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned, news: News
) -> None:
    miner.state.faults = dict(LOW_VOLTAGE)
    await clock.next_poll(2)
    news.events.clear()

    miner.misbehave("get_error_code", Refused(132))
    await hass.config_entries.async_reload(owned.entry.entry_id)
    await clock.next_poll(3)
    await miner.disconnect()
    await clock.next_poll(3)
    assert shown(hass, FAULT) == STATE_UNAVAILABLE
    miner.reconnect()
    miner.behave()
    await clock.next_poll(3)

    assert not news.events
    assert news.shown == [("appeared", "206")]


@pytest.mark.usefixtures("set_up")
async def test_what_changed_during_an_outage_is_told_after_it(
    miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    """The entity is back before it fires, because triggers ignore changes from unavailable."""
    miner.state.faults = dict(LOW_VOLTAGE)
    await clock.next_poll(2)

    await miner.disconnect()
    await clock.next_poll(3)
    miner.state.faults = dict(FAN)
    assert news.shown == [("appeared", "206")]
    miner.reconnect()
    await clock.next_poll(5)  # it reads again what may be another miner's

    assert news.shown == [("appeared", "206"), ("cleared", "206"), ("appeared", "110")]


@pytest.mark.parametrize("at_set_up", [False, True])
async def test_an_automation_runs_for_each(
    miner: SimulatedMiner, clock: Clock, owned: Owned, at_set_up: bool
) -> None:
    runs = async_capture_events(owned.hass, "ran")
    assert await async_setup_component(
        owned.hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "event.received",
                    "target": {"entity_id": FAULT},
                    "options": {"event_type": ["appeared"]},
                },
                "actions": {"event": "ran"},
                "mode": "parallel",
            }
        },
    )
    await load_entry(owned.hass, owned.entry)
    miner.state.faults = dict(FAN)
    if at_set_up:
        await clock.next_poll(2)
        assert len(runs) == 1
        assert await owned.hass.config_entries.async_unload(owned.entry.entry_id)
        miner.state.faults = FAN | LOW_VOLTAGE
        await load_entry(owned.hass, owned.entry)
    else:
        miner.state.faults = FAN | LOW_VOLTAGE
        await clock.next_poll(2)

    assert len(runs) == 2


# When there are too many


def storm(poll: int, most: int = 16) -> dict[int, str]:
    """Return faults that the miner has not had before."""
    return {
        1000 + most * poll + number: "2026-11-01 08:00:00" for number in range(most)
    }


def blink(poll: int) -> dict[int, str]:
    """Return all of some faults, or none of them."""
    return storm(0) if poll % 2 else {}


def exchange(poll: int) -> dict[int, str]:
    """Return some faults, or some others."""
    return storm(poll % 2)


@pytest.mark.parametrize("faults", [storm, blink, exchange])
async def test_a_miner_whose_faults_change_at_each_poll_tells_of_a_few(
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    news: News,
    caplog: pytest.LogCaptureFixture,
    faults: Callable[[int], dict[int, str]],
) -> None:
    """After the first, at most two a minute are reported; at the end the reports are true."""
    for poll in range(60):
        miner.state.faults = faults(poll)
        await clock.next_poll()
        assert len(set_up.memory.data.get("faults", [])) <= 32
    half = len(news.events)
    assert 32 <= half <= 32 + 60
    for poll in range(60, 120):
        miner.state.faults = faults(poll)
        await clock.next_poll()
    assert len(news.events) - half <= 60
    (line,) = [
        record.getMessage()
        for record in caplog.records
        if record.levelname == "WARNING" and "faults change" in record.getMessage()
    ]
    assert line.startswith("Miner: ")

    miner.state.faults = LOW_VOLTAGE | FAN
    await clock.next_poll(40)
    assert sorted(set_up.memory.data["faults"]) == ["110", "206"]
    active: set[str] = set()
    for change, code in news.shown:
        if change == "appeared":
            assert code not in active
            active.add(code)
        else:
            active.remove(code)
    assert active == {"110", "206"}


@pytest.mark.usefixtures("set_up")
async def test_faults_that_come_and_go_for_hours_are_all_told(
    miner: SimulatedMiner, clock: Clock, news: News, caplog: pytest.LogCaptureFixture
) -> None:
    """Five at once, every five minutes, is the worst that a real miner does."""
    for number in range(24):
        miner.state.faults = {} if number % 2 else storm(0, most=5)
        await clock.next_poll(10)
        assert len(news.events) == 5 * (number + 1)
    assert "faults change" not in caplog.text


@pytest.mark.usefixtures("set_up")
async def test_after_a_quiet_time_many_may_be_told_again(
    miner: SimulatedMiner, clock: Clock, news: News
) -> None:
    for poll in range(20):
        miner.state.faults = storm(poll)
        await clock.next_poll()
    miner.state.faults = {}
    await clock.next_poll(80)
    news.events.clear()

    miner.state.faults = storm(1)
    await clock.next_poll(2)
    assert len(news.events) == 16
