"""Commands to a miner: what is sent, when and how often, and what counts as done."""

import asyncio
import logging
import traceback
from typing import Any

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    NotAMinerError,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    TooSoonError,
    UnconfirmedError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.reply import Answer
from simulator import (
    GARBAGE,
    Closed,
    Dropped,
    Hang,
    Misbehaviour,
    Quirk,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)
from tests import ACCEPTED_ONLY, PROCESS_DOWN, Held

from . import TOKEN, TOKEN_OF_V1, Clock, Owner
from .catalogue import CATALOGUE, Entry

PERCENT = "set_power_pct_v2"
LIMIT = "adjust_power_limit"
OFF = "power_off"

# One that is sent as it is, one that restarts mining, one that is sent twice if need be.
each_kind = pytest.mark.parametrize(
    "command",
    [commands.set_led_auto(), commands.restart_btminer(), commands.power_off()],
    ids=lambda command: command.name,
)


@pytest.fixture
def owner(air_miner: SimulatedMiner, clock: Clock) -> Owner:
    """Return the owner of a miner with firmware 2.0.5."""
    return Owner(air_miner, clock=clock)


@pytest.fixture
def old_owner(old_miner: SimulatedMiner, clock: Clock) -> Owner:
    """Return the owner of a miner with firmware of the first API."""
    return Owner(old_miner, clock=clock)


@pytest.fixture
async def owner_with_token(owner: Owner) -> Owner:
    """Return an owner whose token was used before."""
    await owner.send(commands.set_led_auto())
    owner.forget()
    return owner


@pytest.fixture(params=[False, True], ids=["cold", "with-token"])
async def any_owner(request: pytest.FixtureRequest, owner: Owner) -> Owner:
    """Return an owner without a token, and one with a token."""
    if request.param:
        await owner.send(commands.set_led_auto())
        owner.forget()
    return owner


# What is on the wire


@pytest.mark.parametrize("entry", CATALOGUE, ids=str)
async def test_a_command_reaches_the_miner_exactly_as_documented(
    owner: Owner, entry: Entry
) -> None:
    """A miner that is strict about types accepts it."""
    owner.miner.state.mining = entry.name != "pre_power_on"
    await owner.carry_out(entry.command)
    assert owner.miner.writes == [{**entry.parameters, "cmd": entry.name}]
    *before, request = owner.miner.requests
    assert before == [{"cmd": name} for name in TOKEN]
    assert request.keys() == {"cmd", "token", *entry.parameters}
    for key, value in entry.parameters.items():
        assert type(request[key]) is type(value)


@pytest.mark.parametrize("switch", ["enable", "disable"])
async def test_v1_gets_fast_boot_in_its_own_spelling(
    old_owner: Owner, switch: commands.Switch
) -> None:
    """It does not know the other one."""
    await old_owner.send(commands.btminer_fast_boot(switch))
    assert old_owner.sent == [f"{switch}_cgminer_fast_boot"]
    assert old_owner.miner.state.fast_boot is (switch == "enable")


async def test_preheating_says_how_far_it_is(owner: Owner) -> None:
    """The answer is returned as it is."""
    owner.miner.state.mining = False
    answer = await owner.send(commands.pre_power_on())
    assert answer is not None
    assert answer.message == {"complete": "false", "msg": "wait for adjust temp"}


# What a firmware does not know


async def test_the_slow_percent_falls_back_on_the_fast_one_and_remembers(
    owner: Owner,
) -> None:
    """Code 14 is final: the first 2.0.5 did not have the command."""
    owner.miner.misbehave(PERCENT, Refused(14))
    assert await owner.send(commands.set_power_pct_v2(70))
    assert owner.sent == [PERCENT, "set_power_pct"]
    assert owner.miner.state.percent == 70
    owner.forget()
    assert await owner.send(commands.set_power_pct_v2(60))
    assert owner.sent == ["set_power_pct"]
    assert owner.miner.state.percent == 60


async def test_v1_is_asked_for_the_fast_percent_at_once(old_owner: Owner) -> None:
    """It has no other."""
    assert await old_owner.send(commands.set_power_pct_v2(70))
    assert old_owner.sent == ["set_power_pct"]
    assert old_owner.miner.state.percent == 70


async def test_another_refusal_of_the_slow_percent_is_no_reason_to_fall_back(
    owner: Owner,
) -> None:
    """It is not remembered either."""
    owner.miner.misbehave(PERCENT, Refused(132), times=1)
    with pytest.raises(RefusedError):
        await owner.send(commands.set_power_pct_v2(70))
    assert await owner.send(commands.set_power_pct_v2(70))
    assert owner.sent == [PERCENT, PERCENT]


