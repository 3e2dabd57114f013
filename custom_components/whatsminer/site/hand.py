"""Who has switched or set a miner instead of the plan: such a miner is left alone for a time."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_NAME
from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..api import Command, Snapshot
from ..coordinator import BY_ITSELF, WhatsminerCoordinator
from ..issues import Issue, clear_issues, raise_issue
from ..listing import names
from ..miner.hold import holders
from ..miner.mining_run import SAME_START
from .memory import SiteMemory, StoredManual
from .plan_options import PlanOptions

# The settings that a plan changes, or that change how much a miner draws without a restart.
_OF_PLAN: Final = frozenset({"mining", "power_percent", "power_target"})
# So many commands of automations within that time are a fight.
_FIGHT: Final = 2
_FIGHT_TIME: Final = timedelta(hours=1)
# The events with which automations and scripts begin to run; not imported, because neither has to be
# set up before a site.
_RUNS: Final = ("automation_triggered", "script_started")
# So many runs of automations and scripts are remembered.
_MOST_RUNS: Final = 500


# Who has switched a miner that a site holds off, or releases.
SITE: Final = "site"


class Hand(StrEnum):
    """Who has switched or set a miner."""

    PERSON = "person"
    AUTOMATION = "automation"
    """Home Assistant knows no person who called it."""
    OUTSIDE = "outside"
    """It was switched off without Home Assistant."""


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


class Runs:
    """The names of the automations and scripts that ran last, by the contexts of their runs."""

    def __init__(self, hass: HomeAssistant, site: ConfigEntry) -> None:
        """Listen as long as the site is loaded."""
        self._names: dict[str, str] = {}
        for kind in _RUNS:
            site.async_on_unload(hass.bus.async_listen(kind, self._handle))

    @callback
    def _handle(self, event: Event) -> None:
        self._names[event.context.id] = str(event.data.get(ATTR_NAME, ""))
        while len(self._names) > _MOST_RUNS:
            del self._names[next(iter(self._names))]

    def name_of(self, context: Context | None) -> str:
        """Return the automation or script that has made a call, an empty text if it is not known."""
        if context is None:
            return ""
        return self._names.get(context.id) or self._names.get(
            context.parent_id or "", ""
        )


class Hands:
    """Takes miners out of the plan that somebody else switches or sets."""

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
        # By the ids of the miners' entries: when automations have switched each, and their names.
        self._calls: dict[str, deque[tuple[datetime, str]]] = {}
        # Those that are off because Home Assistant has switched them off, or may have.
        self._switched_off: set[str] = set()
        # The last poll of each, unless it failed.
        self._polls: dict[str, Snapshot] = {}

    def manual(self, miner_id: str, now: datetime) -> StoredManual | None:
        """Return who has taken a miner out of the plan and until when, None if nobody has."""
        manual = self._memory.plan.get("miners", {}).get(miner_id, {}).get("manual")
        if manual and now < datetime.fromisoformat(manual["until"]):
            return manual
        return None

    @callback
    def release(self, miner_ids: Iterable[str]) -> None:
        """Give miners back to the plan."""
        with self._memory.editing_plan(soon=True) as plan:
            for miner_id in miner_ids:
                plan.get("miners", {}).get(miner_id, {}).pop("manual", None)
                self._calls.pop(miner_id, None)
        if not any(map(self._is_fight, self._calls)):
            clear_issues(self._hass, self._site, Issue.PLAN_FIGHT)
        self._changed_fn()

    @callback
    def handle_command(
        self,
        miner: ConfigEntry,
        command: Command,
        context: Context | None,
        *,
        counts: bool,
    ) -> None:
        """Handle an accepted command; it `counts` if the plan of this site decides about the miner."""
        is_person = context is not None and context.user_id is not None
        hand = Hand.PERSON if is_person else Hand.AUTOMATION
        if isinstance(command.value, bool) and command.setting == "mining":
            if not command.value:
                self.expect_off(miner.entry_id)
            by = SITE if context is BY_ITSELF else hand.value
            self.note_switch(miner.entry_id, on=command.value, by=by)
        if context is BY_ITSELF or command.setting not in _OF_PLAN or not counts:
            return
        name = "" if is_person else self._runs.name_of(context)
        self._take_out(miner, hand, name)
        if is_person:
            return
        calls = self._calls.setdefault(miner.entry_id, deque(maxlen=_FIGHT))
        calls.append((dt_util.utcnow(), name))
        if self._is_fight(miner.entry_id):
            self._raise_fight()

    def note_switch(self, miner_id: str, *, on: bool, by: str) -> None:
        """Remember who has switched a miner last."""
        with self._memory.editing_plan() as plan:
            stored = plan.setdefault("miners", {}).setdefault(miner_id, {})
            stored["on"], stored["at"] = on, dt_util.utcnow().isoformat()
            stored["by"] = by

    @callback
    def expect_off(self, miner_id: str) -> None:
        """Remember that Home Assistant has switched a miner off, or may have."""
        self._switched_off.add(miner_id)

    @callback
    def handle_poll(
        self, miner: ConfigEntry, coordinator: WhatsminerCoordinator, *, counts: bool
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
            counts
            and before is not None
            and _is_switched_off(before, poll)
            and miner_id not in self._switched_off
            and not holders(coordinator.memory.data)
        ):
            self._take_out(miner, Hand.OUTSIDE, "")

    def _take_out(self, miner: ConfigEntry, hand: Hand, name: str) -> None:
        until = dt_util.utcnow() + PlanOptions.of(self._site.options).manual_for
        with self._memory.editing_plan(soon=True) as plan:
            stored = plan.setdefault("miners", {}).setdefault(miner.entry_id, {})
            stored["manual"] = {
                "until": until.isoformat(),
                "by": hand.value,
                "name": name,
            }
        self._changed_fn()

    def _is_fight(self, miner_id: str) -> bool:
        calls = self._calls[miner_id]
        now = dt_util.utcnow()
        return len(calls) == _FIGHT and now - calls[0][0] <= _FIGHT_TIME

    def _raise_fight(self) -> None:
        fights = [each for each in self._calls if self._is_fight(each)]
        entries = map(self._hass.config_entries.async_get_entry, fights)
        known = {name for each in fights for _, name in self._calls[each] if name}
        raise_issue(
            self._hass,
            self._site,
            Issue.PLAN_FIGHT,
            placeholders={
                "site": self._site.title,
                "miners": names(sorted(entry.title for entry in entries if entry)),
                "automations": names(sorted(known)) or "?",
            },
        )
