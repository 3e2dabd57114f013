"""The ways to each command of V3, and why some commands have none."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from custom_components.whatsminer.const import DOMAIN

from .ways import CONFIRMED, ONE, STATIC, TWO, Way, number, ours, switch

# All commands of the vendor's document of V3 (3.0.3), written down by hand: first those that
# only read.
READ: Final = [
    "get.device.info",
    "get.miner.status",
    "get.miner.setting",
    "get.fan.setting",
    "get.system.setting",
    "get.device.custom_data",
    "get.miner.history",
    "get.log.download",
]
WRITTEN: Final = [
    "set.miner.service",
    "set.miner.power_mode",
    "set.miner.power_limit",
    "set.miner.power",
    "set.miner.power_percent",
    "set.miner.target_freq",
    "set.miner.upfreq_speed",
    "set.miner.fastboot",
    "set.miner.fast_hash",
    "set.miner.heat_mode",
    "set.miner.pools",
    "set.miner.cointype",
    "set.miner.report",
    "set.miner.restore_setting",
    "set.fan.temp_offset",
    "set.fan.poweroff_cool",
    "set.fan.zero_speed",
    "set.system.led",
    "set.system.hostname",
    "set.system.net_config",
    "set.system.timezone",
    "set.system.ntp_server",
    "set.system.time_randomized",
    "set.system.webpools",
    "set.system.update_firmware",
    "set.system.reboot",
    "set.system.factory_reset",
    "set.log.upload",
    "set.device.custom_data",
    "set.user.change_passwd",
    "set.user.permission",
]
# What reads the others.
POLLED: Final[Mapping[str, str]] = {
    "get.device.info": "every poll; before a command, with the parameter `network`, and with `salt` if"
    " the salt is not known; action `query`",
    "get.miner.status": "every poll, with the parameter `summary+pools+edevs`; action `query`",
    "get.miner.setting": "polls, every few minutes and after a command; action `query`",
    "get.fan.setting": "polls, every few minutes; before and after a command for fans; action"
    " `query`",
    "get.system.setting": "polls, every few minutes and after a command; action `query`",
}
LEFT_OUT: Final[Mapping[str, str]] = {
    "get.miner.history": "No document says what its columns mean, and Home Assistant has the history"
    " of every entity.",
    "set.miner.cointype": "The pool decides what is mined. A miner for Bitcoin does not need this"
    " setting.",
    "set.miner.report": "With it, the miner sends readings without a request, in a form that no document"
    " describes. Polls read the same values.",
    "set.miner.restore_setting": "No document says which settings it restores. Each setting has its"
    " own control, and `factory_reset` restores all of them.",
    "set.system.ntp_server": "The miner gets the time from the servers that it already has. If the"
    " network has no internet access, set other servers on the web page of the miner.",
    "set.system.time_randomized": "It delays every start and stop by up to two minutes, for farms"
    " that must not switch all miners at once. Automations would then wait for no visible reason. You"
    " can set it in WhatsMinerTool. `query` shows it in `get.system.setting`.",
    "set.user.permission": "It gives rights to other accounts than the one that Home Assistant uses. To"
    " share a miner, use WhatsMinerTool.",
}

_FLASH: Final = [{"color": "red", "period": 200, "duration": 100, "start": 0}]
_SERVICE: Final = "set.miner.service"


def _button(key: str, command: str, **wire: Any) -> Way:
    return Way({"cmd": command, **wire}, "button.press", key=f"button.{key}")


def _option(key: str, option: str, command: str, param: str, **state: Any) -> Way:
    """Return the way of one option of a select."""
    return Way(
        {"cmd": command, "param": param},
        "select.select_option",
        {"option": option},
        key=f"select.{key}",
        state=state,
    )


def _percent(percent: str, mode: str) -> dict[str, str]:
    return {"percent": percent, "mode": mode}


def _heat_mode(option: str, param: str) -> Way:
    return replace(
        _option("heat_mode", option, "set.miner.heat_mode", param),
        miner="v3_hydro_miner",
    )


_WAYS: Final = (
    ours(
        "update_pools",
        {
            "pools": [
                {"url": ONE, "worker": "account.1"},
                {"url": TWO, "worker": "account.1", "password": "x"},
            ]
        },
        "set.miner.pools",
        param=[
            {"pool": ONE, "worker": "account.1", "passwd": ""},
            {"pool": TWO, "worker": "account.1", "passwd": "x"},
        ],
    ),
    _button("restart_mining", _SERVICE, param="restart"),
    switch("mining", False, _SERVICE, param="stop"),
    switch("mining", True, _SERVICE, param="start"),
    switch("start_after_boot", False, _SERVICE, param="disable"),
    switch("start_after_boot", True, _SERVICE, param="enable"),
    ours("set_led", {"color": "red"}, "set.system.led", param=_FLASH),
    ours("set_led", {"mode": "auto"}, "set.system.led", param="auto"),
    _button("identify", "set.system.led", param=_FLASH),
    _option("power_mode", "low", "set.miner.power_mode", "low"),
    _option("power_mode", "normal", "set.miner.power_mode", "normal", power_mode="low"),
    _option("power_mode", "high", "set.miner.power_mode", "high"),
    ours(
        "update_firmware",
        CONFIRMED | {"file": "new.bin"},
        "set.system.update_firmware",
    ),
    _button("reboot", "set.system.reboot"),
    ours("factory_reset", CONFIRMED, "set.system.factory_reset"),
    ours(
        "change_password",
        CONFIRMED | {"new_password": "new_1234"},
        "set.user.change_passwd",
        param={"account": "super", "new": "new_1234", "old": "satoshi"},
    ),
    replace(
        ours(
            "set_network",
            STATIC,
            "set.system.net_config",
            param={
                "ip": "192.168.1.50",
                "netmask": "255.255.255.0",
                "gateway": "192.168.1.1",
                "dns": "192.168.1.1 9.9.9.9",
            },
        ),
        before=({"cmd": "set.system.hostname", "param": {"hostname": "garage"}},),
    ),
    ours(
        "set_network",
        CONFIRMED | {"mode": "dhcp"},
        "set.system.net_config",
        param="dhcp",
    ),
    Way({"cmd": "get.log.download"}, f"{DOMAIN}.download_logs"),
    number("target_frequency", -5, "set.miner.target_freq", param=-5),
    switch("fast_boot", True, "set.miner.fastboot", param="enable"),
    switch("fast_boot", False, "set.miner.fastboot", param="disable"),
    switch("fast_hash", True, "set.miner.fast_hash", param=1),
    switch("fast_hash", False, "set.miner.fast_hash", param=0),
    switch("web_pools", True, "set.system.webpools", param="enable"),
    switch("web_pools", False, "set.system.webpools", param="disable"),
    ours(
        "set_hostname",
        {"hostname": "garage"},
        "set.system.hostname",
        param={"hostname": "garage"},
    ),
    ours(
        "set_time_zone",
        {"time_zone": "Europe/Berlin"},
        "set.system.timezone",
        param={
            "timezone": "CET-1CEST,M3.5.0,M10.5.0/3",
            "zonename": "Europe/Berlin",
        },
    ),
    ours(
        "set_log_server",
        {"host": "192.168.1.10"},
        "set.log.upload",
        param={"ip": "192.168.1.10", "port": "514", "proto": "udp"},
    ),
    ours(
        "set_power_percent",
        {"percent": 80, "method": "fast"},
        "set.miner.power_percent",
        param=_percent("80", "fast"),
    ),
    ours(
        "set_power_percent",
        {"percent": 80},
        "set.miner.power_percent",
        param=_percent("80", "normal"),
    ),
    number(
        "power_percent", 80, "set.miner.power_percent", param=_percent("80", "normal")
    ),
    number(
        "power_percent", 100, "set.miner.power_percent", param=_percent("100", "normal")
    ),
    ours(
        "set_power_percent",
        {"percent": 100},
        "set.miner.power_percent",
        param=_percent("100", "normal"),
    ),
    ours(
        "set_power_percent",
        {"percent": 100, "method": "fast"},
        "set.miner.power_percent",
        param=_percent("100", "fast"),
    ),
    number("temperature_offset", -5, "set.fan.temp_offset", param=-5),
    number("power_limit", 3000, "set.miner.power_limit", param=3000),
    ours(
        "set_power_limit",
        {"power_limit": 3000},
        "set.miner.power_limit",
        param=3000,
    ),
    number("power_target", 3000, "set.miner.power", param=3000),
    number("power_target", 0, "set.miner.power", param=0),
    number("upfreq_speed", 5, "set.miner.upfreq_speed", param=5),
    switch("poweroff_cooling", True, "set.fan.poweroff_cool", param=1),
    switch("poweroff_cooling", False, "set.fan.poweroff_cool", param=0),
    switch("fan_zero_speed", True, "set.fan.zero_speed", param=1),
    switch("fan_zero_speed", False, "set.fan.zero_speed", param=0),
    ours(
        "set_customer_message",
        {"key": "serial_number", "message": "A-17"},
        "set.device.custom_data",
        param={"key": "CustomerSn", "value": "A-17"},
    ),
    ours(
        "set_customer_message",
        {"key": "message_3", "message": "Regal 3, Süd"},
        "set.device.custom_data",
        param={"key": "msg3", "value": "Regal 3, Süd"},
    ),
    ours("get_customer_message", {}, "get.device.custom_data"),
)
WAYS_OF_V3: Final = (
    *(replace(way, miner="v3_miner") for way in _WAYS),
    _heat_mode("anti_icing", "anti-freezing"),
    _heat_mode("heating", "heating"),
    _heat_mode("normal", "normal"),
)
