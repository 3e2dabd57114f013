"""Other requests of a client than polls and commands."""

from collections.abc import AsyncGenerator
import hashlib
import json
from typing import Any

import pytest

from custom_components.whatsminer.api import (
    CUSTOMER_MESSAGES,
    READABLE,
    CannotConnectError,
    InvalidTextError,
    MalformedReplyError,
    Miner,
    MiningProcessDownError,
    Outcome,
    RefusedError,
    UnsupportedCommandError,
    WrongPasswordError,
    commands,
)
from custom_components.whatsminer.api.commands import Command
from simulator import Closed, Misbehaviour, Raw, Refused, SimulatedMiner, Truncated
from tests import JOINED, PROCESS_DOWN, names_of

from . import Clock

# Queries


def test_what_can_be_asked_is_every_reading_but_the_token() -> None:
    """A new token would void the client's."""
    readings = """
        summary pools edevs devs devdetails get_psu get_version status
        get_miner_info get_error_code
    """
    assert set(readings.split()) == READABLE


@pytest.mark.parametrize("command", sorted(READABLE))
async def test_a_query_returns_the_answer_as_it_is(
    polled: Miner, air_miner: SimulatedMiner, command: str
) -> None:
    """The answer has its status and times."""
    answer = await polled.query(command)
    assert "STATUS" in answer
    assert names_of(air_miner.requests) == [command]


async def test_a_query_may_join_what_can_be_joined(
    polled: Miner, air_miner: SimulatedMiner
) -> None:
    """It takes one connection, and the parts stay where they are."""
    answer: Any = await polled.query("summary+pools+edevs+devdetails")
    assert set(answer) == {"summary", "pools", "edevs", "devdetails", "id"}
    assert answer["pools"][0]["POOLS"][0]["User"] == "simulated.001"
    assert len(air_miner.requests) == 1


async def test_a_refused_query_is_an_answer(
    polled: Miner, air_miner: SimulatedMiner
) -> None:
    air_miner.misbehave("get_psu", Refused(132, "because I say so"))
    answer = await polled.query("get_psu")
    assert (answer["STATUS"], answer["Code"]) == ("E", 132)
    assert answer["Msg"] == "because I say so"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "+",
        "summary+",
        "+summary",
        "summary+pools+get_token",
        "get_token",
        "power_off",
        "download_logs",
        "status+summary",
        "summary+get_version",
        "summary+summary",
        "summary+pools+summary",
        "Summary",
        "summary ",
        "stats",
        'summary","x":"',
        "get_customer_msg",
    ],
)
async def test_what_cannot_be_asked_is_refused_unsent(
    client: Miner, air_miner: SimulatedMiner, command: str
) -> None:
    """A query never writes."""
    with pytest.raises(InvalidTextError) as caught:
        await client.query(command)
    assert caught.value.parameter == "command"
    assert caught.value.value == command
    assert air_miner.connections == 0


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Closed(), CannotConnectError),
        (Truncated(), MalformedReplyError),
        (PROCESS_DOWN, MiningProcessDownError),
    ],
)
async def test_a_query_without_an_answer_is_an_error(
    polled: Miner, air_miner: SimulatedMiner, how: Any, error: type[Exception]
) -> None:
    """It fails like any reading, and the next poll works."""
    air_miner.misbehave("get_psu", how)
    with pytest.raises(error):
        await polled.query("get_psu")
    assert (await polled.poll()).mining is True
    assert names_of(air_miner.requests)[1:] == [JOINED, "status", "get_error_code"]


# Messages of the owner


@pytest.fixture
def new_client(hydro_miner: SimulatedMiner, clock: Clock) -> Miner:
    """Return the client of a water-cooled miner with V2.2 firmware."""
    miner = hydro_miner
    return Miner(miner.host, miner.port, password=miner.password)


