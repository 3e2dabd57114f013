"""Commands to a miner: when and how often they are sent, and what counts as done."""

import logging
import traceback
from typing import Any

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, Outcome, Result
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    NotAMinerError,
    RefusedError,
    TooSoonError,
    UnconfirmedError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
)
from simulator import (
    GARBAGE,
    Closed,
    Dropped,
    Hang,
    Misbehaviour,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)
from tests import ACCEPTED_ONLY, PROCESS_DOWN, Held

from . import TOKEN, TOKEN_OF_V1, Clock, Owner, wire_name

PERCENT = "set_power_pct_v2"
LIMIT = "adjust_power_limit"
OFF = "power_off"


# What a firmware does not know


async def test_the_slow_percent_falls_back_on_the_fast_one_and_remembers(
    owner: Owner,
) -> None:
    """Code 14 is final: the first 2.0.5 did not have the command."""
    owner.miner.misbehave(PERCENT, Refused(14))
    assert (await owner.send(commands.power_percent(70))).is_accepted
    assert owner.sent == [PERCENT, "set_power_pct"]
    assert owner.miner.state.percent == 70
    owner.forget()
    assert (await owner.send(commands.power_percent(60))).is_accepted
    assert owner.sent == ["set_power_pct"]
    assert owner.miner.state.percent == 60


async def test_another_refusal_of_the_slow_percent_is_no_reason_to_fall_back(
    owner: Owner,
) -> None:
    """It is not remembered either."""
    owner.miner.misbehave(PERCENT, Refused(132), times=1)
    with pytest.raises(RefusedError):
        await owner.send(commands.power_percent(70))
    assert (await owner.send(commands.power_percent(70))).is_accepted
    assert owner.sent == [PERCENT, PERCENT]


async def test_an_unknown_command_is_not_sent_again(old_owner: Owner) -> None:
    """This holds until the firmware changes."""
    for _ in range(2):
        with pytest.raises(UnsupportedCommandError) as caught:
            await old_owner.send(commands.temperature_offset(-5))
        assert caught.value.code == 14
        assert caught.value.command == "set_temp_offset"
    assert old_owner.asked == [*TOKEN_OF_V1, "set_temp_offset"]
    assert (await old_owner.send(commands.set_led_auto())).is_accepted


async def test_where_the_fallback_is_unknown_as_well_there_is_none(
    owner: Owner,
) -> None:
    """Both are remembered."""
    owner.miner.misbehave(PERCENT, Refused(14))
    owner.miner.misbehave("set_power_pct", Refused(14))
    for _ in range(2):
        with pytest.raises(UnsupportedCommandError):
            await owner.send(commands.power_percent(70))
    assert owner.asked == [*TOKEN, PERCENT, "set_power_pct"]


# Refusals


async def test_closed_write_access_is_said(
    air_miner: SimulatedMiner, owner: Owner
) -> None:
    """The API switch is off."""
    air_miner.api_open = False
    with pytest.raises(WriteAccessClosedError) as caught:
        await owner.send(commands.power_off())
    assert caught.value.code == 45
    assert caught.value.reason == "can't access write cmd"
    assert len(owner.asked) == 3


@pytest.mark.parametrize("code", [132, 137])
@pytest.mark.parametrize(
    "command", [commands.set_led_auto(), commands.power_off(), commands.reboot()]
)
async def test_any_other_refusal_keeps_the_code_and_the_words_of_the_miner(
    owner: Owner, code: int, command: Command
) -> None:
    """They are shown to the user, and nothing is sent twice."""
    owner.miner.misbehave(wire_name(command), Refused(code, "because I say so"))
    with pytest.raises(RefusedError) as caught:
        await owner.send(command)
    assert type(caught.value) is RefusedError
    assert caught.value.code == code
    assert caught.value.reason == "because I say so"
    assert owner.sent == [wire_name(command)]


async def test_a_value_that_the_miner_refuses_is_an_error(owner: Owner) -> None:
    """Air-cooled machines accept no more than their normal frequency."""
    with pytest.raises(RefusedError) as caught:
        await owner.send(commands.target_frequency(10))
    assert caught.value.code == 132


