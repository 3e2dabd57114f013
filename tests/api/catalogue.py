"""The writable commands with what the vendor's documents say of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, override

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, Effect, PoolSettings
from custom_components.whatsminer.api.v2.generations import Generation


@dataclass(frozen=True)
class Entry:
    """A function of the api with arguments, and the request that it must make.

    Attributes:
        generation: the firmware for which it makes this request, None if V2 has no such
            command, and its name here is just that of the test.
    """

    make: Callable[..., Command]
    arguments: tuple[Any, ...]
    name: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    effect: Effect = Effect.NONE
    named: Mapping[str, Any] = field(default_factory=dict)
    generation: Generation | None = Generation.V2

    @override
    def __str__(self) -> str:
        """Return the name of the test."""
        return "-".join(
            [self.name, *(str(value) for value in self.parameters.values())]
        )

    @cached_property
    def command(self) -> Command:
        """Return the command."""
        return self.make(*self.arguments, **self.named)


_POOLS = (
    PoolSettings("stratum+tcp://one:3333", "account.1", "x"),
    PoolSettings("stratum+tcp://two:3333", "account.2"),
)

CATALOGUE = (
    Entry(
        commands.update_pools,
        _POOLS,
        "update_pools",
        {
            "pool1": "stratum+tcp://one:3333",
            "worker1": "account.1",
            "passwd1": "x",
            "pool2": "stratum+tcp://two:3333",
            "worker2": "account.2",
            "passwd2": "",
            "pool3": "",
            "worker3": "",
            "passwd3": "",
        },
    ),
    Entry(
        commands.restart_mining, (), "restart_btminer", effect=Effect.RESTARTS_MINING
    ),
    Entry(
        commands.power_off, (), "power_off", {"respbefore": "true"}, effect=Effect.STOPS
    ),
    Entry(commands.power_on, (), "power_on", effect=Effect.STARTS),
    Entry(commands.set_led_auto, (), "set_led", {"param": "auto"}),
    Entry(
        commands.set_led,
        ("red", 200, 100, 0),
        "set_led",
        {"color": "red", "period": 200, "duration": 100, "start": 0},
    ),
    *(
        Entry(
            commands.power_mode,
            (mode,),
            f"set_{mode}_power",
            effect=Effect.RESTARTS_MINING,
        )
        for mode in ("low", "normal", "high")
    ),
    Entry(commands.reboot, (), "reboot", effect=Effect.REBOOTS),
    Entry(commands.factory_reset, (), "factory_reset", effect=Effect.RESETS),
    Entry(
        commands.change_password,
        ("satoshi", "nakamoto"),
        "update_pwd",
        {"old": "satoshi", "new": "nakamoto"},
    ),
    Entry(
        commands.set_network_dhcp,
        (),
        "net_config",
        {"param": "dhcp"},
        effect=Effect.REBOOTS,
    ),
    Entry(
        commands.set_network,
        ("10.0.0.9", "255.0.0.0", "10.0.0.1", ("1.1.1.1", "9.9.9.9"), "rig7"),
        "net_config",
        {
            "ip": "10.0.0.9",
            "mask": "255.0.0.0",
            "gate": "10.0.0.1",
            "dns": "1.1.1.1 9.9.9.9",
            "host": "rig7",
        },
        effect=Effect.REBOOTS,
    ),
    Entry(
        commands.target_frequency,
        (-5,),
        "set_target_freq",
        {"percent": "-5"},
        effect=Effect.RESTARTS_MINING,
    ),
    *(
        Entry(
            commands.fast_boot,
            (),
            f"{switch}_btminer_fast_boot",
            effect=Effect.NEXT_START,
            named={"on": on},
        )
        for switch, on in (("enable", True), ("disable", False))
    ),
    *(
        Entry(commands.web_pools, (), f"{switch}_web_pools", named={"on": on})
        for switch, on in (("enable", True), ("disable", False))
    ),
    Entry(commands.set_hostname, ("rig7",), "set_hostname", {"hostname": "rig7"}),
    Entry(
        commands.set_time_zone,
        ("CST-8", "Asia/Shanghai"),
        "set_zone",
        {"timezone": "CST-8", "zonename": "Asia/Shanghai"},
    ),
    Entry(
        commands.set_log_server,
        ("10.0.0.5", 514, "udp"),
        "load_log",
        {"ip": "10.0.0.5", "port": "514", "proto": "udp"},
    ),
    Entry(
        commands.power_percent,
        (50,),
        "set_power_pct",
        {"percent": "50"},
        named={"fast": True},
    ),
    Entry(commands.power_percent, (60,), "set_power_pct_v2", {"percent": "60"}),
    Entry(commands.preheat, (), "pre_power_on"),
    Entry(
        commands.temperature_offset,
        (-10,),
        "set_temp_offset",
        {"temp_offset": "-10"},
        effect=Effect.NEXT_START,
    ),
    Entry(
        commands.power_limit,
        (3000,),
        "adjust_power_limit",
        {"power_limit": "3000"},
        effect=Effect.RESTARTS_MINING,
    ),
    Entry(
        commands.upfreq_speed,
        (3,),
        "adjust_upfreq_speed",
        {"upfreq_speed": "3"},
        effect=Effect.NEXT_START,
    ),
    Entry(
        commands.poweroff_cooling,
        (),
        "set_poweroff_cool",
        {"poweroff_cool": "1"},
        named={"on": True},
    ),
    Entry(
        commands.fan_zero_speed,
        (),
        "set_fan_zero_speed",
        {"fan_zero_speed": "0"},
        named={"on": False},
    ),
    *(
        Entry(
            commands.power_percent,
            (100,),
            "restore_power_pct",
            named={"fast": fast},
            generation=Generation.V2_2,
        )
        for fast in (False, True)
    ),
    Entry(
        commands.power_target,
        (3000,),
        "set_power",
        {"power": "3000"},
        generation=Generation.V2_2,
    ),
    *(
        Entry(
            commands.fast_hash,
            (),
            f"fast_hash_{on}",
            effect=Effect.NEXT_START,
            named={"on": on},
            generation=None,
        )
        for on in (True, False)
    ),
    *(
        Entry(
            commands.heat_mode,
            (mode,),
            "set_heat_mode",
            {"mode": sent},
            generation=Generation.V2_2,
        )
        for mode, sent in (("anti_icing", "anti-icing"), ("heating", "heating"))
    ),
    *(
        Entry(
            commands.start_after_boot,
            (),
            f"{switch}_btminer_init",
            named={"on": on},
            generation=Generation.V2_2,
        )
        for switch, on in (("enable", True), ("disable", False))
    ),
    *(
        Entry(
            commands.set_customer_message,
            (key, text),
            "set_customer_msg",
            {"key": sent, "val": text},
            generation=Generation.V2_2,
        )
        for key, sent, text in (
            ("serial_number", "CustomerSn", "A-17"),
            ("message_0", "msg0", "rack 3, shelf 2"),
            ("message_9", "msg9", ""),
        )
    ),
)

# Those that V2 has.
OF_V2 = tuple(entry for entry in CATALOGUE if entry.generation)

# What takes a number, with its bounds.
NUMBERS = (
    (lambda value: commands.power_percent(value, fast=True), 0, 100),
    (commands.power_percent, 0, 100),
    (commands.power_limit, 1, 99999),
    (commands.temperature_offset, -30, 0),
    (commands.target_frequency, -100, 100),
    (commands.upfreq_speed, 0, 10),
    (commands.power_target, 0, 99999),
    (lambda value: commands.set_led("green", value, 0, 0), 0, 65535),
    (lambda value: commands.set_led("green", 0, value, 0), 0, 65535),
    (lambda value: commands.set_led("green", 0, 0, value), 0, 65535),
)
