"""The day of prices, what is made of a record, and the picture; not the replay itself."""

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from replay_day.figures import Crossings, Figures, crossings, sums
from replay_day.haste import Clock
from replay_day.picture import draw
from replay_day.prices import DAY, PRICES, QUARTER, START, STOP
from replay_day.record import MinerDay, Phase, Record, Told
from replay_day.report import report

SCRIPT = Path(__file__).parents[2] / "script"
STEP = 300.0
SVG = "{http://www.w3.org/2000/svg}"


def mean(first: int, last: int) -> float:
    """Return the mean price from one hour to another."""
    chosen = PRICES[first * 4 : last * 4]
    return sum(chosen) / len(chosen)


def test_the_prices_have_the_shape_of_a_day() -> None:
    """Cheap at night and at noon, expensive in the morning and above all in the evening."""
    assert len(PRICES) == 96
    assert DAY == 24 * 3600
    assert mean(0, 5) < START
    assert 0.25 < max(PRICES[6 * 4 : 9 * 4]) < 0.36
    assert sum(price <= 0 for price in PRICES) >= 2 * 4
    assert max(PRICES[18 * 4 : 21 * 4]) == max(PRICES)
    assert mean(11, 16) < mean(0, 5) < mean(6, 9) < mean(18, 21)


def test_the_prices_are_jagged() -> None:
    """From hour to hour they leap back, and around the limits they do so more than once."""
    steps = [b - a for a, b in pairwise(PRICES)]
    turns = sum(a * b < 0 for a, b in pairwise(steps))
    assert turns > 24
    assert crossings(PRICES, START, STOP).wishes >= 8


def test_crossings() -> None:
    """What lies between the two limits changes no mind."""
    prices = (0.1, 0.13, 0.1, 0.2, 0.13, 0.2, 0.12, 0.16)
    assert crossings(prices, 0.12, 0.16) == Crossings(stop=4, start=5, wishes=2)


def made_up(by: str = "power off") -> MinerDay:
    """Return the day of a miner that draws 2 kW, and nothing in the second of two quarters."""
    return MinerDay(
        name="M20S",
        by=by,
        full_power=2000.0,
        watts=[2000.0, 2000.0, 2000.0, 2000.0, 0.0, 0.0, 0.0],
        phases=[*[Phase.MINING] * 4, *[Phase.OFF] * 3],
        told=[Told(at=900, command="power_off"), Told(at=1800, command="power_on")],
        starts=1,
        sensor_kwh=0.6,
        sensor_restarts=1,
    )


def test_sums() -> None:
    """Half a kWh a quarter; it stops within the first five minutes of the second."""
    late = 2 / 24  # kWh: half of what five minutes at 2 kW are
    expected = Figures(
        offs=1,
        ons=1,
        starts=1,
        used=0.5 + late,
        full=1.0,
        cost=0.05 + 0.3 * late,
        full_cost=0.2,
        spared=0.5 - late,
        spared_cost=0.15 - 0.3 * late,
        late=late,
        lost=0.0,
        counted=0.6,
        restarts=1,
    )
    found = sums(made_up(), STEP, (0.1, 0.3), 0.16)
    assert asdict(found) == pytest.approx(asdict(expected))


def test_figures_of_several() -> None:
    """Sums are added; means are those of the sums."""
    one = Figures(used=3.0, full=4.0, cost=0.3, full_cost=0.7, percents=2)
    both = one + Figures(used=1.0, full=1.0, cost=0.5, full_cost=0.5)
    assert (both.percents, both.used, both.saved) == (2, 4.0, 1.0)
    assert both.paid == pytest.approx(0.2)
    assert both.unpaid == pytest.approx(0.4)
    assert Figures().paid == Figures().unpaid == 0.0


