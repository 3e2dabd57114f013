"""The actions: what reaches the miner, and what comes back."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from demo_instance.miners import HYDRO, OLD, Plan
from running_demo import (
    LED_AUTO,
    V3_LED_AUTO,
    Command,
    Miner,
    RunningDemo,
    Show,
    cmd,
    to_text,
    v3,
)


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
_SUPER = "Orchids2"
ACTIONS = (
    Action(HYDRO, "set_led", _BLINK, v3("set.system.led", [_BLINK])),
    Action(HYDRO, "set_led", {"mode": "auto"}, V3_LED_AUTO),
    Action(
        HYDRO,
        "set_power_percent",
        {"percent": 80, "method": "fast"},
        v3("set.miner.power_percent", {"percent": "80", "mode": "fast"}),
    ),
    Action(HYDRO, "set_hostname", _NAME, v3("set.system.hostname", _NAME)),
    Action(
        HYDRO,
        "set_time_zone",
        {"time_zone": "Europe/Berlin"},
        v3("set.system.timezone", _BERLIN),
    ),
    Action(
        HYDRO,
        "set_customer_message",
        {"key": "message_0", "message": "rack 3"},
        v3("set.device.custom_data", {"key": "msg0", "value": "rack 3"}),
    ),
    Action(
        HYDRO,
        "set_log_server",
        {"host": "192.168.1.10"},
        v3("set.log.upload", _SERVER),
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
    air.received(LED_AUTO)
    hydro.received(V3_LED_AUTO)


@pytest.mark.parametrize("name", ["air", "hydro"])
async def test_update_pools_answers_with_the_pools_before(
    name: str, request: pytest.FixtureRequest, show: Show
) -> None:
    """Pools that are left out are written as empty over V2."""
    miner: Miner = request.getfixturevalue(name)
    before = [
        {"url": pool.url, "worker": pool.user, "status": "alive"}
        for pool in miner.simulated.state.pools
    ]
    one, two = "stratum+tcp://one.example:3333", "stratum+tcp://two.example:443"
    pools = [
        {"url": one, "worker": "demo.1", "password": "x"},
        {"url": two, "worker": "demo.2"},
    ]
    answer = await miner.ask("update_pools", pools=pools)
    assert answer["previous_pools"] == before
    first = {"pool1": one, "worker1": "demo.1", "passwd1": "x"}
    second = {"pool2": two, "worker2": "demo.2", "passwd2": ""}
    third = {"pool3": "", "worker3": "", "passwd3": ""}
    if miner.plan.speaks_v3:
        sent = [
            {"pool": one, "worker": "demo.1", "passwd": "x"},
            {"pool": two, "worker": "demo.2", "passwd": ""},
        ]
        miner.received(v3("set.miner.pools", sent))
    else:
        miner.received(cmd("update_pools", **first, **second, **third))
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


async def test_change_password_changes_that_of_super(hydro: Miner) -> None:
    """That of `admin` stays."""
    old, admin = hydro.simulated.v3.password, hydro.simulated.password
    await hydro.act("change_password", new_password=_SUPER, confirm=True)
    sent = {"account": "super", "old": old, "new": _SUPER}
    hydro.received(v3("set.user.change_passwd", sent))
    assert hydro.simulated.v3.password == _SUPER
    assert hydro.simulated.password == admin


async def test_commands_go_on_under_the_new_password(
    air: Miner, hydro: Miner, show: Show
) -> None:
    await air.set("switch.web_pools", "off")
    air.received(cmd("disable_web_pools"))
    await hydro.set("switch.web_pools", "off")
    hydro.received(v3("set.system.webpools", "disable"))
    show(await air.shows("switch.web_pools", "off"))


async def test_an_action_that_is_not_confirmed_is_refused(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    refusal = await demo.refused(hydro.act("factory_reset"))
    assert refusal == "whatsminer: not_confirmed"
    show(refusal)
