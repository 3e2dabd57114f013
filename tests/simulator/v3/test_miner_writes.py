"""The signed commands for mining, power, pools and fans."""

import pytest

from simulator import Pool, Quirk

from .client import V3Client

OK = (0, "ok")
INVALID = (-1, "invalid param")
MISSING = (-3, "param item is null")

POOLS = [
    {"pool": "stratum+tcp://a.example:1", "worker": "a.1", "passwd": "x"},
    {"pool": "stratum+tcp://b.example:2", "worker": "a.2", "passwd": ""},
    {"pool": "", "worker": "", "passwd": ""},
]


# Mining


async def test_a_stop_holds_and_a_start_hashes_within_seconds(v3: V3Client) -> None:
    assert await v3.result("set.miner.service", "stop") == OK
    assert not v3.miner.state.mining
    v3.miner.advance(7200)
    assert (await v3.summary())["hash-realtime"] == 0

    assert await v3.result("set.miner.service", "start") == OK
    v3.miner.advance(9)
    assert (await v3.summary())["hash-realtime"] == 0
    v3.miner.advance(5)
    assert (await v3.summary())["hash-realtime"] > 100


async def test_elapsed_goes_on_over_stop_and_start(v3: V3Client) -> None:
    """A restart begins it anew."""
    before = (await v3.summary())["elapsed"]
    await v3.send("set.miner.service", "stop")
    v3.miner.advance(600)
    assert (await v3.summary())["elapsed"] == before + 600
    await v3.send("set.miner.service", "start")
    v3.miner.advance(60)
    assert (await v3.summary())["elapsed"] == before + 660

    await v3.send("set.miner.service", "restart")
    v3.miner.advance(30)
    assert (await v3.summary())["elapsed"] == 30


async def test_starting_what_mines_changes_nothing(v3: V3Client) -> None:
    before = await v3.summary()

    assert await v3.result("set.miner.service", "start") == OK
    assert await v3.summary() == before


@pytest.mark.parametrize(("what", "enabled"), [("disable", False), ("enable", True)])
async def test_mining_after_a_boot_can_be_switched_off(
    v3: V3Client, what: str, enabled: bool
) -> None:
    v3.miner.state.init_enabled = not enabled

    assert await v3.result("set.miner.service", what) == OK
    assert v3.miner.state.mining
    await v3.miner.reboot()
    v3.miner.advance(200)
    assert v3.miner.state.mining is enabled


@pytest.mark.parametrize("param", ["Stop", "reboot", 1, True, {"x": 1}])
async def test_the_service_knows_no_other_word(v3: V3Client, param: object) -> None:
    assert await v3.result("set.miner.service", param) == INVALID


@pytest.mark.parametrize("param", [None, ""])
async def test_a_command_needs_its_parameter(v3: V3Client, param: object) -> None:
    for command in ("set.miner.service", "set.miner.power_limit", "set.fan.zero_speed"):
        refused = MISSING if "fan" not in command else INVALID  # hydro has no fans
        assert await v3.result(command, param) == refused


# Settings that can be read back


@pytest.mark.parametrize(
    ("command", "param", "key", "value"),
    [
        ("set.miner.power_mode", "low", "power-mode", "low"),
        ("set.miner.power_mode", "high", "power-mode", "high"),
        ("set.miner.power_limit", 6000, "power-limit", 6000),
        ("set.miner.power_limit", 6000.0, "power-limit", 6000),
        ("set.miner.power_limit", 0, "power-limit", 0),
        ("set.miner.power_limit", 99_999, "power-limit", 99_999),
        ("set.miner.power", 5000, "power", 5000),
        ("set.miner.target_freq", -5, "target-freq", -5),
        ("set.miner.target_freq", 100, "target-freq", 100),
        ("set.miner.upfreq_speed", 10, "upfreq-speed", 10),
        ("set.miner.fastboot", "enable", "fast-boot", "enable"),
        ("set.miner.fast_hash", 1, "fast-hash", "enable"),
        ("set.miner.heat_mode", "heating", "heat-mode", "heating"),
        ("set.miner.heat_mode", "anti-icing", "heat-mode", "anti-freezing"),
        (
            "set.miner.power_percent",
            {"percent": "80", "mode": "fast"},
            "power-percent",
            80,
        ),
        (
            "set.miner.power_percent",
            {"percent": "200", "mode": "normal"},
            "power-percent",
            200,
        ),
        (
            "set.miner.power_percent",
            '{"percent": "70", "mode": "fast"}',
            "power-percent",
            70,
        ),
    ],
)
async def test_a_setting_is_read_back(
    v3: V3Client, command: str, param: object, key: str, value: object
) -> None:
    before = await v3.setting()
    assert await v3.result(command, param) == OK

    assert await v3.setting() == before | {key: value}


