"""API 2.0.5, firmware of 2023 and 2024."""

from collections.abc import Mapping
from typing import ClassVar, override

from ..device import Device, Generation
from ..telemetry import BoardReading
from ..wire import Fixed, Json, JsonObject
from .base import Firmware, Read, error_codes, full_supply, miner_info
from .shapes import (
    classic_pool,
    efficiency,
    hash_rates,
    power_status,
    rejected_percent,
    status,
)


class V2(Firmware):
    """API 2.0.5: short STATUS lists for cgminer's data, ``Msg`` objects for the rest."""

    generation: ClassVar = Generation.V2
    api_version: ClassVar[str] = "2.0.5"
    firmware_version: ClassVar[str] = "20240924.14.Rel"
    platform: ClassVar[str] = "H616"
    chip: ClassVar[str] = "K88Z001-2039 BINV01-195001B"

    @property
    @override
    def reads(self) -> Mapping[str, Read]:
        return {
            **super().reads,
            "get_miner_info": self.get_miner_info,
            "get_error_code": self.get_error_code,
        }

    @override
    def summary(self, device: Device, request: JsonObject) -> Json:
        state = device.state
        now = device.telemetry()
        summary: JsonObject = {
            "Elapsed": int(now.elapsed),
            **hash_rates(now),
            "Accepted": now.accepted,
            "Rejected": now.rejected,
            "Total MH": Fixed(now.total * 1e6, 4),
            "Temperature": Fixed(now.board_temperature),
            "freq_avg": round(now.frequency),
            "Fan Speed In": round(now.fan_in),
            "Fan Speed Out": round(now.fan_out),
            "Power": round(now.power),
            "Power Rate": Fixed(efficiency(now.power, now.hash_rate)),
            "Pool Rejected%": Fixed(rejected_percent(now.accepted, now.rejected), 4),
            "Pool Stale%": Fixed(0, 4),
            "Last getwork": 0,
            "Uptime": int(now.uptime),
            "Security Mode": 0,
            "Hash Stable": now.tuned,
            "Hash Stable Cost Seconds": int(now.tuning_seconds),
            "Hash Deviation%": Fixed(now.deviation, 4),
            "Target Freq": round(now.target_frequency),
            "Target MHS": round(state.model.hash_rate * 1e6),
            "Env Temp": Fixed(now.environment),
            "Power Mode": state.power_mode.capitalize(),
            "Factory GHS": round(state.model.hash_rate * 1000),
            "Power Limit": now.power_limit,
            "Chip Temp Min": Fixed(now.chip_min),
            "Chip Temp Max": Fixed(now.chip_max),
            "Chip Temp Avg": Fixed(now.chip_avg),
            "Debug": "-0.0_100.0_354",
            "Btminer Fast Boot": "enable" if state.fast_boot else "disable",
            "Upfreq Complete": int(now.tuned),
        }
        return {"STATUS": [status("Summary")], "SUMMARY": [summary], "id": 1}

    @override
    def pools(self, device: Device, request: JsonObject) -> Json:
        pools = [pool for pool in device.state.pools if pool.url]
        return {
            "STATUS": [status(f"{len(pools)} Pool(s)")],
            "POOLS": [
                classic_pool(device, number, pool)
                for number, pool in enumerate(pools, start=1)
            ],
            "id": 1,
        }

    @override
    def edevs(self, device: Device, request: JsonObject) -> Json:
        now = device.telemetry()
        return {
            "STATUS": [status(f"{len(now.boards)} ASC(s)")],
            "DEVS": [self._board(device, board) for board in now.boards],
            "id": 1,
        }

    @override
    def devdetails(self, device: Device, request: JsonObject) -> Json:
        model = device.state.model
        details: Json = [
            {
                "DEVDETAILS": board.slot,
                "Name": "SM",
                "ID": board.slot,
                "Driver": "bitmicro",
                "Kernel": "",
                "Model": f"{model.name}_{model.variant}",
            }
            for board in device.state.telemetry().boards
        ]
        return {
            "STATUS": [
                {
                    "STATUS": "S",
                    "When": int(device.state.now),
                    "Code": 69,
                    "Msg": "Device Details",
                    "Description": "btminer",
                }
            ],
            "DEVDETAILS": details,
            "id": 1,
        }

    @override
    def status(self, device: Device, request: JsonObject) -> Json:
        state = device.state
        limit = "" if state.power_limit is None else str(state.power_limit)
        return self.success(
            device,
            power_status(device, limit) | {"hash_percent": str(state.target_freq)},
        )

    @override
    def get_version(self, device: Device, request: JsonObject) -> Json:
        return self.success(
            device,
            {
                "api_ver": device.storage.api_version,
                "fw_ver": device.storage.firmware_version,
                "platform": self.platform,
                "chip": self.chip,
            },
        )

    @override
    def get_psu(self, device: Device, request: JsonObject) -> Json:
        return self.success(device, full_supply(device))

    def get_miner_info(self, device: Device, request: JsonObject) -> Json:
        """Answer ``get_miner_info``; ``info`` may name the wanted keys."""
        info = miner_info(device)
        wanted = request.get("info")
        if isinstance(wanted, str):
            info = {key: info[key] for key in wanted.split(",") if key in info}
        return self.success(device, info)

    def get_error_code(self, device: Device, request: JsonObject) -> Json:
        """Answer ``get_error_code``."""
        return self.success(device, error_codes(device))

    def _board(self, device: Device, board: BoardReading) -> Json:
        last_share = device.telemetry().last_share
        return {
            "ASC": board.slot,
            "Slot": board.slot,
            "Enabled": "Y",
            "Status": board.status,
            "Temperature": Fixed(board.temperature),
            "Chip Frequency": round(board.frequency),
            **hash_rates(board),
            "Factory GHS": round(board.factory * 1000),
            "Accepted": board.accepted,
            "Rejected": board.rejected,
            "Last Valid Work": int(last_share),
            "Upfreq Complete": int(board.tuned),
            "Effective Chips": board.chips,
            "PCB SN": board.serial,
            "Chip Data": self.chip,
            "Chip Temp Min": Fixed(board.chip_min),
            "Chip Temp Max": Fixed(board.chip_max),
            "Chip Temp Avg": Fixed(board.chip_avg),
            "chip_vol_diff": 9,
        }
