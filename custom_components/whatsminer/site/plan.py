"""The plan of a site: what each of its miners is to do now, and why.

It is pure: the same miners, inputs, options and time give the same decisions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
import math
from typing import Final

from .budget_rule import Budget, Claim, budget_now, claim_of, percent_of, share_out
from .decision import Decision, Inputs, Plan, PlanMiner, PlanState, Reason, Why
from .plan_options import PlanOptions, StopBy
from .price_rule import Verdict, price_verdict
from .time_rule import locked_until

_FULL: Final = 100

_BY_HAND: Final = frozenset(
    {Reason.MANUAL, Reason.MANUAL_AUTOMATION, Reason.MANUAL_OUTSIDE, Reason.HELD}
)
# Why a plan has no say in a miner.
_LEFT_ALONE: Final = _BY_HAND | {
    Reason.MINING_UNKNOWN,
    Reason.NOT_LOADED,
    Reason.NO_PASSWORD,
    Reason.OTHER_SITE,
    Reason.UNREACHABLE,
    Reason.UPDATING,
}
# What a reason makes of the state of the plan, the most important first.
_STATES: Final[tuple[tuple[PlanState, frozenset[Reason]], ...]] = (
    (
        PlanState.INPUT_UNKNOWN,
        frozenset(
            {
                Reason.PRICE_UNKNOWN,
                Reason.PRICE_UNKNOWN_MINE,
                Reason.PRICE_UNKNOWN_STOP,
                Reason.BUDGET_NOT_SET,
                Reason.BUDGET_UNKNOWN,
                Reason.BUDGET_UNKNOWN_MINE,
                Reason.BUDGET_UNKNOWN_STOP,
                Reason.NO_BREAK_EVEN,
                Reason.NO_LIMIT_SET,
            }
        ),
    ),
    (
        PlanState.MINIMUM_TIMES,
        frozenset({Reason.MINIMUM_ON, Reason.MINIMUM_OFF, Reason.TUNING}),
    ),
    (
        PlanState.PRICE_TOO_HIGH,
        frozenset(
            {
                Reason.EXPENSIVE,
                Reason.STILL_EXPENSIVE,
                Reason.NOT_CHEAP_NOW,
                Reason.ABOVE_BREAK_EVEN,
                Reason.STILL_ABOVE_BREAK_EVEN,
            }
        ),
    ),
    (
        PlanState.OVER_BUDGET,
        frozenset(
            {
                Reason.LOWERED,
                Reason.BUDGET_TOO_SMALL,
                Reason.BUDGET_FOR_START,
                Reason.BUDGET_ZERO,
            }
        ),
    ),
)


def decide(
    now: datetime,
    options: PlanOptions,
    inputs: Inputs,
    miners: Iterable[PlanMiner],
) -> Plan:
    """Return what each miner is to do, in the order of their efficiency, the best first."""
    ranked = sorted(miners, key=lambda miner: (_rank(miner), miner.id))
    step = _Step(now, options, inputs, budget_now(now, options, inputs))
    decisions = step.decisions(ranked)
    times = [each.until for each in decisions if each.until and each.until > now]
    return Plan(
        decisions=decisions,
        state=_state(step.budget, decisions, is_idle=step.is_idle),
        next_change=min(times, default=None),
    )


def _rank(miner: PlanMiner) -> float:
    """Return the place of a miner; one whose efficiency is not known, or none, comes last."""
    efficiency = miner.efficiency or 0.0
    return efficiency if 0 < efficiency < math.inf else math.inf


def _state(
    budget: Budget, decisions: Sequence[Decision], *, is_idle: bool
) -> PlanState:
    if not decisions or is_idle:
        return PlanState.NOTHING_TO_DO
    reasons = {
        why.reason for each in decisions for why in (each.why, each.waiting) if why
    }
    if reasons <= _LEFT_ALONE:
        return PlanState.MANUAL if reasons & _BY_HAND else PlanState.NOTHING_TO_DO
    if budget.why:  # which no miner may show, because its price counts
        reasons.add(budget.why.reason)
    if state := next((state for state, found in _STATES if reasons & found), None):
        return state
    does_something = any(each.on for each in decisions)
    return PlanState.FOLLOWING if does_something else PlanState.NOTHING_TO_DO


@dataclass(frozen=True, slots=True)
class _Step:
    """One moment: everything that is the same for all miners."""

    now: datetime
    options: PlanOptions
    inputs: Inputs
    budget: Budget

    @property
    def _may_switch(self) -> bool:
        return self.options.stop_by is StopBy.POWER_OFF

    def decisions(self, miners: Sequence[PlanMiner]) -> list[Decision]:
        """Return the decisions; the budget is shared out among those that the plan may touch."""
        verdicts = {
            miner.id: price_verdict(self.now, self.options, self.inputs, miner)
            for miner in miners
            if miner.left_alone is None
        }
        shares, left = self._shares(miners, verdicts)
        return [
            self._decision(miner, verdicts.get(miner.id), shares.get(miner.id), left)
            for miner in miners
        ]

    def _decision(
        self,
        miner: PlanMiner,
        verdict: Verdict | None,
        share: float | None,
        left: float,
    ) -> Decision:
        """Decide about one miner, which may take `share` W while `left` W are left."""
        if verdict is None:
            assert miner.left_alone
            return Decision(
                miner=miner.id,
                why=miner.left_alone,
                until=miner.left_alone_until,
                allowed=miner.was_allowed,
            )
        decide_fn = self._about_running if miner.on else self._about_stopped
        decision = decide_fn(miner, verdict, share, left)
        # What cannot be done yet is not done later, at a price at which nothing changes.
        has_to_wait = decision.waiting and not verdict.is_kept
        allowed = miner.on if has_to_wait else verdict.allowed
        return replace(decision, allowed=allowed)

    def _about_running(
        self, miner: PlanMiner, verdict: Verdict, share: float | None, left: float
    ) -> Decision:
        stays = Decision(
            miner=miner.id,
            on=True,
            percent=self._percent(miner, verdict, share, left),
            why=verdict.why,
            until=verdict.until,
        )
        if verdict.allowed is not False:
            if self.budget.frozen:
                assert self.budget.why
                return replace(stays, why=self.budget.why, until=self.budget.until)
            if miner.full is None and self._is_limited and not self.budget.why:
                return replace(stays, why=Why(Reason.POWER_UNKNOWN), until=None)
            if self._has_enough(share, left):
                return self._within(stays, miner, share)
            stays = replace(stays, why=self._too_small(miner, left), until=None)
        if not self._may_switch:
            return replace(stays, waiting=self._why_not_lowered(miner))
        if locked := locked_until(self.now, self.options, miner):
            minutes = self.options.minimum_on.total_seconds() / 60
            waiting = Why.of(Reason.MINIMUM_ON, minutes=minutes, until=locked)
            return replace(stays, waiting=waiting, until=locked)
        return replace(stays, on=False, percent=None)

    def _has_enough(self, share: float | None, left: float) -> bool:
        """Return whether the budget has enough for a miner that is on; none is too little for any."""
        return self.budget.watts is None or (
            share is not None and left >= 0 and self.budget.watts > 0
        )

    def _within(
        self, stays: Decision, miner: PlanMiner, share: float | None
    ) -> Decision:
        """Say what a miner may do that has what it needs."""
        is_lowered = stays.percent is not None and stays.percent < _FULL
        if is_lowered and share is not None and share < (miner.full or 0.0):
            budget = self.budget.watts or 0.0
            return replace(stays, why=Why.of(Reason.LOWERED, budget=budget), until=None)
        if stays.why.reason is not Reason.UNLIMITED or self.budget == Budget():
            return stays
        within = Why.of(Reason.WITHIN_BUDGET, budget=self.budget.watts or 0.0)
        return replace(stays, why=self.budget.why or within)

    def _about_stopped(
        self, miner: PlanMiner, verdict: Verdict, share: float | None, left: float
    ) -> Decision:
        off = Decision(miner=miner.id, on=False, why=verdict.why, until=verdict.until)
        if verdict.allowed is False:
            return off
        if not self._may_switch:
            return replace(off, on=None, why=Why(Reason.STAYS_OFF), until=None)
        if verdict.allowed is None or self.is_idle:
            return replace(off, on=None)
        if self.budget.frozen:
            assert self.budget.why
            why, until = self.budget.why, self.budget.until
            return replace(off, on=None, why=why, until=until)
        fits = share is not None or (
            miner.full is not None and left >= miner.full + self.options.dead_band
        )
        if self._is_limited and not fits:
            is_known = miner.full is not None or self.budget.why
            why = (
                self._too_small(miner, left) if is_known else Why(Reason.POWER_UNKNOWN)
            )
            return replace(off, why=why, until=None)
        if locked := locked_until(self.now, self.options, miner):
            minutes = self.options.minimum_off.total_seconds() / 60
            waiting = Why.of(Reason.MINIMUM_OFF, minutes=minutes, until=locked)
            return replace(off, waiting=waiting, until=locked)
        return self._within(replace(off, on=True), miner, share)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to follow."""
        return not self.options.follows_price and self.budget == Budget()

    @property
    def _is_limited(self) -> bool:
        return self.budget.watts is not None

    def _percent(
        self, miner: PlanMiner, verdict: Verdict, share: float | None, left: float
    ) -> int | None:
        """Return the percent for a miner that is on, None to leave it as it is."""
        if not (miner.tuned and miner.takes_percent):
            return None
        if verdict.allowed is False and not self._may_switch:
            return self.options.lowest_percent
        if self.budget.frozen:
            return None
        if share is not None and miner.full is not None:
            return percent_of(self.now, self.options, miner, share, left)
        if self._is_limited or verdict.allowed is False:
            return None
        # Without a limit, what the plan has lowered goes back. What others lowered stays, unless
        # the price is followed by percent and allows more.
        follows = not self._may_switch and verdict.allowed
        return _FULL if self.budget.why or miner.is_lowered or follows else None

    def _why_not_lowered(self, miner: PlanMiner) -> Why | None:
        if not miner.takes_percent:
            return Why(Reason.NO_PERCENT)
        return None if miner.tuned else Why(Reason.TUNING)

    def _too_small(self, miner: PlanMiner, left: float) -> Why:
        """Say what a miner needs more than there is."""
        assert self.budget.watts is not None
        if self.budget.why:  # there is none
            return self.budget.why
        reason = Reason.BUDGET_TOO_SMALL
        if not miner.on:
            reason = Reason.BUDGET_FOR_START
            needed = (miner.full or 0.0) + self.options.dead_band
        elif miner.full and miner.tuned and miner.takes_percent:
            needed = miner.full * self.options.lowest_percent / _FULL
        else:
            needed = miner.draw
        return Why.of(
            reason, budget=self.budget.watts, left=max(left, 0.0), needed=needed
        )

    def _shares(
        self, miners: Sequence[PlanMiner], verdicts: Mapping[str, Verdict]
    ) -> tuple[Mapping[str, float], float]:
        """Return the W for each miner that is to be on, and what is left of the budget."""
        if self.budget.watts is None:
            return {}, math.inf
        claims = [
            claim
            for miner in miners
            if (verdict := verdicts.get(miner.id))
            and (claim := self._claim(miner, verdict))
        ]
        # What the plan leaves alone is used already, also if that is more than the budget.
        used = sum(miner.draw for miner in miners if miner.left_alone)
        return share_out(self.budget.watts - used, claims, self.options.dead_band)

    def _claim(self, miner: PlanMiner, verdict: Verdict) -> Claim | None:
        return claim_of(self.now, self.options, miner, allowed=verdict.allowed)
