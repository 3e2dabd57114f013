"""The actions: what reaches the miner, and what comes back."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from demo_instance.miners import HYDRO, OLD, Plan
from running_demo import LED_AUTO, Command, Miner, RunningDemo, Show, cmd, to_text


class Action(NamedTuple):
    """An action, and the command that has to reach the miner."""

    plan: Plan
    name: str
    data: Mapping[str, Any]
    command: Command


_BLINK: dict[str, str | int] = {
    "color": "green",
    "period": 1000,
    "duration": 500,
    "start": 250,
}
_NAME = {"hostname": "den"}
_BERLIN = {"timezone": "CET-1CEST,M3.5.0,M10.5.0/3", "zonename": "Europe/Berlin"}
_SERVER = {"ip": "192.168.1.10", "port": "514", "proto": "udp"}
ACTIONS = (
    Action(HYDRO, "set_led", _BLINK, cmd("set_led", **_BLINK)),
    Action(HYDRO, "set_led", {"mode": "auto"}, LED_AUTO),
    Action(
        HYDRO,
        "set_power_percent",
        {"percent": 80, "method": "fast"},
        cmd("set_power_pct", percent="80"),
    ),
    Action(HYDRO, "set_hostname", _NAME, cmd("set_hostname", **_NAME)),
    Action(
        HYDRO,
        "set_time_zone",
        {"time_zone": "Europe/Berlin"},
        cmd("set_zone", **_BERLIN),
    ),
    Action(
        HYDRO,
        "set_customer_message",
        {"key": "message_0", "message": "rack 3"},
        cmd("set_customer_msg", key="msg0", val="rack 3"),
    ),
    Action(OLD, "set_log_server", {"host": "192.168.1.10"}, cmd("load_log", **_SERVER)),
)


@pytest.mark.parametrize(
    "action",
    ACTIONS,
    ids=lambda action: f"{action.plan.model} {action.name} {to_text(action.data)}",
)
async def test_an_action_sends_one_command(demo: RunningDemo, action: Action) -> None:
    miner = demo.miner(action.plan)
    await miner.act(action.name, **action.data)
    miner.received(action.command)


async def test_an_action_for_hashboards_reaches_each_of_their_miners_once(
    demo: RunningDemo, air: Miner, hydro: Miner
) -> None:
    """Two of the hashboards are of the same miner."""
    boards = [await air.device(f"_board{slot}") for slot in (0, 1)]
    devices = [*boards, await hydro.device()]
    await demo.client.act("set_led", device_id=devices, mode="auto")
    for miner in (air, hydro):
        miner.received(LED_AUTO)


async def test_update_pools_answers_with_the_pools_before(
    hydro: Miner, show: Show
) -> None:
    """Pools that are left out are written as empty."""
    before = [
        {"url": pool.url, "worker": pool.user, "status": "alive"}
        for pool in hydro.simulated.state.pools
    ]
    one, two = "stratum+tcp://one.example:3333", "stratum+tcp://two.example:443"
    pools = [
        {"url": one, "worker": "demo.1", "password": "x"},
        {"url": two, "worker": "demo.2"},
    ]
    answer = await hydro.ask("update_pools", pools=pools)
    assert answer["previous_pools"] == before
    first = {"pool1": one, "worker1": "demo.1", "passwd1": "x"}
    second = {"pool2": two, "worker2": "demo.2", "passwd2": ""}
    third = {"pool3": "", "worker3": "", "passwd3": ""}
    hydro.received(cmd("update_pools", **first, **second, **third))
    show(f"before: {before[0]['url']}")


async def test_query_answers_as_the_miner_does(old: Miner, show: Show) -> None:
    """A joined command has an answer for each of its parts."""
    answer = (await old.ask("query", command="summary+pools"))["answer"]
    assert {"summary", "pools"} <= set(answer)
    show(f"{len(to_text(answer))} bytes")


async def test_change_password_changes_it_at_the_miner(air: Miner) -> None:
    old, new = air.simulated.password, "orchids"
    await air.act("change_password", new_password=new, confirm=True)
    air.received(cmd("update_pwd", old=old, new=new))
    assert air.simulated.password == new


async def test_commands_go_on_under_the_new_password(air: Miner, show: Show) -> None:
    await air.set("switch.web_pools", "off")
    air.received(cmd("disable_web_pools"))
    show(await air.shows("switch.web_pools", "off"))


async def test_an_action_that_is_not_confirmed_is_refused(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    refusal = await demo.refused(hydro.act("factory_reset"))
    assert refusal == "whatsminer: not_confirmed"
    show(refusal)
