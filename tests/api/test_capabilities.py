"""The capabilities of a firmware generation."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.whatsminer.api import Capabilities, Generation, Snapshot
from custom_components.whatsminer.api.readings import (
    Board,
    MinerInfo,
    PoolState,
    Psu,
    Status,
    Summary,
)
from custom_components.whatsminer.api.wire import decode
from simulator import SimulatedMiner

from . import generation_of, reader_of
from .catalogue import CATALOGUE

ALL = {entry.name for entry in CATALOGUE}
AIR_ONLY = {"set_temp_offset", "set_poweroff_cool", "set_fan_zero_speed"}
NOT_IN_V1 = AIR_ONLY | {"adjust_power_limit", "adjust_upfreq_speed"}


def snapshot(generation: Generation = Generation.V2, **values: Any) -> Snapshot:
    """Return a snapshot of a mining miner."""
    taken = datetime(2026, 11, 21, tzinfo=UTC)
    return Snapshot(taken=taken, generation=generation, mining=True, **values)


def capabilities(
    generation: Generation, *, liquid: bool = False, status: Status | None = None
) -> Capabilities:
    """Return what a miner with this generation can do."""
    return Capabilities.of(
        snapshot(
            generation,
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
        (Generation.V2_2, False, {"pre_power_on"}),
        (Generation.V2_2, True, AIR_ONLY | {"pre_power_on"}),
    ],
)
def test_which_commands_a_generation_has(
    generation: Generation, refused: set[str], *, liquid: bool
) -> None:
    """The document of the generation decides, and the cooling."""
    can = capabilities(generation, liquid=liquid)
    assert {name for name in ALL if not can.accepts(name)} == refused


@pytest.mark.parametrize("liquid", [False, True])
def test_what_is_not_cooled_by_liquid_is_cooled_by_air(*, liquid: bool) -> None:
    can = capabilities(Generation.V2, liquid=liquid)
    assert can.liquid_cooled is liquid
    assert can.air_cooled is not liquid


@pytest.mark.parametrize(("reported", "air"), [(0, True), ("0.0", True), (38.5, False)])
def test_air_cools_where_a_coolant_has_no_temperature(
    reported: float | str, *, air: bool
) -> None:
    """Firmware of air-cooled miners may report a coolant temperature of 0."""
    status = decode(Status, {"mineroff": "false", "liquid_temp": reported})
    can = capabilities(Generation.V2, status=status)
    assert can.air_cooled is air
    assert can.accepts("set_temp_offset") is air


@pytest.mark.parametrize("generation", Generation)
def test_which_generation_it_is(generation: Generation) -> None:
    can = capabilities(generation)
    assert can.is_v1 is (generation is Generation.V1)
    assert can.is_v2_2 is (generation is Generation.V2_2)


# What only some firmware reports


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (
            {"boards": (Board(), Board(voltage_difference=0))},
            "board_voltage_difference",
        ),
        ({"status": Status(coolant_temperature=38.5)}, "coolant_temperature"),
        ({"pools": (PoolState(), PoolState(difficulty=0))}, "pool_difficulty"),
        ({"status": Status(power_percent=0)}, "power_percent"),
        ({"psu": Psu(fan_speed=7000)}, "psu_fan_speed"),
        ({"summary": Summary(psu_fan_speed=7000)}, "psu_fan_speed"),
        ({"psu": Psu(input_current=15)}, "psu_input_current"),
        ({"psu": Psu(input_power=0)}, "psu_input_power"),
        ({"psu": Psu(input_voltage=224)}, "psu_input_voltage"),
        ({"psu": Psu(temperature=31.5)}, "psu_temperature"),
        ({"status": Status(target_frequency_percent=0)}, "target_frequency_percent"),
        ({"info": MinerInfo(upfreq_speed=0)}, "upfreq_speed"),
    ],
)
def test_what_is_told_once_can_be_expected(values: dict[str, Any], name: str) -> None:
    """A reported 0 counts, too."""
    assert Capabilities.of(snapshot(**values)).reports == {name}


def test_what_is_not_told_is_not_expected() -> None:
    """A power supply with a fan that never turns is cooled by liquid."""
    assert Capabilities.of(snapshot()).reports == frozenset()
    assert Capabilities.of(snapshot(psu=Psu(fan_speed=0))).reports == frozenset()


def test_what_two_snapshots_tell_is_expected_together() -> None:
    """A booting miner reports less in its first snapshot. Either of the two may be the first."""
    one = Capabilities.of(snapshot(psu=Psu(temperature=31.5, input_power=3400)))
    other = Capabilities.of(snapshot(info=MinerInfo(upfreq_speed=0)))
    both = {"psu_temperature", "psu_input_power", "upfreq_speed"}
    assert one.joined(other).reports == other.joined(one).reports == both
    assert one.joined(one) == one
    assert one.joined(capabilities(Generation.V2)) == one


@pytest.mark.parametrize("one", [False, True])
@pytest.mark.parametrize("other", [False, True])
def test_a_coolant_that_was_seen_once_is_there(*, one: bool, other: bool) -> None:
    first, second = (capabilities(Generation.V2, liquid=cool) for cool in (one, other))
    assert first.joined(second).liquid_cooled is (one or other)


@pytest.mark.parametrize("one", Generation)
@pytest.mark.parametrize("other", Generation)
def test_two_generations_are_never_joined(one: Generation, other: Generation) -> None:
    """A miner speaks only one of them."""
    assert capabilities(one).joined(capabilities(other)).generation is one


# Real and simulated miners


FAN = {"psu_fan_speed"}
POOL = {"pool_difficulty"}
BOARD = {"board_voltage_difference"}
SUPPLY = {
    "psu_input_current",
    "psu_input_power",
    "psu_input_voltage",
    "psu_temperature",
}
SETTINGS = {"target_frequency_percent", "upfreq_speed"}
V2 = POOL | BOARD | SUPPLY | SETTINGS
COMPAT = POOL | SUPPLY | SETTINGS | {"power_percent"}


@pytest.mark.parametrize(
    ("generation", "model", "reports"),
    [
        ("v1", "M20S", POOL | BOARD | FAN),
        ("v2", "M30S+", V2 | FAN),
        ("compat", "M60S", COMPAT | FAN),
        ("v1", "M66", POOL | BOARD),
        ("v2", "M56S", V2),
        ("compat", "M63", COMPAT | {"coolant_temperature"}),
    ],
)
async def test_what_miners_tell(generation: str, model: str, reports: set[str]) -> None:
    """This holds while they mine. A miner that is off may lack only the fan of the power supply."""
    expected = Capabilities(
        generation=generation_of(generation),
        liquid_cooled=model in {"M66", "M56S", "M63"},
        reports=frozenset(reports),
    )
    async with SimulatedMiner(generation=generation, model=model) as miner:
        assert Capabilities.of(await reader_of(miner).poll()) == expected
        miner.state.mining = False
        off = Capabilities.of(await reader_of(miner).poll())
    assert replace(off, reports=off.reports | reports & FAN) == expected
    assert expected.joined(off) == expected
