"""The signed commands for the control board."""

import pytest

from simulator.settings import Led, Network
from tests.simulator.client import exchange

from .client import V3Client

OK = (0, "ok")
RED = {"color": "red", "period": 200, "duration": 100, "start": 0}
GREEN = {"color": "green", "period": 500, "duration": 50, "start": 10}
STATIC = {
    "ip": "127.7.8.9",
    "netmask": "255.0.0.0",
    "gateway": "127.0.0.1",
    "dns": "127.0.0.1",
}


async def test_leds(v3: V3Client) -> None:
    assert await v3.result("set.system.led", [RED, GREEN]) == OK
    leds = {"red": Led(200, 100, 0), "green": Led(500, 50, 10)}
    assert v3.miner.state.led == leds
    assert (await v3.info("system"))["ledstatus"] == "1,200,100,0 0,500,50,10 "

    assert await v3.result("set.system.led", "auto") == OK
    assert (await v3.info("system"))["ledstatus"] == "auto"


@pytest.mark.parametrize(
    ("command", "param", "key", "value"),
    [
        ("set.system.webpools", "disable", "web-pool", 0),
        ("set.system.ntp_server", "a.example,b.example", "ntp-server", ["a.example", "b.example"]),
        ("set.system.time_randomized", {"start": 7, "stop": 120}, "time-randomized", {"start": 7, "stop": 120}),
        ("set.log.upload", {"ip": "192.0.2.5", "port": "4001", "proto": "udp"}, "log-upload", {"ip": "192.0.2.5", "port": "4001", "proto": "udp"}),
    ],
)  # fmt: skip
async def test_a_setting_is_read_back(
    v3: V3Client, command: str, param: object, key: str, value: object
) -> None:
    assert await v3.result(command, param) == OK
    assert (await v3.read("get.system.setting"))[key] == value


async def test_the_time_zone(v3: V3Client) -> None:
    zone = {"timezone": "CET-1", "zonename": "Europe/Berlin"}
    assert await v3.result("set.system.timezone", zone) == OK

    setting = await v3.read("get.system.setting")
    assert zone.items() <= setting.items()


async def test_the_texts_of_the_owner(v3: V3Client) -> None:
    text = {"key": "msg0", "value": "rack 7, Böblingen"}
    assert await v3.result("set.device.custom_data", text) == OK
    assert (await v3.read("get.device.custom_data"))["msg0"] == "rack 7, Böblingen"


@pytest.mark.parametrize("api", ["3.0.0"])
async def test_the_first_version_takes_no_texts_of_the_owner(v3: V3Client) -> None:
    text = {"key": "msg0", "value": "x"}
    assert (await v3.result("set.device.custom_data", text))[0] == -2


async def test_a_host_name_takes_effect_at_the_next_boot(v3: V3Client) -> None:
    assert await v3.result("set.system.hostname", {"hostname": "rig-7"}) == OK
    assert (await v3.info("network"))["hostname"] == "WhatsMiner"

    await v3.miner.reboot()
    v3.miner.advance(90)
    assert (await v3.info("network"))["hostname"] == "rig-7"
    assert (await v3.read("get.system.setting"))["hostname"] == "rig-7"


