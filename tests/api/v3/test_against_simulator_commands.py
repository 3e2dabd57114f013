"""The client of V3 sends the simulated miner commands and files (see `test_against_simulator`)."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, Outcome, PoolSettings
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    FirmwareRefusedError,
    RefusedError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from simulator import Quirk, Unconfirmed

from .simulated import FAN, HEAT, HYDRO, PASSWORD, Meet, every_cooling, every_version
from .test_commands import TABLE

NOT_IN_3_0_0: Final = {"set.device.custom_data", "set.miner.fast_hash"}
IMAGE: Final = b"image" * 50_000


# Commands


@every_cooling
@pytest.mark.parametrize("api", ["3.0.0", "3.0.5"])
@pytest.mark.parametrize(
    ("command", "name", "param"),
    TABLE,
    ids=[f"{name} {param}" for _, name, param in TABLE],
)
async def test_every_command_is_taken(
    meet: Meet, api: str, model: str, command: Command, name: str, param: Any
) -> None:
    if command.name == "change_password":
        command = commands.change_password(PASSWORD, "Secret_1")
        param = {"account": "super", "new": "Secret_1", "old": PASSWORD}
    async with meet(api=api, model=model) as owner:
        if name in NOT_IN_3_0_0 and api == "3.0.0":
            with pytest.raises(UnsupportedCommandError):
                await owner.send(command)
            return
        unsuitable = FAN if model == HYDRO else HEAT
        if command.name in unsuitable:
            with pytest.raises(RefusedError):
                await owner.send(command)
            return
        assert await owner.send(command) is Outcome.ACCEPTED
        (write,) = owner.miner.v3.writes
        assert write == {
            "cmd": name,
            "account": "super",
            **({} if param is None else {"param": param}),
        }


async def test_what_was_set_is_what_was_meant(meet: Meet) -> None:
    async with meet() as owner:
        state = owner.miner.state
        pools = (
            PoolSettings("stratum+tcp://one.example:3333", "w.1", "x"),
            PoolSettings("stratum+tcp://two.example:3333", "w.2", "y"),
        )
        await owner.send(commands.update_pools(*pools))
        assert [pool.url for pool in (await owner.poll()).pools] == [
            pool.url for pool in pools
        ]
        await owner.send(commands.set_led("red", 200, 100, 0))
        await owner.poll()
        assert list(state.led) == ["red"]
        await owner.send(commands.set_led_auto())
        assert not state.led
        await owner.send(commands.set_time_zone("CET-1", "Europe/Berlin"))
        assert state.zonename == "Europe/Berlin"
        await owner.send(commands.set_log_server("192.0.2.5", 514, "tcp"))
        assert state.remote_log and state.remote_log.port == 514
        await owner.send(commands.set_customer_message("message_3", "Grüße"))
        await owner.send(commands.set_customer_message("serial_number", "A 1"))
        texts = await owner.protocol.customer_messages()
        assert {name: value for name, value in texts.items() if value} == {
            "message_3": "Grüße",
            "serial_number": "A 1",
        }


async def test_a_reboot_brings_the_host_name(meet: Meet) -> None:
    async with meet() as owner:
        await owner.send(commands.set_hostname("garage"))
        assert await owner.send(commands.reboot()) is Outcome.ACCEPTED
        with pytest.raises(CannotConnectError):
            await owner.poll()
        assert (await owner.poll(after=600)).device.hostname == "garage"


# Oddities of some firmware


@pytest.mark.parametrize(
    "quirks",
    [
        (Quirk.ONE_ANSWER,),
        (Quirk.HEARTBEATS,),
        (Quirk.SPLIT_WRITES, Quirk.HEARTBEATS),
        (Quirk.NUMERIC_PERCENT,),
        (Quirk.STRICT_TIME,),
        (Quirk.PASSWORD_TEXT, Quirk.STRICT_TIME),
        (Quirk.ONE_ANSWER, Quirk.STRICT_TIME, Quirk.PASSWORD_TEXT),
        (Quirk.NEWLINES, Quirk.KEEP_OPEN),
    ],
)
async def test_an_odd_firmware_takes_commands_as_well(
    meet: Meet, quirks: tuple[Quirk, ...]
) -> None:
    """The clock of the simulated miner is far from that of the tests."""
    async with meet(*quirks) as owner:
        for _ in range(2):
            assert (await owner.poll()).settings.mining
        assert await owner.send(commands.power_percent(80)) is Outcome.ACCEPTED
        assert (await owner.poll()).settings.power_percent == 80
        assert await owner.send(commands.fan_zero_speed(on=True)) is Outcome.ACCEPTED
        assert (await owner.poll()).settings.fan_zero_speed
        await owner.protocol.check_password(PASSWORD)
        with pytest.raises(WrongPasswordError):
            await owner.protocol.check_password("wrong")
        assert await owner.send(commands.power_off()) is Outcome.ACCEPTED
        assert not (await owner.poll()).settings.mining


async def test_a_flag_that_moved_is_put_back(
    meet: Meet, caplog: pytest.LogCaptureFixture
) -> None:
    async with meet(Quirk.CROSSED_FANS, api="3.0.1") as owner:
        await owner.send(commands.poweroff_cooling(on=False))
        with pytest.raises(UnsupportedCommandError):
            await owner.send(commands.fan_zero_speed(on=True))
        settings = (await owner.poll()).settings
        assert (settings.fan_zero_speed, settings.poweroff_cooling) == (False, False)
        assert "put back" in caplog.text
        writes = len(owner.miner.v3.writes)
        with pytest.raises(UnsupportedCommandError):
            await owner.send(commands.fan_zero_speed(on=True))
        assert len(owner.miner.v3.writes) == writes


# Who may write


@pytest.mark.parametrize("quirks", [(), (Quirk.PASSWORD_TEXT,)])
async def test_a_wrong_password_is_told_from_a_closed_switch(
    meet: Meet, quirks: tuple[Quirk, ...]
) -> None:
    async with meet(*quirks, password="wrong") as owner:
        with pytest.raises(WrongPasswordError):
            await owner.send(commands.power_off())
        owner.miner.api_open = False
        for attempt in (
            owner.send(commands.power_off()),
            owner.protocol.check_password(PASSWORD),
        ):
            with pytest.raises(WriteAccessClosedError):
                await attempt
        assert owner.miner.v3.writes == []
        assert (await owner.poll()).settings.mining


async def test_the_password_of_the_factory_may_be_refused(meet: Meet) -> None:
    async with meet(super_password="super", password="super") as lenient:
        assert await lenient.send(commands.set_led_auto()) is Outcome.ACCEPTED
    async with meet(
        Quirk.DEFAULT_REFUSED, super_password="super", password="super"
    ) as strict:
        with pytest.raises(WrongPasswordError):
            await strict.send(commands.set_led_auto())
        strict.miner.v3.password = strict.target.password = PASSWORD
        assert await strict.send(commands.set_led_auto()) is Outcome.ACCEPTED


async def test_another_account_may_do_what_it_was_granted(meet: Meet) -> None:
    async with meet(account="user1", password="user1") as owner:
        with pytest.raises(WrongPasswordError):
            await owner.send(commands.set_led_auto())
        owner.miner.v3.accounts.grant("user1", {"set.system.led"})
        assert await owner.send(commands.set_led_auto()) is Outcome.ACCEPTED
        with pytest.raises(WrongPasswordError):
            await owner.send(commands.power_off())
        assert [write["account"] for write in owner.miner.v3.writes] == ["user1"]


async def test_a_changed_password_is_used_from_then_on(meet: Meet) -> None:
    async with meet() as owner:
        await owner.send(commands.set_led_auto())
        new = "Secret_1"
        changed = await owner.send(commands.change_password(PASSWORD, new))
        assert changed is Outcome.ACCEPTED
        owner.target.password = new
        assert await owner.send(commands.set_led_auto()) is Outcome.ACCEPTED
        owner.miner.v3.accounts.renew_salt()  # another client may have caused it
        assert await owner.send(commands.power_off()) is Outcome.ACCEPTED


# Files


@pytest.mark.parametrize("quirk", [None, Quirk.JOINED_LOGS, Quirk.SPLIT_WRITES])
@every_version
async def test_the_log_arrives_as_it_is(
    meet: Meet, api: str, quirk: Quirk | None
) -> None:
    async with meet(*filter(None, [quirk]), api=api) as owner:
        owner.miner.logs = bytes(range(256)) * 200
        log = bytearray()

        async def keep(piece: bytes) -> None:
            log.extend(piece)

        assert await owner.protocol.download_logs(keep) == len(owner.miner.logs)
        assert log == owner.miner.logs


async def image() -> AsyncGenerator[bytes]:
    """Return the pieces of a firmware."""
    for begin in range(0, len(IMAGE), 100_000):
        yield IMAGE[begin : begin + 100_000]


@every_version
@pytest.mark.parametrize("confirms", [True, False])
async def test_a_firmware_is_installed(meet: Meet, api: str, *, confirms: bool) -> None:
    async with meet(api=api) as owner:
        await owner.poll()
        owner.miner.next_firmware = "20270101.16.Rel"
        if not confirms:
            owner.miner.misbehave("set.system.update_firmware", Unconfirmed())
        shares: list[float] = []
        result = await owner.protocol.update_firmware(
            image(), len(IMAGE), shares.append
        )
        expected = Outcome.ACCEPTED if confirms else Outcome.SILENT
        assert result.outcome is expected
        assert shares[-1] == 1
        assert owner.miner.images[-1].whole
        owner.pass_time(600)
        assert await owner.protocol.firmware() == "20270101.16.Rel"


async def test_a_firmware_that_does_not_fit_is_refused(meet: Meet) -> None:
    async with meet() as owner:
        owner.miner.refuses_firmware = True
        with pytest.raises(FirmwareRefusedError):
            await owner.protocol.update_firmware(image(), len(IMAGE), print)
        owner.miner.api_open = False
        with pytest.raises(WriteAccessClosedError):
            await owner.protocol.update_firmware(image(), len(IMAGE), print)
        assert len(owner.miner.images) == 1
