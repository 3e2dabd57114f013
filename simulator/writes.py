"""The writable commands: their arguments, their generations, what they do."""

from collections.abc import Callable
from dataclasses import dataclass
import re
from typing import cast

from .arguments import (
    address,
    lenient,
    milliseconds,
    name_of,
    number,
    one_of,
    require,
    text,
)
from .device import Device, Generation
from .errors import Code, Refusal
from .machine import FAST_SECONDS, NORMAL_SECONDS
from .models import Cooling
from .quirks import Quirk
from .settings import Led, LedColor, Network, Pool, PowerMode, RemoteLog
from .wire import Json, JsonObject

type Carry = Callable[[Device, JsonObject], Json]

OK_TEXT = "API command OK"
STOP_REASON = "by whatsminer api"
_EVERY = frozenset(Generation)
_SINCE_V2 = frozenset({Generation.V2, Generation.COMPAT, Generation.V3})
_V1 = frozenset({Generation.V1})
_BEFORE_COMPAT = frozenset({Generation.V1, Generation.V2})
_COMPAT = frozenset({Generation.COMPAT, Generation.V3})

_PASSWORD = re.compile(r"[A-Za-z0-9_]{1,8}")
_LIMIT_RESET = 99_999
_FADING_SECONDS = 120.0  # after which mining comes back, where a stop does not hold
_CUSTOMER_KEYS = ("CustomerSn", *(f"msg{n}" for n in range(10)))
_POOL_PLACES = 3


@dataclass(frozen=True, slots=True)
class Writable:
    """A privileged command.

    Attributes:
        carry_out: does it and returns the ``Msg`` of the answer.
        generations: the firmware that knows it; any other answers 14.
        interrupts: whether it restarts mining or the board, so that some firmware closes
            the connection without an answer.
    """

    carry_out: Carry
    generations: frozenset[Generation]
    interrupts: bool


WRITABLE: dict[str, Writable] = {}


def command(
    *names: str,
    generations: frozenset[Generation] = _EVERY,
    interrupts: bool = False,
) -> Callable[[Callable[[Device, JsonObject], Json | None]], Carry]:
    """Register a function under the names of the commands it carries out."""

    def enter(function: Callable[[Device, JsonObject], Json | None]) -> Carry:
        def carry_out(device: Device, arguments: JsonObject) -> Json:
            if Quirk.STRICT_TYPES not in device.quirks:
                arguments = lenient(arguments)
            message = function(device, arguments)
            return OK_TEXT if message is None else message

        for name in names:
            WRITABLE[name] = Writable(carry_out, generations, interrupts)
        return carry_out

    return enter


# Mining


@command("power_off")
def _power_off(device: Device, arguments: JsonObject) -> None:
    state = device.state
    if Quirk.POWER_OFF_FADES in device.quirks:
        state.stop_until(STOP_REASON, state.now + _FADING_SECONDS)
    else:
        state.stop(STOP_REASON)


@command("power_on")
def _power_on(device: Device, arguments: JsonObject) -> None:
    if Quirk.V3_STOP_STAYS not in device.quirks or not device.state.paused:
        device.state.mining = True


@command("pre_power_on", generations=_BEFORE_COMPAT)
def _pre_power_on(device: Device, arguments: JsonObject) -> Json:
    require(not device.state.mining)
    stage = device.state.preheat()
    complete = "true" if stage == "adjust complete" else "false"
    return {"complete": complete, "msg": stage}


@command("restart_btminer", interrupts=True)
def _restart_btminer(device: Device, arguments: JsonObject) -> None:
    device.state.restart()


@command("enable_btminer_init", "disable_btminer_init", generations=_COMPAT)
def _set_btminer_init(device: Device, arguments: JsonObject) -> None:
    device.state.init_enabled = _enables(arguments)


# Power and tuning