# Who goes first


async def test_a_power_off_overtakes_a_waiting_slider(any_owner: Owner) -> None:
    """It also overtakes a waiting reading."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        waiting.ask("summary")
        waiting.send(commands.power_percent(50, fast=True))
        waiting.send(commands.power_limit(3000))
        waiting.send(commands.power_off())
    assert any_owner.asked[-4:] == [OFF, "set_power_pct", LIMIT, "summary"]


async def test_a_write_overtakes_a_waiting_reading(any_owner: Owner) -> None:
    """Equally urgent requests keep their order."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        waiting.ask("summary")
        waiting.ask("pools")
        waiting.send(commands.power_percent(50, fast=True))
        waiting.send(commands.web_pools(on=True))
    assert any_owner.asked[-4:] == [
        "set_power_pct",
        "enable_web_pools",
        "summary",
        "pools",
    ]


async def test_a_power_off_goes_between_the_connections_of_a_poll(
    any_owner: Owner,
) -> None:
    """It is sent as soon as the open connection ends."""
    async with any_owner.holding("summary", "summary") as waiting:
        waiting.ask("pools")
        waiting.send(commands.power_off())
    token = [] if any_owner.had_token else TOKEN
    assert any_owner.asked == ["summary", *token, OFF, "pools"]


# The newest value


async def test_the_newest_value_replaces_the_one_that_waits(any_owner: Owner) -> None:
    """A slider sends many values, and the first is sent at once."""
    async with any_owner.holding(
        "set_power_pct", commands.power_percent(10, fast=True)
    ) as waiting:
        second = waiting.send(commands.power_percent(20, fast=True))
        third = waiting.send(commands.power_percent(30))
        fourth = waiting.send(commands.power_percent(40, fast=True))
    percents = [write["percent"] for write in any_owner.miner.writes[-2:]]
    assert percents == ["10", "40"]
    assert any_owner.sent == ["set_power_pct", "set_power_pct"]
    assert await second == Result(Outcome.SUPERSEDED)
    assert await third == Result(Outcome.SUPERSEDED)
    assert await fourth == Result(Outcome.ACCEPTED)


async def test_another_setting_is_not_replaced(any_owner: Owner) -> None:
    """Only a command for the same setting is replaced."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        waiting.send(commands.power_percent(50, fast=True))
        waiting.send(commands.temperature_offset(-5))
        waiting.send(commands.fast_boot(on=True))
    assert any_owner.sent[1:] == [
        "set_power_pct",
        "set_temp_offset",
        "enable_btminer_fast_boot",
    ]


async def test_what_sets_nothing_is_not_replaced(any_owner: Owner) -> None:
    """Each flash of an LED is wanted."""
    async with any_owner.holding(
        "set_power_pct", commands.power_percent(1, fast=True)
    ) as waiting:
        waiting.send(commands.set_led("red", 200, 100, 0))
        waiting.send(commands.set_led("green", 200, 100, 0))
    assert any_owner.sent == ["set_power_pct", "set_led", "set_led"]


async def test_a_power_on_that_waits_is_replaced_by_a_power_off(
    any_owner: Owner,
) -> None:
    """The last command counts."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        on = waiting.send(commands.power_on())
        waiting.send(commands.power_off())
    assert await on == Result(Outcome.SUPERSEDED)
    assert any_owner.sent == ["set_led", OFF]


