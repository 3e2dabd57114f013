"""Capabilities of a miner: what it reports and accepts, as sets of names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Self

from .commands import AIR_ONLY
from .readings import ReportedSettings, Support
from .snapshot import Snapshot

# Readings that only some miners with the same firmware report, each with the function that gets
# it. Those of hashboards begin with `board_`.
OPTIONAL: Final[Mapping[str, Callable[[Snapshot], object]]] = {
    "board_voltage_difference": lambda snapshot: _first(
        board.voltage_difference for board in snapshot.boards
    ),
    "coolant_temperature": lambda snapshot: snapshot.coolant_temperature,
    "pool_difficulty": lambda snapshot: _first(
        pool.difficulty for pool in snapshot.pools
    ),
    # A power supply that is cooled by liquid always reports 0 rpm.
    "psu_fan_speed": lambda snapshot: snapshot.psu_fan_speed or None,
    "psu_input_current": lambda snapshot: snapshot.power_supply.input_current,
    "psu_input_power": lambda snapshot: snapshot.power_supply.input_power,
    "psu_input_voltage": lambda snapshot: snapshot.power_supply.input_voltage,
    "psu_temperature": lambda snapshot: snapshot.power_supply.temperature,
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
    reports beyond that.
    """

    support: Support = field(default_factory=Support)
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
            liquid_cooled=snapshot.liquid_cooled,
            readings=frozenset(readings - snapshot.support.readings),
            settings=frozenset(settings - snapshot.support.settings),
        )

    def joined(self, other: Self) -> Self:
        """Return what either of the two reports, with the firmware of this one."""
        return replace(
            self,
            liquid_cooled=self.liquid_cooled or other.liquid_cooled,
            readings=(self.readings | other.readings) - self.support.readings,
            settings=(self.settings | other.settings) - self.support.settings,
        )

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
        return command in self.support.commands and (
            self.air_cooled or command not in AIR_ONLY
        )


def _first(values: Iterable[object]) -> object:
    return next((value for value in values if value is not None), None)
