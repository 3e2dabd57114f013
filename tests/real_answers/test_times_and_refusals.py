"""Kinds 12 to 15: when an answer came, what a refusal shows, who waits longest, exact lengths."""

from pathlib import Path

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import SimulatedMiner
from tests import JOINED, PROCESS_DOWN
from tests.action_calls import Target
from tests.api import INVALID_COMMAND, refusal

from . import described
from .described import reading
from .home import Added, Home
from .miner import DescribedMiner

# Times


def slow(home: Home, miner: DescribedMiner, *commands: str) -> None:
    """Let the answers to some commands, or to all, take so long that one more is a timeout."""
    seconds = 9.5

    def wait(command: str) -> None:
        if not commands or command in commands:
            home.clock.freezer.tick(seconds)
            miner.advance(seconds)

    miner.before = wait


async def with_percent(home: Home, miner: DescribedMiner) -> Added:
    """Return a miner on which a power percent was set, which it does not report."""
    miner.takes["set_power_pct_v2"] = miner.takes["set_power_pct"] = lambda _: None
    added = await (await home.add(miner)).poll(2)
    await added.act("number.set_value", "number.power_percent", value=70)
    return await added.poll(1)


@pytest.mark.parametrize("commands", [(), ("summary",), ("status", "pools", "edevs")])
@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_slow_answer_is_no_restart(
    home: Home, generation: str, commands: tuple[str, ...]
) -> None:
    """The clocks of the miner are compared with the moment at which they came."""
    async with DescribedMiner(getattr(described, generation)(), joins=False) as miner:
        added = await with_percent(home, miner)
        since, booted = added.shows("sensor.mining_since"), added.shows("sensor.booted")
        slow(home, miner, *commands)
        await added.poll(2)
        miner.before = lambda _: None
        await added.poll(1)
        slow(home, miner, *commands)
        await added.poll(2)
    assert added.number("sensor.restart_count") == 0
    assert added.number("number.power_percent") == 70
    assert added.shows("sensor.mining_since") == since
    assert added.shows("sensor.booted") == booted


async def test_a_restart_is_seen_among_slow_answers(home: Home) -> None:
    """The miner forgets its power percent then."""
    async with DescribedMiner(described.v2()) as miner:
        added = await with_percent(home, miner)
        slow(home, miner)
        await added.poll(1)
        reading(miner.answers, "summary")["Elapsed"] = 4
        await added.poll(2)
    assert added.number("sensor.restart_count") == 1
    assert added.shows("number.power_percent") == STATE_UNKNOWN


# Refusals


@pytest.mark.parametrize("code", [23, 45, 132, 136, None])
async def test_a_refused_summary_does_not_show_that_v1_has_stopped(
    home: Home, code: int | None
) -> None:
    """What is not known is unknown, and comes back with the next answer."""
    async with DescribedMiner(described.v1()) as miner:
        added = await (await home.add(miner)).poll(1)
        well = miner.answers["summary"]
        no = refusal(132, "API command ERROR") | {"Code": code}
        miner.answers["summary"] = {k: v for k, v in no.items() if v is not None}
        await added.poll(2)
        for name in ("binary_sensor.running", "sensor.hash_rate"):
            assert added.shows(name) == STATE_UNKNOWN
        assert added.shows("switch.mining") != "off"
        miner.answers["summary"] = well
        miner.advance(60)
        await added.poll(1)
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.shows("switch.mining") == "on"
    assert added.number("sensor.restart_count") == 0


@pytest.mark.parametrize(
    "answer", [INVALID_COMMAND, PROCESS_DOWN.data], ids=["14", "down"]
)
async def test_what_v1_says_when_it_is_stopped_shows_that(
    home: Home, answer: object
) -> None:
    """Its control board answers for the mining process."""
    async with DescribedMiner(described.v1()) as miner:
        added = await (await home.add(miner)).poll(1)
        stopped = ("summary", "pools", "edevs", "devs", "devdetails", JOINED)
        miner.answers |= dict.fromkeys(stopped, answer)
        await added.poll(3)
    assert added.shows("switch.mining") == "off"
    assert added.number("sensor.hash_rate") == 0
    assert added.shows("binary_sensor.running") == "off"


async def test_a_refused_status_leaves_open_whether_v2_mines_or_shows_it(
    home: Home,
) -> None:
    """It never reads as stopped while the miner hashes."""
    async with DescribedMiner(described.v2()) as miner:
        added = await (await home.add(miner)).poll(1)
        miner.answers["status"] = refusal(132)
        await added.poll(2)
    assert added.shows("switch.mining") != "off"
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.shows("binary_sensor.running") == "on"


# Who waits longest


@pytest.mark.parametrize("generation", ["v1", "v2", "v2_2"])
async def test_flashing_in_every_poll_keeps_nothing_from_being_read(
    home: Home, generation: str
) -> None:
    """Each flash expects another answer of the miner, which is read soon."""
    async with DescribedMiner(getattr(described, generation)()) as miner:
        added = await home.add(miner)
        reading(miner.answers, "get_psu")["temp0"] = "55.5"
        for _ in range(22):
            await added.target.call("set_led", color="green")
            await added.poll(1)
    asked = [command for poll in added.asked[1:] for command in poll]
    usual = "devdetails" if generation == "v1" else "get_error_code"
    for command in ("get_version", "devdetails", "get_psu", "get_miner_info", usual):
        assert command in asked
    assert added.shows("sensor.psu_temperature") == "55.5"


# An exact length


@pytest.mark.parametrize("first", [b"\0", b"\n", b"\r\n\0", b" ", b"{"])
async def test_a_log_keeps_its_first_byte(
    hass: HomeAssistant,
    one: Target,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    tmp_path: Path,
    first: bytes,
) -> None:
    """The miner says how many bytes there are."""
    hass.config.config_dir = str(tmp_path)
    miner.logs = first + b"\x1f\x8blog of the barn" + b"\0\n"
    ((_, told),) = (await one.ask("download_logs")).items()
    assert told["size"] == len(miner.logs)
    assert Path(told["path"]).read_bytes() == miner.logs
