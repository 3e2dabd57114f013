"""The commands: what is wanted from a miner, its bounds, and what it does to mining.

There is one function for each command. It returns a `Command` that is ready to be sent, or raises
`InvalidValueError` or `InvalidTextError`. How a command is written is up to the protocol (`v2`).
The name of a command that changes a setting is that of the setting's field in `ReportedSettings`.

The download of logs and the update of firmware carry files, and are methods of `Miner`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Literal

from .errors import InvalidTextError
from .limits import (
    HEAT_MODES,
    HOSTNAME,
    LED_MILLISECONDS,
    POOLS,
    PORT,
    POSIX_ZONE,
    POWER_LIMIT,
    POWER_PERCENT,
    POWER_TARGET,
    TARGET_FREQUENCY,
    TEMPERATURE_OFFSET,
    UPFREQ_SPEED,
    ZONE_NAME,
    Bounds,
    check_address,
    check_device,
    check_message,
    check_network,
    check_password,
    check_pool_url,
    check_text,
)
from .readings import CUSTOMER_MESSAGES, Preheating

type Value = bool | int | str
type PowerMode = Literal["low", "normal", "high"]
type HeatMode = Literal["anti_icing", "heating", "normal"]

POWER_MODES: Final = ("low", "normal", "high")

# Commands for fans, which a miner that is cooled by liquid does not have.
AIR_ONLY: Final = frozenset(
    {"fan_zero_speed", "poweroff_cooling", "temperature_offset"}
)
# Commands for the liquid that cools a miner.
LIQUID_ONLY: Final = frozenset({"heat_mode"})


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


class Activity(Enum):
    """What a miner does, as far as that decides whether a command has an effect."""

    OFF = "off"
    STARTING = "starting"
    """Mining is on, but the miner does not hash yet."""
    MINING = "mining"


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """A mining pool as it is sent to the miner; an empty URL is an unused place.

    The repr leaves out the URL: some contain a password, although no miner accepts that.
    """

    url: str = field(default="", repr=False)
    worker: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that is ready to be sent.

    `value` is the new value of the setting that has the name of the command; a newer command for
    the same setting replaces one that still waits. In any activity that is not in `needs`, the
    command has no effect for sure. The repr leaves out the parameters and pools, which may be
    secret.
    """

    name: str
    value: Value | None = None
    effect: Effect = Effect.NONE
    needs: frozenset[Activity] = frozenset(Activity)
    parameters: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    pools: tuple[PoolSettings, ...] = field(default=(), repr=False)

    @property
    def setting(self) -> str | None:
        """Return the setting that the command changes, None if it changes none."""
        return None if self.value is None else self.name


class Outcome(Enum):
    """What became of a command."""

    ACCEPTED = auto()
    SILENT = auto()
    """It was sent and its answer was lost, as when mining restarts; it counts as accepted."""
    SUPERSEDED = auto()
    """A newer command for the same setting took its place before it was sent."""
    UNCHANGED = auto()
    """It was not sent, because it would have restarted mining to change nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a command, with the readings in the miner's answer, if it has any."""

    outcome: Outcome
    data: Preheating | None = None

    @property
    def is_accepted(self) -> bool:
        """Return whether the miner took the command."""
        return self.outcome in (Outcome.ACCEPTED, Outcome.SILENT)


# Commands that change a setting.


def power_off() -> Command:
    """Return the command to switch the hashboards off."""
    return Command(name="mining", value=False, effect=Effect.STOPS)


def power_on() -> Command:
    """Return the command to start mining; the miner hashes some minutes later."""
    return Command(name="mining", value=True, effect=Effect.STARTS)


def power_mode(mode: PowerMode) -> Command:
    """Return the command for a power mode.

    A miner may report another one, which cannot be set.
    """
    if mode not in POWER_MODES:
        raise InvalidTextError("power_mode", mode)
    return Command(name="power_mode", value=mode, effect=Effect.RESTARTS_MINING)


def power_limit(watts: float) -> Command:
    """Return the command to limit the wall power; the miner caps it at the model's normal power."""
    return Command(
        name="power_limit",
        value=POWER_LIMIT.check("power_limit", watts),
        effect=Effect.RESTARTS_MINING,
    )


def power_percent(
    percent: float, *, fast: bool = False, maximum: int = POWER_PERCENT.maximum
) -> Command:
    """Return the command for a share of the tuned power, reached in minutes (fast: in a second).

    The miner forgets it when mining restarts, and has no tuned power before. Some miners take more
    than 100 percent; `maximum` is the most that this one is known to take. 100 percent is the tuned
    power itself.
    """
    return Command(
        name="power_percent",
        value=Bounds(POWER_PERCENT.minimum, maximum).check("percent", percent),
        needs=frozenset({Activity.MINING}),
        parameters={"method": "fast" if fast else "normal"},
    )


def power_target(watts: float) -> Command:
    """Return the command to draw a power (W) without a restart; 0 stands for no target.

    A miner that is off or tunes follows it from its next start.
    """
    return Command(
        name="power_target",
        value=POWER_TARGET.check("power_target", watts),
    )


def heat_mode(mode: HeatMode) -> Command:
    """Return the command to protect the coolant from frost, to heat with it, or neither.

    Not every firmware has a command for the third (see `Limits`).
    """
    if mode not in HEAT_MODES:
        raise InvalidTextError("heat_mode", mode)
    return Command(name="heat_mode", value=mode)


