"""Every writable command: which firmware knows it, what it takes, and what it does."""

from collections.abc import AsyncGenerator

import pytest

from simulator import Quirk, SimulatedMiner
from simulator.settings import Led, Network, Pool, RemoteLog
from simulator.writes import WRITABLE

from .client import Client, exchange

ALL, SINCE_V2 = {"v1", "v2", "compat"}, {"v2", "compat"}
POOLS: dict[str, object] = {
    f"{key}{n}": f"{key}-{n}" if n < 3 else ""
    for n in (1, 2, 3)
    for key in ("pool", "worker", "passwd")
}
STATIC: dict[str, object] = {
    "ip": "192.168.1.9",
    "mask": "255.255.255.0",
    "gate": "192.168.1.1",
    "dns": "1.1.1.1 8.8.8.8",
    "host": "",
}


@pytest.fixture
async def strict() -> AsyncGenerator[Client]:
    """A client of firmware that insists on types."""
    async with SimulatedMiner(
        generation="compat", quirks={Quirk.STRICT_TYPES}
    ) as miner:
        yield Client(miner)


# Command, arguments, the generations that know it, and its changes of the state.
COMMANDS: list[tuple[str, dict[str, object], set[str], dict[str, object]]] = [
    ("power_off", {"respbefore": "true"}, ALL, {"mining": False}),
    ("power_off", {}, ALL, {"mining": False}),
    ("power_on", {}, ALL, {"mining": True}),
    ("restart_btminer", {}, ALL, {"elapsed": 0.0}),
    ("set_low_power", {}, ALL, {"power_mode": "low", "elapsed": 0.0}),
    ("set_high_power", {}, ALL, {"power_mode": "high", "elapsed": 0.0}),
    ("set_normal_power", {}, ALL, {"power_mode": "normal", "elapsed": 0.0}),
    (
        "adjust_power_limit",
        {"power_limit": "3000"},
        SINCE_V2,
        {"power_limit": 3000, "elapsed": 0.0},
    ),
    ("adjust_power_limit", {"power_limit": "99999"}, SINCE_V2, {"power_limit": None}),
    ("set_target_freq", {"percent": "-10"}, ALL, {"target_freq": -10, "elapsed": 0.0}),
    ("adjust_upfreq_speed", {"upfreq_speed": "9"}, SINCE_V2, {"upfreq_speed": 9}),
    ("set_power_pct", {"percent": "50"}, ALL, {"percent": 50}),
    ("set_power_pct_v2", {"percent": "50"}, SINCE_V2, {"percent": 50}),
    ("set_power", {"power": "1700"}, {"compat"}, {"percent": 50}),
    ("restore_power_pct", {}, {"compat"}, {"percent": 100}),
    ("enable_btminer_fast_boot", {}, SINCE_V2, {"fast_boot": True}),
    ("disable_btminer_fast_boot", {}, SINCE_V2, {"fast_boot": False}),
    ("enable_cgminer_fast_boot", {}, {"v1"}, {"fast_boot": True}),
    ("disable_cgminer_fast_boot", {}, {"v1"}, {"fast_boot": False}),
    ("enable_web_pools", {}, ALL, {"web_pools": True}),
    ("disable_web_pools", {}, ALL, {"web_pools": False}),
    ("enable_btminer_init", {}, {"compat"}, {"init_enabled": True}),
    ("disable_btminer_init", {}, {"compat"}, {"init_enabled": False}),
    ("set_temp_offset", {"temp_offset": "-30"}, SINCE_V2, {"temp_offset": -30}),
    ("set_poweroff_cool", {"poweroff_cool": "1"}, SINCE_V2, {"poweroff_cool": True}),
    ("set_fan_zero_speed", {"fan_zero_speed": "1"}, SINCE_V2, {"fan_zero_speed": True}),
    ("set_led", {"param": "auto"}, ALL, {"led": {}}),
    (
        "set_led",
        {"color": "red", "period": 200, "duration": 100, "start": 0},
        ALL,
        {"led": {"red": Led(200, 100, 0)}},
    ),
    (
        "update_pools",
        POOLS,
        ALL,
        {
            "pools": [
                Pool("pool-1", "worker-1", "passwd-1"),
                Pool("pool-2", "worker-2", "passwd-2"),
            ]
        },
    ),
    ("set_hostname", {"hostname": "rig-7"}, ALL, {"next_hostname": "rig-7"}),
    (
        "set_zone",
        {"timezone": "CET-1", "zonename": "Europe/Berlin"},
        ALL,
        {"timezone": "CET-1", "zonename": "Europe/Berlin"},
    ),
    (
        "load_log",
        {"ip": "192.168.1.5", "port": "514", "proto": "udp"},
        ALL,
        {"remote_log": RemoteLog("192.168.1.5", 514, "udp")},
    ),
    ("net_config", {"param": "dhcp"}, ALL, {"network": Network(), "away": True}),
    (
        "net_config",
        STATIC,
        ALL,
        {"network": Network(proto="static", ip="192.168.1.9", dns="1.1.1.1 8.8.8.8")},
    ),
    ("reboot", {"respbefore": "true"}, ALL, {"away": True}),
    ("factory_reset", {}, ALL, {"away": True}),
    ("update_pwd", {"old": "satoshi", "new": "naka_1"}, ALL, {}),
    ("ssh_open", {}, {"v1"}, {"ssh": True}),
    ("ssh_close", {}, {"v1"}, {"ssh": False}),
    ("set_customer_msg", {"key": "msg9", "val": "hi"}, {"compat"}, {}),
]


