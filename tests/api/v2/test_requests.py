"""Requests to one miner, and what becomes of their answers."""

import asyncio
import base64
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
from simulator.cipher import crypt_hash, encrypt
from tests.api import (
    HOST,
    INVALID_COMMAND,
    NO_COMMAND,
    CannedMiner,
    Listen,
    fixture,
    message,
    refusal,
    requests_to,
    table,
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
    ["no base64!" * 5, "A" * 60, "A" * 22 + "==", "AAAA", ""],
    ids=["no-base64", "no-blocks", "one-block", "no-block", "empty"],
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


# The key under which the miner looks for a command

ONLY_COMMAND = ("command",)
SUMMARY = table("SUMMARY", {"Elapsed": 5})


def keys_of(miner: CannedMiner) -> list[str]:
    """Return the key of each request."""
    return [key for request in miner.requests for key in request]


@pytest.mark.parametrize(
    "keyless",
    [
        NO_COMMAND,
        refusal(24, "Missing JSON 'command'"),
        refusal(24) | {"Code": "24"},
    ],
    ids=["cgminer", "whatsminer", "code-as-text"],
)
async def test_firmware_that_looks_for_another_key_is_asked_again(
    canned: CannedMiner, keyless: object
) -> None:
    """Its first answer shows it, and all later requests have the key that works."""
    canned.answers |= {"summary": SUMMARY, "pools": table("POOLS")}
    canned.keys, canned.keyless = lambda _: ONLY_COMMAND, keyless
    requests = requests_to(canned)
    assert (await requests.ask("summary")).rows("SUMMARY") == ({"Elapsed": 5},)
    await requests.ask("pools")
    await requests.ask("summary")
    with pytest.raises(UnsupportedCommandError):
        await requests.ask("get_psu")
    assert canned.asked == ["summary", "summary", "pools", "summary", "get_psu"]
    assert keys_of(canned) == ["cmd", *["command"] * 4]
    assert requests.replies["summary"] == SUMMARY


@pytest.mark.parametrize("code", [14, 23, 45, 132, 135, 136])
async def test_any_other_refusal_is_an_answer_to_the_command(
    canned: CannedMiner, code: int
) -> None:
    """It costs no second connection."""
    canned.answers["get_psu"] = refusal(code)
    with pytest.raises(RefusedError):
        await requests_to(canned).ask("get_psu")
    assert canned.requests == [{"cmd": "get_psu"}]


async def test_a_command_that_is_refused_under_both_keys_is_left_at_that(
    canned: CannedMiner,
) -> None:
    """The miner is asked once more, and never again. Other commands keep the first key."""
    canned.answers |= {"summary": SUMMARY, "get_psu": NO_COMMAND}
    requests = requests_to(canned)
    for _ in range(3):
        with pytest.raises(RefusedError):
            await requests.ask("get_psu")
    await requests.ask("summary")
    assert canned.asked == [*["get_psu"] * 4, "summary"]
    assert keys_of(canned) == ["cmd", "command", "cmd", "cmd", "cmd"]


async def test_each_command_may_have_its_own_key(canned: CannedMiner) -> None:
    """One program may answer the first, and another one the second."""
    pools = table("POOLS")
    canned.answers |= {"summary": SUMMARY, "status": message({}), "pools": pools}
    canned.keys = lambda command: ("cmd",) if command == "status" else ONLY_COMMAND
    requests = requests_to(canned)
    for command in ("status", "summary", "pools") * 2:
        await requests.ask(command)
    learned = len(canned.asked)
    for command in ("status", "summary", "pools") * 3:
        await requests.ask(command)
    assert len(canned.asked) == learned + 9


async def test_a_joined_read_has_the_key_as_well(canned: CannedMiner) -> None:
    canned.answers |= {"summary": SUMMARY, "pools": table("POOLS")}
    canned.keys = lambda _: ONLY_COMMAND
    requests = requests_to(canned)
    async with requests.queue.turn(Urgency.READ):
        for _ in range(2):
            value = await requests.plain("summary+pools")
            assert value.keys() == {"summary", "pools", "id"}
    assert len(canned.asked) == 3


async def test_a_command_for_firmware_with_the_other_key_has_both(
    session: Session,
) -> None:
    """Firmware ignores the key that it does not look for."""
    async with SimulatedMiner(quirks={Quirk.COMMAND_KEY}) as miner:
        requests = requests_to(miner)
        token = (await requests.ask("get_token")).reading()
        assert len(miner.requests) == 2
        session = open_session(
            miner.password,
            salt=str(token["salt"]),
            newsalt=str(token["newsalt"]),
            time=str(token["time"]),
        )
        answer = await requests.sealed(session, "set_led", {"param": "auto"})
        assert answer.code == 131
        assert miner.requests[2].keys() == {"cmd", "command", "param", "token"}
        assert miner.writes == [{"cmd": "set_led", "param": "auto"}]


# Refusals that are encrypted twice


def twice(key: str, answer: object) -> list[bytes]:
    """Return an answer in the ways in which it can be encrypted or coded twice."""
    plain = json.dumps(answer).encode()
    once = encrypt(key, plain)
    object_in_object = encrypt(key, json.dumps({"enc": once}).encode())
    return [
        json.dumps({"enc": encrypt(key, once.encode())}).encode(),
        json.dumps({"enc": base64.b64encode(once.encode()).decode()}).encode(),
        json.dumps({"enc": object_in_object}).encode(),
        json.dumps(json.dumps({"enc": once})).encode(),
    ]


WAYS = ("encrypted-twice", "coded-twice", "answer-in-answer", "text-of-json")
each_way = pytest.mark.parametrize("way", range(4), ids=WAYS)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (23, WrongPasswordError),
        (45, WriteAccessClosedError),
        (135, TokenRejectedError),
        (132, RefusedError),
        (14, UnsupportedCommandError),
    ],
)
@each_way
async def test_a_refusal_that_is_encrypted_twice_has_its_code(
    session: Session, way: int, code: int, error: type[RefusedError]
) -> None:
    raw = twice(VECTORS["key"], refusal(code, "because"))[way]
    async with SimulatedMiner() as miner:
        miner.misbehave("*", Raw(raw))
        with pytest.raises(error, match="because") as caught:
            await requests_to(miner).sealed(session, "power_off", {})
        assert caught.value.code == code


