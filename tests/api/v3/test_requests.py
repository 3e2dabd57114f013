"""Requests: several on one connection, which the miner may close after any answer."""

import asyncio
from functools import partial

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    RefusedError,
    TimedOutError,
)
from custom_components.whatsminer.api.sanitize import Json
from custom_components.whatsminer.api.v3.requests import Requests

from .framed_miner import Call, FramedMiner, framed, refusal, success


async def test_several_requests_share_one_connection(
    miner: FramedMiner, requests: Requests
) -> None:
    async with requests.conversation() as conversation:
        answer = await conversation.ask("get.device.info", "system")
        assert answer.reading("system")["api"] == "3.0.5"
        assert (await conversation.ask("get.fan.setting")).reading()
        with pytest.raises(RefusedError):
            await conversation.ask("get.nothing")
        await conversation.ask("get.miner.setting")
    assert miner.connections == 1
    assert miner.requests == [
        {"cmd": "get.device.info", "param": "system"},
        {"cmd": "get.fan.setting"},
        {"cmd": "get.nothing"},
        {"cmd": "get.miner.setting"},
    ]


@pytest.mark.parametrize("most", [1, 2])
async def test_a_miner_may_close_after_an_answer(
    miner: FramedMiner, requests: Requests, most: int
) -> None:
    miner.answers_per_connection = most
    async with requests.conversation() as conversation:
        for _ in range(4):
            await conversation.ask("get.fan.setting")
    assert miner.connections == 4 / most


async def test_a_connection_that_is_reset_between_two_requests_is_replaced(
    miner: FramedMiner, requests: Requests
) -> None:
    async def reset(call: Call) -> None:
        del miner.answers["get.miner.setting"]
        call.abort()

    miner.answers["get.miner.setting"] = reset
    async with requests.conversation() as conversation:
        await conversation.ask("get.fan.setting")
        with pytest.raises(RefusedError):  # the miner of the test has no answer now
            await conversation.ask("get.miner.setting")
    assert miner.connections == 2
    assert requests.closes_early


async def test_a_first_request_that_is_dropped_is_not_repeated(
    miner: FramedMiner, requests: Requests
) -> None:
    """A miner that restarts takes a connection and drops it."""
    miner.answers_per_connection = 0
    with pytest.raises(CannotConnectError) as caught:
        async with requests.conversation() as conversation:
            await conversation.ask("get.fan.setting")
    assert miner.connections == 1
    assert caught.value.request_sent


async def test_a_closed_port_is_an_error_with_nothing_sent(requests: Requests) -> None:
    requests.port = 1
    with pytest.raises(CannotConnectError) as caught:
        async with requests.conversation() as conversation:
            await conversation.ask("get.fan.setting")
    assert not caught.value.request_sent


@pytest.mark.parametrize("first", ["get.fan.setting", None])
async def test_a_silent_miner_is_waited_for_as_long_as_the_request_may_take(
    miner: FramedMiner, requests: Requests, first: str | None
) -> None:
    miner.answers["get.miner.setting"] = lambda call: call.hang()
    async with requests.conversation() as conversation:
        if first:
            await conversation.ask(first)
        with pytest.raises(TimedOutError) as caught:
            await conversation.ask("get.miner.setting", limit=0.2)
        assert caught.value.request_sent
        # A late answer can thus not be taken for the next one.
        await conversation.ask("get.fan.setting")
    assert miner.connections == 2
    assert miner.asked.count("get.miner.setting") == 1


async def test_a_conversation_ends_at_its_limit(
    miner: FramedMiner, requests: Requests
) -> None:
    miner.answers["get.miner.setting"] = lambda call: call.hang()
    with pytest.raises(TimedOutError):
        async with requests.conversation(timeout=0.2) as conversation:
            await conversation.ask("get.miner.setting")


async def test_after_half_an_answer_the_connection_is_not_used_again(
    miner: FramedMiner, requests: Requests
) -> None:
    async def half(call: Call) -> None:
        await call.send(framed(success({}))[:-3])
        call.close()

    miner.answers["get.miner.setting"] = half
    async with requests.conversation() as conversation:
        with pytest.raises(MalformedReplyError):
            await conversation.ask("get.miner.setting")
        await conversation.ask("get.fan.setting")
    assert miner.connections == 2