@pytest.fixture
def record() -> Record:
    """A day on which one miner of two is off from six to nine, the other at less power."""
    times = [step * STEP / 3600 for step in range(round(DAY / STEP) + 1)]
    off = [6 <= hour < 9 for hour in times]
    miners = [
        MinerDay(
            name=name,
            by=by,
            full_power=3000.0,
            watts=[low if is_off else 3000.0 for is_off in off],
            phases=[phase if is_off else Phase.MINING for is_off in off],
            told=[Told(at=21600, command=command)],
            starts=0,
            sensor_kwh=70.0,
            sensor_restarts=0,
        )
        for name, by, low, phase, command in (
            ("M<1>", "power off", 0.0, Phase.OFF, "power_off"),
            ("M2", "less power", 1200.0, Phase.LESS, "set_power_pct_v2 40"),
        )
    ]
    return Record(step=STEP, miners=miners, seconds=300.0, complaints=["WARNING one"])


def test_a_record_is_kept(record: Record, tmp_path: Path) -> None:
    """It is the same when it is read again."""
    record.save(tmp_path / "record.json")
    assert Record.load(tmp_path / "record.json") == record


def test_the_report(record: Record) -> None:
    """It has each miner, all of them together, and what is odd."""
    lines = list(report(record))
    assert lines[0] == "24 hours in 300 s, 288 times as fast as real time"
    full = next(line for line in lines if "full power" in line)
    assert full.split()[-3:] == ["72.0", "72.0", "144.0"]
    assert "M2: 06:00 set_power_pct_v2 40" in lines
    assert lines[-1] == "  WARNING one"


def test_the_picture(record: Record) -> None:
    """Three panels over one day, in good XML."""
    root = ET.fromstring(draw(record))  # noqa: S314  our own
    panels = {group.get("id"): group for group in root.iter(f"{SVG}g")}
    assert list(panels) == ["price", "state", "power"]
    assert all("".join(panel.itertext()).strip() for panel in panels.values())
    bars = [
        title.text
        for title in panels["state"].iter(f"{SVG}title")
        if title.text and title.text.startswith("M<1>")
    ]
    assert bars == [
        "M<1>: mining, 00:00 to 06:00",
        "M<1>: off, 06:00 to 09:00",
        "M<1>: mining, 09:00 to 24:00",
    ]
    price = next(
        path for path in panels["price"].iter() if path.get("class") == "price"
    )
    assert (price.get("d") or "").count("H") == DAY // QUARTER


def test_the_clock(tmp_path: Path) -> None:
    """Processes that have opened it see the same."""
    leader = Clock.make(tmp_path / "clock", 1000.0)
    follower = Clock(tmp_path / "clock")
    assert (follower.time(), follower.speed) == (1000.0, 1.0)
    leader.elapsed += 5
    follower.due = 7.0
    assert (follower.time(), leader.due) == (1005.0, 7.0)
    assert follower.monotonic() - Clock.make(tmp_path / "other", 0).monotonic() == 5


_LEADER = """
import asyncio, sys, time
from pathlib import Path
from replay_day import haste
clock = haste.lead(Path(sys.argv[1]), 1_000_000.0)
clock.speed = 100_000.0
async def main():
    command = [sys.executable, "-P", "-c", sys.argv[2], sys.argv[1]]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
    before = time.monotonic()
    await asyncio.sleep(7200)
    print(time.monotonic() - before)
asyncio.run(main())
"""
_FOLLOWER = """
import asyncio, sys, time
from pathlib import Path
from replay_day import haste
haste.follow(Path(sys.argv[1]))
from datetime import UTC, datetime
async def main():
    begin, before = datetime.now(UTC), time.time()
    await asyncio.sleep(3600)
    seconds = (datetime.now(UTC) - begin).total_seconds()
    assert 1_000_000 < before < time.time()
    assert isinstance(begin, datetime)
    print(seconds)
asyncio.run(main())
"""


def test_hours_in_no_time(tmp_path: Path) -> None:
    """Both processes wait for hours, as long as they want to; a busy machine adds little."""
    ran = subprocess.run(
        [sys.executable, "-P", "-c", _LEADER, str(tmp_path / "clock"), _FOLLOWER],
        env={"PYTHONPATH": str(SCRIPT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    waited = [float(line) for line in ran.stdout.splitlines()]
    assert waited == pytest.approx([3600, 7200], abs=5)
