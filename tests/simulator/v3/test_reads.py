"""The other commands that need no signature."""

import pytest

from simulator.settings import RemoteLog
from simulator.v3.reads import READS

from .client import TS, V3Client, connected

FIRST_KEYS = {"power-limit", "upfreq-speed", "power-mode", "fast-boot", "target-freq"}
KEYS_OF_3_0_3 = FIRST_KEYS | {"fast-mining", "heat-mode", "power", "power-percent"}


@pytest.mark.parametrize(
    ("api", "keys"),
    [
        ("3.0.0", FIRST_KEYS),
        ("3.0.2", FIRST_KEYS),
        ("3.0.3", KEYS_OF_3_0_3),
        ("3.0.4", KEYS_OF_3_0_3),
        (
            "3.0.5",
            KEYS_OF_3_0_3 - {"fast-mining"} | {"fast-hash", "btrom-worker-suffix"},
        ),
    ],
)
async def test_versions_differ_in_the_settings_that_they_report(
    v3: V3Client, keys: set[str]
) -> None:
    assert set(await v3.setting()) == keys


async def test_settings_of_the_factory(v3: V3Client) -> None:
    assert await v3.setting() == {
        "power-limit": 7400,
        "upfreq-speed": 0,
        "power-mode": "normal",
        "fast-boot": "disable",
        "fast-hash": "disable",
        "heat-mode": "normal",
        "target-freq": 0,
        "power": 0,
        "power-percent": 0,
        "btrom-worker-suffix": "",
    }


@pytest.mark.parametrize("model", ["M60S"])
async def test_settings_of_fans(v3: V3Client) -> None:
    state = v3.miner.state
    state.poweroff_cool, state.fan_zero_speed, state.temp_offset = True, False, -7

    assert await v3.read("get.fan.setting") == {
        "fan-poweroff-cool": 1,
        "fan-zero-speed": 0,
        "fan-temp-offset": -7,
    }


async def test_settings_of_the_system(v3: V3Client) -> None:
    """The server for logs is named only if there is one."""
    before = await v3.read("get.system.setting")
    assert list(before) == [
        "web-pool",
        "timezone",
        "zonename",
        "hostname",
        "time-randomized",
        "ntp-server",
    ]
    assert before["time-randomized"] == {"start": 0, "stop": 0}

    v3.miner.state.remote_log = RemoteLog("192.0.2.5", 514, "udp")
    after = await v3.read("get.system.setting")
    assert after.pop("log-upload") == {"ip": "192.0.2.5", "port": "514", "proto": "udp"}
    assert after == before


async def test_texts_of_the_owner(v3: V3Client) -> None:
    v3.miner.state.customer["msg3"] = "rack 7"
    texts = await v3.read("get.device.custom_data")

    assert list(texts) == ["CustomerSn", *(f"msg{n}" for n in range(10))]
    assert (texts["msg3"], texts["msg4"]) == ("rack 7", "")


@pytest.mark.parametrize("api", ["3.0.0"])
async def test_the_first_version_has_no_texts_of_the_owner(v3: V3Client) -> None:
    assert (await v3.ask("get.device.custom_data"))["code"] == -2


@pytest.mark.parametrize(
    ("begin", "end", "count"),
    [
        (TS - 7200, TS, 2),
        (str(TS - 7200), str(TS), 2),
        (0, TS, 24),
        (TS, 0, 0),
        ("x", None, 0),
    ],
)
async def test_the_history_covers_at_most_a_day(
    v3: V3Client, begin: object, end: object, count: int
) -> None:
    history = await v3.read("get.miner.history", {"begin": begin, "end": end})

    assert len(history["Data"].split()) == count


@pytest.mark.parametrize(("param", "code"), [(None, -3), ("x", -1), ([], -1)])
async def test_the_history_needs_its_times(
    v3: V3Client, param: object, code: int
) -> None:
    assert (await v3.ask("get.miner.history", param))["code"] == code


async def test_a_superfluous_signature_does_no_harm(v3: V3Client) -> None:
    v3.miner.api_open = False

    assert (await v3.send("get.fan.setting", token="wrong"))["code"] == 0
    assert v3.miner.v3.writes == []


@pytest.mark.parametrize("command", [name for name in READS if "log" not in name])
async def test_null_counts_as_no_parameter(v3: V3Client, command: str) -> None:
    """Some clients always send it."""
    without = await v3.ask(command)
    async with connected(v3.miner) as connection:
        await connection.request({"cmd": command, "param": None})
        assert await connection.answer() == without