async def test_an_unknown_command_is_not_sent_again(old_owner: Owner) -> None:
    """This holds until the firmware changes."""
    for _ in range(2):
        with pytest.raises(UnsupportedCommandError) as caught:
            await old_owner.send(commands.set_temp_offset(-5))
        assert caught.value.code == 14
        assert caught.value.command == "set_temp_offset"
    assert old_owner.asked == [*TOKEN_OF_V1, "set_temp_offset"]
    assert await old_owner.send(commands.set_led_auto())


async def test_where_the_fallback_is_unknown_as_well_there_is_none(
    owner: Owner,
) -> None:
    """Both are remembered."""
    owner.miner.misbehave(PERCENT, Refused(14))
    owner.miner.misbehave("set_power_pct", Refused(14))
    for _ in range(2):
        with pytest.raises(UnsupportedCommandError):
            await owner.send(commands.set_power_pct_v2(70))
    assert owner.asked == [*TOKEN, PERCENT, "set_power_pct"]


# Tokens


async def test_one_token_serves_many_writes(owner: Owner) -> None:
    """A second one could void the tokens of other clients."""
    for percent in (10, 20, 30):
        await owner.send(commands.set_power_pct(percent))
    assert owner.asked == [*TOKEN, *["set_power_pct"] * 3]


async def test_many_writes_at_once_share_one_token(owner: Owner) -> None:
    """The first of them requests it."""
    await asyncio.gather(
        owner.send(commands.set_led_auto()),
        owner.send(commands.set_power_pct(50)),
        owner.send(commands.web_pools("enable")),
    )
    assert owner.asked.count("get_token") == 1
    assert len(owner.sent) == 3
    assert owner.miner.peak_connections == 1


async def test_a_token_is_replaced_a_minute_before_it_expires(
    owner_with_token: Owner,
) -> None:
    """It expires half an hour after its issue, even if it is used often."""
    owner = owner_with_token
    owner.pass_time(28 * 60)
    await owner.send(commands.set_led_auto())
    owner.pass_time(59)
    await owner.send(commands.set_led_auto())
    assert "get_token" not in owner.asked
    owner.pass_time(2)
    await owner.send(commands.set_led_auto())
    assert owner.asked == ["set_led", "set_led", *TOKEN, "set_led"]


@pytest.mark.parametrize(
    ("timeout", "pauses", "tokens"),
    [
        (0, [86_400, 86_400 * 30], 1),
        (300, [200, 239, 200, 239], 1),
        (300, [200, 241, 200, 241], 3),
        (60, [29, 29, 29], 1),
        (60, [31, 31], 3),
    ],
)
async def test_a_token_lives_as_long_as_the_miner_says(
    clock: Clock, timeout: int, pauses: list[float], tokens: int
) -> None:
    """It lives for ever, or some seconds after its last use. The miner never has to refuse it."""
    async with SimulatedMiner(generation="compat", token_timeout=timeout) as miner:
        owner = Owner(miner, clock=clock)
        await owner.send(commands.set_led_auto())
        for pause in pauses:
            owner.pass_time(pause)
            await owner.send(commands.set_led_auto())
        assert owner.asked.count("get_token") == tokens
        assert owner.asked.count("set_led") == len(pauses) + 1


@pytest.mark.parametrize("new_salt", [False, True], ids=["135", "23"])
@pytest.mark.parametrize("quirks", [set[Quirk](), {Quirk.ENCRYPTED_135}])
async def test_a_token_that_another_client_voided_is_replaced_without_a_word(
    clock: Clock, quirks: set[Quirk], *, new_salt: bool
) -> None:
    """The command is carried out once."""
    async with SimulatedMiner(quirks=quirks) as miner:
        owner = Owner(miner, clock=clock)
        await owner.send(commands.set_led_auto())
        owner.forget()
        miner.void_tokens(new_salt=new_salt)
        await owner.carry_out(commands.set_power_pct(50))
        assert len(owner.asked) == 4
        assert owner.asked[1:] == [*TOKEN, "set_power_pct"]
        assert owner.sent == ["set_power_pct"]


async def test_a_power_off_under_a_voided_token_is_carried_out(
    owner_with_token: Owner,
) -> None:
    """No command is more important."""
    owner_with_token.miner.void_tokens()
    await owner_with_token.send(commands.power_off())
    assert owner_with_token.asked == [OFF, *TOKEN, OFF]
    assert not owner_with_token.miner.state.mining


