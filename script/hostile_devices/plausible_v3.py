"""The answers of a plausible miner with API 3.0.5 on port 4433."""

from collections.abc import Mapping
import json
from typing import Any

_DEVICE, _STATUS = "get.device.info", "get.miner.status"
_SETTING: Mapping[str, Any] = {
    "power-limit": 3600,
    "upfreq-speed": 0,
    "power-mode": "normal",
    "fast-boot": "disable",
    "fast-hash": "disable",
    "heat-mode": "normal",
    "target-freq": 0,
    "power": 0,
    "power-percent": 0,
}
_OTHERS: Mapping[str, Any] = {
    "get.miner.setting": _SETTING,
    "get.fan.setting": {
        "fan-poweroff-cool": 0,
        "fan-zero-speed": 0,
        "fan-temp-offset": 0,
    },
    "get.system.setting": {"web-pool": 1, "zonename": "Asia/Shanghai"},
}


def answer(mac: str, host: str, seconds: float, request: Mapping[str, Any]) -> bytes:
    """Return the text of the answer to a request.

    Args:
        mac: of the device.
        host: its address.
        seconds: since it began to mine.
        request: as it came.
    """
    name, param = request.get("cmd"), request.get("param")
    message: Any = _OTHERS.get(str(name))
    if name == _DEVICE:
        message = _device(mac, host)
        if param in message:
            message = {param: message[param]}
    elif name == _STATUS:
        message = {
            key: value
            for key, value in _status(seconds).items()
            if key in str(param).split("+")
        }
    code, message = (0, message) if message else (-2, "invalid command")
    said = {"code": code, "when": 1_795_900_000, "msg": message, "desc": name}
    return json.dumps(said, separators=(",", ":")).encode()


def frame(text: bytes, length: int | None = None) -> bytes:
    """Return a text after its length, or after another length."""
    return (len(text) if length is None else length).to_bytes(4, "little") + text


def _device(mac: str, host: str) -> dict[str, Any]:
    number = mac.replace(":", "")
    return {
        "network": {"ip": host, "proto": "dhcp", "mac": mac, "hostname": "whatsminer"},
        "miner": {
            "working": "true",
            "type": "M60_VK30",
            "board-num": "1",
            "detect-hash-rate": "100000",
            "miner-sn": f"HTM{number}",
            "pcbsn0": f"V{number}",
            "fast-boot": "disable",
            "power-limit-set": "",
        },
        "system": {
            "api": "3.0.5",
            "platform": "H616",
            "fwversion": "20260312.16.REL3",
            "apiswitch": "1",
            "ledstatus": "auto",
        },
        "power": {"type": "P221B", "mode": "1", "iin": 15.5, "vin": 229.5, "pin": 3400},
        "salt": "BQ5hoXV9",
        "error-code": [],
    }


def _status(seconds: float) -> dict[str, Any]:
    chips = {"chip-temp-min": 65.0, "chip-temp-avg": 78.0, "chip-temp-max": 90.0}
    rates = dict.fromkeys(
        ("hash-average", "hash-1min", "hash-15min", "hash-realtime"), 100.0
    )
    return {
        "summary": {
            "elapsed": int(seconds),
            "bootup-time": int(seconds) + 60,
            "freq-avg": 660,
            "factory-hash": 100.0,
            **rates,
            "power-realtime": 3400,
            "power-limit": 3600,
            "environment-temperature": 25.0,
            "board-temperature": [72.0],
            **chips,
            "up-freq-finish": 1,
            "fan-speed-in": 4530,
            "fan-speed-out": 4590,
        },
        "pools": [
            {
                "id": 1,
                "url": "stratum+tcp://pool0.example:3333",
                "status": "alive",
                "account": "worker.0",
                "stratum-active": True,
                "reject-rate": 0.2,
                "last-share-time": 1_795_900_000,
            }
        ],
        "edevs": [
            {
                "id": 0,
                "slot": 0,
                "hash-average": 100.0,
                "factory-hash": 100.0,
                "freq": 660,
                "effective-chips": 156,
                **chips,
            }
        ],
    }
