"""What the answer to `get.device.info` says."""

from datetime import datetime
from typing import Any

import pytest

from custom_components.whatsminer.api.readings import Device, ErrorEntry, PowerSupply
from custom_components.whatsminer.api.v3 import device_info

from .devices import device, device_with


def test_the_device_says_what_the_miner_is() -> None:
    assert device_info.device_of(device(), api_known=True) == Device(
        model="M60_VK30",
        platform="H616",
        firmware="20261001.16.Rel",
        api="3.0.5",
        serial_number="HTM001",
        hostname="garage",
    )
    assert device_info.firmware(device()) == "20261001.16.Rel"
    assert device_info.mac(device()) == "c2:04:28:00:00:01"


@pytest.mark.parametrize(
    ("reported", "is_liquid"),
    [("0-0-0", False), ("1-1-1", True), ("0-2-0", True), ("", None), (None, None)],
)
def test_older_firmware_says_whether_liquid_cools_the_boards(
    reported: object, is_liquid: bool | None
) -> None:
    miner = device_with("miner", eeprom_liquid_cooling=reported)
    assert device_info.device_of(miner, api_known=True).liquid_cooled is is_liquid


def test_the_power_supply_is_in_plain_units() -> None:
    assert device_info.power_supply(device()) == PowerSupply(
        name="P221B",
        model="P221B",
        input_current=15.5,
        input_voltage=229.5,
        input_power=3550,
        temperature=51.5,
        fan_speed=5010,
    )
    three_phases = device_with("power", vin=409)
    assert device_info.power_supply(three_phases).input_voltage == 409


def test_a_supply_that_liquid_cools_has_no_fan() -> None:
    """Some firmware repeats the temperature of the coolant as its speed."""
    hydro = device_with("power", liquid_temperature=49.7, fanspeed=49.7)
    assert device_info.power_supply(hydro).fan_speed is None
    assert device_info.coolant_temperature(hydro) == 49.7
    assert device_info.coolant_temperature(device()) is None


@pytest.mark.parametrize(
    ("working", "expected"),
    [
        ("true", True),
        ("false", False),
        (True, True),
        (False, False),
        ("", None),
        (None, None),
        ({}, None),
    ],
)
def test_the_miner_says_whether_mining_is_on(
    working: object, expected: bool | None
) -> None:
    assert device_info.working(device_with("miner", working=working)) is expected


def test_the_switch_and_the_led_are_read() -> None:
    assert device_info.api_switch(device()) is True
    assert device_info.api_switch(device_with("system", apiswitch="0")) is False
    assert device_info.api_switch({}) is None
    assert device_info.led(device()) == "auto"
    assert device_info.led(device_with("system", ledstatus="Manual")) == "manual"


@pytest.mark.parametrize(
    ("reported", "is_default"),
    [("", True), ("2147483647", True), ("10030", False), (3000, False), (None, None)],
)
def test_a_limit_that_nobody_has_set_is_empty_or_the_highest_number(
    reported: object, is_default: bool | None
) -> None:
    miner = device_with("miner", power_limit_set=reported)
    assert device_info.limit_is_default(miner) is is_default


def test_a_fault_has_the_reason_in_the_words_of_the_miner() -> None:
    listed = [
        {"264": "2026-03-04 05:06:07", "reason": "Power supply is silent. code: 0xff"},
        {"reason": "Fan lost", "110": ""},
    ]
    moment = datetime(2026, 3, 4, 5, 6, 7)
    expected = (
        ErrorEntry(
            code="264", since=moment, reason="Power supply is silent. code: 0xff"
        ),
        ErrorEntry(code="110", reason="Fan lost"),
    )
    assert device_info.errors(device() | {"error-code": listed}) == (expected, 0)
    assert device_info.errors(device()) == ((), 0)


@pytest.mark.parametrize("value", ["btminer process is down err", "", None, {}, 5])
def test_a_text_in_the_place_of_the_faults_says_nothing_of_them(value: object) -> None:
    found: dict[str, Any] = device() | {"error-code": value}
    assert device_info.errors(found) == (None, 0)
