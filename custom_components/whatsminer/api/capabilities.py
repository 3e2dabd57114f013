"""What a firmware generation reports and accepts, decided once from its first snapshot."""

from dataclasses import dataclass
from typing import Final, Self

from .snapshot import Generation, Snapshot

# Written after V1 (V1.3.8 is its last document).
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
# Left out of the document of V2.2.
_GONE_IN_COMPAT: Final = frozenset({"pre_power_on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be expected of a miner, whatever it reports at the moment."""

    generation: Generation
    liquid_cooled: bool
    reports_power_percent: bool

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Decide from a snapshot."""
        return cls(
            generation=snapshot.generation,
            liquid_cooled=snapshot.liquid_cooled,
            reports_power_percent=snapshot.status.power_percent is not None,
        )

    def knows_more_than(self, other: Self) -> bool:
        """Tell whether a first snapshot told less than there is, as that of a booting miner."""
        return (
            self.generation is not other.generation
            or (self.liquid_cooled and not other.liquid_cooled)
            or (self.reports_power_percent and not other.reports_power_percent)
        )

    @property
    def has_fans(self) -> bool:
        """Whether air does the cooling."""
        return not self.liquid_cooled

    @property
    def reports_environment(self) -> bool:
        """Whether the summary has the environment temperature."""
        return self.generation is not Generation.V1

    @property
    def reports_fast_boot(self) -> bool:
        """Whether the summary has the fast boot setting."""
        return self.generation is not Generation.V1

    def accepts(self, command: str) -> bool:
        """Whether the vendor's document for this generation has the command."""
        if self.liquid_cooled and command in _AIR_ONLY:
            return False
        if self.generation is Generation.V1:
            return command not in _NEWER_THAN_V1
        return not (self.generation is Generation.COMPAT and command in _GONE_IN_COMPAT)