@pytest.mark.parametrize("generation", sorted(ALL))
@pytest.mark.parametrize(
    ("command", "arguments", "known_by", "changes"),
    COMMANDS,
    ids=[f"{command}-{n}" for n, (command, *_) in enumerate(COMMANDS)],
)
async def test_a_command_does_what_it_says(
    client: Client,
    generation: str,
    command: str,
    arguments: dict[str, object],
    known_by: set[str],
    changes: dict[str, object],
) -> None:
    """Firmware that does not know a command answers 14."""
    answer = await client.send(command, **arguments)

    assert client.miner.writes == [{"cmd": command, **arguments}]
    if generation not in known_by:
        assert (answer["Code"], answer["Msg"]) == (14, "invalid cmd")
        return
    assert (answer["Code"], answer["Msg"]) == (131, "API command OK")
    assert {name: getattr(client.miner.state, name) for name in changes} == changes


def test_every_command_is_tried() -> None:
    """Commands that the table above leaves out have tests of their own."""
    assert set(WRITABLE) - {command for command, *_ in COMMANDS} == {
        "pre_power_on",
        "get_customer_msg",
        "set_heat_mode",
        "download_logs",
        "update_firmware",
    }


# Command, an argument, its least and its greatest value.
BOUNDS = [
    ("set_power_pct", "percent", 0, 100),
    ("set_power_pct_v2", "percent", 0, 100),
    ("set_target_freq", "percent", -100, 0),
    ("adjust_power_limit", "power_limit", 0, 99_999),
    ("adjust_upfreq_speed", "upfreq_speed", 0, 9),
    ("set_temp_offset", "temp_offset", -30, 0),
    ("set_poweroff_cool", "poweroff_cool", 0, 1),
    ("set_fan_zero_speed", "fan_zero_speed", 0, 1),
]


@pytest.mark.parametrize(("command", "key", "least", "greatest"), BOUNDS)
async def test_bounds_are_inclusive(
    client: Client, command: str, key: str, least: int, greatest: int
) -> None:
    """Some clients send numbers in place of strings. A missing one is another error."""
    for value in (str(least), str(greatest), least, greatest):
        assert await client.code(command, **{key: value}) == 131
    for wrong in (str(least - 1), greatest + 1, "", "ten", "5.5", 0.5, True, None):
        assert await client.code(command, **{key: wrong}) == 132
    assert await client.code(command) == 14


@pytest.mark.parametrize(
    ("command", "key", "least", "greatest"),
    [*BOUNDS, ("set_power", "power", 0, 99_999)],
)
async def test_strict_firmware_takes_numbers_as_strings_only(
    strict: Client, command: str, key: str, least: int, greatest: int
) -> None:
    """A number in place of a string is read as empty."""
    for value in (least, greatest):
        assert await strict.code(command, **{key: str(value)}) == 131
        assert await strict.code(command, **{key: value}) == 132


@pytest.mark.parametrize(
    ("generation", "model", "least", "greatest"),
    [
        ("v1", "M20S", -10, 100),
        ("v2", "M30S+", -100, 0),
        ("v2", "M53", -100, 100),
        ("compat", "M60S", -100, 100),
    ],
)
async def test_how_far_the_frequency_goes_depends_on_firmware_and_cooling(
    client: Client, least: int, greatest: int
) -> None:
    for percent in (least, greatest):
        assert await client.code("set_target_freq", percent=str(percent)) == 131
    for percent in (least - 1, greatest + 1):
        assert await client.code("set_target_freq", percent=str(percent)) == 132