async def test_a_power_off_is_never_replaced(any_owner: Owner) -> None:
    """Neither a power on nor another power off replaces it."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        first = waiting.send(commands.power_off())
        second = waiting.send(commands.power_off())
        waiting.send(commands.power_on())
    assert any_owner.sent == ["set_led", OFF, OFF, "power_on"]
    assert (await first).is_accepted
    assert (await second).is_accepted
    assert any_owner.miner.state.mining


async def test_a_value_that_failed_does_not_stand_in_the_way(owner: Owner) -> None:
    """The next one is sent as usual."""
    owner.miner.misbehave("set_power_pct", Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await owner.send(commands.power_percent(50, fast=True))
    assert (await owner.send(commands.power_percent(50, fast=True))).is_accepted


# Silence


RESTARTING = [
    commands.power_mode("high"),
    commands.power_limit(3000),
    commands.restart_mining(),
    commands.target_frequency(-5),
    commands.reboot(),
    commands.factory_reset(),
    commands.set_network_dhcp(),
]
OTHER = [
    commands.power_percent(50, fast=True),
    commands.power_percent(50),
    commands.power_on(),
    commands.temperature_offset(-5),
    commands.fast_boot(on=True),
    commands.web_pools(on=True),
    commands.set_led_auto(),
    commands.change_password("satoshi", "nakamoto"),
    commands.set_hostname("rig7"),
]


@pytest.mark.parametrize("command", RESTARTING, ids=wire_name)
@pytest.mark.parametrize("how", [Closed(), Dropped(0)], ids=["closed", "reset"])
async def test_silence_after_a_restart_counts_as_accepted(
    any_owner: Owner, command: Command, how: Misbehaviour
) -> None:
    """The process that would have answered has ended."""
    any_owner.miner.misbehave(wire_name(command), how)
    assert await any_owner.send(command) == Result(Outcome.SILENT)
    assert any_owner.sent == [wire_name(command)]


@pytest.mark.parametrize("command", RESTARTING, ids=wire_name)
async def test_a_proxy_that_answers_for_a_dead_process_confirms_a_restart(
    any_owner: Owner, command: Command
) -> None:
    """The command ended the process."""
    any_owner.miner.misbehave(
        wire_name(command), Raw(PROCESS_DOWN.data, execute=True), times=1
    )
    assert await any_owner.send(command) == Result(Outcome.SILENT)


async def test_a_restart_that_is_never_answered_counts_as_accepted(
    owner: Owner, impatient: None
) -> None:
    """The connection stays open without an answer."""
    owner.miner.misbehave(LIMIT, Hang(execute=True))
    assert await owner.send(commands.power_limit(3000)) == Result(Outcome.SILENT)
    assert owner.asked == [*TOKEN, LIMIT]
    assert owner.miner.state.power_limit == 3000


async def test_a_restart_that_could_not_be_sent_is_an_error(
    owner_with_token: Owner,
) -> None:
    """The miner received nothing on a refused connection."""
    await owner_with_token.miner.disconnect()
    with pytest.raises(CannotConnectError) as caught:
        await owner_with_token.send(commands.power_limit(3000))
    assert not caught.value.request_sent
    assert owner_with_token.asked == []
    owner_with_token.miner.reconnect()
    assert (await owner_with_token.send(commands.power_limit(3000))).is_accepted


async def test_a_restart_whose_token_was_not_answered_was_not_sent(
    owner: Owner,
) -> None:
    """A missing answer before the command does not count as accepted."""
    owner.miner.misbehave("get_token", Closed(), times=1)
    with pytest.raises(CannotConnectError) as caught:
        await owner.send(commands.power_limit(3000))
    assert not caught.value.request_sent
    assert owner.asked == ["get_token"]
    assert (await owner.send(commands.power_limit(3000))).is_accepted


@pytest.mark.parametrize("how", [Truncated(), GARBAGE], ids=["truncated", "garbage"])
async def test_a_broken_answer_to_a_restart_is_an_error(
    owner: Owner, how: Misbehaviour
) -> None:
    """It is not a missing answer."""
    owner.miner.misbehave(LIMIT, how)
    with pytest.raises((MalformedReplyError, NotAMinerError)):
        await owner.send(commands.power_limit(3000))


@pytest.mark.parametrize("command", OTHER, ids=wire_name)
async def test_any_other_silence_is_an_error(
    any_owner: Owner, command: Command
) -> None:
    """The command was sent once and may have been carried out."""
    any_owner.miner.misbehave(wire_name(command), Closed(execute=True))
    with pytest.raises(CannotConnectError):
        await any_owner.send(command)
    assert any_owner.sent == [wire_name(command)]


# Power off


UNCLEAR = {
    "closed": Closed(),
    "garbage": GARBAGE,
    "process-down": PROCESS_DOWN,
    "cut": Raw(b'{"enc":"C/UGIQ'),
    "undecipherable": Raw(b'{"enc":"AAAAAAAAAAAAAAAAAAAAAA=="}'),
    "no-status": Raw(b"{}"),
}


@pytest.mark.parametrize("how", UNCLEAR.values(), ids=UNCLEAR)
async def test_an_unconfirmed_power_off_is_sent_twice_and_is_then_an_error(
    any_owner: Owner, how: Misbehaviour
) -> None:
    any_owner.miner.misbehave(OFF, how)
    with pytest.raises(UnconfirmedError):
        await any_owner.send(commands.power_off())
    assert any_owner.sent == [OFF, OFF]
    assert [name for name in any_owner.asked if name not in TOKEN] == [
        OFF,
        "status",
        OFF,
        "status",
    ]


@pytest.mark.parametrize("how", UNCLEAR.values(), ids=UNCLEAR)
async def test_a_power_off_that_is_answered_the_second_time_is_done(
    any_owner: Owner, how: Misbehaviour
) -> None:
    """The first failure is not reported."""
    any_owner.miner.misbehave(OFF, how, times=1)
    await any_owner.carry_out(commands.power_off())
    assert any_owner.sent == [OFF, OFF]
    assert not any_owner.miner.state.mining


@pytest.mark.parametrize("how", [Closed(execute=True), Dropped(0), Truncated()])
async def test_a_power_off_that_the_status_confirms_is_not_sent_again(
    any_owner: Owner, how: Misbehaviour
) -> None:
    """The miner stopped without an answer. Its MAC address is confirmed, too."""
    any_owner.miner.misbehave(OFF, how)
    assert await any_owner.send(commands.power_off()) == Result(Outcome.SILENT)
    assert any_owner.asked[-3:] == [OFF, "status", "get_miner_info"]
    assert any_owner.sent == [OFF]


async def test_a_power_off_that_is_never_answered_is_looked_for_and_sent_again(
    owner: Owner, impatient: None
) -> None:
    """The connection stays open without an answer."""
    owner.miner.misbehave(OFF, Hang(), times=1)
    assert (await owner.send(commands.power_off())).is_accepted
    assert owner.asked == [*TOKEN, OFF, "status", OFF]
    assert not owner.miner.state.mining


@pytest.mark.parametrize(
    "how", [Closed(), Refused(14), GARBAGE, PROCESS_DOWN, ACCEPTED_ONLY]
)
async def test_a_status_that_says_nothing_confirms_nothing(
    owner: Owner, how: Misbehaviour
) -> None:
    """A miner is only off if it reports that."""
    owner.miner.misbehave(OFF, Closed(execute=True))
    owner.miner.misbehave("status", how)
    with pytest.raises(UnconfirmedError):
        await owner.send(commands.power_off())
    assert owner.sent == [OFF, OFF]


async def test_a_power_off_that_cannot_be_sent_says_so(any_owner: Owner) -> None:
    """The miner is away, which differs from unconfirmed."""
    await any_owner.miner.disconnect()
    with pytest.raises(CannotConnectError):
        await any_owner.send(commands.power_off())


async def test_a_power_off_whose_token_was_not_answered_is_tried_once_more(
    owner: Owner,
) -> None:
    """Nothing had been sent."""
    owner.miner.misbehave("get_token", Closed(), times=1)
    assert (await owner.send(commands.power_off())).is_accepted
    assert owner.asked == ["get_token", *TOKEN, OFF]


async def test_a_power_off_whose_miner_did_not_say_who_it_is_is_tried_once_more(
    owner: Owner,
) -> None:
    """Nothing had been sent."""
    owner.miner.misbehave("get_miner_info", Closed(), times=1)
    assert (await owner.send(commands.power_off())).is_accepted
    assert owner.asked == [*TOKEN, *TOKEN, OFF]


async def test_the_status_of_v1_confirms_no_power_off(old_owner: Owner) -> None:
    """It reports off while it hashes."""
    old_owner.miner.misbehave(OFF, Closed())
    with pytest.raises(UnconfirmedError):
        await old_owner.send(commands.power_off())
    assert old_owner.sent == [OFF, OFF]
    assert "status" not in old_owner.asked


async def test_v1_without_its_process_is_off(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """A stopped V1 has no mining process."""
    owner = Owner(proxied_miner, clock=clock)
    proxied_miner.misbehave(OFF, Closed(execute=True))
    assert await owner.send(commands.power_off()) == Result(Outcome.SILENT)
    looked_for = ["devdetails", "get_miner_info", "summary"]
    assert owner.asked == [*TOKEN_OF_V1, OFF, *looked_for]


async def test_a_power_off_is_sent_to_a_miner_that_is_off(owner: Owner) -> None:
    """The last known state may be wrong."""
    owner.miner.state.mining = False
    for _ in range(2):
        assert (await owner.send(commands.power_off())).is_accepted
    assert owner.sent == [OFF, OFF]


async def test_a_power_off_is_sent_even_if_it_was_unknown_before(owner: Owner) -> None:
    """The miner also sends code 14 for bad data, and nothing remembered may keep it running."""
    owner.miner.misbehave(OFF, Refused(14), times=1)
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.power_off())
    assert (await owner.send(commands.power_off())).is_accepted
    assert not owner.miner.state.mining


# A minute between restarts


SPACED = RESTARTING[:4]
NEVER_SPACED = [
    commands.power_off(),
    commands.power_on(),
    commands.power_percent(50, fast=True),
    commands.power_percent(50),
    commands.set_led_auto(),
    commands.temperature_offset(-5),
]


@pytest.mark.parametrize("command", SPACED, ids=wire_name)
@pytest.mark.parametrize(("later", "left"), [(0, 60), (0.5, 60), (1, 59), (59.5, 1)])
async def test_a_second_restart_within_a_minute_is_refused_unsent(
    owner: Owner, command: Command, later: float, left: int
) -> None:
    """The error has the seconds that are left."""
    await owner.send(commands.power_mode("low"))
    owner.forget()
    owner.pass_time(later)
    with pytest.raises(TooSoonError) as caught:
        await owner.send(command)
    assert caught.value.seconds == left
    assert owner.asked == []


@pytest.mark.parametrize("command", SPACED, ids=wire_name)
async def test_after_a_minute_mining_may_be_restarted_again(
    owner: Owner, command: Command
) -> None:
    """The spacing is exact to the second."""
    await owner.send(commands.power_mode("low"))
    owner.pass_time(60)
    assert (await owner.send(command)).is_accepted
    assert owner.sent == ["set_low_power", wire_name(command)]


@pytest.mark.parametrize("command", NEVER_SPACED, ids=wire_name)
async def test_what_does_not_restart_mining_may_follow_at_once(
    owner: Owner, command: Command
) -> None:
    """This matters most for a power off, which does not delay a restart either."""
    await owner.send(commands.power_mode("low"))
    assert (await owner.send(command)).is_accepted
    owner.pass_time(60)
    assert (await owner.send(command)).is_accepted
    assert (await owner.send(commands.power_mode("high"))).is_accepted


async def test_a_restart_that_was_refused_may_be_tried_again_at_once(
    owner: Owner,
) -> None:
    """Nothing was restarted."""
    owner.miner.misbehave(LIMIT, Refused(132), times=1)
    with pytest.raises(RefusedError):
        await owner.send(commands.power_limit(3000))
    assert (await owner.send(commands.power_limit(3000))).is_accepted


async def test_a_restart_of_another_miner_is_none_of_ours(owner: Owner) -> None:
    """The next restart need not wait."""
    mac, owner.identity.mac = owner.identity.mac, "c2:04:28:00:00:01"
    with pytest.raises(WrongMinerError):
        await owner.send(commands.restart_mining())
    owner.identity.mac = mac
    assert (await owner.send(commands.restart_mining())).is_accepted


async def test_a_restart_with_an_answer_that_says_nothing_may_have_been_one(
    owner: Owner,
) -> None:
    """In doubt, the hardware is spared."""
    owner.miner.misbehave(LIMIT, GARBAGE, times=1)
    with pytest.raises(NotAMinerError):
        await owner.send(commands.power_limit(3000))
    with pytest.raises(TooSoonError):
        await owner.send(commands.power_limit(3000))


async def test_a_value_that_was_overtaken_while_it_waited_is_no_error(
    owner: Owner,
) -> None:
    """It is dropped, even if it would have been refused for another reason."""
    async with owner.holding(LIMIT, commands.power_limit(3000)) as waiting:
        overtaken = waiting.send(commands.power_limit(3100))
        last = waiting.send(commands.power_limit(3200))
    assert await overtaken == Result(Outcome.SUPERSEDED)
    with pytest.raises(TooSoonError):
        await last


async def test_nothing_comes_between_a_power_off_and_its_repetition(
    owner: Owner,
) -> None:
    """A newer power on is sent after both, so it is the last command."""
    held = Held(then=Closed())
    async with owner.holding("power_off", commands.power_off(), held) as waiting:
        owner.miner.behave("power_off")
        on = waiting.send(commands.power_on())
    assert await on
    assert owner.sent == ["power_off", "power_off", "power_on"]
    assert owner.miner.state.mining


async def test_a_refused_token_says_nothing_of_the_command(owner: Owner) -> None:
    """Only the command's own refusal is remembered."""
    owner.miner.misbehave("get_token", Refused(14), times=1)
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.web_pools(on=True))
    assert (await owner.send(commands.web_pools(on=True))).is_accepted


