"""Diagnostics: what a problem report has, without anything private."""

from dataclasses import dataclass, field
import json
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.diagnostics import async_get_config_entry_diagnostics
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_MAC, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_bytes
from simulator import Closed, Misbehaviour, Pool, SimulatedMiner
from simulator.misbehaviour import Exchange, Line

from . import JOINED, Clock, act, every_generation
from .earlier import MAC
from .words import speaks_v3

HIDDEN = "**REDACTED**"
PURSE = "bc1q9zpgru8h3ykv0n5f2k4w7d6s0xjc4e8m2t5a7q"
OTHER_PURSES = "kaspa:qqkqkzjvr7zwxxmjxjkmxxdwju9kjs6e9u82uh59z0 DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L"
POOL = "stratum+tcp://eu.pool.example:3333"
WORKER = "my_account.shed7"


@dataclass
class Overheard(Misbehaviour):
    """Answers as usual and records the answers."""

    answers: list[Any] = field(default_factory=list)

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Record the answer."""
        answer = exchange.text()
        self.answers.append(json.loads(answer.rstrip(b"\0")))
        await line.send(exchange.framed(answer))


@dataclass(frozen=True)
class Swapped(Misbehaviour):
    """Answers as usual, but replaces a piece of text wherever it stands."""

    old: str
    new: str

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Replace the text."""
        answer = exchange.text().replace(self.old.encode(), self.new.encode())
        await line.send(exchange.framed(answer))


