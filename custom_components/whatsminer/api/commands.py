"""The writable commands: their names, parameters, bounds and effects.

There is one function for each entry of the vendor document, section "Writable API", under the
same name. It returns a `Command` that is ready to be sent, or raises `InvalidValueError` or
`InvalidTextError`. Numbers are sent as text, which the firmware expects, except for the LED.

`update_firmware` and `download_logs` carry files and are in `transfers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from .errors import InvalidTextError
from .limits import (
    HOSTNAME,
    LED_MILLISECONDS,
    POOLS,
    PORT,
    POSIX_ZONE,
    POWER_LIMIT,
    POWER_PERCENT,
    TARGET_FREQUENCY,
    TEMPERATURE_OFFSET,
    UPFREQ_SPEED,
    ZONE_NAME,
    check_address,
    check_device,
    check_network,
    check_password,
    check_pool_url,
    check_text,
)

type Value = bool | int | str
type PowerMode = Literal["low", "normal", "high"]
type Switch = Literal["enable", "disable"]


class Effect(Enum):
    """What a command does to mining."""

    NONE = auto()
    NEXT_START = auto()
    STARTS = auto()
    STOPS = auto()
    RESTARTS_MINING = auto()
    REBOOTS = auto()
    RESETS = auto()
    """Reboots, and erases all settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that is ready to be sent.

    `setting` is the setting that it changes, and `value` the new value; a newer command for the
    same setting replaces one that still waits. `reported_by` is the slow command whose answer
    shows the result. `v1_name` is its name in V1 firmware, `fallback` the command to send if the
    firmware does not know this one. The repr leaves out the parameters, which may be secret.
    """

    name: str
    parameters: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    effect: Effect = Effect.NONE
    setting: str | None = None
    value: Value | None = None
    reported_by: str | None = None
    v1_name: str | None = None
    fallback: Command | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A mining pool as it is sent to the miner; an empty URL is an unused place.

    The repr leaves out the URL: some contain a password, although no miner accepts that.
    """

    url: str = field(default="", repr=False)
    worker: str = ""
    password: str = field(default="", repr=False)


def update_pools(*pools: Pool) -> Command:
    """Return the command to replace the pool list (one to three pools); mining switches at once.

    The URL of a pool is like `stratum+tcp://pool.example:3333` (or `stratum+ssl`, `stratum+tls`,
    `stratum+tcps`, `stratum2+tcp`).
    """
    POOLS.check("pools", len(pools))
    for pool in pools:
        check_pool_url(pool.url)
    parameters: dict[str, str | int] = {}
    for number in (1, 2, 3):
        pool = pools[number - 1] if number <= len(pools) else Pool()
        parameters[f"pool{number}"] = pool.url
        parameters[f"worker{number}"] = pool.worker
        parameters[f"passwd{number}"] = pool.password
    return Command(name="update_pools", parameters=parameters)


def restart_btminer() -> Command:
    """Return the command to restart the mining process."""
    return Command(
        name="restart_btminer", effect=Effect.RESTARTS_MINING, reported_by="get_psu"
    )


def power_off() -> Command:
    """Return the command to switch the hashboards off; the miner answers before it stops."""
    return Command(
        name="power_off",
        parameters={"respbefore": "true"},
        effect=Effect.STOPS,
        setting="mining",
        value=False,
        reported_by="get_psu",
    )


def power_on() -> Command:
    """Return the command to start mining; the miner hashes some minutes later."""
    return Command(
        name="power_on",
        effect=Effect.STARTS,
        setting="mining",
        value=True,
        reported_by="get_psu",
    )


def set_led_auto() -> Command:
    """Return the command to let the miner control its LEDs."""
    return Command(
        name="set_led", parameters={"param": "auto"}, reported_by="get_miner_info"
    )


def set_led(
    color: Literal["red", "green"], period: int, duration: int, start: int
) -> Command:
    """Return the command to flash an LED for `duration` of each `period`, after `start` (ms)."""
    return Command(
        name="set_led",
        parameters={
            "color": color,
            "period": LED_MILLISECONDS.check("period", period),
            "duration": LED_MILLISECONDS.check("duration", duration),
            "start": LED_MILLISECONDS.check("start", start),
        },
        reported_by="get_miner_info",
    )


def set_power_mode(mode: PowerMode) -> Command:
    """Return the command for a mode (`set_low_power`, `set_normal_power`, `set_high_power`)."""
    return Command(
        name=f"set_{mode}_power",
        effect=Effect.RESTARTS_MINING,
        setting="power_mode",
        value=mode,
        reported_by="get_psu",
    )


def reboot() -> Command:
    """Return the command to reboot the control board, which takes one to three minutes."""
    return Command(name="reboot", effect=Effect.REBOOTS)


def factory_reset() -> Command:
    """Return the command to erase all settings: network, password, API switch, pools and others."""
    return Command(name="factory_reset", effect=Effect.RESETS)


def update_pwd(old: str, new: str) -> Command:
    """Return the command for a new password (1 to 8 of A-Z, a-z, 0-9, _); it voids all tokens."""
    return Command(
        name="update_pwd",
        parameters={"old": old, "new": check_password(new)},
    )


def net_config_dhcp() -> Command:
    """Return the command to get the address from DHCP; the miner reboots."""
    return Command(
        name="net_config", parameters={"param": "dhcp"}, effect=Effect.REBOOTS
    )


