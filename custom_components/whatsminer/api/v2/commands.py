"""How V2 writes each command (vendor document, section "Writable API").

Each command has a row in `ROWS` under its name. All parameters are texts, as the firmware expects
them, except for the numbers of the LED.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ..commands import Command, PoolSettings
from ..errors import unsupported
from ..limits import (
    PASSWORD,
    POWER_PERCENT,
    POWER_TARGET,
    Bounds,
    Limits,
    check_password,
)
from .generations import Generation

type Parameters = Mapping[str, str | int]

_EVERY_FIRMWARE: Final = frozenset(Generation)
# The last document of V1 (V1.3.8) does not have the command.
_SINCE_V2: Final = _EVERY_FIRMWARE - {Generation.V1}
# The document of V2.2 no longer has the command.
_BEFORE_V2_2: Final = _EVERY_FIRMWARE - {Generation.V2_2}
# Only the document of V2.2 has the command.
_V2_2: Final = frozenset({Generation.V2_2})

_HEAT_MODES: Final[Mapping[str, str]] = {
    "anti_icing": "anti-icing",
    "heating": "heating",
}
LIMITS: Final = Limits(
    upfreq_speed=Bounds(0, 9),
    # The document does not say what 0 W does.
    power_target=Bounds(1, POWER_TARGET.maximum),
    heat_modes=tuple(_HEAT_MODES),
    password=PASSWORD,
)
# What V2.2 calls each of `CUSTOMER_MESSAGES`.
CUSTOMER_KEYS: Final[Mapping[str, str]] = {
    "serial_number": "CustomerSn",
    **{f"message_{number}": f"msg{number}" for number in range(10)},
}


@dataclass(frozen=True, slots=True)
class Request:
    """A command as it is sent; `optional` is explained by `Attempt`.

    The repr leaves out the parameters, which may be secret.
    """

    name: str
    parameters: Parameters = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    optional: bool = False


type Write = Callable[[Command, Generation], tuple[Request, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How a command is written, and which firmware has it.

    `write` returns the request, followed by those to send where the firmware does not know it.
    `reported_by` is the readable command whose answer shows the result.
    """

    write: Write
    firmware: frozenset[Generation] = _EVERY_FIRMWARE
    reported_by: str | None = None


def _plain(name: str, **parameters: str) -> Write:
    """Write a command that is always the same."""
    return lambda command, generation: (Request(name, parameters),)


def _value(name: str, parameter: str) -> Write:
    """Write the value of a setting as text; on and off are 1 and 0."""

    def write(command: Command, generation: Generation) -> tuple[Request, ...]:
        value = int(command.value) if isinstance(command.value, bool) else command.value
        return (Request(name, {parameter: str(value)}),)

    return write


def _mining(command: Command, generation: Generation) -> tuple[Request, ...]:
    if command.value:
        return (Request("power_on"),)
    return (Request("power_off", {"respbefore": "true"}),)  # answer before it stops


def _power_mode(command: Command, generation: Generation) -> tuple[Request, ...]:
    return (Request(f"set_{command.value}_power"),)


def _power_percent(command: Command, generation: Generation) -> tuple[Request, ...]:
    parameters = {"percent": str(command.value)}
    ways = []
    if generation is Generation.V2_2 and command.value == POWER_PERCENT.maximum:
        # It undoes what both of the others do, so that the miner has the power it was tuned to.
        ways.append(Request("restore_power_pct", optional=True))
    if generation is not Generation.V1 and command.parameters["method"] != "fast":
        ways.append(Request("set_power_pct_v2", parameters))
    return (*ways, Request("set_power_pct", parameters))


def _heat_mode(command: Command, generation: Generation) -> tuple[Request, ...]:
    return (Request("set_heat_mode", {"mode": _HEAT_MODES[str(command.value)]}),)


def _fast_boot(command: Command, generation: Generation) -> tuple[Request, ...]:
    process = "cgminer" if generation is Generation.V1 else "btminer"
    return (Request(f"{_enable(command)}_{process}_fast_boot"),)


def _start_after_boot(command: Command, generation: Generation) -> tuple[Request, ...]:
    return (Request(f"{_enable(command)}_btminer_init"),)


def _web_pools(command: Command, generation: Generation) -> tuple[Request, ...]:
    return (Request(f"{_enable(command)}_web_pools"),)


def _enable(command: Command) -> str:
    return "enable" if command.value else "disable"


def _update_pools(command: Command, generation: Generation) -> tuple[Request, ...]:
    parameters: dict[str, str | int] = {}
    for number in (1, 2, 3):  # the firmware has three places
        known = number <= len(command.pools)
        pool = command.pools[number - 1] if known else PoolSettings()
        parameters[f"pool{number}"] = pool.url
        parameters[f"worker{number}"] = pool.worker
        parameters[f"passwd{number}"] = pool.password
    return (Request("update_pools", parameters),)


