"""The parts of the hostile devices that can be tested without a whole Home Assistant."""

import asyncio
from collections import Counter
from ipaddress import IPv4Network
import json
from pathlib import Path
from typing import Any, override

import pytest

from custom_components.whatsminer.api import (
    MalformedReplyError,
    Miner,
    NotAMinerError,
    UnreachableError,
)
from custom_components.whatsminer.api.v3 import reader, requests
from custom_components.whatsminer.const import DOMAIN
from demo_instance.client import Client, RefusedError
from demo_instance.loopback import pick_network
from homeassistant.config_entries import SOURCE_DHCP
from homeassistant.core import HomeAssistant
from hostile_devices import announcer, frames, log, plausible
from hostile_devices.bounds import SetUps, few
from hostile_devices.catalogue import place, silent_part
from hostile_devices.device import PORT, V3_PORT, Device, Hostile
from hostile_devices.pages import attempt, unclean
from hostile_devices.pulse import Figures
from hostile_devices.report import Mismatch, Report, Step
from hostile_devices.texts import FORGED_LINE, TEXTS

NETWORK = IPv4Network("127.9.9.0/24")
MAC = "02:57:4d:00:00:00"
_TIME = "2026-11-28 01:00:00.000+00:00"
OURS = "[custom_components.whatsminer.coordinator]"
NAMES = {"one": ["127.9.9.2", "Cellar"], "other": ["127.9.9.20"]}


# Texts


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"templates and placeholders"}))
def test_a_hostile_text_is_found_wherever_it_is_shown(name: str) -> None:
    text = TEXTS[name]
    assert list(unclean({"title": text}))
    if name not in ("Markdown", "HTML"):  # only where it is rendered
        assert list(unclean({"attributes": {"faults": [{"text": text}]}}))
        assert list(unclean({text: 1}))


@pytest.mark.parametrize(
    "value",
    [
        {"title": "M30S+_VE40 0079", "state": "3.4", "unit": "°C"},
        {"title_placeholders": {"host": "127.0.0.1", "miner": "boiler-room (2), #1"}},
        {"attributes": {"pool": "stratum+tcp://[::1]:3333", "text": "x" * 255}},
        {"none": None, "list": [1, 2.5, True]},
    ],
)
def test_what_miners_are_called_is_clean(value: Any) -> None:
    """Ordinary names and texts are no complaints."""
    assert list(unclean(value)) == []


class SayingNo(Client):
    """A Home Assistant that refuses every action, and has one translation for that."""

    def __init__(self, key: str, message: str) -> None:
        """Set the refusal."""
        self.error = RefusedError(
            {"translation_domain": DOMAIN, "translation_key": key, "message": message}
        )

    @override
    async def act(
        self, action: str, *, response: bool = False, **data: Any
    ) -> dict[str, Any]:
        raise self.error

    @override
    async def translations(self, category: str, domain: str) -> dict[str, str]:
        return {f"component.{DOMAIN}.exceptions.refused.message": "It refused"}


async def test_a_refusal_that_a_person_can_read_is_as_good_as_an_answer() -> None:
    client = SayingNo("refused", "Cellar refused query: no")
    assert await attempt(client, "query", "a1", {}) == "query: refused"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "Unknown error"),
        ("refused", f"Cellar refused query: no\n{FORGED_LINE}"),
        ("refused", "long" * 1000),
    ],
)
async def test_a_refusal_that_nobody_can_read_is_a_failure(
    key: str, message: str
) -> None:
    """Such a refusal has no translation, or is not one line of limited length."""
    with pytest.raises(Mismatch, match="query fails with"):
        await attempt(SayingNo(key, message), "query", "a1", {})


# The table


async def test_a_failed_step_is_printed_and_the_next_one_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report()
    async with report.step("first") as step:
        step.shown = "60 %"
        raise Mismatch("it is another")
    async with report.step("second") as step:
        step.sent = "nothing"
    report.print()
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == ["FAILED first: it is another", "1 passed, 1 failed"]
    assert [step.name for step in report.failed] == ["first"]


# The log


def write_log(tmp_path: Path, *records: str) -> Path:
    path = tmp_path / "home.log"
    path.write_text("".join(f"{record}\n" for record in records))
    return path


