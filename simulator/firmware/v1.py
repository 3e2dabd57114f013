"""API 1.4.0, firmware of 2020 to 2022: cgminer's own envelopes."""

from collections.abc import Mapping
from typing import ClassVar, override

from ..device import Device, Generation
from ..errors import Code
from ..models import Cooling
from ..quirks import Quirk
from ..settings import Pool
from ..wire import Fixed, Json, JsonObject
from .base import Firmware, Read, supply
from .shapes import classic_pool, hash_rates, rejected_percent

_CGMINER = "4.9.2"
_POOL_PLACES = 3


class V1(Firmware):
    """API 1.4.0: faults and identity are in ``summary``."""

    generation: ClassVar = Generation.V1
    api_version: ClassVar[str] = "whatsminer v1.4.0"
    firmware_version: ClassVar[str] = "20210322.22.REL"
    platform: ClassVar[str] = "H3"
    description: ClassVar[str] = "whatsminer v1.4.0"
    built_in_quirks: ClassVar = frozenset({Quirk.STALE_SUMMARY})
    joinable: ClassVar[frozenset[str]] = Firmware.joinable | {"version", "stats"}
    chip: ClassVar[str] = "K88Z001-2039 BINV01-195001B"

    @property
    @override
    def reads(self) -> Mapping[str, Read]:
        return {**super().reads, "version": self.version, "stats": self.stats}

    def version(self, device: Device, request: JsonObject) -> Json:
        """Answer ``version``: of cgminer and its API, not of the vendor's."""
        versions: list[JsonObject] = [{"CGMiner": _CGMINER, "API": "3.6"}]
        return self._cgminer(device, 22, "CGMiner versions", "VERSION", versions)

    def stats(self, device: Device, request: JsonObject) -> Json:
        """Answer ``stats``: how long work took to get, for each board and each pool."""
        now = device.telemetry()
        names = [f"SM{board.slot}" for board in now.boards]
        names += [f"POOL{place}" for place in range(_POOL_PLACES)]
        entries: list[JsonObject] = [
            {
                "STATS": number,
                "ID": name,
                "Elapsed": int(now.elapsed),
                "Calls": 0,
                "Wait": Fixed(0, 6),
                "Max": Fixed(0, 6),
                "Min": Fixed(99_999_999, 6),
            }
            for number, name in enumerate(names)
        ]
        return self._cgminer(device, 70, "CGMiner stats", "STATS", entries)

    @override
    def summary(self, device: Device, request: JsonObject) -> Json:
        state = device.state
        now = device.telemetry()
        minutes = now.elapsed / 60
        summary: JsonObject = {
            "Elapsed": int(now.elapsed),
            **hash_rates(now),
            "Found Blocks": 0,
            "Getworks": now.accepted // 3,
            "Accepted": now.accepted,
            "Rejected": now.rejected,
            "Hardware Errors": 0,
            "Utility": Fixed(now.accepted / minutes if minutes else 0),
            "Discarded": 0,
            "Stale": 0,
            "Get Failures": 0,
            "Local Work": now.accepted * 60,
            "Remote Failures": 0,
            "Network Blocks": 1,
            "Total MH": Fixed(now.total * 1e6, 4),
            "Temperature": Fixed(now.board_temperature),
            "freq_avg": round(now.frequency),
            "Fan Speed In": round(now.fan_in),
            "Fan Speed Out": round(now.fan_out),
            "Voltage": 1220,
            "Power": round(now.power),
            "Power_RT": round(now.power),
            "Device Hardware%": Fixed(0, 4),
            "Device Rejected%": Fixed(rejected_percent(now.accepted, now.rejected), 4),
            "Pool Rejected%": Fixed(rejected_percent(now.accepted, now.rejected), 4),
            "Pool Stale%": Fixed(0, 4),
            "Last getwork": 0,
            "Uptime": int(now.uptime),
            "Chip Data": self.chip,
            "Power Current": round(now.power / 12.2),
            "Power Fanspeed": round(now.psu_fan),
            "Error Code Count": len(state.faults),
            **{f"Error Code {n}": code for n, code in enumerate(state.faults)},
            "Factory Error Code Count": 0,
            "Security Mode": 0,
            "Liquid Cooling": state.model.cooling is not Cooling.AIR,
            "Hash Stable": now.tuned,
            "Hash Stable Cost Seconds": int(now.tuning_seconds),
            "Hash Deviation%": Fixed(now.deviation, 4),
            "Target Freq": round(now.target_frequency),
            "Target MHS": round(state.model.hash_rate * 1e6),
            "Power Mode": state.power_mode.capitalize(),
            "Firmware Version": f"'{device.storage.firmware_version}'",
            "CB Platform": f"ALLWINNER_{self.platform}",
            "CB Version": "V10",
            "MAC": state.identity.mac,
            "Factory GHS": round(state.model.hash_rate * 1000),
            "Power Limit": now.power_limit,
            "Chip Temp Min": Fixed(now.chip_min),
            "Chip Temp Max": Fixed(now.chip_max),
            "Chip Temp Avg": Fixed(now.chip_avg),
        }
        return self._cgminer(device, 11, "Summary", "SUMMARY", [summary])

    @override
    def pools(self, device: Device, request: JsonObject) -> Json:
        # Three places whether they are in use or not.
        pools = list(device.state.pools)
        pools += [Pool("", "") for _ in range(_POOL_PLACES - len(pools))]
        entries = [
            classic_pool(device, number, pool) for number, pool in enumerate(pools, 1)
        ]
        return self._cgminer(device, 7, f"{len(pools)} Pool(s)", "POOLS", entries)

    @override
    def edevs(self, device: Device, request: JsonObject) -> Json:
        now = device.telemetry()
        boards: list[JsonObject] = [
            {
                "ASC": board.slot,
                "Name": "SM",
                "ID": board.slot,
                "Slot": board.slot,
                "Enabled": "Y",
                "Status": board.status,
                "Temperature": Fixed(board.temperature),
                "Chip Frequency": round(board.frequency),
                "Fan Speed In": round(now.fan_in),
                "Fan Speed Out": round(now.fan_out),
                **hash_rates(board),
                "Accepted": board.accepted,
                "Rejected": board.rejected,
                "Hardware Errors": 0,
                "Utility": Fixed(board.accepted / max(1.0, now.elapsed / 60)),
                "Last Share Pool": 0,
                "Last Share Time": int(now.last_share),
                "Total MH": Fixed(board.hash_average * now.elapsed * 1e6, 4),
                "Diff1 Work": Fixed(0, 8),
                "Last Valid Work": int(now.last_share),
                "Device Hardware%": Fixed(0, 4),
                "Device Rejected%": Fixed(0, 4),
                "Device Elapsed": int(now.elapsed),
                "Upfreq Complete": int(board.tuned),
                "Effective Chips": board.chips,
                "PCB SN": board.serial,
                "Chip Data": self.chip,
                "Chip Temp Min": Fixed(board.chip_min),
                "Chip Temp Max": Fixed(board.chip_max),
                "Chip Temp Avg": Fixed(board.chip_avg),
                "chip_vol_diff": 9,
            }
            for board in now.boards
        ]
        return self._cgminer(device, 9, f"{len(boards)} ASC(s)", "DEVS", boards)

    @override
    def devdetails(self, device: Device, request: JsonObject) -> Json:
        model = device.state.model
        details: list[JsonObject] = [
            {
                "DEVDETAILS": board.slot,
                "Name": "SM",
                "ID": board.slot,
                "Driver": "bitmicro",
                "Kernel": "",
                "Model": f"{model.name}{model.variant}",
            }
            for board in device.telemetry().boards
        ]
        return self._cgminer(device, 69, "Device Details", "DEVDETAILS", details)

    @override
    def status(self, device: Device, request: JsonObject) -> Json:
        off = Quirk.ALWAYS_OFF in device.quirks or not device.state.mining
        switch: JsonObject = {"btmineroff": "true" if off else "false"}
        return self.success(
            device,
            ({} if Quirk.NO_MINEROFF in device.quirks else switch)
            | {"Firmware Version": f"'{device.storage.firmware_version}'"},
        )

    @override
    def get_version(self, device: Device, request: JsonObject) -> Json:
        return self.success(
            device,
            {
                "api_ver": device.storage.api_version,
                "fw_ver": device.storage.firmware_version,
            },
        )

    @override
    def get_psu(self, device: Device, request: JsonObject) -> Json:
        return self.success(device, supply(device))

    @override
    def unknown(self, device: Device) -> Json:
        entry = self._status(device, "E", Code.INVALID_COMMAND, "Invalid command")
        return {"STATUS": [entry], "id": 1}

    def _cgminer(
        self, device: Device, code: int, message: str, name: str, entries: Json
    ) -> Json:
        status = self._status(device, "S", code, message)
        return {"STATUS": [status], name: entries, "id": 1}

    def _status(self, device: Device, status: str, code: int, message: str) -> Json:
        return {
            "STATUS": status,
            "When": int(device.state.now),
            "Code": int(code),
            "Msg": message,
            "Description": f"cgminer {_CGMINER}",
        }
