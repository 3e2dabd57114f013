"""Kind 3: answers that are cut short or refused for ever."""

from typing import Any

import pytest

from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import ServiceValidationError
from tests import JOINED, fails_with
from tests.api import as_bytes, refusal

from . import cases, described
from .described import pools
from .home import Added, Home
from .miner import DescribedMiner, cut

ONE: list[dict[str, Any]] = [
    {"url": "stratum+tcp://new1.example.org:3333", "worker": "shed.9", "password": "x"}
]
THREE = [ONE[0] | {"url": f"stratum+tcp://new{n}.example.org:3333"} for n in (1, 2, 3)]
# Joins that have the boards in them.
JOINS = (JOINED, "summary+pools+devs", "summary+edevs", "summary+devs")


def check_first_pool(added: Added) -> None:
    """Check that the pool in use is shown, and everything else as well."""
    assert added.shows("sensor.pool") == "stratum+tcp://pool1.example.net:4444"
    assert added.shows("sensor.worker") == "barn1.rig4"
    assert added.shows("binary_sensor.pool_connected") == "on"
    assert added.shows("sensor.last_share") != STATE_UNKNOWN
    check_rest(added)


def check_rest(added: Added) -> None:
    """Check what does not come from the list of pools."""
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.number("sensor.board2_hash_rate") == pytest.approx(42.3)
    assert added.shows("switch.mining") == "on"


# Pools


@pytest.mark.parametrize(
    ("generation", "behind"),
    [("v2", "}, "), ("v2_2", '"POOL": 2'), ("v2", "pool2.example"), ("v2_2", '"Has')],
)
async def test_the_pool_that_is_whole_is_shown(
    home: Home, generation: str, behind: str
) -> None:
    """The list ends between two pools, or anywhere in the second or third."""
    listed = pools(3)
    listed["POOLS"][1]["Has GBT"] = False
    answers = getattr(described, generation)() | {"pools": cut(listed, behind)}
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll()
    check_first_pool(added)
    assert max(added.connections[2:]) == 4
    assert JOINED not in added.asked[-1]


async def test_a_cut_that_moves_with_each_answer_changes_nothing(home: Home) -> None:
    """The buffer has a fixed size, and the figures in it have not."""
    async with cases.pools_cut() as miner:
        added = await home.add(miner)
        for behind in ('"POOL": 2', "pool2", '"User": "barn2', "}, {", '"POOL": 3'):
            miner.answers["pools"] = cut(pools(3), behind)
            await added.poll(1)
            check_first_pool(added)
        await added.poll(2)
    assert max(added.connections[2:]) == 4


@pytest.mark.parametrize(
    "answer", [cut(pools(3), "pool1.ex"), b"\0", b"", refusal(132)]
)
async def test_pools_of_which_nothing_is_whole_are_unknown(
    home: Home, answer: object
) -> None:
    """They cost no connection after three polls, and nothing else is lost."""
    async with DescribedMiner(described.v2() | {"pools": answer}) as miner:
        added = await (await home.add(miner)).poll()
    check_rest(added)
    for name in ("sensor.pool", "sensor.worker", "binary_sensor.pool_connected"):
        assert added.shows(name) == STATE_UNKNOWN
    assert added.connections[-2:] == [3, 3]


@pytest.mark.parametrize("generation", ["v1", "v2_2"])
async def test_whatever_is_cut_the_summary_and_what_is_whole_are_shown(
    home: Home, generation: str
) -> None:
    """All answers but two are cut at once."""
    answers = getattr(described, generation)()
    for command in ("devdetails", "get_psu", "get_error_code"):
        if command in answers:
            answers[command] = as_bytes(answers[command])[:-12]
    answers["pools"] = cut(pools(3), "pool3.ex")
    answers["edevs"] = cut(answers["edevs"], '"Slot": 2')
    async with DescribedMiner(answers, nul=True) as miner:
        added = await (await home.add(miner)).poll()
    assert added.shows("sensor.pool") == "stratum+tcp://pool1.example.net:4444"
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.number("sensor.board1_hash_rate") == pytest.approx(40.9)
    assert not added.has("sensor.board2_hash_rate")
    assert added.connections[-2:] == [4, 4]


# Setting pools that are not known


