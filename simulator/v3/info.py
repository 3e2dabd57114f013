"""The answer to ``get.device.info``."""

from collections.abc import Callable

from ..firmware.base import led_status, mains
from ..quirks import Quirk
from ..wire import Json, JsonObject
from .codes import PROCESS_DOWN_TEXT, require
from .device import V3Device

_CHIP = "K88Z001-2039 BINV01-195001B"
_MODES = {"low": "0", "normal": "1", "high": "2"}
_REASONS = {
    111: "Fan0 speed is too low.",
    206: "Power input voltage is low.",
    250: "Power input voltage is too low.",
    275: "Power fan speed is too low.",
    540: "Slot0 chip ids read failed.",
    2010: "All pools are disabled.",
    5072: "Slot2 water velocity is abnormal.",
}


def device_info(device: V3Device, param: Json) -> Json:
    """Answer ``get.device.info``: everything, or the one section that is asked for."""
    if param is None or param == "":
        return {key: section(device) for key, section in _SECTIONS.items()}
    require(isinstance(param, str) and param in _SECTIONS)
    return {str(param): _SECTIONS[str(param)](device)}


def _network(device: V3Device) -> Json:
    network = device.state.network
    return {
        "ip": network.ip or device.board.host,
        "proto": network.proto,
        "netmask": network.netmask,
        "dns": network.dns,
        "mac": device.state.identity.mac,
        "gateway": network.gateway,
        "hostname": device.state.hostname,
    }


def _miner(device: V3Device) -> Json:
    state = device.state
    model = state.model
    factory = {board.slot: board.factory for board in state.telemetry().boards}
    info: JsonObject = {
        "working": "true" if state.mining else "false",
        "type": f"{model.name}_{model.variant}",
        "hash-board": model.variant[1:],
        "detect-hash-rate": ":".join(
            str(round(1000 * factory.get(board.slot, 0))) for board in state.boards
        ),
        "cointype": state.coin,
        "pool-strategy": "FAILOVER",
        "heatmode": "" if state.heat_mode == "normal" else state.heat_mode,
        "hash-percent": str(state.target_freq) if state.target_freq else "",
    }
    if device.api == "3.0.0":
        info["eeprom-liquid-cooling"] = "1-1-1" if model.liquid else "0-0-0"
    chips = state.boards[:1] if device.api >= "3.0.5" else state.boards
    info |= {f"chipdata{board.slot}": _CHIP for board in chips if board.present}
    info |= {
        "fast-boot": "enable" if state.fast_boot else "disable",
        "board-num": str(model.boards),
    }
    info |= {
        f"pcbsn{board.slot}": board.serial for board in state.boards if board.present
    }
    info |= {"miner-sn": state.identity.serial, "power-limit-set": _limit(device)}
    if device.api >= "3.0.2":
        info |= {
            "UpfreqSpeed": str(state.upfreq_speed) if state.upfreq_speed else "",
            "web-pool": int(state.web_pools),
            "permission": device.accounts.permission,
        }
    return info


def _limit(device: V3Device) -> str:
    """Return the power limit as it was set; firmware says in two ways that it was not."""
    if device.state.power_limit is not None:
        return str(device.state.power_limit)
    return "2147483647" if device.api == "3.0.1" else ""


def _system(device: V3Device) -> Json:
    info: JsonObject = {
        "api": device.api_version,
        "platform": "H616",
        "fwversion": device.board.storage.firmware_version,
        "control-board-version": "CB6V10",
    }
    if device.api == "3.0.0":
        info["btrom"] = "1"
    return info | {
        "apiswitch": "1" if device.board.access.api_open else "0",
        "ledstatus": led_status(device.state.led),
    }


def _power(device: V3Device) -> Json:
    state = device.state
    reading = state.telemetry()
    volts, amperes = mains(device.board)
    supply: JsonObject = {
        "type": state.model.psu,
        "mode": _MODES[state.power_mode],
        "hwversion": "V01.00",
        "swversion": "V01.00.V01.03",
        "model": state.model.psu,
        "iin": round(amperes, 2),
        "vin": volts,
        "vout": 1936 if state.model.liquid else 1215,  # in 10 mV
        "pin": round(reading.power),
        "fanspeed": round(reading.psu_fan),
        "temp0": round(reading.psu_temperature, 1),
        "sn": state.identity.psu_serial,
        "vendor": "7",
    }
    if state.model.liquid:
        supply["liquid-temperature"] = round(reading.coolant, 1)
    if device.has(Quirk.COOLANT_AS_FAN):
        supply["fanspeed"] = round(reading.coolant, 1)
    return supply


def _error_code(device: V3Device) -> Json:
    if device.has(Quirk.PROCESS_DOWN) and not device.state.mining:
        return PROCESS_DOWN_TEXT
    faults: list[Json] = []
    for code, since in device.state.faults.items():
        reason = _REASONS.get(code, f"Error code {code}.")
        faults.append(
            {str(code): since} | ({"reason": reason} if device.api > "3.0.0" else {})
        )
    return faults


_SECTIONS: dict[str, Callable[[V3Device], Json]] = {
    "network": _network,
    "miner": _miner,
    "system": _system,
    "power": _power,
    "salt": lambda device: device.accounts.salt,
    "error-code": _error_code,
}
