"""The log of a miner is downloaded, and its firmware is updated."""

import asyncio
from pathlib import Path

import pytest

from demo_instance.client import DOMAIN
from demo_instance.dialogue import expect
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show, cmd, v3

_IMAGE = bytes(range(256)) * 2000
_VERSION = "20261101.12.Rel"
_SECONDS_AWAY = 2.0
_SECONDS_TO_UPDATE = 60.0


@pytest.mark.parametrize("name", ["air", "hydro"])
async def test_download_logs_stores_the_log_of_the_miner(
    demo: RunningDemo, name: str, request: pytest.FixtureRequest, show: Show
) -> None:
    """V3 needs no password for that."""
    miner: Miner = request.getfixturevalue(name)
    answer = await miner.ask("download_logs")
    if miner.plan.speaks_v3:
        assert {"cmd": "get.log.download"} in miner.simulated.v3.requests
    else:
        miner.received(cmd("download_logs"))
    path = Path(answer["path"])
    assert path.is_relative_to(demo.config / DOMAIN / "logs")
    assert path.read_bytes() == miner.simulated.logs
    assert answer["size"] == len(miner.simulated.logs)
    show(f"{path.name}, {answer['size']} bytes")


async def test_firmware_is_uploaded_and_installed_through_the_options(
    demo: RunningDemo, air: Miner, hydro: Miner, show: Show
) -> None:
    """Both miners are updated at the same time. The energy total survives the update."""
    shown = await asyncio.gather(update(demo, air), update(demo, hydro))
    air.received(cmd("update_firmware"))
    hydro.received(v3("set.system.update_firmware"))
    show(", ".join(shown))


async def update(demo: RunningDemo, miner: Miner) -> str:
    """Update the firmware of a miner; return what happened."""
    client = demo.client
    miner.simulated.next_firmware = _VERSION
    miner.simulated.state.reboot_seconds = _SECONDS_AWAY
    used = float((await miner.state("sensor.energy")).state)
    flow = await client.start_options(await miner.entry())
    expect(flow, type="menu", menu_options=["preferences", "firmware"])
    flow_id: str = flow["flow_id"]
    flow = await client.choose(flow_id, {"next_step_id": "firmware"})
    expect(flow, type="form", step_id="firmware")
    file_id = await client.upload("whatsminer.bin", _IMAGE)
    flow = await client.choose(flow_id, {"file": file_id})
    expect(flow, type="form", step_id="confirm")
    # Home Assistant shows it as Markdown.
    assert flow["description_placeholders"]["file"] == r"whatsminer\.bin"
    flow = await client.choose(flow_id, {})
    expect(flow, type="progress", step_id="progress", progress_action="firmware")
    async with asyncio.timeout(_SECONDS_TO_UPDATE):
        while flow["type"] == "progress":
            await asyncio.sleep(0.5)
            flow = await client.choose(flow_id)
    expect(flow, type="abort", reason="firmware_updated")
    (image,) = miner.simulated.images
    assert image.whole
    assert image.size == len(_IMAGE)
    assert miner.simulated.firmware_version == _VERSION

    async def has_the_version() -> bool:
        return bool((await miner.registered())["sw_version"] == _VERSION)

    await until(has_the_version, f"the device has firmware {_VERSION}")
    # The entry is reloaded for the new firmware.
    await until(lambda: counts_from(miner, used), "the energy goes on")
    energy = (await miner.state("sensor.energy")).shown
    return f"{flow['reason']}, energy {energy} after {used:.6g}"


async def counts_from(miner: Miner, used: float) -> bool:
    """Return whether the energy sensor shows so much, or more."""
    state = (await miner.state("sensor.energy")).state
    return state not in ("unavailable", "unknown") and float(state) >= used
