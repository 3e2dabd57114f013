"""The catalogue of writable commands: wire name, parameters, bounds, effect.

One function for each entry of the vendor document, section "Writable API", under the same name.
Each returns a `Command` that is ready to be sent, or raises `InvalidValueError` before anything
is. Numbers go out as text, because the firmware reads text; only the LED takes numbers.

`update_firmware` and `download_logs` carry binary data and are not here.
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
    """Reboots, and forgets all settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that is ready to be sent.

    `setting` names what it sets and `value` to what; a newer command for the same setting
    replaces one that still waits. `told_by` is the seldom read command that tells its result.
    `v1_name` is what V1 firmware calls it, `fallback` what is sent where the firmware does not
    know this command. Parameters are not shown in logs.
    """

    name: str
    parameters: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    effect: Effect = Effect.NONE
    setting: str | None = None
    value: Value | None = None
    told_by: str | None = None
    v1_name: str | None = None
    fallback: Command | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A mining pool as the miner is told of it; an empty URL is an unused place.

    The URL is not shown in logs either: some have a password in it, although no miner takes that.
    """

    url: str = field(default="", repr=False)
    worker: str = ""
    password: str = field(default="", repr=False)


def update_pools(*pools: Pool) -> Command:
    """Replace the whole pool list (one to three pools); mining switches at once.

    A pool is given as `stratum+tcp://pool.example:3333` (or `stratum+ssl`, `stratum+tls`,
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
    """Restart the mining process."""
    return Command(
        name="restart_btminer", effect=Effect.RESTARTS_MINING, told_by="get_psu"
    )


def power_off() -> Command:
    """Stop mining and switch the hashboards off; the miner answers before it does."""
    return Command(
        name="power_off",
        parameters={"respbefore": "true"},
        effect=Effect.STOPS,
        setting="mining",
        value=False,
        told_by="get_psu",
    )


def power_on() -> Command:
    """Switch the hashboards on and start mining; hashing follows minutes later."""
    return Command(
        name="power_on",
        effect=Effect.STARTS,
        setting="mining",
        value=True,
        told_by="get_psu",
    )


def set_led_auto() -> Command:
    """Let the miner drive its LEDs."""
    return Command(
        name="set_led", parameters={"param": "auto"}, told_by="get_miner_info"
    )


def set_led(
    color: Literal["red", "green"], period: int, duration: int, start: int
) -> Command:
    """Flash one LED: on for `duration` of every `period`, after `start` (all ms)."""
    return Command(
        name="set_led",
        parameters={
            "color": color,
            "period": LED_MILLISECONDS.check("period", period),
            "duration": LED_MILLISECONDS.check("duration", duration),
            "start": LED_MILLISECONDS.check("start", start),
        },
        told_by="get_miner_info",
    )


def set_power_mode(mode: PowerMode) -> Command:
    """Choose a mode (`set_low_power`, `set_normal_power`, `set_high_power`)."""
    return Command(
        name=f"set_{mode}_power",
        effect=Effect.RESTARTS_MINING,
        setting="power_mode",
        value=mode,
        told_by="get_psu",
    )


def reboot() -> Command:
    """Reboot the control board; the miner is away for one to three minutes."""
    return Command(name="reboot", effect=Effect.REBOOTS)


def factory_reset() -> Command:
    """Erase all settings: network, password, API switch, pools, power mode and limit."""
    return Command(name="factory_reset", effect=Effect.RESETS)


def update_pwd(old: str, new: str) -> Command:
    """Change the password (8 of A-Z, a-z, 0-9 and _ at most); every token becomes void."""
    return Command(
        name="update_pwd",
        parameters={"old": old, "new": check_password(new)},
    )


def net_config_dhcp() -> Command:
    """Take the address from DHCP; reboots."""
    return Command(
        name="net_config", parameters={"param": "dhcp"}, effect=Effect.REBOOTS
    )


def net_config(
    ip: str, mask: str, gateway: str, dns: Sequence[str], host: str = ""
) -> Command:
    """Take a static IPv4 address; reboots, and answers there afterwards."""
    network = check_network(ip, mask)
    check_device("ip", ip, network)
    check_device("gateway", gateway, network)
    if gateway == ip:  # two devices with one address cut the whole network off
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
    """Shift the target frequency by a percentage of the normal one; 0 is none."""
    number = TARGET_FREQUENCY.check("percent", percent)
    return Command(
        name="set_target_freq",
        parameters={"percent": str(number)},
        effect=Effect.RESTARTS_MINING,
        setting="target_frequency",
        value=number,
        told_by="get_psu",
    )


def btminer_fast_boot(switch: Switch) -> Command:
    """Skip most of the tuning at the next start (`enable_`/`disable_btminer_fast_boot`)."""
    return Command(
        name=f"{switch}_btminer_fast_boot",
        effect=Effect.NEXT_START,
        setting="fast_boot",
        value=switch == "enable",
        v1_name=f"{switch}_cgminer_fast_boot",
    )


def web_pools(switch: Switch) -> Command:
    """Let pools be edited on the miner's web page (`enable_`/`disable_web_pools`)."""
    return Command(
        name=f"{switch}_web_pools", setting="web_pools", value=switch == "enable"
    )


