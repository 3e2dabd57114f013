"""What is left out of readings that somebody asks for, and of those that are given away."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.redaction import anonymise
from homeassistant.const import ATTR_DEVICE_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.redact import REDACTED
from simulator import SimulatedMiner

from . import PROCESS_DOWN
from .actions import ask, failure


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No entity is needed."""
    return ()


@pytest.fixture
def one(set_up: WhatsminerCoordinator) -> dict[str, Any]:
    """A target of one miner."""
    return {ATTR_DEVICE_ID: set_up.device_id}


@pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)
@pytest.mark.parametrize("command", ["summary", "get_miner_info", "pools+devs"])
async def test_a_miner_is_asked_for_what_has_no_entity(
    hass: HomeAssistant,
    one: dict[str, Any],
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    command: str,
) -> None:
    """The whole answer comes back, also a refusal."""
    answer = await ask(hass, "query", {"command": command, **one})

    assert list(answer) == [set_up.device_id]
    assert answer[set_up.device_id]["name"] == "Miner"
    raw = answer[set_up.device_id]["answer"]
    assert raw["STATUS"] if "+" not in command else raw["pools"]
    assert miner.requests == [{"cmd": command}]


@pytest.mark.parametrize(
    "command",
    ["get_token", "power_off", "status+summary", "summary+", "", "summary+get_token"],
)
async def test_nothing_else_is_asked(
    hass: HomeAssistant, one: dict[str, Any], miner: SimulatedMiner, command: str
) -> None:
    """Neither what does something, nor what would void our token."""
    error = await failure(
        hass, "query", {"command": command, **one}, return_response=True
    )

    assert error.translation_key == "invalid_command"
    assert isinstance(error, ServiceValidationError)
    assert miner.requests == []


async def test_a_miner_without_a_mining_process_cannot_be_asked(
    hass: HomeAssistant, one: dict[str, Any], miner: SimulatedMiner
) -> None:
    """The sentence says how long to wait."""
    miner.misbehave("summary", PROCESS_DOWN)

    error = await failure(
        hass, "query", {"command": "summary", **one}, return_response=True
    )

    assert error.translation_key == "mining_process_down"


async def test_answers_are_given_without_secrets(
    hass: HomeAssistant,
    one: dict[str, Any],
    set_up: WhatsminerCoordinator,
) -> None:
    """At any depth, and by the names that firmware has for them; the rest stays."""
    secret = dict.fromkeys(
        (
            "passwd",
            "passwd1",
            "Password",
            "API Password",
            "pwd",
            "Pass",
            "salt",
            "newsalt",
            "token",
            "sign",
            "private_key",
            "Stratum Auth",
            "wifi-psk",
        ),
        "hunter2",
    )
    plain = {
        "Pool Rejected%": 1.5,
        "Signal": "good",
        "Design": 3,
        "Bypass": False,
        "keys": ["a"],
        "salt": "",
        "When": None,
    }
    told = {"POOLS": [{"x": [secret]}, plain], "Msg": plain}
    told["URL"] = "stratum+tcp://account:hunter2@pool.example:3333"
    with patch.object(set_up.miner, "query", return_value=told):
        answer = await ask(hass, "query", {"command": "pools", **one})

    raw = answer[set_up.device_id]["answer"]
    assert "hunter2" not in str(raw)
    assert raw["POOLS"][0]["x"][0] == dict.fromkeys(secret, "**REDACTED**")
    assert raw["POOLS"][1] == raw["Msg"] == plain
    assert raw["URL"] == "stratum+tcp://**REDACTED**@pool.example:3333"


# What is given away with a report


