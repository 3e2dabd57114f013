"""The machine warms up, mines, cools down and forgets."""

import pytest

from simulator import MODELS, SimulatedMiner
from simulator.physics import Glide, Lag, limit_in_force
from simulator.telemetry import Telemetry

from .client import Client, exchange

LIQUID = [name for name, model in MODELS.items() if model.liquid]


@pytest.mark.parametrize("model", MODELS)
async def test_a_settled_machine_does_what_its_model_promises(
    miner: SimulatedMiner,
) -> None:
    state = miner.state
    reading = state.telemetry()

    assert reading.hash_rate == pytest.approx(state.model.hash_rate, rel=0.02)
    assert reading.power == pytest.approx(state.model.power, rel=0.01)
    assert reading.hash_average == pytest.approx(state.model.hash_rate, rel=0.02)
    assert len(reading.boards) == state.model.boards
    assert {board.chips for board in reading.boards} == {state.model.chips}
    assert reading.tuned
    assert reading.chip_min < reading.chip_avg < reading.chip_max < 100


async def test_readings_move_but_stay_plausible(miner: SimulatedMiner) -> None:
    readings = []
    for _ in range(60):
        miner.advance(60)
        readings.append(miner.state.telemetry())

    assert len({reading.hash_rate for reading in readings}) == 60
    assert len({round(reading.power) for reading in readings}) > 5
    assert all(97 < reading.hash_rate < 103 for reading in readings)


async def test_time_counts(client: Client) -> None:
    before = await client.summary()
    client.miner.advance(3600)
    after = await client.summary()
    pool = (await client.read("pools"))["POOLS"][0]

    assert after["Elapsed"] - before["Elapsed"] == 3600
    assert after["Uptime"] - before["Uptime"] == 3600
    assert after["Accepted"] - before["Accepted"] == pytest.approx(320, abs=10)
    assert after["Total MH"] - before["Total MH"] == pytest.approx(
        100e6 * 3600, rel=1e-3
    )
    assert 0 <= client.miner.state.now - pool["Last Share Time"] < 60


async def test_the_clock_runs_when_it_is_told_to() -> None:
    async with SimulatedMiner(speed=1e6) as miner:
        first = miner.state.now
        while miner.state.now == first:
            pass
        assert miner.state.now > first


async def test_a_start_takes_its_time(client: Client) -> None:
    """A minute of nothing is followed by a climb of ten to thirty minutes."""
    await client.send("power_off")
    await client.send("power_on")
    rates, tuned_after = [], 0
    for seconds in range(30, 1801, 30):
        client.miner.advance(30)
        summary = await client.summary()
        rates.append(summary["HS RT"] / 1e6)
        if summary["Upfreq Complete"] and not tuned_after:
            tuned_after = seconds
            assert summary["Hash Stable"] is True
            assert summary["Hash Stable Cost Seconds"] > 0

    assert rates[0] == 0
    assert 30 < rates[2] < 50
    assert rates[4] < rates[10] < rates[20] < 101
    assert rates[-1] == pytest.approx(100, rel=0.02)
    assert 600 <= tuned_after <= 1800


async def test_a_booting_machine_reads_as_a_real_one(client: Client) -> None:
    await client.send("power_off")
    client.miner.advance(1200)
    await client.send("power_on")
    client.miner.advance(24)
    summary = await client.summary()
    board = (await client.boards())[0]

    assert summary["Elapsed"] == 24
    assert 200 < summary["Power"] < 300
    for key in ("freq_avg", "Chip Temp Avg", "Fan Speed In"):
        assert summary[key] == 0
    assert summary["Power Limit"] == 3400
    assert (board["Status"], board["Effective Chips"]) == ("Initialising", 0)


@pytest.mark.parametrize(
    ("generation", "model"),
    [("v1", "M20S"), ("v2", "M30S+"), ("compat", "M60S"), ("compat", "M7BS")],
)
async def test_boards_are_cooler_than_their_chips_whatever_the_machine_does(
    client: Client,
) -> None:
    """So they are in the answers of real machines, and never cooler than the coolant."""
    state = client.miner.state
    assert _board_is_cooler(state.telemetry(), at_least=1.5)
    await client.send("set_power_pct", percent="0")
    for _ in range(40):
        client.miner.advance(30)
        assert _board_is_cooler(client.miner.state.telemetry())
    for command in ("set_high_power", "power_off", "power_on", "restart_btminer"):
        await client.send(command)
        for _ in range(60):
            client.miner.advance(30)
            assert _board_is_cooler(client.miner.state.telemetry())


