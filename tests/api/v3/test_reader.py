"""Polls of a miner: one connection, the MAC address first, and what may be missing."""

import asyncio
import json

import pytest

from custom_components.whatsminer.api.capabilities import Capabilities
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MacNotReportedError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    RefusedError,
    TimedOutError,
    WhatsminerError,
    WrongMinerError,
)
from custom_components.whatsminer.api.identity import Identity
from custom_components.whatsminer.api.queue import Urgency
from custom_components.whatsminer.api.v3 import reader as reader_module
from custom_components.whatsminer.api.v3.reader import Reader

from .framed_miner import MAC, Call, framed, refusal, success
from .owner import LIVE, SLOW, STATUS, Polls

DOWN = framed(refusal(-1, "btminer process is down err"))


# A steady poll


async def test_a_steady_poll_takes_one_connection(polls: Polls) -> None:
    """The settings come along every few minutes, in the same one."""
    await polls.poll()
    assert (polls.miner.connections, polls.miner.asked) == (1, LIVE + SLOW)
    for _ in range(9):
        await polls.poll()
        assert (polls.miner.connections, polls.miner.asked) == (1, LIVE)
    await polls.poll()
    assert (polls.miner.connections, polls.miner.asked) == (1, LIVE + SLOW)


async def test_a_poll_has_everything_that_the_miner_says(polls: Polls) -> None:
    seen = await polls.poll()
    assert seen.generation == "v3"
    assert (seen.mining, seen.running, seen.stable, seen.stale) == (
        True,
        True,
        True,
        False,
    )
    assert seen.hash_rate == 182.75
    assert seen.model_name == "M60 VK30"
    assert (seen.firmware, seen.device.api, seen.api_known) == (
        "20261001.16.Rel",
        "3.0.5",
        True,
    )
    assert [board.hash_rate for board in seen.hashboards.values()] == [60.5, 61.5, 62.5]
    assert seen.board_serials == {"HB0", "HB1", "HB2"}
    assert (seen.pool.worker, seen.pool_connected) == ("garage.1", True)
    assert seen.settings.temperature_offset == -10
    assert (seen.power_limit_set, seen.limit_is_default) == (3550, True)
    assert seen.power_percent == 80
    assert (seen.faults, seen.fault_count) == ((), 0)
    assert not seen.liquid_cooled
    assert seen.efficiency == pytest.approx(3505 / 182.75)


async def test_a_miner_that_closes_after_each_answer_is_read_as_well(
    polls: Polls,
) -> None:
    polls.miner.answers_per_connection = 1
    seen = await polls.poll()
    assert seen.settings.temperature_offset == -10
    assert polls.miner.connections == 5


async def test_a_water_cooled_miner_is_known_by_its_coolant(polls: Polls) -> None:
    polls.miner.device["power"] |= {"liquid-temperature": 44.1, "fanspeed": 44.1}
    polls.summary.update({"fan-speed-in": 0, "fan-speed-out": 0})
    seen = await polls.poll()
    assert (seen.liquid_cooled, seen.coolant_temperature) == (True, 44.1)
    assert seen.psu_fan_speed is None
    assert Capabilities.of(seen).reports("coolant_temperature")


async def test_a_setting_that_another_program_changed_is_seen_minutes_later(
    polls: Polls,
) -> None:
    await polls.poll()
    polls.miner.answers["get.fan.setting"]["fan-temp-offset"] = -20
    assert (await polls.poll()).settings.temperature_offset == -10
    assert (await polls.poll(after=300)).settings.temperature_offset == -20


async def test_a_setting_that_was_just_changed_is_read_in_the_next_poll(
    polls: Polls,
) -> None:
    await polls.poll()
    polls.reader.expect("get.fan.setting")
    polls.miner.answers["get.fan.setting"]["fan-temp-offset"] = -20
    assert (await polls.poll()).settings.temperature_offset == -20
    assert polls.miner.asked == [*LIVE, "get.fan.setting"]