async def test_a_silent_restart_counts_as_one(owner: Owner) -> None:
    """It counts as accepted."""
    owner.miner.misbehave("set_low_power", Closed(execute=True))
    await owner.send(commands.power_mode("low"))
    with pytest.raises(TooSoonError):
        await owner.send(commands.power_mode("high"))


@pytest.mark.parametrize(
    "how", [None, Closed(execute=True)], ids=["answered", "silent"]
)
async def test_a_restart_that_waited_behind_another_is_refused_unsent(
    any_owner: Owner, how: Misbehaviour | None
) -> None:
    """Restarts never queue."""
    held = Held(then=how)
    mode = commands.power_mode("low")
    async with any_owner.holding("set_low_power", mode, held) as waiting:
        limit = waiting.send(commands.power_limit(3000))
    with pytest.raises(TooSoonError):
        await limit
    assert any_owner.sent == ["set_low_power"]


# Secrets


async def test_no_secret_is_logged_or_shown(
    owner: Owner, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    """The result of the command makes no difference."""
    caplog.set_level(logging.DEBUG)
    shown: list[Any] = [owner.writer, owner.requests, owner.target]
    command = commands.change_password(owner.miner.password, "nakamoto")
    pools = commands.update_pools(
        commands.PoolSettings("stratum+tcp://a:1", "w", "hunter2")
    )
    shown += [command, pools]
    for how in (Refused(135), Closed(), GARBAGE, Raw(b'{"enc":"AA')):
        for sent in (command, pools):
            owner.miner.misbehave(wire_name(sent), how)
            with pytest.raises(WhatsminerError) as caught:
                await owner.send(sent)
            shown += [caught.value, *traceback.format_exception(caught.value)]
    owner.miner.behave()
    shown.append(await owner.send(pools))
    tokens = {
        str(request["token"]) for request in owner.miner.requests if "token" in request
    }
    assert tokens
    texts = [f"{item!r} {item}" for item in shown]
    texts += [
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith("simulator")
    ]
    for secret in {owner.miner.password, "nakamoto", "hunter2", *tokens}:
        assert not [text for text in texts if secret in text]


async def test_a_refused_token_is_no_reason_for_another_way_to_write(
    owner: Owner,
) -> None:
    """The refusal says nothing of the command."""
    owner.miner.misbehave("get_token", Refused(14), times=1)
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.power_percent(50))
    assert owner.sent == []
    assert (await owner.send(commands.power_percent(50))).is_accepted
    assert owner.sent == [PERCENT]
