"""What each client makes of a miner, and what it has to make of it.

A reading is None where the client does not have it. Hash rates are TH/s with two decimals,
temperatures degrees C, power W, uptime s.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self, override

import pyasic
from pyasic.config import MiningModeConfig
from pyasic.config.pools import Pool, PoolConfig, PoolGroup
import pyasic_rs
from pyasic_rs.data import MiningMode

from .plans import PASSWORD

type Readings = dict[str, object]

READINGS: Final = (
    *("model", "MAC", "serial number", "firmware", "API version", "hostname"),
    *("hash rate", "factory hash rate", "boards", "board hash rates"),
    *("board temperatures", "chip temperatures", "chips", "board serial numbers"),
    *("power", "power limit", "fans", "PSU fan", "environment", "mining", "LED"),
    *("faults", "pools", "uptime"),
)

NEW_POOLS: Final = [
    ["stratum+tcp://first.example:3333", "account.one"],
    ["stratum+tcp://second.example:3333", "account.two"],
]


class Client(ABC):
    """A client with one miner.

    Attributes:
        commands: what it can be asked to do, by a name that both clients share.
    """

    name: str
    commands: dict[str, Callable[[], Awaitable[object]]]

    def __init__(self, miner: Any) -> None:
        """Use a miner that the client has found."""
        self.miner = miner

    @classmethod
    @abstractmethod
    async def find(cls, address: str) -> Self | None:
        """Return a client that has found the miner at an address, None without one."""

    @abstractmethod
    async def read(self) -> Readings:
        """Return all readings of the client."""

    @abstractmethod
    def wanted(self, state: dict[str, Any]) -> Readings:
        """Return the readings that are right for a machine in this state."""


def _common(state: dict[str, Any]) -> Readings:
    now = state["readings"]
    return {
        "MAC": state["mac"],
        "serial number": state["serial"],
        "firmware": state["firmware"],
        "API version": state["api"].removeprefix("whatsminer v"),
        "hostname": state["hostname"],
        "factory hash rate": state["factory"],
        "boards": len(now["boards"]),
        "chips": [board["chips"] for board in now["boards"]],
        "board serial numbers": [board["serial"] for board in now["boards"]],
        "power": round(now["power"]),
        "power limit": now["power_limit"],
        "fans": [round(now["fan_in"]), round(now["fan_out"])],
        "PSU fan": round(now["psu_fan"]),
        "environment": round(now["environment"], 2),
        "mining": state["mining"],
        "LED": bool(state["led"]),
        "faults": state["faults"],
        "pools": state["pools"],
        "uptime": int(now["elapsed"]),
    }


def _rate(rate: Any, digits: int) -> float | None:
    return None if rate is None else round(float(rate), digits)


def of_boards(state: dict[str, Any], key: str, digits: int | None) -> list[float]:
    """Return a reading of each hashboard, rounded."""
    return [round(board[key], digits) for board in state["readings"]["boards"]]


class Pyasic(Client):
    """pyasic: average rates of a minute, temperatures without decimals."""

    name = "pyasic"

    def __init__(self, miner: Any) -> None:
        """Name its commands. A mode goes along with the pools."""
        super().__init__(miner)
        self.commands = {
            "power off": miner.stop_mining,
            "power on": miner.resume_mining,
            "power limit": lambda: miner.set_power_limit(3000),
            "LED on": miner.fault_light_on,
            "LED off": miner.fault_light_off,
            "pools": self._set_pools,
            "mode": self._set_mode,
        }

    async def _set_pools(self) -> bool:
        config = await self.miner.get_config()
        pools = [Pool(url=url, user=user, password="x") for url, user in NEW_POOLS]
        config.pools = PoolConfig(groups=[PoolGroup(pools=pools)])
        await self.miner.send_config(config)
        return True

    async def _set_mode(self) -> bool:
        config = await self.miner.get_config()
        config.mining_mode = MiningModeConfig.low()
        await self.miner.send_config(config)
        return True

    @classmethod
    @override
    async def find(cls, address: str) -> Self | None:
        """Find the miner at an address as applications do."""
        miner: Any = await pyasic.get_miner(address)
        if miner is None:
            return None
        miner.rpc.pwd = PASSWORD
        return cls(miner)

    @override
    async def read(self) -> Readings:
        data = await self.miner.get_data()
        boards = [board for board in data.hashboards if not board.missing]
        return {
            "model": data.model,
            "MAC": data.mac,
            "serial number": data.serial_number,
            "firmware": data.fw_ver,
            "API version": data.api_ver,
            "hostname": data.hostname,
            "hash rate": _rate(data.hashrate, 2),
            "factory hash rate": _rate(data.expected_hashrate, 3),
            "boards": len(boards),
            "board hash rates": [_rate(board.hashrate, 2) for board in boards],
            "board temperatures": [board.temp for board in boards],
            "chip temperatures": [board.chip_temp for board in boards],
            "chips": [board.chips for board in boards],
            "board serial numbers": [board.serial_number for board in boards],
            "power": data.wattage,
            "power limit": data.wattage_limit,
            "fans": [fan.speed for fan in data.fans],
            "PSU fan": data.fan_psu,
            "environment": data.env_temp,
            "mining": data.is_mining,
            "LED": data.fault_light,
            "faults": [error.error_code for error in data.errors],
            "pools": [
                [str(pool.url or ""), pool.user, pool.accepted] for pool in data.pools
            ],
            "uptime": data.uptime,
        }

    @override
    def wanted(self, state: dict[str, Any]) -> Readings:
        return _common(state) | {
            "model": state["model"],
            "hash rate": round(state["readings"]["hash_1m"], 2),
            "board hash rates": of_boards(state, "hash_1m", 2),
            "board temperatures": of_boards(state, "temperature", None),
            "chip temperatures": of_boards(state, "chip_avg", None),
        }


class AsicRs(Client):
    """asic-rs: rates of the moment, averages of boards, coldest and hottest chip."""

    name = "asic-rs"

    def __init__(self, miner: Any) -> None:
        """Name its commands."""
        super().__init__(miner)
        pools = [
            pyasic_rs.Pool(url=url, username=user, password="x")
            for url, user in NEW_POOLS
        ]
        group = pyasic_rs.PoolGroup(name="", quota=1, pools=pools)
        low = pyasic_rs.TuningConfig.mode(MiningMode.Low)
        self.commands = {
            "power off": miner.pause,
            "power on": miner.resume,
            "power limit": lambda: miner.set_power_limit(3000),
            "LED on": lambda: miner.set_fault_light(True),
            "LED off": lambda: miner.set_fault_light(False),
            "pools": lambda: miner.set_pools_config([group]),
            "mode": lambda: miner.set_tuning_config(low),
        }

    @classmethod
    @override
    async def find(cls, address: str) -> Self | None:
        """Find the miner at an address as applications do."""
        miner: Any = await pyasic_rs.MinerFactory().get_miner(address)
        if miner is None:
            return None
        miner.set_auth("admin", PASSWORD)
        return cls(miner)

    @override
    async def read(self) -> Readings:
        data = (await self.miner.get_data()).model_dump()
        boards = data["hashboards"]
        psu_fans = [round(fan["rpm"]) for fan in data["psu_fans"]]
        uptime = (await self.miner.get_uptime()).total_seconds()
        return {
            "model": data["device_info"]["model"],
            "MAC": data["mac"],
            "serial number": data["serial_number"],
            "firmware": data["firmware_version"],
            "API version": data["api_version"],
            "hostname": data["hostname"],
            "hash rate": round(data["hashrate"]["value"], 2),
            "factory hash rate": round(data["expected_hashrate"]["value"], 3),
            "boards": len(boards),
            "board hash rates": [
                round(board["hashrate"]["value"], 2) for board in boards
            ],
            "board temperatures": _rounded(boards, "board_temperature"),
            "chip temperatures": [
                list(pair)
                for pair in zip(
                    _rounded(boards, "inlet_chip_temperature"),
                    _rounded(boards, "outlet_chip_temperature"),
                    strict=True,
                )
            ],
            "chips": [board["working_chips"] for board in boards],
            "board serial numbers": [board["serial_number"] for board in boards],
            "power": data["wattage"],
            "power limit": (data["tuning_target"] or {}).get("value"),
            "fans": [round(fan["rpm"]) for fan in data["fans"]],
            "PSU fan": psu_fans[0] if psu_fans else None,
            "environment": data["fluid_temperature"]
            and round(data["fluid_temperature"], 2),
            "mining": data["is_mining"],
            "LED": data["light_flashing"],
            "faults": [message["code"] for message in data["messages"]],
            "pools": [
                [pool["url"], pool["user"], pool["accepted_shares"]]
                for group in data["pools"]
                for pool in group["pools"]
            ],
            "uptime": int(uptime),
        }

    @override
    def wanted(self, state: dict[str, Any]) -> Readings:
        name, variant = state["model"].split()
        return _common(state) | {
            "model": name.replace("+", "Plus") + variant,
            "hash rate": round(state["readings"]["hash_rate"], 2),
            "board hash rates": of_boards(state, "hash_average", 2),
            "board temperatures": of_boards(state, "temperature", 1),
            "chip temperatures": [
                [round(board["chip_min"], 1), round(board["chip_max"], 1)]
                for board in state["readings"]["boards"]
            ],
        }


def _rounded(boards: list[dict[str, Any]], key: str) -> list[float]:
    return [round(board[key], 1) for board in boards]


CLIENTS: Final = {"pyasic": Pyasic, "asic-rs": AsicRs}