@pytest.mark.parametrize(
    ("code", "error"), [(135, TokenRejectedError), (23, WrongPasswordError)]
)
async def test_a_token_is_replaced_once_and_not_for_ever(
    owner_with_token: Owner, code: int, error: type[WhatsminerError]
) -> None:
    """A refusal of the fresh one is an error."""
    owner_with_token.miner.misbehave("set_led", Refused(code))
    with pytest.raises(error):
        await owner_with_token.send(commands.set_led_auto())
    assert owner_with_token.asked == ["set_led", *TOKEN, "set_led"]


async def test_a_fresh_token_that_is_refused_is_not_used_again(owner: Owner) -> None:
    """The next command requests another one."""
    owner.miner.misbehave("set_led", Refused(135), times=1)
    with pytest.raises(TokenRejectedError):
        await owner.send(commands.set_led_auto())
    await owner.send(commands.set_led_auto())
    assert owner.asked == [*TOKEN, "set_led", *TOKEN, "set_led"]


async def test_a_wrong_password_is_said_at_once(
    air_miner: SimulatedMiner, clock: Clock
) -> None:
    """Code 23 under a fresh token would not change with another attempt."""
    owner = Owner(air_miner, "wrong", clock=clock)
    with pytest.raises(WrongPasswordError) as caught:
        await owner.send(commands.set_power_pct(50))
    assert caught.value.code == 23
    assert caught.value.reason == "enc json load err"
    assert len(owner.asked) == 3
    assert owner.sent == []


async def test_a_password_that_was_changed_meanwhile_is_wrong(
    owner_with_token: Owner,
) -> None:
    """The cached token alone would not prove it."""
    owner_with_token.miner.password = "changed"
    with pytest.raises(WrongPasswordError):
        await owner_with_token.send(commands.set_led_auto())
    assert len(owner_with_token.asked) == 4


# Who gave the token


@each_kind
async def test_who_gave_a_token_is_asked_before_it_is_used(
    any_miner: SimulatedMiner, clock: Clock, command: Command
) -> None:
    """The MAC address is read once for each token, in the same turn."""
    owner = Owner(any_miner, clock=clock)
    old = any_miner.generation == "v1"
    first = [*(TOKEN_OF_V1 if old else TOKEN), command.name]
    assert await owner.send(command)
    assert owner.asked == first
    owner.pass_time(60)
    assert await owner.send(command)
    assert owner.asked == [*first, command.name]
    owner.pass_time(29 * 60)
    assert await owner.send(command)
    assert owner.asked == [*first, command.name, *first]


@each_kind
async def test_nothing_is_sent_to_another_miner(
    any_miner: SimulatedMiner, clock: Clock, command: Command
) -> None:
    """This includes a power off, which is the only command that is tried twice."""
    owner = Owner(any_miner, clock=clock)
    owner.identity.mac = "c2:04:28:00:00:01"
    with pytest.raises(WrongMinerError) as caught:
        await owner.send(command)
    assert not caught.value.request_sent
    assert caught.value.found == any_miner.mac.lower()
    assert not [request for request in any_miner.requests if "token" in request]
    assert "status" not in owner.asked
    times = 2 if command.name == OFF else 1
    assert owner.asked.count("get_token") == times


async def test_a_token_of_another_miner_is_not_kept(owner: Owner) -> None:
    """The next command is like a first one."""
    mac, owner.identity.mac = owner.identity.mac, "c2:04:28:00:00:01"
    with pytest.raises(WrongMinerError):
        await owner.send(commands.set_led_auto())
    owner.identity.mac = mac
    assert await owner.send(commands.set_led_auto())
    assert owner.asked == [*TOKEN, *TOKEN, "set_led"]


async def test_a_restart_of_another_miner_is_none_of_ours(owner: Owner) -> None:
    """The next restart need not wait."""
    mac, owner.identity.mac = owner.identity.mac, "c2:04:28:00:00:01"
    with pytest.raises(WrongMinerError):
        await owner.send(commands.restart_btminer())
    owner.identity.mac = mac
    assert await owner.send(commands.restart_btminer())


@pytest.mark.parametrize("command", [commands.set_led_auto(), commands.power_off()])
async def test_whoever_answers_is_told_where_nobody_is_expected(
    owner: Owner, command: Command
) -> None:
    """The MAC address is not read either."""
    owner.identity.mac = None
    assert await owner.send(command)
    assert owner.asked == ["get_token", command.name]
    assert owner.identity.mac is None


