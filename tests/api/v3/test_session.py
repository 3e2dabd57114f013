"""Signed commands: the published vectors, the salt, and why a command is not allowed."""

import json
import time
from typing import Any

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    RefusedError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.protocol import Target
from custom_components.whatsminer.api.v3.envelope import Answer
from custom_components.whatsminer.api.v3.requests import Requests
from custom_components.whatsminer.api.v3.session import (
    Session,
    Write,
    digest,
    seal,
    token,
)
from tests.api import fixture

from .framed_miner import SALT, Call, FramedMiner, framed, refusal, success

VECTORS = fixture("vectors_v3")["tokens"]
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["name"])
LED = Write(name="set.system.led", param="auto")
SENT = "set.system.led auto"
ASKS_SALT = "get.device.info salt"


@pytest.fixture
def session(target: Target) -> Session:
    """Return a session that has not been used."""
    return Session(target)


async def send(
    session: Session, requests: Requests, write: Write = LED, **options: Any
) -> Answer | None:
    """Send a command on a conversation of its own."""
    async with requests.conversation() as conversation:
        return await session.send(conversation, write, **options)


# The published vectors


@each_vector
def test_a_command_is_signed_as_the_vectors_say(vector: dict[str, Any]) -> None:
    values = (vector[key] for key in ("cmd", "password", "salt", "ts"))
    signature = digest(*values)
    assert signature.hex() == vector["digest"]
    assert token(signature) == vector["token"]


@pytest.mark.parametrize("name", ["C", "D", "E"])
def test_a_parameter_is_sealed_as_the_vectors_say(name: str) -> None:
    (vector,) = (each for each in VECTORS if each["name"] == name)
    param = json.loads(vector["plain"])
    assert seal(bytes.fromhex(vector["digest"]), param) == vector["sealed"]


def test_only_ascii_is_sealed() -> None:
    """No firmware is known to take other bytes, and JSON has another way to write them."""
    key = bytes(32)
    assert seal(key, "ä") == seal(key, json.loads('"\\u00e4"'))
    assert len(seal(key, "x" * 14)) == 44  # 16 bytes, and as many of padding


# What is sent


@pytest.mark.parametrize(
    "write",
    [
        LED,
        Write(name="set.system.reboot"),
        Write(name="set.miner.power_limit", param=3000),
        Write(name="set.fan.zero_speed", param=0),
        Write(
            name="set.miner.pools", param=[{"pool": "p", "passwd": "ä"}], sealed=True
        ),
    ],
    ids=lambda write: write.name,
)
async def test_a_command_is_taken_as_it_is_meant(
    miner: FramedMiner, session: Session, requests: Requests, write: Write
) -> None:
    answer = await send(session, requests, write)
    assert answer is not None
    assert answer.message == "ok"
    assert miner.writes == [(write.name, write.param)]
    sent = miner.requests[-1]
    assert sent["account"] == "super"
    assert ("param" in sent) is (write.param is not None)
    assert isinstance(sent["ts"], int)
    assert abs(sent["ts"] - time.time()) < 60


async def test_another_account_signs_if_there_is_one(
    miner: FramedMiner, target: Target, session: Session, requests: Requests
) -> None:
    miner.account, miner.password = "user1", "a longer secret, with ä"
    target.account, target.password = miner.account, miner.password
    await send(session, requests)
    assert len(miner.writes) == 1