@pytest.mark.parametrize(
    ("generation", "model", "greatest"),
    [("v2", "M53", 100), ("compat", "M60S", 100), ("compat", "M7BS", 200)],
)
async def test_newer_liquid_cooled_miners_take_two_hundred_percent(
    client: Client, greatest: int
) -> None:
    """The higher limit holds in normal mode only."""
    for percent, code in ((greatest, 131), (greatest + 1, 132)):
        assert await client.code("set_power_pct_v2", percent=str(percent)) == code
    assert await client.code("set_power_pct", percent="101") == 132


@pytest.mark.parametrize(("generation", "model"), [("compat", "M7BS")])
async def test_fans_cannot_be_set_where_there_are_none(client: Client) -> None:
    assert await client.code("set_temp_offset", temp_offset="-5") == 132
    assert await client.code("set_poweroff_cool", poweroff_cool="1") == 132
    assert await client.code("set_fan_zero_speed", fan_zero_speed="1") == 132
    assert await client.code("set_heat_mode", mode="heating") == 131
    assert client.miner.state.heat_mode == "heating"
    assert await client.code("set_heat_mode", mode="roasting") == 132


@pytest.mark.parametrize(("generation", "model"), [("compat", "M60S")])
async def test_an_air_cooled_miner_does_not_heat(client: Client) -> None:
    """The command is known but refused."""
    assert await client.code("set_heat_mode", mode="heating") == 132


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"param": "manual"}, 132),
        ({"param": 1}, 132),
        ({}, 14),
        ({"color": "red"}, 14),
        ({"color": "blue", "period": 200, "duration": 100, "start": 0}, 132),
        ({"color": "red", "period": "fast", "duration": 100, "start": 0}, 132),
        ({"color": "red", "period": "0", "duration": 100, "start": 0}, 132),
        ({"color": "red", "period": 0, "duration": 100, "start": 0}, 132),
        ({"color": "red", "period": 200, "duration": -1, "start": 0}, 132),
        ({"color": "red", "period": 200, "duration": True, "start": 0}, 132),
    ],
)
async def test_what_an_led_cannot_do(
    client: Client, arguments: dict[str, object], code: int
) -> None:
    assert await client.code("set_led", **arguments) == code


async def test_the_times_of_an_led_may_be_text(client: Client) -> None:
    arguments = {"color": "red", "period": "200", "duration": "100", "start": "0"}
    assert await client.code("set_led", **arguments) == 131
    assert client.miner.state.led == {"red": Led(200, 100, 0)}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("set_led", {"color": "red", "period": "200", "duration": 100, "start": 0}),
        ("set_led", {"color": "red", "period": 200, "duration": 100, "start": "0"}),
        ("load_log", {"ip": "1.2.3.4", "port": 514, "proto": "udp"}),
        ("update_pwd", {"old": "satoshi", "new": 1}),
        ("set_hostname", {"hostname": 7}),
        ("update_pools", POOLS | {"worker2": 7}),
    ],
)
async def test_strict_firmware_takes_each_argument_in_its_type_only(
    client: Client, strict: Client, command: str, arguments: dict[str, object]
) -> None:
    """The times of an LED are the only parameters that are numbers."""
    assert await strict.code(command, **arguments) == 132
    assert await client.code(command, **arguments) == 131


async def test_the_leds_can_be_read_back(client: Client) -> None:
    timing = {"period": 200, "duration": 100, "start": 0}
    assert (await client.message("get_miner_info"))["ledstat"] == "auto"
    await client.send("set_led", color="green", **timing)
    assert (await client.message("get_miner_info"))["ledstat"] == "0,200,100,0 "
    await client.send("set_led", color="red", **timing)
    info = await client.message("get_miner_info")
    assert info["ledstat"] == "1,200,100,0 0,200,100,0 "

    await client.send("set_led", param="auto")
    assert (await client.message("get_miner_info"))["ledstat"] == "auto"


@pytest.mark.parametrize(
    "change",
    [{"pool1": None}, {"worker2": []}, {"passwd3": None}, {"pool1": "", "pool2": ""}],
)
async def test_odd_pools_are_refused(client: Client, change: dict[str, object]) -> None:
    before = client.miner.state.pools
    answer = await client.send("update_pools", **(POOLS | change))

    assert (answer["Code"], answer["Msg"]) == (132, "API parse pools param error")
    assert client.miner.state.pools is before


async def test_missing_pools_are_refused(client: Client) -> None:
    """All nine values are required."""
    answer = await client.send("update_pools", pool1="a", worker1="b", passwd1="c")

    assert answer["Code"] == 132