async def test_three_pools_replace_a_list_that_is_cut(home: Home) -> None:
    """They leave no place for one that is not known."""
    async with cases.pools_cut() as miner:
        added = await (await home.add(miner)).poll(3)
        answer = await added.target.ask("update_pools", pools=THREE)
    ((_, told),) = answer.items()
    assert [pool["worker"] for pool in told["previous_pools"]] == ["barn1.rig4"]
    (sent,) = miner.sent
    assert sent["cmd"] == "update_pools"
    assert [sent[f"pool{n}"] for n in (1, 2, 3)] == [pool["url"] for pool in THREE]


async def test_a_shorter_list_says_what_is_unknown_and_how_to_go_on(home: Home) -> None:
    """Nothing is sent, until the removal is confirmed."""
    async with cases.pools_cut() as miner:
        added = await (await home.add(miner)).poll(3)
        with fails_with("pools_unknown", ServiceValidationError) as error:
            await added.target.call("update_pools", pools=ONE)
        sentence = str(error.value)
        assert "does not know" in sentence
        assert "three pools" in sentence
        assert "later" not in sentence
        assert miner.sent == []
        await added.target.call("update_pools", pools=ONE, remove_others=True)
    (sent,) = miner.sent
    assert (sent["pool1"], sent["pool2"], sent["pool3"]) == (ONE[0]["url"], "", "")


async def test_pools_that_are_always_refused_can_be_replaced_as_well(
    home: Home,
) -> None:
    """The answer of the action then lists none."""
    async with DescribedMiner(described.v2() | {"pools": refusal(132)}) as miner:
        added = await (await home.add(miner)).poll(4)
        with fails_with("pools_unknown", ServiceValidationError):
            await added.target.call("update_pools", pools=ONE)
        answer = await added.target.ask("update_pools", pools=THREE)
    ((_, told),) = answer.items()
    assert told["previous_pools"] == []
    assert [write["cmd"] for write in miner.sent] == ["update_pools"]


# Boards


@pytest.mark.parametrize(
    ("code", "whole_join"), [(132, False), (14, False), (132, True), (45, True)]
)
async def test_boards_that_are_refused_cost_no_connection(
    home: Home, code: int, *, whole_join: bool
) -> None:
    """Some firmware refuses the part of a join, and some the whole join with it."""
    async with cases.boards_refused() as miner:
        no = refusal(code, "API btminer error")
        miner.answers |= {"edevs": no, "devs": no}
        if whole_join:
            miner.answers |= dict.fromkeys(JOINS, no)
        added = await (await home.add(miner)).poll()
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.number("sensor.power") == 3905
    assert added.shows("switch.mining") == "on"
    assert added.shows("binary_sensor.pool_connected") == "on"
    assert not added.has("sensor.board0_hash_rate")
    assert added.connections[-2:] == [3, 3]


@pytest.mark.parametrize("whole_join", [False, True], ids=["part", "whole-join"])
async def test_boards_that_are_answered_at_last_are_found_within_the_hour(
    home: Home, *, whole_join: bool
) -> None:
    """Somebody has repaired the miner. A part that is still in the join shows it at once."""
    async with cases.boards_refused() as miner:
        well = {key: described.v2_2()[key] for key in ("edevs", "devs")}
        joins = dict.fromkeys(JOINS if whole_join else (), refusal(132))
        miner.answers |= joins
        added = await (await home.add(miner)).poll()
        for key in joins:
            del miner.answers[key]
        miner.answers |= well
        await added.poll(1)
        assert added.has("sensor.board0_hash_rate") is not whole_join
        await home.tick(3600)
        await added.poll(3)
    assert added.number("sensor.board0_hash_rate") == pytest.approx(41.2)
    assert added.connections[-2:] == [3, 3]


async def test_firmware_that_joins_nothing_shows_everything(home: Home) -> None:
    """Pools and boards are read in turn."""
    async with DescribedMiner(described.v2(), joins=False) as miner:
        added = await (await home.add(miner)).poll()
    check_first_pool(added)
    assert added.connections[-2:] == [4, 4]


# The status


@pytest.mark.parametrize("generation", ["v1", "v2", "v2_2"])
async def test_a_status_that_is_always_cut_spoils_nothing_else(
    home: Home, generation: str
) -> None:
    """What hashes is on."""
    answers: dict[str, Any] = getattr(described, generation)()
    answers["status"] = cut(answers["status"], "off")
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll()
    assert added.shows("switch.mining") == "on"
    assert added.number("sensor.hash_rate") > 50
    assert max(added.connections[2:]) == 3
