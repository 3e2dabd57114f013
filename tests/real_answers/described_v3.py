"""The answers of firmware that speaks V3, by kind of machine; figures and names are made up.

The key sets, the types and the units are those of real firmware. A test changes a few values.
"""

from typing import Any

from .described import MAC, SHARE_TIME

type Messages = dict[str, Any]

STATUS = "get.miner.status"
SETTING = "get.miner.setting"
FAN, SYSTEM = "get.fan.setting", "get.system.setting"
SALT = "q7RtZ2wL"
POOL = "stratum+tcp://pool1.example.net:4444"
WORKER = "barn1.rig4"


def device(mac: str = MAC) -> Messages:
    """Return the message of `get.device.info` with what all firmware has in it."""
    return {
        "network": {
            "ip": "192.0.2.77",
            "proto": "dhcp",
            "netmask": "255.255.255.0",
            "dns": "192.0.2.1",
            "mac": mac,
            "gateway": "192.0.2.1",
            "hostname": "WhatsMiner",
        },
        "miner": {"working": "true", "miner-sn": "MS77", "board-num": "3"},
        "system": {
            "platform": "H616",
            "control-board-version": "CB6V10",
            "apiswitch": "1",
            "ledstatus": "auto",
        },
        "power": {
            "mode": "1",
            "hwversion": "V02",
            "swversion": "V02.11",
            "vendor": "7",
        },
        "salt": SALT,
        "error-code": [],
    }


def status(
    rates: tuple[float, ...], watts: float, *, celsius: float, fans: int
) -> Messages:
    """Return the message of `get.miner.status`, whose boards have these hash rates in TH/s."""
    total = round(sum(rates), 3)
    boards = [
        {
            "id": slot,
            "slot": slot,
            "hash-average": rate,
            "factory-hash": round(rate * 1.02, 3),
            "freq": 612,
            "effective-chips": 216,
            "chip-temp-min": celsius + 2,
            "chip-temp-avg": celsius + 9.5,
            "chip-temp-max": celsius + 21,
        }
        for slot, rate in enumerate(rates)
    ]
    summary = {
        "elapsed": 48_300,
        "bootup-time": 48_390,
        "freq-avg": 612,
        "target-freq": 0,
        "factory-hash": round(total * 1.02, 3),
        "hash-average": total,
        "hash-1min": round(total * 0.99, 3),
        "hash-15min": round(total * 1.01, 3),
        "hash-realtime": round(total * 0.98, 3),
        "power-rate": round(watts / total, 3),
        "power-5min": watts + 10,
        "power-realtime": watts,
        "environment-temperature": 24.5,
        "board-temperature": [celsius + slot / 2 for slot in range(len(rates))],
        "chip-temp-min": celsius + 2,
        "chip-temp-avg": celsius + 9.5,
        "chip-temp-max": celsius + 21,
        "power-limit": 3600,
        "up-freq-finish": 1,
        "fan-speed-in": fans,
        "fan-speed-out": fans and fans - 120,
        "Debug": "",
    }
    pool = {
        "id": 1,
        "url": POOL,
        "status": "alive",
        "account": WORKER,
        "stratum-active": True,
        "reject-percent": 0.25,
        "last-share-time": SHARE_TIME,
    }
    return {"summary": summary, "pools": [pool], "edevs": boards}


def settings() -> dict[str, Messages]:
    """Return the messages of the settings, with the keys that 3.0.0 to 3.0.2 have."""
    return {
        SETTING: {
            "power-limit": 3600,
            "upfreq-speed": 2,
            "power-mode": "normal",
            "fast-boot": "disable",
            "target-freq": 0,
        },
        FAN: {"fan-poweroff-cool": 1, "fan-zero-speed": 0, "fan-temp-offset": -4},
        SYSTEM: {
            "web-pool": 1,
            "timezone": "CST-8",
            "zonename": "Asia/Shanghai",
            "hostname": "WhatsMiner",
            "time-randomized": {"start": 0, "stop": 0},
            "ntp-server": ["0.pool.ntp.org"],
        },
    }