@pytest.mark.parametrize(
    ("command", "param"),
    [
        ("set.miner.power_mode", "eco"),
        ("set.miner.power_limit", "6000"),
        ("set.miner.power_limit", {"power_limit": 6000}),
        ("set.miner.power_limit", True),
        ("set.miner.power_limit", 100_000),
        ("set.miner.power_limit", -1),
        ("set.miner.power", "5000"),
        ("set.miner.target_freq", 101),
        ("set.miner.target_freq", "-5"),
        ("set.miner.upfreq_speed", 11),
        ("set.miner.fastboot", 1),
        ("set.miner.fast_hash", "enable"),
        ("set.miner.fast_hash", 2),
        ("set.miner.heat_mode", "warm"),
        ("set.miner.power_percent", {"percent": "201", "mode": "fast"}),
        ("set.miner.power_percent", {"percent": "-1", "mode": "fast"}),
        ("set.miner.power_percent", {"percent": "80.5", "mode": "fast"}),
        ("set.miner.power_percent", {"percent": "80", "mode": "slow"}),
        ("set.miner.power_percent", "80"),
        ("set.miner.power_percent", "not JSON"),
    ],
)
async def test_a_value_of_the_wrong_type_or_out_of_range_is_refused(
    v3: V3Client, command: str, param: object
) -> None:
    before = await v3.setting()
    assert await v3.result(command, param) == INVALID

    assert await v3.setting() == before


@pytest.mark.parametrize("model", ["M60S"])
async def test_air_takes_less_than_liquid(v3: V3Client) -> None:
    over = {"percent": "101", "mode": "fast"}
    assert await v3.result("set.miner.power_percent", over) == INVALID
    assert await v3.result("set.miner.target_freq", 1) == INVALID
    assert await v3.result("set.miner.heat_mode", "heating") == INVALID


async def test_a_power_limit_is_in_force_only_as_far_as_the_machine_can(
    v3: V3Client,
) -> None:
    await v3.send("set.miner.power_limit", 99_999)
    v3.miner.advance(120)

    assert (await v3.setting())["power-limit"] == 99_999
    assert (await v3.summary())["power-limit"] == 7400


@pytest.mark.parametrize(("api", "code"), [("3.0.1", -2), ("3.0.2", 0)])
async def test_fast_hash_came_with_3_0_2(v3: V3Client, code: int) -> None:
    assert (await v3.result("set.miner.fast_hash", 1))[0] == code


# Power percent


async def test_a_percent_is_text(v3: V3Client) -> None:
    number = {"percent": 80, "mode": "fast"}

    assert await v3.result("set.miner.power_percent", number) == (
        -1,
        "percent must be a string",
    )


@pytest.mark.parametrize("quirks", [{Quirk.NUMERIC_PERCENT}])
async def test_a_percent_may_be_a_number_as_in_the_manual(v3: V3Client) -> None:
    number, text = ({"percent": value, "mode": "fast"} for value in (80, "80"))

    assert await v3.result("set.miner.power_percent", text) == INVALID
    assert await v3.result("set.miner.power_percent", number) == OK


@pytest.mark.parametrize(("mode", "seconds"), [("fast", 1), ("normal", 180)])
async def test_a_percent_acts_within_its_time(
    v3: V3Client, mode: str, seconds: int
) -> None:
    full = v3.miner.state.power
    await v3.send("set.miner.power_percent", {"percent": "50", "mode": mode})
    v3.miner.advance(seconds / 2)
    assert v3.miner.state.power == pytest.approx(0.75 * full, rel=0.01)
    v3.miner.advance(seconds / 2)
    assert v3.miner.state.power == pytest.approx(0.5 * full, rel=0.01)


async def test_a_percent_has_no_effect_before_tuning_is_over(v3: V3Client) -> None:
    half = {"percent": "50", "mode": "fast"}
    await v3.send("set.miner.service", "restart")
    v3.miner.advance(300)
    assert await v3.result("set.miner.power_percent", half) == OK
    assert (await v3.setting())["power-percent"] == 0

    v3.miner.advance(3600)
    assert await v3.result("set.miner.power_percent", half) == OK
    assert (await v3.setting())["power-percent"] == 50


@pytest.mark.parametrize(
    ("command", "param"),
    [("set.miner.service", "restart"), ("set.miner.power_limit", 7000)],
)
async def test_a_restart_loses_the_percent(
    v3: V3Client, command: str, param: object
) -> None:
    v3.miner.state.percent = 50
    await v3.send(command, param)

    assert (await v3.setting())["power-percent"] == 0


@pytest.mark.parametrize("model", ["M60S"])
async def test_air_in_high_mode_takes_no_normal_percent(v3: V3Client) -> None:
    v3.miner.state.power_mode = "high"
    for mode, result in (("normal", INVALID), ("fast", OK)):
        param = {"percent": "80", "mode": mode}
        assert await v3.result("set.miner.power_percent", param) == result


