"""How V3 writes each command (vendor document of V3, section "Writable API").

Each command has a row in `ROWS` under its name. A parameter has exactly the type that the firmware
takes: most numbers are numbers without an object around them, the power percent is a text in one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..commands import Command, PoolSettings
from ..errors import unsupported
from ..sanitize import Json
from .envelope import CHANGE_PASSWORD
from .session import Write

_MINER: Final = "get.miner.setting"
_FAN: Final = "get.fan.setting"
_SYSTEM: Final = "get.system.setting"
# The command that switches mining, and more, by its parameter.
_SERVICE: Final = "set.miner.service"
_HEAT_MODES: Final[Mapping[str, str]] = {
    "anti_icing": "anti-freezing",
    "heating": "heating",
    "normal": "normal",
}
# Older documents call it so.
_OLD_HEAT_MODES: Final[Mapping[str, str]] = {"anti_icing": "anti-icing"}
# What V3 calls each of `CUSTOMER_MESSAGES`. Some firmware may report the first under another name.
CUSTOMER_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "serial_number": ("CustomerSn", "custom-sn"),
    **{f"message_{number}": (f"msg{number}",) for number in range(10)},
}

# The account that signs is in the parameter of one command.
type Make = Callable[[Command, str], tuple[Write, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How a command is written, and the version of V3 that has it first.

    `write` returns what is sent, one after the other. `reported_by` is the readable command whose
    answer shows the result; without one, every poll shows it, or nothing does. `is_watched` means
    that the other settings in that answer have nothing to do with this one.
    """

    write: Make
    since: tuple[int, int, int] = (3, 0, 0)
    reported_by: str | None = None
    is_watched: bool = False


def _plain(name: str, param: Json = None) -> Make:
    """Write a command that is always the same."""
    return lambda command, account: (Write(name=name, param=param),)


def _value(name: str) -> Make:
    """Write the value of a setting as it is; on and off are the numbers 1 and 0."""

    def write(command: Command, account: str) -> tuple[Write, ...]:
        value = int(command.value) if isinstance(command.value, bool) else command.value
        return (Write(name=name, param=value),)

    return write


def _either(name: str, on: str, off: str) -> Make:
    """Write one word for on, and another for off."""
    return lambda command, account: (
        Write(name=name, param=on if command.value else off),
    )


def _renamed(name: str, **names: str) -> Make:
    """Write parameters as texts, under the names that V3 has for them."""

    def write(command: Command, account: str) -> tuple[Write, ...]:
        texts: dict[str, Json] = {
            sent: str(command.parameters[key]) for sent, key in names.items()
        }
        return (Write(name=name, param=texts),)

    return write


def _power_percent(command: Command, account: str) -> tuple[Write, ...]:
    """Write the percentage as a text, or as the number that the document has."""
    mode = command.parameters["method"]
    as_text: Json = {"percent": str(command.value), "mode": mode}
    as_number: Json = {"percent": command.value, "mode": mode}
    return (Write(name="set.miner.power_percent", param=as_text, instead=as_number),)


def _heat_mode(command: Command, account: str) -> tuple[Write, ...]:
    mode = str(command.value)
    return (
        Write(
            name="set.miner.heat_mode",
            param=_HEAT_MODES[mode],
            instead=_OLD_HEAT_MODES.get(mode),
        ),
    )


def _set_led(command: Command, account: str) -> tuple[Write, ...]:
    flashing: dict[str, Json] = {**command.parameters}
    return (Write(name="set.system.led", param=[flashing] if flashing else "auto"),)


def _update_pools(command: Command, account: str) -> tuple[Write, ...]:
    pools: list[Json] = [_pool(pool) for pool in command.pools]
    return (Write(name="set.miner.pools", param=pools, sealed=True),)


def _pool(pool: PoolSettings) -> dict[str, Json]:
    return {"pool": pool.url, "worker": pool.worker, "passwd": pool.password}


def _change_password(command: Command, account: str) -> tuple[Write, ...]:
    """Write the new password of the account that signs."""
    new, old = command.parameters["new"], command.parameters["old"]
    param: Json = {"account": account, "new": new, "old": old}
    return (Write(name=CHANGE_PASSWORD, param=param, sealed=True),)


