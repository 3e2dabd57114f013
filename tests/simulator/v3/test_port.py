"""The port of V3: reports, restarts, places, and the port of V2 on the same machine."""

import asyncio

import pytest

from simulator import Quirk, SimulatedMiner
from tests import hold
from tests.simulator.client import Client

from .client import STATUS, V3Client, connected

OK = (0, "ok")
REPORT = "get.miner.report"


# Reports


async def test_reports_come_when_they_are_due(v3: V3Client) -> None:
    """They come by themselves, and stop with a gap of 0."""
    async with connected(v3.miner) as connection:
        await connection.request(await v3.signed("set.miner.report", {"gap": 30}))
        assert (await connection.answer())["msg"] == "ok"
        v3.miner.advance(30)
        report = await connection.answer()
        assert (report["desc"], report["code"]) == (REPORT, 0)
        assert report["msg"]["summary"]["hash-realtime"] > 0
        v3.miner.advance(29)
        assert (await connection.ask("get.fan.setting"))["desc"] == "get.fan.setting"
        v3.miner.advance(1)
        assert (await connection.answer())["desc"] == REPORT

        await connection.request(await v3.signed("set.miner.report", {"gap": 0}))
        assert (await connection.answer())["msg"] == "ok"
        v3.miner.advance(3600)
        assert (await connection.ask("get.fan.setting"))["desc"] == "get.fan.setting"


async def test_a_report_may_come_before_an_answer(v3: V3Client) -> None:
    async with connected(v3.miner) as connection:
        await connection.request(await v3.signed("set.miner.report", {"gap": 1}))
        await connection.answer()
        await connection.request({"cmd": "get.fan.setting"})
        v3.miner.advance(5)

        answers = {(await connection.answer())["desc"] for _ in range(2)}
    assert answers == {REPORT, "get.fan.setting"}


async def test_a_report_waits_for_an_answer_that_is_held(v3: V3Client) -> None:
    """It then comes before the next answer."""
    async with connected(v3.miner) as connection:
        await connection.request(await v3.signed("set.miner.report", {"gap": 30}))
        await connection.answer()
        held = hold(v3.miner, "get.fan.setting", times=1)
        await connection.request({"cmd": "get.fan.setting"})
        await held.reached.wait()
        v3.miner.advance(45)
        held.release.set()

        assert (await connection.answer())["desc"] == "get.fan.setting"
        assert (await connection.ask("get.fan.setting"))["desc"] == REPORT
        assert (await connection.answer())["desc"] == "get.fan.setting"


async def test_a_reboot_ends_a_connection_with_its_reports(v3: V3Client) -> None:
    async with connected(v3.miner) as connection:
        await connection.request(await v3.signed("set.miner.report", {"gap": 30}))
        await connection.answer()
        v3.miner.state.reboot()
        v3.miner.advance(30)
        await connection.request({"cmd": "get.fan.setting"})
        assert (await connection.answer())["desc"] == REPORT
        assert (await connection.answer())["desc"] == "get.fan.setting"
        assert await connection.is_closed()

    v3.miner.advance(60)
    assert await v3.summary()


async def test_reports_come_on_the_connection_that_ordered_them(v3: V3Client) -> None:
    async with connected(v3.miner) as one, connected(v3.miner) as other:
        await one.request(await v3.signed("set.miner.report", {"gap": 1}))
        await one.answer()
        v3.miner.advance(1)

        assert (await one.answer())["desc"] == REPORT
        assert (await other.ask("get.fan.setting"))["desc"] == "get.fan.setting"


async def test_reports_come_in_time_that_runs() -> None:
    async with SimulatedMiner(generation="v3", speed=10_000) as miner:
        v3 = V3Client(miner)
        async with connected(miner) as connection:
            await connection.request(await v3.signed("set.miner.report", {"gap": 30}))
            answers = [await connection.answer() for _ in range(4)]

    assert [answer["desc"] for answer in answers[1:]] == [REPORT] * 3


@pytest.mark.parametrize(
    ("param", "code"),
    [({"gap": 286}, -1), ({"gap": "30"}, -1), ({}, -3), (30, -1), (None, -3)],
)
async def test_the_gap_of_reports_has_its_bounds(
    v3: V3Client, param: object, code: int
) -> None:
    assert (await v3.result("set.miner.report", param))[0] == code


# Restarts


@pytest.mark.parametrize("quirks", [{Quirk.DROPPED_RESTARTS}])
@pytest.mark.parametrize(
    ("command", "param"),
    [
        ("set.miner.service", "restart"),
        ("set.miner.power_mode", "low"),
        ("set.miner.power_limit", 7000),
        ("set.miner.target_freq", -5),
    ],
)
async def test_connections_are_taken_and_dropped_during_a_restart(
    v3: V3Client, command: str, param: object
) -> None:
    """This holds for connections that were open before as well."""
    async with connected(v3.miner) as before:
        await before.ask("get.fan.setting")
        assert await v3.result(command, param) == OK
        await before.request({"cmd": "get.fan.setting"})
        assert await before.is_closed()
    async with connected(v3.miner) as during:
        await during.request({"cmd": "get.fan.setting"})
        assert await during.is_closed()

    v3.miner.advance(20)
    assert (await v3.ask("get.fan.setting"))["code"] == 0


