"""Pressing buttons."""

import asyncio

from ..miners import AIR, OLD, DemoMiner
from .bench import Bench, Command, to_text
from .report import Mismatch

FLASH: Command = {
    "cmd": "set_led",
    "color": "red",
    "period": 200,
    "duration": 100,
    "start": 0,
}
LED_AUTO: Command = {"cmd": "set_led", "param": "auto"}
PREHEAT: Command = {"cmd": "pre_power_on"}
# Two stages of the simulated machine, and a little more.
_SECONDS_TO_HEAT = 45.0
_SECONDS_TO_FLASH = 40.0
_SECONDS_APART = 60.0


async def identify(bench: Bench) -> None:
    """Have the LED of a miner flash; see `verify_led` for its end."""
    async with bench.report.step(f"{OLD.model}: press identify") as step:
        miner = bench.miner(OLD)
        await _press(bench, miner, "identify")
        step.sent = bench.received(miner, FLASH)
        step.shown = f"the LED flashes: {', '.join(miner.miner.state.led)}"


async def verify_led(bench: Bench) -> None:
    """Verify that the LED was given back to the miner after half a minute."""
    async with bench.report.step(f"{OLD.model}: the LED is given back") as step:
        miner = bench.miner(OLD)
        await bench.until(
            lambda: not miner.miner.state.led,
            "the LED flashes no more",
            seconds=_SECONDS_TO_FLASH,
        )
        # It may have come while something else was looked at.
        bench.writes(miner)
        writes = miner.miner.writes
        if LED_AUTO not in writes[writes.index(dict(FLASH)) :]:
            raise Mismatch("the miner was not told")
        step.sent = to_text(LED_AUTO)
        step.shown = "the miner drives it"


async def preheat(bench: Bench) -> None:
    """Heat up the boards of a stopped miner; the button is of no use while it mines."""
    miner = bench.miner(AIR)
    async with bench.report.step(f"{AIR.model}: no preheat while it mines") as step:
        step.shown = f"the button is {await _shown(bench, miner, 'unavailable')}"
        call = bench.client.act("preheat", device_id=await bench.device(miner))
        step.shown += f", the action refused, {await bench.refused(call)}"
        # Only the miner can tell.
        step.sent = bench.received(miner, PREHEAT)
    async with bench.report.step(f"{AIR.model}: press preheat while stopped") as step:
        mining = await bench.entity(miner, "switch.mining")
        await bench.client.call(mining, "turn_off")
        await _shown(bench, miner, "unknown")
        bench.writes(miner)  # the power off, which has a step of its own
        await _press(bench, miner, "preheat")
        await bench.shows(miner, "sensor.preheat_state", "waiting")
        step.sent = bench.received(miner, PREHEAT)
        step.shown = "waiting"
    async with bench.report.step(f"{AIR.model}: action preheat, later") as step:
        miner.miner.advance(_SECONDS_TO_HEAT)
        device = await bench.device(miner)
        told = await bench.client.act("preheat", device_id=device, response=True)
        if told[device].get("complete") is not True:
            raise Mismatch(f"the answer is {told}")
        await bench.shows(miner, "sensor.preheat_state", "complete")
        step.sent = bench.received(miner, PREHEAT)
        step.shown = f"complete: {told[device]['message']}"
    async with bench.report.step(f"{AIR.model}: power on ends preheating") as step:
        await bench.client.call(mining, "turn_on")
        await bench.shows(miner, "sensor.preheat_state", "unknown")
        step.shown = f"the button is {await _shown(bench, miner, 'unavailable')}"
        step.sent = bench.received(miner, {"cmd": "power_on"})


async def restart(bench: Bench) -> None:
    """Restart mining, a minute after the last restart."""
    miner = bench.miner(AIR)
    # The integration spares the hardware, and mining was restarted a moment ago.
    await asyncio.sleep(_SECONDS_APART)
    async with bench.report.step(f"{AIR.model}: press restart mining") as step:
        miner.miner.advance(_SECONDS_TO_HEAT)
        before = miner.miner.state.elapsed
        await _press(bench, miner, "restart_mining")
        step.sent = bench.received(miner, {"cmd": "restart_btminer"})
        if miner.miner.state.elapsed >= before:
            raise Mismatch("mining goes on")
        step.shown = "mining restarts"


async def _press(bench: Bench, miner: DemoMiner, key: str) -> None:
    await bench.client.call(await bench.entity(miner, f"button.{key}"), "press")


async def _shown(bench: Bench, miner: DemoMiner, state: str) -> str:
    """Wait for the state of the preheat button: unknown until it is pressed."""
    return (await bench.shows(miner, "button.preheat", state)).state
