"""Kind 4: whether a miner is on, where the status does not say so or is wrong."""

from typing import Any

import pytest

from homeassistant.const import STATE_UNKNOWN
from homeassistant.util import dt as dt_util
from tests import JOINED, PROCESS_DOWN, log_lines
from tests.api import INVALID_COMMAND, message, refusal

from . import cases, described
from .cases import changed
from .described import reading
from .home import Added, Home
from .miner import DescribedMiner


def check_on(added: Added) -> None:
    """Check that the miner is on, and since when."""
    assert added.shows("switch.mining") == "on"
    assert added.shows("binary_sensor.running") == "on"
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    since = dt_util.parse_datetime(added.shows("sensor.mining_since"))
    assert since
    elapsed = reading(added.miner.answers, "summary")["Elapsed"]
    assert (dt_util.utcnow() - since).total_seconds() == pytest.approx(elapsed, abs=2)


async def test_a_miner_that_hashes_is_on(home: Home) -> None:
    async with cases.no_mineroff() as miner:
        added = await (await home.add(miner)).poll()
    check_on(added)
    assert added.connections == [3] * 5


@pytest.mark.parametrize(
    "status",
    [
        message({}),
        message({"mineroff": "", "power_mode": "normal"}),
        message({"mineroff": None}),
        message({"mineroff": "unknown"}),
        message("ok"),
        refusal(132, "API command ERROR"),
        INVALID_COMMAND,
    ],
    ids=["empty", "no-text", "null", "a-word", "a-sentence", "refused", "not-known"],
)
@pytest.mark.parametrize("generation", ["v2", "v2_2"])
async def test_it_is_on_whatever_the_status_leaves_out(
    home: Home, generation: str, status: object
) -> None:
    answers = getattr(described, generation)() | {"status": status}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(2)
    check_on(added)


@pytest.mark.parametrize("said", [{}, {"btmineroff": "true"}, {"btmineroff": "false"}])
async def test_on_v1_the_status_does_not_count(
    home: Home, said: dict[str, Any]
) -> None:
    """Most of it says "false" while mining, and some says "true"."""
    answers = described.v1()
    del reading(answers, "status")["btmineroff"]
    async with DescribedMiner(changed(answers, "status", **said)) as miner:
        added = await (await home.add(miner)).poll(2)
    check_on(added)


async def test_switching_off_is_believed_although_nothing_confirms_it(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """No line of the log says that the miner reports nothing."""
    async with cases.no_mineroff() as miner:
        well = dict(reading(miner.answers, "summary"))
        miner.takes["power_on"] = lambda _: reading(miner.answers, "summary").update(
            well | {"Elapsed": 1}
        )
        added = await (await home.add(miner)).poll(1)
        await added.act("switch.turn_off", "switch.mining")
        assert added.shows("switch.mining") == "off"
        await home.tick(600)
        await added.poll(3)
        assert added.shows("switch.mining") == "off"
        assert added.number("sensor.hash_rate") == 0
        assert added.shows("binary_sensor.problem") == "off"
        await added.act("switch.turn_on", "switch.mining")
        await added.poll(2)
        check_on(added)
    assert [write["cmd"] for write in miner.sent] == ["power_off", "power_on"]
    assert not [line for line in log_lines(caplog, 30) if "reports" in line]


@pytest.mark.parametrize(
    "answer", [INVALID_COMMAND, PROCESS_DOWN.data], ids=["14", "down"]
)
async def test_a_miner_without_its_process_is_off(home: Home, answer: object) -> None:
    """Somebody has stopped it in another way."""
    async with cases.no_mineroff() as miner:
        added = await (await home.add(miner)).poll(1)
        stopped = ("summary", "pools", "edevs", "devs", "devdetails", JOINED)
        miner.answers |= dict.fromkeys(stopped, answer)
        await added.poll(2)
    assert added.shows("switch.mining") == "off"
    assert added.number("sensor.hash_rate") == 0


async def test_a_miner_that_does_not_hash_may_be_on_or_off(home: Home) -> None:
    """It may be starting. What the status does say counts before everything else."""
    async with cases.no_mineroff() as miner:
        miner.stop()
        added = await (await home.add(miner)).poll(2)
        assert added.shows("switch.mining") == STATE_UNKNOWN
        for says, shown in (("true", "off"), ("false", "on")):
            changed(miner.answers, "status", mineroff=says)
            await added.poll(1)
            assert added.shows("switch.mining") == shown
