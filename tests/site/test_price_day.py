"""A day of prices at sites that follow their plans, of which docs/price-day.svg is made."""

from collections.abc import Sequence
import logging
from pathlib import Path
import re
import textwrap
from typing import Final
import xml.etree.ElementTree as ET

import pytest

from custom_components.whatsminer.const import CONF_POLL_INTERVAL
from homeassistant.const import Platform
from simulator import MinerState
from tests.blueprints import take_commands
from tests.fleet import Fleet, Owned

from . import add_site
from .price_day import (
    LOW_PERCENT,
    MIN_OFF,
    MIN_ON,
    PRICES,
    START,
    STOP,
    MinerDay,
    Phase,
    Sample,
)
from .price_picture import draw

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
PICTURE: Final = ROOT / "docs" / "price-day.svg"
PRICE: Final = "sensor.electricity_price"
LOGGER: Final = "custom_components.whatsminer"
# Seconds of a quarter of an hour.
STEPS: Final = (30, *[210] * 4, 30)

SWITCHED: Final = [
    "05:45 power_off",
    "06:00 power_on",  # after the shortest time off
    "06:30 power_off",  # after the shortest time on
    "09:45 power_on",
    "17:30 power_off",
    "21:45 power_on",
]
# A percent follows the price without minimum times, because it wears nothing out.
_LOW: Final = f"set_power_pct_v2 {LOW_PERCENT}"
_FULL: Final = "restore_power_pct"
THROTTLED: Final = [
    f"05:45 {_LOW}",
    f"06:00 {_FULL}",
    f"06:30 {_LOW}",
    f"09:45 {_FULL}",
    f"10:00 {_LOW}",
    f"10:30 {_FULL}",
    f"17:30 {_LOW}",
    f"21:45 {_FULL}",
    f"22:00 {_LOW}",
    f"22:30 {_FULL}",
]


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are needed: the fewer, the faster the day passes."""
    return (Platform.SENSOR, Platform.SWITCH)


def phase(state: MinerState) -> Phase:
    if not state.mining:
        return Phase.OFF
    if not state.tuned:
        return Phase.TUNING
    return Phase.MINING if state.percent == 100 else Phase.LESS


async def live_through(fleet: Fleet, watched: dict[Owned, MinerDay]) -> None:
    """Let the day pass, and record what the miners do."""

    def record(at: float) -> None:
        for owned, day in watched.items():
            state = owned.miner.state
            day.samples.append(Sample(at, state.power, phase(state)))
            time = f"{int(at // 3600):02}:{int(at % 3600 // 60):02}"
            day.commands.extend(f"{time} {command}" for command in take_commands(owned))

    at = 0.0
    for price in PRICES:
        fleet.hass.states.async_set(PRICE, str(price))
        await fleet.settle()
        record(at)
        for seconds in STEPS:
            await fleet.clock.tick(seconds)
            at += seconds
            record(at)


def paid_per_kwh(days: Sequence[MinerDay]) -> float:
    """Return the mean price of the energy that was used."""
    energy = [each for day in days for each in day.energy]
    return sum(price * kwh for price, kwh in energy) / sum(kwh for _, kwh in energy)


def caption(days: Sequence[MinerDay]) -> str:
    """Return the text below the picture in README."""
    text = (
        "This is a day in Home Assistant with simulated miners and made-up prices. The plan"
        " switched two miners"
        f" {len(days[0].commands)} times each, and sent the third"
        f" {len(days[1].commands)} percent commands. In the expensive quarter hours they"
        f" used {sum(day.spared for day in days):.0f} kWh less than without a plan. They paid"
        f" {paid_per_kwh(days):.3f} EUR per kWh, while the average price of the day was"
        f" {sum(PRICES) / len(PRICES):.3f} EUR."
    )
    return textwrap.fill(text, 120)


async def test_a_day_of_prices(
    fleet: Fleet, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    """`--snapshot-update` writes the picture, and the figures in README."""
    watched = {
        await fleet.know(name, generation=generation, model=model): MinerDay(model, how)
        for name, generation, model, how in (
            ("Garage", "v2", "M30S+", "power_off"),
            ("Hall", "compat", "M63", "percent"),
            ("Attic", "v1", "M20S", "power_off"),
        )
    }
    for owned in watched:
        fleet.hass.config_entries.async_update_entry(
            owned.entry, options={CONF_POLL_INTERVAL: 300}
        )
    await fleet.set_up(*watched)
    fleet.hass.states.async_set(PRICE, str(PRICES[0]))
    for how in ("power_off", "percent"):
        members = [each for each in watched if watched[each].how == how]
        await add_site(
            fleet,
            how,
            all_miners=False,
            miners=[each.entry.entry_id for each in members],
            follow_plan=True,
            price_entity=PRICE,
            start_below=START,
            stop_above=STOP,
            minutes_on=MIN_ON,
            minutes_off=MIN_OFF,
            stop_by=how,
            lowest_percent=LOW_PERCENT,
        )

    await live_through(fleet, watched)

    days = garage, hall, attic = list(watched.values())
    assert garage.commands == attic.commands == SWITCHED
    assert hall.commands == THROTTLED
    for owned, day in watched.items():
        used = sum(kwh for _, kwh in day.energy)
        assert float(owned.shown("sensor", "energy")) == pytest.approx(used, rel=0.01)
    assert paid_per_kwh([garage]) < paid_per_kwh([hall]) < sum(PRICES) / len(PRICES)
    assert [
        entry.getMessage()
        for entry in caplog.records
        if entry.levelno >= logging.WARNING and entry.name.startswith(LOGGER)
    ] == []

    # The paragraph after the picture in README.
    readme = re.sub(
        r"(\(docs/price-day\.svg\)\n\n).*?(?=\n\n)",
        lambda found: found[1] + caption(days),
        README.read_text(),
        flags=re.DOTALL,
    )
    if request.config.option.update_snapshots:
        README.write_text(readme)
        PICTURE.write_text(draw(days))
    assert caption(days) in README.read_text()
    assert PICTURE.read_text() == draw(days)
    ET.fromstring(draw(days))  # noqa: S314  our own
