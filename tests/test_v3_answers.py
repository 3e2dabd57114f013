"""Answers over V3 that a user asks for, and what of them is in reports."""

import json
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.diagnostics import async_get_config_entry_diagnostics
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.redact import REDACTED
from simulator import Framed, Refused, SimulatedMiner

from .action_calls import Target
from .docs.ways_of_v3 import READ, WRITTEN

over_v3 = pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
QUERIES: Final = [
    ("get.device.info", None),
    ("get.miner.status", "summary+pools+edevs"),
    ("get.miner.setting", None),
    ("get.fan.setting", None),
    ("get.system.setting", None),
    ("get.device.custom_data", None),
]


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No platform is needed."""
    return ()


def sent(miner: SimulatedMiner) -> list[dict[str, Any]]:
    """Return what was asked over V3."""
    assert miner.requests == []  # over V2
    return miner.v3.requests


@over_v3
@pytest.mark.parametrize(("command", "param"), QUERIES)
async def test_a_miner_is_asked_for_what_has_no_entity(
    one: Target,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    command: str,
    param: str | None,
) -> None:
    answer = (await one.ask("query", command=command))[set_up.device_id]["answer"]
    assert (answer["code"], answer["desc"]) == (0, command)
    assert answer["msg"]
    assert sent(miner) == [{"cmd": command} | ({"param": param} if param else {})]


@over_v3
async def test_the_salt_is_a_secret(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner
) -> None:
    """With it, a signature that was overheard can be tried against all passwords."""
    found = await one.ask("query", command="get.device.info")
    message = found[set_up.device_id]["answer"]["msg"]
    assert message["salt"] == REDACTED
    assert message["system"]["api"] == "3.0.5"
    assert miner.v3.accounts.salt not in json.dumps(found)


@over_v3
@pytest.mark.parametrize(
    "command",
    [
        *sorted({*READ} - {name for name, _ in QUERIES}),
        *WRITTEN,
        "get.device.info salt",
        "get.miner.setting+get.fan.setting",
        "get.miner.status+pools",
        "GET.DEVICE.INFO",
        "get.shell.debug",
    ],
)
async def test_nothing_else_is_asked(
    one: Target, miner: SimulatedMiner, command: str
) -> None:
    """A log is a file, for which there is an action of its own."""
    error = await one.failure("query", command=command)
    assert error.translation_key == "invalid_command"
    assert isinstance(error, ServiceValidationError)
    assert miner.v3.requests == miner.requests == []


@over_v3
async def test_v2_is_asked_for_its_own_commands(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner
) -> None:
    """A miner that speaks V3 answers on both ports."""
    answer = await one.ask("query", command="summary")
    assert answer[set_up.device_id]["answer"]["STATUS"]
    assert miner.requests == [{"cmd": "summary"}]
    assert miner.v3.requests == []


async def test_a_miner_that_speaks_v2_only_says_that_it_does_not_know_the_command(
    one: Target, miner: SimulatedMiner
) -> None:
    error = await one.failure("query", command="get.device.info")
    assert error.translation_key == "unsupported_command"
    assert miner.requests == []


@over_v3
@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (Refused(-2), {"code": -2, "msg": "invalid command"}),
        (Framed(b'{"code":"0","msg":"text"}'), {"code": "0", "msg": "text"}),
    ],
)
async def test_an_odd_answer_is_shown_as_it_is(
    one: Target,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    answer: Any,
    shown: dict[str, Any],
) -> None:
    miner.misbehave("get.fan.setting", answer)
    found = (await one.ask("query", command="get.fan.setting"))[set_up.device_id]
    assert shown.items() <= found["answer"].items()


@over_v3
@pytest.mark.parametrize("answer", [b"[1]", b"", b'{"code":', b'{"STATUS":"S"}' * 2])
async def test_what_is_no_answer_is_a_declared_error(
    one: Target, miner: SimulatedMiner, answer: bytes
) -> None:
    miner.misbehave("get.fan.setting", Framed(answer, announced=len(answer) or 2**31))
    error = await one.failure("query", command="get.fan.setting")
    assert error.translation_key in ("malformed_reply", "not_a_miner")


@over_v3
@pytest.mark.parametrize("ask", ["get_customer_message", "query"])
async def test_texts_of_the_owner_are_nowhere_in_diagnostics(
    hass: HomeAssistant, one: Target, config_entry: MockConfigEntry, ask: str
) -> None:
    """They may hold anything, such as a name and an address."""
    for key, text in {"serial_number": "A-17", "message_0": "Peter Smith"}.items():
        await one.call("set_customer_message", key=key, message=text)
    data = {"command": "get.device.custom_data"} if ask == "query" else {}
    assert "Smith" in json.dumps(await one.ask(ask, **data))
    report = json.dumps(
        await async_get_config_entry_diagnostics(hass, config_entry), default=str
    )
    assert "Smith" not in report
    assert "A-17" not in report
