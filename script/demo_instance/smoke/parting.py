"""What a miner comes back from only when the test is over."""

from ..miners import AIR, HYDRO, OLD, DemoMiner
from .bench import Bench
from .report import Mismatch


async def run(bench: Bench) -> None:
    """Reboot one miner, reset another, and send the third to another address."""
    miner = bench.miner(OLD)
    async with bench.report.step(f"{OLD.model}: press reboot") as step:
        entity_id = await bench.entity(miner, "button.reboot")
        await bench.client.call(entity_id, "press")
        step.sent = bench.received(miner, {"cmd": "reboot"})
        step.shown = _away(miner)
    miner = bench.miner(HYDRO)
    async with bench.report.step(f"{HYDRO.model}: action factory_reset") as step:
        device = await bench.device(miner)
        await bench.client.act("factory_reset", device_id=device, confirm=True)
        step.sent = bench.received(miner, {"cmd": "factory_reset"})
        if miner.miner.api_open or miner.miner.password != "admin":
            raise Mismatch("it was not reset")
        step.shown = _away(miner)
    miner = bench.miner(AIR)
    async with bench.report.step(f"{AIR.model}: action set_network") as step:
        ip, router = str(bench.network[88]), str(bench.network[1])
        await bench.client.act(
            "set_network",
            device_id=await bench.device(miner),
            confirm=True,
            mode="static",
            ip=ip,
            netmask="255.255.255.0",
            gateway=router,
            dns=[router, "9.9.9.9"],
        )
        command = {
            "cmd": "net_config",
            "ip": ip,
            "mask": "255.255.255.0",
            "gate": router,
            "dns": f"{router} 9.9.9.9",
            "host": "",
        }
        step.sent = bench.received(miner, command)
        step.shown = _away(miner)


def _away(miner: DemoMiner) -> str:
    """Verify that a miner reboots."""
    if not miner.miner.state.away:
        raise Mismatch("it does not reboot")
    return "the miner reboots"
