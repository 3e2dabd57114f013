"""Files: the miner's log comes, another firmware goes."""

import asyncio
from functools import partial
from pathlib import Path

from ..client import DOMAIN
from ..miners import AIR, HYDRO
from .bench import Bench
from .report import Mismatch, expect

_IMAGE = bytes(range(256)) * 2000
_VERSION = "20261101.12.Rel"
_SECONDS_AWAY = 2.0
_SECONDS_TO_UPDATE = 60.0


async def download_logs(bench: Bench) -> None:
    """Fetch the log of a miner."""
    miner = bench.miner(HYDRO)
    async with bench.report.step(f"{HYDRO.model}: action download_logs") as step:
        device = await bench.device(miner)
        told = (
            await bench.client.act("download_logs", device_id=device, response=True)
        )[device]
        path = Path(told["path"])
        if not path.is_relative_to(bench.config / DOMAIN / "logs"):
            raise Mismatch(f"the log is in {path}")
        if path.read_bytes() != miner.miner.logs or told["size"] != len(
            miner.miner.logs
        ):
            raise Mismatch(f"the file is not the log: {told}")
        step.sent = bench.received(miner, {"cmd": "download_logs"})
        step.shown = f"{path.name}, {told['size']} bytes"


async def update_firmware(bench: Bench) -> None:
    """Go through the dialogue behind the gear as the web page does."""
    miner = bench.miner(AIR)
    miner.miner.next_firmware = _VERSION
    miner.miner.state.reboot_seconds = _SECONDS_AWAY
    used = float((await bench.state(miner, "sensor.energy")).state)
    async with bench.report.step(f"{AIR.model}: firmware through the options") as step:
        flow = await bench.client.start_options(await bench.entry(miner))
        expect(flow, type="menu", menu_options=["preferences", "firmware"])
        flow_id: str = flow["flow_id"]
        flow = await bench.client.choose(flow_id, {"next_step_id": "firmware"})
        expect(flow, type="form", step_id="firmware")
        file_id = await bench.client.upload("whatsminer.bin", _IMAGE)
        flow = await bench.client.choose(flow_id, {"file": file_id})
        expect(flow, type="form", step_id="confirm")
        if flow["description_placeholders"]["file"] != "whatsminer.bin":
            raise Mismatch(f"it asks about {flow['description_placeholders']}")
        flow = await bench.client.choose(flow_id, {})
        expect(flow, type="progress", step_id="progress", progress_action="firmware")
        async with asyncio.timeout(_SECONDS_TO_UPDATE):
            while flow["type"] == "progress":
                await asyncio.sleep(0.5)
                flow = await bench.client.choose(flow_id)
        expect(flow, type="abort", reason="firmware_updated")
        (image,) = miner.miner.images
        if not image.whole or image.size != len(_IMAGE):
            raise Mismatch(f"the miner received {image}")
        if (version := miner.miner.firmware_version) != _VERSION:
            raise Mismatch(f"the miner has {version}")
        step.sent = (
            f"{bench.received(miner, {'cmd': 'update_firmware'})}, {image.size} bytes"
        )
        step.shown = f"{flow['reason']} to {version}"
    async with bench.report.step(f"{AIR.model}: the device has the firmware") as step:

        async def is_told() -> bool:
            device = (await bench.client.devices())[miner.mac]
            return bool(device["sw_version"] == _VERSION)

        await bench.until(is_told, f"the device has firmware {_VERSION}")
        # The entry was loaded anew for it; nothing may have been forgotten.
        state = await bench.shows(
            miner,
            "sensor.energy",
            f"{used} kWh or more",
            partial(_is_at_least, least=used),
        )
        step.shown = f"{_VERSION}, energy {state.shown} after {used:.6g}"
        step.sent = bench.received(miner)


def _is_at_least(shown: str, least: float) -> bool:
    try:
        return float(shown) >= least
    except ValueError:
        return False
