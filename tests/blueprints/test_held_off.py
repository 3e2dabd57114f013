"""A miner that is held off is not started, in all blueprints that start one."""

import pytest

from . import Home
from .rules import SENSOR, Rule, each_rule, switching


@each_rule
async def test_a_miner_that_is_held_off_is_not_started(
    home: Home, rule: Rule, caplog: pytest.LogCaptureFixture
) -> None:
    """The blueprint knows that it would be refused."""
    await home.set(SENSOR, rule.on)
    await rule.automate(home)
    await home.wait(2)
    home.take_commands()
    await home.hold_off()
    assert switching(home) == ["power_off"]

    await home.wait(10)
    assert switching(home) == []
    assert "is held off" not in caplog.text

    await home.release()
    assert switching(home) == ["power_on"]


@each_rule
async def test_after_the_release_the_blueprint_decides_again(
    home: Home, rule: Rule
) -> None:
    """What the blueprint has stopped is started by the blueprint."""
    await home.set(SENSOR, rule.off)
    await rule.automate(home)
    await home.wait(2)
    assert switching(home) == ["power_off"]
    await home.hold_off()
    await home.set(SENSOR, rule.on)
    await home.wait(5)
    assert switching(home) == []

    await home.release()
    await home.wait(2)

    assert switching(home) == ["power_on"]
