"""The commands of V3 that need no signature."""

from collections.abc import Callable
import re

from ..wire import Json, JsonObject, to_json
from .device import V3Device
from .info import device_info
from .params import members
from .status import miner_status

type Read = Callable[[V3Device, Json], Json]

CUSTOM_KEYS = ("CustomerSn", *(f"msg{n}" for n in range(10)))
_LONGEST_HISTORY = 86_400
_HISTORY_STEP = 3600
_FULL_PERCENT = 100.0
_TIME = re.compile(r"[0-9]{1,11}")


def _miner_setting(device: V3Device, param: Json) -> Json:
    state = device.state
    limit = state.model.limit if state.power_limit is None else state.power_limit
    answer: JsonObject = {
        "power-limit": limit,
        "upfreq-speed": state.upfreq_speed,
        "power-mode": state.power_mode,
        "fast-boot": "enable" if state.fast_boot else "disable",
    }
    fast_hash = "enable" if state.fast_hash else "disable"
    if device.api >= "3.0.5":
        answer["fast-hash"] = fast_hash
    elif device.api >= "3.0.3":
        answer["fast-mining"] = fast_hash
    if device.api >= "3.0.3":
        answer["heat-mode"] = state.heat_mode
    answer["target-freq"] = state.target_freq
    if device.api >= "3.0.3":
        percent = round(state.percent)
        answer["power"] = state.power_target
        answer["power-percent"] = 0 if percent == _FULL_PERCENT else percent
    if device.api >= "3.0.5":
        answer["btrom-worker-suffix"] = ""
    return answer


def _fan_setting(device: V3Device, param: Json) -> Json:
    state = device.state
    return {
        "fan-poweroff-cool": int(state.poweroff_cool),
        "fan-zero-speed": int(state.fan_zero_speed),
        "fan-temp-offset": state.temp_offset,
    }


def _system_setting(device: V3Device, param: Json) -> Json:
    state = device.state
    answer: JsonObject = {
        "web-pool": int(state.web_pools),
        "timezone": state.timezone,
        "zonename": state.zonename,
        "hostname": state.hostname,
    }
    if log := state.remote_log:
        answer["log-upload"] = {"ip": log.ip, "port": str(log.port), "proto": log.proto}
    return answer | {
        "time-randomized": {"start": state.random_start, "stop": state.random_stop},
        "ntp-server": state.ntp_servers,
    }


def _custom_data(device: V3Device, param: Json) -> Json:
    return {key: device.state.customer.get(key, "") for key in CUSTOM_KEYS}


def _history(device: V3Device, param: Json) -> Json:
    """Answer with the present readings for each hour of the past that is asked for."""
    wanted = members(param)
    begin, end = (_time(wanted.get(key)) for key in ("begin", "end"))
    begin = max(begin, end - _LONGEST_HISTORY)
    now = device.board.telemetry()
    rows = (
        f"{time},{now.hash_rate:.3f},{now.power:.0f}"
        for time in range(begin, end, _HISTORY_STEP)
    )
    return {"Data": " ".join(rows)}


def _time(value: Json) -> int:
    """Read a time in epoch seconds, which comes as a number or as its text; else 0."""
    digits = value if isinstance(value, str) else to_json(value)
    return int(digits) if _TIME.fullmatch(digits) else 0


def _log_download(device: V3Device, param: Json) -> Json:
    return {"logsize": str(len(device.board.storage.logs))}


# Each with the version that brought it.
READS: dict[str, tuple[Read, str]] = {
    "get.device.info": (device_info, "3.0.0"),
    "get.device.custom_data": (_custom_data, "3.0.1"),
    "get.miner.status": (miner_status, "3.0.0"),
    "get.miner.setting": (_miner_setting, "3.0.0"),
    "get.miner.history": (_history, "3.0.0"),
    "get.fan.setting": (_fan_setting, "3.0.0"),
    "get.system.setting": (_system_setting, "3.0.0"),
    "get.log.download": (_log_download, "3.0.0"),
}
