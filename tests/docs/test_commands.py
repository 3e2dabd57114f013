"""Every command that a miner takes, sent from Home Assistant; docs/commands.md is made of this."""

from collections.abc import Iterable
from dataclasses import replace
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api.v2.commands import requests_for
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v3.commands import writes_for
from custom_components.whatsminer.api.v3.protocol import READABLE
from custom_components.whatsminer.api.v3.support import support_of, version_of
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.helpers import entity_registry as er
from simulator import SimulatedMiner
from simulator.v3 import NEWEST_API
from tests import Clock
from tests.api.catalogue import CATALOGUE, OF_V2

from .ways import (
    CONFIRMED,
    ONE,
    STATIC,
    TWO,
    Way,
    button,
    names_of,
    number,
    ours,
    switch,
)
from .ways_of_v3 import LEFT_OUT as REASONS, POLLED, READ, WAYS_OF_V3, WRITTEN

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"

# All writable commands of the vendor's document (V2.0.5), written down by hand.
COMMANDS = """
update_pools restart_btminer power_off power_on set_led set_low_power set_normal_power
set_high_power update_firmware reboot factory_reset update_pwd net_config download_logs
set_target_freq enable_btminer_fast_boot disable_btminer_fast_boot enable_web_pools
disable_web_pools set_hostname set_zone load_log set_power_pct set_power_pct_v2 pre_power_on
set_temp_offset adjust_power_limit adjust_upfreq_speed set_poweroff_cool set_fan_zero_speed
"""
# Those that are only in the document of V2.2, and those that are only in that of V1.3.8.
OF_V2_2 = """
set_power restore_power_pct set_heat_mode disable_btminer_init enable_btminer_init
set_customer_msg get_customer_msg
"""
OF_V1 = """
enable_cgminer_fast_boot disable_cgminer_fast_boot ssh_open ssh_close
"""
LEFT_OUT = {"ssh_open", "ssh_close"}


def heat_mode(option: str, sent: str) -> Way:
    """Return the way of one heat mode."""
    return Way(
        {"cmd": "set_heat_mode", "mode": sent},
        "select.select_option",
        {"option": option},
        key="select.heat_mode",
    )


def mode(option: str, **state: Any) -> Way:
    """Return the way of one power mode."""
    return Way(
        {"cmd": f"set_{option}_power"},
        "select.select_option",
        {"option": option},
        key="select.power_mode",
        state=state,
    )