async def test_new_firmware_has_no_settings_of_the_old_one(polls: Polls) -> None:
    await polls.poll()
    polls.reader.forget_firmware()
    polls.miner.answers["get.fan.setting"] = framed(refusal(-2))
    assert (await polls.poll()).settings.temperature_offset is None


async def test_a_write_that_waits_does_not_wait_for_the_settings(polls: Polls) -> None:
    turns: list[str] = []

    async def write() -> None:
        async with polls.target.queue.turn(Urgency.WRITE):
            turns.append("write")

    async def answer(call: Call) -> None:
        polls.miner.answers.pop("get.device.info")
        writes.append(asyncio.create_task(write()))
        await asyncio.sleep(0)
        await call.answer(success(polls.miner.device))

    writes: list[asyncio.Task[None]] = []
    polls.miner.answers["get.device.info"] = answer
    await polls.poll()
    await writes[0]
    assert polls.miner.asked == LIVE
    await polls.poll()
    assert polls.miner.asked == LIVE + SLOW


# Who answers


async def test_the_mac_address_is_compared_in_every_poll(polls: Polls) -> None:
    await polls.poll()
    polls.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError):
        await polls.poll()
    assert polls.miner.asked == ["get.device.info"]
    assert not polls.target.identity.is_confirmed
    polls.miner.device["network"]["mac"] = MAC
    polls.miner.answers["get.fan.setting"] = framed(refusal(-1))
    seen = await polls.poll()
    assert polls.target.identity.is_confirmed
    assert seen.settings.temperature_offset is None  # another miner may have said it


@pytest.mark.parametrize(
    ("working", "kind"), [("true", MacNotReportedError), ("false", NoMacError)]
)
@pytest.mark.parametrize("network", [{}, "", {"mac": ""}, {"mac": "00:00:00:00:00:00"}])
async def test_a_miner_without_a_mac_address_is_not_used(
    polls: Polls, network: object, working: str, kind: type[Exception]
) -> None:
    polls.miner.device["network"] = network
    polls.miner.device["miner"]["working"] = working
    with pytest.raises(kind) as caught:
        await polls.poll()
    assert type(caught.value) is kind


async def test_the_first_miner_that_answers_is_expected_from_then_on(
    polls: Polls,
) -> None:
    identity = Identity(None)
    reader = Reader(polls.requests, identity)
    await reader.poll()
    assert identity.mac == MAC
    polls.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError):
        await reader.poll()


async def test_the_evidence_is_the_mac_address_alone(polls: Polls) -> None:
    evidence = await polls.reader.read_evidence()
    assert (evidence.mac, evidence.always) == (MAC, True)
    assert polls.miner.asked == ["get.device.info network"]


@pytest.mark.parametrize(("working", "off"), [("false", True), ("true", False)])
async def test_the_miner_confirms_that_it_is_off(
    polls: Polls, working: str, off: bool
) -> None:
    polls.miner.device["miner"]["working"] = working
    assert await polls.reader.is_off() is off
    del polls.miner.device["miner"]["working"]
    assert not await polls.reader.is_off()
    polls.miner.device["miner"]["working"] = "false"
    polls.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError):
        await polls.reader.is_off()


# What is missing


async def test_a_miner_whose_process_is_down_is_known_all_the_same(
    polls: Polls,
) -> None:
    polls.miner.answers["get.miner.status"] = DOWN
    polls.miner.device["error-code"] = "btminer process is down err"
    seen = await polls.poll()
    assert (seen.mining, seen.hash_rate, seen.model) == (True, None, "M60_VK30")
    assert (seen.faults, seen.boards, seen.pools) == (None, (), ())
    assert seen.running is None


async def test_a_status_that_is_refused_as_a_whole_is_read_without_the_rest(
    polls: Polls,
) -> None:
    status = polls.miner.answers["get.miner.status"]
    polls.miner.answers[STATUS] = framed(refusal(-1, "invalid param"))
    polls.miner.answers["get.miner.status"] = {"summary": status["summary"]}
    seen = await polls.poll()
    assert (seen.hash_rate, seen.boards) == (182.75, ())
    polls.miner.answers["get.miner.status"] = framed(refusal(-3))
    assert (await polls.poll()).hash_rate is None


