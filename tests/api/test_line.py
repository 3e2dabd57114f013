"""The queue of one miner: the order of turns, and what becomes of an answer."""

import asyncio
from itertools import permutations
import json

import pytest

from custom_components.whatsminer.api.cipher import Session, open_session
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
from custom_components.whatsminer.api.line import Line, Urgency, unseal
from simulator import Hang, Quirk, Raw, SimulatedMiner
from simulator.cipher import encrypt

from . import HOST, INVALID_COMMAND, CannedMiner, Listen, fixture, line_to, message

VECTORS = fixture("vectors")


@pytest.fixture
def line() -> Line:
    """Return a queue in which nothing is sent."""
    return Line(HOST, 1)


@pytest.fixture
def session() -> Session:
    """Return the session of the vectors."""
    return open_session(
        "admin", salt=VECTORS["salt"], newsalt=VECTORS["newsalt"], time=VECTORS["time"]
    )


class Queue:
    """Tasks that wait for a turn, in the order in which they get it."""

    def __init__(self, line: Line) -> None:
        """Start without tasks."""
        self.line = line
        self.served: list[str] = []

    async def join(self, name: str, urgency: Urgency) -> asyncio.Task[None]:
        """Start a task that waits for a turn."""

        async def want() -> None:
            async with self.line.turn(urgency):
                self.served.append(name)

        task = asyncio.create_task(want())
        await asyncio.sleep(0)  # so that it does wait
        return task


async def test_the_most_urgent_goes_first_and_equals_in_order(line: Line) -> None:
    """The time that others have waited makes no difference."""
    queue = Queue(line)
    async with line.turn(Urgency.READ):
        waiting = [
            await queue.join("read 1", Urgency.READ),
            await queue.join("write 1", Urgency.WRITE),
            await queue.join("read 2", Urgency.READ),
            await queue.join("off 1", Urgency.POWER_OFF),
            await queue.join("write 2", Urgency.WRITE),
            await queue.join("off 2", Urgency.POWER_OFF),
        ]
        assert queue.served == []
    await asyncio.gather(*waiting)
    assert queue.served == ["off 1", "off 2", "write 1", "write 2", "read 1", "read 2"]


async def test_nobody_jumps_in_before_the_one_that_was_called(line: Line) -> None:
    """This includes the task that just had the turn."""
    queue = Queue(line)
    async with line.turn(Urgency.READ):
        waiting = await queue.join("read", Urgency.READ)
    async with line.turn(Urgency.READ):
        queue.served.append("again")
    await waiting
    assert queue.served == ["read", "again"]


async def test_who_gives_up_waiting_is_passed_over(line: Line) -> None:
    """The next task gets the turn."""
    queue = Queue(line)
    async with line.turn(Urgency.READ):
        gone = await queue.join("gone", Urgency.POWER_OFF)
        waiting = await queue.join("read", Urgency.READ)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await asyncio.sleep(0)
        assert queue.served == []  # the line is still held
    async with asyncio.timeout(5):
        await waiting
    assert queue.served == ["read"]


async def test_who_gives_up_when_called_passes_the_line_on(line: Line) -> None:
    """Otherwise no task could ever get a turn again."""
    queue = Queue(line)
    async with line.turn(Urgency.READ):
        gone = await queue.join("gone", Urgency.WRITE)
        waiting = await queue.join("read", Urgency.READ)
    gone.cancel()  # it has been called and has not run yet
    async with asyncio.timeout(5):
        await waiting
        async with line.turn(Urgency.READ):
            queue.served.append("later")
    assert queue.served == ["read", "later"]


@pytest.mark.parametrize("holder", Urgency)
async def test_only_a_power_off_interrupts(line: Line, holder: Urgency) -> None:
    """It interrupts only a turn that allows it; all other requests wait."""
    calls: list[str] = []
    queue = Queue(line)
    async with line.turn(holder) as turn:
        waiting = [await queue.join("off 1", Urgency.POWER_OFF)]
        assert not turn.interrupted
        turn.interrupt = lambda: calls.append("interrupted")
        waiting += [
            await queue.join("write", Urgency.WRITE),
            await queue.join("read", Urgency.READ),
        ]
        assert not turn.interrupted
        assert calls == []
        waiting.append(await queue.join("off 2", Urgency.POWER_OFF))
        assert turn.interrupted
        assert calls == ["interrupted"]
        assert queue.served == []
    await asyncio.gather(*waiting)
    assert queue.served == ["off 1", "off 2", "write", "read"]


@pytest.mark.parametrize(
    ("holder", "waiter", "overtaken"),
    [
        (Urgency.READ, Urgency.READ, False),
        (Urgency.READ, Urgency.WRITE, True),
        (Urgency.READ, Urgency.POWER_OFF, True),
        (Urgency.WRITE, Urgency.READ, False),
        (Urgency.WRITE, Urgency.WRITE, False),
        (Urgency.WRITE, Urgency.POWER_OFF, True),
        (Urgency.POWER_OFF, Urgency.POWER_OFF, False),
    ],
)
async def test_a_turn_is_overtaken_by_what_is_more_urgent(
    line: Line, holder: Urgency, waiter: Urgency, *, overtaken: bool
) -> None:
    """This holds while the request waits."""
    queue = Queue(line)
    async with line.turn(holder) as turn:
        assert not line.is_overtaken(turn)
        waiting = await queue.join("x", waiter)
        assert line.is_overtaken(turn) is overtaken
        waiting.cancel()
        await asyncio.sleep(0)
        assert not line.is_overtaken(turn)