def set_hostname(hostname: str) -> Command:
    """Set the host name; it shows after a reboot."""
    return Command(
        name="set_hostname",
        parameters={"hostname": check_text("hostname", hostname, HOSTNAME)},
        told_by="get_miner_info",
    )


def set_zone(timezone: str, zonename: str) -> Command:
    """Set the time zone, as POSIX text (`CST-8`) and by name (`Asia/Shanghai`)."""
    return Command(
        name="set_zone",
        parameters={
            "timezone": check_text("timezone", timezone, POSIX_ZONE),
            "zonename": check_text("zonename", zonename, ZONE_NAME),
        },
    )


def load_log(ip: str, port: int, proto: Literal["tcp", "udp"]) -> Command:
    """Send the miner's log to a syslog server."""
    return Command(
        name="load_log",
        parameters={
            "ip": check_address("ip", ip),
            "port": str(PORT.check("port", port)),
            "proto": proto,
        },
    )


def set_power_pct(percent: float) -> Command:
    """Take this share of the tuned power within a second (fast mode); forgotten at a restart."""
    return _percent("set_power_pct", percent)


def set_power_pct_v2(percent: float) -> Command:
    """Go to this share of the tuned power over minutes (normal mode); forgotten at a restart.

    Firmware that does not know it gets `set_power_pct`.
    """
    return _percent(
        "set_power_pct_v2",
        percent,
        v1_name="set_power_pct",
        fallback=set_power_pct(percent),
    )


def pre_power_on() -> Command:
    """Heat the boards of a stopped miner up; repeat it until the answer says complete."""
    return Command(name="pre_power_on")


def set_temp_offset(celsius: float) -> Command:
    """Shift the temperature that fans hold; counts from the next start."""
    number = TEMPERATURE_OFFSET.check("temp_offset", celsius)
    return Command(
        name="set_temp_offset",
        parameters={"temp_offset": str(number)},
        effect=Effect.NEXT_START,
        setting="temperature_offset",
        value=number,
    )


def adjust_power_limit(watts: float) -> Command:
    """Limit the wall power; more than the model's ordinary power is clamped by the miner."""
    number = POWER_LIMIT.check("power_limit", watts)
    return Command(
        name="adjust_power_limit",
        parameters={"power_limit": str(number)},
        effect=Effect.RESTARTS_MINING,
        setting="power_limit",
        value=number,
        told_by="get_psu",
    )


def adjust_upfreq_speed(speed: float) -> Command:
    """Choose how fast frequencies climb in the next tuning (0 slow and exact, 9 fast)."""
    number = UPFREQ_SPEED.check("upfreq_speed", speed)
    return Command(
        name="adjust_upfreq_speed",
        parameters={"upfreq_speed": str(number)},
        effect=Effect.NEXT_START,
        setting="upfreq_speed",
        value=number,
        told_by="get_miner_info",
    )


def set_poweroff_cool(*, on: bool) -> Command:
    """Keep the fans running after mining stopped."""
    return _zero_or_one("set_poweroff_cool", "poweroff_cool", "poweroff_cooling", on)


def set_fan_zero_speed(*, on: bool) -> Command:
    """Allow the fans to stand still."""
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
