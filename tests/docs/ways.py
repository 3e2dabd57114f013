"""The ways from Home Assistant to the commands of a miner."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import json
from typing import Any, Final

from custom_components.whatsminer.const import DOMAIN

CONFIRMED: Final = {"confirm": True}
STATIC: Final = CONFIRMED | {
    "mode": "static",
    "ip": "192.168.1.50",
    "netmask": "255.255.255.0",
    "gateway": "192.168.1.1",
    "dns": ["192.168.1.1", "9.9.9.9"],
    "hostname": "garage",
}
ONE, TWO = "stratum+tcp://one.example:3333", "stratum+ssl://two.example:443"


@dataclass(frozen=True)
class Way:
    """A way from Home Assistant to a command.

    Attributes:
        wire: what has to reach the miner, without what signs it.
        action: what is called.
        data: what it is called with.
        key: the entity that it is called for; None for an action of our own.
        state: what the miner is in at that moment, other than after the factory.
        miner: the miner that knows the command.
        before: what has to reach it before.
    """

    wire: Mapping[str, Any]
    action: str
    data: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    miner: str = "air_miner"
    before: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The name of the test."""
        return f"{self.miner}-{self.key or self.action}-{json.dumps(self.wire)}"

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        """All that has to reach the miner."""
        return [*self.before, self.wire]

    @property
    def said(self) -> str:
        """The way in words."""
        if self.key:
            return f"{self.key.replace('.', ' `')}`: `{self.action}`"
        return f"action `{self.action}`"


def button(key: str, command: str, **state: Any) -> Way:
    return Way({"cmd": command}, "button.press", key=f"button.{key}", state=state)


def switch(key: str, on: bool, command: str, **wire: Any) -> Way:
    """Return the way of one direction of a switch."""
    return Way(
        {"cmd": command, **wire},
        "switch.turn_on" if on else "switch.turn_off",
        key=f"switch.{key}",
    )


def number(key: str, value: float, command: str, **wire: Any) -> Way:
    return Way(
        {"cmd": command, **wire},
        "number.set_value",
        {"value": value},
        key=f"number.{key}",
    )


def ours(action: str, data: Mapping[str, Any], command: str, **wire: Any) -> Way:
    """Return the way of an action of this integration."""
    return Way({"cmd": command, **wire}, f"{DOMAIN}.{action}", data)


def names_of(ways: Iterable[Way]) -> list[str]:
    """Return the commands of some ways, each once."""
    return list(dict.fromkeys(each["cmd"] for way in ways for each in way.sent))