async def test_most_firmware_answers_during_a_restart(v3: V3Client) -> None:
    assert await v3.result("set.miner.service", "restart") == OK
    assert (await v3.info("miner"))["working"] == "true"


@pytest.mark.parametrize("quirks", [{Quirk.SILENT_RESTARTS}])
@pytest.mark.parametrize(
    ("command", "param"),
    [("set.miner.service", "restart"), ("set.miner.power_mode", "low")],
)
async def test_some_firmware_restarts_without_an_answer(
    v3: V3Client, command: str, param: object
) -> None:
    request = await v3.signed(command, param)
    async with connected(v3.miner) as connection:
        await connection.request(request)
        assert await connection.is_closed()

    assert (await v3.summary())["elapsed"] == 0
    assert await v3.result("set.miner.service", "stop") == OK


# The port of V2 on the same machine


@pytest.fixture
def v2(miner: SimulatedMiner) -> Client:
    """A client of the other port."""
    return Client(miner)


async def test_each_port_records_what_arrived_on_it(v3: V3Client, v2: Client) -> None:
    await v3.ask("get.fan.setting")
    await v2.code("power_off")
    await v3.send("set.miner.service", "start")

    assert [request["cmd"] for request in v2.miner.requests] == [
        "get_token",
        "power_off",
    ]
    assert v2.miner.writes == [{"cmd": "power_off"}]
    assert [request["cmd"] for request in v3.miner.v3.requests] == [
        "get.fan.setting",
        "get.device.info",
        "set.miner.service",
    ]
    assert v3.miner.v3.writes == [
        {"cmd": "set.miner.service", "param": "start", "account": "super"}
    ]
    assert v3.miner.connections == v3.miner.v3.connections + 2 == 5
    assert v3.miner.peak_connections == 1


async def test_both_ports_show_one_machine(v3: V3Client, v2: Client) -> None:
    assert (await v2.message("get_version"))["api_ver"] == "2.2.2"
    assert (await v2.message("get_miner_info"))["mac"] == v3.miner.mac
    await v2.code("set_low_power")
    assert (await v3.setting())["power-mode"] == "low"
    await v2.code("set_power", power="5000")
    assert (await v3.setting())["power"] == 5000

    await v3.send("set.miner.power_limit", 6000)
    assert (await v2.message("status"))["power_limit_set"] == "6000"
    await v3.send("set.miner.fast_hash", 1)
    assert (await v2.message("status"))["fast_hash"] == "true"
    await v3.send("set.system.ntp_server", "ntp.example")
    assert (await v2.message("get_miner_info"))["ntp"] == ["ntp.example"]
    assert (await v2.summary())["Elapsed"] == (await v3.summary())["elapsed"]


async def test_v2_tells_of_a_stop_over_v3(v3: V3Client, v2: Client) -> None:
    """Its Elapsed counts on."""
    before = (await v2.summary())["Elapsed"]
    await v3.send("set.miner.service", "stop")
    v3.miner.advance(60)
    status = await v2.message("status")

    assert (status["mineroff"], status["mineroff_reason"]) == (
        "true",
        "by whatsminer api",
    )
    assert status["mineroff_time"] == "2026-11-01 08:00:00"
    assert (await v2.summary())["Elapsed"] == before + 60


@pytest.mark.parametrize(
    ("api", "reported"), [("3.0.1", False), ("3.0.4", False), ("3.0.5", True)]
)
async def test_only_the_newest_firmware_reports_the_percent_over_v2(
    v2: Client, reported: bool
) -> None:
    assert ("power_pct" in await v2.message("status")) is reported


async def test_a_power_off_over_v2_holds(v3: V3Client, v2: Client) -> None:
    await v2.code("power_off")
    v3.miner.advance(7200)

    assert (await v3.info("miner"))["working"] == "false"


@pytest.mark.parametrize("quirks", [{Quirk.POWER_OFF_FADES}])
async def test_a_power_off_over_v2_may_not_hold(v3: V3Client, v2: Client) -> None:
    """A stop over V3 does, also after one over V2."""
    assert await v2.code("power_off") == 131
    v3.miner.advance(119)
    assert (await v3.info("miner"))["working"] == "false"
    v3.miner.advance(1)
    assert (await v3.info("miner"))["working"] == "true"
    v3.miner.advance(100)
    assert (await v3.summary())["hash-realtime"] > 0
    assert (await v3.summary())["elapsed"] == 100

    await v2.code("power_off")
    await v3.send("set.miner.service", "stop")
    v3.miner.advance(7200)
    assert (await v3.info("miner"))["working"] == "false"
    await v2.code("power_off")
    v3.miner.advance(7200)
    assert (await v3.info("miner"))["working"] == "false"


