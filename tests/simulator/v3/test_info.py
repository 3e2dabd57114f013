"""The answer to ``get.device.info``."""

import pytest

from simulator import Quirk
from simulator.settings import Led
from simulator.v3 import FIRMWARE_BY_API

from .client import V3Client

INFO = "get.device.info"
SECTIONS = ["network", "miner", "system", "power", "salt", "error-code"]


@pytest.mark.parametrize("param", [None, ""])
async def test_without_a_parameter_it_has_every_section(
    v3: V3Client, param: str | None
) -> None:
    assert list(await v3.read(INFO, param)) == SECTIONS


@pytest.mark.parametrize("section", SECTIONS)
async def test_one_section_comes_alone(v3: V3Client, section: str) -> None:
    whole = await v3.read(INFO)

    assert await v3.read(INFO, section) == {section: whole[section]}


@pytest.mark.parametrize("param", ["nonsense", "miner,system", 7, ["miner"], {}])
async def test_it_has_no_other_section(v3: V3Client, param: object) -> None:
    assert (await v3.ask(INFO, param))["code"] == -1


async def test_the_network(v3: V3Client) -> None:
    assert await v3.info("network") == {
        "ip": "127.0.0.1",
        "proto": "dhcp",
        "netmask": "255.255.255.0",
        "dns": "192.168.1.1",
        "mac": v3.miner.mac,
        "gateway": "192.168.1.1",
        "hostname": "WhatsMiner",
    }


@pytest.mark.parametrize("model", ["M63", "M60S"])
async def test_the_miner(v3: V3Client, model: str) -> None:
    miner = await v3.info("miner")
    boards = {"M63": 4, "M60S": 3}[model]

    assert miner["working"] == "true"
    assert miner["type"] == {"M63": "M63_VK30", "M60S": "M60S_VK40"}[model]
    assert miner["board-num"] == str(boards)
    assert miner["miner-sn"] == v3.miner.serial
    rates = [int(rate) for rate in miner["detect-hash-rate"].split(":")]
    assert len(rates) == boards
    factory = v3.miner.state.model.hash_rate * 1000
    assert sum(rates) == pytest.approx(factory, rel=0.001)
    assert f"pcbsn{boards - 1}" in miner


async def test_a_board_that_is_pulled_out_counts_as_a_slot(v3: V3Client) -> None:
    v3.miner.state.boards[3].present = False
    miner = await v3.info("miner")

    assert miner["board-num"] == "4"
    assert miner["detect-hash-rate"].endswith(":0")
    assert "pcbsn3" not in miner


async def test_working_says_whether_mining_is_on(v3: V3Client) -> None:
    v3.miner.state.mining = False
    assert (await v3.info("miner"))["working"] == "false"


@pytest.mark.parametrize("api", FIRMWARE_BY_API)
async def test_the_system(v3: V3Client, api: str) -> None:
    system = await v3.info("system")

    assert system["api"] == api
    assert system["fwversion"] == FIRMWARE_BY_API[api] == v3.miner.firmware_version
    assert (system["apiswitch"], system["ledstatus"]) == ("1", "auto")
    assert ("btrom" in system) is (api == "3.0.0")


async def test_a_test_may_set_the_version_that_is_reported(v3: V3Client) -> None:
    v3.miner.v3.api_version = "4.0"

    assert (await v3.info("system"))["api"] == v3.miner.v3.api_version == "4.0"


@pytest.mark.parametrize(
    ("api", "present", "missing"),
    [
        ("3.0.0", {"eeprom-liquid-cooling", "chipdata3"}, {"permission", "web-pool"}),
        ("3.0.1", {"chipdata3"}, {"eeprom-liquid-cooling", "UpfreqSpeed"}),
        ("3.0.2", {"permission", "UpfreqSpeed", "web-pool"}, {"eeprom-liquid-cooling"}),
        ("3.0.5", {"permission", "chipdata0"}, {"chipdata1"}),
    ],
)
async def test_versions_differ_in_their_keys(
    v3: V3Client, present: set[str], missing: set[str]
) -> None:
    miner = set(await v3.info("miner"))

    assert present <= miner
    assert not missing & miner


@pytest.mark.parametrize(("api", "unset"), [("3.0.1", "2147483647"), ("3.0.2", "")])
async def test_a_power_limit_that_was_never_set_has_a_value_of_its_own(
    v3: V3Client, unset: str
) -> None:
    assert (await v3.info("miner"))["power-limit-set"] == unset
    v3.miner.state.power_limit = 7000
    assert (await v3.info("miner"))["power-limit-set"] == "7000"


@pytest.mark.parametrize("model", ["M63", "M60S"])
async def test_the_power_supply(v3: V3Client, model: str) -> None:
    """Its input power is that of the mains; only a liquid-cooled one has a coolant."""
    power = await v3.info("power")
    phases = {"M63": 3**0.5, "M60S": 1}[model]

    watts = power["vin"] * power["iin"] * phases
    assert watts == pytest.approx(power["pin"], rel=0.01)
    assert power["pin"] == pytest.approx(v3.miner.state.power, rel=0.01)
    assert (power["mode"], power["vendor"]) == ("1", "7")
    assert ("liquid-temperature" in power) is (model == "M63")
    assert (power["fanspeed"] > 3000) is (model == "M60S")


@pytest.mark.parametrize("quirks", [{Quirk.COOLANT_AS_FAN}])
async def test_some_firmware_reports_the_coolant_as_a_fan(v3: V3Client) -> None:
    power = await v3.info("power")

    assert power["fanspeed"] == power["liquid-temperature"] == pytest.approx(45, abs=2)


@pytest.mark.parametrize(("api", "reasons"), [("3.0.0", False), ("3.0.1", True)])
async def test_faults_have_a_time_and_since_3_0_1_a_reason(
    v3: V3Client, reasons: bool
) -> None:
    assert await v3.info("error-code") == []
    v3.miner.state.fail(206)
    v3.miner.state.fail(4242)
    since = "2026-11-01 08:00:00"
    first, second = await v3.info("error-code")

    assert first == {"206": since} | (
        {"reason": "Power input voltage is low."} if reasons else {}
    )
    assert second["4242"] == since
    assert ("reason" in second) is reasons


@pytest.mark.parametrize("quirks", [{Quirk.PROCESS_DOWN}])
async def test_faults_may_be_a_text_while_the_process_is_away(v3: V3Client) -> None:
    v3.miner.state.mining = False

    assert await v3.info("error-code") == "btminer process is down err"


async def test_the_led_under_manual_control(v3: V3Client) -> None:
    v3.miner.state.led["red"] = Led(200, 100, 0)

    assert (await v3.info("system"))["ledstatus"] == "1,200,100,0 "


async def test_settings_that_it_repeats(v3: V3Client) -> None:
    state = v3.miner.state
    state.power_mode, state.fast_boot, state.upfreq_speed = "high", True, 7
    state.heat_mode, state.target_freq, state.web_pools = "heating", -5, False
    miner = await v3.info("miner")

    assert (await v3.info("power"))["mode"] == "2"
    assert (miner["fast-boot"], miner["UpfreqSpeed"]) == ("enable", "7")
    assert (miner["heatmode"], miner["hash-percent"]) == ("heating", "-5")
    assert miner["web-pool"] == 0
