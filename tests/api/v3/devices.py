"""What a miner of the tests answers: one cooled by air, with firmware of the API 3.0.5."""

import copy
from typing import Any

from .framed_miner import MAC, SALT

_DEVICE: dict[str, Any] = {
    "network": {
        "ip": "192.0.2.7",
        "proto": "dhcp",
        "netmask": "255.255.255.0",
        "dns": "192.0.2.1",
        "mac": MAC.upper(),
        "gateway": "192.0.2.1",
        "hostname": "garage",
    },
    "miner": {
        "working": "true",
        "type": "M60_VK30",
        "hash-board": "K30",
        "detect-hash-rate": "60000:61000:62000",
        "hash-percent": "0",
        "pcbsn0": "HB0",
        "pcbsn1": "HB1",
        "pcbsn2": "HB2",
        "fast-boot": "disable",
        "board-num": "3",
        "miner-sn": "HTM001",
        "power-limit-set": "",
        "UpfreqSpeed": "2",
        "web-pool": 1,
        "permission": "super=255 user1=0 user2=0 user3=0",
    },
    "system": {
        "api": "3.0.5",
        "platform": "H616",
        "fwversion": "20261001.16.Rel",
        "control-board-version": "CB6V10",
        "apiswitch": "1",
        "ledstatus": "auto",
    },
    "power": {
        "type": "P221B",
        "mode": "1",
        "model": "P221B",
        "iin": 15.5,
        "vin": 229.5,
        "vout": 1225,
        "pin": 3550,
        "fanspeed": 5010,
        "temp0": 51.5,
    },
    "salt": SALT,
    "error-code": [],
}
_STATUS: dict[str, Any] = {
    "summary": {
        "elapsed": 7200,
        "bootup-time": 7300,
        "freq-avg": 601.5,
        "factory-hash": 183.5,
        "hash-average": 181.5,
        "hash-1min": 183.25,
        "hash-15min": 182.25,
        "hash-realtime": 182.75,
        "power-rate": 19.25,
        "power-5min": 3495.5,
        "power-realtime": 3505,
        "environment-temperature": 24.5,
        "board-temperature": [61.5, 62.5, 60.5],
        "chip-temp-min": 66.5,
        "chip-temp-avg": 72.5,
        "chip-temp-max": 80.5,
        "power-limit": 3600,
        "up-freq-finish": 1,
        "fan-speed-in": 4980,
        "fan-speed-out": 4860,
    },
    "pools": [
        {
            "id": 1,
            "url": "stratum+tcp://pool.example:3333",
            "status": "alive",
            "account": "garage.1",
            "stratum-active": True,
            "reject-rate": 0.25,
            "last-share-time": 1_759_799_990,
        },
        {
            "id": 2,
            "url": "stratum+tcp://other.example:3333",
            "status": "dead",
            "account": "garage.2",
            "stratum-active": False,
            "reject-rate": 5,
            "last-share-time": 0,
        },
    ],
    "edevs": [
        {
            "id": slot,
            "slot": slot,
            "hash-average": 60.5 + slot,
            "factory-hash": 61.5,
            "freq": 600 + slot,
            "effective-chips": 120,
            "chip-temp-min": 66 + slot,
            "chip-temp-avg": 72 + slot,
            "chip-temp-max": 80 + slot,
        }
        for slot in range(3)
    ],
}
_ANSWERS: dict[str, Any] = {
    "get.miner.status": _STATUS,
    "get.miner.setting": {
        "power-limit": 3550,
        "upfreq-speed": 3,
        "power-mode": "normal",
        "fast-boot": "disable",
        "fast-hash": "disable",
        "heat-mode": "normal",
        "target-freq": -5,
        "power": 0,
        "power-percent": 80,
    },
    "get.fan.setting": {
        "fan-poweroff-cool": 1,
        "fan-zero-speed": 0,
        "fan-temp-offset": -10,
    },
    "get.system.setting": {
        "web-pool": 0,
        "timezone": "CST-8",
        "zonename": "Asia/Shanghai",
        "hostname": "garage",
        "time-randomized": {"start": 0, "stop": 0},
        "ntp-server": ["0.pool.ntp.org"],
    },
}


def device() -> dict[str, Any]:
    """Return a copy of the message of `get.device.info`."""
    return copy.deepcopy(_DEVICE)


def answers() -> dict[str, Any]:
    """Return copies of the messages of the other readable commands."""
    return copy.deepcopy(_ANSWERS)


def device_with(section: str, **values: Any) -> dict[str, Any]:
    """Return a device with other values under some keys of a section."""
    changed = device()
    changed[section] |= {key.replace("_", "-"): value for key, value in values.items()}
    return changed
