"""Requests to one miner, and what becomes of their answers."""

import asyncio
from itertools import permutations
import json

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    RefusedError,
    TimedOutError,
    TokenRejectedError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.queue import Queue, Urgency
from custom_components.whatsminer.api.v2.cipher import Session, open_session
from custom_components.whatsminer.api.v2.requests import Requests, unseal
from simulator import Hang, Quirk, Raw, SimulatedMiner
from simulator.cipher import encrypt
from tests.api import (
    HOST,
    INVALID_COMMAND,
    CannedMiner,
    Listen,
    fixture,
    message,
    requests_to,
)

VECTORS = fixture("vectors")


@pytest.fixture
def requests() -> Requests:
    """Return requests to a port that nobody listens on."""
    return Requests(Queue(), HOST, 1)


@pytest.fixture
def session() -> Session:
    """Return the session of the vectors."""
    return open_session(
        "admin", salt=VECTORS["salt"], newsalt=VECTORS["newsalt"], time=VECTORS["time"]
    )


async def test_a_failure_frees_the_line(requests: Requests) -> None:
    """The next task gets its turn."""
    for _ in range(2):
        with pytest.raises(CannotConnectError):
            async with asyncio.timeout(5):
                await requests.ask("summary")


async def test_there_is_never_a_second_connection() -> None:
    """The number of requests makes no difference."""
    async with SimulatedMiner() as miner:
        requests = requests_to(miner)
        await asyncio.gather(*(requests.ask("summary") for _ in range(5)))
        assert miner.connections == 5
        assert miner.peak_connections == 1


async def test_a_plain_command_is_compact_json(listen: Listen) -> None:
    """All clients send it in this form."""
    received = []

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(json.dumps(message("pong")).encode())

    answer = await Requests(Queue(), HOST, await listen(miner)).ask("get_version")
    assert received == [b'{"cmd":"get_version"}']
    assert answer.message == "pong"


async def test_the_last_answer_to_each_command_is_kept() -> None:
    """It is kept unchanged, even a refusal. A joined read is kept under its joined name."""
    async with CannedMiner({"status": message("first")}) as miner:
        requests = requests_to(miner)
        assert requests.replies == {}
        await requests.ask("status")
        miner.answers["status"] = message("second")
        await requests.ask("status")
        async with requests.queue.turn(Urgency.READ):
            await requests.plain("summary+pools")
        assert requests.replies == {
            "status": message("second"),
            "summary+pools": INVALID_COMMAND,
        }


async def test_no_more_answers_are_kept_than_a_poll_has() -> None:
    """The oldest one is dropped, and a repeated command counts as new."""
    async with CannedMiner({}) as miner:
        requests = requests_to(miner)
        async with requests.queue.turn(Urgency.READ):
            for command in ("status", "get_psu"):
                await requests.plain(command)
            for parts in permutations(("summary", "pools", "edevs", "devs")):
                await requests.plain("status")
                await requests.plain("+".join(parts))
        assert len(requests.replies) < 20
        assert list(requests.replies)[-2:] == ["status", "devs+edevs+pools+summary"]
        assert "get_psu" not in requests.replies


async def test_a_token_is_not_kept() -> None:
    """It is secret."""
    async with CannedMiner({"get_token": message({"salt": "secret"})}) as miner:
        requests = requests_to(miner)
        await requests.ask("get_token")
        assert requests.replies == {}


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b'{"STATUS":'])
async def test_what_is_no_answer_is_not_kept(answer: bytes) -> None:
    """The last answer stays."""
    async with CannedMiner({"summary": message("last")}) as miner:
        requests = requests_to(miner)
        await requests.ask("summary")
        miner.answers["summary"] = answer
        with pytest.raises(WhatsminerError):
            await requests.ask("summary")
        assert requests.replies == {"summary": message("last")}


async def test_no_encrypted_answer_is_kept(session: Session) -> None:
    """It may hold secrets."""
    async with SimulatedMiner() as miner:
        requests = requests_to(miner)
        miner.misbehave("*", Raw(json.dumps(message("secret")).encode()))
        assert (await requests.sealed(session, "get_version", {})).message == "secret"
        assert requests.replies == {}