FLASH: dict[str, str | int] = {
    "color": "red",
    "period": 200,
    "duration": 100,
    "start": 0,
}
WAYS = (
    ours(
        "update_pools",
        {
            "pools": [
                {"url": ONE, "worker": "account.1"},
                {"url": TWO, "worker": "account.1", "password": "x"},
            ]
        },
        "update_pools",
        pool1=ONE,
        worker1="account.1",
        passwd1="",
        pool2=TWO,
        worker2="account.1",
        passwd2="x",
        pool3="",
        worker3="",
        passwd3="",
    ),
    button("restart_mining", "restart_btminer"),
    switch("mining", False, "power_off", respbefore="true"),
    switch("mining", True, "power_on"),
    ours("set_led", {"color": "red"}, "set_led", **FLASH),
    ours("set_led", {"mode": "auto"}, "set_led", param="auto"),
    Way({"cmd": "set_led", **FLASH}, "button.press", key="button.identify"),
    mode("low"),
    mode("normal", power_mode="low"),
    mode("high"),
    Way(
        {"cmd": "update_firmware"},
        f"{DOMAIN}.update_firmware",
        CONFIRMED | {"file": "new.bin"},
    ),
    button("reboot", "reboot"),
    ours("factory_reset", CONFIRMED, "factory_reset"),
    ours(
        "change_password",
        CONFIRMED | {"new_password": "new_1234"},
        "update_pwd",
        old="satoshi",
        new="new_1234",
    ),
    ours(
        "set_network",
        STATIC,
        "net_config",
        ip="192.168.1.50",
        mask="255.255.255.0",
        gate="192.168.1.1",
        dns="192.168.1.1 9.9.9.9",
        host="garage",
    ),
    ours("set_network", CONFIRMED | {"mode": "dhcp"}, "net_config", param="dhcp"),
    Way({"cmd": "download_logs"}, f"{DOMAIN}.download_logs"),
    number("target_frequency", -5, "set_target_freq", percent="-5"),
    switch("fast_boot", True, "enable_btminer_fast_boot"),
    switch("fast_boot", False, "disable_btminer_fast_boot"),
    switch("web_pools", True, "enable_web_pools"),
    switch("web_pools", False, "disable_web_pools"),
    ours("set_hostname", {"hostname": "garage"}, "set_hostname", hostname="garage"),
    ours(
        "set_time_zone",
        {"time_zone": "Europe/Berlin"},
        "set_zone",
        timezone="CET-1CEST,M3.5.0,M10.5.0/3",
        zonename="Europe/Berlin",
    ),
    ours(
        "set_log_server",
        {"host": "192.168.1.10"},
        "load_log",
        ip="192.168.1.10",
        port="514",
        proto="udp",
    ),
    ours(
        "set_power_percent",
        {"percent": 80, "method": "fast"},
        "set_power_pct",
        percent="80",
    ),
    ours("set_power_percent", {"percent": 80}, "set_power_pct_v2", percent="80"),
    number("power_percent", 80, "set_power_pct_v2", percent="80"),
    button("preheat", "pre_power_on", mining=False),
    Way({"cmd": "pre_power_on"}, f"{DOMAIN}.preheat", state={"mining": False}),
    number("temperature_offset", -5, "set_temp_offset", temp_offset="-5"),
    number("power_limit", 3000, "adjust_power_limit", power_limit="3000"),
    ours(
        "set_power_limit",
        {"power_limit": 3000},
        "adjust_power_limit",
        power_limit="3000",
    ),
    number("upfreq_speed", 5, "adjust_upfreq_speed", upfreq_speed="5"),
    switch("poweroff_cooling", True, "set_poweroff_cool", poweroff_cool="1"),
    switch("poweroff_cooling", False, "set_poweroff_cool", poweroff_cool="0"),
    switch("fan_zero_speed", True, "set_fan_zero_speed", fan_zero_speed="1"),
    switch("fan_zero_speed", False, "set_fan_zero_speed", fan_zero_speed="0"),
)

WAYS_OF_V2_2 = tuple(
    replace(way, miner="hydro_miner")
    for way in (
        number("power_percent", 100, "restore_power_pct"),
        ours("set_power_percent", {"percent": 100}, "restore_power_pct"),
        ours(
            "set_power_percent",
            {"percent": 100, "method": "fast"},
            "restore_power_pct",
        ),
        number("power_target", 3000, "set_power", power="3000"),
        heat_mode("anti_icing", "anti-icing"),
        heat_mode("heating", "heating"),
        switch("start_after_boot", False, "disable_btminer_init"),
        switch("start_after_boot", True, "enable_btminer_init"),
        ours(
            "set_customer_message",
            {"key": "serial_number", "message": "A-17"},
            "set_customer_msg",
            key="CustomerSn",
            val="A-17",
        ),
        ours(
            "set_customer_message",
            {"key": "message_3", "message": "Regal 3, Süd"},
            "set_customer_msg",
            key="msg3",
            val="Regal 3, Süd",
        ),
        ours("get_customer_message", {}, "get_customer_msg"),
    )
)
WAYS_OF_V1 = tuple(
    replace(way, miner="old_miner")
    for way in (
        switch("fast_boot", True, "enable_cgminer_fast_boot"),
        switch("fast_boot", False, "disable_cgminer_fast_boot"),
        number("power_percent", 80, "set_power_pct", percent="80"),
        number("power_percent", 100, "set_power_pct", percent="100"),
    )
)