def net_config(
    ip: str, mask: str, gateway: str, dns: Sequence[str], host: str = ""
) -> Command:
    """Return the command to use a static IPv4 address; the miner reboots and then answers there."""
    network = check_network(ip, mask)
    check_device("ip", ip, network)
    check_device("gateway", gateway, network)
    if gateway == ip:  # no device could reach the router any more
        raise InvalidTextError("gateway", gateway)
    for server in dns:
        check_address("dns", server)
    return Command(
        name="net_config",
        parameters={
            "ip": ip,
            "mask": str(network.netmask),
            "gate": gateway,
            "dns": " ".join(dns),
            "host": check_text("hostname", host, HOSTNAME) if host else "",
        },
        effect=Effect.REBOOTS,
    )


def set_target_freq(percent: float) -> Command:
    """Return the command to shift the target frequency by a percentage of the normal one."""
    number = TARGET_FREQUENCY.check("percent", percent)
    return Command(
        name="set_target_freq",
        parameters={"percent": str(number)},
        effect=Effect.RESTARTS_MINING,
        setting="target_frequency",
        value=number,
        reported_by="get_psu",
    )


def btminer_fast_boot(switch: Switch) -> Command:
    """Return the command to skip most of the tuning at the next start, or not to skip it."""
    return Command(
        name=f"{switch}_btminer_fast_boot",
        effect=Effect.NEXT_START,
        setting="fast_boot",
        value=switch == "enable",
        v1_name=f"{switch}_cgminer_fast_boot",
    )


def web_pools(switch: Switch) -> Command:
    """Return the command to allow or forbid changes of the pools on the miner's web page."""
    return Command(
        name=f"{switch}_web_pools", setting="web_pools", value=switch == "enable"
    )


def set_hostname(hostname: str) -> Command:
    """Return the command to set the host name, which the miner uses after a reboot."""
    return Command(
        name="set_hostname",
        parameters={"hostname": check_text("hostname", hostname, HOSTNAME)},
        reported_by="get_miner_info",
    )


def set_zone(timezone: str, zonename: str) -> Command:
    """Return the command for a time zone, as POSIX text (`CST-8`) and by name (`Asia/Shanghai`)."""
    return Command(
        name="set_zone",
        parameters={
            "timezone": check_text("timezone", timezone, POSIX_ZONE),
            "zonename": check_text("zonename", zonename, ZONE_NAME),
        },
    )


def load_log(ip: str, port: int, proto: Literal["tcp", "udp"]) -> Command:
    """Return the command to send the miner's log to a syslog server."""
    return Command(
        name="load_log",
        parameters={
            "ip": check_address("ip", ip),
            "port": str(PORT.check("port", port)),
            "proto": proto,
        },
    )


def set_power_pct(percent: float) -> Command:
    """Return the command for a share of the tuned power, reached in a second (fast mode)."""
    return _percent("set_power_pct", percent)


def set_power_pct_v2(percent: float) -> Command:
    """Return the command for a share of the tuned power, reached in minutes (normal mode).

    Its fallback is `set_power_pct`. The miner forgets either share when mining restarts.
    """
    return _percent(
        "set_power_pct_v2",
        percent,
        v1_name="set_power_pct",
        fallback=set_power_pct(percent),
    )


def pre_power_on() -> Command:
    """Return the command to preheat a stopped miner; send it again until the answer is complete."""
    return Command(name="pre_power_on")


def set_temp_offset(celsius: float) -> Command:
    """Return the command to shift the temperature that the fans hold, from the next start on."""
    number = TEMPERATURE_OFFSET.check("temp_offset", celsius)
    return Command(
        name="set_temp_offset",
        parameters={"temp_offset": str(number)},
        effect=Effect.NEXT_START,
        setting="temperature_offset",
        value=number,
    )


def adjust_power_limit(watts: float) -> Command:
    """Return the command to limit the wall power; the miner caps it at the model's normal power."""
    number = POWER_LIMIT.check("power_limit", watts)
    return Command(
        name="adjust_power_limit",
        parameters={"power_limit": str(number)},
        effect=Effect.RESTARTS_MINING,
        setting="power_limit",
        value=number,
        reported_by="get_psu",
    )


def adjust_upfreq_speed(speed: float) -> Command:
    """Return the command for the speed of the next tuning (0: slow and exact, 9: fast)."""
    number = UPFREQ_SPEED.check("upfreq_speed", speed)
    return Command(
        name="adjust_upfreq_speed",
        parameters={"upfreq_speed": str(number)},
        effect=Effect.NEXT_START,
        setting="upfreq_speed",
        value=number,
        reported_by="get_miner_info",
    )


def set_poweroff_cool(*, on: bool) -> Command:
    """Return the command to keep the fans running after mining has stopped, or not."""
    return _zero_or_one("set_poweroff_cool", "poweroff_cool", "poweroff_cooling", on)


def set_fan_zero_speed(*, on: bool) -> Command:
    """Return the command to allow the fans to stand still, or not."""
    return _zero_or_one("set_fan_zero_speed", "fan_zero_speed", "fan_zero_speed", on)


def _percent(
    name: str,
    percent: float,
    v1_name: str | None = None,
    fallback: Command | None = None,
) -> Command:
    number = POWER_PERCENT.check("percent", percent)
    return Command(
        name=name,
        parameters={"percent": str(number)},
        setting="power_percent",
        value=number,
        v1_name=v1_name,
        fallback=fallback,
    )


def _zero_or_one(name: str, parameter: str, setting: str, on: bool) -> Command:
    return Command(
        name=name,
        parameters={parameter: "1" if on else "0"},
        setting=setting,
        value=on,
    )
