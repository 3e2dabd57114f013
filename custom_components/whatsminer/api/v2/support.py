"""What each generation of firmware reports and accepts."""

from collections.abc import Mapping
from typing import Final

from ..capabilities import BY_FIRMWARE
from ..readings import Support
from .commands import LIMITS, commands_of
from .fields import INFO_SETTINGS
from .generations import Generation

# What a generation does not report, or reports only 0 in.
_MISSING: Final[Mapping[Generation, set[str]]] = {
    Generation.V1: {"environment_temperature", "stop_reason"},
    Generation.V2: set(),
    Generation.V2_2: {
        "board_accepted_shares",
        "board_chip_temperature",
        "board_chip_temperature_max",
        "board_chip_temperature_min",
        "board_rejected_shares",
        "hash_deviation",
        "target_frequency",
    },
}
_EVERY_FIRMWARE: Final = {"mining", "power_limit", "power_mode"}
_SETTINGS: Final = {
    Generation.V1: _EVERY_FIRMWARE,
    Generation.V2: _EVERY_FIRMWARE | {"fast_boot"},
    Generation.V2_2: _EVERY_FIRMWARE | {"fast_boot"},
}

SUPPORT: Final[Mapping[Generation, Support]] = {
    generation: Support(
        readings=BY_FIRMWARE - _MISSING[generation],
        settings=frozenset(_SETTINGS[generation]),
        slow_settings=INFO_SETTINGS.names,
        commands=commands_of(generation),
        limits=LIMITS,
        infers_mining=generation is Generation.V1,
    )
    for generation in Generation
}