@pytest.mark.parametrize(
    ("quirks", "working"), [(set(), "true"), ({Quirk.V3_STOP_STAYS}, "false")]
)
async def test_a_power_on_over_v2_may_not_undo_a_stop_over_v3(
    v3: V3Client, v2: Client, working: str
) -> None:
    await v3.send("set.miner.service", "stop")
    assert await v2.code("power_on") == 131
    assert (await v3.info("miner"))["working"] == working

    await v3.send("set.miner.service", "start")
    await v2.code("power_off")
    await v2.code("power_on")
    assert (await v3.info("miner"))["working"] == "true"


async def test_two_connections_at_once_are_counted_over_both_ports(
    v3: V3Client, v2: Client
) -> None:
    async with connected(v3.miner) as connection:
        await connection.ask("get.fan.setting")
        await v2.summary()

    assert v3.miner.peak_connections == 2


# Places


async def refuses(miner: SimulatedMiner, host: str, port: int) -> bool:
    """Return whether a port is closed."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def test_an_older_miner_has_no_v3() -> None:
    async with SimulatedMiner(generation="compat") as miner:
        with pytest.raises(ValueError, match="no V3"):
            assert miner.v3


async def test_v3_can_come_and_go(v3: V3Client, v2: Client) -> None:
    """As with an update of firmware; a reboot does not bring it back."""
    port = v3.miner.v3.port
    await v3.miner.v3.disable()
    assert await refuses(v3.miner, v3.miner.host, port)
    await v3.miner.reboot()
    v3.miner.advance(90)
    assert await refuses(v3.miner, v3.miner.host, port)
    assert await v2.summary()

    v3.miner.v3.enable()
    assert v3.miner.v3.port == port
    assert await v3.summary()


async def test_port_4028_may_be_closed_for_good() -> None:
    """The miner moves and reboots like any other."""
    async with SimulatedMiner(generation="v3", v2_open=False, port=4028) as miner:
        v3 = V3Client(miner)
        assert await v3.summary()
        for host in ("127.7.8.9", "127.7.8.10"):
            await miner.move(host)
            assert await refuses(miner, host, 4028)
            assert (await v3.info("network"))["ip"] == host
        await miner.reboot()
        assert await refuses(miner, miner.host, miner.v3.port)
        miner.advance(90)
        assert await refuses(miner, miner.host, 4028)
        assert await v3.summary()


async def test_both_ports_move_and_go_off_the_network_together(v3: V3Client) -> None:
    miner, first = v3.miner, v3.miner.host
    port = miner.v3.port
    await miner.move("127.7.8.9")
    assert (await v3.info("network"))["ip"] == miner.host == "127.7.8.9"
    assert miner.v3.port == port
    assert await refuses(miner, first, port)

    await miner.disconnect()
    assert await refuses(miner, miner.host, port)
    miner.reconnect()
    assert await v3.summary()


async def test_two_v3_miners_change_places_with_their_ports(v3: V3Client) -> None:
    async with SimulatedMiner(generation="v3", host="127.7.8.9", seed=2) as other:
        here, there = v3.miner.v3.port, other.v3.port
        await v3.miner.swap(other)

        assert (v3.miner.v3.port, other.v3.port) == (there, here)
        assert (await v3.info("network"))["mac"] == v3.miner.mac
        assert (await V3Client(other).info("network"))["mac"] == other.mac
        assert (v3.miner.host, other.host) == ("127.7.8.9", "127.0.0.1")


async def test_an_older_miner_changes_places_with_a_v3_one(v3: V3Client) -> None:
    """V3 goes along with its miner."""
    async with SimulatedMiner(generation="v2", host="127.7.8.9") as older:
        port = v3.miner.v3.port
        await older.swap(v3.miner)

        assert (older.host, v3.miner.host) == ("127.0.0.1", "127.7.8.9")
        assert v3.miner.v3.port == port
        assert await v3.summary()
        assert await refuses(older, older.host, port)


async def test_another_control_board_has_another_salt(v3: V3Client) -> None:
    salt = await v3.info("salt")
    v3.miner.replace_control_board("CA:01:14:00:00:99")
    assert await v3.info("salt") != salt
    assert v3.miner.v3.password == "satoshi"
    assert (await v3.info("network"))["mac"] == "CA:01:14:00:00:99"

    v3.miner.replace_control_board("CA:01:14:00:00:98", locked=True)
    assert v3.miner.v3.password == "super"
    assert (await v3.info("system"))["apiswitch"] == "0"


async def test_a_port_in_use_leaves_none_open() -> None:
    async with SimulatedMiner(generation="v3") as first:
        second = SimulatedMiner(generation="v3", seed=2, v3_port=first.v3.port)
        with pytest.raises(OSError, match="in use"):
            await second.__aenter__()
        assert await refuses(second, second.host, second.port)


async def test_the_same_seed_makes_the_same_miner() -> None:
    answers = []
    for _ in "ab":
        async with SimulatedMiner(generation="v3", seed=7) as miner:
            v3 = V3Client(miner)
            info = await v3.read("get.device.info")
            answers.append((info, await v3.read("get.miner.status", STATUS)))

    assert answers[0] == answers[1]
