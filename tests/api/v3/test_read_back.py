"""What was set is read back, and so are its neighbours, because "ok" proves nothing."""

from typing import Any

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.errors import UnsupportedCommandError

from .framed_miner import FramedMiner, framed, refusal, success
from .owner import Owner

NETWORK, SALT_ASKED = "get.device.info network", "get.device.info salt"
FAN = "get.fan.setting"


def set_in(miner: FramedMiner, **keys: str) -> None:
    """Let a miner do what it is told: the value of each command goes into its fan settings."""
    names = {f"set.fan.{name}": key for name, key in keys.items()}

    def change(command: str, param: Any) -> None:
        miner.answers[FAN][names[command]] = param

    miner.on_write = change


HONEST = {
    "poweroff_cool": "fan-poweroff-cool",
    "zero_speed": "fan-zero-speed",
    "temp_offset": "fan-temp-offset",
}


async def test_a_setting_of_the_fans_is_read_back_with_its_neighbours(
    owner: Owner,
) -> None:
    set_in(owner.miner, **HONEST)
    await owner.accepted(commands.fan_zero_speed(on=True))
    assert owner.miner.asked == [NETWORK, FAN, SALT_ASKED, "set.fan.zero_speed", FAN]
    assert owner.miner.connections == 1


async def test_a_neighbour_that_moved_is_put_back_and_the_command_is_not_used_again(
    owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    """As firmware 20250214.16.1.AMS does it."""
    set_in(owner.miner, **HONEST | {"zero_speed": "fan-poweroff-cool"})
    with pytest.raises(UnsupportedCommandError) as caught:
        await owner.send(commands.fan_zero_speed(on=False))
    assert caught.value.command == "set.fan.zero_speed"
    assert owner.miner.answers[FAN]["fan-poweroff-cool"] == 1
    assert owner.miner.writes[1:] == [("set.fan.poweroff_cool", 1)]
    assert "changed poweroff_cooling" in caplog.text
    owner.miner.forget()
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.fan_zero_speed(on=False))
    assert owner.miner.asked == []
    await owner.accepted(commands.poweroff_cooling(on=False))


async def test_a_neighbour_that_cannot_be_put_back_is_logged(
    owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    set_in(owner.miner, **HONEST | {"zero_speed": "fan-poweroff-cool"})
    owner.miner.refuses["set.fan.poweroff_cool"] = refusal(-1, "busy")
    with pytest.raises(UnsupportedCommandError):
        await owner.send(commands.fan_zero_speed(on=False))
    assert "poweroff_cooling was not put back" in caplog.text


@pytest.mark.parametrize(
    "answers",
    [[framed(refusal(-2))] * 2, [framed(success({})), framed(refusal(-1))]],
)
async def test_what_cannot_be_read_back_is_accepted(
    owner: Owner, answers: list[bytes]
) -> None:
    """The next polls show what was set."""
    left = iter(answers)
    owner.miner.answers[FAN] = lambda call: call.send(next(left))
    await owner.accepted(commands.fan_zero_speed(on=True))


async def test_the_next_poll_reads_what_was_set(owner: Owner) -> None:
    set_in(owner.miner, **HONEST)
    await owner.protocol.poll()
    command = commands.temperature_offset(-20)
    await owner.accepted(command)
    assert (await owner.protocol.poll()).settings.temperature_offset == -10
    owner.protocol.expect_change(command)
    assert (await owner.protocol.poll()).settings.temperature_offset == -20
    owner.protocol.expect_change(commands.reboot())
    owner.protocol.forget_firmware()


def test_after_a_command_that_only_v2_has_there_is_nothing_to_read(
    owner: Owner,
) -> None:
    owner.protocol.expect_change(commands.preheat())