def _board_is_cooler(reading: Telemetry, at_least: float = 0.0) -> bool:
    """Return whether chips are warmer than their boards, where they can be read."""
    pairs = [(reading.board_temperature, reading.chip_avg)]
    pairs += [(board.temperature, board.chip_avg) for board in reading.boards]
    return all(
        board < chip - at_least if chip else 20 < board < 90 for board, chip in pairs
    )


async def test_boards_are_nearly_as_warm_as_the_room_while_the_miner_is_preheated(
    client: Client,
) -> None:
    """Chips are not clocked then, and read as zero."""
    await client.send("power_off")
    client.miner.advance(3600)
    await client.send("pre_power_on")
    client.miner.advance(30)
    reading = client.miner.state.telemetry()

    assert reading.chip_avg == reading.chip_max == 0
    for board in reading.boards:
        assert abs(board.temperature - reading.environment) < 3


async def test_fast_boot_shortens_the_next_start(client: Client) -> None:
    """A higher tuning speed shortens it a little."""
    ordinary = client.miner.state.telemetry().tuning_seconds
    seconds = {}
    for name, command in (
        ("fast boot", ("enable_btminer_fast_boot", {})),
        ("upfreq", ("adjust_upfreq_speed", {"upfreq_speed": "9"})),
    ):
        await client.log_in()
        await client.send(command[0], **command[1])
        await client.send("restart_btminer")
        await client.send("disable_btminer_fast_boot")
        client.miner.advance(1800)
        seconds[name] = client.miner.state.telemetry().tuning_seconds

    assert seconds["fast boot"] < seconds["upfreq"] < ordinary


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("restart_btminer", {}),
        ("set_high_power", {}),
        ("adjust_power_limit", {"power_limit": "3000"}),
        ("set_target_freq", {"percent": "-5"}),
    ],
)
async def test_restarts_begin_mining_anew(
    client: Client, command: str, arguments: dict[str, str]
) -> None:
    """Elapsed and the counters return to zero, Uptime goes on, and the percent is lost."""
    await client.send("set_power_pct", percent="50")
    before = await client.summary()
    await client.send(command, **arguments)
    summary = await client.summary()

    assert summary["Uptime"] == before["Uptime"]
    assert (summary["Elapsed"], summary["Accepted"], summary["HS RT"]) == (0, 0, 0)
    assert (summary["Hash Stable"], summary["Upfreq Complete"]) == (False, 0)
    assert summary["Power Limit"] == 0
    assert client.miner.state.percent == 100
    client.miner.advance(60)
    assert (await client.summary())["Power Limit"] > 0


async def test_a_fast_percent_acts_within_a_second(client: Client) -> None:
    """The hash rate follows the power, with more hashes for each watt."""
    await client.send("set_power_pct", percent="60")
    client.miner.advance(1)
    reading = client.miner.state.telemetry()

    assert reading.power == pytest.approx(0.6 * 3400, rel=0.01)
    assert 60 < reading.hash_rate < 70
    assert reading.elapsed > 80_000


async def test_a_normal_percent_takes_minutes(client: Client) -> None:
    await client.send("set_power_pct_v2", percent="60")
    powers = []
    for _ in range(4):
        powers.append(round(client.miner.state.power))
        client.miner.advance(60)

    assert powers[0] == 3400
    assert powers == sorted(powers, reverse=True)
    assert powers[3] == 2040
    await client.send("set_power_pct", percent="100")
    client.miner.advance(1)
    assert client.miner.state.power == 3400


async def test_zero_percent_is_not_off(client: Client) -> None:
    """A miner at zero percent idles."""
    await client.send("set_power_pct", percent="0")
    client.miner.advance(1)

    assert client.miner.state.mining
    assert client.miner.state.hash_rate == 0
    assert 200 < client.miner.state.power < 300


