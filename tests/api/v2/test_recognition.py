"""Which devices are Whatsminers."""

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
)
from custom_components.whatsminer.api.v2.generations import Generation
from tests.api import ANOTHER_MAC, CannedMiner, message, reader_of, refusal, table

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
