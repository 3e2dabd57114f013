"""API 2.2.2: what firmware with the V3 API still answers on port 4028."""

from typing import ClassVar, override

from ..access import TokenLimits
from ..device import Device, Generation
from ..errors import Code, Refusal
from ..telemetry import BoardReading
from ..wire import Json, JsonObject, single
from .base import miner_info
from .shapes import efficiency, pool_status, power_status, rejected_percent, status
from .v2 import V2

_LIMIT_NOT_SET = "2147483647"


class Compat(V2):
    """API 2.2.2: fewer keys, shortest numbers, hashboards in TH/s."""

    generation: ClassVar = Generation.COMPAT
    api_version: ClassVar[str] = "2.2.2"
    firmware_version: ClassVar[str] = "20260312.16.REL3"
    platform: ClassVar[str] = "H616"
    chip: ClassVar[str] = "H37A02-24050704BINVE5-197802C"
    token_limits: ClassVar[TokenLimits] = TokenLimits(total=100)

    @override
    def summary(self, device: Device, request: JsonObject) -> Json:
        state = device.state
        now = device.telemetry()
        summary: JsonObject = {
            "Elapsed": single(now.elapsed),
            "MHS av": round(now.hash_average * 1e6),
            "MHS 1m": round(now.hash_1m * 1e6),
            "MHS 15m": round(now.hash_15m * 1e6),
            "HS RT": round(now.hash_rate * 1e6),
            "freq_avg": single(now.frequency),
            "Fan Speed In": round(now.fan_in),
            "Fan Speed Out": round(now.fan_out),
            "Power": now.power,
            "Power Rate": single(efficiency(now.power, now.hash_rate)),
            "Pool Rejected%": single(rejected_percent(now.accepted, now.rejected)),
            "Uptime": int(now.uptime),
            "Hash Stable": "true" if now.tuned else "false",
            "Hash Stable Cost Seconds": int(now.tuning_seconds),
            "Target Freq": 0,
            "Env Temp": round(now.environment, 3),
            "Power Mode": state.power_mode.capitalize(),
            "Factory GHS": round(state.model.hash_rate * 1000),
            "Power Limit": now.power_limit,
            "Chip Temp Min": single(now.chip_min),
            "Chip Temp Max": single(now.chip_max),
            "Chip Temp Avg": single(now.chip_avg),
            "Debug": "37.7 3.0/0.5 3.0/0.2 3.0/0.5 ",
            "Btminer Fast Boot": "enable" if state.fast_boot else "disable",
        }
        return self.success(device, summary)

    @override
    def pools(self, device: Device, request: JsonObject) -> Json:
        state = device.state
        pools = [pool for pool in state.pools if pool.url]
        return {
            "STATUS": [status(f"{len(pools)} Pool(s)")],
            "POOLS": [
                {
                    "POOL": number,
                    "URL": pool.url,
                    "Status": pool_status(pool),
                    "Priority": number - 1,
                    "Quota": 1,
                    "Getworks": pool.accepted // 3,
                    "Accepted": pool.accepted,
                    "Rejected": pool.rejected,
                    "Discarded": 0,
                    "Stale": 0,
                    "Get Failures": 0,
                    "Remote Failures": 0,
                    "User": pool.user,
                    "Last Share Time": int(pool.last_share),
                    "Stratum Active": pool is state.pool and state.mining,
                    "Stratum Difficulty": 262_144,
                    "Pool Rejected%": rejected_percent(pool.accepted, pool.rejected),
                    "Pool Stale%": 0,
                    "Bad Work": 0,
                    "To Remove": False,
                }
                for number, pool in enumerate(pools, start=1)
            ],
            "id": 1,
        }

    @override
    def devdetails(self, device: Device, request: JsonObject) -> Json:
        return self.refusal(
            device, Refusal(Code.COMMAND_ERROR, "This command is deprecated.")
        )

    @override
    def status(self, device: Device, request: JsonObject) -> Json:
        return self.success(device, self._status(device))

    def _status(self, device: Device) -> JsonObject:
        state = device.state
        limit = _LIMIT_NOT_SET if state.power_limit is None else str(state.power_limit)
        message = power_status(device, limit) | {
            "hash_percent": str(state.target_freq),
            "fast_mining": "true" if state.fast_hash else "false",
            "fast_hash": "true" if state.fast_hash else "false",
        }
        if state.model.liquid:
            message["liquid_temp"] = round(state.coolant, 1)
        message["power_pct"] = state.percent
        return message

    @override
    def get_version(self, device: Device, request: JsonObject) -> Json:
        model = device.state.model
        return self.success(
            device,
            {
                "api_ver": device.storage.api_version,
                "fw_ver": device.storage.firmware_version,
                "platform": self.platform,
                "chip": self.chip,
                "miner_type": f"{model.name}_{model.variant}",
            },
        )

    @override
    def get_miner_info(self, device: Device, request: JsonObject) -> Json:
        # This firmware ignores the filter, and its board does not know the serial number.
        return self.success(
            device,
            {"ntp": device.state.ntp_servers} | miner_info(device) | {"minersn": ""},
        )

    @override
    def _board(self, device: Device, board: BoardReading) -> Json:
        return {
            "Slot": board.slot,
            "Temperature": round(board.temperature, 2),
            "Chip Frequency": round(board.frequency),
            "MHS av": round(board.hash_average, 2),
            "MHS 1m": round(board.hash_1m, 2),
            "MHS 15m": round(board.hash_15m, 2),
            "HS RT": round(board.hash_rate, 2),
            "Factory GHS": round(board.factory * 1000),
            "Upfreq Complete": int(board.tuned),
            "Effective Chips": board.chips,
            "PCB SN": board.serial,
            "Chip Data": self.chip,
        }
