"""Which protocol a command goes over: the one that stopped mining starts it again."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import override

import pytest

from custom_components.whatsminer.api import (
    CannotConnectError,
    NeedsPasswordError,
    NotPermittedError,
    PasswordUntriedError,
    RefusedError,
    Remembered,
    StartNeedsPasswordError,
    TooSoonError,
    WriteAccessClosedError,
    WrongPasswordError,
    commands,
)
from custom_components.whatsminer.api.sender import Sender
from simulator import Closed, Framed, Misbehaviour, Quirk, Refused, SimulatedMiner
from simulator.misbehaviour import Exchange, Line
from simulator.settings import Led
from tests import names_of

from . import Clock
from .home import Home

SERVICE = "set.miner.service"


@pytest.fixture
async def m64(clock: Clock) -> AsyncGenerator[Home]:
    """Return a miner on which a stop over V3 can only be undone over V3."""
    quirks = {Quirk.POWER_OFF_FADES, Quirk.V3_STOP_STAYS}
    async with SimulatedMiner(generation="v3", model="M63", quirks=quirks) as miner:
        yield Home(miner, clock, miner.v3.port, password=miner.password)


async def lose_v3(home: Home) -> None:
    """Close the port of V3 until the client takes the miner for one of V2."""
    await home.miner.v3.disable()
    for _ in range(10):
        with pytest.raises(CannotConnectError):
            await home.poll()
    assert await home.poll() == "v2.2"


async def test_a_stop_over_v3_is_undone_over_v3(m64: Home) -> None:
    await m64.poll()
    await m64.client.send(commands.power_off())
    assert m64.client.remembered.stopped_by == ("v3",)
    assert [await m64.poll(after=200) for _ in range(2)] == ["v3", "v3"]
    assert not m64.miner.state.mining
    await lose_v3(m64)
    with pytest.raises(CannotConnectError):
        await m64.client.send(commands.power_on())
    m64.miner.v3.enable()
    await m64.client.send(commands.power_on())
    assert m64.miner.state.mining
    await m64.poll()
    assert m64.client.remembered.stopped_by == ()
    assert m64.miner.writes == []


async def test_a_stop_over_v2_is_undone_over_v2(m64: Home) -> None:
    await m64.miner.v3.disable()
    await m64.poll()
    await m64.client.send(commands.power_off())
    assert m64.client.remembered.stopped_by == ("v2",)
    m64.miner.v3.enable()
    await m64.client.reach()
    assert await m64.poll() == "v3"
    await m64.client.send(commands.power_on())
    assert names_of(m64.miner.writes) == ["power_off", "power_on"]
    assert m64.miner.v3.writes == []


async def test_a_stop_is_known_after_a_restart_of_home_assistant(m64: Home) -> None:
    """Over V2 the miner would not start. The error says whose password is needed."""
    await m64.client.poll()
    await m64.client.send(commands.power_off())
    again = Home(m64.miner, m64.clock, m64.miner.v3.port, password="wrong")
    again.client.restore(m64.client.remembered, await m64.client.firmware())
    again.client.restore(Remembered(), None)  # only the first call counts
    await again.poll()
    with pytest.raises(StartNeedsPasswordError) as caught:
        await again.client.send(commands.power_on())
    assert (caught.value.account, caught.value.protocol) == ("super", "V3")
    assert not m64.miner.state.mining
    assert again.client.remembered.stopped_by == ("v3",)
    again.client.password = m64.miner.password
    await again.client.send(commands.power_on())
    assert m64.miner.state.mining


async def test_a_stop_by_a_protocol_of_a_later_version_is_undone_by_any(
    m64: Home,
) -> None:
    m64.client.restore(Remembered("v9", ("v9",)), "1")
    await m64.poll()
    m64.miner.state.mining = False
    await m64.client.send(commands.power_on())
    assert m64.miner.state.mining


async def test_a_stop_is_forgotten_when_somebody_starts_the_miner(m64: Home) -> None:
    await m64.poll()
    await m64.client.send(commands.power_off())
    await m64.poll()
    m64.miner.state.resume()
    await m64.poll()
    assert m64.client.remembered.stopped_by == ()


async def test_a_miner_that_is_still_stopping_was_not_started(m64: Home) -> None:
    """It may take up to two minutes."""
    client = m64.client
    sender = Sender(client._choice, client._accounts, client._writer)  # noqa: SLF001
    follow = partial(sender.follow, has_new_firmware=False)
    await m64.poll()
    await sender.send(commands.power_off())
    for mining in (True, None, True, False, None):
        follow(mining=mining)
        assert sender.stopped_by == ("v3",)
    follow(mining=True)
    assert sender.stopped_by == ()
    await sender.send(commands.power_off())
    sender.follow(mining=False, has_new_firmware=True)
    assert sender.stopped_by == ()


async def test_a_power_off_goes_over_whatever_takes_it(m64: Home) -> None:
    """Here the password of `super` is not known."""
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    await m64.client.send(commands.power_off())
    assert names_of(m64.miner.writes) == ["power_off"]
    assert m64.client.remembered.stopped_by == ("v2",)
    m64.miner.state.mining = True
    m64.miner.misbehave("v3", Closed())
    await m64.client.send(commands.power_off())
    assert not m64.miner.state.mining


async def test_what_v2_does_not_take_either_has_the_first_reason(m64: Home) -> None:
    await m64.poll()
    m64.miner.v3.password = m64.miner.password = "Another_1"
    with pytest.raises(WrongPasswordError) as caught:
        await m64.client.send(commands.power_off())
    assert caught.value.command == SERVICE
    m64.miner.api_open = False
    with pytest.raises(WriteAccessClosedError):
        await m64.client.send(commands.power_off())
    assert m64.client.remembered.stopped_by == ()


# Two accounts, with a password each


async def test_the_password_of_admin_serves_where_super_has_another(m64: Home) -> None:
    """V3 is not asked again with the same password."""
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    assert not m64.client.falls_back
    await m64.client.send(commands.power_mode("low"))
    assert m64.client.falls_back
    assert m64.client.account == "admin"
    assert names_of(m64.miner.writes)[-1] == "set_low_power"
    assert (await m64.client.poll()).power_mode == "low"
    asked = len(m64.miner.v3.requests)
    await m64.client.send(commands.fast_boot(on=True))
    assert len(m64.miner.v3.requests) == asked
    m64.client.password = "Another_1"
    await m64.client.send(commands.fast_boot(on=False))
    assert not m64.client.falls_back
    assert names_of(m64.miner.v3.writes) == ["set.system.led", "set.miner.fastboot"]


async def test_the_password_of_super_serves_where_admin_has_another(m64: Home) -> None:
    m64.miner.password = "Another_1"
    await m64.poll()
    await m64.client.check_password()
    await m64.client.send(commands.fast_boot(on=True))
    assert names_of(m64.miner.v3.writes) == ["set.system.led", "set.miner.fastboot"]
    assert not m64.client.falls_back


async def test_a_password_that_nobody_takes_is_wrong(m64: Home) -> None:
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    await m64.client.send(commands.fast_boot(on=True))
    m64.miner.password = "Another_1"
    for _ in range(2):
        with pytest.raises(WrongPasswordError) as caught:
            await m64.client.send(commands.fast_boot(on=False))
        assert caught.value.command == "set.system.led"
    with pytest.raises(WrongPasswordError):
        await m64.client.check_password()
    assert not m64.client.falls_back


async def test_without_v3_a_wrong_password_is_that_of_admin(m64: Home) -> None:
    await m64.miner.v3.disable()
    await m64.poll()
    with pytest.raises(WrongPasswordError):
        await m64.client.check_password("wrong")
    m64.client.password = "wrong"
    for command in (commands.power_off(), commands.power_on()):
        with pytest.raises(WrongPasswordError):
            await m64.client.send(command)


async def test_firmware_goes_over_the_protocol_that_takes_the_password(
    m64: Home,
) -> None:
    """Nothing of it was sent before."""
    m64.miner.v3.password = "Another_1"
    await m64.poll()

    async def image() -> AsyncGenerator[bytes]:
        yield b"image" * 1000

    result = await m64.client.update_firmware(image(), 5000, lambda share: None)
    assert result.is_accepted
    assert names_of(m64.miner.writes) == ["update_firmware"]
    assert m64.miner.images[-1].whole


# A command that changes nothing comes first


async def test_commands_go_over_v3_once_it_has_taken_one_that_changes_nothing(
    m64: Home,
) -> None:
    await m64.poll()
    for on in (True, False):
        await m64.client.send(commands.fast_boot(on=on))
    sent = ["set.system.led", "set.miner.fastboot", "set.miner.fastboot"]
    assert names_of(m64.miner.v3.writes) == sent
    assert m64.client.account == "super"
    assert m64.miner.writes == []


async def test_while_nothing_can_be_tried_commands_go_over_v2(m64: Home) -> None:
    """The LED is not on auto, and fast boot is not known."""
    m64.miner.state.led["red"] = Led(60, 20, 0)
    m64.miner.misbehave("get.miner.setting", Refused(-1))
    await m64.poll()
    with pytest.raises(PasswordUntriedError):
        await m64.client.check_password("wrong")
    await m64.client.send(commands.fast_boot(on=True))
    assert names_of(m64.miner.writes)[-1] == "enable_btminer_fast_boot"
    assert m64.miner.v3.writes == []
    assert not m64.client.falls_back
    await m64.client.send(commands.power_off())
    assert names_of(m64.miner.v3.writes) == [SERVICE]
    assert m64.client.remembered.is_proven


async def test_the_probe_of_write_access_is_the_trial(m64: Home) -> None:
    await m64.poll()
    for _ in range(2):
        await m64.client.probe_write_access()
    assert set(names_of(m64.miner.v3.writes)) == {"set.system.led"}
    assert m64.client.remembered == Remembered("v3", is_proven=True)
    m64.client.password = "wrong"
    with pytest.raises(WrongPasswordError):
        await m64.client.probe_write_access()


async def test_the_probe_finds_that_only_v2_takes_the_password(m64: Home) -> None:
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    await m64.client.probe_write_access()
    assert m64.client.falls_back
    asked = len(m64.miner.v3.requests)
    await m64.client.probe_write_access()
    assert len(m64.miner.v3.requests) == asked
    m64.miner.v3.password = m64.client.password
    m64.client.try_password_again()
    await m64.client.probe_write_access()
    assert not m64.client.falls_back


async def test_an_error_of_v2_is_its_own(m64: Home) -> None:
    """Nobody is asked for a password because mining was restarted a moment ago."""
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    await m64.client.send(commands.power_mode("low"))
    with pytest.raises(TooSoonError):
        await m64.client.send(commands.power_mode("high"))
    with pytest.raises(TooSoonError):
        m64.client.check(commands.power_mode("high"))
    m64.miner.api_open = False
    with pytest.raises(WriteAccessClosedError):
        await m64.client.send(commands.fast_boot(on=True))


async def test_a_command_that_v2_does_not_have_needs_the_password_of_v3(
    m64: Home,
) -> None:
    m64.miner.v3.password = "Another_1"
    m64.miner.misbehave("v2", Closed())
    await m64.poll()
    with pytest.raises(WrongPasswordError):
        await m64.client.send(commands.fast_boot(on=True))


async def test_a_new_password_of_super_needs_no_trial(m64: Home) -> None:
    await m64.poll()
    await m64.client.send(commands.change_password(m64.miner.password, "Other_1"))
    assert m64.miner.v3.password == "Other_1"
    m64.client.password = "Other_1"
    assert m64.client.remembered.is_proven
    assert m64.client.account == "super"


async def test_a_new_password_of_admin_goes_on_serving_over_v2(m64: Home) -> None:
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    await m64.client.send(commands.change_password(m64.miner.password, "Other_1"))
    assert (m64.miner.password, m64.miner.v3.password) == ("Other_1", "Another_1")
    m64.client.password = "Other_1"
    assert m64.client.falls_back
    assert m64.client.account == "admin"


async def test_an_account_that_was_named_is_one_of_v3(m64: Home) -> None:
    """Its password is not tried as that of another account."""
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    with pytest.raises(WrongPasswordError):
        await m64.client.check_password(m64.miner.password, "super")
    await m64.client.check_password(m64.miner.password, "admin")
    await m64.client.check_password("Another_1", "super")


# Several stops in a row


@pytest.mark.parametrize("how", ["password", "port"])
async def test_a_second_stop_over_v2_does_not_hide_the_first_over_v3(
    m64: Home, how: str
) -> None:
    """Both protocols start the miner then, and V3 is the one that counts."""
    await m64.poll()
    await m64.client.send(commands.power_off())
    await m64.poll(after=200)
    if how == "password":
        m64.miner.v3.password = "Another_1"
    else:
        m64.miner.misbehave("v3", Closed())
    await m64.client.send(commands.power_off())
    assert m64.client.remembered.stopped_by == ("v3", "v2")
    m64.miner.behave()
    if how == "password":
        with pytest.raises(StartNeedsPasswordError):
            await m64.client.send(commands.power_on())
        m64.client.password = "Another_1"
    await m64.client.send(commands.power_on())
    assert m64.miner.state.mining
    await m64.poll()
    assert not m64.client.remembered.stopped_by


async def test_a_stop_that_nobody_confirmed_may_have_been_made(m64: Home) -> None:
    """The answer is lost, and from then on V3 takes nothing for a while."""

    class Vanishes(Misbehaviour):
        @override
        async def respond(self, exchange: Exchange, line: Line) -> None:
            exchange.carry_out()
            m64.miner.misbehave("v3", Closed())
            line.end()

    await m64.poll()
    m64.miner.misbehave(SERVICE, Vanishes(), times=1)
    await m64.client.send(commands.power_off())
    assert m64.client.remembered.stopped_by == ("v3", "v2")
    m64.miner.behave()
    await m64.client.send(commands.power_on())
    assert m64.miner.state.mining


# What only some commands are refused for


async def test_a_refused_new_password_is_given_to_no_other_account(m64: Home) -> None:
    """The text is about the new one."""
    await m64.poll()
    m64.miner.misbehave("set.user.change_passwd", Refused(-1, "password is too weak"))
    with pytest.raises(RefusedError) as caught:
        await m64.client.send(commands.change_password(m64.miner.password, "Other_1"))
    assert type(caught.value) is RefusedError
    assert m64.miner.writes == []
    m64.miner.misbehave("set.user.change_passwd", Refused(-4, "no permission"))
    with pytest.raises(WrongPasswordError):
        await m64.client.send(commands.change_password(m64.miner.password, "Other_1"))
    assert m64.miner.writes == []


async def test_an_account_without_a_permission_has_the_right_password(
    m64: Home,
) -> None:
    """The next commands go on over V3."""
    await m64.poll()
    m64.miner.misbehave("set.miner.power_mode", Refused(-4, "no permission"))
    with pytest.raises(NotPermittedError):
        await m64.client.send(commands.power_mode("low"))
    assert m64.client.remembered.is_proven
    assert not m64.client.falls_back
    await m64.client.send(commands.fast_boot(on=False))
    assert names_of(m64.miner.v3.writes)[-1] == "set.miner.fastboot"
    assert m64.miner.writes == []


async def test_a_password_that_was_good_is_looked_at_again_after_a_refusal(
    m64: Home,
) -> None:
    await m64.poll()
    await m64.client.probe_write_access()
    m64.miner.v3.password = "Another_1"
    await m64.client.probe_write_access()
    assert m64.client.falls_back
    assert not m64.client.remembered.is_proven


async def test_a_switch_that_is_not_reported_is_not_known_to_be_off(
    m64: Home,
) -> None:
    """The password is wrong here, and V2 takes it. A stop is tried over V2 in any case."""
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    info = b'{"code":0,"when":1,"msg":{"network":{"mac":"%s"},"salt":"%s"}}'
    known = m64.miner.mac.encode(), m64.miner.v3.accounts.salt.encode()
    m64.miner.misbehave("get.device.info", Framed(info % known))
    await m64.client.send(commands.power_off())
    assert names_of(m64.miner.writes) == ["power_off"]
    await m64.client.send(commands.fast_boot(on=False))
    assert m64.client.falls_back


async def test_an_empty_account_is_the_usual_one(m64: Home) -> None:
    """Also where the client has another one."""
    m64.miner.password = "Of_admin"
    await m64.poll()
    m64.client.given_account = "user1"
    await m64.client.check_password(m64.client.password, "")
    with pytest.raises(WrongPasswordError):
        await m64.client.check_password(m64.client.password)


async def test_what_only_v3_takes_needs_its_password(m64: Home) -> None:
    m64.miner.v3.password = "Another_1"
    await m64.poll()
    await m64.client.send(commands.fast_boot(on=False))
    for command in (commands.upfreq_speed(10), commands.fast_hash(on=True)):
        m64.client.check(command)
        with pytest.raises(NeedsPasswordError) as caught:
            await m64.client.send(command)
        assert (caught.value.account, caught.value.protocol) == ("super", "V3")


async def test_a_stop_right_after_a_restart_goes_over_the_protocol_that_is_known(
    m64: Home,
) -> None:
    await m64.poll()
    again = Home(m64.miner, m64.clock, m64.miner.v3.port, password=m64.miner.password)
    again.client.restore(m64.client.remembered, await m64.client.firmware())
    await again.client.send(commands.power_off())
    assert names_of(m64.miner.v3.writes) == [SERVICE]
    assert m64.miner.writes == []