async def test_pools_change_at_once(client: Client) -> None:
    await client.send("update_pools", **POOLS)
    answer = await client.read("pools")

    assert [pool["URL"] for pool in answer["POOLS"]] == ["pool-1", "pool-2"]
    assert [pool["Stratum Active"] for pool in answer["POOLS"]] == [True, False]
    assert answer["POOLS"][0]["Accepted"] == 0
    assert "passwd" not in str(answer)


@pytest.mark.parametrize(
    "change",
    [{"ip": "192.168.1"}, {"mask": 24}, {"param": "static"}, {"gate": None}],
)
async def test_an_odd_network_is_refused(
    client: Client, change: dict[str, object]
) -> None:
    assert await client.code("net_config", **(STATIC | change)) == 132
    assert not client.miner.state.away


async def test_a_network_lacks_nothing(client: Client) -> None:
    """All five values are required."""
    assert await client.code("net_config", ip="192.168.1.9") == 14


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("set_hostname", {}, 14),
        ("set_hostname", {"hostname": ""}, 132),
        ("set_hostname", {"hostname": "two words"}, 132),
        ("set_zone", {"timezone": "CET-1"}, 14),
        ("set_zone", {"timezone": "CET-1", "zonename": ""}, 132),
        ("load_log", {"ip": "x", "port": "514", "proto": "udp"}, 132),
        ("load_log", {"ip": "1.2.3.4", "port": "0", "proto": "udp"}, 132),
        ("load_log", {"ip": "1.2.3.4", "port": 65_536, "proto": "udp"}, 132),
        ("load_log", {"ip": "1.2.3.4", "port": "514", "proto": "sctp"}, 132),
        ("upgrade_firmware", {}, 14),
        ("set_fire", {}, 14),
    ],
)
async def test_what_else_is_refused(
    client: Client, command: str, arguments: dict[str, object], code: int
) -> None:
    """Code 14 is for what is missing or unknown, 132 for what is wrong."""
    assert await client.code(command, **arguments) == code


@pytest.mark.parametrize(
    ("generation", "code"), [("v1", 14), ("v2", 14), ("compat", 45)]
)
async def test_customer_messages_are_not_read_in_plain_text(
    client: Client, generation: str, code: int
) -> None:
    """Older firmware does not know the command at all."""
    answer = await client.read("get_customer_msg")
    status = answer if generation != "v1" else answer["STATUS"][0]
    assert status["Code"] == code
    assert await client.code("get_customer_msg") == (131 if code == 45 else 14)


@pytest.mark.parametrize("generation", ["compat"])
async def test_bad_values_of_the_newest_commands_are_refused(client: Client) -> None:
    """Values that are missing are another error."""
    for watts in ("-1", "100000", "ten", "", 1700.5):
        assert await client.code("set_power", power=watts) == 132
    assert await client.code("set_power") == 14
    for text in ("x" * 128, "ü" * 64):
        assert await client.code("set_customer_msg", key="msg0", val=text) == 132
    for key in ("", "msg", "customersn", 0):
        assert await client.code("set_customer_msg", key=key, val="x") == 132
    assert await client.code("set_customer_msg", key="msg0") == 14
    assert await client.code("set_customer_msg", val="x") == 14
    assert client.miner.state.customer == {}


@pytest.mark.parametrize(("generation", "model"), [("compat", "M63")])
async def test_a_factory_reset_forgets_the_newest_settings(client: Client) -> None:
    await client.send("set_heat_mode", mode="heating")
    await client.send("disable_btminer_init")
    await client.send("set_customer_msg", key="msg0", val="rack 3")
    assert await client.code("factory_reset") == 131

    state = client.miner.state
    assert (state.heat_mode, state.init_enabled, state.customer) == ("normal", True, {})


@pytest.mark.parametrize(("generation", "model"), [("compat", "M63")])
@pytest.mark.parametrize("enabled", [True, False])
async def test_a_miner_mines_after_a_reboot_only_if_it_may(
    client: Client, *, enabled: bool
) -> None:
    await client.send(f"{'enable' if enabled else 'disable'}_btminer_init")
    assert client.miner.state.mining  # nothing happens before
    assert await client.code("reboot") == 131
    client.miner.advance(200)

    assert client.miner.state.mining is enabled
    assert (await client.message("status"))["mineroff"] == (
        "false" if enabled else "true"
    )