async def test_an_answer_is_checked_when_it_was_asked_for_plainly() -> None:
    """A caller that takes its own turn gets the answer unchecked."""
    async with CannedMiner({}) as miner:
        requests = requests_to(miner)
        with pytest.raises(UnsupportedCommandError):
            await requests.ask("summary")
        assert (await requests.plain("summary"))["Code"] == 14


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"Socket connect failed: Connection refused\n", MiningProcessDownError),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotAMinerError),
        (b'{"STATUS":', MalformedReplyError),
        (b"", CannotConnectError),
    ],
)
async def test_no_answer_is_told_from_a_wrong_one(
    answer: bytes, error: type[Exception]
) -> None:
    """Each has its own error."""
    async with CannedMiner({"summary": answer}) as miner:
        with pytest.raises(error):
            await requests_to(miner).ask("summary")


async def test_an_encrypted_answer_is_opened(listen: Listen, session: Session) -> None:
    """It is encrypted with the key of the request."""
    sealed = {"enc": VECTORS["answers"][0]["nul_padded_b64"]}
    received = []

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(json.dumps(sealed).encode())

    requests = Requests(Queue(), HOST, await listen(miner))
    answer = await requests.sealed(session, "power_off", {"respbefore": "true"})
    assert answer.code == 131
    assert answer.message == "API command OK"
    data = VECTORS["requests"][4]["nul_padded_b64"].encode()
    assert received == [b'{"enc":1,"data":"%s"}' % data]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b'{"STATUS":"E","Code":132,"Msg":"no"}', RefusedError),
        (b'{"STATUS":"E","Code":23,"Msg":"no"}', WrongPasswordError),
        (b'{"enc":1,"STATUS":"E","Code":14}', UnsupportedCommandError),
        (b'{"enc":"AAAA"}', MalformedReplyError),
        (b"\x16garbage", NotAMinerError),
        (b"Socket connect failed", MiningProcessDownError),
        (b"", MalformedReplyError),
    ],
)
def test_what_is_no_success_is_an_error(
    session: Session, raw: bytes, error: type[Exception]
) -> None:
    """A refusal comes in plain text."""
    with pytest.raises(error):
        unseal(session, raw, "power_off")


def test_a_sealed_answer_is_opened_and_checked(session: Session) -> None:
    """It may hold a success or a refusal."""
    success, refused = (
        json.dumps({"enc": answer["nul_padded_b64"]}).encode()
        for answer in VECTORS["answers"]
    )
    assert unseal(session, success, "power_off").message == "API command OK"
    with pytest.raises(TokenRejectedError, match="check token err"):
        unseal(session, refused, "power_off")


@pytest.mark.parametrize("quirks", [set[Quirk](), {Quirk.ENCRYPTED_135}])
async def test_a_refused_token_may_be_refused_in_either_way(
    session: Session, quirks: set[Quirk]
) -> None:
    """The refusal comes in plain text or encrypted."""
    async with SimulatedMiner(quirks=quirks) as miner:
        requests = requests_to(miner)
        token = (await requests.ask("get_token")).reading()
        session = open_session(
            miner.password,
            salt=str(token["salt"]),
            newsalt=str(token["newsalt"]),
            time=str(token["time"]),
        )
        miner.void_tokens()
        with pytest.raises(TokenRejectedError):
            await requests.sealed(session, "power_off", {})


async def test_a_refusal_comes_in_plain_text(session: Session) -> None:
    """A request that was not decrypted gets no encrypted answer."""
    async with SimulatedMiner(api_open=False) as miner:
        with pytest.raises(WriteAccessClosedError):
            await requests_to(miner).sealed(session, "power_off", {})


@pytest.mark.parametrize(
    "enc",
    ["no base64!", "AAAA", "", encrypt("another key", b'{"STATUS":"S"}')],
    ids=["no-base64", "no-block", "empty", "another-key"],
)
async def test_an_answer_that_cannot_be_decrypted_is_malformed(
    session: Session, enc: str
) -> None:
    """The device is a miner all the same."""
    async with SimulatedMiner() as miner:
        miner.misbehave("*", Raw(json.dumps({"enc": enc}).encode()))
        with pytest.raises(MalformedReplyError):
            await requests_to(miner).sealed(session, "power_off", {})


async def test_a_miner_that_hangs_holds_the_line_no_longer_than_its_time(
    impatient: None,
) -> None:
    """The next request is then sent."""
    async with SimulatedMiner() as miner:
        miner.misbehave("pools", Hang())
        requests = requests_to(miner)
        hung = asyncio.create_task(requests.ask("pools"))
        await asyncio.sleep(0)
        answer = await requests.ask("summary")
        assert answer.rows("SUMMARY")
        with pytest.raises(TimedOutError):
            await hung
