"""Miners that get another address or another password, or take each other's place."""

from ..miners import AIR, HYDRO, OLD, DemoMiner
from .adding import scan
from .bench import Bench, is_near
from .report import Mismatch, expect

_PASSWORD = "orchids"
_SECONDS_TO_HEAL = 90.0


async def run(bench: Bench) -> None:
    """Move one miner, give another a new password, and swap two."""
    await _address(bench, bench.miner(OLD))
    await _password(bench, bench.miner(HYDRO))
    await _swap(bench, bench.miner(AIR), bench.miner(OLD))


async def _address(bench: Bench, miner: DemoMiner) -> None:
    """Move a miner; a scan finds it again."""
    async with bench.report.step(f"the {OLD.model} gets another address") as step:
        entry = await bench.entry(miner)
        await miner.miner.move(str(bench.network[77]))
        form = await scan(bench)
        expect(form, type="form", errors={"base": "nothing_new"})
        await bench.client.cancel(form["flow_id"])
        await _follows(bench, miner)
        await _is_itself(bench, miner)
        if await bench.entry(miner) != entry:
            raise Mismatch("it is another entry")
        step.shown = f"found by a scan at {miner.miner.host}"
        step.sent = bench.received(miner)


async def _password(bench: Bench, miner: DemoMiner) -> None:
    """Change a password at the miner; Home Assistant asks for it, and reads on."""
    async with bench.report.step(f"the {HYDRO.model} gets another password") as step:
        miner.miner.password = _PASSWORD
        key = "number.power_percent"
        entity_id = await bench.entity(miner, key)
        refusal = await bench.refused(
            bench.client.call(entity_id, "set_value", value=90)
        )
        await bench.poll(miner)
        await _is_itself(bench, miner)
        flow = (await bench.client.flows("reauth")).get(miner.mac)
        if flow is None:
            raise Mismatch("nobody is asked for the new one")
        result = await bench.client.submit(flow["flow_id"], {"password": _PASSWORD})
        expect(result, type="abort", reason="reauth_successful")
        await _is_itself(bench, miner)
        await bench.client.call(entity_id, "set_value", value=100)
        command = {"cmd": "set_power_pct_v2", "percent": "100"}
        step.sent = bench.received(miner, command)
        step.shown = f"{refusal}, readings go on; asked for the new one, then accepted"


async def _swap(bench: Bench, one: DemoMiner, other: DemoMiner) -> None:
    """Let two miners change places; each entry follows its own."""
    async with bench.report.step(
        f"the {one.plan.model} and the {other.plan.model} swap addresses"
    ) as step:
        await one.miner.swap(other.miner)
        bench.outages += [
            f"Another miner ({miner.mac}) answers" for miner in (one, other)
        ]
        await bench.poll(one)
        for miner in (one, other):
            await _follows(bench, miner)
            await _is_itself(bench, miner)
            step.sent = bench.received(miner)
        if issues := [name for name in await bench.client.issues() if "wrong" in name]:
            raise Mismatch(f"there are issues left: {issues}")
        step.shown = "each is itself, without a hand being lifted"
    for miner in (one, other):
        async with bench.report.step(
            f"{miner.plan.model}: power percent after the swap"
        ) as step:
            entity_id = await bench.entity(miner, "number.power_percent")
            await bench.client.call(entity_id, "set_value", value=100)
            name = "set_power_pct" if miner.plan is OLD else "set_power_pct_v2"
            step.sent = bench.received(miner, {"cmd": name, "percent": "100"})
            step.shown = (await bench.shows(miner, "number.power_percent", "100")).shown


async def _follows(bench: Bench, miner: DemoMiner) -> None:
    """Wait until Home Assistant has a miner at the address that it has now."""

    async def is_there() -> bool:
        device = (await bench.client.devices())[miner.mac]
        return bool(device["configuration_url"] == f"https://{miner.miner.host}")

    await bench.until(
        is_there, f"{miner.mac} is at {miner.miner.host}", seconds=_SECONDS_TO_HEAL
    )


async def _is_itself(bench: Bench, miner: DemoMiner) -> None:
    """Verify that a miner's entities show its own readings."""
    truth = miner.miner.state.telemetry().power
    await bench.shows(
        miner,
        "sensor.power",
        f"{truth:.0f} W",
        lambda shown: is_near(shown, miner.miner.state.telemetry().power, 0.1),
        seconds=_SECONDS_TO_HEAL,
    )
