"""The answers of firmware that is well, by generation; all figures and names are made up.

The key sets are those of real firmware. A test changes a few values, and nothing else.
"""

from typing import Any

from tests.api import message, table

type Answers = dict[str, Any]

# Seconds since 1970, shortly before the clock of the tests begins.
SHARE_TIME = 1_793_490_000
MAC = "CE:05:19:3A:77:02"
HASH_RATES = (41.2, 40.9, 42.3)


def pool(number: int, *, active: bool = False) -> dict[str, Any]:
    """Return a row of `pools`."""
    return {
        "POOL": number,
        "URL": f"stratum+tcp://pool{number}.example.net:4444",
        "Status": "Alive",
        "Priority": number - 1,
        "Accepted": 5210 if active else 0,
        "Rejected": 7 if active else 0,
        "User": f"barn{number}.rig4",
        "Last Share Time": SHARE_TIME if active else 0,
        "Stratum Active": active,
        "Stratum Difficulty": 262_144.0 if active else 0.0,
        "Pool Rejected%": 0.13 if active else 0.0,
    }


def pools(count: int = 1) -> Answers:
    """Return the answer to `pools`; the first is the one in use."""
    return table(
        "POOLS", *(pool(number, active=number == 1) for number in range(1, count + 1))
    )


def _rates(terahashes: float, factor: float, *, now: bool = True) -> dict[str, float]:
    keys = ("MHS av", "MHS 1m", "MHS 5m", "MHS 15m", *(("HS RT",) if now else ()))
    return dict.fromkeys(keys, round(terahashes * factor, 3))


def _performance(rate: float) -> dict[str, Any]:
    return {
        "Elapsed": 48_300,
        "Uptime": 48_390,
        **_rates(rate, 1e6),
        "freq_avg": 655,
        "Power": 3905,
        "Pool Rejected%": 0.13,
        "Hash Stable": True,
        "Env Temp": 18.5,
        "Power Mode": "Normal",
        "Factory GHS": 124_000,
        "Power Limit": 3950,
        "Chip Temp Min": 48.5,
        "Chip Temp Max": 83.0,
        "Chip Temp Avg": 69.25,
        "Fan Speed In": 5100,
        "Fan Speed Out": 5220,
    }


def _psu() -> dict[str, str]:
    return {
        "name": "P366C",
        "hw_version": "V02",
        "sw_version": "V02.11",
        "model": "P366C",
        "iin": "17150",
        "vin": "23060",
        "fan_speed": "6480",
        "serial_no": "PS77",
        "vendor": "7",
        "temp0": "41.5",
        "pin": "3940",
    }


def _info(mac: str) -> dict[str, str]:
    return {
        "ip": "192.0.2.77",
        "proto": "dhcp",
        "mac": mac,
        "ledstat": "auto",
        "hostname": "WhatsMiner",
        "minersn": "MS77",
        "powersn": "PS77",
    }


def v2(mac: str = MAC) -> Answers:
    """Return the answers of V2.0.5, an air-cooled M30S++."""
    boards = [
        {
            "ASC": slot,
            "Slot": slot,
            "Enabled": "Y",
            "Status": "Alive",
            "Temperature": 64.5 + slot,
            "Chip Frequency": 655,
            **_rates(rate, 1e6),
            "Accepted": 1700,
            "Rejected": 2,
            "Upfreq Complete": 1,
            "Effective Chips": 117,
            "PCB SN": f"BV2{mac[-2:]}{slot}",
            "Chip Temp Min": 48.5,
            "Chip Temp Max": 83.0,
            "Chip Temp Avg": 69.25,
            "chip_vol_diff": 9,
        }
        for slot, rate in enumerate(HASH_RATES)
    ]
    summary = _performance(sum(HASH_RATES)) | {
        "Accepted": 5210,
        "Rejected": 7,
        "Temperature": 66.0,
        "Target Freq": 660,
        "Target MHS": 124_000_000,
        "Hash Deviation%": 0.3,
        "Btminer Fast Boot": "disable",
        "Upfreq Complete": 1,
    }
    return {
        "summary": table("SUMMARY", summary),
        "pools": pools(),
        "edevs": table("DEVS", *boards),
        "devs": table("DEVS", *boards),
        "devdetails": table("DEVDETAILS", {"Name": "SM", "Model": "M30S++_VH60"}),
        "get_version": message(
            {"api_ver": "2.0.5", "fw_ver": "20230508.18.Rel", "platform": "H616"}
        ),
        "get_psu": message(_psu()),
        "get_miner_info": message(_info(mac)),
        "get_error_code": message({"error_code": []}),
        "status": message(
            {
                "mineroff": "false",
                "mineroff_reason": "",
                "mineroff_time": "",
                "FirmwareVersion": "20230508.18.Rel",
                "power_mode": "normal",
                "hash_percent": "",
            }
        ),
    }


