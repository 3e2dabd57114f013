"""Kind 1: firmware that looks for the command under another key."""

from typing import Any

import pytest

from tests import JOINED
from tests.api import STEADY, refusal

from . import cases, described
from .home import Added, Home
from .miner import DescribedMiner


def keys_of(miner: DescribedMiner) -> list[str]:
    """Return the first key of each request."""
    return [next(iter(request)) for request in miner.requests]


def check_mining(added: Added) -> None:
    """Check that the miner is shown as it answers."""
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.number("sensor.power") == 3905
    assert added.number("sensor.board1_hash_rate") == pytest.approx(40.9)
    assert added.shows("binary_sensor.pool_connected") == "on"


def cgminer(code: object, text: str) -> dict[str, Any]:
    """Return a refusal in the words of one firmware."""
    return {"STATUS": [{"STATUS": "E", "Code": code, "Msg": text}], "id": 1}


@pytest.mark.parametrize(
    "keyless",
    [
        cgminer(24, "Missing JSON 'command'"),
        cgminer("24", "no command in the request"),
        refusal(24, "json: key 'command' expected"),
        cases.NO_SUCH_COMMAND,
    ],
    ids=["cgminer", "code-as-text", "one-object", "code-14"],
)
async def test_firmware_that_understands_only_the_other_key_is_added(
    home: Home, keyless: object
) -> None:
    """The key that works is kept: only recognition costs a request more."""
    async with cases.command_key() as miner:
        miner.keyless = keyless
        added = await home.add(miner)
        first = keys_of(miner)
        await added.poll()
    check_mining(added)
    # The dialogue has a client, and the entry has another one. Each learns it once.
    assert first[0] == "cmd"
    assert first.count("cmd") <= 4
    assert set(keys_of(miner)[len(first) :]) == {"command"}
    assert added.connections == [3] * 5
    assert added.asked[-1] == [JOINED.replace("edevs", "devs"), "status", "devdetails"]


async def test_a_newer_miner_with_the_other_key_takes_commands(home: Home) -> None:
    """It looks for that key inside of encrypted requests, too."""
    async with DescribedMiner(described.v2(), keys=("command",)) as miner:
        added = await (await home.add(miner)).poll()
        check_mining(added)
        assert keys_of(miner)[-3:] == ["command"] * 3
        await added.act("switch.turn_off", "switch.mining")
        await added.poll(1)
    assert [write["command"] for write in miner.sent] == ["power_off"]
    assert added.shows("switch.mining") == "off"
    assert added.number("sensor.hash_rate") == 0


async def test_an_encrypted_command_may_have_the_usual_key_all_the_same(
    home: Home,
) -> None:
    """Another program of the miner reads those."""
    async with DescribedMiner(described.v2_2(), keys=("command",)) as miner:
        miner.inner_keys = ("cmd",)
        added = await (await home.add(miner)).poll(1)
        check_mining(added)
        await added.act("switch.turn_off", "switch.mining")
    assert [write["cmd"] for write in miner.sent] == ["power_off"]
    assert added.shows("switch.mining") == "off"


async def test_firmware_with_the_other_key_may_join_nothing(home: Home) -> None:
    """Then the pools and the boards, which it knows by their older name, are read in turn."""
    async with cases.command_key() as miner:
        miner.joins = False
        added = await (await home.add(miner)).poll()
    check_mining(added)
    assert added.connections[-2:] == [4, 4]


async def test_a_join_in_which_no_command_is_found_costs_no_other_its_key(
    home: Home,
) -> None:
    """The miner looks for one command, and has none of this name."""
    async with DescribedMiner(described.v2()) as miner:
        miner.answers[JOINED] = cgminer(24, "Missing JSON 'command'")
        added = await (await home.add(miner)).poll()
        assert set(keys_of(miner)[-4:]) == {"cmd"}
    check_mining(added)
    assert added.connections[-2:] == [4, 4]


async def test_two_programs_of_a_miner_may_look_for_different_keys(home: Home) -> None:
    """Each command keeps the key that works for it."""
    mining = {"summary", "pools", "edevs", "devs", "devdetails", JOINED}
    async with DescribedMiner(described.v2()) as miner:
        miner.keys = lambda command: ("command",) if command in mining else ("cmd",)
        added = await home.add(miner)
        await added.poll(8)
    check_mining(added)
    assert set(added.connections[2:]) == {3}


@pytest.mark.parametrize("generation", ["v1", "v2", "v2_2"])
async def test_a_miner_with_the_usual_key_never_gets_a_second_request(
    home: Home, generation: str
) -> None:
    """Whatever it refuses, no command is sent under the other key."""
    answers: described.Answers = getattr(described, generation)()
    answers["get_psu"] = refusal(132)
    async with DescribedMiner(answers, keys=("cmd",)) as miner:
        added = await (await home.add(miner)).poll()
        check_mining(added)
    assert set(keys_of(miner)) <= {"cmd", "enc"}
    assert added.connections == [3] * 5
    assert [JOINED, "status", *STEADY["v1" if generation == "v1" else "v2"][2:]] in (
        added.asked
    )


@pytest.mark.parametrize("key", ["command", "api"])
async def test_another_makers_miner_is_no_whatsminer_under_either_key(
    home: Home, key: str
) -> None:
    """Many of them run cgminer, too. They are not asked for ever."""
    async with DescribedMiner(
        {}, password="", keys=(key,), others=cases.NO_SUCH_COMMAND
    ) as miner:
        sentence = await home.error_of(miner, "secret12")
    assert "not a Whatsminer" in sentence
    assert len(miner.requests) <= 8
    assert "secret12" not in str(miner.requests)