def _set_network(command: Command, account: str) -> tuple[Write, ...]:
    """Write the addresses, after the host name, for which V3 has a command of its own."""
    name, given = "set.system.net_config", command.parameters
    if not given:
        return (Write(name=name, param="dhcp"),)
    addresses = Write(
        name=name,
        param={
            "ip": given["ip"],
            "netmask": given["mask"],
            "gateway": given["gateway"],
            "dns": given["dns"],
        },
    )
    if not given["hostname"]:
        return (addresses,)
    return (*_SET_HOSTNAME(command, account), addresses)


def _customer_message(command: Command, account: str) -> tuple[Write, ...]:
    key = CUSTOMER_KEYS[str(command.parameters["key"])][0]
    param: Json = {"key": key, "value": command.parameters["message"]}
    return (Write(name="set.device.custom_data", param=param),)


_SET_HOSTNAME: Final = _renamed("set.system.hostname", hostname="hostname")

ROWS: Final[Mapping[str, Row]] = {
    "mining": Row(write=_either(_SERVICE, "start", "stop")),
    "power_mode": Row(write=_value("set.miner.power_mode"), reported_by=_MINER),
    "power_limit": Row(write=_value("set.miner.power_limit"), reported_by=_MINER),
    "power_percent": Row(write=_power_percent, reported_by=_MINER),
    "power_target": Row(write=_value("set.miner.power"), reported_by=_MINER),
    "heat_mode": Row(write=_heat_mode, reported_by=_MINER),
    "target_frequency": Row(write=_value("set.miner.target_freq"), reported_by=_MINER),
    "upfreq_speed": Row(write=_value("set.miner.upfreq_speed"), reported_by=_MINER),
    "temperature_offset": Row(
        write=_value("set.fan.temp_offset"), reported_by=_FAN, is_watched=True
    ),
    "fast_boot": Row(
        write=_either("set.miner.fastboot", "enable", "disable"), reported_by=_MINER
    ),
    "fast_hash": Row(
        write=_value("set.miner.fast_hash"), since=(3, 0, 2), reported_by=_MINER
    ),
    "start_after_boot": Row(write=_either(_SERVICE, "enable", "disable")),
    "web_pools": Row(
        write=_either("set.system.webpools", "enable", "disable"), reported_by=_SYSTEM
    ),
    "poweroff_cooling": Row(
        write=_value("set.fan.poweroff_cool"), reported_by=_FAN, is_watched=True
    ),
    "fan_zero_speed": Row(
        write=_value("set.fan.zero_speed"), reported_by=_FAN, is_watched=True
    ),
    "restart_mining": Row(write=_plain(_SERVICE, "restart"), reported_by=_MINER),
    "reboot": Row(write=_plain("set.system.reboot")),
    "factory_reset": Row(write=_plain("set.system.factory_reset")),
    "update_pools": Row(write=_update_pools),
    "set_led": Row(write=_set_led),
    "change_password": Row(write=_change_password),
    "set_network": Row(write=_set_network),
    "set_hostname": Row(write=_SET_HOSTNAME),
    "set_time_zone": Row(
        write=_renamed("set.system.timezone", timezone="posix", zonename="name")
    ),
    "set_log_server": Row(
        write=_renamed("set.log.upload", ip="ip", port="port", proto="protocol")
    ),
    "set_customer_message": Row(write=_customer_message, since=(3, 0, 1)),
}


def writes_for(command: Command, account: str) -> tuple[Write, ...]:
    """Return what is sent for a command, one after the other.

    Raises:
        UnsupportedCommandError: V3 has no such command; nothing was sent.

    """
    if command.name not in ROWS:
        raise unsupported(command.name)
    return ROWS[command.name].write(command, account)


def name_of(writes: Sequence[Write]) -> str:
    """Return the name under which a miner may not know what is sent.

    One command has several names, because firmware may not have each of its words.
    """
    last = writes[-1]
    return f"{last.name} {last.param}" if last.name == _SERVICE else last.name
