"""The ordinary power of a miner, and the power limits that are usual for it."""

from dataclasses import replace
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import Snapshot
from custom_components.whatsminer.const import MEMORY_INTERVAL
from homeassistant.components.number import ATTR_MAX, ATTR_MIN
from homeassistant.exceptions import ServiceValidationError
from simulator import SimulatedMiner
from tests import JOINED, Altered, Without, fails_with, since_v2

from . import Rig

EVERY_LIMIT: Final = (1, 99_999)
# The limit of the model that the air-cooled miner is.
FACTORY: Final = 3400
USUAL: Final = (1020, 4420)


def bounds(rig: Rig) -> tuple[float, float]:
    """Return the range of the power limit."""
    state = rig.hass.states.get("number.miner_power_limit")
    assert state
    return state.attributes[ATTR_MIN], state.attributes[ATTR_MAX]


def hide_limit(miner: SimulatedMiner) -> None:
    """Let a miner not tell whether a limit is set, as firmware of 2023."""
    miner.misbehave("status", Without("power_limit_set"))


# Which evidence counts


@since_v2
async def test_the_limit_of_the_firmware_itself_is_the_ordinary_power(rig: Rig) -> None:
    """It takes two polls, because somebody may have set a limit in the middle of one."""
    assert bounds(rig) == EVERY_LIMIT
    await rig.clock.next_poll()
    limit = rig.miner.state.limit
    assert bounds(rig) == (int(limit * 0.3), -int(-limit * 1.3 // 1))


async def test_a_limit_that_somebody_has_set_says_nothing_of_the_ordinary_power(
    new_rig: Rig,
) -> None:
    new_rig.miner.state.power_limit = 3000
    await new_rig.load()
    await new_rig.clock.next_poll(3)
    assert bounds(new_rig) == EVERY_LIMIT


@pytest.mark.parametrize("mode", ["low", "high"])
async def test_the_limit_of_another_mode_is_not_the_ordinary_one(
    new_rig: Rig, mode: Any
) -> None:
    new_rig.miner.state.power_mode = mode
    await new_rig.load()
    await new_rig.clock.next_poll(3)
    assert bounds(new_rig) == EVERY_LIMIT


async def test_a_miner_that_tunes_shows_nothing_of_its_ordinary_power(
    new_rig: Rig,
) -> None:
    new_rig.miner.state.restart()
    await new_rig.load()
    await new_rig.clock.next_poll(15)
    assert bounds(new_rig) == EVERY_LIMIT

    await new_rig.clock.tick(3600)
    await new_rig.clock.next_poll(3)
    assert bounds(new_rig) == USUAL


async def test_firmware_that_does_not_tell_of_a_limit_has_an_estimate(
    new_rig: Rig,
) -> None:
    """What the hash rate of the factory takes, after ten polls in a row."""
    hide_limit(new_rig.miner)
    await new_rig.load()
    await new_rig.clock.next_poll(8)
    assert bounds(new_rig) == EVERY_LIMIT

    await new_rig.clock.next_poll()
    lowest, highest = bounds(new_rig)
    assert lowest == pytest.approx(0.3 * FACTORY, rel=0.1)
    assert highest == pytest.approx(1.3 * FACTORY, rel=0.1)


async def test_an_estimate_under_a_limit_includes_the_ordinary_power(
    new_rig: Rig,
) -> None:
    """A miner that was always limited can be given its whole power."""
    hide_limit(new_rig.miner)
    new_rig.miner.state.power_limit = 2600
    await new_rig.load()
    await new_rig.clock.next_poll(12)
    lowest, highest = bounds(new_rig)
    assert lowest < 2600
    assert FACTORY < highest < 2 * FACTORY


async def test_a_miner_that_hardly_hashes_has_no_estimate(new_rig: Rig) -> None:
    """It needs much for each TH/s then."""
    hide_limit(new_rig.miner)
    new_rig.miner.state.percent = 20
    await new_rig.load()
    await new_rig.clock.next_poll(12)
    assert bounds(new_rig) == EVERY_LIMIT


async def test_the_highest_estimate_stays(new_rig: Rig) -> None:
    """A hashboard that dies does not make the machine smaller."""
    hide_limit(new_rig.miner)
    await new_rig.load()
    await new_rig.clock.next_poll(10)
    before = bounds(new_rig)
    ordinary = new_rig.entry.runtime_data.coordinator.ordinary_power
    snapshot: Snapshot = new_rig.entry.runtime_data.coordinator.data
    for factor in (0.5, 1.02):
        rate = snapshot.performance.factory_hash_rate
        assert rate
        changed = replace(
            snapshot,
            performance=replace(snapshot.performance, factory_hash_rate=rate * factor),
        )
        for _ in range(20):
            ordinary.update(
                changed,
                new_rig.entry.runtime_data.coordinator.settings,
                new_rig.record.memory.data,
            )
    await new_rig.clock.next_poll()
    assert bounds(new_rig) == before


# What follows from it


async def test_it_is_known_after_a_restart(rig: Rig) -> None:
    await rig.clock.next_poll()
    await rig.clock.tick(MEMORY_INTERVAL)
    assert rig.stored["default_power_limit"] == FACTORY
    rig.miner.state.restart()
    await rig.restart()
    assert bounds(rig) == USUAL


async def test_an_unusual_limit_is_refused_and_the_range_is_named(rig: Rig) -> None:
    await rig.clock.next_poll()
    rig.miner.requests.clear()
    for watts in (340, 30_000, 1019, 4421, 99_999):
        with pytest.raises(ServiceValidationError, match=r"1020 - 4420|1020.*4420"):
            await rig.set_number("power_limit", watts)
    assert rig.asked == []
    assert float(rig.state_of("number.miner_power_limit")) == FACTORY


@pytest.mark.parametrize("reported", [700, 6000])
async def test_what_the_miner_reports_is_in_the_range(rig: Rig, reported: int) -> None:
    """Somebody has set it with another program."""
    await rig.clock.next_poll()
    rig.miner.state.power_limit = reported
    await rig.clock.next_poll()
    lowest, highest = bounds(rig)
    assert (lowest, highest) == (min(1020, reported), max(4420, reported))


async def test_the_limit_in_force_is_in_the_range(rig: Rig) -> None:
    await rig.clock.next_poll()
    rig.miner.misbehave(
        JOINED, Altered(f'"Power Limit":{FACTORY}', '"Power Limit":5000')
    )
    await rig.clock.next_poll(1)
    assert bounds(rig) == (1020, 5000)


# The action


async def set_limit(rig: Rig, watts: float, **data: object) -> None:
    """Call the action for the miner."""
    await rig.act(
        "whatsminer.set_power_limit", "switch.miner", power_limit=watts, **data
    )


@pytest.mark.parametrize("watts", [1, 340, 30_000, 99_998])
async def test_an_unusual_limit_has_to_be_confirmed(rig: Rig, watts: int) -> None:
    await rig.clock.next_poll()
    rig.miner.requests.clear()
    with fails_with("power_limit_unusual", ServiceValidationError) as error:
        await set_limit(rig, watts)
    for number in ("3400 W", f"{watts} W", "1020 to 4420 W"):
        assert number in str(error.value)
    assert rig.asked == []

    await set_limit(rig, watts, confirm=True)
    assert rig.miner.writes == [
        {"cmd": "adjust_power_limit", "power_limit": str(watts)}
    ]


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_a_miner_without_a_power_limit_says_so_without_a_confirmation(
    rig: Rig,
) -> None:
    await rig.clock.next_poll(12)
    assert rig.coordinator.ordinary_power.watts
    with fails_with("unsupported_command"):
        await set_limit(rig, 30_000)


@pytest.mark.parametrize("watts", [1020, 3000, 4420, 99_999])
async def test_a_usual_limit_and_the_default_need_no_confirmation(
    rig: Rig, watts: int
) -> None:
    await rig.clock.next_poll()
    await set_limit(rig, watts)
    assert rig.miner.writes == [
        {"cmd": "adjust_power_limit", "power_limit": str(watts)}
    ]


async def test_every_limit_is_usual_while_the_ordinary_power_is_not_known(
    rig: Rig,
) -> None:
    await set_limit(rig, 340)
    assert rig.sent == ["adjust_power_limit"]


@pytest.mark.parametrize("watts", [0, -1, 100_000])
async def test_a_limit_that_no_miner_takes_is_refused_with_a_confirmation_too(
    rig: Rig, watts: int
) -> None:
    with fails_with("invalid_value", ServiceValidationError):
        await set_limit(rig, watts, confirm=True)
    assert rig.sent == []