INTRODUCTION = """\
# Every command, and how it is reached

The test `tests/docs/test_commands.py` writes this page. For each row, it calls the action in Home
Assistant and compares the commands that arrive at a simulated miner. `pytest --snapshot-update`
writes the page again.

The second column has the entity (by its key) with the action that is called for it, or an action
of this integration. The last two columns have the commands as the miner decrypts them, one column
for each protocol. They leave out the signature: the token over V2, and the token, the time and the
account over V3. The parameter of `set.miner.pools` and `set.user.change_passwd` is encrypted when
it is sent. All other commands are shown exactly as they are sent. A dash means that the protocol has
no such command.

If an action of this integration has several miners as its target, it sends the command to all of
them at the same time. A failure at one miner does not stop the others. At the end, the action fails
with a sentence for each miner that failed. An action in Home Assistant returns either a response or
an error, so it returns no response in this case.

Home Assistant keeps the data that you enter in an action of any integration. It does not write the
passwords of `update_pools` and `change_password` to its log (unless `homeassistant.core` is set to
debug), but it stores them in its database and in the traces of automations. If other people can read
these, exclude the event type `call_service` from the recorder.
"""
LEFT_OUT_TEXT = """
## What is left out

* `set_fast_hash` and `set_fast_mining` (V2.2.2) are left out, because no document that we know
  describes their parameters. *Fast hash* is set over V3.
* `ssh_open` and `ssh_close` are only in the document of V1.3.8, and are left out on purpose.
  `ssh_open` opens a root shell on the miner to the network. This integration does not need one. If
  one is left open by mistake, everybody in the network can take over the miner.
"""
HEADER = "\n| command | reached by | V2 | V3 |\n|---|---|---|---|\n"
TEXT_OF_V3 = """
## What V3 adds

V2 has no such commands, or has them without these values.
"""
LIST_OF_V3 = """
## Every command of V3

The tables above show the commands that an entity or an action sends. The action `query` accepts the
readable commands that polls use, and `get.device.custom_data`. Its response leaves out secrets. It
does not accept `get.log.download`, because the answer to that command is a file.
"""


def table(ways: Iterable[Way]) -> str:
    """Return the rows of the ways over V2, with the same way over V3 beside it."""
    over_v3 = {_call(way): way for way in WAYS_OF_V3}
    rows = [
        f"| `{way.wire['cmd']}` | {way.said} | {_json(way)} | {_json(over_v3.get(_call(way)))} |\n"
        for way in ways
    ]
    return HEADER + "".join(dict.fromkeys(rows))


def table_of_v3() -> str:
    """Return the rows of the ways that only V3 has."""
    over_v2 = {_call(way) for way in (*WAYS, *WAYS_OF_V2_2)}
    return HEADER + "".join(
        f"| `{way.wire['cmd']}` | {way.said} | – | {_json(way)} |\n"
        for way in WAYS_OF_V3
        if _call(way) not in over_v2
    )


def list_of_v3() -> str:
    """Return a row for each command of V3."""
    ways: dict[str, dict[str, None]] = {}
    for way in WAYS_OF_V3:
        for each in way.sent:
            ways.setdefault(each["cmd"], {})[way.said] = None
    rows = [
        f"| `{name}` | {POLLED.get(name) or '; '.join(ways.get(name, ())) or 'left out: ' + REASONS[name]} |\n"
        for name in (*READ, *WRITTEN)
    ]
    return "\n| command | reached by |\n|---|---|\n" + "".join(rows)


def _call(way: Way) -> tuple[str | None, str, str]:
    """Return what is called."""
    return way.key, way.action, json.dumps(way.data)


def _json(way: Way | None) -> str:
    if way is None:
        return "–"
    return ", then ".join(
        f"`{json.dumps(wire, ensure_ascii=False)}`" for wire in way.sent
    )


def page() -> str:
    return (
        INTRODUCTION
        + "\n## Commands of the document of V2.0.5\n"
        + table(WAYS)
        + "\n## What V2.2 added\n\n"
        "For 100 percent, Home Assistant sends `restore_power_pct` with either method, because it removes\n"
        "a percentage that was set by any method. To older firmware, and to firmware that does not know\n"
        "this command, it sends 100 percent instead. `get_customer_msg` only reads, but it needs the\n"
        "password, so the action `query` does not have it.\n"
        + table(WAYS_OF_V2_2)
        + "\n## What is different on V1\n"
        + table(WAYS_OF_V1)
        + TEXT_OF_V3
        + table_of_v3()
        + LIST_OF_V3
        + list_of_v3()
        + LEFT_OUT_TEXT
    )