@pytest.mark.parametrize(
    ("mode", "power"), [("low", 2720), ("normal", 3400), ("high", 4080)]
)
async def test_modes_differ_in_power(client: Client, mode: str, power: int) -> None:
    """The summary spells them with a capital."""
    await client.send(f"set_{mode}_power")
    client.miner.advance(1800)

    assert client.miner.state.power == pytest.approx(power)
    assert (await client.summary())["Power Mode"] == mode.capitalize()


@pytest.mark.parametrize(
    ("requested", "in_force"),
    [("3000", 3000), ("9999", 3400), ("700", 3400), ("0", 3400), ("99999", 3400)],
)
async def test_a_limit_is_taken_but_clamped(
    client: Client, requested: str, in_force: int
) -> None:
    """The limit that was set can still be read."""
    assert await client.code("adjust_power_limit", power_limit=requested) == 131
    client.miner.advance(1800)

    assert (await client.summary())["Power Limit"] == in_force
    assert client.miner.state.power == pytest.approx(in_force, rel=0.01)
    kept = "" if requested == "99999" else requested
    assert (await client.message("status"))["power_limit_set"] == kept


def test_a_mode_bounds_the_limit() -> None:
    """High mode allows more than the factory's limit."""
    assert limit_in_force(3900, 3400, "high") == 3900
    assert limit_in_force(3900, 3400, "low") == 2720


async def test_a_target_frequency_moves_power_and_frequency(client: Client) -> None:
    """The target is in percent of the normal frequency."""
    await client.send("set_target_freq", percent="-20")
    client.miner.advance(1800)
    summary = await client.summary()

    assert summary["Target Freq"] == 528
    assert summary["freq_avg"] < 560
    assert client.miner.state.power == pytest.approx(0.8 * 3400)
    assert (await client.message("status"))["hash_percent"] == "-20"


async def test_power_off_stops_everything_at_once(client: Client) -> None:
    """A little power remains while the boards cool down."""
    hot = (await client.summary())["Temperature"]
    await client.send("power_off", respbefore="true")
    summary = await client.summary()
    board = (await client.boards())[0]

    assert (summary["HS RT"], summary["MHS 1m"], summary["Elapsed"]) == (0, 0, 0)
    assert summary["Power"] in (13, 14)
    assert (board["Status"], board["Effective Chips"]) == ("Initialising", 0)
    assert board["HS RT"] == 0
    client.miner.advance(1200)
    summary = await client.summary()
    assert summary["Temperature"] < hot - 30
    assert summary["Fan Speed In"] == 0


async def test_fans_can_go_on_after_a_stop(client: Client) -> None:
    await client.send("set_poweroff_cool", poweroff_cool="1")
    await client.send("power_off")
    client.miner.advance(60)
    assert (await client.summary())["Fan Speed In"] > 1000
    client.miner.advance(1200)
    assert (await client.summary())["Fan Speed In"] == 0


async def test_fans_and_temperatures_follow_power(client: Client) -> None:
    before = await client.summary()
    await client.send("set_power_pct", percent="50")
    client.miner.advance(1)
    assert (await client.summary())["Chip Temp Avg"] == pytest.approx(
        before["Chip Temp Avg"], abs=1
    )
    client.miner.advance(900)
    after = await client.summary()

    assert after["Chip Temp Avg"] < before["Chip Temp Avg"] - 15
    assert after["Fan Speed In"] < before["Fan Speed In"] - 500


async def test_a_temperature_offset_cools(client: Client) -> None:
    before = await client.summary()
    await client.send("set_temp_offset", temp_offset="-20")
    client.miner.advance(900)
    after = await client.summary()

    assert after["Chip Temp Avg"] < before["Chip Temp Avg"] - 15
    assert after["Fan Speed In"] > before["Fan Speed In"]


async def test_fans_may_stand_still_when_there_is_little_to_cool(
    client: Client,
) -> None:
    await client.send("set_power_pct", percent="5")
    client.miner.advance(300)
    assert client.miner.state.telemetry().fan_in > 1000
    await client.send("set_fan_zero_speed", fan_zero_speed="1")
    client.miner.advance(300)
    assert client.miner.state.telemetry().fan_in < 1


@pytest.mark.parametrize("model", LIQUID)
async def test_liquid_cooled_machines_have_no_fans(client: Client) -> None:
    summary = await client.summary()

    assert (summary["Fan Speed In"], summary["Fan Speed Out"]) == (0, 0)
    assert summary["Env Temp"] > 40
    assert (await client.message("get_psu"))["fan_speed"] == "0"
    assert (await client.message("get_psu"))["name"].startswith(("P463", "P564"))


