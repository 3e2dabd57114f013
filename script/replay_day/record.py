"""What the simulated miners did on the day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
import json
from pathlib import Path
from typing import Any, Self


class Phase(StrEnum):
    """What a miner does, as the picture shows it."""

    MINING = "mining"
    TUNING = "tuning"
    LESS = "less power"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A command that reached a miner.

    Attributes:
        at: seconds from midnight when it was seen, up to a step after it came.
        command: its name, and the percent if it has one.
    """

    at: float
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerDay:
    """The day of one miner. All but `sensor_…` is from the simulated miner itself.

    Attributes:
        by: ``power off`` or ``less power``: what the automation does to it.
        full_power: W that it draws when nothing is done to it.
        watts: what it drew, from midnight to midnight, both ends included.
        phases: what it did at the same moments.
        told: the commands that reached it.
        starts: how often mining started.
        sensor_kwh: the energy that the integration's sensor counted.
        sensor_restarts: the restarts that the integration counted.
    """

    name: str
    by: str
    full_power: float
    watts: Sequence[float]
    phases: Sequence[Phase]
    told: Sequence[Told]
    starts: int
    sensor_kwh: float
    sensor_restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The day of all miners.

    Attributes:
        step: seconds between two looks at the miners.
        seconds: how long it took, in real time.
        complaints: warnings and errors in Home Assistant's log that are about us.
    """

    step: float
    miners: Sequence[MinerDay]
    seconds: float
    complaints: Sequence[str]

    def save(self, path: Path) -> None:
        """Write it down."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what was written."""
        kept = json.loads(path.read_text())
        return cls(**{**kept, "miners": [_miner(each) for each in kept["miners"]]})


def _miner(kept: Mapping[str, Any]) -> MinerDay:
    return MinerDay(
        **{
            **kept,
            "phases": [Phase(phase) for phase in kept["phases"]],
            "told": [Told(**told) for told in kept["told"]],
        }
    )
