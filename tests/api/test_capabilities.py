"""The capabilities of a miner: by its firmware, and by what it shows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.whatsminer.api import Capabilities, Snapshot
from custom_components.whatsminer.api.readings import (
    Board,
    Device,
    Performance,
    Pool,
    PowerSupply,
    ReportedSettings,
    Support,
)
from custom_components.whatsminer.api.v2 import fields
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.support import SUPPORT
from simulator import SimulatedMiner

from . import generation_of, reader_of
from .catalogue import OF_V2

ALL = {entry.command.name for entry in OF_V2}
AIR_ONLY = {"temperature_offset", "poweroff_cooling", "fan_zero_speed"}
OF_V2_2 = {"heat_mode", "power_target", "set_customer_message", "start_after_boot"}
NOT_IN_V1 = AIR_ONLY | OF_V2_2 | {"power_limit", "upfreq_speed"}


def snapshot(generation: Generation = Generation.V2, **values: Any) -> Snapshot:
    """Return a snapshot of a mining miner."""
    known: dict[str, Any] = {
        "taken": datetime(2026, 11, 21, tzinfo=UTC),
        "generation": generation,
        "support": SUPPORT[generation],
        "settings": ReportedSettings(mining=True),
    }
    return Snapshot(**known | values)


def capabilities(
    generation: Generation, *, liquid: bool = False, coolant: float | None = None
) -> Capabilities:
    """Return what a miner with this generation can do."""
    return Capabilities.of(
        snapshot(
            generation,
            device=Device(liquid_cooled=liquid),
            coolant_temperature=coolant,
        )
    )


def shown(can: Capabilities, generation: Generation = Generation.V2) -> set[str]:
    """Return what a miner reports beyond what all miners with its firmware do.

    The names of settings begin with `set `.
    """
    support = SUPPORT[generation]
    assert can.support == support
    assert all(can.reports(name) for name in support.readings)
    assert all(can.reports_setting(name) for name in support.settings)
    assert can.readings.isdisjoint(support.readings)
    assert can.settings.isdisjoint(support.settings)
    return {*can.readings, *(f"set {name}" for name in can.settings)}


@pytest.mark.parametrize(
    ("generation", "liquid", "refused"),
    [
        (Generation.V1, False, NOT_IN_V1),
        (Generation.V1, True, NOT_IN_V1),
        (Generation.V2, False, OF_V2_2),
        (Generation.V2, True, AIR_ONLY | OF_V2_2),
        (Generation.V2_2, False, {"heat_mode", "preheat"}),
        (Generation.V2_2, True, AIR_ONLY | {"preheat"}),
    ],
)
def test_which_commands_a_generation_has(
    generation: Generation, refused: set[str], *, liquid: bool
) -> None:
    """The document of the generation decides, and the cooling."""
    can = capabilities(generation, liquid=liquid)
    assert {name for name in ALL if not can.accepts(name)} == refused


def test_a_command_that_no_firmware_has_is_not_accepted() -> None:
    assert not capabilities(Generation.V2).accepts("adjust_power_limit")
    assert not Capabilities().accepts("power_limit")


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
    status = {"mineroff": "false", "liquid_temp": reported}
    can = capabilities(
        Generation.V2, coolant=fields.STATE.values(status).get("coolant_temperature")
    )
    assert can.air_cooled is air
    assert can.accepts("temperature_offset") is air


@pytest.mark.parametrize("generation", Generation)
def test_which_generation_it_is(generation: Generation) -> None:
    """What V1 and V2.2 do not report is known from their firmware."""
    can = capabilities(generation)
    is_v1 = generation is Generation.V1
    is_v2_2 = generation is Generation.V2_2
    for reading in ("environment_temperature", "stop_reason"):
        assert can.reports(reading) is not is_v1
    for reading in (
        "board_accepted_shares",
        "board_chip_temperature",
        "board_chip_temperature_max",
        "board_chip_temperature_min",
        "board_rejected_shares",
        "hash_deviation",
        "target_frequency",
    ):
        assert can.reports(reading) is not is_v2_2
    assert can.reports_setting("fast_boot") is not is_v1
    for setting in ("mining", "power_limit", "power_mode"):
        assert can.reports_setting(setting)
    for setting in ("fan_zero_speed", "poweroff_cooling", "temperature_offset"):
        assert not can.reports_setting(setting)
    assert not can.reports_setting("web_pools")


# What only some firmware reports


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (
            {"boards": (Board(), Board(voltage_difference=0))},
            "board_voltage_difference",
        ),
        ({"coolant_temperature": 38.5}, "coolant_temperature"),
        ({"pools": (Pool(), Pool(difficulty=0))}, "pool_difficulty"),
        ({"settings": ReportedSettings(power_percent=0)}, "set power_percent"),
        ({"power_supply": PowerSupply(fan_speed=7000)}, "psu_fan_speed"),
        ({"performance": Performance(psu_fan_speed=7000)}, "psu_fan_speed"),
        ({"power_supply": PowerSupply(input_current=15)}, "psu_input_current"),
        ({"power_supply": PowerSupply(input_power=0)}, "psu_input_power"),
        ({"power_supply": PowerSupply(input_voltage=224)}, "psu_input_voltage"),
        ({"power_supply": PowerSupply(temperature=31.5)}, "psu_temperature"),
        ({"settings": ReportedSettings(target_frequency=0)}, "set target_frequency"),
        ({"settings": ReportedSettings(upfreq_speed=0)}, "set upfreq_speed"),
    ],
)
def test_what_is_told_once_can_be_expected(values: dict[str, Any], name: str) -> None:
    """A reported 0 counts, too."""
    can = Capabilities.of(snapshot(**values))
    assert shown(can) == {name}
    kind, _, setting = name.rpartition(" ")
    assert can.reports_setting(setting) if kind else can.reports(name)


def test_what_is_not_told_is_not_expected() -> None:
    """A power supply with a fan that never turns is cooled by liquid."""
    assert shown(Capabilities.of(snapshot())) == set()
    still = snapshot(power_supply=PowerSupply(fan_speed=0))
    assert shown(Capabilities.of(still)) == set()


def test_without_support_there_is_only_what_is_shown() -> None:
    """A setting that is off is shown, too."""
    settings = ReportedSettings(mining=False, web_pools=False)
    seen = snapshot(
        support=Support(),
        settings=settings,
        power_supply=PowerSupply(temperature=31.5),
    )
    assert Capabilities.of(seen) == Capabilities(
        readings=frozenset({"psu_temperature"}),
        settings=frozenset({"mining", "web_pools"}),
    )


def test_what_two_snapshots_tell_is_expected_together() -> None:
    """A booting miner reports less in its first snapshot. Either of the two may be the first."""
    supply = PowerSupply(temperature=31.5, input_power=3400)
    one = Capabilities.of(snapshot(power_supply=supply))
    other = Capabilities.of(snapshot(settings=ReportedSettings(upfreq_speed=0)))
    both = {"psu_temperature", "psu_input_power", "set upfreq_speed"}
    assert shown(one.joined(other)) == shown(other.joined(one)) == both
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
    assert capabilities(one).joined(capabilities(other)) == capabilities(one)


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
SETTINGS = {"set target_frequency", "set upfreq_speed"}
V2 = POOL | BOARD | SUPPLY | SETTINGS
COMPAT = POOL | SUPPLY | SETTINGS | {"set power_percent"}


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
    support = SUPPORT[generation_of(generation)]
    settings = {name.removeprefix("set ") for name in reports if " " in name}
    expected = replace(
        capabilities(generation_of(generation)),
        liquid_cooled=model in {"M66", "M56S", "M63"},
        readings=frozenset(name for name in reports if " " not in name),
        settings=frozenset(settings),
    )
    assert expected.support == support
    async with SimulatedMiner(generation=generation, model=model) as miner:
        assert Capabilities.of(await reader_of(miner).poll()) == expected
        miner.state.mining = False
        off = Capabilities.of(await reader_of(miner).poll())
    assert replace(off, readings=off.readings | reports & FAN) == expected
    assert expected.joined(off) == expected


@pytest.mark.parametrize(
    ("generation", "values", "name"),
    [
        (
            Generation.V1,
            {"performance": Performance(environment_temperature=7)},
            "environment_temperature",
        ),
        (
            Generation.V1,
            {"performance": Performance(environment_temperature=-7)},
            "environment_temperature",
        ),
        (
            Generation.V1,
            {"performance": Performance(psu_input_current=15.6)},
            "psu_input_current",
        ),
        (
            Generation.V1,
            {"performance": Performance(psu_input_voltage=229.5)},
            "psu_input_voltage",
        ),
        (Generation.V1, {"stop_reason": "by api"}, "stop_reason"),
        (
            Generation.V2_2,
            {"performance": Performance(hash_deviation=-0.2)},
            "hash_deviation",
        ),
        (
            Generation.V2_2,
            {"performance": Performance(target_frequency=527)},
            "target_frequency",
        ),
        (
            Generation.V2_2,
            {"boards": (Board(), Board(accepted_shares=3))},
            "board_accepted_shares",
        ),
        (
            Generation.V2_2,
            {"boards": (Board(chip_temperature_max=90),)},
            "board_chip_temperature_max",
        ),
    ],
)
def test_what_a_generation_lacks_exists_where_a_miner_reports_it(
    generation: Generation, values: dict[str, Any], name: str
) -> None:
    can = Capabilities.of(snapshot(generation, **values))
    assert shown(can, generation) == {name}


@pytest.mark.parametrize(
    ("generation", "values"),
    [
        (Generation.V1, {"performance": Performance(environment_temperature=0)}),
        (Generation.V2_2, {"performance": Performance(hash_deviation=0)}),
        (Generation.V2_2, {"boards": (Board(accepted_shares=0, rejected_shares=0),)}),
    ],
)
def test_what_a_generation_lacks_is_not_shown_by_a_zero(
    generation: Generation, values: dict[str, Any]
) -> None:
    assert shown(Capabilities.of(snapshot(generation, **values)), generation) == set()