@pytest.mark.parametrize("how", [Refused(14), Refused(132), PROCESS_DOWN])
@pytest.mark.parametrize("command", [commands.power_on(), commands.power_off()])
async def test_a_miner_that_cannot_tell_who_it_is_is_told_what_to_do(
    any_miner: SimulatedMiner, clock: Clock, command: Command, how: Misbehaviour
) -> None:
    """It may be stopped or starting."""
    owner = Owner(any_miner, clock=clock)
    any_miner.misbehave("get_miner_info", how)
    any_miner.misbehave("summary", how)
    assert await owner.send(command)
    assert owner.asked == [*TOKEN_OF_V1, command.name]
    assert owner.sent == [command.name]


async def test_v1_without_its_process_can_be_started(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """It cannot report its MAC address."""
    proxied_miner.state.mining = False
    assert await Owner(proxied_miner, clock=clock).send(commands.power_on())
    assert proxied_miner.state.mining


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Closed(), CannotConnectError),
        (Truncated(), MalformedReplyError),
        (GARBAGE, NotAMinerError),
    ],
    ids=["closed", "truncated", "garbage"],
)
@each_kind
async def test_nothing_is_sent_to_who_does_not_answer_who_it_is(
    owner: Owner, command: Command, how: Misbehaviour, error: type[WhatsminerError]
) -> None:
    """The missing answer does not count as accepted, because the command was not sent."""
    owner.miner.misbehave("get_miner_info", how)
    with pytest.raises(error) as caught:
        await owner.send(command)
    assert not caught.value.request_sent
    assert owner.sent == []
    owner.miner.behave()
    assert await owner.send(command)


async def test_a_power_off_whose_miner_did_not_say_who_it_is_is_tried_once_more(
    owner: Owner,
) -> None:
    """Nothing had been sent."""
    owner.miner.misbehave("get_miner_info", Closed(), times=1)
    assert await owner.send(commands.power_off())
    assert owner.asked == [*TOKEN, *TOKEN, OFF]


@pytest.mark.parametrize("name", TOKEN_OF_V1)
async def test_no_reading_gets_between_a_token_and_the_look_at_who_gave_it(
    old_owner: Owner, name: str
) -> None:
    """Another miner might answer by the time of the command."""
    async with old_owner.holding(name, commands.set_power_pct(50)) as waiting:
        waiting.ask("pools")
    assert old_owner.asked == [*TOKEN_OF_V1, "set_power_pct", "pools"]


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


@pytest.mark.parametrize(
    "how",
    [
        Refused(136),
        Raw(b'{"STATUS":"S","When":1,"Code":134,"Msg":"over max connect"}'),
        Raw(b'{"STATUS":"E","When":1,"Code":136,"Msg":"over max connect"}'),
    ],
)
@pytest.mark.parametrize("command", [commands.set_led_auto(), commands.power_off()])
async def test_too_many_tokens_are_said(
    owner: Owner, how: Misbehaviour, command: Command
) -> None:
    """Other clients hold them, and the miner reports it in two ways."""
    owner.miner.misbehave("get_token", how)
    with pytest.raises(TooManyTokensError, match="over max connect"):
        await owner.send(command)
    assert owner.sent == []


async def test_the_miner_itself_runs_out_of_tokens(owner: Owner) -> None:
    """One client can get 32."""
    for _ in range(32):
        await owner.line.ask("get_token")
    with pytest.raises(TooManyTokensError) as caught:
        await owner.send(commands.set_led_auto())
    assert caught.value.code == 136


@pytest.mark.parametrize("code", [132, 137])
@pytest.mark.parametrize(
    "command", [commands.set_led_auto(), commands.power_off(), commands.reboot()]
)
async def test_any_other_refusal_keeps_the_code_and_the_words_of_the_miner(
    owner: Owner, code: int, command: Command
) -> None:
    """They are shown to the user, and nothing is sent twice."""
    owner.miner.misbehave(command.name, Refused(code, "because I say so"))
    with pytest.raises(RefusedError) as caught:
        await owner.send(command)
    assert type(caught.value) is RefusedError
    assert caught.value.code == code
    assert caught.value.reason == "because I say so"
    assert owner.sent == [command.name]


async def test_a_value_that_the_miner_refuses_is_an_error(owner: Owner) -> None:
    """Air-cooled machines accept no more than their normal frequency."""
    with pytest.raises(RefusedError) as caught:
        await owner.send(commands.set_target_freq(10))
    assert caught.value.code == 132


