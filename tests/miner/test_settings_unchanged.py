"""A setting is not sent where it would change nothing, and the power limit is sent once."""

import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Refused, SimulatedMiner
from tests import (
    ACCEPTED_ONLY,
    Altered,
    Clock,
    hold,
    log_lines,
    names_of,
    restart,
    set_mode,
    set_number,
    shown,
    stored_memory,
    unloaded,
)

from .setting_changes import LIMIT

pytestmark = pytest.mark.usefixtures("set_up")


async def test_the_present_mode_is_not_sent(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A value that changes nothing would restart mining."""
    await set_mode(hass, "normal")

    assert miner.requests == []


async def test_a_pending_mode_is_not_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await set_mode(hass, "low")
    await clock.next_poll(3)

    await set_mode(hass, "low")

    assert names_of(miner.writes) == ["set_low_power"]


async def test_a_mode_that_is_under_way_is_not_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    held = hold(miner, "set_low_power")
    first = hass.async_create_task(set_mode(hass, "low"))
    await held.reached.wait()

    await set_mode(hass, "low")
    held.release.set()
    await first

    assert names_of(miner.writes) == ["set_low_power"]


async def test_one_can_go_back_from_a_pending_mode(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await set_mode(hass, "low")
    await clock.next_poll(3)

    await set_mode(hass, "normal")

    assert names_of(miner.writes) == ["set_low_power", "set_normal_power"]


async def test_the_same_percentage_is_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A percentage restarts nothing, and the miner may have forgotten it."""
    await set_number(hass, "power_percent", 60)
    await set_number(hass, "power_percent", 60)

    assert [write["percent"] for write in miner.writes] == ["60", "60"]


async def test_a_limit_that_the_miner_clamps_is_sent_once(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """An automation may ask for too much every hour; mining restarts once.

    What is shown is what was asked for, where the firmware reports it.
    """
    await set_number(hass, "power_limit", 9000)
    await clock.next_poll(20)
    assert miner.state.limit == 3400
    assert float(shown(hass, LIMIT)) == 9000
    await set_number(hass, "power_limit", 9000)

    assert names_of(miner.writes) == ["adjust_power_limit"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clamped_limit_is_sent_once_where_requests_are_not_reported(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    restarts: bool,
) -> None:
    """On firmware that reports only the limit in force, the request is remembered."""
    miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    await set_number(hass, "power_limit", 9000)
    await clock.next_poll(20)
    assert float(shown(hass, LIMIT)) == 3400

    if restarts:
        await restart(hass, config_entry)
    await set_number(hass, "power_limit", 9000)

    assert names_of(miner.writes).count("adjust_power_limit") == 1


async def test_a_limit_that_comes_into_force_late_is_sent_once(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    miner.misbehave("adjust_power_limit", ACCEPTED_ONLY)
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(2)
    miner.state.power_limit = 3000
    await clock.next_poll(2)

    await set_number(hass, "power_limit", 3000)

    assert names_of(miner.writes) == ["adjust_power_limit"]


async def test_a_limit_that_somebody_else_changed_can_be_set_again(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(3)
    miner.state.power_limit = 2500
    await clock.next_poll()
    assert float(shown(hass, LIMIT)) == 2500

    await set_number(hass, "power_limit", 3000)

    assert names_of(miner.writes) == ["adjust_power_limit", "adjust_power_limit"]
    assert miner.state.limit == 3000


async def test_a_limit_that_was_changed_while_home_assistant_was_off_can_be_set_again(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """What is stored is compared with what the miner reports now."""
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(3)
    async with unloaded(hass, config_entry):
        miner.state.power_limit = 2500
    await set_number(hass, "power_limit", 3000)

    assert names_of(miner.writes)[-1] == "adjust_power_limit"
    assert miner.state.limit == 3000


async def test_a_limit_of_zero_during_recalibration_is_no_reading(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert float(shown(hass, LIMIT)) == 3400
    miner.state.restart()
    await clock.next_poll()
    assert miner.state.telemetry().power_limit == 0
    assert float(shown(hass, LIMIT)) == 3400

    await clock.next_poll(3)
    assert float(shown(hass, LIMIT)) == 3400


@pytest.mark.parametrize("is_reported", [True, False], ids=["reported", "not-reported"])
async def test_a_status_that_is_refused_once_says_nothing_of_the_limit(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    is_reported: bool,
) -> None:
    """Without the status the limit in force is no sign that it was changed elsewhere."""
    usual = Altered(
        '"power_limit_set"', '"power_limit_set"' if is_reported else '"unknown"'
    )
    miner.misbehave("status", usual)
    await set_number(hass, "power_limit", 9000)
    await clock.next_poll(20)
    limit, before = (
        shown(hass, LIMIT),
        stored_memory(hass_storage, config_entry)["settings"]["power_limit"],
    )
    assert float(limit) == (9000 if is_reported else 3400)
    assert before["value"] == 9000

    miner.misbehave("status", Refused(132), times=1)
    await clock.next_poll()
    assert shown(hass, LIMIT) == limit
    await set_number(hass, "power_limit", 9000)
    miner.misbehave("status", usual)
    await clock.next_poll()
    assert shown(hass, LIMIT) == limit
    await set_number(hass, "power_limit", 9000)

    assert (
        stored_memory(hass_storage, config_entry)["settings"]["power_limit"] == before
    )
    assert names_of(miner.writes) == ["adjust_power_limit"]


async def test_the_limit_in_force_is_no_request(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A limit that is in force only because of the mode has to hold in other modes, too."""
    miner.state.power_mode = "low"
    await clock.next_poll()
    in_force = float(shown(hass, LIMIT))
    assert in_force == miner.state.limit

    await set_number(hass, "power_limit", in_force)

    assert names_of(miner.writes) == ["adjust_power_limit"]


@pytest.mark.parametrize("is_reported", [True, False], ids=["reported", "not-reported"])
async def test_the_limit_can_be_given_back(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    is_reported: bool,
) -> None:
    """A limit of 99999 restores the factory's limit, without a warning."""
    if not is_reported:
        miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(3)

    await set_number(hass, "power_limit", 99_999)
    assert miner.state.power_limit is None
    await clock.next_poll(15)
    assert float(shown(hass, LIMIT)) == 3400
    assert log_lines(caplog, logging.WARNING) == []

    miner.writes.clear()
    await set_number(hass, "power_limit", 99_999)
    assert miner.writes == []

    await set_number(hass, "power_limit", 3000)
    assert miner.state.power_limit == 3000