@pytest.mark.parametrize(
    "record",
    [
        f"{_TIME} ERROR (MainThread) {OURS} Error fetching Cellar data: no answer",
        f"{_TIME} INFO (MainThread) {OURS} first line: {FORGED_LINE}",
        f"{_TIME} ERROR (MainThread) [homeassistant.core] of others\nTraceback (most recent call)",
        f"{_TIME} ERROR (MainThread) [custom_components.whatsminer] Setup of config entry"
        " 'Cellar' cancelled\nTraceback (most recent call last)\n"
        "asyncio.exceptions.CancelledError: Home Assistant is stopping",
    ],
)
def test_a_log_in_which_a_device_is_only_named(tmp_path: Path, record: str) -> None:
    """An outage is one line. Complaints of other integrations do not count."""
    path = write_log(tmp_path, record)
    assert log.check(path, NAMES, 1).startswith("1 records")


@pytest.mark.parametrize(
    ("complaint", "record"),
    [
        ("has written", f"{_TIME} INFO (MainThread) {OURS} no answer:\n{FORGED_LINE}"),
        ("error", f"{_TIME} ERROR (MainThread) {OURS} Unexpected error fetching data"),
        (
            "traceback: ValueError: x",
            f"{_TIME} INFO (MainThread) [x] see below\nTraceback (most recent call last):\n"
            '  File "/config/custom_components/whatsminer/sensor.py"\nValueError: x',
        ),
        ("of 8092 char", f"{_TIME} INFO (MainThread) {OURS} {'long' * 2000}"),
        ("not printable", f"{_TIME} INFO (MainThread) {OURS} in \x1b[31mred"),
        (
            "one is named in 3",
            "\n".join([f"{_TIME} INFO (MainThread) [x] Cellar at 127.9.9.2"] * 3),
        ),
    ],
)
def test_a_log_that_a_device_has_spoiled(
    tmp_path: Path, complaint: str, record: str
) -> None:
    """Forged lines, traces, floods and control characters spoil a log."""
    with pytest.raises(Mismatch, match=f"1 complaints, the first: .*{complaint}"):
        log.check(write_log(tmp_path, record), NAMES, 2)


def test_a_device_is_not_taken_for_one_whose_address_begins_alike() -> None:
    """127.9.9.2 is no mention of 127.9.9.20, nor the other way round."""
    records = [
        f"{_TIME} INFO (MainThread) [x] {host}, port 4028"
        for host in ("127.9.9.20",) * 3
    ]
    assert log.mentions(records, NAMES) == Counter(one=0, other=3)


# Figures


def test_the_longest_wait_between_two_polls_lasts_to_the_end() -> None:
    """A miner that is no longer polled is late, too."""
    on_time = {"a": [0.0, 10.0, 20.0]}
    assert Figures(seconds=25.0, polls=on_time).late(10) == 1.0
    assert Figures(seconds=60.0, polls=on_time).late(10) == 4.0
    assert Figures(seconds=30.0, polls=on_time | {"b": [0.0]}).late(10) == 3.0


def test_too_many_of_something_names_the_worst_first() -> None:
    step = Step("entities")
    few(step, {"one": 74, "other": 5}, 120)
    assert step.shown == "79 in all, 74 at most: one"
    with pytest.raises(Mismatch, match="more than 70: other has 900; one has 74"):
        few(step, {"one": 74, "other": 900, "third": 3}, 70)


def test_set_ups_are_counted_by_entry() -> None:
    """An entry that exists when the counting begins does not count as set up."""
    set_ups = SetUps()
    for kind, state in (
        (None, "setup_in_progress"),
        ("updated", "setup_in_progress"),
        ("updated", "loaded"),
        ("updated", "setup_in_progress"),
    ):
        set_ups.hear([{"type": kind, "entry": {"entry_id": "a", "state": state}}])
    assert set_ups.counts == {"a": 2}


# The devices


def test_every_device_is_known_by_its_name_and_has_a_place_of_its_own() -> None:
    """The short form has all kinds of devices, each at its place in the long form."""
    every = place(NETWORK, short=False)
    short = place(NETWORK, short=True)
    for attribute in ("name", "host", "mac"):
        assert len({getattr(each, attribute) for each in every}) == len(every)
    assert {(each.name, each.host) for each in short} < {
        (each.name, each.host) for each in every
    }
    assert {each.kind for each in short} == {each.kind for each in every}
    silent = {str(host) for host in silent_part(NETWORK)}
    assert {each.host for each in every} & silent == {
        each.host for each in every if each.hostile.never_answers
    }