async def test_another_password_can_be_tried(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    miner.password = "other"
    with pytest.raises(WrongPasswordError):
        await send(session, requests)
    await send(session, requests, password="other")
    assert len(miner.writes) == 1


def test_what_is_secret_is_not_in_the_text_of_a_command() -> None:
    assert "geheim" not in repr(Write(name="x", param="geheim", instead="geheim"))


# The salt


async def test_the_salt_is_kept(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    for _ in range(3):
        await send(session, requests)
    assert miner.asked.count(ASKS_SALT) == 1
    session.forget()
    await send(session, requests)
    assert miner.asked.count(ASKS_SALT) == 2


async def test_a_salt_that_has_changed_is_fetched_anew_once(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    await send(session, requests)
    miner.forget()
    miner.device["salt"] = "anOther1"
    await send(session, requests)
    assert miner.asked == [SENT, "get.device.info", SENT]
    assert len(miner.writes) == 1
    miner.forget()
    await send(session, requests)
    assert miner.asked == [SENT]


async def test_a_salt_that_changes_with_every_question_is_not_fetched_for_ever(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    miner.password = "other"
    salts = iter(["one", "two", "three", "four"])

    async def changing(call: Call) -> None:
        await call.answer(success(miner.device | {"salt": next(salts)}))

    miner.answers["get.device.info"] = changing
    with pytest.raises(WrongPasswordError):
        await send(session, requests)
    assert miner.asked.count(SENT) == 2


@pytest.mark.parametrize("message", [{}, {"salt": ""}, {"salt": {}}, "ok", []])
async def test_without_a_salt_nothing_is_sent(
    miner: FramedMiner, session: Session, requests: Requests, message: object
) -> None:
    miner.answers[ASKS_SALT] = message
    with pytest.raises(MalformedReplyError) as caught:
        await send(session, requests)
    assert not caught.value.request_sent
    assert miner.asked == [ASKS_SALT]


async def test_a_salt_that_does_not_come_is_no_sent_command(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    miner.answers_per_connection = 0
    with pytest.raises(CannotConnectError) as caught:
        await send(session, requests)
    assert not caught.value.request_sent


# Why a command is not allowed


WRONG = [refusal(-4, "no permission"), refusal(-1, "Invalid JSON or password is wrong")]


@pytest.mark.parametrize("answer", WRONG, ids=lambda each: each["code"])
async def test_a_wrong_password_is_told_by_a_switch_that_is_on(
    miner: FramedMiner, session: Session, requests: Requests, answer: dict[str, Any]
) -> None:
    miner.password, miner.wrong = "other", answer
    with pytest.raises(WrongPasswordError) as caught:
        await send(session, requests)
    assert caught.value.code == answer["code"]
    assert miner.asked.count(SENT) == 1


@pytest.mark.parametrize("answer", WRONG, ids=lambda each: each["code"])
async def test_a_closed_switch_is_told_by_a_switch_that_is_off(
    miner: FramedMiner, session: Session, requests: Requests, answer: dict[str, Any]
) -> None:
    miner.is_open, miner.closed = False, answer
    miner.device["system"]["apiswitch"] = "0"
    with pytest.raises(WriteAccessClosedError):
        await send(session, requests)


async def test_where_the_switch_is_not_reported_the_text_decides(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    miner.is_open = False
    del miner.device["system"]["apiswitch"]
    with pytest.raises(WriteAccessClosedError):
        await send(session, requests)
    miner.answers |= {ASKS_SALT: {"salt": SALT}, "get.device.info": framed(refusal(-1))}
    with pytest.raises(WriteAccessClosedError):
        await send(session, requests)


async def test_after_a_refusal_another_miner_gets_no_signature(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    await send(session, requests)
    miner.password = miner.device["salt"] = "anOther1"
    miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    miner.forget()
    with pytest.raises(WrongMinerError):
        await send(session, requests)
    assert miner.asked == [SENT, "get.device.info"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(-1, "invalid param"), RefusedError),
        (refusal(-2, "invalid command"), UnsupportedCommandError),
    ],
    ids=["-1", "-2"],
)
async def test_another_refusal_is_not_about_the_signature(
    miner: FramedMiner,
    session: Session,
    requests: Requests,
    answer: dict[str, Any],
    kind: type[RefusedError],
) -> None:
    miner.refuses["set.system.led"] = answer
    with pytest.raises(kind) as caught:
        await send(session, requests)
    assert type(caught.value) is kind
    assert miner.asked == [ASKS_SALT, SENT]


# The clock


async def test_a_miner_with_another_clock_is_signed_for_in_its_time(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    miner.ahead = -100_000_000
    miner.ts = lambda ts: abs(ts - time.time() - miner.ahead) < 30
    await send(session, requests)
    assert miner.asked.count(SENT) == 2
    await send(session, requests)
    assert miner.asked.count(SENT) == 3
    assert len(miner.writes) == 2


async def test_a_miner_whose_clock_was_set_meanwhile_is_signed_for_in_ours_again(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    miner.ahead = 100_000_000
    miner.ts = lambda ts: abs(ts - time.time() - miner.ahead) < 30
    await send(session, requests)
    miner.ahead = 0
    await send(session, requests)
    assert len(miner.writes) == 2


# The last moment


async def test_a_command_that_is_no_longer_wanted_is_not_sent(
    miner: FramedMiner, session: Session, requests: Requests
) -> None:
    assert await send(session, requests, is_wanted=lambda: False) is None
    assert miner.asked == [ASKS_SALT]
    wanted = iter([True, False])
    miner.device["salt"] = "anOther1"
    assert await send(session, requests, is_wanted=lambda: next(wanted)) is None
    assert miner.writes == []