def m50(mac: str = MAC) -> tuple[Messages, dict[str, Messages]]:
    """Return the answers of an air-cooled machine with 3.0.2, which has every key of that."""
    said = device(mac)
    said["miner"] |= {
        "type": "M50_VH84",
        "hash-board": "H84",
        "detect-hash-rate": "40500:41500:39500",
        "cointype": "BTC/BCH/BSV",
        "pool-strategy": "FAILOVER",
        "heatmode": "",
        "hash-percent": "",
        **{f"pcbsn{slot}": f"BM50{mac[-2:]}{slot}" for slot in range(3)},
        "fast-boot": "disable",
        "power-limit-set": "",
        "UpfreqSpeed": "",
        "web-pool": 1,
        "permission": "super=255 user1=0 user2=0 user3=0",
    }
    said["system"] |= {"api": "3.0.2", "fwversion": "20250915.16.Rel2"}
    said["power"] |= {"type": "P221B", "model": "P221B", "sn": "PS77"}
    said["power"] |= {"iin": 15.25, "vin": 233.5, "vout": 1222, "pin": 3561}
    said["power"] |= {"fanspeed": 4980, "temp0": 71.5}
    rates = (40.2, 41.1, 39.4)
    return said, {STATUS: status(rates, 3490, celsius=61, fans=5100), **settings()}


def m60s(mac: str = MAC) -> tuple[Messages, dict[str, Messages]]:
    """Return the answers of an air-cooled machine whose power supply measures nothing."""
    said = device(mac)
    said["miner"] |= {
        "type": "M60S_VK40",
        "hash-board": "K40",
        "detect-hash-rate": "61000:54000:65500",
        "pool-strategy": "FAILOVER",
        "hash-percent": "0",
        **{f"pcbsn{slot}": f"BM60{mac[-2:]}{slot}" for slot in range(3)},
        "fast-boot": "disable",
    }
    said["system"] |= {"api": "3.0.2", "fwversion": "20251209.16.Rel2"}
    said["power"] |= {"type": "P221B", "model": "P221B", "fanspeed": 6350, "sn": "PS77"}
    rates = (57.5, 51.25, 62.0)
    return said, {STATUS: status(rates, 3155.5, celsius=40, fans=5400), **settings()}


def m64(mac: str = MAC) -> tuple[Messages, dict[str, Messages]]:
    """Return the answers of a water-cooled machine with 3.0.1 and four boards."""
    said = device(mac)
    for key in ("proto", "netmask", "hostname"):
        del said["network"][key]
    said["miner"] |= {"type": "M64_VL40", "hash-board": "L40", "board-num": "4"}
    said["miner"] |= {"cointype": "BTC", "power-limit-set": "2147483647"}
    said["system"] |= {"api": "3.0.1", "fwversion": "20250409.15.REL"}
    said["power"] = {
        "type": "P738B",
        "iin": 18.25,
        "vin": 230.5,
        "vout": 1936,
        "pin": 4140,
        "liquid-temperature": 48.5,
        "fanspeed": 48.5,
        "temp0": 55.5,
    }
    rates = (52.5, 51.5, 53.25, 52.0)
    answers = {STATUS: status(rates, 4060, celsius=57, fans=0), **settings()}
    answers[STATUS]["summary"]["power-limit"] = 4200
    answers[SETTING]["power-limit"] = 4200
    return said, answers


def m7bs(mac: str = MAC) -> tuple[Messages, dict[str, Messages]]:
    """Return the answers of a water-cooled machine with 3.0.5, on three phases."""
    said = device(mac)
    said["miner"] |= {"type": "M7BS_VM30", "hash-percent": "0", "board-num": "4"}
    said["miner"] |= {"chipdata0": "K8EC-2426", "power-limit-set": "10030"}
    said["system"] |= {"api": "3.0.5", "fwversion": "20260312.16.REL3"}
    said["power"] = {
        "type": "P566Z",
        "hwversion": "HA3",
        "swversion": "1653.1411",
        "model": "P566Z",
        "iin": 10.5,
        "vin": 409,
        "pin": 7480,
        "liquid-temperature": 44.25,
        "fanspeed": 6000,
        "sn": "PS77",
        "vendor": "6",
    }
    rates = (126.895, 131.604, 129.25, 132.5)
    answers = {STATUS: status(rates, 7478, celsius=57, fans=0), **settings()}
    summary = answers[STATUS]["summary"]
    del summary["target-freq"], summary["Debug"]
    summary |= {"freq-avg": 342.345, "power-limit": 8085, "power-5min": 7505.937}
    summary["board-temperature"] = [57, 57.25, 48.5, 48.75]
    for pool in answers[STATUS]["pools"]:
        pool["reject-rate"] = pool.pop("reject-percent")
    for row in answers[STATUS]["edevs"]:
        row["freq"] = 339.255
    answers[SETTING] |= {"power-limit": 10_030, "upfreq-speed": 0}
    answers[SETTING] |= {"fast-hash": "disable", "heat-mode": "normal", "power": 0}
    answers[SETTING] |= {"power-percent": 0, "btrom-worker-suffix": ""}
    return said, answers
