"""Who has switched or set a miner: one that somebody else does is left alone for a time."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..api import Command, Snapshot
from ..command_listeners import HOLD, PLAN
from ..coordinator import WhatsminerCoordinator
from ..entries.membership import planning_site
from ..miner.hold import holders
from ..miner.mining_run import SAME_START
from .fights import Fights, Runs
from .memory import SiteMemory, StoredManual, StoredPlan, StoredPlanMiner
from .plan_options import PlanOptions

_FULL: Final = 100
# The settings that a plan changes, or that change how much a miner draws without a restart.
_OF_PLAN: Final = frozenset({"mining", "power_percent", "power_target"})


class Hand(StrEnum):
    """Who has switched or set a miner."""

    PERSON = "person"
    AUTOMATION = "automation"
    """Home Assistant knows no person who called it."""
    OUTSIDE = "outside"
    """It was switched off without Home Assistant."""
    SITE = "site"
    """A hold, or its release."""
    PLAN = "plan"

    @classmethod
    def of(cls, context: Context | None) -> Hand:
        """Return whose command it is."""
        if context is HOLD:
            return cls.SITE
        if context is PLAN:
            return cls.PLAN
        return cls.PERSON if context and context.user_id else cls.AUTOMATION

    @property
    def is_foreign(self) -> bool:
        """Whether it is somebody's who is not this integration."""
        return self not in (Hand.SITE, Hand.PLAN)


def is_somebody_sending(coordinator: WhatsminerCoordinator) -> bool:
    """Return whether a command is under way with which somebody else switches or sets a miner."""
    return any(
        command.setting in _OF_PLAN and Hand.of(context).is_foreign
        for command, context in coordinator.command_listeners.under_way
    )


def _is_switched_off(before: Snapshot, poll: Snapshot) -> bool:
    """Return whether somebody has switched a miner off between two polls.

    One that has booted since, or does not say whether mining is on, is off for another reason.
    """
    has_booted = (
        before.booted and poll.booted and poll.booted - before.booted > SAME_START
    )
    return (
        before.mining is True
        and poll.mining is False
        and not poll.support.infers_mining
        and poll.stop_cause != "other"
        and not has_booted
    )


def _stored(plan: StoredPlan, miner: ConfigEntry) -> StoredPlanMiner:
    return plan.setdefault("miners", {}).setdefault(miner.entry_id, {})


class Hands:
    """Remembers who has switched the miners of one site, and takes some out of its plan."""

    def __init__(
        self,
        hass: HomeAssistant,
        site: ConfigEntry,
        memory: SiteMemory,
        changed_fn: CALLBACK_TYPE,
    ) -> None:
        """Prepare; `changed_fn` is called when a miner is taken out, or comes back."""
        self._hass = hass
        self._site = site
        self._memory = memory
        self._changed_fn = changed_fn
        self._runs = Runs(hass, site)
        self.fights = Fights(hass, site)
        # Those that are off because Home Assistant has switched them off, or may have.
        self._switched_off: set[str] = set()
        # The last poll of each, unless it failed.
        self._polls: dict[str, Snapshot] = {}

    def manual(self, miner_id: str, now: datetime) -> StoredManual | None:
        """Return who has taken a miner out of the plan and until when, None if nobody has."""
        manual = self._memory.plan.get("miners", {}).get(miner_id, {}).get("manual")
        if manual is None:
            return None
        latest = now + PlanOptions.of(self._site.options).manual_for
        if datetime.fromisoformat(manual["until"]) > latest:  # the clock was set back
            manual["until"] = latest.isoformat()
        return manual if now < datetime.fromisoformat(manual["until"]) else None

    @callback
    def release(self, miner_ids: Iterable[str]) -> None:
        """Give miners back to the plan."""
        released = list(miner_ids)
        with self._memory.editing_plan(soon=True) as plan:
            for miner_id in released:
                plan.get("miners", {}).get(miner_id, {}).pop("manual", None)
        self.fights.forget(released)
        self._changed_fn()

    @callback
    def handle_command(
        self, miner: ConfigEntry, command: Command, context: Context | None
    ) -> None:
        """Handle a command that was accepted, or may have been."""
        hand = Hand.of(context)
        if command.setting == "mining" and isinstance(command.value, bool):
            self._note_switch(miner, hand, on=command.value)
        elif command.setting == "power_percent" and hand is Hand.PLAN:
            self._note_percent(miner, int(command.value or 0))
        site = planning_site(self._hass, miner)
        # Also if another site decides now: this one may do so next.
        if site is None or command.setting not in _OF_PLAN or not hand.is_foreign:
            return
        name = "" if hand is Hand.PERSON else self._runs.name_of(context)
        self._take_out(miner, hand, name)
        if hand is Hand.AUTOMATION and site.entry_id == self._site.entry_id:
            self.fights.add(miner.entry_id, context, name)

    def _note_switch(self, miner: ConfigEntry, hand: Hand, *, on: bool) -> None:
        if not on:
            self._switched_off.add(miner.entry_id)
        poll = self._polls.get(miner.entry_id)
        with self._memory.editing_plan() as plan:
            stored = _stored(plan, miner)
            # A miner that is off already, as its last poll shows, is not switched by another stop.
            if stored.get("on") is not on or poll is None or poll.mining is not on:
                stored["at"] = dt_util.utcnow().isoformat()
            stored["on"], stored["by"] = on, hand.value
            stored.pop("percent", None)  # which the miner forgets then

    def _note_percent(self, miner: ConfigEntry, percent: int) -> None:
        with self._memory.editing_plan() as plan:
            stored = _stored(plan, miner)
            if percent > stored.get("percent", _FULL):
                stored["raised_at"] = dt_util.utcnow().isoformat()
            stored["percent"] = percent

    @callback
    def handle_poll(
        self, miner: ConfigEntry, coordinator: WhatsminerCoordinator
    ) -> None:
        """See whether a miner was switched off without Home Assistant."""
        miner_id, poll = miner.entry_id, coordinator.data
        if not coordinator.last_update_success:
            self._polls.pop(miner_id, None)
            return
        before = self._polls.get(miner_id)
        if poll is before:
            return
        self._polls[miner_id] = poll
        if poll.mining:
            if coordinator.settings.value("mining"):
                self._switched_off.discard(miner_id)
        elif (
            before is not None
            and _is_switched_off(before, poll)
            and miner_id not in self._switched_off
            and not is_somebody_sending(coordinator)
            and not holders(coordinator.memory.data)
            and planning_site(self._hass, miner)
        ):
            self._take_out(miner, Hand.OUTSIDE, "")

    def _take_out(self, miner: ConfigEntry, hand: Hand, name: str) -> None:
        until = dt_util.utcnow() + PlanOptions.of(self._site.options).manual_for
        with self._memory.editing_plan(soon=True) as plan:
            _stored(plan, miner)["manual"] = {
                "until": until.isoformat(),
                "by": hand.value,
                "name": name,
            }
        self._changed_fn()
