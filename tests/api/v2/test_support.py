"""What each generation of firmware reports and accepts."""

from dataclasses import fields

import pytest

from custom_components.whatsminer.api.capabilities import BY_FIRMWARE
from custom_components.whatsminer.api.readings import ReportedSettings
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.support import SUPPORT
from simulator import SimulatedMiner
from tests.api import generation_of, reader_of
from tests.api.catalogue import OF_V2

V1, V2, V2_2 = Generation.V1, Generation.V2, Generation.V2_2

ALL_COMMANDS = {entry.command.name for entry in OF_V2}
ALL_SETTINGS = {item.name for item in fields(ReportedSettings)}
AIR_ONLY = {"temperature_offset", "poweroff_cooling", "fan_zero_speed"}
OF_V2_2 = {"heat_mode", "power_target", "set_customer_message", "start_after_boot"}
NOT_IN_V1 = AIR_ONLY | OF_V2_2 | {"power_limit", "upfreq_speed"}
EVERY_FIRMWARE = {"mining", "power_limit", "power_mode"}


def test_every_generation_has_its_support() -> None:
    assert set(SUPPORT) == set(Generation)


@pytest.mark.parametrize(
    ("generation", "missing"),
    [
        (V1, NOT_IN_V1),
        (V2, OF_V2_2),
        (V2_2, {"preheat"}),
    ],
)
def test_the_document_of_a_generation_says_which_commands_it_has(
    generation: Generation, missing: set[str]
) -> None:
    """The cooling makes no difference here."""
    assert SUPPORT[generation].commands == ALL_COMMANDS - missing


@pytest.mark.parametrize(
    ("generation", "missing"),
    [
        (V1, {"environment_temperature", "stop_reason"}),
        (V2, set()),
        (
            V2_2,
            {
                "board_accepted_shares",
                "board_chip_temperature",
                "board_chip_temperature_max",
                "board_chip_temperature_min",
                "board_rejected_shares",
                "hash_deviation",
                "target_frequency",
            },
        ),
    ],
)
def test_which_readings_depend_on_the_generation(
    generation: Generation, missing: set[str]
) -> None:
    """V2.2 sends 0 in some of those that it no longer has."""
    assert missing <= BY_FIRMWARE
    assert SUPPORT[generation].readings == BY_FIRMWARE - missing


@pytest.mark.parametrize(
    ("generation", "settings"),
    [
        (V1, EVERY_FIRMWARE),
        (V2, EVERY_FIRMWARE | {"fast_boot"}),
        (V2_2, EVERY_FIRMWARE | {"fast_boot"}),
    ],
)
def test_which_settings_every_firmware_of_a_generation_reports(
    generation: Generation, settings: set[str]
) -> None:
    """Others are reported by some firmware only, or by none."""
    assert SUPPORT[generation].settings == settings
    assert settings < ALL_SETTINGS


async def test_a_snapshot_has_the_support_of_its_generation(
    any_miner: SimulatedMiner,
) -> None:
    """This holds while the miner is stopped, too."""
    generation = generation_of(any_miner.generation)
    reader = reader_of(any_miner)
    for mining in (True, False):
        any_miner.state.mining = mining
        seen = await reader.poll()
        assert seen.generation == generation
        assert seen.support == SUPPORT[generation]


async def test_what_every_firmware_reports_is_reported(
    any_miner: SimulatedMiner,
) -> None:
    """A mining miner has every setting that its generation is said to report."""
    seen = await reader_of(any_miner).poll()
    for name in seen.support.settings - {"power_limit"}:
        assert getattr(seen.settings, name) is not None, name
    assert seen.power_limit is not None
