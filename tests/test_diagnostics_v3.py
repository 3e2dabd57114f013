"""Reports and logs of a miner that speaks V3 have nothing that lets anybody in."""

import json
import logging

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import PoolSettings
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import SimulatedMiner

from . import Clock, act
from .test_diagnostics import Report, personal, platforms, private, report

__all__ = ["personal", "platforms", "report"]

pytestmark = [
    pytest.mark.parametrize("miner", ["v3_miner"], indirect=True),
    pytest.mark.usefixtures("set_up"),
]

NEW_PASSWORD, POOL_PASSWORD = "fresh_1", "pool-secret-7"


async def use(
    hass: HomeAssistant, coordinator: WhatsminerCoordinator, clock: Clock
) -> None:
    """Let every kind of signed command be sent, and a few polls happen."""
    pool = PoolSettings(
        url="stratum+tcp://eu.pool.example:3333",
        worker="my_account.1",
        password=POOL_PASSWORD,
    )
    await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(2)
    await act(hass, "switch.turn_on", "switch.miner")
    await coordinator.async_send(commands.update_pools(pool))
    await clock.next_poll(2)


async def fail(hass: HomeAssistant) -> None:
    """Send a command that fails."""
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")


def secrets_of(miner: SimulatedMiner) -> set[str]:
    """Return the tokens, salt and passwords that went over the wire."""
    tokens = {request["token"] for request in miner.v3.requests if "token" in request}
    assert len(tokens) > 2
    passwords = {miner.v3.password, miner.password, POOL_PASSWORD}
    return {str(token) for token in tokens} | {miner.v3.accounts.salt} | passwords


async def test_the_answers_are_there_under_their_names(report: Report) -> None:
    """Nobody could read a report in which the names of commands are redacted."""
    replies = (await report.download())["replies"]

    assert {"get.device.info", "get.miner.status summary+pools+edevs"} <= set(replies)
    assert replies["get.device.info"]["desc"] == "get.device.info"
    assert replies["get.device.info"]["msg"]["system"]["api"] == "3.0.5"
    assert not [name for name in replies if "salt" in name]


async def test_a_report_has_no_secret_after_commands(
    hass: HomeAssistant,
    report: Report,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    clock: Clock,
) -> None:
    await use(hass, set_up, clock)

    assert await report.leaks(secrets_of(miner) | private(miner)) == set()


async def test_the_log_has_no_secret_at_any_level(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also when commands fail, and when the miner says so in its own words."""
    caplog.set_level(logging.DEBUG)
    await use(hass, set_up, clock)
    secrets = secrets_of(miner)
    miner.password = miner.v3.password = NEW_PASSWORD
    await fail(hass)
    miner.api_open = False
    await fail(hass)
    await miner.disconnect()
    await fail(hass)
    await clock.next_poll(3)

    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("custom_components", "whatsminer"))
    ]
    assert lines
    written = json.dumps(lines)
    assert {secret for secret in secrets if secret in written} == set()
