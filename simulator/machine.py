"""The machine: its boards, and what settings and time make of them."""

from dataclasses import dataclass

from .heat import Conditions, Heat
from .models import Cooling, Identity, Model
from .physics import Glide, Lag, environment, hash_share, limit_in_force, ramp, shares
from .settings import Pool, Settings

FAST_SECONDS = 1.0  # how long set_power_pct takes
NORMAL_SECONDS = 180.0  # how long set_power_pct_v2 takes
_STEP_SECONDS = 10.0
_MOST_STEPS = 1000
_LONG = 1e9
_REJECTED = 0.002
_OFF_POWER = {Cooling.AIR: 13.5, Cooling.IMMERSION: 16.0, Cooling.HYDRO: 21.0}
_BOOT_POWER = 0.075  # of the factory power: boards awake, chips not clocked


@dataclass(slots=True)
class Board:
    """A hashboard. Tests may pull it out or kill it.

    Attributes:
        quality: its share of the hash rate against an even split.
        present: whether it is plugged in; the miner does not list one that is not.
        alive: whether its chips work.
    """

    slot: int
    serial: str
    quality: float
    present: bool = True
    alive: bool = True

    @property
    def works(self) -> bool:
        """Whether it adds to the hash rate."""
        return self.present and self.alive


class Machine(Settings):
    """A machine that warms up, mines and cools down as a real one does.

    Nothing runs in the background: call :meth:`run_to` before reading anything.

    Attributes:
        now: epoch seconds up to which everything is worked out.
        booted_at: epoch seconds; in the future while the control board reboots.
        started_at: epoch seconds when mining started, None while it is off.
        tuning_seconds: how long tuning takes after the last start.
        total: TH (10^12 hashes) since mining started.
        energy: W·s since mining started.
        averages: TH/s over the last minute, 5 and 15 minutes, by their seconds.
    """

    def __init__(self, model: Model, identity: Identity, now: float) -> None:
        """Build a cold machine that is off."""
        super().__init__()
        self.model = model
        self.identity = identity
        self.now = now
        self.boards = [
            Board(slot, serial, quality)
            for slot, (serial, quality) in enumerate(
                zip(identity.boards, identity.quality, strict=True)
            )
        ]
        self.heat = Heat(model, self)
        self.averages = {seconds: Lag(seconds) for seconds in (60, 300, 900)}
        self.booted_at = now
        self.started_at: float | None = None
        self.tuning_seconds = identity.tuning_seconds
        self.energy = 0.0
        self._recalibrate = False
        self._target = 0  # W that were asked for, as far as they are in force
        self._percent = Glide(100.0, 100.0)
        self._forget()

    def settle(self, mined: float = 86_400.0) -> None:
        """Become a machine that has been mining for so many seconds without a change."""
        self.booted_at = self.now - mined - 600 - self.identity.phase
        self._begin(self.now - mined - 0.01)  # never on the full second
        self._follow(_LONG)
        self._work(self.hash_rate * self.elapsed)
        self.energy = self.power * self.elapsed

    # What it is asked to do

    @property
    def percent(self) -> float:
        """The power percent asked for. Setting it acts at once."""
        return self._percent.target

    @percent.setter
    def percent(self, percent: float) -> None:
        self.set_percent(percent, seconds=0.0)

    def set_percent(self, percent: float, seconds: float) -> None:
        """Move to a percent of the tuned power within so many seconds."""
        self._percent = Glide(
            self._percent.at(self.now), percent, begin=self.now, seconds=seconds
        )

    def set_power_target(self, watts: int) -> None:
        """Aim at a power, 0 for none: at once if tuning is over, else at the next start."""
        self.power_target = watts
        if self.tuned:
            self._target = watts

    @property
    def limit(self) -> int:
        """The power limit in W that is in force."""
        return limit_in_force(self.power_limit, self.model.limit, self.power_mode)

    @property
    def tuned_power(self) -> float:
        """The power in W that tuning aims at, before any percent."""
        scale = self.limit / self.model.limit * (1 + self.target_freq / 100)
        power = self.model.power * scale
        return min(power, self._target) if self._target else power

    @property
    def pool(self) -> Pool | None:
        """The pool it mines on: the first that is set and answers."""
        return next((pool for pool in self.pools if pool.url and pool.alive), None)

    # What it does

    @property
    def away(self) -> bool:
        """Whether the control board is rebooting."""
        return self.now < self.booted_at

    @property
    def elapsed(self) -> float:
        """Seconds since mining started, 0 while stopped."""
        return 0.0 if self.started_at is None else max(0.0, self.now - self.started_at)

    @property
    def tuned(self) -> bool:
        """Whether the frequencies have been found since the start."""
        return self.started_at is not None and self.elapsed >= self.tuning_seconds

    @property
    def recalibrating(self) -> bool:
        """Whether a restart has not yet come to clock the chips."""
        return self._recalibrate and ramp(self.elapsed, self.tuning_seconds) == 0

    @property
    def climb(self) -> float:
        """The share of the aimed-at hash rate that tuning has reached, 0..1."""
        if self.started_at is None or self.pool is None:
            return 0.0
        return ramp(self.elapsed, self.tuning_seconds)

    @property
    def working(self) -> float:
        """The share of the boards that work."""
        working = sum(board.quality for board in self.boards if board.works)
        return working / len(self.boards)

    @property
    def hash_rate(self) -> float:
        """TH/s at this moment."""
        return self._chip_rate * self.working

    @property
    def hash_average(self) -> float:
        """TH/s since mining started."""
        return self.total / self.elapsed if self.elapsed else 0.0

    @property
    def frequency(self) -> float:
        """MHz, averaged over the boards that work."""
        share = self._chip_rate / self.model.hash_rate if self.working else 0.0
        return self.model.frequency * share

    @property
    def power(self) -> float:
        """W at the wall at this moment."""
        if self.started_at is None or self.now < self.started_at:
            return _OFF_POWER[self.model.cooling]
        aim = self.tuned_power * self._percent.at(self.now) / 100
        return max(self.model.power * _BOOT_POWER, aim * self.climb * self.working)

    @property
    def load(self) -> float:
        """Power as a share of the factory's."""
        return self.power / self.model.power

    @property
    def coolant(self) -> float:
        """Degrees C of the liquid, or of the room's air."""
        if self.model.cooling is Cooling.AIR:
            return environment(self.now)
        return 38.0 + 7.5 * self.load

    # What time does

    def run_to(self, now: float) -> None:
        """Let time pass until ``now``, in epoch seconds."""
        step = max(_STEP_SECONDS, (now - self.now) / _MOST_STEPS)
        while self.now < now:
            seconds = min(step, now - self.now)
            self.now += seconds
            self._follow(seconds)
            self._work(self.hash_rate * seconds)
            self.energy += self.power * seconds

    def _begin(self, when: float, *, recalibrate: bool = False) -> None:
        """Start mining at a time, with tuning."""
        self.started_at = when
        speed_up = (0.35 if self.fast_boot else 1.0) * (1 - 0.05 * self.upfreq_speed)
        self.tuning_seconds = self.identity.tuning_seconds * speed_up
        self._recalibrate = recalibrate
        self._target = self.power_target
        self.energy = 0.0
        self._forget()

    def _forget(self) -> None:
        """Clear what the mining process keeps: counters, averages, the percent."""
        self._percent = Glide(100.0, 100.0)
        self.total = self._found = 0.0
        for average in self.averages.values():
            average.value = 0.0
        for pool in self.pools:
            pool.accepted = pool.rejected = 0

    def _follow(self, seconds: float) -> None:
        """Let averages and temperatures follow what the machine does."""
        for average in self.averages.values():
            average.follow(self.hash_rate, seconds)
        conditions = Conditions(
            coolant=self.coolant,
            load=self.load,
            hashing=self.climb > 0,
            mining=self.started_at is not None,
        )
        self.heat.follow(conditions, seconds)

    def _work(self, hashes: float) -> None:
        """Count so many TH of work and the shares found in it."""
        self.total += hashes
        before, self._found = self._found, self._found + shares(hashes)
        pool = self.pool
        if pool is None or int(self._found) == int(before):
            return
        rejected = int(self._found * _REJECTED) - int(before * _REJECTED)
        pool.rejected += rejected
        pool.accepted += int(self._found) - int(before) - rejected
        pool.last_share = self.now

    @property
    def _chip_rate(self) -> float:
        """TH/s if all boards worked."""
        share = self.tuned_power / self.model.power * self._percent.at(self.now) / 100
        return self.model.hash_rate * hash_share(share) * self.climb