@pytest.mark.parametrize(
    "answer",
    [
        framed(b"[]"),
        framed(b"1"),
        framed(b'{"code":0'),
        framed(b"{}"),
        b"\xff\xff\xff\x7f{}",
        framed(refusal(-2)),
        framed(refusal(-1)),
    ],
)
async def test_an_answer_that_no_miner_gives_is_one_error_and_the_next_poll_is_well(
    polls: Polls, answer: bytes
) -> None:
    polls.miner.answers["get.device.info"] = answer
    with pytest.raises(MalformedReplyError):
        await polls.poll()
    del polls.miner.answers["get.device.info"]
    assert (await polls.poll()).hash_rate == 182.75


@pytest.mark.parametrize("api", ["4.0", "", None, 3, {}])
async def test_another_version_of_the_api_is_read_as_far_as_it_goes(
    polls: Polls, api: object
) -> None:
    polls.miner.device["system"]["api"] = api
    seen = await polls.poll()
    assert seen.hash_rate == 182.75
    assert seen.api_known is (api != "4.0")


async def test_a_miner_that_restarts_drops_its_connections(polls: Polls) -> None:
    await polls.poll()
    polls.miner.answers_per_connection = 0
    with pytest.raises(CannotConnectError):
        await polls.poll()
    polls.miner.answers_per_connection = 100
    await polls.poll()
    assert polls.miner.asked == LIVE + SLOW


async def test_the_firmware_is_read_alone(polls: Polls) -> None:
    assert await polls.reader.firmware() == "20261001.16.Rel"
    polls.miner.answers["get.device.info"] = framed(refusal(-1))
    with pytest.raises(RefusedError):
        await polls.reader.firmware()


async def test_the_led_is_known_after_a_poll(polls: Polls) -> None:
    assert polls.reader.led is None
    await polls.poll()
    assert polls.reader.led == "auto"


# Recognition


@pytest.mark.parametrize(
    ("api", "speaks"),
    [("3.0.0", True), ("3.9", True), ("4.0", False), ("2.0.5", False), ("", False)],
)
async def test_a_miner_speaks_v3_if_it_reports_a_version_of_it(
    polls: Polls, api: str, speaks: bool
) -> None:
    polls.miner.device["system"]["api"] = api
    assert await polls.reader.probe() is speaks
    assert polls.miner.asked == ["get.device.info system"]


@pytest.mark.parametrize(
    "answer",
    [
        framed(refusal(-2, "invalid command")),
        framed({"a": 1}),
        framed([]),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b'{"STATUS":"E","Code":23,"Msg":"json load err"}\0',
    ],
)
async def test_what_answers_otherwise_does_not_speak_v3(
    polls: Polls, answer: bytes
) -> None:
    polls.miner.answers["get.device.info"] = answer
    assert not await polls.reader.probe()


async def test_a_probe_tells_who_does_not_answer(
    polls: Polls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A miner may be restarting, or a firewall may swallow the request."""
    polls.miner.answers["get.device.info"] = lambda call: call.hang()
    with monkeypatch.context() as patch:
        patch.setattr(reader_module, "_PROBE", (3, 0.2))
        with pytest.raises(TimedOutError):
            await polls.reader.probe()
    polls.miner.answers["get.device.info"] = DOWN
    with pytest.raises(MiningProcessDownError):
        await polls.reader.probe()
    polls.miner.answers_per_connection = 0
    with pytest.raises(CannotConnectError):
        await polls.reader.probe()


async def test_a_poll_of_another_protocol_is_a_declared_error(polls: Polls) -> None:
    polls.miner.answers["get.device.info"] = b"SSH-2.0-dropbear\r\n"
    with pytest.raises(NotAMinerError) as caught:
        await polls.poll()
    assert isinstance(caught.value, WhatsminerError)
    assert json.dumps(str(caught.value))
