"""What shows whether liquid or air cools a miner, and which evidence counts more."""

from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest

from custom_components.whatsminer.api import Capabilities
from custom_components.whatsminer.api.cooling import Cooling
from custom_components.whatsminer.api.readings import (
    Device,
    ErrorEntry,
    Performance,
    PowerSupply,
    ReportedSettings,
)
from custom_components.whatsminer.api.snapshot import Snapshot

# It has mined for an hour, and its fans stand still.
STANDING = Performance(hash_rate=102, elapsed=3600, fan_speed_in=0, fan_speed_out=0)
TURNING = Performance(hash_rate=102, elapsed=3600, fan_speed_in=5700, fan_speed_out=0)


def snapshot(
    performance: Performance = STANDING,
    *,
    model: str | None = "M90S",
    codes: tuple[str, ...] | None = (),
    mining: bool = True,
    **values: Any,
) -> Snapshot:
    """Return a snapshot of a miner that nothing is known of but its fans."""
    errors = None if codes is None else tuple(ErrorEntry(code=code) for code in codes)
    known: dict[str, Any] = {"device": Device(model=model), "errors": errors}
    return Snapshot(
        taken=datetime(2026, 11, 21, tzinfo=UTC),
        generation="v2",
        settings=ReportedSettings(mining=mining),
        performance=performance,
        **known | values,
    )


@pytest.mark.parametrize(
    "model",
    [
        "M52S_VK30",
        "M52S+VJ20",
        "M52S++VL10",
        "M62S_VK20",
        "M62S+_VK30",
        "m72s_vm10",
        "M63_VK30",
        "M36S+VE30",
        "M7BS_VM30",
    ],
)
def test_some_models_are_known_to_be_cooled_by_liquid(model: str) -> None:
    assert snapshot(Performance(), model=model).cooling is Cooling.LIQUID_MODEL
    assert snapshot(Performance(), model=model).liquid_cooled


@pytest.mark.parametrize(
    "model", ["M20SV10", "M30S+_VE40", "M32V20", "M50_VH84", "M60S_VK40", "M70_VM30"]
)
def test_other_models_show_nothing(model: str) -> None:
    assert snapshot(Performance(), model=model).cooling is Cooling.UNKNOWN
    assert not snapshot(Performance(), model=model).liquid_cooled


@pytest.mark.parametrize(
    "values",
    [
        {"device": Device(liquid_cooled=True)},
        {"coolant_temperature": 38.5},
        {"power_supply": PowerSupply(model="P463B")},
        {"power_supply": PowerSupply(name="P564B")},
    ],
)
def test_a_coolant_shows_liquid_whatever_the_fans_say(values: dict[str, Any]) -> None:
    for performance in (STANDING, TURNING, Performance()):
        seen = snapshot(performance, **values)
        assert seen.cooling is Cooling.LIQUID_SHOWN
        assert seen.liquid_cooled


@pytest.mark.parametrize("degrees", [-1.0, -40.0, 0.0, 127.5, 255.0])
def test_a_temperature_that_no_coolant_has_is_no_proof_where_fans_turn(
    degrees: float,
) -> None:
    """Frost is one where they do not turn."""
    seen = snapshot(TURNING, coolant_temperature=degrees)
    assert seen.cooling is Cooling.FANS_TURN
    for performance in (STANDING, Performance()):
        seen = snapshot(performance, coolant_temperature=degrees)
        assert seen.cooling is Cooling.LIQUID_SHOWN


def test_fans_that_stand_still_while_a_miner_hashes_show_liquid() -> None:
    """The model need not be known."""
    for model in ("M90S", "M60S_VK40", None):
        seen = snapshot(model=model)
        assert seen.cooling is Cooling.FANS_STAND
        assert seen.liquid_cooled


@pytest.mark.parametrize("model", ["M90S", "M63S_VL30", "M52S_VK30"])
def test_a_fan_that_turns_shows_air_whatever_the_model(model: str) -> None:
    for turning in (TURNING, Performance(fan_speed_out=900)):
        seen = snapshot(turning, model=model)
        assert seen.cooling is Cooling.FANS_TURN
        assert not seen.liquid_cooled


@pytest.mark.parametrize(
    "values",
    [
        {"mining": False},
        {"stale": True},
        {"performance": Performance(elapsed=3600, fan_speed_in=0, fan_speed_out=0)},
        {
            "performance": Performance(
                hash_rate=0, elapsed=3600, fan_speed_in=0, fan_speed_out=0
            )
        },
        {
            "performance": Performance(
                hash_rate=102, elapsed=300, fan_speed_in=0, fan_speed_out=0
            )
        },
        {"performance": Performance(hash_rate=102, elapsed=3600)},
        {"performance": Performance(hash_rate=102, elapsed=3600, fan_speed_in=0)},
        {"codes": None},
        {"codes": ("111",)},
        {"codes": ("5110", "140")},
    ],
)
def test_fans_that_stand_still_for_another_reason_show_nothing(
    values: dict[str, Any],
) -> None:
    """The miner is stopped or starts, does not report its fans, or they are broken."""
    assert snapshot(**values).cooling is Cooling.UNKNOWN


@pytest.mark.parametrize(("weak", "strong"), combinations(Cooling, 2))
def test_of_two_polls_the_stronger_evidence_counts(
    weak: Cooling, strong: Cooling
) -> None:
    one, other = (Capabilities(cooling=cooling) for cooling in (weak, strong))
    for both in (one.joined(other), other.joined(one)):
        assert both.cooling is strong
        assert both.liquid_cooled is both.cooling.is_liquid


def test_evidence_that_changes_no_entity_is_no_difference() -> None:
    """Nothing is set up anew because the fans of an air-cooled miner turn."""
    unknown = Capabilities.of(snapshot(Performance()))
    assert unknown == unknown.joined(Capabilities.of(snapshot(TURNING)))
    assert unknown != unknown.joined(Capabilities.of(snapshot(STANDING)))