def target_frequency(percent: float) -> Command:
    """Return the command to shift the target frequency by a percentage of the normal one."""
    return Command(
        name="target_frequency",
        value=TARGET_FREQUENCY.check("percent", percent),
        effect=Effect.RESTARTS_MINING,
    )


def upfreq_speed(speed: float) -> Command:
    """Return the command for the speed of the next tuning (0: slow and exact, 9 or 10: fast)."""
    return Command(
        name="upfreq_speed",
        value=UPFREQ_SPEED.check("upfreq_speed", speed),
        effect=Effect.NEXT_START,
    )


def temperature_offset(celsius: float) -> Command:
    """Return the command to shift the temperature that the fans hold, from the next start on."""
    return Command(
        name="temperature_offset",
        value=TEMPERATURE_OFFSET.check("temp_offset", celsius),
        effect=Effect.NEXT_START,
    )


def fast_boot(*, on: bool) -> Command:
    """Return the command to skip most of the tuning at the next start, or not to skip it."""
    return Command(name="fast_boot", value=on, effect=Effect.NEXT_START)


def fast_hash(*, on: bool) -> Command:
    """Return the command to raise the hash rate fast in the next start, or not to."""
    return Command(name="fast_hash", value=on, effect=Effect.NEXT_START)


def start_after_boot(*, on: bool) -> Command:
    """Return the command to mine after each boot, or not to until the miner is started."""
    return Command(name="start_after_boot", value=on)


def web_pools(*, on: bool) -> Command:
    """Return the command to allow or forbid changes of the pools on the miner's web page."""
    return Command(name="web_pools", value=on)


def poweroff_cooling(*, on: bool) -> Command:
    """Return the command to keep the fans running after mining has stopped, or not."""
    return Command(name="poweroff_cooling", value=on)


def fan_zero_speed(*, on: bool) -> Command:
    """Return the command to allow the fans to stand still, or not."""
    return Command(name="fan_zero_speed", value=on)


# Other commands.


def restart_mining() -> Command:
    """Return the command to restart the mining process, which runs only while mining is on."""
    return Command(
        name="restart_mining",
        effect=Effect.RESTARTS_MINING,
        needs=frozenset({Activity.STARTING, Activity.MINING}),
    )


def preheat() -> Command:
    """Return the command to preheat a stopped miner; send it again until the answer is complete."""
    return Command(name="preheat", needs=frozenset({Activity.OFF}))


def reboot() -> Command:
    """Return the command to reboot the control board, which takes one to three minutes."""
    return Command(name="reboot", effect=Effect.REBOOTS)


def factory_reset() -> Command:
    """Return the command to erase all settings: network, password, API switch, pools and others."""
    return Command(name="factory_reset", effect=Effect.RESETS)


def update_pools(*pools: PoolSettings) -> Command:
    """Return the command to replace the pool list (one to three pools); mining switches at once.

    The URL of a pool is like `stratum+tcp://pool.example:3333` (or `stratum+ssl`, `stratum+tls`,
    `stratum+tcps`, `stratum2+tcp`).
    """
    POOLS.check("pools", len(pools))
    for pool in pools:
        check_pool_url(pool.url)
    return Command(name="update_pools", pools=pools)


def set_led_auto() -> Command:
    """Return the command to let the miner control its LEDs."""
    return Command(name="set_led")


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
    )


def change_password(old: str, new: str) -> Command:
    """Return the command for a new password; it voids all tokens.

    It has 1 to 64 visible characters of ASCII. V2 takes 1 to 8 of A-Z, a-z, 0-9 and _.
    """
    return Command(
        name="change_password", parameters={"old": old, "new": check_password(new)}
    )


def set_network_dhcp() -> Command:
    """Return the command to get the address from DHCP; the miner reboots."""
    return Command(name="set_network", effect=Effect.REBOOTS)


def set_network(
    ip: str, mask: str, gateway: str, dns: Sequence[str], hostname: str = ""
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
        name="set_network",
        parameters={
            "ip": ip,
            "mask": str(network.netmask),
            "gateway": gateway,
            "dns": " ".join(dns),
            "hostname": check_text("hostname", hostname, HOSTNAME) if hostname else "",
        },
        effect=Effect.REBOOTS,
    )


def set_hostname(hostname: str) -> Command:
    """Return the command to set the host name, which the miner uses after a reboot."""
    return Command(
        name="set_hostname",
        parameters={"hostname": check_text("hostname", hostname, HOSTNAME)},
    )


def set_time_zone(posix: str, name: str) -> Command:
    """Return the command for a time zone, as POSIX text (`CST-8`) and by name (`Asia/Shanghai`)."""
    return Command(
        name="set_time_zone",
        parameters={
            "posix": check_text("timezone", posix, POSIX_ZONE),
            "name": check_text("zonename", name, ZONE_NAME),
        },
    )


def set_log_server(ip: str, port: int, protocol: Literal["tcp", "udp"]) -> Command:
    """Return the command to send the miner's log to a syslog server."""
    return Command(
        name="set_log_server",
        parameters={
            "ip": check_address("ip", ip),
            "port": PORT.check("port", port),
            "protocol": protocol,
        },
    )


def set_customer_message(key: str, message: str) -> Command:
    """Return the command to store a text of at most 127 bytes under one of `CUSTOMER_MESSAGES`."""
    if key not in CUSTOMER_MESSAGES:
        raise InvalidTextError("message_key", key)
    return Command(
        name="set_customer_message",
        parameters={"key": key, "message": check_message(message)},
    )
