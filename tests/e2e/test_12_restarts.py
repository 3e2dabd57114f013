"""Mining restarts; then each miner goes away, for a time that is longer than these tests."""

import asyncio

from demo_instance.client import RefusedError
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show, cmd

_SECONDS_TO_HEAT = 45.0
_SECONDS_APART = 60.0


async def test_mining_restarts_a_minute_after_the_last_restart(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """The power limit of an earlier test restarted mining. What is left of its minute passes here."""
    air.simulated.advance(_SECONDS_TO_HEAT)
    before = air.simulated.state.elapsed

    async def is_taken() -> bool:
        try:
            await air.press("restart_mining")
        except RefusedError as refusal:
            if refusal.key != "too_soon":
                raise
            demo.provoked.append(refusal.message)
            await asyncio.sleep(1)
            return False
        return True

    await until(is_taken, "a minute is over", seconds=_SECONDS_APART)
    air.received(cmd("restart_btminer"))
    assert air.simulated.state.elapsed < before
    show("mining restarts")


async def test_reboot_reboots_the_miner(old: Miner, show: Show) -> None:
    await old.press("reboot")
    old.received(cmd("reboot"))
    assert old.simulated.state.away
    show("the miner reboots")


async def test_factory_reset_resets_the_miner(hydro: Miner, show: Show) -> None:
    await hydro.act("factory_reset", confirm=True)
    hydro.received(cmd("factory_reset"))
    assert hydro.simulated.password == "admin"
    assert not hydro.simulated.api_open
    assert hydro.simulated.state.away
    show("the miner reboots")


async def test_set_network_sends_the_miner_to_another_address(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    ip, router, mask = str(demo.network[88]), str(demo.network[1]), "255.255.255.0"
    address = {"mode": "static", "ip": ip, "netmask": mask, "gateway": router}
    await air.act("set_network", confirm=True, **address, dns=[router, "9.9.9.9"])
    sent = {"ip": ip, "mask": mask, "gate": router, "dns": f"{router} 9.9.9.9"}
    air.received(cmd("net_config", **sent, host=""))
    assert air.simulated.state.away
    show("the miner reboots")