async def test_the_messages_of_the_owner_are_read_under_the_password(
    new_client: Miner, hydro_miner: SimulatedMiner
) -> None:
    """All have their place in the result, also those that are not set."""
    texts = {"CustomerSn": "A-17", "msg0": "rack 3", "msg9": "'ä' \"𝄞\" \\"}
    hydro_miner.state.customer |= texts
    found = await new_client.customer_messages()
    assert tuple(found) == CUSTOMER_MESSAGES
    assert {key: text for key, text in found.items() if text} == {
        "serial_number": "A-17",
        "message_0": "rack 3",
        "message_9": "'ä' \"𝄞\" \\",
    }
    *_, request = hydro_miner.requests
    assert request.keys() == {"cmd", "token"}
    assert request["cmd"] == "get_customer_msg"
    assert hydro_miner.writes == []
    assert "get_customer_msg" not in new_client.replies


@pytest.mark.parametrize(
    "message", ["", "rack 3, shelf 2", "x" * 127, "ä" * 63, "\"'\\{}[],:", "007"]
)
async def test_a_message_is_read_as_it_was_written(
    new_client: Miner, message: str
) -> None:
    await new_client.send(commands.set_customer_message("message_7", message))
    assert (await new_client.customer_messages())["message_7"] == message


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({}, {}),
        ([], {}),
        ({"msg1": "one", "msg11": "?"}, {"message_1": "one"}),
        ([{"msg1": "one"}], {"message_1": "one"}),
        ({"msg1": 7, "msg2": None, "msg3": ["x"]}, {"message_1": "7"}),
        ({"msg1": "two\nlines"}, {"message_1": "two lines"}),
    ],
)
async def test_a_message_that_is_missing_or_odd_does_not_hide_the_others(
    new_client: Miner, hydro_miner: SimulatedMiner, content: object, found: object
) -> None:
    answer = {"STATUS": "S", "When": 1, "Code": 131, "Msg": content}
    hydro_miner.misbehave("get_customer_msg", Raw(json.dumps(answer).encode()))
    texts = await new_client.customer_messages()
    assert {key: text for key, text in texts.items() if text} == found


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Raw(b'{"STATUS":"S","Code":131,"Msg":"API command OK"}'), MalformedReplyError),
        (Truncated(), MalformedReplyError),
        (Closed(), CannotConnectError),
        (Refused(14), UnsupportedCommandError),
        (Refused(132), RefusedError),
    ],
)
async def test_messages_that_do_not_come_are_an_error(
    new_client: Miner,
    hydro_miner: SimulatedMiner,
    how: Misbehaviour,
    error: type[Exception],
) -> None:
    hydro_miner.misbehave("get_customer_msg", how)
    with pytest.raises(error):
        await new_client.customer_messages()


async def test_messages_are_not_read_with_a_wrong_password(
    hydro_miner: SimulatedMiner,
) -> None:
    client = Miner(hydro_miner.host, hydro_miner.port, password="wrong")
    with pytest.raises(WrongPasswordError):
        await client.customer_messages()


async def test_older_firmware_has_no_messages(polled: Miner) -> None:
    with pytest.raises(UnsupportedCommandError) as caught:
        await polled.customer_messages()
    assert caught.value.command == "get_customer_msg"


# The password


async def test_a_new_password_is_used_from_the_next_command_on(
    client: Miner, air_miner: SimulatedMiner
) -> None:
    """The token of the old one is dropped."""
    await client.send(commands.set_led_auto())
    await client.send(commands.change_password(client.password, "nakamoto"))
    air_miner.requests.clear()
    client.password = "nakamoto"
    assert client.password == "nakamoto"
    assert await client.send(commands.set_led_auto())
    assert names_of(air_miner.requests) == ["get_token", "set_led"]
    await client.check_password()


async def test_a_new_password_is_not_tried_by_itself(
    client: Miner, air_miner: SimulatedMiner
) -> None:
    """Nothing is sent. A wrong password fails with the next command, without the old token."""
    await client.send(commands.set_led_auto())
    air_miner.requests.clear()
    client.password = "wrong"
    assert air_miner.requests == []
    with pytest.raises(WrongPasswordError):
        await client.send(commands.set_led_auto())
    assert names_of(air_miner.requests)[0] == "get_token"
    assert len(air_miner.requests) == 2


