"""Mining restarts; then each miner goes away, for a time that is longer than these tests."""

import asyncio
from collections.abc import Awaitable, Callable

from demo_instance.client import RefusedError
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show, cmd, v3

_SECONDS_TO_HEAT = 45.0
_SECONDS_APART = 60.0
_LIMIT = 7000


async def test_mining_restarts_a_minute_after_the_last_restart(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """The power limit of an earlier test restarted mining. What is left of its minute passes here."""
    air.simulated.advance(_SECONDS_TO_HEAT)
    before = air.simulated.state.elapsed
    await in_time(demo, lambda: air.press("restart_mining"))
    air.received(cmd("restart_btminer"))
    assert air.simulated.state.elapsed < before
    show("mining restarts")


async def test_a_power_limit_restarts_mining_over_v3(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    await in_time(demo, lambda: hydro.set("number.power_limit", _LIMIT))
    hydro.received(v3("set.miner.power_limit", _LIMIT))
    assert hydro.simulated.state.power_limit == _LIMIT
    show(await hydro.shows("number.power_limit", _LIMIT))


async def in_time(demo: RunningDemo, restart: Callable[[], Awaitable[None]]) -> None:
    """Do what restarts mining, as soon as a minute is over since the last restart."""

    async def is_taken() -> bool:
        try:
            await restart()
        except RefusedError as refusal:
            if refusal.key != "too_soon":
                raise
            demo.provoked.append(refusal.message)
            await asyncio.sleep(1)
            return False
        return True

    await until(is_taken, "a minute is over", seconds=_SECONDS_APART)


async def test_reboot_reboots_the_miner(old: Miner, show: Show) -> None:
    await old.press("reboot")
    old.received(cmd("reboot"))
    assert old.simulated.state.away
    show("the miner reboots")


async def test_factory_reset_resets_the_miner(hydro: Miner, show: Show) -> None:
    await hydro.act("factory_reset", confirm=True)
    hydro.received(v3("set.system.factory_reset"))
    assert hydro.simulated.password == "admin"
    assert hydro.simulated.v3.password == "super"
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