@pytest.mark.parametrize(
    "key",
    [
        "mac",
        "MAC",
        "ip",
        "IP Address",
        "host",
        "hostname",
        "gateway",
        "dns",
        "netmask",
        "minersn",
        "powersn",
        "PCB SN",
        "pcbsn0",
        "sn",
        "serial_no",
        "Serial Number",
        "URL",
        "Stratum URL",
        "url2",
        "User",
        "worker",
        "account",
        "title",
        "unique_id",
        "password",
        "token",
        "salt",
    ],
)
@pytest.mark.parametrize("value", ["somebody's", 123456, ["a", "b"], ("a",)])
def test_what_tells_whose_miner_it_is_is_known_by_its_key(
    key: str, value: object
) -> None:
    """Whatever it is, at any depth; that there is nothing is told."""
    hidden = [REDACTED] * len(value) if isinstance(value, (list, tuple)) else REDACTED
    assert anonymise({"Msg": [{key: value}]}) == {"Msg": [{key: hidden}]}
    assert anonymise({key: "", "x": {key: None}}) == {key: "", "x": {key: None}}


@pytest.mark.parametrize(
    "reading",
    [
        {"Hourly": "ok", "liquid_temp": 45.5, "Description": "cgminer 4.9.2"},
        {"fw_ver": "20241112.16.1.REL3", "api_ver": "2.0.5"},
        {"api_ver": "whatsminer v1.4.0", "Msg": "The miner is busy"},
        {"Chip Data": "K88Z001-2039 BINV01-195001B", "Debug": "-0.0_100.0_354"},
        {"mineroff_time": "2026-11-01 12:00:05", "since": "12:34:56"},
        {"When": 1793491200, "Hash Stable": True, "power_pct": 99.5, "no": None},
    ],
)
def test_what_a_report_is_for_stays(reading: dict[str, Any]) -> None:
    """Versions, times and numbers are not taken for addresses."""
    assert anonymise(reading) == reading


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("from 192.168.1.20:4028", f"from {REDACTED}:4028"),
        ("via fe80::c607:20ff:fe00:1", f"via {REDACTED}"),
        ("at C6:07:20:00:11:22", f"at {REDACTED}"),
        ("c6-07-20-00-11-22 and C6_07_20_00_11_22", f"{REDACTED} and {REDACTED}"),
        ("to stratum+ssl://a.example:1 now", f"to {REDACTED} now"),
        ("for bc1q9zpgru8h3ykv0n5f2k4w7d6s0xjc4e8m2t5a7q", f"for {REDACTED}"),
        ("for 1BoatSLRHtKNngkdXEeobR76b53LETtpyT.rig", f"for {REDACTED}.rig"),
    ],
)
def test_an_address_is_known_by_its_look(text: str, left: str) -> None:
    """Under a key that tells nothing of it, or as a key."""
    assert anonymise({"Log": text, text: 1}) == {"Log": left, left: 1}


@pytest.mark.parametrize(
    ("told", "text", "left"),
    [
        ({"User": "owner.shed7"}, "owner.shed7 is in", f"{REDACTED} is in"),
        ({"User": "owner.shed7"}, "Owner has 3 rigs", f"{REDACTED} has 3 rigs"),
        ({"URL": "stratum+tcp://eu.pool.example:3333/"}, "eu.pool.example", REDACTED),
        ({"Stratum URL": "pool.example:25"}, "lost pool.example", f"lost {REDACTED}"),
        ({"mac": "C6:07:20:00:11:22"}, "wm_c60720001122", f"wm_{REDACTED}"),
        ({"minersn": "HTM45X4"}, "SN_htm45x4_A", f"SN_{REDACTED}_A"),
        ({"hostname": "shed"}, "watershed, shed", f"watershed, {REDACTED}"),
        ({"hostname": "me"}, "it is me", "it is me"),
        ({"hostname": "WhatsMiner"}, "whatsminer v1", "whatsminer v1"),
        ({"names": []}, "I am Given", f"I am {REDACTED}"),
    ],
)
def test_a_name_that_is_told_is_left_out_everywhere(
    told: dict[str, Any], text: str, left: str
) -> None:
    """Also its account or host alone, but only as a word of its own."""
    assert anonymise([told, {"Log": text}], {"given"})[1] == {"Log": left}


def test_everything_becomes_json() -> None:
    """Sets are in order, and what has no like in JSON becomes text."""
    assert anonymise(
        {
            "reports": frozenset({"b", "a"}),
            "boards": {2, 10},
            1: (timedelta(seconds=30), ValueError("no")),
        }
    ) == {"reports": ["a", "b"], "boards": [10, 2], "1": ["0:00:30", "no"]}
