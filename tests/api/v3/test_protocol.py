"""V3 as `Miner` uses it: what is sent, in which order, and what becomes of it."""

from typing import Any

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, Outcome, PoolSettings
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    DefaultPasswordError,
    MalformedReplyError,
    NoMacError,
    PasswordUntriedError,
    RefusedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.protocol import WriteProbe
from custom_components.whatsminer.api.queue import Urgency
from custom_components.whatsminer.api.v3.protocol import READABLE

from .framed_miner import Call, framed, refusal, success
from .owner import Owner
from .test_commands import TABLE

NETWORK, SALT_ASKED = "get.device.info network", "get.device.info salt"
FAN = "get.fan.setting"
AUTO = ("set.system.led", "auto")


# Commands


@pytest.mark.parametrize(("command", "name", "param"), TABLE)
async def test_every_command_reaches_the_miner(
    owner: Owner, command: Command, name: str, param: object
) -> None:
    """The miner checks its signature, and finds the parameter that is meant."""
    owner.target.account = owner.miner.account = "user1"
    await owner.accepted(command)
    assert owner.miner.writes == [(name, param)]
    assert owner.miner.connections == 1


async def test_the_miner_is_confirmed_before_anything_is_signed(owner: Owner) -> None:
    await owner.accepted(commands.power_on())
    assert owner.miner.asked == [NETWORK, SALT_ASKED, "set.miner.service start"]
    owner.miner.forget()
    owner.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError) as caught:
        await owner.send(commands.reboot())
    assert not caught.value.request_sent
    assert owner.miner.asked == [NETWORK]


async def test_a_miner_that_does_not_say_who_it_is_gets_no_signature(
    owner: Owner,
) -> None:
    await owner.protocol.poll()
    owner.miner.forget()
    owner.miner.answers[NETWORK] = framed(refusal(-1))
    with pytest.raises(NoMacError) as caught:
        await owner.send(commands.power_on())
    assert owner.miner.asked == [NETWORK]
    assert not caught.value.request_sent


async def test_a_secret_is_sealed(owner: Owner) -> None:
    pool = PoolSettings("stratum+tcp://pool.example:3333", "w.1", "geheim")
    await owner.accepted(commands.update_pools(pool))
    assert "geheim" not in str(owner.miner.requests)
    assert owner.miner.writes[0][1][0]["passwd"] == "geheim"


async def test_after_a_change_of_the_password_the_salt_is_asked_for_again(
    owner: Owner,
) -> None:
    await owner.accepted(commands.change_password("super", "Secret_1"))
    owner.target.password = owner.miner.password = "Secret_1"
    owner.miner.device["salt"] = "anOther1"
    await owner.accepted(commands.set_led_auto())
    assert owner.miner.asked.count(SALT_ASKED) == 2
    assert owner.miner.asked.count("get.device.info") == 0


async def test_a_command_that_was_replaced_while_it_waited_is_not_sent(
    owner: Owner,
) -> None:
    (attempt,) = owner.protocol.attempts(commands.upfreq_speed(3))
    async with owner.target.queue.turn(Urgency.WRITE) as turn:
        result = await attempt.send(turn, lambda: False)
    assert result.outcome is Outcome.SUPERSEDED
    assert owner.miner.writes == []


async def test_a_host_name_and_addresses_are_two_commands_on_one_connection(
    owner: Owner,
) -> None:
    command = commands.set_network("192.0.2.7", "24", "192.0.2.1", [], "garage")
    await owner.accepted(command)
    assert [name for name, _ in owner.miner.writes] == [
        "set.system.hostname",
        "set.system.net_config",
    ]
    assert owner.miner.connections == 1


# Refusals


async def test_what_the_firmware_does_not_know_is_not_sent_again(owner: Owner) -> None:
    owner.miner.refuses["set.miner.power_mode"] = refusal(-2, "invalid command")
    for _ in range(2):
        with pytest.raises(UnsupportedCommandError):
            await owner.send(commands.power_mode("low"))
    assert owner.miner.asked.count("set.miner.power_mode low") == 1
    owner.writer.forget_firmware()
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.power_mode("low"))
    assert owner.miner.asked.count("set.miner.power_mode low") == 2


async def test_preheating_is_not_in_this_protocol(owner: Owner) -> None:
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.preheat())
    assert owner.miner.connections == 0


