"""What can be done to the machine: start, stop, reboot, reset, preheat."""

from dataclasses import replace
from typing import Literal, override

from .clock import local_time
from .machine import Machine
from .models import Identity, Model
from .physics import CALIBRATION_SECONDS
from .sensors import read_sensors
from .settings import Settings
from .telemetry import Telemetry

_REBOOT_SECONDS = 90.0
_BOOT_SECONDS = 20.0  # from the network being back to mining starting
_PREHEAT_SECONDS = 20.0  # each of its two stages
_RESUME_SECONDS = 10.0  # from a V3 start to the first hashes

type PreheatStage = Literal[
    "wait for adjust temp", "adjust continue", "adjust complete"
]


class MinerState(Machine):
    """A machine that starts, stops, reboots and forgets as a real one does.

    Everything may be set directly, which acts without the restart that a command would cause.

    Attributes:
        reboot_seconds: how long a reboot keeps the control board away from the network.
        stopped_at: epoch seconds of the last power off, None while mining.
        stop_reason: why it was stopped, as the miner words it.
        faults: error code -> since when, local time as the miner writes it.
        at_stop: the last reading before mining stopped, None while mining.
        process_since: epoch seconds when the mining process began, which a stop and a
            start over V3 leave running.
        paused: whether V3 stopped mining, and nothing has started it since.
        returns_at: epoch seconds when mining comes back after a stop that does not hold.
    """

    def __init__(self, model: Model, identity: Identity, now: float) -> None:
        """Build a machine that has been mining for a day."""
        super().__init__(model, identity, now)
        self.reboot_seconds = _REBOOT_SECONDS
        self.faults: dict[int, str] = {}
        self.stop_reason = ""
        self.stopped_at: float | None = None
        self.at_stop: Telemetry | None = None
        self.process_since = now
        self.paused = False
        self.returns_at: float | None = None
        self._preheat_at: float | None = None
        self.settle()

    def telemetry(self) -> Telemetry:
        """Read every sensor and counter."""
        return read_sensors(self)

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
        self.process_since = self.now
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

    def stop_until(self, reason: str, when: float) -> None:
        """Stop mining for a while, as firmware does on which a stop does not hold."""
        if self.mining:
            self.stop(reason)
            self.returns_at = when

    def pause(self, reason: str) -> None:
        """Stop mining as V3 does: the process goes on, and the stop holds."""
        self.returns_at = None
        self.stop(reason)
        self.paused = True

    def resume(self) -> None:
        """Start mining as V3 does: within seconds, in the process that was running."""
        if not self.mining:
            since = self.process_since
            self._begin(self.now - CALIBRATION_SECONDS + _RESUME_SECONDS)
            self.process_since = since

    def reboot(self) -> None:
        """Take the control board away for a while; mining begins after it."""
        self.booted_at = self.now + self.reboot_seconds
        if self.next_hostname is not None:
            self.hostname, self.next_hostname = self.next_hostname, None
        if self.init_enabled:
            self._begin(self.booted_at + _BOOT_SECONDS)
        else:
            self.stop("")
            self.process_since = self.booted_at + _BOOT_SECONDS

    def factory_reset(self) -> None:
        """Return every setting to the factory's."""
        Settings.__init__(self)  # a dataclass: this assigns every default anew

    def replace_control_board(self, mac: str) -> None:
        """Have another control board, which has the factory's host name."""
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

    def set_boards(self, *, alive: bool) -> None:
        """Let every hashboard work, or none of them, so that a machine that is on hashes nothing."""
        for board in self.boards:
            board.alive = alive

    @property
    def process_elapsed(self) -> float:
        """Seconds since the mining process began, whether it mines or not."""
        return max(0.0, self.now - self.process_since)

    @override
    def run_to(self, now: float) -> None:
        """Let time pass until ``now``, in epoch seconds."""
        if self.returns_at is not None and now >= (back := self.returns_at):
            super().run_to(back)
            self._begin(back)
        super().run_to(now)

    @override
    def _begin(self, when: float, *, recalibrate: bool = False) -> None:
        super()._begin(when, recalibrate=recalibrate)
        self.process_since = when
        self.paused = False
        self.stopped_at = self.at_stop = self._preheat_at = self.returns_at = None
        self.stop_reason = ""