def _set_led(command: Command, generation: Generation) -> tuple[Request, ...]:
    return (Request("set_led", command.parameters or {"param": "auto"}),)


def _change_password(command: Command, generation: Generation) -> tuple[Request, ...]:
    new = check_password(str(command.parameters["new"]), LIMITS.password)
    return (Request("update_pwd", {"old": command.parameters["old"], "new": new}),)


def _set_network(command: Command, generation: Generation) -> tuple[Request, ...]:
    if not command.parameters:
        return (Request("net_config", {"param": "dhcp"}),)
    names = {"gateway": "gate", "hostname": "host"}
    return (
        Request(
            "net_config",
            {names.get(key, key): value for key, value in command.parameters.items()},
        ),
    )


def _customer_message(command: Command, generation: Generation) -> tuple[Request, ...]:
    key = CUSTOMER_KEYS[str(command.parameters["key"])]
    message = command.parameters["message"]
    return (Request("set_customer_msg", {"key": key, "val": message}),)


def _renamed(name: str, **names: str) -> Write:
    """Write the parameters of a command as texts, under other names: `sent="known"`."""

    def write(command: Command, generation: Generation) -> tuple[Request, ...]:
        parameters = {sent: str(command.parameters[key]) for sent, key in names.items()}
        return (Request(name, parameters),)

    return write


ROWS: Final[Mapping[str, Row]] = {
    "mining": Row(write=_mining, reported_by="get_psu"),
    "power_mode": Row(write=_power_mode, reported_by="get_psu"),
    "power_limit": Row(
        write=_value("adjust_power_limit", "power_limit"),
        firmware=_SINCE_V2,
        reported_by="get_psu",
    ),
    "power_percent": Row(write=_power_percent),
    "power_target": Row(write=_value("set_power", "power"), firmware=_V2_2),
    "heat_mode": Row(write=_heat_mode, firmware=_V2_2),
    "target_frequency": Row(
        write=_value("set_target_freq", "percent"), reported_by="get_psu"
    ),
    "upfreq_speed": Row(
        write=_value("adjust_upfreq_speed", "upfreq_speed"),
        firmware=_SINCE_V2,
        reported_by="get_miner_info",
    ),
    "temperature_offset": Row(
        write=_value("set_temp_offset", "temp_offset"), firmware=_SINCE_V2
    ),
    "fast_boot": Row(write=_fast_boot),
    "start_after_boot": Row(write=_start_after_boot, firmware=_V2_2),
    "web_pools": Row(write=_web_pools),
    "poweroff_cooling": Row(
        write=_value("set_poweroff_cool", "poweroff_cool"), firmware=_SINCE_V2
    ),
    "fan_zero_speed": Row(
        write=_value("set_fan_zero_speed", "fan_zero_speed"), firmware=_SINCE_V2
    ),
    "restart_mining": Row(write=_plain("restart_btminer"), reported_by="get_psu"),
    "preheat": Row(write=_plain("pre_power_on"), firmware=_BEFORE_V2_2),
    "reboot": Row(write=_plain("reboot")),
    "factory_reset": Row(write=_plain("factory_reset")),
    "update_pools": Row(write=_update_pools),
    "set_led": Row(write=_set_led, reported_by="get_miner_info"),
    "change_password": Row(write=_change_password),
    "set_network": Row(write=_set_network),
    "set_hostname": Row(
        write=_renamed("set_hostname", hostname="hostname"),
        reported_by="get_miner_info",
    ),
    "set_time_zone": Row(write=_renamed("set_zone", timezone="posix", zonename="name")),
    "set_log_server": Row(
        write=_renamed("load_log", ip="ip", port="port", proto="protocol")
    ),
    "set_customer_message": Row(write=_customer_message, firmware=_V2_2),
}


def requests_for(command: Command, generation: Generation) -> tuple[Request, ...]:
    """Return the request for a command, followed by those to send where it is not known.

    Raises:
        UnsupportedCommandError: V2 has no such command; nothing was sent.
        InvalidValueError, InvalidTextError: V2 takes less than other protocols; nothing was sent.

    """
    if command.name not in ROWS:
        raise unsupported(command.name)
    LIMITS.check(command.name, command.value)
    return ROWS[command.name].write(command, generation)


def commands_of(generation: Generation) -> frozenset[str]:
    """Return the names of the commands that the document of a generation has."""
    return frozenset(name for name, row in ROWS.items() if generation in row.firmware)