# The keys of V3 for what V2 has under these.
V3_KEYS = {
    '"URL"': '"url"',
    '"User"': '"account"',
    '"PCB SN"': '"pcbsn0"',
    '"Stratum Active"': '"stratum-active"',
    '"STATUS"': '"code"',
    '"MAC"': '"mac"',
}
V3_READS = ("get.miner.status", "get.device.info", "get.system.setting")


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Only the platform that sends commands."""
    return (Platform.SWITCH,)


@pytest.fixture(autouse=True)
def personal(miner: SimulatedMiner) -> None:
    """Give the miner the names, addresses and accounts of an owner."""
    miner.state.hostname = "garage-7"
    miner.state.pools = [Pool(POOL, WORKER, "worker-password")]


def spellings(mac: str) -> set[str]:
    """Return a MAC address in all ways in which it is written."""
    separated = {mac.replace(":", separator) for separator in (":", "-", "_", "")}
    return separated | {spelling.lower() for spelling in separated}


def private(miner: SimulatedMiner) -> set[str]:
    """Return everything private about a miner."""
    identity = miner.state.identity
    return {
        *spellings(miner.mac),
        *identity.boards,
        identity.serial,
        identity.psu_serial,
        miner.host,
        miner.password,
        miner.state.hostname,
        POOL,
        "eu.pool.example",
        WORKER,
        "my_account",
        "worker-password",
    }


@dataclass(frozen=True)
class Report:
    """The diagnostics of a miner, as its owner downloads them."""

    hass: HomeAssistant
    hass_client: ClientSessionGenerator
    entry: MockConfigEntry

    async def download(self) -> dict[str, Any]:
        """Download them."""
        downloaded: dict[str, Any] = await get_diagnostics_for_config_entry(
            self.hass, self.hass_client, self.entry
        )
        return downloaded

    async def leaks(self, names: set[str]) -> set[str]:
        """Return which private texts are in them."""
        downloaded = json.dumps(await self.download()).lower()
        assert HIDDEN.lower() in downloaded
        return {name for name in names if name.lower() in downloaded}


@pytest.fixture
def report(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    config_entry: MockConfigEntry,
) -> Report:
    """The diagnostics of the miner."""
    return Report(hass, hass_client, config_entry)


# What is in it


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_all_that_is_known_of_a_miner(
    report: Report, snapshot: SnapshotAssertion
) -> None:
    """Entry, capabilities, the last snapshot, and the answers it was made from are there."""
    assert await report.download() == snapshot(exclude=props("port"))


async def test_a_miner_that_cannot_be_set_up_tells_what_it_told(
    hass: HomeAssistant, report: Report, miner: SimulatedMiner
) -> None:
    """The reason is there, and the answers up to the one that is missing."""
    for command in (JOINED, "summary"):
        miner.misbehave(command, Closed())
    await hass.config_entries.async_setup(report.entry.entry_id)
    await hass.async_block_till_done()
    assert report.entry.state is ConfigEntryState.SETUP_RETRY

    downloaded = await report.download()

    assert set(downloaded) == {"entry", "memory", "replies"}
    assert isinstance(downloaded["entry"], dict)
    assert downloaded["entry"]["state"] == "setup_retry"
    assert "does not answer" in str(downloaded["entry"]["reason"])
    assert isinstance(downloaded["replies"], dict)
    assert set(downloaded["replies"]) >= {"get_version"}
    assert await report.leaks(private(miner)) == set()


async def test_a_miner_that_cannot_be_reached_tells_its_entry(
    hass: HomeAssistant, report: Report, miner: SimulatedMiner
) -> None:
    await miner.disconnect()
    await hass.config_entries.async_setup(report.entry.entry_id)

    downloaded = await report.download()

    assert downloaded["replies"] == {}
    assert await report.leaks(private(miner)) == set()


async def test_an_entry_that_cannot_be_migrated_tells_its_shape(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, miner: SimulatedMiner
) -> None:
    entry = MAC.add(hass, miner, data={"Host Name": "garage-7", CONF_MAC: miner.mac})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR

    report = Report(hass, hass_client, entry)
    downloaded = await report.download()

    assert isinstance(downloaded["entry"], dict)
    assert downloaded["entry"]["data"] == {"Host Name": HIDDEN, "mac": HIDDEN}
    assert downloaded["entry"]["version"] == 1
    assert await report.leaks(private(miner)) == set()


@pytest.mark.usefixtures("set_up")
async def test_a_miner_that_is_lost_tells_why(
    hass: HomeAssistant, report: Report, clock: Clock, miner: SimulatedMiner
) -> None:
    """The reason is shown without the name of the miner and its address."""
    hass.config_entries.async_update_entry(report.entry, title="Peter's heater")
    await miner.disconnect()
    await clock.next_poll(3)

    downloaded = await report.download()

    assert isinstance(downloaded["coordinator"], dict)
    assert downloaded["coordinator"]["last_update_success"] is False
    assert "does not answer" in str(downloaded["coordinator"]["last_exception"])
    assert "Peter" not in str(downloaded)
    assert await report.leaks(private(miner)) == set()


# What is not


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_nothing_tells_whose_miner_it_is(
    report: Report, miner: SimulatedMiner
) -> None:
    assert await report.leaks(private(miner)) == set()


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_nothing_lets_anybody_in(
    hass: HomeAssistant, report: Report, miner: SimulatedMiner
) -> None:
    heard = Overheard()
    if speaks_v3(miner):
        miner.v3.accounts.renew_salt()
    else:
        miner.void_tokens()
    miner.misbehave("get_token", heard)
    miner.misbehave("get.device.info", heard)
    await act(hass, "switch.turn_off", "switch.miner")
    if speaks_v3(miner):
        secrets = {answer["msg"]["salt"] for answer in heard.answers[1:]}
    else:
        secrets = {heard.answers[0]["Msg"][name] for name in ("salt", "newsalt")}
    asked = [*miner.requests, *(miner.v3.requests if speaks_v3(miner) else ())]
    tokens = {str(request["token"]) for request in asked if "token" in request}
    assert secrets
    assert tokens

    assert await report.leaks(secrets | tokens) == set()


@every_generation
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"URL"', '"Upstream"'),
        (WORKER, f"{PURSE}.shed7"),
        (f'"User":"{WORKER}', f'"Whoever":"{PURSE}'),
        ('"PCB SN"', '"Board"'),
        ('"Stratum Active"', '"{mac}"'),
        ('"STATUS"', '"Log":"from {host} and fe80::c607:20ff:fe00:1","STATUS"'),
        ('"STATUS"', '"Log":"{worker}@eu.pool.example of whatsminer_{mac}","STATUS"'),
        ('"MAC"', '"Where"'),
        ('"STATUS"', '"Log":"from 2001:db8:0:1:c607:20ff:fe00:1","STATUS"'),
        ('"STATUS"', '"Log":"from fe80::c607%eth0 to ::ffff:{host}","STATUS"'),
        ('"STATUS"', '"net":{"ntp_server":["garage-7.example"]},"STATUS"'),
        ('"STATUS"', '"userPw":"worker-password","x":{"apikey":"{mac}"},"STATUS"'),
        ('"STATUS"', f'"Log":"stratum: {OTHER_PURSES}","STATUS"'),
    ],
)
@pytest.mark.usefixtures("set_up")
async def test_odd_firmware_tells_no_more(
    report: Report, clock: Clock, miner: SimulatedMiner, old: str, new: str
) -> None:
    """Odd firmware uses other keys, and has values in unusual places."""
    if speaks_v3(miner):
        for name, v3 in V3_KEYS.items():
            old, new = old.replace(name, v3), new.replace(name, v3)
    values = {
        "{host}": miner.host,
        "{mac}": miner.mac.replace(":", ""),
        "{worker}": WORKER,
    }
    for name, value in values.items():
        new = new.replace(name, value)
    for command in (JOINED, "summary", "status", *V3_READS):
        miner.misbehave(command, Swapped(old, new))
    await clock.next_poll(2)

    names = private(miner) | {PURSE, *OTHER_PURSES.split(), "fe80", "2001", "c607"}
    assert await report.leaks(names) == set()


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_of_an_email_worker_neither_account_nor_provider_is_told(
    report: Report, clock: Clock, miner: SimulatedMiner
) -> None:
    miner.state.pools = [Pool(POOL, "john.doe@example.com.rig1", "worker-password")]
    log = '"Log":"example.com: user john.doe (john), rig1: john.doe@example.com?","STATUS"'
    miner.misbehave("status", Swapped('"STATUS"', log))
    miner.misbehave(
        "get.system.setting", Swapped('"code"', log.replace("STATUS", "code"))
    )
    await clock.next_poll()

    names = {"john", "doe@", "example.com", "com.rig1"}
    assert await report.leaks(names) == set()
    assert "rig1" in str(report.entry.runtime_data.coordinator.client.replies)


async def test_home_assistant_can_write_it_down(
    hass: HomeAssistant, config_entry: MockConfigEntry, set_up: WhatsminerCoordinator
) -> None:
    """Diagnostics hold nothing that JSON cannot express."""
    downloaded = await async_get_config_entry_diagnostics(hass, config_entry)

    assert json.loads(json_bytes(downloaded)) == downloaded