# Power target


async def test_a_power_target_acts_at_once_when_tuning_is_over(v3: V3Client) -> None:
    await v3.send("set.miner.power", 5000)
    assert v3.miner.state.power == pytest.approx(5000)

    await v3.send("set.miner.power", 0)
    assert v3.miner.state.power == pytest.approx(7283)


async def test_a_power_target_waits_for_the_next_start_during_tuning(
    v3: V3Client,
) -> None:
    await v3.send("set.miner.service", "restart")
    await v3.send("set.miner.power", 5000)
    v3.miner.advance(3600)
    assert v3.miner.state.power == pytest.approx(7283)

    await v3.send("set.miner.service", "restart")
    v3.miner.advance(3600)
    assert v3.miner.state.power == pytest.approx(5000)


# Pools and the rest


async def test_pools_come_encrypted(v3: V3Client) -> None:
    assert await v3.result("set.miner.pools", POOLS) == OK

    assert v3.miner.state.pools == [
        Pool("stratum+tcp://a.example:1", "a.1", "x"),
        Pool("stratum+tcp://b.example:2", "a.2", ""),
    ]
    assert v3.miner.v3.writes[-1]["param"] == POOLS
    assert v3.miner.v3.requests[-1]["param"] == POOLS
    status = await v3.read("get.miner.status", "pools")
    assert [pool["account"] for pool in status["pools"]] == ["a.1", "a.2"]


@pytest.mark.parametrize(
    ("pools", "code"),
    [
        ([], -1),
        (POOLS + POOLS[:1], -1),
        ({"pool1": "x"}, -1),
        ("text", -1),
        ([7], -1),
        ([{"pool": "x", "worker": "y"}], -3),
        ([{"pool": 1, "worker": "y", "passwd": ""}], -1),
        (POOLS[2:], -1),
    ],
)
async def test_pools_may_be_refused(v3: V3Client, pools: object, code: int) -> None:
    before = v3.miner.state.pools
    assert (await v3.result("set.miner.pools", pools))[0] == code

    assert v3.miner.state.pools == before


async def test_the_coin(v3: V3Client) -> None:
    assert await v3.result("set.miner.cointype", {"cointype": "BCH"}) == OK
    assert (await v3.info("miner"))["cointype"] == "BCH"
    assert await v3.result("set.miner.cointype", {"cointype": "ETH"}) == INVALID
    assert await v3.result("set.miner.cointype", {}) == MISSING


async def test_settings_of_the_miner_can_be_restored(v3: V3Client) -> None:
    factory = await v3.setting()
    for command, param in (
        ("set.miner.power_mode", "high"),
        ("set.miner.power_limit", 5000),
        ("set.miner.power", 4000),
        ("set.miner.fastboot", "enable"),
        ("set.miner.heat_mode", "heating"),
    ):
        await v3.send(command, param)

    assert await v3.result("set.miner.restore_setting") == OK
    assert await v3.setting() == factory


# Fans


@pytest.mark.parametrize("model", ["M60S"])
@pytest.mark.parametrize(
    ("command", "key", "value"),
    [
        ("set.fan.temp_offset", "fan-temp-offset", -30),
        ("set.fan.poweroff_cool", "fan-poweroff-cool", 1),
        ("set.fan.zero_speed", "fan-zero-speed", 1),
    ],
)
async def test_a_setting_of_fans_is_read_back(
    v3: V3Client, command: str, key: str, value: int
) -> None:
    before = await v3.read("get.fan.setting")
    assert await v3.result(command, value) == OK
    assert await v3.read("get.fan.setting") == before | {key: value}

    assert await v3.result(command, str(value)) == INVALID
    assert await v3.result(command, 2) == INVALID


@pytest.mark.parametrize(
    "command", ["set.fan.temp_offset", "set.fan.poweroff_cool", "set.fan.zero_speed"]
)
async def test_a_miner_without_fans_refuses(v3: V3Client, command: str) -> None:
    assert await v3.result(command, 0) == INVALID


@pytest.mark.parametrize("model", ["M31S+"])
@pytest.mark.parametrize("quirks", [{Quirk.CROSSED_FANS}])
async def test_some_firmware_sets_the_wrong_flag_of_fans(v3: V3Client) -> None:
    """It says ok all the same. The other command does what it should."""
    before = await v3.read("get.fan.setting")
    assert await v3.result("set.fan.zero_speed", 1) == OK
    moved = await v3.read("get.fan.setting")
    assert moved == before | {"fan-poweroff-cool": 1}

    assert await v3.result("set.fan.poweroff_cool", 0) == OK
    assert await v3.read("get.fan.setting") == before
