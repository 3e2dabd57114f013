"""How V3 writes each command, with exactly the types that the firmware takes."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, PoolSettings
from custom_components.whatsminer.api.errors import UnsupportedCommandError
from custom_components.whatsminer.api.v3.commands import (
    CUSTOMER_KEYS,
    ROWS,
    name_of,
    writes_for,
)
from custom_components.whatsminer.api.v3.fields import SETTINGS
from custom_components.whatsminer.api.v3.session import Write
from custom_components.whatsminer.api.v3.support import support_of
from tests.api.catalogue import CATALOGUE

POOL: Final = PoolSettings("stratum+tcp://pool.example:3333", "w.1", "x")
SERVICE: Final = "set.miner.service"
ALL: Final = {entry.command.name for entry in CATALOGUE}

# Each command, and what is sent for it.
TABLE: Final[list[tuple[Command, str, Any]]] = [
    (commands.power_off(), SERVICE, "stop"),
    (commands.power_on(), SERVICE, "start"),
    (commands.restart_mining(), SERVICE, "restart"),
    (commands.start_after_boot(on=True), SERVICE, "enable"),
    (commands.start_after_boot(on=False), SERVICE, "disable"),
    (commands.power_mode("low"), "set.miner.power_mode", "low"),
    (commands.power_mode("normal"), "set.miner.power_mode", "normal"),
    (commands.power_mode("high"), "set.miner.power_mode", "high"),
    (commands.power_limit(3000.4), "set.miner.power_limit", 3000),
    (
        commands.power_percent(80, fast=True),
        "set.miner.power_percent",
        {"percent": "80", "mode": "fast"},
    ),
    (
        commands.power_percent(100),
        "set.miner.power_percent",
        {"percent": "100", "mode": "normal"},
    ),
    (commands.target_frequency(-5), "set.miner.target_freq", -5),
    (commands.upfreq_speed(5), "set.miner.upfreq_speed", 5),
    (commands.power_target(3000.4), "set.miner.power", 3000),
    (commands.power_target(0), "set.miner.power", 0),
    (commands.fast_hash(on=True), "set.miner.fast_hash", 1),
    (commands.fast_hash(on=False), "set.miner.fast_hash", 0),
    (commands.fast_boot(on=True), "set.miner.fastboot", "enable"),
    (commands.fast_boot(on=False), "set.miner.fastboot", "disable"),
    (commands.heat_mode("heating"), "set.miner.heat_mode", "heating"),
    (commands.heat_mode("normal"), "set.miner.heat_mode", "normal"),
    (commands.heat_mode("anti_icing"), "set.miner.heat_mode", "anti-freezing"),
    (commands.temperature_offset(-5), "set.fan.temp_offset", -5),
    (commands.poweroff_cooling(on=True), "set.fan.poweroff_cool", 1),
    (commands.fan_zero_speed(on=False), "set.fan.zero_speed", 0),
    (commands.web_pools(on=True), "set.system.webpools", "enable"),
    (commands.web_pools(on=False), "set.system.webpools", "disable"),
    (commands.set_led_auto(), "set.system.led", "auto"),
    (
        commands.set_led("red", 200, 100, 0),
        "set.system.led",
        [{"color": "red", "period": 200, "duration": 100, "start": 0}],
    ),
    (commands.set_hostname("garage"), "set.system.hostname", {"hostname": "garage"}),
    (
        commands.set_time_zone("CET-1", "Europe/Berlin"),
        "set.system.timezone",
        {"timezone": "CET-1", "zonename": "Europe/Berlin"},
    ),
    (
        commands.set_log_server("192.0.2.5", 514, "udp"),
        "set.log.upload",
        {"ip": "192.0.2.5", "port": "514", "proto": "udp"},
    ),
    (commands.set_network_dhcp(), "set.system.net_config", "dhcp"),
    (
        commands.set_network("192.0.2.7", "24", "192.0.2.1", ["192.0.2.1"]),
        "set.system.net_config",
        {
            "ip": "192.0.2.7",
            "netmask": "255.255.255.0",
            "gateway": "192.0.2.1",
            "dns": "192.0.2.1",
        },
    ),
    (
        commands.update_pools(POOL),
        "set.miner.pools",
        [
            {
                "pool": "stratum+tcp://pool.example:3333",
                "worker": "w.1",
                "passwd": "x",
            }
        ],
    ),
    (
        commands.change_password("super", "Secret_1"),
        "set.user.change_passwd",
        {"account": "user1", "new": "Secret_1", "old": "super"},
    ),
    (
        commands.set_customer_message("serial_number", "A 1"),
        "set.device.custom_data",
        {"key": "CustomerSn", "value": "A 1"},
    ),
    (
        commands.set_customer_message("message_9", ""),
        "set.device.custom_data",
        {"key": "msg9", "value": ""},
    ),
    (commands.reboot(), "set.system.reboot", None),
    (commands.factory_reset(), "set.system.factory_reset", None),
]
SEALED: Final = {"set.miner.pools", "set.user.change_passwd"}


@pytest.mark.parametrize(("command", "name", "param"), TABLE)
def test_a_command_has_its_name_and_its_parameter(
    command: Command, name: str, param: object
) -> None:
    (write,) = writes_for(command, "user1")
    assert (write.name, write.param) == (name, param)
    assert type(write.param) is type(param)
    assert write.sealed is (name in SEALED)


def test_every_command_is_in_the_table() -> None:
    assert {command.name for command, _, _ in TABLE} == set(ROWS)


def test_v3_has_every_command_but_preheating() -> None:
    assert set(ROWS) == ALL - {"preheat"}
    with pytest.raises(UnsupportedCommandError) as caught:
        writes_for(commands.preheat(), "super")
    assert not caught.value.request_sent


def test_which_version_has_which_commands() -> None:
    assert support_of((3, 0, 2)).commands == set(ROWS)
    assert support_of((3, 0, 1)).commands == set(ROWS) - {"fast_hash"}
    missing = {"fast_hash", "set_customer_message"}
    assert support_of((3, 0, 0)).commands == set(ROWS) - missing


def test_a_host_name_is_set_before_the_addresses() -> None:
    """The miner reboots after these, and V3 has no place for the name in them."""
    command = commands.set_network("192.0.2.7", "24", "192.0.2.1", [], "garage")
    first, second = writes_for(command, "super")
    assert first == Write(name="set.system.hostname", param={"hostname": "garage"})
    assert second.name == name_of((first, second)) == "set.system.net_config"


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        (commands.power_percent(80), {"percent": 80, "mode": "normal"}),
        (commands.heat_mode("anti_icing"), "anti-icing"),
        (commands.heat_mode("heating"), None),
        (commands.power_limit(3000), None),
    ],
)
def test_some_parameters_have_another_form_for_other_firmware(
    command: Command, instead: object
) -> None:
    (write,) = writes_for(command, "super")
    assert write.instead == instead


def test_firmware_may_lack_one_word_of_a_command() -> None:
    """That it knows no "enable" must not keep a miner from being started."""
    names = {
        name_of(writes_for(command, "super"))
        for command, name, _ in TABLE
        if name == SERVICE
    }
    assert len(names) == 5
    (write,) = writes_for(commands.reboot(), "super")
    assert name_of((write,)) == "set.system.reboot"


def test_what_shows_a_setting_is_a_command_that_reads_it() -> None:
    rows: Mapping[str, str] = {
        name: row.reported_by for name, row in ROWS.items() if row.reported_by
    }
    for name, command in rows.items():
        assert name == "restart_mining" or name in SETTINGS[command].names
    watched = {name for name, row in ROWS.items() if row.is_watched}
    assert watched == {"temperature_offset", "poweroff_cooling", "fan_zero_speed"}


def test_every_customer_message_has_its_key() -> None:
    assert CUSTOMER_KEYS["message_0"] == ("msg0",)
    assert len(CUSTOMER_KEYS) == 11