@pytest.mark.parametrize(
    "how", [Truncated(), Raw(b'{"STATUS":"S","Msg":{"salt":"$$$"')]
)
async def test_a_broken_token_is_malformed(owner: Owner, how: Misbehaviour) -> None:
    """No command is sent under it."""
    owner.miner.misbehave("get_token", how)
    with pytest.raises(MalformedReplyError):
        await owner.send(commands.set_led_auto())
    assert owner.sent == []


# Who goes first


async def test_a_power_off_overtakes_a_waiting_slider(any_owner: Owner) -> None:
    """It also overtakes a waiting reading."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        waiting.ask("summary")
        waiting.send(commands.set_power_pct(50))
        waiting.send(commands.adjust_power_limit(3000))
        waiting.send(commands.power_off())
    assert any_owner.asked[-4:] == [OFF, "set_power_pct", LIMIT, "summary"]


async def test_a_write_overtakes_a_waiting_reading(any_owner: Owner) -> None:
    """Equally urgent requests keep their order."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        waiting.ask("summary")
        waiting.ask("pools")
        waiting.send(commands.set_power_pct(50))
        waiting.send(commands.web_pools("enable"))
    assert any_owner.asked[-4:] == [
        "set_power_pct",
        "enable_web_pools",
        "summary",
        "pools",
    ]


async def test_nobody_gets_between_a_power_off_and_its_token(owner: Owner) -> None:
    """A reading that hangs there would delay it by ten seconds."""
    async with owner.holding("get_token", commands.power_off()) as waiting:
        waiting.ask("summary")
        waiting.send(commands.set_power_pct(50))
    assert owner.asked == [*TOKEN, OFF, "set_power_pct", "summary"]


async def test_no_reading_gets_between_a_write_and_its_token(owner: Owner) -> None:
    """The token could be void by then."""
    async with owner.holding("get_token", commands.set_power_pct(50)) as waiting:
        waiting.ask("summary")
        waiting.send(commands.web_pools("enable"))
    assert owner.asked == [*TOKEN, "set_power_pct", "enable_web_pools", "summary"]


async def test_only_a_power_off_gets_between_a_write_and_its_token(
    owner: Owner,
) -> None:
    """It uses the token that is there."""
    async with owner.holding("get_token", commands.set_power_pct(50)) as waiting:
        waiting.send(commands.web_pools("enable"))
        waiting.send(commands.power_off())
    assert owner.asked == [*TOKEN, OFF, "set_power_pct", "enable_web_pools"]


async def test_a_write_that_was_overtaken_uses_the_newest_token(clock: Clock) -> None:
    """Its own token was replaced, and such firmware knows only one."""
    async with SimulatedMiner(quirks={Quirk.SINGLE_SESSION}) as miner:
        owner = Owner(miner, clock=clock)
        miner.misbehave(OFF, Refused(135), times=1)
        write = commands.set_power_pct(50)
        async with owner.holding("get_token", write) as waiting:
            waiting.send(commands.power_off())
        assert owner.asked == [*TOKEN, OFF, *TOKEN, OFF, "set_power_pct"]
        assert all(task.exception() is None for task in waiting.tasks)


async def test_a_power_off_gets_between_a_refused_token_and_its_successor(
    owner_with_token: Owner,
) -> None:
    """No request that can wait is sent before it."""
    owner = owner_with_token
    held, percent = Held(then=Refused(135)), commands.set_power_pct(50)
    async with owner.holding("set_power_pct", percent, held) as waiting:
        waiting.send(commands.power_off())
    assert owner.asked == ["set_power_pct", *TOKEN, OFF, "set_power_pct"]


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
        "set_power_pct", commands.set_power_pct(10)
    ) as waiting:
        second = waiting.send(commands.set_power_pct(20))
        third = waiting.send(commands.set_power_pct_v2(30))
        fourth = waiting.send(commands.set_power_pct(40))
    percents = [write["percent"] for write in any_owner.miner.writes[-2:]]
    assert percents == ["10", "40"]
    assert any_owner.sent == ["set_power_pct", "set_power_pct"]
    assert await second is None
    assert await third is None
    answer = await fourth
    assert answer is not None
    assert answer.code == 131


