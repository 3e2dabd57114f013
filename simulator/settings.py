"""The settings of the miner, which survive a power off."""

from dataclasses import dataclass, field
from typing import Literal

type PowerMode = Literal["low", "normal", "high"]
type LedColor = Literal["red", "green"]


@dataclass(slots=True)
class Pool:
    """A mining pool with its counters.

    Attributes:
        user: the account and worker, ``account.worker``.
        alive: whether the pool answers; the first that does is mined on.
        accepted: shares since mining started.
        rejected: shares since mining started.
        last_share: epoch seconds, 0 before the first.
    """

    url: str
    user: str
    password: str = ""
    alive: bool = True
    accepted: int = 0
    rejected: int = 0
    last_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Led:
    """How one LED flashes; all in milliseconds."""

    period: int
    duration: int
    start: int


@dataclass(frozen=True, slots=True)
class Network:
    """The network settings as the miner reports them."""

    proto: Literal["dhcp", "static"] = "dhcp"
    ip: str = ""
    netmask: str = "255.255.255.0"
    gateway: str = "192.168.1.1"
    dns: str = "192.168.1.1"


@dataclass(frozen=True, slots=True)
class RemoteLog:
    """Where the miner sends its syslog."""

    ip: str
    port: int
    proto: Literal["tcp", "udp"]


def _factory_pools() -> list[Pool]:
    return [Pool("stratum+tcp://btc.pool.example:3333", "simulated.001")]


@dataclass(kw_only=True)
class Settings:
    """Everything that survives ``power_off`` and a reboot; the defaults are the factory's.

    Attributes:
        power_limit: W as it was set, None while the factory's limit is in force.
        target_freq: percent away from the normal frequency.
        temp_offset: degrees C, 0 or less: how much cooler than usual to run.
        heat_mode: compat firmware and V3, on liquid cooling only.
        power_target: W that V3 was asked to draw, 0 for none.
        fast_hash: V3 only.
        random_start: the longest random delay of a start in seconds; V3 reports it, and
            the machine starts at once all the same. The same for ``random_stop``.
        init_enabled: whether mining starts by itself after a reboot.
        led: the LEDs under manual control; empty while they are automatic.
        next_hostname: a host name that takes effect at the next reboot.
    """

    power_mode: PowerMode = "normal"
    power_limit: int | None = None
    target_freq: int = 0
    upfreq_speed: int = 0
    fast_boot: bool = False
    web_pools: bool = True
    temp_offset: int = 0
    poweroff_cool: bool = False
    fan_zero_speed: bool = False
    heat_mode: str = "normal"
    power_target: int = 0
    fast_hash: bool = False
    coin: str = "BTC"
    init_enabled: bool = True
    led: dict[LedColor, Led] = field(default_factory=dict)
    hostname: str = "WhatsMiner"
    next_hostname: str | None = None
    network: Network = field(default_factory=Network)
    timezone: str = "CST-8"
    zonename: str = "Asia/Shanghai"
    ntp_servers: tuple[str, ...] = (
        "0.cn.pool.ntp.org",
        "0.openwrt.pool.ntp.org",
        "0.pool.ntp.org",
    )
    random_start: int = 0
    random_stop: int = 0
    remote_log: RemoteLog | None = None
    ssh: bool = False
    customer: dict[str, str] = field(default_factory=dict)
    pools: list[Pool] = field(default_factory=_factory_pools)
