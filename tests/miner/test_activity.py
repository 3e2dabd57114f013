"""Commands that have no effect while the miner does what it does."""

from typing import Any, Final

import pytest

from custom_components.whatsminer.api import (
    Capabilities,
    NoEffectError,
    Snapshot,
    commands,
)
from custom_components.whatsminer.api.readings import Performance, ReportedSettings
from custom_components.whatsminer.api.v2.support import SUPPORT
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.miner.activity import refuse_without_effect
from custom_components.whatsminer.miner.settings import Settings
from custom_components.whatsminer.miner.status import status_of
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNKNOWN, Platform
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from simulator import Refused
from tests import before_v2_2, every_generation, fails_with, since_v2
from tests.words import speaks_v3

from . import Rig
from .setting_changes import CHANGES, FREQUENCY, LIMIT, MINING, MODE, PERCENT

RESTART: Final = "button.miner_restart_mining"
PREHEAT: Final = "button.miner_preheat"


class History:
    """The states that entities had, as a recorder writes them down.

    Those of buttons are left out: Home Assistant itself writes when each was pressed. Sensors are, too:
    the status says that a miner is being updated, and none of them shows a value that was set.
    """

    def __init__(self, rig: Rig) -> None:
        """Begin now."""
        self.states: list[tuple[str, str]] = []
        rig.hass.bus.async_listen(EVENT_STATE_CHANGED, self._add)

    @callback
    def _add(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        assert state is not None
        if state.domain not in (Platform.BUTTON, Platform.SENSOR):
            self.states.append((state.entity_id, state.state))


async def stop(rig: Rig) -> None:
    """Stop the miner, and wait until that is known."""
    rig.miner.state.mining = False
    await rig.clock.next_poll(2)
    rig.miner.requests.clear()


async def start_anew(rig: Rig) -> None:
    """Restart mining, and wait until it is seen to start: no hashboard hashes yet."""
    rig.miner.state.restart()
    rig.miner.state.set_boards(alive=False)
    await rig.clock.next_poll(3)
    rig.miner.requests.clear()


async def refused(
    rig: Rig, key: str, action: str, entity_id: str, **data: object
) -> None:
    """Check that an action is refused, and that nothing is sent and no state is written."""
    history, before = History(rig), rig.asked
    with fails_with(key, ServiceValidationError) as error:
        await rig.act(action, entity_id, **data)
    await rig.settle()
    assert "Miner" in str(error.value)
    assert (history.states, rig.asked) == ([], before)


# A stopped miner


@every_generation
async def test_a_stopped_miner_takes_no_percent_which_it_would_forget(rig: Rig) -> None:
    await stop(rig)

    await refused(rig, "power_percent_while_off", "number.set_value", PERCENT, value=34)

    assert rig.sent == []
    assert rig.state_of(PERCENT) in (STATE_UNKNOWN, "100.0")


@every_generation
async def test_mining_is_not_restarted_where_it_is_off(rig: Rig) -> None:
    """Nor does the minute begin in which mining cannot be restarted."""
    await stop(rig)
    await refused(rig, "restart_mining_while_off", "button.press", RESTART)

    await rig.set_mode("low")

    assert rig.sent == ["set_low_power"]


async def test_mining_that_was_switched_off_just_now_is_off(rig: Rig) -> None:
    """No poll has shown it yet."""
    held = rig.hold("summary+pools+edevs")
    await rig.act("switch.turn_off", MINING)
    with fails_with("power_percent_while_off", ServiceValidationError):
        await rig.set_number("power_percent", 60)
    held.release.set()
    await rig.settle()
    assert rig.sent == ["power_off"]


@pytest.mark.parametrize("entity_id", [key for key in CHANGES if key != PERCENT])
async def test_what_counts_from_the_next_start_is_taken_while_off(
    rig: Rig, entity_id: str
) -> None:
    """Power off is always sent: a miner may have been started by somebody else."""
    await stop(rig)
    action, data, command, _ = CHANGES[entity_id]

    await rig.act(action, entity_id, **data)

    assert rig.sent == [command]


# A miner that starts


@every_generation
async def test_a_miner_that_does_not_hash_yet_takes_no_percent(rig: Rig) -> None:
    """One that hashes takes it, also if it never becomes stable."""
    await start_anew(rig)
    await refused(
        rig, "power_percent_while_starting", "number.set_value", PERCENT, value=80
    )

    rig.miner.state.set_boards(alive=True)
    await rig.clock.next_poll()
    if speaks_v3(rig.miner):  # which takes it once it is tuned
        await rig.clock.tick(rig.miner.state.tuning_seconds)
    await rig.set_number("power_percent", 80)
    assert rig.miner.state.percent == 80


@pytest.mark.parametrize(
    ("entity_id", "command"),
    [(RESTART, "restart_btminer"), (MODE, "set_low_power"), (FREQUENCY, None)],
)
async def test_a_restart_is_a_start_before_a_poll_shows_it(
    rig: Rig, entity_id: str, command: str | None
) -> None:
    held = rig.hold("summary+pools+edevs")
    if entity_id == RESTART:
        await rig.act("button.press", RESTART)
    else:
        action, data, *_ = CHANGES[entity_id]
        await rig.act(action, entity_id, **data)
    with fails_with("power_percent_while_starting", ServiceValidationError):
        await rig.set_number("power_percent", 60)
    held.release.set()
    await rig.settle()
    if command:
        assert rig.sent == [command]


async def test_a_miner_that_was_switched_on_starts(rig: Rig) -> None:
    await stop(rig)
    held = rig.hold("summary+pools+edevs")
    await rig.act("switch.turn_on", MINING)
    with fails_with("power_percent_while_starting", ServiceValidationError):
        await rig.set_number("power_percent", 60)
    held.release.set()
    await rig.settle()
    assert rig.sent == ["power_on"]


async def test_mining_that_starts_can_be_restarted(rig: Rig) -> None:
    await start_anew(rig)
    await rig.act("button.press", RESTART)
    assert rig.sent == ["restart_btminer"]


# A miner that mines


@before_v2_2
@pytest.mark.parametrize("starts", [False, True])
async def test_a_miner_that_is_on_is_not_preheated(rig: Rig, starts: bool) -> None:
    """The button can be pressed: a script that presses it is told why nothing happens."""
    if starts:
        await start_anew(rig)
    key = "preheat_while_starting" if starts else "preheat_while_mining"
    await refused(rig, key, "button.press", PREHEAT)

    with fails_with(key, ServiceValidationError):
        await rig.hass.services.async_call(
            DOMAIN, "preheat", {"entity_id": MINING}, blocking=True
        )
    assert rig.sent == []


# What is not known refuses nothing


async def test_a_miner_that_does_not_answer_is_told_all_the_same(rig: Rig) -> None:
    """It may have been switched on meanwhile."""
    await stop(rig)
    await rig.miner.disconnect()
    await rig.clock.next_poll(3)

    with fails_with("cannot_connect"):
        await rig.hass.services.async_call(
            DOMAIN,
            "set_power_percent",
            {"entity_id": MINING, "percent": 80},
            blocking=True,
        )


def takes_percent(
    mining: bool | None, idle_for: float | None = None, **performance: Any
) -> bool:
    """Return whether a percent is sent to a miner, by one poll."""
    snapshot = Snapshot(
        taken=dt_util.utcnow(),
        generation="2.0",
        support=SUPPORT[next(iter(SUPPORT))],
        settings=ReportedSettings(mining=mining),
        idle_for=idle_for,
        performance=Performance(**performance),
    )
    settings = Settings("Miner", Capabilities.of(snapshot), {})
    settings.update(snapshot, snapshot.monotonic)
    status = status_of(snapshot, settings, updating=False)
    try:
        refuse_without_effect(commands.power_percent(50, fast=False), status)
    except NoEffectError:
        return False
    return True


@since_v2
async def test_a_miner_at_zero_percent_takes_another_one(rig: Rig) -> None:
    """It does not hash, which is no start."""
    await rig.set_number("power_percent", 0)
    await rig.clock.next_poll(20)
    assert rig.coordinator.data.hash_rate == 0
    assert rig.state_of("sensor.miner_status") == "throttled"

    await rig.set_number("power_percent", 80)
    await rig.clock.next_poll(2)
    assert float(rig.state_of(PERCENT)) == 80


def test_a_percent_is_sent_to_a_miner_that_hashes() -> None:
    """It may be tuning for ever. What a miner does that failed to start, nobody knows."""
    assert takes_percent(None, hash_stable=False, tuned=False)
    assert not takes_percent(False, hash_stable=True)
    assert not takes_percent(True)
    assert not takes_percent(True, hash_rate=0, hash_stable=True)
    assert not takes_percent(True, idle_for=19 * 60, hash_rate=0)
    assert takes_percent(True, idle_for=20 * 60, hash_rate=0)
    assert takes_percent(True, hash_rate=90)
    assert takes_percent(True, hash_rate=90, hash_stable=False, tuned=False)


# What is refused before anything is sent is never shown


@since_v2
@pytest.mark.parametrize("entity_id", [LIMIT, MODE, FREQUENCY])
async def test_a_value_that_comes_too_soon_is_in_no_state(
    rig: Rig, entity_id: str
) -> None:
    await rig.act("button.press", RESTART)
    await rig.clock.next_poll()
    action, data, *_ = CHANGES[entity_id]
    await refused(rig, "too_soon", action, entity_id, **data)


async def test_a_value_that_the_firmware_does_not_know_is_in_no_state(rig: Rig) -> None:
    """It is sent once, to find that out."""
    rig.miner.misbehave("*", Refused(14))
    action, data, *_ = CHANGES[FREQUENCY]
    with fails_with("unsupported_command"):
        await rig.act(action, FREQUENCY, **data)
    await rig.settle()
    history, before = History(rig), rig.asked
    with fails_with("unsupported_command"):
        await rig.act(action, FREQUENCY, **data)
    assert (history.states, rig.asked) == ([], before)


@pytest.mark.parametrize("entity_id", CHANGES)
async def test_a_value_that_comes_during_an_update_is_in_no_state(
    rig: Rig, entity_id: str
) -> None:
    action, data, *_ = CHANGES[entity_id]
    with rig.client().exclusive():
        await refused(rig, "firmware_in_progress", action, entity_id, **data)


@pytest.mark.parametrize(
    ("key", "value"), [("power_percent", 101), ("power_limit", 100_000)]
)
async def test_a_value_out_of_range_is_in_no_state(
    rig: Rig, key: str, value: float
) -> None:
    history = History(rig)
    with pytest.raises(ServiceValidationError):
        await rig.set_number(key, value)
    assert history.states == []
