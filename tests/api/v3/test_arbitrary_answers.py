"""Any answer over V3 becomes a snapshot that can be stored and shown, or a declared error."""

from collections.abc import Mapping
import json
import struct
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import orjson
import pytest

from custom_components.whatsminer.api.errors import (
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    UnreachableError,
    WrongMinerError,
)
from custom_components.whatsminer.api.identity import Identity
from custom_components.whatsminer.api.protocol import Target
from custom_components.whatsminer.api.v3.reader import Reader
from custom_components.whatsminer.api.v3.requests import Requests
from tests.answers import CHANGES, JSON, changed, check_snapshot, check_value

from .devices import answers, device
from .framed_miner import Call, FramedMiner, Handle, framed, success

# What `Miner.poll` says that it raises.
DECLARED = (
    UnreachableError,
    NotAMinerError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    WrongMinerError,
)
PLAUSIBLE: dict[str, Any] = {"get.device.info": device(), **answers()}
COMMANDS = sorted(PLAUSIBLE)
EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def poll_twice(target: Target, frames: Mapping[str, bytes | Handle]) -> None:
    """Poll a miner that sends these frames twice, and check the snapshots."""
    async with FramedMiner({}, **frames) as miner:
        requests = Requests(target.queue, target.host, miner.port)
        reader = Reader(requests, Identity(None))
        for _ in range(2):
            try:
                snapshot = await reader.poll()
            except DECLARED as err:
                check_value(str(err))
                continue
            check_snapshot(snapshot)
    orjson.dumps(dict(requests.replies))


def usual() -> dict[str, bytes | Handle]:
    """Return the frames of a miner that is well."""
    return {command: framed(success(PLAUSIBLE[command])) for command in COMMANDS}


@given(command=st.sampled_from(COMMANDS), changes=CHANGES)
@EXAMPLES
async def test_a_plausible_answer_with_anything_in_it(
    target: Target, command: str, changes: Any
) -> None:
    """Any field of any answer may hold anything."""
    content = changed(success(PLAUSIBLE[command]), changes)
    await poll_twice(target, usual() | {command: framed(content)})


@given(changes=st.fixed_dictionaries(dict.fromkeys(COMMANDS, CHANGES)))
@EXAMPLES
async def test_anything_in_all_answers(target: Target, changes: dict[str, Any]) -> None:
    frames: dict[str, bytes | Handle] = {
        command: framed(changed(success(PLAUSIBLE[command]), changes[command]))
        for command in COMMANDS
    }
    await poll_twice(target, frames)


@given(
    command=st.sampled_from(COMMANDS),
    content=st.one_of(JSON.map(str.encode), st.binary(max_size=40)),
)
@EXAMPLES
async def test_anything_in_a_frame(
    target: Target, command: str, content: bytes
) -> None:
    """The frame may hold any JSON, or any bytes."""
    if content:  # an empty frame is a heartbeat, after which the answer would come
        await poll_twice(target, usual() | {command: framed(content)})


@given(
    command=st.sampled_from(COMMANDS),
    raw=st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=8).map(lambda header: header + b'{"code":0,"msg":{}}'),
        st.integers(0, 2**32 - 1).map(lambda length: struct.pack("<I", length) + b"{}"),
    ),
)
@EXAMPLES
async def test_anything_in_the_place_of_a_frame(
    target: Target, command: str, raw: bytes
) -> None:
    """The length may be wrong, and the frame may be cut short."""

    async def send_and_close(call: Call) -> None:
        await call.send(raw)
        call.close()

    await poll_twice(target, usual() | {command: send_and_close})


@given(message=JSON, command=st.sampled_from(COMMANDS))
@EXAMPLES
async def test_anything_as_the_message_of_an_answer(
    target: Target, command: str, message: str
) -> None:
    content = b'{"code":0,"msg":%s}' % message.encode()
    await poll_twice(target, usual() | {command: framed(content)})


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_message_that_is_no_object(target: Target, command: str) -> None:
    messages: tuple[object, ...] = ("ok", 1, [], None, [1], [{}], True)
    for message in messages:
        content = json.dumps({"code": "0", "msg": message}).encode()
        await poll_twice(target, usual() | {command: framed(content)})
