"""Small laws that the simulated machine obeys."""

from dataclasses import dataclass
import math

# The share of the factory power and hash rate that a power mode aims at.
MODE_POWER = {"low": 0.8, "normal": 1.0, "high": 1.2}

CALIBRATION_SECONDS = 60.0  # after a start: no hash rate, chips not yet clocked
_LOWEST_LIMIT = 0.4  # of the factory's limit; the firmware ignores anything below it
_RAMP_FLOOR = 0.35  # of the hash rate, right after calibration
SHARE_DIFFICULTY = 262_144
_HASHES_PER_SHARE_TH = SHARE_DIFFICULTY * 2**32 / 1e12


@dataclass(slots=True)
class Lag:
    """A value that follows its target with a time constant, like anything with mass."""

    seconds: float
    value: float = 0.0

    def follow(self, target: float, elapsed: float) -> None:
        """Let ``elapsed`` seconds pass."""
        self.value += (target - self.value) * -math.expm1(-elapsed / self.seconds)


@dataclass(frozen=True, slots=True)
class Glide:
    """A straight move from one value to another.

    Attributes:
        begin: epoch seconds.
        seconds: how long the move takes.
    """

    origin: float
    target: float
    begin: float = 0.0
    seconds: float = 0.0

    def at(self, now: float) -> float:
        """Return the value at a time in epoch seconds."""
        if now >= self.begin + self.seconds:
            return self.target
        share = max(0.0, now - self.begin) / self.seconds
        return self.origin + (self.target - self.origin) * share


def limit_in_force(requested: int | None, factory: int, mode: str) -> int:
    """Return the power limit in W that takes effect.

    The machine takes any number but never exceeds what its power mode allows, and
    ignores what it cannot be tuned down to.
    """
    ceiling = round(factory * MODE_POWER[mode])
    if requested is None or requested < factory * _LOWEST_LIMIT:
        return ceiling
    return min(requested, ceiling)


def hash_share(power_share: float) -> float:
    """Return the hash rate for a share of the factory power: less power mines better."""
    return power_share**0.85 if power_share > 0 else 0.0


def ramp(elapsed: float, tuning_seconds: float) -> float:
    """Return the share of the aimed-at hash rate, ``elapsed`` seconds after a start."""
    if elapsed < CALIBRATION_SECONDS:
        return 0.0
    progress = (elapsed - CALIBRATION_SECONDS) / (tuning_seconds - CALIBRATION_SECONDS)
    return min(1.0, _RAMP_FLOOR + (1 - _RAMP_FLOOR) * progress)


def shares(hashes: float) -> float:
    """Return how many shares so many TH of work find."""
    return hashes / _HASHES_PER_SHARE_TH


def wobble(now: float, phase: float) -> float:
    """Return a small steady movement in -1..1, the same for the same time and phase."""
    return 0.6 * math.sin(now / 41 + phase) + 0.4 * math.sin(now / 13 + phase * 1.7)


def environment(now: float) -> float:
    """Return the air temperature of the room in degrees C, warmest in the afternoon."""
    return 27.0 + 3.0 * math.sin((now % 86_400) / 86_400 * math.tau - 2.0)