def test_only_those_with_a_text_in_their_names() -> None:
    names = {each.name for each in place(NETWORK, short=False, only="Shape:")}
    assert names
    assert all(name.startswith("shape: another at every poll") for name in names)


@pytest.mark.parametrize(
    "hostile", [each.hostile for each in place(NETWORK, short=False)]
)
def test_every_device_has_an_answer_to_everything(hostile: Hostile) -> None:
    for poll in range(3):
        said = plausible.answers(MAC, "127.9.9.1", 1000.0)
        hostile.edit(said, poll)
        for command in (*said, "summary+pools+edevs", "get_token", plausible.ENCRYPTED):
            assert plausible.answer(said, command)


def test_a_number_that_is_none_goes_out_as_it_is() -> None:
    """Python's own JSON encoder does not write such numbers."""
    answer = {"a": plausible.raw("1e400"), "b": [plausible.raw("9" * 5000)]}
    assert plausible.to_bytes(answer) == b'{"a":1e400,"b":[%s]}' % (b"9" * 5000)


async def test_a_device_with_nothing_hostile_in_it_is_taken_for_a_miner() -> None:
    """The hostile devices prove something only if a plausible one is accepted."""
    host = str(pick_network()[1])
    async with Device(Hostile(name="none"), host, MAC) as device:
        client = Miner(host)
        snapshot = await client.poll()
    assert (snapshot.model, client.mac) == ("M30S+_VE40", MAC.lower())
    assert sorted(snapshot.hashboards) == [0, 1, 2]
    assert snapshot.running
    assert [fault.code for fault in snapshot.faults or ()] == ["2010"]
    assert device.polls == 1


async def test_a_device_that_turns_is_plausible_until_it_is_told_to() -> None:
    def say_no(said: plausible.Answers, poll: int) -> None:
        said["status"] = b"no"

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection(device.host, PORT)
        writer.write(b'{"cmd":"status"}')
        answer = await reader.read()
        writer.close()
        return answer

    hostile = Hostile(name="none", edit=say_no, turns=True)
    async with Device(hostile, str(pick_network()[1]), MAC) as device:
        assert json.loads(await ask())["Msg"]["mineroff"] == "false"
        device.turned = True
        assert await ask() == b"no"
    assert device.asked == {"status": 2}


@pytest.mark.parametrize("name", frames.WAYS)
async def test_a_miner_of_v2_is_read_whatever_its_other_port_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_PROBE", (3, 0.2))
    hostile = Hostile(name=name, send_v3=frames.WAYS[name][0])
    host = str(pick_network()[1])
    async with Device(hostile, host, MAC) as device:
        snapshot = await Miner(host, v3_port=V3_PORT).poll()
    assert snapshot.model == "M30S+_VE40"
    assert device.asked["get.device.info"] == 1


@pytest.mark.parametrize("name", frames.WAYS)
async def test_a_miner_of_v3_is_read_until_it_turns(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its other port is no reason to take it for a miner of V2."""
    monkeypatch.setattr(requests.Conversation.ask, "__kwdefaults__", {"limit": 0.2})
    hostile = Hostile(
        name=name, send_v3=frames.WAYS[name][0], speaks_v3=True, turns=True
    )
    host = str(pick_network()[1])
    async with Device(hostile, host, MAC) as device:
        client = Miner(host, v3_port=V3_PORT)
        snapshot = await client.poll()
        assert (snapshot.generation, snapshot.model) == ("v3", "M60_VK30")
        assert (client.mac, snapshot.running) == (MAC, True)
        assert [*snapshot.hashboards] == [0]
        device.turned = True
        for _ in range(2):
            with pytest.raises((UnreachableError, MalformedReplyError, NotAMinerError)):
                await client.poll()
        device.turned = False
        assert (await client.poll()).generation == "v3"


async def test_an_announcement_begins_a_dialogue(hass: HomeAssistant) -> None:
    """The host name is one that no DHCP request could carry."""
    assert await announcer.async_setup(hass, {})
    host = str(pick_network()[1])
    async with Device(Hostile(name="none"), host, MAC):
        await hass.services.async_call(
            "announcer",
            "announce",
            {
                "integration": DOMAIN,
                "ip": host,
                "mac": MAC,
                "hostname": json.dumps("whatsminer\ud800"),
            },
            blocking=True,
        )
        await hass.async_block_till_done(wait_background_tasks=True)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_DHCP
    assert flow["context"]["unique_id"] == MAC
