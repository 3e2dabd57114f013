"""Redaction of answers that a user asks for, and of reports."""

import asyncio
import threading
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.whatsminer.actions import handlers
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.redaction import anonymise, redact
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.redact import REDACTED
from homeassistant.util.json import JsonValueType
from simulator import SimulatedMiner

from . import PROCESS_DOWN, every_generation
from .action_calls import Target


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No platform is needed."""
    return ()


@every_generation
@pytest.mark.parametrize("command", ["summary", "get_miner_info", "pools+devs"])
async def test_a_miner_is_asked_for_what_has_no_entity(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner, command: str
) -> None:
    answer = await one.ask("query", command=command)

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
    one: Target, miner: SimulatedMiner, command: str
) -> None:
    """`get_token` would void the token of the integration."""
    error = await one.failure("query", command=command)

    assert error.translation_key == "invalid_command"
    assert isinstance(error, ServiceValidationError)
    assert miner.requests == []


async def test_a_miner_without_a_mining_process_cannot_be_asked(
    one: Target, miner: SimulatedMiner
) -> None:
    miner.misbehave("summary", PROCESS_DOWN)

    error = await one.failure("query", command="summary")

    assert error.translation_key == "mining_process_down"


SECRET_KEYS = (
    "passwd",
    "passwd1",
    "Password",
    "API Password",
    "pass_word",
    "passphrase",
    "pwd",
    "wifipwd",
    "pw",
    "PW1",
    "userpw",
    "userPW",
    "Pass",
    "pass1",
    "userpass",
    "psw",
    "pswd",
    "wpa_psk",
    "wifi-psk",
    "wpakey",
    "apikey",
    "api_key",
    "apiKey",
    "APIKey2",
    "api_keys",
    "private_key",
    "private-key",
    "salt",
    "newsalt",
    "token",
    "accessToken",
    "sign",
    "signature",
    "Stratum Auth",
    "Authorization",
    "client_secret",
    "cookie",
    "credentials",
    "otp",
    "totp1",
    "sid",
    "session",
    "sessionId",
    "pin_code",
    "pincode",
)
# Keys of readings, and such that look like secrets.
PLAIN_KEYS = (
    "pin",
    "Pool Rejected%",
    "Power",
    "Power_RT",
    "Signal",
    "Design",
    "Bypass",
    "Keyword",
    "keys",
    "chip",
    "Chip Data",
    "chipdata0",
    "Proxy Type",
    "apiswitch",
    "permission",
    "Passed",
    "Author",
    "Temp PWM",
    "Msg",
    "Description",
    "Driver",
    "Firmware Version",
    "control-board-version",
    "hash-board",
    "zonename",
    "name",
    "allocation",
    "Strategy",
    "Stratum Active",
    "Priority",
    "detect-hash-rate",
    "vendor",
)


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_secret_is_known_by_its_key(key: str) -> None:
    """Secrets are found at any depth, by the names that firmware has for them, or might have."""
    assert redact({"Msg": [{key: "hunter2"}]}) == {"Msg": [{key: REDACTED}]}
    assert redact({key: {"value": ["hunter2"]}}) == {key: REDACTED}
    assert redact({key: "", "x": {key: None}}) == {key: "", "x": {key: None}}


@pytest.mark.parametrize("key", PLAIN_KEYS)
def test_no_reading_is_taken_for_a_secret(key: str) -> None:
    values: tuple[JsonValueType, ...] = ("4144", 3573, [1, 2], {"a": "b"})
    for value in values:
        assert redact({key: value}) == {key: value}
        assert anonymise({key: value}) == {key: value}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("stratum+tcp://me:hunter2@pool.example:3333", "@pool.example:3333"),
        ("stratum+tcp://me:hunter2:hunter2@pool.example", "@pool.example"),
        ("stratum+tcp://me:hunter2@hunter2@pool.example", "@pool.example"),
        ("stratum+tcp://:hunter2@pool.example/?a=b", "@pool.example/?a=b"),
        ("stratum+tcp://me:hunter2@[fe80::1]:3333", "@[fe80::1]:3333"),
    ],
)
def test_an_address_is_given_without_the_password_in_it(text: str, left: str) -> None:
    text = f"{text} or {text}"
    hidden = f"stratum+tcp://{REDACTED}{left}"
    assert redact({"URL": [text]}) == {"URL": [f"{hidden} or {hidden}"]}


@pytest.mark.parametrize(
    "text",
    [
        "stratum+tcp://pool.example:3333",
        "stratum+tcp://me@pool.example:3333",
        "http://pool.example:80/me@home",
        "a // b: c @ d",
        "john.doe@example.com:80",
    ],
)
def test_an_address_without_a_password_is_given_as_it_is(text: str) -> None:
    """The user who asks for an address may know it."""
    assert redact({"URL": text}) == {"URL": text}


async def test_home_assistant_goes_on_while_an_answer_is_looked_through(
    hass: HomeAssistant, one: Target
) -> None:
    """The event loop is not blocked by a large answer."""
    begun, go_on = asyncio.Event(), threading.Event()

    def slowly(reading: Any) -> Any:
        hass.loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(60)
        return redact(reading)

    with patch.object(handlers, "redact", slowly):
        answer = asyncio.create_task(one.ask("query", command="status"))
        await begun.wait()
        go_on.set()
        assert await answer


async def test_answers_are_given_without_secrets(
    one: Target, set_up: WhatsminerCoordinator
) -> None:
    secret = dict.fromkeys(SECRET_KEYS, "hunter2")
    plain = {
        "Pool Rejected%": 1.5,
        "Signal": "good",
        "Design": 3,
        "Bypass": False,
        "keys": ["a"],
        "salt": "",
        "When": None,
    }
    reply = {"POOLS": [{"x": [secret]}, plain], "Msg": plain}
    reply["URL"] = "stratum+tcp://account:hunter2@pool.example:3333"
    with patch.object(set_up.client, "query", return_value=reply):
        answer = await one.ask("query", command="pools")

    raw = answer[set_up.device_id]["answer"]
    assert "hunter2" not in str(raw)
    assert raw["POOLS"][0]["x"][0] == dict.fromkeys(secret, "**REDACTED**")
    assert raw["POOLS"][1] == raw["Msg"] == plain
    assert raw["URL"] == "stratum+tcp://**REDACTED**@pool.example:3333"
