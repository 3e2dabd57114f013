"""Which devices are Whatsminers."""

from contextlib import suppress

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    WhatsminerError,
    WrongMinerError,
)
from custom_components.whatsminer.api.v2.generations import Generation
from simulator import Quirk, SimulatedMiner
from tests.api import (
    ANOTHER_MAC,
    INVALID_COMMAND,
    NO_COMMAND,
    STEADY,
    CannedMiner,
    generation_of,
    introduce,
    message,
    reader_of,
    refusal,
    table,
)

SOMETHING_ELSE: dict[str, dict[str, object]] = {
    "refuses-all": {},
    "antminer": {
        "devdetails": table("DEVDETAILS", {"Driver": "BMM", "Model": "Antminer S19"})
    },
    "no-version": {"get_version": message({"hello": "world"})},
    "list": {"get_version": message([])},
    "json": {"get_version": {"hello": "world"}},
    "no-status": {"get_version": {"Code": 131, "Msg": {"api_ver": "2.0.5"}}},
    "http": {"get_version": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
    "ssh": {"get_version": b"SSH-2.0-OpenSSH_9.2\r\n"},
}


@pytest.mark.parametrize("answers", SOMETHING_ELSE.values(), ids=SOMETHING_ELSE)
async def test_something_else_is_no_miner(answers: dict[str, object]) -> None:
    async with CannedMiner(answers) as miner:
        with pytest.raises(NotAMinerError):
            await reader_of(miner).poll()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b'{"STATUS":"S","Code":131,"Msg":{"api_ver":"2.0.', MalformedReplyError),
        (b"", CannotConnectError),
        (b"Socket connect failed: Connection refused\n", MiningProcessDownError),
    ],
)
async def test_a_first_answer_that_is_none_is_told_from_another_device(
    answer: bytes, error: type[Exception]
) -> None:
    """The caller can try again."""
    async with CannedMiner({"get_version": answer}) as miner:
        with pytest.raises(error):
            await reader_of(miner).poll()


async def test_the_oldest_firmware_is_known_by_its_driver(canned: CannedMiner) -> None:
    """It reports no version."""
    canned.answers |= {
        "get_version": refusal(14),
        "devdetails": table("DEVDETAILS", {"Driver": "bitmicro", "Model": "M20SV10"}),
        "summary": table("SUMMARY", {"MAC": ANOTHER_MAC, "Elapsed": 5, "HS RT": 6e7}),
    }
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V1
    assert snapshot.model == "M20SV10"
    assert snapshot.mining is True


# Firmware that looks for the command under another key

NO_VERSION: dict[str, object] = {
    "devdetails": table("DEVDETAILS", {"Driver": "bitmicro", "Model": "M30SV20"}),
    "summary": table(
        "SUMMARY", {"MAC": ANOTHER_MAC, "Elapsed": 9, "HS RT": 7.1e7, "Power": 3100}
    ),
    "pools": table("POOLS", {"POOL": 1, "Stratum Active": True, "Status": "Alive"}),
    "edevs": table("DEVS", {"ASC": 0, "HS RT": 7.1e7}),
}
HOW_IT_REFUSES = {
    "missing": NO_COMMAND,
    "invalid": INVALID_COMMAND,
    "invalid-as-cgminer": {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid"}]},
    "no-code": {"STATUS": "E", "Msg": "no cmd"},
}


@pytest.mark.parametrize("keyless", HOW_IT_REFUSES.values(), ids=HOW_IT_REFUSES)
async def test_firmware_with_another_key_and_no_version_is_a_whatsminer(
    canned: CannedMiner, keyless: object
) -> None:
    canned.answers = NO_VERSION
    canned.keys, canned.keyless = lambda _: ("command",), keyless
    reader = reader_of(canned)
    snapshot = await reader.poll()
    assert snapshot.generation is Generation.V1
    assert snapshot.model == "M30SV20"
    assert snapshot.performance.power == 3100
    canned.requests.clear()
    canned.asked.clear()
    assert (await reader.poll()).performance.power == 3100
    assert canned.asked == STEADY["v1"]
    assert [list(request) for request in canned.requests] == [["command"]] * 3


@pytest.mark.parametrize("keyless", HOW_IT_REFUSES.values(), ids=HOW_IT_REFUSES)
async def test_firmware_with_another_key_may_have_a_version(
    canned: CannedMiner, keyless: object
) -> None:
    canned.answers = NO_VERSION | {
        "get_version": message({"api_ver": "2.0.3", "fw_ver": "20220801.11.REL"})
    }
    canned.keys, canned.keyless = lambda _: ("command",), keyless
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V2
    assert snapshot.firmware == "20220801.11.REL"


async def test_another_miner_at_the_address_is_asked_in_the_usual_way(
    canned: CannedMiner,
) -> None:
    """What was found out holds for the miner before."""
    canned.answers = NO_VERSION
    canned.keys = lambda _: ("command",)
    reader, identity = introduce(canned)
    await reader.poll()
    identity.mac = "c2:04:28:00:00:09"  # another one is expected
    with pytest.raises(WrongMinerError):
        await reader.poll()
    identity.mac = ANOTHER_MAC.lower()
    canned.keys = lambda _: ("cmd",)
    canned.requests.clear()
    for _ in range(2):
        with suppress(WhatsminerError):
            await reader.poll()
    assert (await reader.poll()).performance.power == 3100
    assert [list(request) for request in canned.requests[-3:]] == [["cmd"]] * 3


async def test_another_makers_miner_is_asked_no_more_than_it_takes() -> None:
    """It answers, so the key is right."""
    async with CannedMiner(SOMETHING_ELSE["antminer"]) as miner:
        with pytest.raises(NotAMinerError):
            await reader_of(miner).poll()
        assert miner.requests == [{"cmd": "get_version"}, {"cmd": "devdetails"}]


async def test_a_whatsminer_is_asked_once_in_each_poll(canned: CannedMiner) -> None:
    """The other key costs those nothing that need it not."""
    canned.answers = NO_VERSION
    await reader_of(canned).poll()
    assert all(list(request) == ["cmd"] for request in canned.requests)


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_a_simulated_miner_with_another_key_is_read(generation: str) -> None:
    async with SimulatedMiner(
        generation=generation, quirks={Quirk.COMMAND_KEY}
    ) as miner:
        reader = reader_of(miner)
        snapshot = await reader.poll()
        assert snapshot.generation is generation_of(generation)
        before = miner.connections
        await reader.poll()
        assert miner.connections == before + 3
