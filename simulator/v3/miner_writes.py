"""The signed commands ``set.miner…`` and ``set.fan…``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, get_args

from ..machine import FAST_SECONDS, NORMAL_SECONDS
from ..quirks import Quirk
from ..settings import Pool, PowerMode
from ..wire import Json
from ..writes import STOP_REASON
from .codes import Code, refusal, require
from .device import V3Device
from .params import enables, members, number, one_of, text
from .write import Call, Write

_HIGHEST_POWER = 99_999
_COINS = ("BTC", "BCH", "BSV", "DCR", "HC", "DGB", "SHA256")
_MOST_POOLS = 3
_LONGEST_GAP = 285
_POWER_MODES: tuple[PowerMode, ...] = get_args(PowerMode.__value__)


def _service(device: V3Device, call: Call) -> None:
    state = device.state
    what = one_of(call.param, ("start", "stop", "restart", "enable", "disable"))
    match what:
        case "start":
            state.resume()
        case "stop":
            state.pause(STOP_REASON)
        case "restart":
            device.restart()
        case _:
            state.init_enabled = what == "enable"


def _power_mode(device: V3Device, call: Call) -> None:
    device.state.power_mode = one_of(call.param, _POWER_MODES)
    device.restart()


def _power_limit(device: V3Device, call: Call) -> None:
    device.state.power_limit = number(call.param, 0, _HIGHEST_POWER)
    device.restart()


def _power(device: V3Device, call: Call) -> None:
    device.state.set_power_target(number(call.param, 0, _HIGHEST_POWER))


def _power_percent(device: V3Device, call: Call) -> None:
    """Move to a percent; before tuning is over this is accepted and does nothing."""
    state = device.state
    param = members(call.param)
    highest = 200 if state.model.liquid else 100
    percent = _percent(device, param.get("percent"), highest)
    mode = one_of(param.get("mode"), ("fast", "normal"))
    require(mode == "fast" or state.model.liquid or state.power_mode != "high")
    if state.tuned:
        state.set_percent(percent, FAST_SECONDS if mode == "fast" else NORMAL_SECONDS)


def _percent(device: V3Device, value: Json, highest: int) -> int:
    if device.has(Quirk.NUMERIC_PERCENT):
        return number(value, 0, highest)
    if not isinstance(value, str):
        raise refusal(Code.FAIL, "percent must be a string")
    require(value.isascii() and value.isdecimal() and len(value) <= len(str(highest)))
    return number(int(value), 0, highest)


def _target_freq(device: V3Device, call: Call) -> None:
    highest = 100 if device.state.model.liquid else 0
    device.state.target_freq = number(call.param, -100, highest)
    device.restart()


def _upfreq_speed(device: V3Device, call: Call) -> None:
    device.state.upfreq_speed = number(call.param, 0, 10)


def _fastboot(device: V3Device, call: Call) -> None:
    device.state.fast_boot = enables(call.param)


def _fast_hash(device: V3Device, call: Call) -> None:
    device.state.fast_hash = number(call.param, 0, 1) == 1


def _heat_mode(device: V3Device, call: Call) -> None:
    require(device.state.model.liquid)
    modes = ("heating", "normal", "anti-freezing", "anti-icing")
    mode = one_of(call.param, modes)
    device.state.heat_mode = "anti-freezing" if mode == "anti-icing" else mode


def _pools(device: V3Device, call: Call) -> None:
    entries = call.param
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise refusal(Code.FAIL)
    require(0 < len(entries) <= _MOST_POOLS)
    pools = [
        Pool(text(entry, "pool"), text(entry, "worker"), text(entry, "passwd"))
        for entry in entries
    ]
    pools = [pool for pool in pools if pool.url]
    require(bool(pools))
    device.state.pools = pools


def _cointype(device: V3Device, call: Call) -> None:
    device.state.coin = one_of(members(call.param).get("cointype"), _COINS)


def _report(device: V3Device, call: Call) -> None:
    gap = number(members(call.param).get("gap"), 0, _LONGEST_GAP)
    call.reports.order(gap, device.state.now)


def _restore_setting(device: V3Device, call: Call) -> None:
    state = device.state
    state.power_mode, state.power_limit = "normal", None
    state.target_freq = state.upfreq_speed = state.power_target = 0
    state.fast_boot = state.fast_hash = False
    state.heat_mode = "normal"
    device.restart()


def _air(carry_out: Callable[[V3Device, Call], None]) -> Write:
    """Return a command that only a miner with fans takes."""

    def checked(device: V3Device, call: Call) -> None:
        require(not device.state.model.liquid)
        carry_out(device, call)

    return Write(checked)


def _temp_offset(device: V3Device, call: Call) -> None:
    device.state.temp_offset = number(call.param, -30, 0)


def _poweroff_cool(device: V3Device, call: Call) -> None:
    device.state.poweroff_cool = number(call.param, 0, 1) == 1


def _zero_speed(device: V3Device, call: Call) -> None:
    if device.has(Quirk.CROSSED_FANS):
        _poweroff_cool(device, call)
    else:
        device.state.fan_zero_speed = number(call.param, 0, 1) == 1


MINER_WRITES: Final[Mapping[str, Write]] = {
    "set.miner.service": Write(_service),
    "set.miner.power_mode": Write(_power_mode, interrupts=True),
    "set.miner.power_limit": Write(_power_limit, interrupts=True),
    "set.miner.power": Write(_power),
    "set.miner.power_percent": Write(_power_percent),
    "set.miner.target_freq": Write(_target_freq, interrupts=True),
    "set.miner.upfreq_speed": Write(_upfreq_speed),
    "set.miner.fastboot": Write(_fastboot),
    "set.miner.fast_hash": Write(_fast_hash, since="3.0.2"),
    "set.miner.heat_mode": Write(_heat_mode),
    "set.miner.pools": Write(_pools, sealed=True),
    "set.miner.cointype": Write(_cointype),
    "set.miner.report": Write(_report),
    "set.miner.restore_setting": Write(_restore_setting, interrupts=True),
    "set.fan.temp_offset": _air(_temp_offset),
    "set.fan.poweroff_cool": _air(_poweroff_cool),
    "set.fan.zero_speed": _air(_zero_speed),
}
