"""What a miner is asked and told, in the words of V2, also where it speaks V3.

A test for every generation names a command once, as V2 does.
"""

from typing import Any, Final

from simulator import Framed, Misbehaviour, Refused, SimulatedMiner

from . import ACCEPTED_ONLY, JOINED, PROCESS_DOWN, names_of

_STATUS: Final = "get.miner.status"
_DEVICE: Final = "get.device.info"
_V3_NAMES: Final = {
    JOINED: _STATUS,
    "summary": _STATUS,
    "status": _DEVICE,
    "get_token": f"{_DEVICE} salt",
    "power_off": "set.miner.service stop",
    "power_on": "set.miner.service start",
    "restart_btminer": "set.miner.service restart",
    "set_low_power": "set.miner.power_mode low",
    "set_normal_power": "set.miner.power_mode normal",
    "set_high_power": "set.miner.power_mode high",
    "reboot": "set.system.reboot",
    "disable_web_pools": "set.system.webpools disable",
    "enable_web_pools": "set.system.webpools enable",
    "download_logs": "get.log.download",
}
_V2_NAMES: Final = {name: command for command, name in _V3_NAMES.items()}


def speaks_v3(miner: SimulatedMiner) -> bool:
    """Return whether a miner has the port of V3."""
    return miner.generation == "v3"


def name_for(miner: SimulatedMiner, command: str) -> str:
    """Return the name under which a miner can be made to misbehave at a command of V2."""
    return _V3_NAMES[command] if speaks_v3(miner) else command


def written(miner: SimulatedMiner) -> list[dict[str, Any]]:
    """Return the commands that a miner took, as they were written, without the account."""
    if not speaks_v3(miner):
        return miner.writes
    assert miner.writes == []
    return [
        {key: value for key, value in write.items() if key != "account"}
        for write in miner.v3.writes
    ]


def sent(miner: SimulatedMiner) -> list[str]:
    """Return the names of the commands that a miner took, in the words of V2."""
    if not speaks_v3(miner):
        return names_of(miner.writes)
    names: list[str] = []
    for write in written(miner):
        param = write.get("param")
        name = f"{write['cmd']} {param}" if isinstance(param, str) else write["cmd"]
        names.append(_V2_NAMES.get(name, name))
    return names


def forget(miner: SimulatedMiner) -> None:
    """Forget what a miner was asked and told so far."""
    ports = (miner, miner.v3) if speaks_v3(miner) else (miner,)
    for port in ports:
        port.requests.clear()
        port.writes.clear()


def process_down(miner: SimulatedMiner) -> Misbehaviour:
    """Return how a miner answers while its mining process is down."""
    if speaks_v3(miner):
        return Refused(-1, "btminer process is down err")
    return PROCESS_DOWN


def accepted_only(miner: SimulatedMiner) -> Misbehaviour:
    """Return how a miner answers that takes a command and then does nothing of the kind."""
    if speaks_v3(miner):
        return Framed(b'{"code":0,"when":1,"msg":"ok","desc":""}')
    return ACCEPTED_ONLY