async def test_a_report_between_two_answers_is_passed_over(
    miner: FramedMiner, requests: Requests
) -> None:
    report = framed(success({"hash": 1}, "get.miner.report"))
    miner.answers["get.fan.setting"] = report + framed(success({"a": 1})) + report
    async with requests.conversation() as conversation:
        for _ in range(2):
            answer = await conversation.ask("get.fan.setting")
            assert answer.reading() == {"a": 1}


async def test_the_last_answers_are_kept_as_received(
    miner: FramedMiner, requests: Requests
) -> None:
    miner.answers["get.fan.setting"] = framed(refusal(-1, "invalid param"))
    async with requests.conversation() as conversation:
        await conversation.raw("get.fan.setting")
        await conversation.raw("get.device.info", "network")
    assert set(requests.replies) == {"get.fan.setting", "get.device.info network"}
    assert requests.replies["get.fan.setting"]["code"] == -1


async def test_a_long_answer_is_read_as_well(
    miner: FramedMiner, requests: Requests
) -> None:
    """It is parsed in a thread, and not kept."""
    miner.answers["get.fan.setting"] = {"rows": [{"x": "y" * 200}] * 1000}
    async with requests.conversation() as conversation:
        answer = await conversation.ask("get.fan.setting")
    assert len(answer.rows("rows")) == 1000
    assert "left_out" in requests.replies["get.fan.setting"]


async def test_a_conversation_that_was_interrupted_opens_no_connection(
    miner: FramedMiner, requests: Requests
) -> None:
    async with requests.conversation() as conversation:
        conversation.abort()
        with pytest.raises(CannotConnectError):
            await conversation.ask("get.fan.setting")
    async with requests.conversation() as conversation:
        await conversation.ask("get.fan.setting")
        conversation.abort()
        with pytest.raises(CannotConnectError):
            await conversation.ask("get.fan.setting")
    assert miner.asked == ["get.fan.setting"]


# Writes


WRITE: dict[str, Json] = {"cmd": "set.x", "ts": 1, "token": "t", "account": "a"}


async def test_a_write_is_never_sent_twice(
    miner: FramedMiner, requests: Requests
) -> None:
    """A miner that closes instead of answering may have carried it out."""

    async def drop(call: Call) -> None:
        call.close()

    miner.answers["set.x"] = drop
    async with requests.conversation() as conversation:
        await conversation.ask("get.fan.setting")
        with pytest.raises(CannotConnectError) as caught:
            await conversation.write(WRITE)
    assert caught.value.request_sent
    assert miner.asked == ["get.fan.setting", "set.x"]


async def test_a_write_uses_another_connection_if_the_miner_closes_early(
    miner: FramedMiner, requests: Requests
) -> None:
    """The reads before it have shown that the miner does."""
    miner.answers["set.x"] = "ok"
    miner.answers_per_connection = 1
    async with requests.conversation() as conversation:
        await conversation.ask("get.fan.setting")
        await conversation.ask("get.fan.setting")
        await conversation.write(WRITE)
    assert miner.connections == 3
    assert requests.closes_early
    miner.answers_per_connection = 10
    async with requests.conversation() as conversation:
        await conversation.ask("get.fan.setting")
        await conversation.ask("get.fan.setting")
        await conversation.write(WRITE)
    assert not requests.closes_early
    assert miner.connections == 4


async def test_the_end_of_a_connection_is_seen_before_a_write(
    miner: FramedMiner, requests: Requests
) -> None:
    miner.answers["set.x"] = "ok"
    miner.answers_per_connection = 1
    async with requests.conversation() as conversation:
        await conversation.ask("get.fan.setting")
        connection = await conversation.connection()
        while not connection.ended:
            await asyncio.sleep(0)
        await conversation.write(WRITE)
    assert miner.connections == 2


async def test_an_answer_to_a_write_is_not_kept(
    miner: FramedMiner, requests: Requests
) -> None:
    miner.answers["set.x"] = "ok"
    async with requests.conversation() as conversation:
        await conversation.write(WRITE)
    assert not requests.replies


async def test_a_connect_that_takes_too_long_is_given_up(
    full_port: int, requests: Requests
) -> None:
    requests.port = full_port
    open_conversation = partial(requests.conversation, connecting=0.2)
    with pytest.raises(TimedOutError) as caught:
        async with open_conversation() as conversation:
            await conversation.ask("get.fan.setting")
    assert not caught.value.request_sent
