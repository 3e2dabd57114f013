"""Capabilities of a miner: what it reports and accepts, as sets of names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Self

from .commands import AIR_ONLY, LIQUID_ONLY
from .cooling import Cooling
from .limits import Limits
from .readings import ReportedSettings, Support
from .snapshot import Snapshot


def _first(values: Iterable[object]) -> object:
    return next((value for value in values if value is not None), None)


def _of_boards(name: str) -> Callable[[Snapshot], object]:
    """Return a function that gets a reading of a hashboard, unless it is 0."""
    return lambda snapshot: _first(
        getattr(board, name) or None for board in snapshot.boards
    )


# Readings that only some miners with the same firmware report, each with the function that gets
# it. Those of hashboards begin with `board_`. Some firmware always reports some of them, or only 0.
OPTIONAL: Final[Mapping[str, Callable[[Snapshot], object]]] = {
    **{
        f"board_{name}": _of_boards(name)
        for name in (
            "accepted_shares",
            "chip_temperature",
            "chip_temperature_max",
            "chip_temperature_min",
            "rejected_shares",
        )
    },
    "board_voltage_difference": lambda snapshot: _first(
        board.voltage_difference for board in snapshot.boards
    ),
    "coolant_temperature": lambda snapshot: snapshot.coolant_temperature,
    "environment_temperature": (
        lambda snapshot: snapshot.performance.environment_temperature or None
    ),
    "hash_deviation": lambda snapshot: snapshot.performance.hash_deviation or None,
    "pool_difficulty": lambda snapshot: _first(
        pool.difficulty for pool in snapshot.pools
    ),
    # A power supply that is cooled by liquid always reports 0 rpm.
    "psu_fan_speed": lambda snapshot: snapshot.psu_fan_speed or None,
    # Some power supplies always report 0 A, because they do not measure it.
    "psu_input_current": lambda snapshot: snapshot.psu_input_current or None,
    "psu_input_power": lambda snapshot: snapshot.power_supply.input_power,
    "psu_input_voltage": lambda snapshot: snapshot.psu_input_voltage,
    "psu_temperature": lambda snapshot: snapshot.power_supply.temperature,
    "stop_reason": lambda snapshot: snapshot.stop_reason,
    "target_frequency": lambda snapshot: snapshot.performance.target_frequency,
}
# Readings that depend on the firmware only (see `Support`).
BY_FIRMWARE: Final = frozenset(
    {
        "accepted_shares",
        "board_accepted_shares",
        "board_chip_temperature",
        "board_chip_temperature_max",
        "board_chip_temperature_min",
        "board_effective_chips",
        "board_frequency",
        "board_hash_rate",
        "board_rejected_shares",
        "board_temperature",
        "booted",
        "chip_temperature",
        "chip_temperature_max",
        "chip_temperature_min",
        "efficiency",
        "environment_temperature",
        "factory_hash_rate",
        "fan_speed_in",
        "fan_speed_out",
        "faults",
        "frequency",
        "hash_deviation",
        "hash_rate",
        "hash_rate_15m",
        "hash_rate_1m",
        "hash_rate_average",
        "last_share",
        "mining_since",
        "pool",
        "pool_rejection",
        "power",
        "rejected_shares",
        "stop_reason",
        "target_frequency",
        "target_hash_rate",
        "worker",
    }
)
SETTINGS: Final = tuple(item.name for item in fields(ReportedSettings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a miner can report and accept, also at times when it reports less.

    `support` is what its firmware always does. `readings` and `settings` are what this miner
    reports beyond that. `cooling` is the strongest evidence of what cools the miner, and
    `liquid_cooled` what follows from it, as long as there is no stronger evidence.
    """

    support: Support = field(default_factory=Support)
    cooling: Cooling = field(default=Cooling.UNKNOWN, compare=False)
    liquid_cooled: bool = False
    readings: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the capabilities that a snapshot shows."""
        readings = {
            name for name, read in OPTIONAL.items() if read(snapshot) is not None
        }
        settings = {
            name for name in SETTINGS if getattr(snapshot.settings, name) is not None
        }
        return cls(
            support=snapshot.support,
            cooling=snapshot.cooling,
            liquid_cooled=snapshot.liquid_cooled,
            readings=frozenset(readings - snapshot.support.readings),
            settings=frozenset(settings - snapshot.support.settings),
        )

    def joined(self, other: Self) -> Self:
        """Return what either of the two reports, with the firmware of this one."""
        cooling = self.cooling.or_stronger(other.cooling)
        return replace(
            self,
            cooling=cooling,
            liquid_cooled=cooling.is_liquid,
            readings=(self.readings | other.readings) - self.support.readings,
            settings=(self.settings | other.settings) - self.support.settings,
        )

    @property
    def limits(self) -> Limits:
        """Return the bounds of the values that the firmware takes."""
        return self.support.limits

    @property
    def air_cooled(self) -> bool:
        """Return whether fans cool the miner."""
        return not self.liquid_cooled

    def reports(self, reading: str) -> bool:
        """Return whether the miner reports a reading."""
        return reading in self.support.readings or reading in self.readings

    def reports_setting(self, setting: str) -> bool:
        """Return whether the miner reports a setting, so that it need not be assumed."""
        return setting in self.support.settings or setting in self.settings

    def accepts(self, command: str) -> bool:
        """Return whether the firmware has a command and the cooling suits it."""
        unsuitable = AIR_ONLY if self.liquid_cooled else LIQUID_ONLY
        return command in self.support.commands - unsuitable