@command("set_low_power", "set_normal_power", "set_high_power", interrupts=True)
def _set_power_mode(device: Device, arguments: JsonObject) -> None:
    mode = name_of(arguments).removeprefix("set_").removesuffix("_power")
    device.state.power_mode = cast(PowerMode, mode)
    device.state.restart()


@command("adjust_power_limit", generations=_SINCE_V2)
def _adjust_power_limit(device: Device, arguments: JsonObject) -> None:
    limit = number(arguments, "power_limit", 0, _LIMIT_RESET)
    device.state.power_limit = None if limit == _LIMIT_RESET else limit
    device.state.restart()


@command("set_target_freq")
def _set_target_freq(device: Device, arguments: JsonObject) -> None:
    cooled_by_air = device.state.model.cooling is Cooling.AIR
    highest = 0 if cooled_by_air and device.generation is Generation.V2 else 100
    lowest = -10 if device.generation is Generation.V1 else -100
    device.state.target_freq = number(arguments, "percent", lowest, highest)
    device.state.restart()


@command("adjust_upfreq_speed", generations=_SINCE_V2)
def _adjust_upfreq_speed(device: Device, arguments: JsonObject) -> None:
    device.state.upfreq_speed = number(arguments, "upfreq_speed", 0, 9)


@command("set_power_pct")
def _set_power_pct(device: Device, arguments: JsonObject) -> None:
    device.state.set_percent(number(arguments, "percent", 0, 100), FAST_SECONDS)


@command("set_power_pct_v2", generations=_SINCE_V2)
def _set_power_pct_v2(device: Device, arguments: JsonObject) -> None:
    newer = device.generation in _COMPAT and device.state.model.liquid
    highest = 200 if newer else 100
    device.state.set_percent(number(arguments, "percent", 0, highest), NORMAL_SECONDS)


@command("set_power", generations=_COMPAT)
def _set_power(device: Device, arguments: JsonObject) -> None:
    state = device.state
    watts = number(arguments, "power", 0, _LIMIT_RESET)
    if device.generation is Generation.V3:
        state.set_power_target(watts)
        return
    percent = round(100 * min(watts, state.tuned_power) / state.tuned_power)
    state.set_percent(percent, NORMAL_SECONDS)


@command("restore_power_pct", generations=_COMPAT)
def _restore_power_pct(device: Device, arguments: JsonObject) -> None:
    device.state.set_percent(100, NORMAL_SECONDS)


@command("enable_btminer_fast_boot", "disable_btminer_fast_boot", generations=_SINCE_V2)
@command("enable_cgminer_fast_boot", "disable_cgminer_fast_boot", generations=_V1)
def _set_fast_boot(device: Device, arguments: JsonObject) -> None:
    device.state.fast_boot = _enables(arguments)


def _enables(arguments: JsonObject) -> bool:
    return name_of(arguments).startswith("enable_")


# Cooling


@command("set_temp_offset", generations=_SINCE_V2)
def _set_temp_offset(device: Device, arguments: JsonObject) -> None:
    require(not device.state.model.liquid)
    device.state.temp_offset = number(arguments, "temp_offset", -30, 0)


@command("set_poweroff_cool", generations=_SINCE_V2)
def _set_poweroff_cool(device: Device, arguments: JsonObject) -> None:
    require(not device.state.model.liquid)
    device.state.poweroff_cool = number(arguments, "poweroff_cool", 0, 1) == 1


@command("set_fan_zero_speed", generations=_SINCE_V2)
def _set_fan_zero_speed(device: Device, arguments: JsonObject) -> None:
    require(not device.state.model.liquid)
    device.state.fan_zero_speed = number(arguments, "fan_zero_speed", 0, 1) == 1


@command("set_heat_mode", generations=_COMPAT)
def _set_heat_mode(device: Device, arguments: JsonObject) -> None:
    require(device.state.model.liquid)
    device.state.heat_mode = one_of(arguments, "mode", ("anti-icing", "heating"))


# Pools