@pytest.mark.parametrize("generation", ["compat"])
async def test_customer_messages(client: Client) -> None:
    """Customer messages are short, have fixed names, and are read encrypted."""
    await client.send("set_customer_msg", key="CustomerSn", val="A-1")
    messages = (await client.send("get_customer_msg"))["Msg"]

    assert messages["CustomerSn"] == "A-1"
    assert messages["msg9"] == ""
    assert await client.code("set_customer_msg", key="msg10", val="") == 132
    assert await client.code("set_customer_msg", key="msg1", val="x" * 128) == 132
    assert [write["cmd"] for write in client.miner.writes] == ["set_customer_msg"] * 3


async def test_preheating_goes_through_its_stages(client: Client) -> None:
    assert await client.code("pre_power_on") == 132
    await client.send("power_off")
    stages = []
    for _ in range(3):
        stages.append((await client.send("pre_power_on"))["Msg"])
        client.miner.advance(20)

    assert stages == [
        {"complete": "false", "msg": "wait for adjust temp"},
        {"complete": "false", "msg": "adjust continue"},
        {"complete": "true", "msg": "adjust complete"},
    ]
    await client.send("power_on")
    assert await client.code("pre_power_on") == 132


@pytest.mark.parametrize(("generation", "code"), [("v1", 131), ("compat", 14)])
async def test_newer_firmware_does_not_preheat(client: Client, code: int) -> None:
    await client.send("power_off")

    assert await client.code("pre_power_on") == code


async def test_a_stop_is_reported_with_reason_and_local_time(client: Client) -> None:
    await client.send("power_off", respbefore="true")
    status = await client.message("status")

    assert status["mineroff"] == "true"
    assert status["mineroff_reason"] == "by whatsminer api"
    assert status["mineroff_time"] == "2026-11-01 08:00:00"
    client.miner.advance(60)
    await client.send("power_off", respbefore="true")
    assert await client.message("status") == status

    await client.send("power_on")
    status = await client.message("status")
    assert (status["mineroff"], status["mineroff_reason"]) == ("false", "")


async def test_settings_survive_power_off(client: Client) -> None:
    """Limit, mode, boards and pools are kept, the percent is not."""
    await client.send("update_pools", **POOLS)
    await client.send("set_low_power")
    await client.send("adjust_power_limit", power_limit="2000")
    await client.send("set_power_pct", percent="50")
    boards = [board["PCB SN"] for board in await client.boards()]
    await client.send("power_off", respbefore="true")
    await client.send("power_on")

    status = await client.message("status")
    assert (status["power_mode"], status["power_limit_set"]) == ("low", "2000")
    assert [board["PCB SN"] for board in await client.boards()] == boards
    assert (await client.read("pools"))["POOLS"][0]["URL"] == "pool-1"
    assert client.miner.state.percent == 100


async def test_a_stopped_miner_is_not_started_by_a_setting(client: Client) -> None:
    await client.send("power_off")
    await client.send("set_high_power")
    await client.send("restart_btminer")

    assert not client.miner.state.mining
    assert client.miner.state.power_mode == "high"


async def test_a_factory_reset_forgets_everything(client: Client) -> None:
    """The password and the switch are reset as well, so nothing can be written any more."""
    await client.send("set_low_power")
    await client.send("adjust_power_limit", power_limit="2000")
    await client.send("disable_web_pools")
    await client.send("set_hostname", hostname="rig-7")
    await client.send("update_pools", **POOLS)
    client.miner.state.network = Network(proto="static", ip="192.168.1.9")
    mac = client.miner.mac
    assert await client.code("factory_reset") == 131
    client.miner.advance(90)

    state = client.miner.state
    assert (state.power_mode, state.hostname) == ("normal", "WhatsMiner")
    assert (state.power_limit, state.web_pools) == (None, True)
    assert state.network == Network()
    assert (await Client(client.miner).message("get_miner_info"))["proto"] == "dhcp"
    assert [pool.user for pool in state.pools] == ["simulated.001"]
    assert (client.miner.password, client.miner.api_open, client.miner.mac) == (
        "admin",
        False,
        mac,
    )
    assert await Client(client.miner).code("power_on") == 45


@pytest.mark.parametrize(
    ("command", "silent"), [("restart_btminer", True), ("power_off", False)]
)
async def test_some_firmware_restarts_without_an_answer(
    command: str, silent: bool
) -> None:
    async with SimulatedMiner(quirks={Quirk.SILENT_RESTARTS}) as miner:
        answer = await exchange(miner, await Client(miner).command(command))

        assert (answer == b"") is silent
        assert miner.state.elapsed == 0
