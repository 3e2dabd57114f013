"""Every command that a miner takes, sent from Home Assistant; docs/commands.md is made of this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import SimulatedMiner
from tests import Clock

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"

# All writable commands of the vendor's document (V2.0.5), written down by hand.
COMMANDS = re.findall(
    r"\w+",
    """
update_pools restart_btminer power_off power_on set_led set_low_power set_normal_power
set_high_power update_firmware reboot factory_reset update_pwd net_config download_logs
set_target_freq enable_btminer_fast_boot disable_btminer_fast_boot enable_web_pools
disable_web_pools set_hostname set_zone load_log set_power_pct set_power_pct_v2 pre_power_on
set_temp_offset adjust_power_limit adjust_upfreq_speed set_poweroff_cool set_fan_zero_speed
""",
)


@dataclass(frozen=True)
class Way:
    """A way from Home Assistant to a command.

    Attributes:
        wire: what has to reach the miner, without the token.
        action: what is called.
        data: what it is called with.
        key: the entity that it is called for; None for an action of our own.
        state: what the miner is in at that moment, other than after the factory.
    """

    wire: Mapping[str, str | int]
    action: str
    data: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """The way in words."""
        if self.key:
            return f"{self.key.replace('.', ' `')}`: `{self.action}`"
        return f"action `{self.action}`"


def button(key: str, command: str, **state: Any) -> Way:
    return Way({"cmd": command}, "button.press", key=f"button.{key}", state=state)


def switch(key: str, on: bool, command: str, **wire: str) -> Way:
    """Return the way of one direction of a switch."""
    return Way(
        {"cmd": command, **wire},
        "switch.turn_on" if on else "switch.turn_off",
        key=f"switch.{key}",
    )


def number(key: str, value: float, command: str, **wire: str) -> Way:
    return Way(
        {"cmd": command, **wire},
        "number.set_value",
        {"value": value},
        key=f"number.{key}",
    )


def ours(action: str, data: Mapping[str, Any], command: str, **wire: str | int) -> Way:
    """Return the way of an action of this integration."""
    return Way({"cmd": command, **wire}, f"{DOMAIN}.{action}", data)


def mode(option: str, **state: Any) -> Way:
    """Return the way of one power mode."""
    return Way(
        {"cmd": f"set_{option}_power"},
        "select.select_option",
        {"option": option},
        key="select.power_mode",
        state=state,
    )


CONFIRMED = {"confirm": True}
FLASH: dict[str, str | int] = {
    "color": "red",
    "period": 200,
    "duration": 100,
    "start": 0,
}
ONE, TWO = "stratum+tcp://one.example:3333", "stratum+ssl://two.example:443"
WAYS = (
    ours(
        "update_pools",
        {
            "pools": [
                {"url": ONE, "worker": "account.1"},
                {"url": TWO, "worker": "account.1", "password": "x"},
            ]
        },
        "update_pools",
        pool1=ONE,
        worker1="account.1",
        passwd1="",
        pool2=TWO,
        worker2="account.1",
        passwd2="x",
        pool3="",
        worker3="",
        passwd3="",
    ),
    button("restart_mining", "restart_btminer"),
    switch("mining", False, "power_off", respbefore="true"),
    switch("mining", True, "power_on"),
    ours("set_led", {"color": "red"}, "set_led", **FLASH),
    ours("set_led", {"mode": "auto"}, "set_led", param="auto"),
    Way({"cmd": "set_led", **FLASH}, "button.press", key="button.identify"),
    mode("low"),
    mode("normal", power_mode="low"),
    mode("high"),
    Way(
        {"cmd": "update_firmware"},
        f"{DOMAIN}.update_firmware",
        CONFIRMED | {"file": "new.bin"},
    ),
    button("reboot", "reboot"),
    ours("factory_reset", CONFIRMED, "factory_reset"),
    ours(
        "change_password",
        CONFIRMED | {"new_password": "new_1234"},
        "update_pwd",
        old="satoshi",
        new="new_1234",
    ),
    ours(
        "set_network",
        CONFIRMED
        | {
            "mode": "static",
            "ip": "192.168.1.50",
            "netmask": "255.255.255.0",
            "gateway": "192.168.1.1",
            "dns": ["192.168.1.1", "9.9.9.9"],
            "hostname": "garage",
        },
        "net_config",
        ip="192.168.1.50",
        mask="255.255.255.0",
        gate="192.168.1.1",
        dns="192.168.1.1 9.9.9.9",
        host="garage",
    ),
    ours("set_network", CONFIRMED | {"mode": "dhcp"}, "net_config", param="dhcp"),
    Way({"cmd": "download_logs"}, f"{DOMAIN}.download_logs"),
    number("target_frequency", -5, "set_target_freq", percent="-5"),
    switch("fast_boot", True, "enable_btminer_fast_boot"),
    switch("fast_boot", False, "disable_btminer_fast_boot"),
    switch("web_pools", True, "enable_web_pools"),
    switch("web_pools", False, "disable_web_pools"),
    ours("set_hostname", {"hostname": "garage"}, "set_hostname", hostname="garage"),
    ours(
        "set_time_zone",
        {"time_zone": "Europe/Berlin"},
        "set_zone",
        timezone="CET-1CEST,M3.5.0,M10.5.0/3",
        zonename="Europe/Berlin",
    ),
    ours(
        "set_log_server",
        {"host": "192.168.1.10"},
        "load_log",
        ip="192.168.1.10",
        port="514",
        proto="udp",
    ),
    ours(
        "set_power_percent",
        {"percent": 80, "method": "fast"},
        "set_power_pct",
        percent="80",
    ),
    ours("set_power_percent", {"percent": 80}, "set_power_pct_v2", percent="80"),
    number("power_percent", 80, "set_power_pct_v2", percent="80"),
    button("preheat", "pre_power_on", mining=False),
    Way({"cmd": "pre_power_on"}, f"{DOMAIN}.preheat", state={"mining": False}),
    number("temperature_offset", -5, "set_temp_offset", temp_offset="-5"),
    number("power_limit", 3000, "adjust_power_limit", power_limit="3000"),
    number("upfreq_speed", 5, "adjust_upfreq_speed", upfreq_speed="5"),
    switch("poweroff_cooling", True, "set_poweroff_cool", poweroff_cool="1"),
    switch("poweroff_cooling", False, "set_poweroff_cool", poweroff_cool="0"),
    switch("fan_zero_speed", True, "set_fan_zero_speed", fan_zero_speed="1"),
    switch("fan_zero_speed", False, "set_fan_zero_speed", fan_zero_speed="0"),
)

INTRODUCTION = """\
# Every command, and how it is reached

