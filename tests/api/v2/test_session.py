"""Tokens: where they come from, how long they live, when they are replaced."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from custom_components.whatsminer.api import Miner, commands
from custom_components.whatsminer.api.commands import Command, Outcome, Result
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    NotAMinerError,
    TokenRejectedError,
    TooManyTokensError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from simulator import (
    GARBAGE,
    Closed,
    Misbehaviour,
    Quirk,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)
from tests import PROCESS_DOWN, Altered, Held
from tests.api import HOST, TOKEN, TOKEN_OF_V1, Clock, Owner, wire_name

OFF = "power_off"

# One that is sent as it is, one that restarts mining, one that is sent twice if need be.
each_kind = pytest.mark.parametrize(
    "command",
    [commands.set_led_auto(), commands.restart_mining(), commands.power_off()],
    ids=wire_name,
)


async def test_one_token_serves_many_writes(owner: Owner) -> None:
    """A second one could void the tokens of other clients."""
    for percent in (10, 20, 30):
        await owner.send(commands.power_percent(percent, fast=True))
    assert owner.asked == [*TOKEN, *["set_power_pct"] * 3]


async def test_many_writes_at_once_share_one_token(owner: Owner) -> None:
    """The first of them requests it."""
    await asyncio.gather(
        owner.send(commands.set_led_auto()),
        owner.send(commands.power_percent(50, fast=True)),
        owner.send(commands.web_pools(on=True)),
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


async def test_a_command_that_is_not_sent_does_not_make_a_token_last(
    clock: Clock,
) -> None:
    """Only a use of the token renews its life."""
    async with SimulatedMiner(generation="compat", token_timeout=600) as miner:
        owner = Owner(miner, clock=clock)
        await owner.send(commands.set_led_auto())
        owner.pass_time(500)
        async with owner.holding("status", "status") as waiting:
            overtaken = waiting.send(commands.power_percent(50))
            newer = waiting.send(commands.power_percent(60))
            await asyncio.sleep(0)  # so that it waits, too
            newer.cancel()
        assert await overtaken == Result(Outcome.SUPERSEDED)
        owner.forget()
        owner.pass_time(300)
        await owner.send(commands.set_led_auto())
        assert owner.asked == [*TOKEN, "set_led"]


async def test_a_password_that_was_set_to_and_fro_needs_a_new_token(
    owner_with_token: Owner,
) -> None:
    """The miner may have been given another one between the two."""
    client = Miner(HOST, owner_with_token.miner.port, password="satoshi")
    for _ in range(2):
        await client.send(commands.set_led_auto())
    client.password = "other"
    client.password = "satoshi"
    owner_with_token.forget()
    await client.send(commands.set_led_auto())
    assert owner_with_token.asked[0] == "get_token"


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
        await owner.carry_out(commands.power_percent(50, fast=True))
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
        await owner.send(commands.power_percent(50, fast=True))
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


@pytest.mark.parametrize(
    "quirks",
    [set[Quirk](), {Quirk.ENCRYPTED_REFUSALS}, {Quirk.TWICE_ENCRYPTED}],
    ids=["plain", "encrypted", "twice"],
)
@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_closed_write_access_is_told_however_the_refusal_comes(
    clock: Clock, generation: str, quirks: set[Quirk]
) -> None:
    async with SimulatedMiner(
        generation=generation, quirks=quirks, api_open=False
    ) as miner:
        owner = Owner(miner, clock=clock)
        with pytest.raises(WriteAccessClosedError):
            await owner.send(commands.power_off())
        miner.api_open = True
        assert (await owner.send(commands.power_off())).is_accepted


@pytest.mark.parametrize(
    "quirk", [Quirk.ENCRYPTED_REFUSALS, Quirk.TWICE_ENCRYPTED, Quirk.COMMAND_KEY]
)
@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_a_wrong_password_is_told_from_a_right_one_by_any_firmware(
    clock: Clock, generation: str, quirk: Quirk
) -> None:
    """The refusal may be encrypted with the key of the right password."""
    async with SimulatedMiner(generation=generation, quirks={quirk}) as miner:
        right, wrong = Owner(miner, clock=clock), Owner(miner, "wrong", clock=clock)
        await right.check_password()
        with pytest.raises(WrongPasswordError):
            await wrong.check_password()
        with pytest.raises(WrongPasswordError):
            await wrong.send(commands.power_off())
        assert wrong.sent == []
        assert (await right.send(commands.power_off())).is_accepted
        assert not miner.state.mining


@pytest.mark.parametrize("new_salt", [False, True], ids=["135", "23"])
async def test_a_token_is_replaced_if_its_refusal_is_encrypted_twice(
    clock: Clock, *, new_salt: bool
) -> None:
    """A refusal under the key of the next token cannot be read, but means the same."""
    async with SimulatedMiner(quirks={Quirk.TWICE_ENCRYPTED}) as miner:
        owner = Owner(miner, clock=clock)
        await owner.send(commands.set_led_auto())
        miner.void_tokens(new_salt=new_salt)
        assert (await owner.send(commands.set_led_auto())).is_accepted


async def test_a_log_and_a_firmware_can_be_sent_under_the_other_key() -> None:
    async with SimulatedMiner(quirks={Quirk.COMMAND_KEY}) as miner:
        client, log = Miner(HOST, miner.port, password=miner.password), bytearray()

        async def sink(piece: bytes) -> None:
            log.extend(piece)

        assert await client.download_logs(sink) == len(log) > 0

        async def image() -> AsyncGenerator[bytes]:
            yield b"x" * 100

        with suppress(WhatsminerError):
            await client.update_firmware(image(), 100, lambda _: None)
        assert [write["cmd"] for write in miner.writes] == [
            "download_logs",
            "update_firmware",
        ]


# When there is no token


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
        await owner.requests.ask("get_token")
    with pytest.raises(TooManyTokensError) as caught:
        await owner.send(commands.set_led_auto())
    assert caught.value.code == 136


@pytest.mark.parametrize(
    "how", [Truncated(), Raw(b'{"STATUS":"S","Msg":{"salt":"$$$"')]
)
async def test_a_broken_token_is_malformed(owner: Owner, how: Misbehaviour) -> None:
    """No command is sent under it."""
    owner.miner.misbehave("get_token", how)
    with pytest.raises(MalformedReplyError):
        await owner.send(commands.set_led_auto())
    assert owner.sent == []


# Who gave the token


@each_kind
async def test_who_gave_a_token_is_asked_before_it_is_used(
    any_miner: SimulatedMiner, clock: Clock, command: Command
) -> None:
    """The MAC address is read once for each token, in the same turn."""
    owner = Owner(any_miner, clock=clock)
    old = any_miner.generation == "v1"
    first = [*(TOKEN_OF_V1 if old else TOKEN), wire_name(command)]
    assert (await owner.send(command)).is_accepted
    assert owner.asked == first
    owner.pass_time(60)
    assert (await owner.send(command)).is_accepted
    assert owner.asked == [*first, wire_name(command)]
    owner.pass_time(29 * 60)
    assert (await owner.send(command)).is_accepted
    assert owner.asked == [*first, wire_name(command), *first]


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
    times = 2 if wire_name(command) == OFF else 1
    assert owner.asked.count("get_token") == times


async def test_a_token_of_another_miner_is_not_kept(owner: Owner) -> None:
    """The next command is like a first one."""
    mac, owner.identity.mac = owner.identity.mac, "c2:04:28:00:00:01"
    with pytest.raises(WrongMinerError):
        await owner.send(commands.set_led_auto())
    owner.identity.mac = mac
    assert (await owner.send(commands.set_led_auto())).is_accepted
    assert owner.asked == [*TOKEN, *TOKEN, "set_led"]


@pytest.mark.parametrize("command", [commands.set_led_auto(), commands.power_off()])
async def test_whoever_answers_is_told_where_nobody_is_expected(
    owner: Owner, command: Command
) -> None:
    """The MAC address is not read either."""
    owner.identity.mac = None
    assert (await owner.send(command)).is_accepted
    assert owner.asked == ["get_token", wire_name(command)]
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
    assert (await owner.send(command)).is_accepted
    assert owner.asked == [*TOKEN_OF_V1, wire_name(command)]
    assert owner.sent == [wire_name(command)]


async def test_v1_without_its_process_can_be_started(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """It cannot report its MAC address."""
    proxied_miner.state.mining = False
    result = await Owner(proxied_miner, clock=clock).send(commands.power_on())
    assert result.is_accepted
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
    assert (await owner.send(command)).is_accepted


@pytest.mark.parametrize("name", TOKEN_OF_V1)
async def test_no_reading_gets_between_a_token_and_the_look_at_who_gave_it(
    old_owner: Owner, name: str
) -> None:
    """Another miner might answer by the time of the command."""
    async with old_owner.holding(
        name, commands.power_percent(50, fast=True)
    ) as waiting:
        waiting.ask("pools")
    assert old_owner.asked == [*TOKEN_OF_V1, "set_power_pct", "pools"]


# What goes between a token and a command


async def test_nobody_gets_between_a_power_off_and_its_token(owner: Owner) -> None:
    """A reading that hangs there would delay it by ten seconds."""
    async with owner.holding("get_token", commands.power_off()) as waiting:
        waiting.ask("summary")
        waiting.send(commands.power_percent(50, fast=True))
    assert owner.asked == [*TOKEN, OFF, "set_power_pct", "summary"]


async def test_no_reading_gets_between_a_write_and_its_token(owner: Owner) -> None:
    """The token could be void by then."""
    async with owner.holding(
        "get_token", commands.power_percent(50, fast=True)
    ) as waiting:
        waiting.ask("summary")
        waiting.send(commands.web_pools(on=True))
    assert owner.asked == [*TOKEN, "set_power_pct", "enable_web_pools", "summary"]


async def test_only_a_power_off_gets_between_a_write_and_its_token(
    owner: Owner,
) -> None:
    """It uses the token that is there."""
    async with owner.holding(
        "get_token", commands.power_percent(50, fast=True)
    ) as waiting:
        waiting.send(commands.web_pools(on=True))
        waiting.send(commands.power_off())
    assert owner.asked == [*TOKEN, OFF, "set_power_pct", "enable_web_pools"]


async def test_a_write_that_was_overtaken_uses_the_newest_token(clock: Clock) -> None:
    """Its own token was replaced, and such firmware knows only one."""
    async with SimulatedMiner(quirks={Quirk.SINGLE_SESSION}) as miner:
        owner = Owner(miner, clock=clock)
        miner.misbehave(OFF, Refused(135), times=1)
        write = commands.power_percent(50, fast=True)
        async with owner.holding("get_token", write) as waiting:
            waiting.send(commands.power_off())
        assert owner.asked == [*TOKEN, OFF, *TOKEN, OFF, "set_power_pct"]
        assert all(task.exception() is None for task in waiting.tasks)


async def test_a_power_off_gets_between_a_refused_token_and_its_successor(
    owner_with_token: Owner,
) -> None:
    """No request that can wait is sent before it."""
    owner = owner_with_token
    held, percent = Held(then=Refused(135)), commands.power_percent(50, fast=True)
    async with owner.holding("set_power_pct", percent, held) as waiting:
        waiting.send(commands.power_off())
    assert owner.asked == ["set_power_pct", *TOKEN, OFF, "set_power_pct"]


@pytest.mark.parametrize("missing", ["salt", "newsalt", "time"])
async def test_a_token_without_all_of_its_parts_is_malformed(
    owner: Owner, missing: str
) -> None:
    """No key can be made of it."""
    owner.miner.misbehave("get_token", Altered(f'"{missing}"', '"x"'))
    with pytest.raises(MalformedReplyError) as caught:
        await owner.send(commands.set_led_auto())
    assert not caught.value.request_sent