async def test_another_setting_is_not_replaced(any_owner: Owner) -> None:
    """Only a command for the same setting is replaced."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        waiting.send(commands.set_power_pct(50))
        waiting.send(commands.set_temp_offset(-5))
        waiting.send(commands.btminer_fast_boot("enable"))
    assert any_owner.sent[1:] == [
        "set_power_pct",
        "set_temp_offset",
        "enable_btminer_fast_boot",
    ]


async def test_what_sets_nothing_is_not_replaced(any_owner: Owner) -> None:
    """Each flash of an LED is wanted."""
    async with any_owner.holding("set_power_pct", commands.set_power_pct(1)) as waiting:
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
    assert await on is None
    assert any_owner.sent == ["set_led", OFF]


async def test_a_power_off_is_never_replaced(any_owner: Owner) -> None:
    """Neither a power on nor another power off replaces it."""
    async with any_owner.holding("set_led", commands.set_led_auto()) as waiting:
        first = waiting.send(commands.power_off())
        second = waiting.send(commands.power_off())
        waiting.send(commands.power_on())
    assert any_owner.sent == ["set_led", OFF, OFF, "power_on"]
    assert await first
    assert await second
    assert any_owner.miner.state.mining


async def test_a_value_that_failed_does_not_stand_in_the_way(owner: Owner) -> None:
    """The next one is sent as usual."""
    owner.miner.misbehave("set_power_pct", Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await owner.send(commands.set_power_pct(50))
    assert await owner.send(commands.set_power_pct(50))


# Silence


RESTARTING = [
    commands.set_power_mode("high"),
    commands.adjust_power_limit(3000),
    commands.restart_btminer(),
    commands.set_target_freq(-5),
    commands.reboot(),
    commands.factory_reset(),
    commands.net_config_dhcp(),
]
OTHER = [
    commands.set_power_pct(50),
    commands.set_power_pct_v2(50),
    commands.power_on(),
    commands.set_temp_offset(-5),
    commands.btminer_fast_boot("enable"),
    commands.web_pools("enable"),
    commands.set_led_auto(),
    commands.update_pwd("satoshi", "nakamoto"),
    commands.set_hostname("rig7"),
]


@pytest.mark.parametrize("command", RESTARTING, ids=lambda command: command.name)
@pytest.mark.parametrize("how", [Closed(), Dropped(0)], ids=["closed", "reset"])
async def test_silence_after_a_restart_counts_as_accepted(
    any_owner: Owner, command: Command, how: Misbehaviour
) -> None:
    """The process that would have answered has ended."""
    any_owner.miner.misbehave(command.name, how)
    assert await any_owner.send(command) == Answer()
    assert any_owner.sent == [command.name]


@pytest.mark.parametrize("command", RESTARTING, ids=lambda command: command.name)
async def test_a_proxy_that_answers_for_a_dead_process_confirms_a_restart(
    any_owner: Owner, command: Command
) -> None:
    """The command ended the process."""
    any_owner.miner.misbehave(
        command.name, Raw(PROCESS_DOWN.data, execute=True), times=1
    )
    assert await any_owner.send(command) == Answer()


async def test_a_restart_that_is_never_answered_counts_as_accepted(
    owner: Owner, impatient: None
) -> None:
    """The connection stays open without an answer."""
    owner.miner.misbehave(LIMIT, Hang(execute=True))
    assert await owner.send(commands.adjust_power_limit(3000)) == Answer()
    assert owner.asked == [*TOKEN, LIMIT]
    assert owner.miner.state.power_limit == 3000


async def test_a_restart_that_could_not_be_sent_is_an_error(
    owner_with_token: Owner,
) -> None:
    """The miner received nothing on a refused connection."""
    await owner_with_token.miner.disconnect()
    with pytest.raises(CannotConnectError) as caught:
        await owner_with_token.send(commands.adjust_power_limit(3000))
    assert not caught.value.request_sent
    assert owner_with_token.asked == []
    owner_with_token.miner.reconnect()
    assert await owner_with_token.send(commands.adjust_power_limit(3000))


async def test_a_restart_whose_token_was_not_answered_was_not_sent(
    owner: Owner,
) -> None:
    """A missing answer before the command does not count as accepted."""
    owner.miner.misbehave("get_token", Closed(), times=1)
    with pytest.raises(CannotConnectError) as caught:
        await owner.send(commands.adjust_power_limit(3000))
    assert not caught.value.request_sent
    assert owner.asked == ["get_token"]
    assert await owner.send(commands.adjust_power_limit(3000))


@pytest.mark.parametrize("how", [Truncated(), GARBAGE], ids=["truncated", "garbage"])
async def test_a_broken_answer_to_a_restart_is_an_error(
    owner: Owner, how: Misbehaviour
) -> None:
    """It is not a missing answer."""
    owner.miner.misbehave(LIMIT, how)
    with pytest.raises((MalformedReplyError, NotAMinerError)):
        await owner.send(commands.adjust_power_limit(3000))


@pytest.mark.parametrize("command", OTHER, ids=lambda command: command.name)
async def test_any_other_silence_is_an_error(
    any_owner: Owner, command: Command
) -> None:
    """The command was sent once and may have been carried out."""
    any_owner.miner.misbehave(command.name, Closed(execute=True))
    with pytest.raises(CannotConnectError):
        await any_owner.send(command)
    assert any_owner.sent == [command.name]


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
    assert await any_owner.send(commands.power_off()) == Answer()
    assert any_owner.asked[-3:] == [OFF, "status", "get_miner_info"]
    assert any_owner.sent == [OFF]


async def test_a_power_off_that_is_never_answered_is_looked_for_and_sent_again(
    owner: Owner, impatient: None
) -> None:
    """The connection stays open without an answer."""
    owner.miner.misbehave(OFF, Hang(), times=1)
    assert await owner.send(commands.power_off())
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
    assert await owner.send(commands.power_off())
    assert owner.asked == ["get_token", *TOKEN, OFF]


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
    assert await owner.send(commands.power_off()) == Answer()
    looked_for = ["devdetails", "get_miner_info", "summary"]
    assert owner.asked == [*TOKEN_OF_V1, OFF, *looked_for]


async def test_a_power_off_is_sent_to_a_miner_that_is_off(owner: Owner) -> None:
    """The last known state may be wrong."""
    owner.miner.state.mining = False
    for _ in range(2):
        assert await owner.send(commands.power_off())
    assert owner.sent == [OFF, OFF]


async def test_a_power_off_is_sent_even_if_it_was_unknown_before(owner: Owner) -> None:
    """The miner also sends code 14 for bad data, and nothing remembered may keep it running."""
    owner.miner.misbehave(OFF, Refused(14), times=1)
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.power_off())
    assert await owner.send(commands.power_off())
    assert not owner.miner.state.mining


# A minute between restarts


SPACED = RESTARTING[:4]
NEVER_SPACED = [
    commands.power_off(),
    commands.power_on(),
    commands.set_power_pct(50),
    commands.set_power_pct_v2(50),
    commands.set_led_auto(),
    commands.set_temp_offset(-5),
]


@pytest.mark.parametrize("command", SPACED, ids=lambda command: command.name)
@pytest.mark.parametrize(("later", "left"), [(0, 60), (0.5, 60), (1, 59), (59.5, 1)])
async def test_a_second_restart_within_a_minute_is_refused_unsent(
    owner: Owner, command: Command, later: float, left: int
) -> None:
    """The error has the seconds that are left."""
    await owner.send(commands.set_power_mode("low"))
    owner.forget()
    owner.pass_time(later)
    with pytest.raises(TooSoonError) as caught:
        await owner.send(command)
    assert caught.value.seconds == left
    assert owner.asked == []


@pytest.mark.parametrize("command", SPACED, ids=lambda command: command.name)
async def test_after_a_minute_mining_may_be_restarted_again(
    owner: Owner, command: Command
) -> None:
    """The spacing is exact to the second."""
    await owner.send(commands.set_power_mode("low"))
    owner.pass_time(60)
    assert await owner.send(command)
    assert owner.sent == ["set_low_power", command.name]


@pytest.mark.parametrize("command", NEVER_SPACED, ids=lambda command: command.name)
async def test_what_does_not_restart_mining_may_follow_at_once(
    owner: Owner, command: Command
) -> None:
    """This matters most for a power off, which does not delay a restart either."""
    await owner.send(commands.set_power_mode("low"))
    assert await owner.send(command)
    owner.pass_time(60)
    assert await owner.send(command)
    assert await owner.send(commands.set_power_mode("high"))


async def test_a_restart_that_was_refused_may_be_tried_again_at_once(
    owner: Owner,
) -> None:
    """Nothing was restarted."""
    owner.miner.misbehave(LIMIT, Refused(132), times=1)
    with pytest.raises(RefusedError):
        await owner.send(commands.adjust_power_limit(3000))
    assert await owner.send(commands.adjust_power_limit(3000))


async def test_a_restart_with_an_answer_that_says_nothing_may_have_been_one(
    owner: Owner,
) -> None:
    """In doubt, the hardware is spared."""
    owner.miner.misbehave(LIMIT, GARBAGE, times=1)
    with pytest.raises(NotAMinerError):
        await owner.send(commands.adjust_power_limit(3000))
    with pytest.raises(TooSoonError):
        await owner.send(commands.adjust_power_limit(3000))


async def test_a_value_that_was_overtaken_while_it_waited_is_no_error(
    owner: Owner,
) -> None:
    """It is dropped, even if it would have been refused for another reason."""
    async with owner.holding(LIMIT, commands.adjust_power_limit(3000)) as waiting:
        overtaken = waiting.send(commands.adjust_power_limit(3100))
        last = waiting.send(commands.adjust_power_limit(3200))
    assert await overtaken is None
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
        await owner.send(commands.web_pools("enable"))
    assert await owner.send(commands.web_pools("enable"))


async def test_a_refused_token_proves_no_password(owner: Owner) -> None:
    """The password was not checked."""
    owner.miner.misbehave("get_token", Refused(14))
    with pytest.raises(UnsupportedCommandError):
        await owner.writer.check_password()


async def test_a_silent_restart_counts_as_one(owner: Owner) -> None:
    """It counts as accepted."""
    owner.miner.misbehave("set_low_power", Closed(execute=True))
    await owner.send(commands.set_power_mode("low"))
    with pytest.raises(TooSoonError):
        await owner.send(commands.set_power_mode("high"))


@pytest.mark.parametrize(
    "how", [None, Closed(execute=True)], ids=["answered", "silent"]
)
async def test_a_restart_that_waited_behind_another_is_refused_unsent(
    any_owner: Owner, how: Misbehaviour | None
) -> None:
    """Restarts never queue."""
    held = Held(then=how)
    mode = commands.set_power_mode("low")
    async with any_owner.holding("set_low_power", mode, held) as waiting:
        limit = waiting.send(commands.adjust_power_limit(3000))
    with pytest.raises(TooSoonError):
        await limit
    assert any_owner.sent == ["set_low_power"]


# The password


async def test_a_right_password_is_confirmed_without_a_write(owner: Owner) -> None:
    """A reading under a token confirms it."""
    await owner.writer.check_password()
    assert owner.asked == [*TOKEN, "get_version"]
    assert "token" in owner.miner.requests[-1]
    assert owner.miner.writes == []


async def test_a_wrong_password_is_found_out_without_a_write(
    air_miner: SimulatedMiner, clock: Clock
) -> None:
    """The miner cannot decrypt the request."""
    owner = Owner(air_miner, "wrong", clock=clock)
    with pytest.raises(WrongPasswordError):
        await owner.writer.check_password()
    assert air_miner.writes == []


async def test_a_password_is_not_tried_at_another_miner(
    any_miner: SimulatedMiner, clock: Clock
) -> None:
    """Neither result would be about ours."""
    for password in (any_miner.password, "wrong"):
        owner = Owner(any_miner, password, clock=clock)
        owner.identity.mac = "c2:04:28:00:00:01"
        with pytest.raises(WrongMinerError):
            await owner.writer.check_password()
    assert not [each for each in any_miner.requests if "token" in each or "enc" in each]


async def test_with_write_access_closed_the_password_cannot_be_told(
    air_miner: SimulatedMiner, owner: Owner
) -> None:
    """Nothing is written."""
    air_miner.api_open = False
    with pytest.raises(WriteAccessClosedError):
        await owner.writer.check_password()
    assert air_miner.writes == []


@pytest.mark.parametrize("code", [14, 132, 135])
async def test_any_answer_but_23_proves_the_password(owner: Owner, code: int) -> None:
    """The miner decrypted the request."""
    owner.miner.misbehave("get_version", Refused(code))
    await owner.writer.check_password()
    assert owner.asked[-1] == "get_version"


async def test_a_password_cannot_be_tried_without_a_token(owner: Owner) -> None:
    """Other clients hold them all."""
    owner.miner.misbehave("get_token", Refused(136))
    with pytest.raises(TooManyTokensError):
        await owner.writer.check_password()


async def test_a_password_cannot_be_tried_without_an_answer(owner: Owner) -> None:
    """It may be right or wrong."""
    owner.miner.misbehave("get_version", Closed())
    with pytest.raises(CannotConnectError):
        await owner.writer.check_password()


# Secrets


async def test_no_secret_is_logged_or_shown(
    owner: Owner, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    """The result of the command makes no difference."""
    caplog.set_level(logging.DEBUG)
    shown: list[Any] = [owner.writer, owner.line]
    command = commands.update_pwd(owner.miner.password, "nakamoto")
    pools = commands.update_pools(commands.Pool("stratum+tcp://a:1", "w", "hunter2"))
    shown += [command, pools]
    for how in (Refused(135), Closed(), GARBAGE, Raw(b'{"enc":"AA')):
        for sent in (command, pools):
            owner.miner.misbehave(sent.name, how)
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