@pytest.mark.parametrize(
    ("command", "param", "code"),
    [
        ("set.system.led", None, -3),
        ("set.system.led", "on", -1),
        ("set.system.led", [], -1),
        ("set.system.led", RED, -1),
        ("set.system.led", 7, -1),
        ("set.system.led", [RED | {"color": "blue"}], -1),
        ("set.system.led", [RED | {"period": "200"}], -1),
        ("set.system.led", [{"color": "red"}], -3),
        ("set.system.hostname", "rig-7", -1),
        ("set.system.hostname", {"hostname": "-"}, -1),
        ("set.system.hostname", {}, -3),
        ("set.system.webpools", True, -1),
        ("set.system.ntp_server", ",", -1),
        ("set.system.ntp_server", ["a"], -1),
        ("set.system.time_randomized", {"start": 0, "stop": 121}, -1),
        ("set.system.time_randomized", {"start": 0}, -3),
        ("set.system.timezone", {"timezone": "", "zonename": "x"}, -1),
        ("set.log.upload", {"ip": "192.0.2.5", "port": 514, "proto": "udp"}, -1),
        ("set.log.upload", {"ip": "192.0.2.5", "port": "0", "proto": "udp"}, -1),
        ("set.log.upload", {"ip": "here", "port": "514", "proto": "udp"}, -1),
        ("set.log.upload", {"ip": "192.0.2.5", "port": "514", "proto": "tls"}, -1),
        ("set.device.custom_data", {"key": "msg10", "value": "x"}, -1),
        ("set.device.custom_data", {"key": "msg0", "value": "x" * 128}, -1),
        ("set.device.custom_data", {"key": "msg0", "value": "\n"}, -1),
        ("set.device.custom_data", {"key": "msg0", "val": "x"}, -3),
        ("set.system.net_config", {"ip": "127.7.8.9", "mask": "255.0.0.0"}, -3),
        ("set.system.net_config", STATIC | {"ip": "here"}, -1),
        ("set.system.net_config", "static", -1),
        ("set.user.permission", {"user": "admin", "permission": ""}, -1),
        ("set.user.permission", {"user": "user1"}, -3),
    ],
)
async def test_a_wrong_parameter_is_refused(
    v3: V3Client, command: str, param: object, code: int
) -> None:
    before = await v3.read("get.system.setting")
    assert (await v3.result(command, param))[0] == code

    assert await v3.read("get.system.setting") == before
    assert not v3.miner.state.away


# What reboots the board


async def test_a_reboot_closes_both_ports_for_a_while(v3: V3Client) -> None:
    miner, port, plain_port = v3.miner, v3.miner.v3.port, v3.miner.port
    assert await v3.result("set.system.reboot") == OK
    with pytest.raises(ConnectionRefusedError):
        await v3.ask("get.fan.setting")
    with pytest.raises(ConnectionRefusedError):
        await exchange(miner, b'{"cmd":"summary"}')
    miner.advance(90)

    assert (miner.v3.port, miner.port) == (port, plain_port)
    assert (await v3.summary())["bootup-time"] == 0
    assert (await v3.summary())["elapsed"] == 0
    assert b"Elapsed" in await exchange(miner, b'{"cmd":"summary"}')


async def test_a_static_address(v3: V3Client) -> None:
    """Both ports are at the new address, and back at the first one under DHCP."""
    first = v3.miner.host
    assert await v3.result("set.system.net_config", STATIC) == OK
    assert v3.miner.state.network == Network(proto="static", **STATIC)
    v3.miner.advance(90)
    assert v3.miner.host == "127.7.8.9"
    assert STATIC.items() <= (await v3.info("network")).items()

    assert await v3.result("set.system.net_config", "dhcp") == OK
    v3.miner.advance(90)
    assert v3.miner.host == (await v3.info("network"))["ip"] == first


async def test_a_factory_reset_forgets_everything(v3: V3Client) -> None:
    salt = await v3.info("salt")
    grant = {"user": "user1", "permission": "set.system.led"}
    await v3.send("set.user.permission", grant)
    await v3.send("set.miner.power_mode", "high")
    await v3.send("set.system.webpools", "disable")
    assert await v3.result("set.system.factory_reset") == OK
    v3.miner.advance(120)

    assert (v3.miner.v3.password, v3.miner.password) == ("super", "admin")
    assert await v3.info("salt") != salt
    assert (await v3.info("system"))["apiswitch"] == "0"
    assert (await v3.info("miner"))["permission"].startswith("super=255 user1=0")
    assert (await v3.setting())["power-mode"] == "normal"
    assert (await v3.read("get.system.setting"))["web-pool"] == 1