async def test_a_dead_board_takes_its_share_along(miner: SimulatedMiner) -> None:
    healthy = miner.state.telemetry()
    miner.state.boards[0].alive = False
    reading = miner.state.telemetry()

    assert reading.hash_rate == pytest.approx(healthy.hash_rate * 2 / 3, rel=0.03)
    assert reading.power == pytest.approx(healthy.power * 2 / 3, rel=0.03)
    assert reading.boards[1].hash_rate == pytest.approx(healthy.boards[1].hash_rate)
    miner.state.set_boards(alive=False)
    assert miner.state.hash_rate == miner.state.telemetry().frequency == 0


async def test_the_next_pool_takes_over(client: Client) -> None:
    """Without any pool there is nothing to hash."""
    pools = {f"pool{n}": f"p{n}" for n in (1, 2, 3)}
    rest = {f"{key}{n}": "x" for key in ("worker", "passwd") for n in (1, 2, 3)}
    await client.send("update_pools", **pools, **rest)
    client.miner.state.pools[0].alive = False
    client.miner.advance(600)
    entries = (await client.read("pools"))["POOLS"]

    assert [pool["Status"] for pool in entries] == ["Dead", "Alive", "Alive"]
    assert [pool["Stratum Active"] for pool in entries] == [False, True, False]
    assert [pool["Accepted"] > 0 for pool in entries] == [False, True, False]
    for pool in client.miner.state.pools:
        pool.alive = False
    assert client.miner.state.hash_rate == 0
    assert (await client.summary())["Power Limit"] == 3400


async def test_a_reboot_closes_the_port_for_a_while(client: Client) -> None:
    port = client.miner.port
    await client.send("set_hostname", hostname="rig-7")
    assert (await client.message("get_miner_info"))["hostname"] == "WhatsMiner"
    await client.send("power_off")
    assert await client.code("reboot") == 131

    with pytest.raises(ConnectionRefusedError):
        await client.read("status")
    client.miner.advance(89)
    with pytest.raises(ConnectionRefusedError):
        await client.read("status")
    client.miner.advance(1)

    assert client.miner.port == port
    assert (await client.message("get_miner_info"))["hostname"] == "rig-7"
    assert (await client.message("status"))["mineroff"] == "false"
    assert (await client.summary())["Uptime"] == 0
    client.miner.advance(1800)
    assert client.miner.state.tuned


async def test_a_reboot_may_come_from_elsewhere(client: Client) -> None:
    await client.miner.reboot()
    with pytest.raises(ConnectionRefusedError):
        await client.read("status")
    client.miner.advance(90)

    assert (await client.summary())["Uptime"] == 0


@pytest.mark.parametrize("generation", ["compat"])
async def test_mining_at_boot_can_be_switched_off(client: Client) -> None:
    await client.send("disable_btminer_init")
    await client.send("reboot")
    client.miner.advance(90)

    assert not client.miner.state.mining


async def test_a_running_clock_opens_the_port_again() -> None:
    async with SimulatedMiner(speed=1e5) as miner:
        client = Client(miner)
        await client.send("reboot")
        while True:
            try:
                assert await client.message("status")
            except OSError:
                continue
            break


async def test_leaving_during_a_reboot_leaves_the_port_closed() -> None:
    async with SimulatedMiner(speed=1) as miner:
        await Client(miner).send("reboot")
    miner.advance(1000)

    with pytest.raises(ConnectionRefusedError):
        await exchange(miner)


def test_a_lag_follows_whatever_the_steps() -> None:
    long, short = Lag(60, 10.0), Lag(60, 10.0)
    long.follow(20.0, 60.0)
    for _ in range(60):
        short.follow(20.0, 1.0)

    assert long.value == pytest.approx(short.value)
    assert long.value == pytest.approx(16.32, abs=0.01)


def test_a_glide_is_straight() -> None:
    glide = Glide(100, 50, begin=1000, seconds=10)

    values = [glide.at(now) for now in (990, 1000, 1005, 1010, 2000)]
    assert values == [100, 100, 75, 50, 50]