This page is made by `tests/docs/test_commands.py`, which sends each of these from Home Assistant
to a simulated miner and compares what arrives. `pytest --snapshot-update` writes it anew.

The middle column is the entity (by its key) with the action that is called for it, or an action
of this integration. The last column is the command as the miner decrypts it; the token, which is
part of each, is left out.

Actions of this integration that take several miners ask all of them at the same time. What fails
at one leaves no other undone; afterwards the action fails with a sentence for each miner that did
not do it. Home Assistant gives an answer or an error, never both, so there is no answer then.

What is entered in an action is known to Home Assistant: the passwords of `update_pools` and
`change_password` are not in its log (unless `homeassistant.core` is set to debug), but they are
in its database and in the traces of automations, as whatever is entered in an action of any
integration. Exclude the event type `call_service` from the recorder if others can read these.

| command | reached by | on the wire |
|---|---|---|
"""


def page() -> str:
    rows = [
        f"| `{way.wire['cmd']}` | {way.said} | `{json.dumps(way.wire)}` |\n"
        for way in WAYS
    ]
    return INTRODUCTION + "".join(rows)


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.option.update_snapshots:
        PAGE.write_text(page())

    assert PAGE.read_text() == page()


def test_every_command_has_a_way() -> None:
    """The list is complete, and in the order of the vendor's document."""
    assert list(dict.fromkeys(way.wire["cmd"] for way in WAYS)) == COMMANDS


@pytest.mark.parametrize(
    ("way", "platforms"),
    [
        pytest.param(
            way,
            (Platform(way.key.partition(".")[0]),) if way.key else (),
            id=f"{way.key or way.action}-{json.dumps(way.wire)}",
        )
        for way in WAYS
    ],
)
async def test_every_way_leads_to_the_miner(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    tmp_path: Path,
    way: Way,
) -> None:
    """Commands are compared byte by byte, except for the token."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "whatsminer" / "firmware"
    folder.mkdir(parents=True)
    (folder / "new.bin").write_bytes(b"firmware")
    for name, value in way.state.items():
        setattr(miner.state, name, value)
        await clock.next_poll()
    target = {ATTR_DEVICE_ID: set_up.device_id}
    if way.key:
        platform, _, key = way.key.partition(".")
        entity_id = entity_registry.async_get_entity_id(
            platform, DOMAIN, f"{config_entry.unique_id}_{key}"
        )
        assert entity_id
        target = {ATTR_ENTITY_ID: entity_id}
    domain, _, action = way.action.partition(".")

    # The test does not wait for the miner to reboot.
    with patch(
        f"custom_components.{DOMAIN}.actions.update_firmware._async_version_after"
    ):
        await hass.services.async_call(
            domain, action, {**way.data, **target}, blocking=True
        )

    assert miner.writes == [way.wire]
