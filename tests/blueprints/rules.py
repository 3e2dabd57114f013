"""The blueprints that stop and start a miner, each at two states of a sensor."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from . import Home

SENSOR: Final = "sensor.outside"


@dataclass(frozen=True)
class Rule:
    """A blueprint that mines at one state of a sensor, and does not at another."""

    blueprint: str
    on: float
    off: float
    sensor: str
    inputs: dict[str, Any]

    async def automate(self, home: Home, **inputs: Any) -> None:
        """Make the automation; there is no minimum time unless it is given."""
        given = {"min_off": 0, **inputs}
        if self.blueprint == "keep_cool":
            given.pop("min_on", None)
        else:
            given.setdefault("min_on", 0)
        given |= {"miners": {"entity_id": "switch.garage"}, self.sensor: SENSOR}
        await home.automate(self.blueprint, **self.inputs, **given)


MINIMUM_ON: Final = (
    Rule("mine_when_cheap", 0.05, 0.3, "price_sensor", {}),
    Rule("follow_the_sun", 20000, 0, "set_point", {"full_power": 3400}),
    Rule("heat", 15, 25, "temperature_sensor", {"cap": 80}),
)
RULES: Final = (
    *MINIMUM_ON,
    Rule("keep_cool", 20, 50, "temperature_sensor", {"come_back": "always"}),
)

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.blueprint)
each_minimum_on = pytest.mark.parametrize(
    "rule", MINIMUM_ON, ids=lambda rule: rule.blueprint
)


def switching(home: Home) -> list[str]:
    """Return the commands that switch the miner, since they were last taken."""
    return [text for text in home.take_commands() if text.startswith("power_o")]
