"""The machine: its settings, its boards, and what time does to it."""

from dataclasses import dataclass, replace
from typing import Literal

from .clock import local_time
from .heat import Conditions, Heat
from .models import Cooling, Identity, Model
from .physics import Glide, Lag, environment, hash_share, limit_in_force, ramp, shares
from .sensors import read_sensors
from .settings import Pool, Settings
from .telemetry import Telemetry

FAST_SECONDS = 1.0  # how long set_power_pct takes
NORMAL_SECONDS = 180.0  # how long set_power_pct_v2 takes
_REBOOT_SECONDS = 90.0
_BOOT_SECONDS = 20.0  # from the network being back to mining starting
_PREHEAT_SECONDS = 20.0  # each of its two stages
_STEP_SECONDS = 10.0
_MOST_STEPS = 1000
_LONG = 1e9
_REJECTED = 0.002
_OFF_POWER = {Cooling.AIR: 13.5, Cooling.IMMERSION: 16.0, Cooling.HYDRO: 21.0}
_BOOT_POWER = 0.075  # of the factory power: boards awake, chips not clocked

type PreheatStage = Literal[
    "wait for adjust temp", "adjust continue", "adjust complete"
]


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


class MinerState(Settings):
    """A machine that warms up, mines, cools down and forgets as a real one does.

    Nothing runs in the background: whoever looks calls :meth:`run_to` first. Everything
    may be set directly, which acts without the restart that a command would cause.

    Attributes:
        now: epoch seconds up to which everything is worked out.
        reboot_seconds: how long a reboot keeps the control board away from the network.
        booted_at: epoch seconds; in the future while the control board reboots.
        started_at: epoch seconds when mining started, None while it is off.
        stopped_at: epoch seconds of the last power off, None while mining.
        stop_reason: why it was stopped, as the miner words it.
        tuning_seconds: how long tuning takes after the last start.
        faults: error code -> since when, local time as the miner writes it.
        at_stop: the last reading before mining stopped, None while mining.
        total: TH (10^12 hashes) since mining started.
        averages: TH/s over the last minute, 5 and 15 minutes, by their seconds.
    """

    def __init__(self, model: Model, identity: Identity, now: float) -> None:
        """Build a machine that has been mining for a day."""
        super().__init__()
        self.model = model
        self.identity = identity
        self.now = now
        self.reboot_seconds = _REBOOT_SECONDS
        self.faults: dict[int, str] = {}
        self.boards = [
            Board(slot, serial, quality)
            for slot, (serial, quality) in enumerate(
                zip(identity.boards, identity.quality, strict=True)
            )
        ]
        self.heat = Heat(model, self)
        self.averages = {seconds: Lag(seconds) for seconds in (60, 300, 900)}
        self.stop_reason = ""
        self.stopped_at: float | None = None
        self.started_at: float | None = None
        self.at_stop: Telemetry | None = None
        self._percent = Glide(100.0, 100.0)
        self._preheat_at: float | None = None
        self.settle()

    def settle(self, mined: float = 86_400.0) -> None:
        """Become a machine that has been mining for so many seconds without a change."""
        self.booted_at = self.now - mined - 600 - self.identity.phase
        self._begin(self.now - mined - 0.01)  # never on the full second
        self._follow(_LONG)
        self._work(self.hash_rate * self.elapsed)

    # What switches it on and off

    @property
    def mining(self) -> bool:
        """Whether mining is switched on. Setting it starts or stops the machine."""
        return self.started_at is not None

    @mining.setter
    def mining(self, mining: bool) -> None:
        if not mining:
            self.stop("")
        elif not self.mining:
            self._begin(self.now)

    def restart(self) -> None:
        """Start mining again, with a recalibration; a stopped machine stays stopped."""
        if self.mining:
            self._begin(self.now, recalibrate=True)

    def stop(self, reason: str) -> None:
        """Stop mining; stopping twice keeps the first reason and time."""
        if not self.mining:
            return
        self.at_stop = self.telemetry()
        self.started_at = None
        self.stopped_at = self.now
        self.stop_reason = reason
        self._forget()

    def reboot(self) -> None:
        """Take the control board away for a while; mining begins after it."""
        self.booted_at = self.now + self.reboot_seconds
        if self.next_hostname is not None:
            self.hostname, self.next_hostname = self.next_hostname, None
        if self.init_enabled:
            self._begin(self.booted_at + _BOOT_SECONDS)
        else:
            self.stop("")

    def factory_reset(self) -> None:
        """Return every setting to the factory's."""
        super().__init__()  # a dataclass: this assigns every default anew

    def replace_control_board(self, mac: str) -> None:
        """Have another control board, whose name nobody has chosen yet."""
        self.identity = replace(self.identity, mac=mac)
        self.hostname, self.next_hostname = Settings.hostname, None

    def preheat(self) -> PreheatStage:
        """Begin or go on preparing a stopped machine for its next start."""
        if self._preheat_at is None:
            self._preheat_at = self.now
        elapsed = self.now - self._preheat_at
        if elapsed < _PREHEAT_SECONDS:
            return "wait for adjust temp"
        return (
            "adjust continue" if elapsed < 2 * _PREHEAT_SECONDS else "adjust complete"
        )

    def fail(self, code: int) -> None:
        """Report a fault from now on; take it out of ``faults`` to end it."""
        self.faults[code] = local_time(self.now)

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

    @property
    def limit(self) -> int:
        """The power limit in W that is in force."""
        return limit_in_force(self.power_limit, self.model.limit, self.power_mode)

    @property
    def tuned_power(self) -> float:
        """The power in W that tuning aims at, before any percent."""
        scale = self.limit / self.model.limit * (1 + self.target_freq / 100)
        return self.model.power * scale

    @property
    def pool(self) -> Pool | None:
        """The pool it mines on: the first that is set and answers."""
        return next((pool for pool in self.pools if pool.url and pool.alive), None)

    # What comes of it

    def telemetry(self) -> Telemetry:
        """Read every sensor and counter."""
        return read_sensors(self)

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
        return self.mining and self.elapsed >= self.tuning_seconds

    @property
    def recalibrating(self) -> bool:
        """Whether a restart has not yet come to clock the chips."""
        return self._recalibrate and ramp(self.elapsed, self.tuning_seconds) == 0

    @property
    def climb(self) -> float:
        """The share of the aimed-at hash rate that tuning has reached, 0..1."""
        if not self.mining or self.pool is None:
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

    def _begin(self, when: float, *, recalibrate: bool = False) -> None:
        self.started_at = when
        self.stopped_at = self.at_stop = self._preheat_at = None
        self.stop_reason = ""
        speed_up = (0.35 if self.fast_boot else 1.0) * (1 - 0.05 * self.upfreq_speed)
        self.tuning_seconds = self.identity.tuning_seconds * speed_up
        self._recalibrate = recalibrate
        self._forget()

    def _forget(self) -> None:
        """Lose what lives in the mining process: counters, averages, the percent."""
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
            mining=self.mining,
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