async def test_a_miner_that_wants_a_number_gets_the_percent_as_one(
    owner: Owner,
) -> None:
    async def wants_a_number(call: Call) -> None:
        if isinstance(call.request["param"]["percent"], int):
            await call.answer(success("ok"))
        else:
            await call.answer(refusal(-1, "invalid param"))

    owner.miner.answers["set.miner.power_percent"] = wants_a_number
    await owner.accepted(commands.power_percent(80))
    assert [
        request["param"]["percent"]
        for request in owner.miner.requests
        if request["cmd"] == "set.miner.power_percent"
    ] == ["80", 80]


async def test_a_percent_that_is_refused_in_both_forms_has_the_first_reason(
    owner: Owner,
) -> None:
    reasons = iter([refusal(-1, "not tuned yet"), refusal(-1, "must be a string")])
    owner.miner.answers["set.miner.power_percent"] = lambda call: call.answer(
        next(reasons)
    )
    with pytest.raises(RefusedError) as caught:
        await owner.send(commands.power_percent(80))
    assert caught.value.reason == "not tuned yet"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(-5, "out of memory"), RefusedError),
        (refusal(-2), UnsupportedCommandError),
        (refusal(-4), DefaultPasswordError),
    ],
)
async def test_another_refusal_does_not_call_for_the_other_form(
    owner: Owner, answer: dict[str, Any], kind: type[RefusedError]
) -> None:
    owner.miner.refuses["set.miner.power_percent"] = answer
    with pytest.raises(kind) as caught:
        await owner.send(commands.power_percent(80))
    assert type(caught.value) is kind
    assert owner.miner.asked.count("set.miner.power_percent") == 1


# Missing answers


@pytest.mark.parametrize(
    "command",
    [commands.web_pools(on=True), commands.power_on(), commands.power_limit(3000)],
)
async def test_a_command_without_an_answer_is_never_sent_again(
    owner: Owner, command: Command
) -> None:
    """It may have been carried out. One that restarts mining counts as accepted."""
    write = owner.protocol.attempts(command)[0].name.split()[0]

    async def drop(call: Call) -> None:
        call.close()

    owner.miner.answers[write] = drop
    if command.name == "power_limit":
        assert (await owner.send(command)).outcome is Outcome.SILENT
    else:
        with pytest.raises(UnreachableError) as caught:
            await owner.send(command)
        assert caught.value.request_sent
    assert sum(request["cmd"] == write for request in owner.miner.requests) == 1


async def test_a_power_off_without_an_answer_is_confirmed_by_the_state(
    owner: Owner,
) -> None:
    async def stop(call: Call) -> None:
        owner.miner.device["miner"]["working"] = "false"
        call.close()

    owner.miner.answers["set.miner.service"] = stop
    assert (await owner.send(commands.power_off())).outcome is Outcome.SILENT
    assert owner.miner.asked.count("set.miner.service stop") == 1


async def test_a_power_off_that_nothing_confirms_is_sent_once_more(
    owner: Owner,
) -> None:
    async def drop(call: Call) -> None:
        call.close()

    owner.miner.answers["set.miner.service"] = drop
    with pytest.raises(UnconfirmedError):
        await owner.send(commands.power_off())
    assert owner.miner.asked.count("set.miner.service stop") == 2


async def test_a_command_to_a_miner_that_restarts_is_not_sent(owner: Owner) -> None:
    owner.miner.answers_per_connection = 0
    with pytest.raises(CannotConnectError) as caught:
        await owner.send(commands.web_pools(on=True))
    assert not caught.value.request_sent


async def test_half_an_answer_may_mean_anything(owner: Owner) -> None:
    owner.miner.answers["set.system.webpools"] = framed(b"ok")
    with pytest.raises(MalformedReplyError) as caught:
        await owner.send(commands.web_pools(on=True))
    assert caught.value.request_sent


# The password


async def test_a_password_is_checked_by_a_command_that_changes_nothing(
    owner: Owner,
) -> None:
    await owner.protocol.check_password("super")
    assert owner.miner.writes == [AUTO]
    with pytest.raises(WrongPasswordError):
        await owner.protocol.check_password("wrong")
    assert owner.miner.writes == [AUTO]
    owner.miner.is_open = False
    owner.miner.device["system"]["apiswitch"] = "0"
    with pytest.raises(WriteAccessClosedError):
        await owner.protocol.check_password("super")


