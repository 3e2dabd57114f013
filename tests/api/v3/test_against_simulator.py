"""The client of V3 meets the simulated miner: the two share no code, and were written apart.

A mistake in what both do alike would show in the tests of neither.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, Outcome
from custom_components.whatsminer.api.errors import CannotConnectError, RefusedError
from simulator import Quirk
from simulator.v3 import FIRMWARE_BY_API
from tests.api import codes_of

from .owner import LIVE, SLOW
from .simulated import FAN, HEAT, HYDRO, Meet, every_cooling, every_version

# Each setting with two values, and the version that reports it.
SETTINGS: Final[list[tuple[str, Callable[[Any], Command], tuple[Any, Any], str]]] = [
    ("power_mode", commands.power_mode, ("low", "normal"), "3.0.0"),
    ("power_limit", commands.power_limit, (3000, 3200), "3.0.0"),
    ("target_frequency", commands.target_frequency, (-5, 0), "3.0.0"),
    ("upfreq_speed", commands.upfreq_speed, (9, 0), "3.0.0"),
    ("temperature_offset", commands.temperature_offset, (-30, 0), "3.0.0"),
    ("fast_boot", lambda on: commands.fast_boot(on=on), (True, False), "3.0.0"),
    ("web_pools", lambda on: commands.web_pools(on=on), (False, True), "3.0.0"),
    (
        "poweroff_cooling",
        lambda on: commands.poweroff_cooling(on=on),
        (True, False),
        "3.0.0",
    ),
    (
        "fan_zero_speed",
        lambda on: commands.fan_zero_speed(on=on),
        (True, False),
        "3.0.0",
    ),
    ("heat_mode", commands.heat_mode, ("heating", "anti_icing"), "3.0.0"),
    ("heat_mode", commands.heat_mode, ("heating", "normal"), "3.0.0"),
    ("power_target", commands.power_target, (3000, 0), "3.0.3"),
    ("fast_hash", lambda on: commands.fast_hash(on=on), (True, False), "3.0.3"),
    ("power_percent", commands.power_percent, (80, 100), "3.0.3"),
    ("power_percent", partial(commands.power_percent, fast=True), (0, 50), "3.0.3"),
]


# Reading


@every_cooling
@every_version
async def test_a_poll_tells_what_the_miner_does(
    meet: Meet, api: str, model: str
) -> None:
    async with meet(api=api, model=model) as owner:
        assert await owner.protocol.probe()
        owner.miner.state.fail(206)
        seen = await owner.poll()
        state = owner.miner.state
        now = state.telemetry()
        liquid = model == HYDRO
        assert (seen.device.api, seen.device.api_known) == (api, True)
        assert seen.firmware == FIRMWARE_BY_API[api]
        assert seen.device.model == f"{model}_{state.model.variant}"
        assert seen.device.serial_number == owner.miner.serial
        assert seen.liquid_cooled is liquid
        assert (seen.settings.mining, seen.stale) == (True, False)
        performance = seen.performance
        for name, expected in {
            "hash_rate": now.hash_rate,
            "hash_rate_15m": now.hash_15m,
            "factory_hash_rate": sum(board.factory for board in now.boards),
            "power": now.power,
            "power_limit": now.power_limit,
            "elapsed": now.elapsed,
            "uptime": now.uptime,
            "chip_temperature_max": now.chip_max,
            "board_temperature": max(board.temperature for board in now.boards),
            "environment_temperature": now.environment,
            "frequency": now.frequency,
        }.items():
            assert getattr(performance, name) == pytest.approx(
                expected, rel=0.01, abs=1
            ), name
        assert [board.serial_number for board in seen.boards] == [
            board.serial for board in state.boards
        ]
        assert [board.temperature for board in seen.boards] == pytest.approx(
            [board.temperature for board in now.boards], abs=0.1
        )
        (pool,) = seen.pools
        assert (pool.url, pool.worker) == (state.pools[0].url, state.pools[0].user)
        assert (pool.active, seen.pools_complete) == (True, True)
        assert performance.pool_rejection is not None
        assert (seen.coolant_temperature is None) is not liquid
        assert bool(performance.fan_speed_in) is not liquid
        assert codes_of(seen) == ["206"]
        assert (seen.errors and seen.errors[0].reason is None) is (api == "3.0.0")


@every_cooling
async def test_a_steady_poll_is_one_connection(meet: Meet, model: str) -> None:
    async with meet(model=model) as owner:
        for count in range(1, 4):
            await owner.poll()
            assert owner.miner.connections == count
        asked = [
            " ".join(filter(None, (each["cmd"], each.get("param"))))
            for each in owner.miner.v3.requests
        ]
        assert asked == [*LIVE, *SLOW, *LIVE, *LIVE]


@every_version
async def test_a_misspelt_temperature_and_an_energy_counter_change_nothing(
    meet: Meet, api: str
) -> None:
    quirks = (Quirk.TEMPURATURE, Quirk.ENERGY_COUNTER, Quirk.HEARTBEATS)
    async with meet(api=api) as usual, meet(*quirks, api=api) as odd:
        first, second = await usual.poll(), await odd.poll()
        assert first.performance.board_temperature
        assert first.performance == second.performance
        assert first.boards == second.boards


async def test_a_copy_of_the_coolant_is_no_fan(meet: Meet) -> None:
    async with meet(Quirk.COOLANT_AS_FAN, model=HYDRO) as owner:
        seen = await owner.poll()
        assert (seen.psu_fan_speed, bool(seen.coolant_temperature)) == (None, True)


@every_cooling
@every_version
async def test_a_missing_board_leaves_the_others_where_they_are(
    meet: Meet, api: str, model: str
) -> None:
    async with meet(api=api, model=model) as owner:
        owner.miner.state.boards[1].present = False
        seen = await owner.poll()
        now = owner.miner.state.telemetry()
        assert {board.slot: board.temperature for board in seen.boards} == {
            board.slot: pytest.approx(board.temperature, abs=0.1)
            for board in now.boards
        }
        assert seen.performance.board_temperature


@every_version
async def test_while_mining_starts_the_factory_rate_is_that_of_the_boards(
    meet: Meet, api: str
) -> None:
    async with meet(api=api) as owner:
        before = await owner.poll()
        owner.miner.state.restart()
        seen = await owner.poll(after=5)
        assert seen.performance.hash_rate == 0
        assert seen.performance.factory_hash_rate == pytest.approx(
            before.performance.factory_hash_rate, rel=0.01
        )


@every_version
async def test_a_limit_that_was_never_set_is_known_as_such(
    meet: Meet, api: str
) -> None:
    async with meet(api=api) as owner:
        assert (await owner.poll()).limit_is_default
        await owner.send(commands.power_limit(3000))
        assert (await owner.poll()).limit_is_default is False


async def test_a_poll_that_finds_no_room_is_followed_by_a_good_one(meet: Meet) -> None:
    """A miner serves ten clients."""
    async with meet() as owner:
        owner.miner.v3.most_clients = 0
        with pytest.raises(CannotConnectError):
            await owner.poll()
        owner.miner.v3.most_clients = 10
        assert (await owner.poll()).settings.mining


# Settings


@every_cooling
@every_version
async def test_every_setting_is_read_back(meet: Meet, api: str, model: str) -> None:
    async with meet(api=api, model=model) as owner:
        await owner.tune()
        unsuitable = FAN if model == HYDRO else HEAT
        for name, command, values, since in SETTINGS:
            if name in unsuitable or (name == "fast_hash" and api < "3.0.2"):
                with pytest.raises(RefusedError):
                    await owner.send(command(values[0]))
                continue
            for value in values:
                if name == "power_percent":  # not before tuning is over
                    await owner.tune()
                assert await owner.send(command(value)) is Outcome.ACCEPTED, name
                shown = getattr((await owner.poll()).settings, name)
                expected = value if api >= since else None
                if name == "power_percent" and value == 100 and expected:
                    expected = 0  # it reports 0 for no percent
                assert shown == expected, name


@every_cooling
@every_version
async def test_the_firmware_supports_what_it_says(
    meet: Meet, api: str, model: str
) -> None:
    """What is promised of a version is in the first poll."""
    async with meet(api=api, model=model) as owner:
        seen = await owner.poll()
        reported = {
            name
            for name in seen.support.settings
            if getattr(seen.settings, name) is None
        }
        assert reported == set()


# Stop and start


@every_cooling
@every_version
async def test_a_stop_holds_until_the_start(meet: Meet, api: str, model: str) -> None:
    quirks = (Quirk.POWER_OFF_FADES, Quirk.V3_STOP_STAYS)
    async with meet(*quirks, api=api, model=model) as owner:
        before = await owner.poll()
        assert await owner.send(commands.power_off()) is Outcome.ACCEPTED
        for _ in range(5):
            seen = await owner.poll(after=120)
            assert (seen.settings.mining, seen.performance.hash_rate) == (False, 0)
            assert not seen.pools_complete
        assert await owner.send(commands.power_on()) is Outcome.ACCEPTED
        for _ in range(3):
            seen = await owner.poll(after=20)
        assert seen.settings.mining
        assert seen.performance.hash_rate
        assert seen.performance.elapsed is not None
        assert before.performance.elapsed is not None
        assert seen.performance.elapsed <= 90 < before.performance.elapsed


async def test_after_a_restart_connections_are_dropped_for_a_while(meet: Meet) -> None:
    async with meet(Quirk.DROPPED_RESTARTS) as owner:
        await owner.poll()
        assert await owner.send(commands.restart_mining()) in (
            Outcome.ACCEPTED,
            Outcome.SILENT,
        )
        with pytest.raises(CannotConnectError):
            await owner.poll(after=5)
        assert (await owner.poll()).settings.mining


async def test_a_silent_restart_counts_as_accepted(meet: Meet) -> None:
    async with meet(Quirk.SILENT_RESTARTS) as owner:
        assert await owner.send(commands.power_limit(3000)) is Outcome.SILENT
        assert (await owner.poll()).settings.power_limit == 3000


@every_version
async def test_a_stop_may_leave_no_process_to_ask(meet: Meet, api: str) -> None:
    async with meet(Quirk.PROCESS_DOWN, api=api) as owner:
        await owner.poll()
        await owner.send(commands.power_off())
        seen = await owner.poll()
        assert (seen.settings.mining, seen.errors) == (False, None)
        await owner.send(commands.power_on())
        assert (await owner.poll()).settings.mining
