"""The control board, on which firmware and commands work."""

from dataclasses import dataclass, replace
from enum import StrEnum

from .access import Access
from .clock import Clock
from .quirks import Quirk
from .state import MinerState
from .storage import Storage
from .telemetry import Telemetry


class Generation(StrEnum):
    """The generations of firmware. V3 speaks the dialect of COMPAT on port 4028 as well."""

    V1 = "v1"
    V2 = "v2"
    COMPAT = "compat"
    V3 = "v3"


@dataclass(slots=True, kw_only=True)
class Device:
    """A control board: the machine, who may write to it, and how odd its firmware is.

    Attributes:
        host: the address that DHCP gives it, where clients reach it unless a static one was
            set.
    """

    generation: Generation
    clock: Clock
    state: MinerState
    access: Access
    storage: Storage
    host: str
    quirks: frozenset[Quirk]

    def catch_up(self) -> None:
        """Bring the machine up to the present."""
        self.state.run_to(self.clock.now())

    def telemetry(self) -> Telemetry:
        """Read the sensors; some firmware goes on with the last values after a stop."""
        if Quirk.STALE_SUMMARY in self.quirks and self.state.at_stop is not None:
            reading = self.state.at_stop
        else:
            reading = self.state.telemetry()
        if self.generation is Generation.V3:
            return replace(reading, elapsed=self.state.process_elapsed)
        return reading