async def test_whoever_waits_behind_one_who_gave_up_overtakes_as_well(
    line: Line,
) -> None:
    """The first in the queue is not the only one that counts."""
    queue = Queue(line)
    async with line.turn(Urgency.WRITE) as turn:
        gone = await queue.join("gone", Urgency.POWER_OFF)
        off = await queue.join("off", Urgency.POWER_OFF)
        gone.cancel()
        await asyncio.sleep(0)
        assert line.is_overtaken(turn)
    await off


async def test_a_failure_frees_the_line(line: Line) -> None:
    """The next task gets its turn."""
    for _ in range(2):
        with pytest.raises(CannotConnectError):
            async with asyncio.timeout(5):
                await line.ask("summary")


async def test_there_is_never_a_second_connection() -> None:
    """The number of requests makes no difference."""
    async with SimulatedMiner() as miner:
        line = line_to(miner)
        await asyncio.gather(*(line.ask("summary") for _ in range(5)))
        assert miner.connections == 5
        assert miner.peak_connections == 1


async def test_a_plain_command_is_compact_json(listen: Listen) -> None:
    """All clients send it in this form."""
    received = []

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(json.dumps(message("pong")).encode())

    answer = await Line(HOST, await listen(miner)).ask("get_version")
    assert received == [b'{"cmd":"get_version"}']
    assert answer.message == "pong"


async def test_the_last_answer_to_each_command_is_kept() -> None:
    """It is kept unchanged, even a refusal. A joined read is kept under its joined name."""
    async with CannedMiner({"status": message("first")}) as miner:
        line = line_to(miner)
        assert line.replies == {}
        await line.ask("status")
        miner.answers["status"] = message("second")
        await line.ask("status")
        async with line.turn(Urgency.READ):
            await line.plain("summary+pools")
        assert line.replies == {
            "status": message("second"),
            "summary+pools": INVALID_COMMAND,
        }


async def test_no_more_answers_are_kept_than_a_poll_has() -> None:
    """The oldest one is dropped, and a repeated command counts as new."""
    async with CannedMiner({}) as miner:
        line = line_to(miner)
        async with line.turn(Urgency.READ):
            for command in ("status", "get_psu"):
                await line.plain(command)
            for parts in permutations(("summary", "pools", "edevs", "devs")):
                await line.plain("status")
                await line.plain("+".join(parts))
        assert len(line.replies) < 20
        assert list(line.replies)[-2:] == ["status", "devs+edevs+pools+summary"]
        assert "get_psu" not in line.replies


async def test_a_token_is_not_kept() -> None:
    """It is secret."""
    async with CannedMiner({"get_token": message({"salt": "secret"})}) as miner:
        line = line_to(miner)
        await line.ask("get_token")
        assert line.replies == {}


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b'{"STATUS":'])
async def test_what_is_no_answer_is_not_kept(answer: bytes) -> None:
    """The last answer stays."""
    async with CannedMiner({"summary": message("last")}) as miner:
        line = line_to(miner)
        await line.ask("summary")
        miner.answers["summary"] = answer
        with pytest.raises(WhatsminerError):
            await line.ask("summary")
        assert line.replies == {"summary": message("last")}


async def test_no_encrypted_answer_is_kept(session: Session) -> None:
    """It may hold secrets."""
    async with SimulatedMiner() as miner:
        line = line_to(miner)
        miner.misbehave("*", Raw(json.dumps(message("secret")).encode()))
        assert (await line.sealed(session, "get_version", {})).message == "secret"
        assert line.replies == {}


async def test_an_answer_is_checked_when_it_was_asked_for_plainly() -> None:
    """A caller that takes its own turn gets the answer unchecked."""
    async with CannedMiner({}) as miner:
        line = line_to(miner)
        with pytest.raises(UnsupportedCommandError):
            await line.ask("summary")
        assert (await line.plain("summary"))["Code"] == 14


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
            await line_to(miner).ask("summary")


async def test_an_encrypted_answer_is_opened(listen: Listen, session: Session) -> None:
    """It is encrypted with the key of the request."""
    sealed = {"enc": VECTORS["answers"][0]["nul_padded_b64"]}
    received = []

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(json.dumps(sealed).encode())

    line = Line(HOST, await listen(miner))
    answer = await line.sealed(session, "power_off", {"respbefore": "true"})
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
        line = line_to(miner)
        token = (await line.ask("get_token")).reading()
        session = open_session(
            miner.password,
            salt=str(token["salt"]),
            newsalt=str(token["newsalt"]),
            time=str(token["time"]),
        )
        miner.void_tokens()
        with pytest.raises(TokenRejectedError):
            await line.sealed(session, "power_off", {})


async def test_a_refusal_comes_in_plain_text(session: Session) -> None:
    """A request that was not decrypted gets no encrypted answer."""
    async with SimulatedMiner(api_open=False) as miner:
        with pytest.raises(WriteAccessClosedError):
            await line_to(miner).sealed(session, "power_off", {})


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
            await line_to(miner).sealed(session, "power_off", {})


async def test_a_miner_that_hangs_holds_the_line_no_longer_than_its_time(
    impatient: None,
) -> None:
    """The next request is then sent."""
    async with SimulatedMiner() as miner:
        miner.misbehave("pools", Hang())
        line = line_to(miner)
        hung = asyncio.create_task(line.ask("pools"))
        await asyncio.sleep(0)
        answer = await line.ask("summary")
        assert answer.rows("SUMMARY")
        with pytest.raises(TimedOutError):
            await hung
