"""Kinds 10 and 11: firmware without a MAC address; refusals that are encrypted twice."""

import base64
from collections.abc import Callable
import json

import pytest

from homeassistant.const import CONF_PASSWORD
from homeassistant.data_entry_flow import FlowResultType
from simulator.cipher import crypt_hash, encrypt
from tests.api import message, refusal

from . import cases, described
from .cases import changed
from .described import reading
from .home import Home
from .miner import PASSWORD, SALT, DescribedMiner

TOO_OLD = "firmware is probably too old"
LATER = "while the miner is mining"


# No MAC address


async def test_firmware_without_a_mac_address_is_called_too_old(home: Home) -> None:
    """It mines, so that to wait for that is of no use."""
    async with cases.no_mac() as miner:
        sentence = await home.error_of(miner)
        assert TOO_OLD in sentence
        assert LATER not in sentence
        assert sentence == await home.error_of(miner)


@pytest.mark.parametrize("mac", ["", "00:00:00:00:00:00", "unknown", None])
async def test_a_mac_address_that_is_none_is_no_better(
    home: Home, mac: str | None
) -> None:
    """In the summary, and in the answer that newer firmware has it in."""
    async with cases.no_mac() as miner:
        reading(miner.answers, "summary")["MAC"] = mac
        assert TOO_OLD in await home.error_of(miner)
    async with DescribedMiner(
        changed(described.v2(), "get_miner_info", mac=mac)
    ) as miner:
        assert TOO_OLD in await home.error_of(miner)


async def test_a_miner_that_does_not_mine_is_worth_another_try(home: Home) -> None:
    """V1 reports its address while it mines."""
    async with cases.no_mac() as miner:
        reading(miner.answers, "summary").update({"HS RT": 0, "MHS 5m": 0, "MHS 5s": 0})
        sentence = await home.error_of(miner)
        assert LATER in sentence
        assert TOO_OLD not in sentence
        reading(miner.answers, "summary").update({"HS RT": 6e7, "MAC": described.MAC})
        added = await (await home.add(miner)).poll(1)
    assert added.number("sensor.hash_rate") == pytest.approx(60)


async def test_boards_without_serial_numbers_change_nothing(home: Home) -> None:
    async with cases.no_mac() as miner:
        for row in miner.answers["devs"]["DEVS"]:
            del row["PCB SN"]
        assert TOO_OLD in await home.error_of(miner)


# A wrong password


def once(key: str, plain: bytes) -> object:
    """Return an encrypted answer."""
    return {"enc": encrypt(key, plain)}


def twice(key: str, plain: bytes) -> object:
    """Return an answer that is encrypted, and encrypted again."""
    return {"enc": encrypt(key, encrypt(key, plain).encode())}


def coded_twice(key: str, plain: bytes) -> object:
    """Return an encrypted answer in base64 of base64."""
    return {"enc": base64.b64encode(encrypt(key, plain).encode()).decode()}


def answer_in_answer(key: str, plain: bytes) -> object:
    """Return an encrypted answer inside of another."""
    return once(key, json.dumps(once(key, plain)).encode())


WAYS: tuple[Callable[[str, bytes], object], ...] = (
    lambda _, plain: json.loads(plain),
    once,
    twice,
    coded_twice,
    answer_in_answer,
)


@pytest.mark.parametrize("way", range(len(WAYS)))
async def test_a_wrong_password_is_called_wrong_however_it_is_refused(
    home: Home, way: int
) -> None:
    """The miner encrypts with the key of the right one."""
    plain = json.dumps(refusal(23, "enc json load err")).encode()
    async with DescribedMiner(described.v2()) as miner:
        miner.unread = WAYS[way](crypt_hash(SALT, PASSWORD), plain)
        result = await home.submit(miner, "wrong_12")
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
        assert "password" in (await home.error_of(miner, "wrong_12")).lower()
        added = await home.add(miner)
    assert added.shows("switch.mining") == "on"
    assert miner.sent == []


@pytest.mark.parametrize("way", [1, 2, 3, 4])
async def test_a_closed_switch_is_told_in_the_same_ways(home: Home, way: int) -> None:
    """The miner is added, and shows that it takes no commands."""
    key = crypt_hash(SALT, PASSWORD)
    plain = json.dumps(refusal(45, "can't access write cmd")).encode()
    async with DescribedMiner(described.v2_2()) as miner:
        miner.refused = WAYS[way](key, plain)
        added = await (await home.add(miner)).poll(1)
    assert added.shows("binary_sensor.write_access") == "off"
    assert added.shows("switch.mining") == "on"
    assert miner.sent == []


async def test_a_token_in_a_list_is_a_token(home: Home) -> None:
    """Like every other object in `Msg`."""
    async with DescribedMiner(described.v2()) as miner:
        token = {"time": "4711", "salt": SALT, "newsalt": "p0Zr4TtW"}
        miner.answers["get_token"] = message([token])
        added = await home.add(miner)
        await added.act("switch.turn_off", "switch.mining")
    assert [write["cmd"] for write in miner.sent] == ["power_off"]