async def test_the_old_password_is_good_for_nothing_after_a_change(
    client: Miner,
) -> None:
    """This holds until the client has the new one."""
    await client.send(commands.change_password(client.password, "nakamoto"))
    with pytest.raises(WrongPasswordError):
        await client.send(commands.set_led_auto())
    client.password = "nakamoto"
    assert await client.send(commands.set_led_auto())


# What a command changes


INFO = [JOINED, "status", "get_miner_info"]
PSU = [JOINED, "status", "get_psu"]
USUAL = [JOINED, "status", "get_error_code"]


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (commands.set_led_auto(), INFO),
        (commands.set_led("red", 200, 100, 0), INFO),
        (commands.set_hostname("rig7"), INFO),
        (commands.upfreq_speed(3), INFO),
        (commands.power_percent(50, fast=True), USUAL),
        (commands.web_pools(on=True), USUAL),
        (commands.power_off(), PSU),
        (commands.restart_mining(), PSU),
    ],
    ids=lambda value: value.name if isinstance(value, Command) else None,
)
async def test_what_a_seldom_read_command_tells_is_read_with_the_next_poll(
    polled: Miner, air_miner: SimulatedMiner, command: Command, asked: list[str]
) -> None:
    """It is read only once."""
    await polled.send(command)
    for expected in (asked, USUAL):
        air_miner.requests.clear()
        await polled.poll()
        assert names_of(air_miner.requests) == expected


async def test_a_new_setting_shows_in_the_next_poll(polled: Miner) -> None:
    """It does not take minutes."""
    await polled.send(commands.upfreq_speed(3))
    snapshot = await polled.poll()
    assert snapshot.settings.upfreq_speed == 3


async def test_what_was_refused_or_failed_changes_nothing(
    polled: Miner, air_miner: SimulatedMiner
) -> None:
    """So nothing else is read."""
    air_miner.misbehave("set_hostname", Refused(132))
    with pytest.raises(RefusedError):
        await polled.send(commands.set_hostname("rig7"))
    air_miner.requests.clear()
    await polled.poll()
    assert names_of(air_miner.requests) == USUAL


# Files


async def test_the_log_of_any_miner_comes_whole(any_miner: SimulatedMiner) -> None:
    """Each firmware surrounds it with different bytes."""
    client = Miner(any_miner.host, any_miner.port, password=any_miner.password)
    pieces: list[bytes] = []

    async def keep(piece: bytes) -> None:
        pieces.append(piece)

    size = await client.download_logs(keep)
    assert b"".join(pieces) == any_miner.logs
    assert size == len(any_miner.logs)


async def test_any_miner_takes_a_firmware(
    any_miner: SimulatedMiner, clock: Clock
) -> None:
    """The miner reboots and soon reports the new version."""
    client = Miner(any_miner.host, any_miner.port, password=any_miner.password)
    before = (await client.poll()).firmware
    image = hashlib.shake_128(b"firmware").digest(300_000)
    progress: list[float] = []

    async def pieces() -> AsyncGenerator[bytes]:
        yield image[:100_000]
        yield image[100_000:]

    answer = await client.update_firmware(pieces(), len(image), progress.append)
    assert answer.outcome is Outcome.ACCEPTED
    assert progress == [pytest.approx(1 / 3), 1]
    (received,) = any_miner.images
    assert received.whole
    assert received.sha256 == hashlib.sha256(image).hexdigest()
    with pytest.raises(CannotConnectError):
        await client.poll()
    any_miner.advance(any_miner.state.reboot_seconds)
    clock.now += any_miner.state.reboot_seconds
    for _ in range(2):  # the faults come first
        snapshot = await client.poll()
    assert snapshot.firmware == any_miner.firmware_version
    assert snapshot.firmware != before


async def test_a_firmware_that_is_refused_changes_nothing(
    polled: Miner, air_miner: SimulatedMiner
) -> None:
    """The version is read all the same, to be sure."""
    air_miner.refuses_firmware = True

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"no firmware"

    with pytest.raises(RefusedError) as caught:
        await polled.update_firmware(pieces(), 11, lambda _: None)
    assert caught.value.code == 132
    air_miner.requests.clear()
    await polled.poll()
    assert names_of(air_miner.requests) == [JOINED, "status", "get_version"]