@each_way
def test_a_success_that_is_encrypted_twice_is_one(session: Session, way: int) -> None:
    raw = twice(VECTORS["key"], message("API command OK"))[way]
    assert unseal(session, raw, "set_led").message == "API command OK"


def test_an_answer_that_is_encrypted_ever_again_is_malformed(session: Session) -> None:
    """No firmware does this."""
    answer = json.dumps(message("x"))
    for _ in range(9):
        answer = json.dumps({"enc": encrypt(VECTORS["key"], answer.encode())})
    with pytest.raises(MalformedReplyError):
        unseal(session, answer.encode(), "set_led")


@pytest.mark.parametrize("password", ["another", "1234", "x" * 8])
@each_way
def test_an_answer_under_another_key_means_a_wrong_password(
    session: Session, way: int, password: str
) -> None:
    """The miner encrypts its refusal under the key of its own password."""
    key = crypt_hash(VECTORS["salt"], password)
    for raw in (
        twice(key, refusal(23, "json cmd err"))[way],
        json.dumps({"enc": encrypt(key, b'{"STATUS":"E","Code":23}')}).encode(),
    ):
        with pytest.raises(WrongPasswordError):
            unseal(session, raw, "power_off")


@pytest.mark.parametrize("command", ["update_pwd", "factory_reset"])
def test_an_answer_under_a_new_key_does_not_mean_a_wrong_password(
    session: Session, command: str
) -> None:
    """The command may have changed the password."""
    raw = json.dumps({"enc": encrypt("new key", b'{"STATUS":"S","Code":131}')})
    with pytest.raises(MalformedReplyError):
        unseal(session, raw.encode(), command)


@pytest.mark.parametrize("plain", [b'{"STATUS":"S","Msg":', b'{"STATUS" "S"}'])
def test_an_answer_under_our_key_that_is_broken_is_malformed(
    session: Session, plain: bytes
) -> None:
    """The password is right."""
    raw = json.dumps({"enc": encrypt(VECTORS["key"], plain)})
    with pytest.raises(MalformedReplyError):
        unseal(session, raw.encode(), "power_off")
