"""The answers of a plausible miner with API 2.0.5, which hostile devices alter."""

from collections.abc import Sequence
import json
import time
from typing import Any

# The answer to each command: an object, or bytes that are sent unchanged.
type Answers = dict[str, Any]
type Path = Sequence[str | int]

BOARDS = 3
# Stands for any encrypted command. A refusal of it proves that the password is right.
ENCRYPTED = ""
INVALID_COMMAND = {"STATUS": "E", "When": 1, "Code": 14, "Msg": "invalid cmd"}
TOKEN_REJECTED = INVALID_COMMAND | {"Code": 135, "Msg": "check token err"}


def answers(mac: str, host: str, seconds: float) -> Answers:
    """Return the answer to each command.

    Args:
        mac: of the device, and what its serial numbers are made of.
        host: its address.
        seconds: since it began to mine.
    """
    number = mac.replace(":", "")
    return {
        "get_version": _message(
            {
                "api_ver": "2.0.5",
                "fw_ver": "20240924.14.Rel",
                "platform": "H616",
                "chip": "K88Z001-2039 BINV01-195001B",
            }
        ),
        "get_miner_info": _message(
            {
                "ip": host,
                "proto": "dhcp",
                "hostname": "whatsminer",
                "mac": mac,
                "ledstat": "auto",
                "minersn": f"HTM{number}",
                "powersn": f"P{number}",
                "upfreq_speed": "0",
            }
        ),
        "get_psu": _message(
            {
                "name": "P221B",
                "hw_version": "V01.00",
                "sw_version": "V01.00.V01.03",
                "model": "P221B",
                "iin": "15178",
                "vin": "22400",
                "pin": "3400",
                "fan_speed": "6450",
                "serial_no": f"P{number}",
                "vendor": "7",
                "temp0": "35.5",
            }
        ),
        "get_error_code": _message({"error_code": [{"2010": "2026-11-01 10:00:00"}]}),
        "get_token": _message(
            {"time": "5626", "salt": "BQ5hoXV9", "newsalt": "jbzkfQls"}
        ),
        "status": _message(
            {
                "mineroff": "false",
                "mineroff_reason": "",
                "mineroff_time": "",
                "FirmwareVersion": "20240924.14.Rel",
                "power_mode": "normal",
                "power_limit_set": "3400",
                "hash_percent": "0",
            }
        ),
        "summary": _table("SUMMARY", _summary(seconds)),
        "pools": _table("POOLS", pool(0)),
        "edevs": _table("DEVS", *(board(slot, number) for slot in range(BOARDS))),
        "devdetails": _table(
            "DEVDETAILS",
            *(
                {"DEVDETAILS": slot, "Name": "SM", "ID": slot, "Driver": "bitmicro"}
                | {"Kernel": "", "Model": "M30S+_VE40"}
                for slot in range(BOARDS)
            ),
        ),
    }


def _message(content: object) -> Answers:
    return {"STATUS": "S", "When": 1, "Code": 131, "Msg": content, "Description": ""}


def _table(section: str, *rows: Answers) -> Answers:
    return {"STATUS": [{"STATUS": "S", "Msg": section}], section: list(rows), "id": 1}


def _summary(seconds: float) -> Answers:
    return {
        "Elapsed": int(seconds),
        **_hash_rates(100e6),
        "Accepted": 1000,
        "Rejected": 2,
        "Total MH": 8.64e12,
        "Temperature": 72.0,
        "freq_avg": 660,
        "Fan Speed In": 4530,
        "Fan Speed Out": 4590,
        "Power": 3400,
        "Power Rate": 34.0,
        "Pool Rejected%": 0.2,
        "Uptime": int(seconds) + 60,
        "Hash Stable": True,
        "Hash Stable Cost Seconds": 1200,
        "Hash Deviation%": 0.1,
        "Target Freq": 660,
        "Target MHS": 100_000_000,
        "Env Temp": 25.0,
        "Power Mode": "Normal",
        "Factory GHS": 100_000,
        "Power Limit": 3400,
        "Chip Temp Min": 65.0,
        "Chip Temp Max": 90.0,
        "Chip Temp Avg": 78.0,
        "Btminer Fast Boot": "disable",
        "Upfreq Complete": 1,
    }


def pool(number: int) -> Answers:
    """Return one pool of the answer to ``pools``; the first is the active one."""
    return {
        "POOL": number + 1,
        "URL": f"stratum+tcp://pool{number}.example:3333",
        "Status": "Alive",
        "Priority": number,
        "Accepted": 1000,
        "Rejected": 2,
        "User": f"worker.{number}",
        "Last Share Time": 1_793_491_200,
        "Stratum Active": number == 0,
        "Stratum Difficulty": 262_144.0,
        "Pool Rejected%": 0.2,
    }


def board(slot: object, number: str) -> Answers:
    """Return one hashboard of the answer to ``edevs``."""
    return {
        "ASC": slot,
        "Slot": slot,
        "Enabled": "Y",
        "Status": "Alive",
        "Temperature": 72.0,
        "Chip Frequency": 660,
        **_hash_rates(33.3e6),
        "HS Factory": 33_333,
        "Accepted": 330,
        "Rejected": 0,
        "Upfreq Complete": 1,
        "Effective Chips": 156,
        "PCB SN": f"B{slot}{number}",
        "Chip Temp Min": 65.0,
        "Chip Temp Max": 90.0,
        "Chip Temp Avg": 78.0,
        "chip_vol_diff": 9,
    }


def _hash_rates(rate: float) -> Answers:
    keys = ("MHS av", "MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m", "HS RT")
    return dict.fromkeys(keys, rate)


def put(said: Answers, path: Path, value: object) -> None:
    """Set one value in the answers; the path begins with the command."""
    *way, last = path
    here: Any = said
    for step in way:
        here = here[step]
    here[last] = value


def raw(text: str) -> str:
    """Return a mark for text that is sent without quotes, such as a number beyond JSON."""
    return f"<raw>{text}</raw>"


def to_bytes(answer: object) -> bytes:
    """Return the bytes of an answer."""
    if isinstance(answer, bytes):
        return answer
    text = json.dumps(answer, separators=(",", ":"))
    return text.replace('"<raw>', "").replace('</raw>"', "").encode()


def answer(said: Answers, command: str) -> bytes:
    """Return the answer to a request, which may be a joined one."""
    parts = command.split("+")
    if len(parts) == 1:
        return to_bytes(said.get(command, INVALID_COMMAND))
    joined = b",".join(
        b'"%s":[%s]' % (part.encode(), to_bytes(said.get(part, INVALID_COMMAND)))
        for part in parts
    )
    return b'{%s,"id":1}' % joined


def now() -> float:
    """Return the uptime of a miner that had been mining for a day when the program began."""
    return 86_400 + time.monotonic() - _BEGAN


_BEGAN = time.monotonic()
