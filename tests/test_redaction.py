"""Readings as the miner gives them."""

from typing import Any
from unittest.mock import patch

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import ATTR_DEVICE_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
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