@command("update_pools")
def _update_pools(device: Device, arguments: JsonObject) -> None:
    keys = [
        (f"pool{n}", f"worker{n}", f"passwd{n}") for n in range(1, _POOL_PLACES + 1)
    ]
    pools = []
    for url_key, user_key, password_key in keys:
        url, user, password = map(arguments.get, (url_key, user_key, password_key))
        if not (
            isinstance(url, str) and isinstance(user, str) and isinstance(password, str)
        ):
            raise Refusal(Code.COMMAND_ERROR, "API parse pools param error")
        if url:
            pools.append(Pool(url, user, password))
    if not pools:
        raise Refusal(Code.COMMAND_ERROR, "API parse pools param error")
    device.state.pools = pools


@command("enable_web_pools", "disable_web_pools")
def _set_web_pools(device: Device, arguments: JsonObject) -> None:
    device.state.web_pools = _enables(arguments)


# The board itself


@command("set_led")
def _set_led(device: Device, arguments: JsonObject) -> None:
    if "param" in arguments:
        one_of(arguments, "param", ("auto",))
        device.state.led.clear()
        return
    colors: tuple[LedColor, ...] = ("red", "green")
    color = one_of(arguments, "color", colors)
    device.state.led[color] = Led(
        period=milliseconds(arguments, "period", 1),
        duration=milliseconds(arguments, "duration", 0),
        start=milliseconds(arguments, "start", 0),
    )


@command("reboot", interrupts=True)
def _reboot(device: Device, arguments: JsonObject) -> None:
    device.state.reboot()


@command("factory_reset", interrupts=True)
def _factory_reset(device: Device, arguments: JsonObject) -> None:
    device.state.factory_reset()
    device.access.factory_reset()
    device.state.reboot()


@command("update_pwd")
def _update_pwd(device: Device, arguments: JsonObject) -> None:
    old, new = text(arguments, "old"), text(arguments, "new")
    require(old == device.access.password and bool(_PASSWORD.fullmatch(new)))
    device.access.password = new


@command("net_config", interrupts=True)
def _net_config(device: Device, arguments: JsonObject) -> None:
    state = device.state
    if "param" in arguments:
        one_of(arguments, "param", ("dhcp",))
        state.network = Network()
    else:
        network = Network(
            proto="static",
            ip=address(arguments, "ip"),
            netmask=address(arguments, "mask"),
            gateway=address(arguments, "gate"),
            dns=text(arguments, "dns"),
        )
        state.next_hostname = text(arguments, "host") or state.next_hostname
        state.network = network
    state.reboot()


@command("set_hostname")
def _set_hostname(device: Device, arguments: JsonObject) -> None:
    hostname = text(arguments, "hostname")
    require(bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", hostname)))
    device.state.next_hostname = hostname


@command("set_zone")
def _set_zone(device: Device, arguments: JsonObject) -> None:
    timezone, zonename = text(arguments, "timezone"), text(arguments, "zonename")
    require(bool(timezone and zonename))
    device.state.timezone, device.state.zonename = timezone, zonename


@command("load_log")
def _load_log(device: Device, arguments: JsonObject) -> None:
    device.state.remote_log = RemoteLog(
        ip=address(arguments, "ip"),
        port=number(arguments, "port", 1, 65_535),
        proto=one_of(arguments, "proto", ("tcp", "udp")),
    )


@command("ssh_open", "ssh_close", generations=_V1)
def _set_ssh(device: Device, arguments: JsonObject) -> None:
    device.state.ssh = name_of(arguments) == "ssh_open"


@command("set_customer_msg", generations=_COMPAT)
def _set_customer_msg(device: Device, arguments: JsonObject) -> None:
    key = one_of(arguments, "key", _CUSTOMER_KEYS)
    value = text(arguments, "val")
    require(len(value.encode()) < 128)
    device.state.customer[key] = value


@command("get_customer_msg", generations=_COMPAT)
def _get_customer_msg(device: Device, arguments: JsonObject) -> Json:
    return {key: device.state.customer.get(key, "") for key in _CUSTOMER_KEYS}