def test_every_command_of_v3_has_a_way_or_a_reason() -> None:
    """Polls read some, and no protocol can write what is left out."""
    reached = set(names_of(WAYS_OF_V3))
    assert reached | POLLED.keys() | REASONS.keys() == {*READ, *WRITTEN}
    assert not reached & REASONS.keys()
    written = {
        write.name
        for entry in CATALOGUE
        if entry.command.name in support_of(version_of(NEWEST_API)).commands
        for write in writes_for(entry.command, "super")
    }
    assert written | {"set.system.update_firmware"} == {*WRITTEN} - REASONS.keys()
    assert {*POLLED, "get.device.custom_data"} == {*READABLE}


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.option.update_snapshots:
        PAGE.write_text(page())

    assert PAGE.read_text() == page()


def test_every_command_has_a_way() -> None:
    """The list is complete, and in the order of the vendor's document."""
    assert names_of(WAYS) == COMMANDS.split()


@pytest.mark.parametrize(
    ("document", "ways"), [(OF_V2_2, WAYS_OF_V2_2), (OF_V1, WAYS_OF_V1)]
)
def test_every_command_of_another_document_has_a_way_or_a_reason(
    document: str, ways: tuple[Way, ...]
) -> None:
    """The page says of each why it is left out."""
    commands = set(document.split())
    assert set(names_of(ways)) - set(COMMANDS.split()) == commands - LEFT_OUT
    for command in commands & LEFT_OUT:
        assert f"`{command}`" in LEFT_OUT_TEXT


@pytest.mark.parametrize("command", sorted(LEFT_OUT))
def test_what_is_left_out_is_sent_by_nothing(command: str) -> None:
    """No protocol can write it."""
    names = {
        request.name
        for entry in OF_V2
        for generation in Generation
        for request in requests_for(entry.command, generation)
    }
    assert command not in names


@pytest.mark.parametrize(
    ("way", "miner", "platforms"),
    [
        pytest.param(
            way,
            way.miner,
            (Platform(way.key.partition(".")[0]),) if way.key else (),
            id=way.name,
        )
        for way in (*WAYS, *WAYS_OF_V2_2, *WAYS_OF_V1, *WAYS_OF_V3)
    ],
    indirect=["miner"],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_every_way_leads_to_the_miner(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    tmp_path: Path,
    way: Way,
) -> None:
    """Commands are compared byte by byte, except for the token."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "whatsminer" / "firmware"
    folder.mkdir(parents=True)
    (folder / "new.bin").write_bytes(b"firmware")
    for name, value in way.state.items():
        setattr(miner.state, name, value)
        await clock.next_poll(12 if way in WAYS_OF_V3 else 1)
    target = {ATTR_DEVICE_ID: set_up.device_id}
    if way.key:
        platform, _, key = way.key.partition(".")
        entity_id = entity_registry.async_get_entity_id(
            platform, DOMAIN, f"{config_entry.unique_id}_{key}"
        )
        assert entity_id
        target = {ATTR_ENTITY_ID: entity_id}
    domain, _, action = way.action.partition(".")

    # The test does not wait for the miner to reboot.
    with patch(
        f"custom_components.{DOMAIN}.actions.update_firmware._async_version_after"
    ):
        response = hass.services.supports_response(domain, action)
        await hass.services.async_call(
            domain,
            action,
            {**way.data, **target},
            blocking=True,
            return_response=response is SupportsResponse.ONLY,
        )

    # Some of them only read, so they are not among the writes.
    sent = [request for request in miner.requests if request.pop("token", None)]
    if way in WAYS_OF_V3:
        sent += [
            {key: request[key] for key in ("cmd", "param") if key in request}
            for request in miner.v3.requests
            if "token" in request or request["cmd"] == way.wire["cmd"]
        ]
    assert sent == way.sent
