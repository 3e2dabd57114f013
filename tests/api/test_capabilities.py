"""What can be expected of a firmware generation."""

from datetime import UTC, datetime

import pytest

from custom_components.whatsminer.api import Capabilities, Generation, Snapshot
from custom_components.whatsminer.api.snapshot import Status, Summary
from custom_components.whatsminer.api.wire import decode
from simulator import SimulatedMiner

from . import reader_of
from .catalogue import CATALOGUE

ALL = {entry.name for entry in CATALOGUE}
AIR_ONLY = {"set_temp_offset", "set_poweroff_cool", "set_fan_zero_speed"}
NOT_IN_V1 = AIR_ONLY | {"adjust_power_limit", "adjust_upfreq_speed"}


def capabilities(
    generation: Generation, *, liquid: bool = False, status: Status | None = None
) -> Capabilities:
    """Return what a miner with this generation can do."""
    return Capabilities.of(
        Snapshot(
            taken=datetime(2026, 11, 21, tzinfo=UTC),
            generation=generation,
            mining=True,
            summary=Summary(liquid_cooling=liquid),
            status=status or Status(),
        )
    )


@pytest.mark.parametrize(
    ("generation", "liquid", "refused"),
    [
        (Generation.V1, False, NOT_IN_V1),
        (Generation.V1, True, NOT_IN_V1),
        (Generation.V2, False, set()),
        (Generation.V2, True, AIR_ONLY),
        (Generation.COMPAT, False, {"pre_power_on"}),
        (Generation.COMPAT, True, AIR_ONLY | {"pre_power_on"}),
    ],
)
def test_which_commands_a_generation_has(
    generation: Generation, refused: set[str], *, liquid: bool
) -> None:
    """By its document, and by what cools it."""
    can = capabilities(generation, liquid=liquid)
    assert {name for name in ALL if not can.accepts(name)} == refused


@pytest.mark.parametrize("liquid", [False, True])
def test_fans_are_where_air_cools(*, liquid: bool) -> None:
    """And nowhere else."""
    assert capabilities(Generation.V2, liquid=liquid).has_fans is not liquid


@pytest.mark.parametrize(("told", "fans"), [(0, True), ("0.0", True), (38.5, False)])
def test_fans_are_where_a_coolant_has_no_temperature(
    told: float | str, *, fans: bool
) -> None:
    """Firmware of air-cooled miners may tell one of 0."""
    status = decode(Status, {"mineroff": "false", "liquid_temp": told})
    can = capabilities(Generation.V2, status=status)
    assert can.has_fans is fans
    assert can.accepts("set_temp_offset") is fans


@pytest.mark.parametrize("generation", Generation)
def test_what_the_summary_of_v1_lacks(generation: Generation) -> None:
    """The environment, and fast boot."""
    can = capabilities(generation)
    assert can.reports_environment is (generation is not Generation.V1)
    assert can.reports_fast_boot is (generation is not Generation.V1)


def test_only_some_firmware_tells_the_percent() -> None:
    """Even 0 is told."""
    assert not capabilities(Generation.V2).reports_power_percent
    told = capabilities(Generation.COMPAT, status=Status(power_percent=0))
    assert told.reports_power_percent


@pytest.mark.parametrize(
    ("generation", "model", "liquid"),
    [
        ("v1", "M20S", False),
        ("v1", "M66", True),
        ("v2", "M30S+", False),
        ("v2", "M56S", True),
        ("compat", "M60S", False),
        ("compat", "M63", True),
    ],
)
@pytest.mark.parametrize("mining", [True, False])
async def test_capabilities_do_not_depend_on_the_moment(
    generation: str, model: str, *, liquid: bool, mining: bool
) -> None:
    """A stopped miner can do what it can do."""
    async with SimulatedMiner(generation=generation, model=model) as miner:
        miner.state.mining = mining
        can = Capabilities.of(await reader_of(miner).poll())
    assert can == Capabilities(
        generation=Generation(generation),
        liquid_cooled=liquid,
        reports_power_percent=generation == "compat",
    )
