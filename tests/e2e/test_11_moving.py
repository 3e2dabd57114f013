"""Miners get another address or another password, or take each other's place."""

import pytest

from demo_instance.dialogue import expect, scan
from demo_instance.miners import OLD
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show, v3

_PASSWORD = "Halving-2036"
_FULL = {"percent": "100", "mode": "normal"}
_SECONDS_TO_HEAL = 90.0


async def follows(miner: Miner) -> None:
    """Wait until Home Assistant has a miner at its address, with the readings of that miner."""

    async def is_there() -> bool:
        url = (await miner.registered())["configuration_url"]
        return bool(url == f"https://{miner.simulated.host}")

    await until(is_there, "the address is the new one", seconds=_SECONDS_TO_HEAL)
    power = miner.simulated.state.telemetry().power
    await miner.shows(
        "sensor.power", pytest.approx(power, rel=0.1), seconds=_SECONDS_TO_HEAL
    )


async def test_a_scan_finds_a_miner_at_another_address(
    demo: RunningDemo, old: Miner, show: Show
) -> None:
    entry = await old.entry()
    await old.simulated.move(str(demo.network[77]))
    form = await scan(demo.client, demo.network)
    expect(form, type="form", errors={"base": "nothing_new"})
    await demo.client.cancel(form["flow_id"])
    await follows(old)
    assert await old.entry() == entry
    show(f"it is at {old.simulated.host}")


async def test_a_password_changed_at_the_miner_is_asked_for(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    await hydro.tune()
    hydro.simulated.v3.password = _PASSWORD
    refusal = await demo.refused(hydro.set("number.power_percent", 90))
    assert refusal == "whatsminer: wrong_password"
    await hydro.poll()
    await follows(hydro)
    flow = (await demo.client.flows("reauth"))[hydro.mac]
    result = await demo.client.submit(flow["flow_id"], {"password": _PASSWORD})
    expect(result, type="abort", reason="reauth_successful")
    await follows(hydro)
    await hydro.set("number.power_percent", 100)
    hydro.received(v3("set.miner.power_percent", _FULL))
    show(f"{refusal}, then {result['reason']}")


async def test_entries_follow_miners_that_swap_addresses(
    demo: RunningDemo, air: Miner, old: Miner, show: Show
) -> None:
    await air.simulated.swap(old.simulated)
    await air.poll()
    await follows(air)
    await follows(old)
    assert [name for name in await demo.client.issues() if "wrong" in name] == []
    show("each is itself")


@pytest.mark.parametrize("name", ["air", "old"])
async def test_commands_reach_the_right_miner_after_the_swap(
    name: str, request: pytest.FixtureRequest, show: Show
) -> None:
    miner: Miner = request.getfixturevalue(name)
    await miner.tune()
    await miner.set("number.power_percent", 100)
    show(await miner.shows("number.power_percent", 100))
    command = "set_power_pct" if miner.plan is OLD else "set_power_pct_v2"
    miner.received({"cmd": command, "percent": "100"})