@pytest.mark.parametrize("fast_boot", ["enable", "disable"])
@pytest.mark.parametrize("led", ["manual", None, {"color": "red"}])
async def test_while_the_led_is_not_on_auto_fast_boot_is_set_to_what_it_is(
    owner: Owner, led: object, fast_boot: str
) -> None:
    """The check of a password changes nothing, in whatever form the LED is told."""
    owner.miner.device["system"]["ledstatus"] = led
    owner.miner.answers["get.miner.setting"]["fast-boot"] = fast_boot
    await owner.protocol.check_password("super")
    assert owner.miner.writes == [("set.miner.fastboot", fast_boot)]
    with pytest.raises(WrongPasswordError):
        await owner.protocol.check_password("wrong")


async def test_where_every_command_would_change_something_no_password_is_checked(
    owner: Owner,
) -> None:
    """Neither is the LED on auto, nor does the miner say whether fast boot is on."""
    owner.miner.device["system"]["ledstatus"] = "manual"
    del owner.miner.answers["get.miner.setting"]["fast-boot"]
    with pytest.raises(RefusedError) as caught:
        await owner.protocol.check_password("super")
    assert type(caught.value) is PasswordUntriedError
    assert not caught.value.request_sent
    assert owner.miner.writes == []


async def test_a_refusal_for_another_reason_proves_the_password(owner: Owner) -> None:
    owner.miner.refuses["set.system.led"] = refusal(-1, "busy")
    await owner.protocol.check_password("super")
    owner.miner.refuses["set.system.led"] = refusal(-2)
    with pytest.raises(UnsupportedCommandError):
        await owner.protocol.check_password("super")


async def test_without_a_salt_no_password_is_checked(owner: Owner) -> None:
    owner.miner.answers[SALT_ASKED] = framed(refusal(-1))
    with pytest.raises(RefusedError) as caught:
        await owner.protocol.check_password("super")
    assert not caught.value.request_sent


async def test_another_miner_does_not_get_the_password_checked(owner: Owner) -> None:
    owner.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError):
        await owner.protocol.check_password("super")
    assert owner.miner.writes == []


@pytest.mark.parametrize(
    ("led", "probe"),
    [("auto", WriteProbe.WRITE), ("manual", WriteProbe.READ), (None, WriteProbe.READ)],
)
async def test_write_access_is_probed_while_the_led_is_on_auto(
    owner: Owner, led: str | None, probe: WriteProbe
) -> None:
    assert owner.protocol.write_probe is WriteProbe.READ
    owner.miner.device["system"]["ledstatus"] = led
    await owner.protocol.poll()
    assert owner.protocol.write_probe is probe


# Reading


async def test_the_protocol_reads_through_its_reader(owner: Owner) -> None:
    assert await owner.protocol.probe()
    await owner.protocol.reach()
    assert await owner.protocol.firmware() == "20261001.16.Rel"
    assert (await owner.protocol.read_evidence()).mac == owner.target.identity.mac
    assert not await owner.protocol.is_off()
    owner.miner.device["system"]["api"] = "4.0.0"
    await owner.protocol.reach()  # by firmware that is newer than the choice of V3
    owner.miner.answers["get.device.info system"] = framed(refusal(-2))
    with pytest.raises(MalformedReplyError):
        await owner.protocol.reach()


async def test_readable_commands_are_answered_as_they_are(owner: Owner) -> None:
    owner.miner.answers["get.device.custom_data"] = framed(refusal(-2))
    for command in READABLE:
        assert owner.protocol.is_readable(command)
        answer = await owner.protocol.query(command)
        assert answer["code"] == (-2 if "custom" in command else 0)
    assert "get.miner.status summary+pools+edevs" in owner.protocol.replies
    for command in ("summary", "set.system.reboot", "get.log.download"):
        assert not owner.protocol.is_readable(command)
        with pytest.raises(UnsupportedCommandError):
            await owner.protocol.query(command)


@pytest.mark.parametrize("key", ["CustomerSn", "custom-sn"])
async def test_the_texts_of_the_owner_are_read(owner: Owner, key: str) -> None:
    stored = {key: "A 1", "msg0": 5, "msg1": "", "msg9": ["x"]}
    owner.miner.answers["get.device.custom_data"] = stored
    found = await owner.protocol.customer_messages()
    assert len(found) == 11
    assert {name: value for name, value in found.items() if value} == {
        "serial_number": "A 1",
        "message_0": "5",
    }
