"""Miners that do what a plan wants of them, and a clock that can be set back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from custom_components.whatsminer.site.decision import Plan, PlanMiner, Reason, Why

from . import NOW

ZERO: Final = timedelta(0)


@dataclass(kw_only=True)
class Machine:
    """One miner; `passed` times are those since the world began, whatever the clock says.

    Attributes:
        full: W at 100 percent, also while it tunes.
        tuning: for how long it tunes after a start.
        alone: why the plan has no say in it.
        alone_until: in passed time.
        deaf: whether commands have no effect on it.
    """

    id: str
    full: float = 3000.0
    efficiency: float | None = 25.0
    takes_percent: bool = True
    tuning: timedelta = timedelta(minutes=10)
    power_is_known: bool = True
    break_even: float | None = None
    on: bool = True
    percent: int = 100
    started: timedelta | None = None
    switched: timedelta | None = None
    switched_at: datetime | None = None
    raised: timedelta | None = None
    raised_at: datetime | None = None
    is_lowered: bool = False
    was_allowed: bool | None = None
    alone: Reason | None = None
    alone_until: timedelta = ZERO
    deaf: bool = False

    def is_tuned(self, passed: timedelta) -> bool:
        """Return whether it is on, and has tuned since its last start."""
        return self.on and (
            self.started is None or passed - self.started >= self.tuning
        )

    def draw(self, passed: timedelta) -> float:
        """Return the W that it takes."""
        part = self.percent / 100 if self.is_tuned(passed) else 1.0
        return self.full * part if self.on else 0.0


# What was done at a moment: `on`, `off` or a percent, by the ids of the miners.
type Commands = Mapping[str, tuple[str | int, ...]]


@dataclass
class World:
    """Some miners at a moment."""

    machines: list[Machine]
    passed: timedelta = ZERO
    set_back: timedelta = ZERO
    switches: int = 0
    starts: int = 0
    percents: int = 0
    by_id: dict[str, Machine] = field(init=False)

    def __post_init__(self) -> None:
        """Find them by their ids."""
        self.by_id = {machine.id: machine for machine in self.machines}

    @property
    def clock(self) -> datetime:
        """What a clock shows."""
        return NOW + self.passed - self.set_back

    def advance(self, by: timedelta) -> None:
        """Let time pass, after which a person's hand may be over."""
        self.passed += by
        for machine in self.machines:
            if machine.alone and self.passed >= machine.alone_until:
                machine.alone = None

    def seen(self) -> list[PlanMiner]:
        """Return what a plan knows of the miners."""
        return [self._seen(machine) for machine in self.machines]

    def _seen(self, machine: Machine) -> PlanMiner:
        return PlanMiner(
            id=machine.id,
            left_alone=Why(machine.alone) if machine.alone else None,
            on=machine.on,
            tuned=machine.is_tuned(self.passed),
            takes_percent=machine.takes_percent,
            percent=machine.percent,
            is_lowered=machine.is_lowered,
            full=machine.full if machine.power_is_known else None,
            draw=machine.draw(self.passed),
            efficiency=machine.efficiency,
            break_even_price=machine.break_even,
            switched_at=machine.switched_at,
            raised_at=machine.raised_at,
            was_allowed=machine.was_allowed,
        )

    def carry_out(self, plan: Plan) -> Commands:
        """Do what a plan wants, and return what had to be done."""
        for decision in plan.decisions:
            self.by_id[decision.miner].was_allowed = decision.allowed
        return self.command(
            (decision.miner, decision.on, decision.percent)
            for decision in plan.decisions
        )

    def command(
        self, wishes: Iterable[tuple[str, bool | None, int | None]]
    ) -> Commands:
        """Carry out wishes, and return what had to be done."""
        done: dict[str, tuple[str | int, ...]] = {}
        for miner, on, percent in wishes:
            machine = self.by_id[miner]
            if on is not None and on is not machine.on:
                done[miner] = ("on" if on else "off",)
                if not machine.deaf:
                    self.switch(machine, on)
            if percent is not None and percent != machine.percent:
                done[miner] = (*done.get(miner, ()), percent)
                if not machine.deaf:
                    self._set(machine, percent)
        return done

    def switch(self, machine: Machine, on: bool) -> None:
        """Switch a miner, as the plan or a person does; a start is at full power."""
        self.switches += 1
        machine.on = on
        machine.switched, machine.switched_at = self.passed, self.clock
        if on:
            self.starts += 1
            machine.started = self.passed
            machine.percent, machine.is_lowered = 100, False

    def _set(self, machine: Machine, percent: int) -> None:
        self.percents += 1
        if percent > machine.percent:
            machine.raised, machine.raised_at = self.passed, self.clock
        machine.percent, machine.is_lowered = percent, percent < 100

    @property
    def watts(self) -> float:
        """What all of them take."""
        return sum(machine.draw(self.passed) for machine in self.machines)