def v2_2(mac: str = MAC, model: str = "M60S_VK40") -> Answers:
    """Return the answers of V2.2: the summary in `Msg`, the boards in TH/s."""
    boards = [
        {
            "Slot": slot,
            "Temperature": 64.5 + slot,
            "Chip Frequency": 655,
            **_rates(rate, 1),
            "Factory GHS": 41_333,
            "Upfreq Complete": 1,
            "Effective Chips": 117,
            "PCB SN": f"BC2{mac[-2:]}{slot}",
        }
        for slot, rate in enumerate(HASH_RATES)
    ]
    summary = _performance(sum(HASH_RATES)) | {
        "Hash Stable": "true",
        "Target Freq": 0,
        "Btminer Fast Boot": "disable",
    }
    del summary["MHS 5m"]
    return v2(mac) | {
        "summary": message(summary),
        "edevs": table("DEVS", *boards),
        "devs": table("DEVS", *boards),
        "devdetails": message("This command is deprecated.")
        | {"STATUS": "E", "Code": 132},
        "get_version": message(
            {
                "api_ver": "2.2.1",
                "fw_ver": "20250611.15.Rel1",
                "platform": "H616",
                "miner_type": model,
            }
        ),
        "status": message(
            {
                "mineroff": "false",
                "mineroff_reason": "",
                "mineroff_time": "",
                "FirmwareVersion": "20250611.15.Rel1",
                "power_mode": "normal",
                "power_limit_set": "",
                "hash_percent": "",
            }
        ),
    }


def v1(mac: str = MAC) -> Answers:
    """Return the answers of V1, an air-cooled M21S whose boards have no `HS RT`."""
    boards = [
        {
            "ASC": slot,
            "Slot": slot,
            "Enabled": "Y",
            "Status": "Alive",
            "Temperature": 64.5 + slot,
            "Chip Frequency": 655,
            **_rates(rate, 1e6, now=False),
            "MHS 5s": round(rate * 1e6 * (1.3 - slot * 0.3)),
            "Accepted": 1700,
            "Rejected": 2,
            "Effective Chips": 105,
            "PCB SN": f"BV1{mac[-2:]}{slot}",
            "Chip Temp Avg": 69.25,
        }
        for slot, rate in enumerate(HASH_RATES)
    ]
    summary = _performance(sum(HASH_RATES)) | {
        "Accepted": 5210,
        "Rejected": 7,
        "Temperature": 66.0,
        "Target MHS": 124_000_000,
        "Power Fanspeed": 7010,
        "Error Code Count": 0,
        "Liquid Cooling": False,
        "Firmware Version": "'20201103.20.REL'",
        "MAC": mac,
    }
    del summary["Env Temp"]
    said_by = {"Description": "whatsminer v1.3"}
    return {
        "summary": table("SUMMARY", summary),
        "pools": pools(2),
        "edevs": table("DEVS", *boards),
        "devs": table("DEVS", *boards),
        "devdetails": table(
            "DEVDETAILS", {"Name": "SM", "Driver": "bitmicro", "Model": "M21SV20"}
        ),
        "get_version": message(
            {"api_ver": "whatsminer v1.3", "fw_ver": "20201103.20.REL"}
        )
        | said_by,
        "get_psu": message({"name": "P21", "hw_version": "", "model": "P21-12"})
        | said_by,
        "status": message(
            {"btmineroff": "false", "Firmware Version": "'20201103.20.REL'"}
        )
        | said_by,
    }


def oldest(mac: str = MAC) -> Answers:
    """Return the answers of firmware from before V1: cgminer's commands only."""
    answers = v1(mac)
    return {
        command: answers[command]
        for command in ("summary", "pools", "devs", "devdetails")
    }


def reading(answers: Answers, command: str) -> dict[str, Any]:
    """Return the object with the readings of an answer, to change it."""
    answer = answers[command]
    rows = next(
        (answer[key] for key in answer if key.isupper() and key != "STATUS"), None
    )
    found: dict[str, Any] = answer["Msg"] if rows is None else rows[0]
    return found
