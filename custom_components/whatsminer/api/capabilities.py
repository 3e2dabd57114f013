"""Capabilities of a miner: what its firmware reports and accepts, decided from a snapshot."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from .readings import Generation
from .snapshot import Snapshot

# Commands that the last document of V1 (V1.3.8) does not have.
_NEWER_THAN_V1: Final = frozenset(
    {
        "adjust_power_limit",
        "adjust_upfreq_speed",
        "set_fan_zero_speed",
        "set_poweroff_cool",
        "set_temp_offset",
    }
)
_AIR_ONLY: Final = frozenset(
    {"set_fan_zero_speed", "set_poweroff_cool", "set_temp_offset"}
)
# Commands that the document of V2.2 no longer has.
_GONE_IN_V2_2: Final = frozenset({"pre_power_on"})


# Readings that only some firmware of a generation reports, each with the function that gets it.
OPTIONAL: Final[Mapping[str, Callable[[Snapshot], object]]] = {
    "board_voltage_difference": lambda snapshot: _first(
        board.voltage_difference for board in snapshot.boards
    ),
    "coolant_temperature": lambda snapshot: snapshot.status.coolant_temperature,
    "pool_difficulty": lambda snapshot: _first(
        pool.difficulty for pool in snapshot.pools
    ),
    "power_percent": lambda snapshot: snapshot.status.power_percent,
    # A power supply that is cooled by liquid always reports 0 rpm.
    "psu_fan_speed": lambda snapshot: snapshot.psu_fan_speed or None,
    "psu_input_current": lambda snapshot: snapshot.psu.input_current,
    "psu_input_power": lambda snapshot: snapshot.psu.input_power,
    "psu_input_voltage": lambda snapshot: snapshot.psu.input_voltage,
    "psu_temperature": lambda snapshot: snapshot.psu.temperature,
    "target_frequency_percent": lambda snapshot: (
        snapshot.status.target_frequency_percent
    ),
    "upfreq_speed": lambda snapshot: snapshot.info.upfreq_speed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a miner can report and accept, also at times when it reports less.

    `reports` has the keys of `OPTIONAL` for the readings that this miner has.
    """

    generation: Generation
    liquid_cooled: bool = False
    reports: frozenset[str] = frozenset()

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the capabilities that a snapshot shows."""
        return cls(
            generation=snapshot.generation,
            liquid_cooled=snapshot.liquid_cooled,
            reports=frozenset(
                name for name, read in OPTIONAL.items() if read(snapshot) is not None
            ),
        )

    def joined(self, other: Self) -> Self:
        """Return the capabilities that either of the two has, with the generation of this one."""
        return replace(
            self,
            liquid_cooled=self.liquid_cooled or other.liquid_cooled,
            reports=self.reports | other.reports,
        )

    @property
    def air_cooled(self) -> bool:
        """Return whether fans cool the miner."""
        return not self.liquid_cooled

    @property
    def is_v1(self) -> bool:
        """Return whether the miner speaks V1, which reports and accepts the least."""
        return self.generation is Generation.V1

    @property
    def is_v2_2(self) -> bool:
        """Return whether the miner speaks V2.2, which reports less than V2.0.x."""
        return self.generation is Generation.V2_2

    def accepts(self, command: str) -> bool:
        """Return whether the generation's document has the command and the cooling suits it."""
        if self.liquid_cooled and command in _AIR_ONLY:
            return False
        if self.generation is Generation.V1:
            return command not in _NEWER_THAN_V1
        return not (self.generation is Generation.V2_2 and command in _GONE_IN_V2_2)


def _first(values: Iterable[object]) -> object:
    return next((value for value in values if value is not None), None)
