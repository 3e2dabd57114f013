"""Follows the plan of a site: reads what it needs, decides, and lets the executor carry it out."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..api import Command
from ..const import CONF_FOLLOW_PLAN
from ..issues import Issue, clear_issues
from ..models import WhatsminerConfigEntry
from ..names import owner_name
from .announcer import Announcer
from .decision import Decision, Plan
from .executor import Executor, Failure
from .hand import Hands
from .memory import SiteMemory
from .plan import decide
from .plan_inputs import PlanInputs
from .plan_options import PlanOptions
from .plan_report import is_full, report, report_unit
from .planned_miners import PlannedMiners

_LOGGER = logging.getLogger(__name__)

# However often inputs change and miners are polled, the plan is looked at once in that time, and
# at least once in the other.
_SECONDS_APART: Final = 10.0
_AT_LEAST: Final = timedelta(minutes=1)


class Planning:
    """The plan of one site, as long as it is loaded."""

    def __init__(
        self,
        hass: HomeAssistant,
        site: ConfigEntry,
        memory: SiteMemory,
        members_fn: Callable[[], Mapping[str, WhatsminerConfigEntry]],
        changed_fn: CALLBACK_TYPE,
    ) -> None:
        """Prepare; `changed_fn` is called when the plan may be another one."""
        self._hass = hass
        self._site = site
        self._memory = memory
        self._members_fn = members_fn
        self._changed_fn = changed_fn
        self.inputs = PlanInputs(hass, site, memory)
        self.plan = Plan()
        # What it wants of each miner, and why; those with less than full power first.
        self.reports: Mapping[str, JsonObjectType] = {}
        self.executor = Executor(hass, self._handle_done, self._handle_failed)
        self.hands = Hands(hass, site, memory, self.async_look_soon)
        self._miners = PlannedMiners(hass, site)
        self._announcer = Announcer(hass, site)
        self._was_following = self.is_following
        self._end_sources: CALLBACK_TYPE = lambda: None
        self._look_soon = Debouncer(
            hass,
            _LOGGER,
            cooldown=_SECONDS_APART,
            immediate=True,
            function=self._look,
        )
        self._publish_soon = Debouncer(
            hass, _LOGGER, cooldown=1.0, immediate=True, function=self._publish
        )

    @property
    def is_following(self) -> bool:
        """Whether the site acts on its plan."""
        return bool(self._site.options.get(CONF_FOLLOW_PLAN))

    def plan_of(self, miner: ConfigEntry) -> JsonObjectType | None:
        """Return what the plan wants of a miner, see `report`, with the site; None if nothing."""
        report = self.reports.get(miner.entry_id)
        return report and {"site": owner_name(self._site), **report}

    @callback
    def async_begin(self) -> None:
        """Look at the plan from now on."""
        self._site.async_on_unload(self._stop)
        self._site.async_on_unload(
            async_track_time_interval(
                self._hass, self.async_look_soon, _AT_LEAST, cancel_on_shutdown=True
            )
        )
        self._listen()
        self.async_look_soon()

    @callback
    def async_apply_options(self) -> None:
        """Use changed options. Whoever turns on the plan takes all miners into it."""
        self._listen()
        was_following, self._was_following = self._was_following, self.is_following
        if self.is_following and not was_following:
            self._begin_anew()
        if not self.is_following:
            clear_issues(self._hass, self._site, Issue.PLAN_FIGHT, Issue.PLAN_UNIT)
        self._look()

    @callback
    def async_look_soon(self, *_: object) -> None:
        """Look at the plan now, or some seconds after the last time."""
        self._look_soon.async_schedule_call()

    @callback
    def async_release(self, *miner_ids: str) -> None:
        """Give miners back to the plan that somebody has taken out of it, all if none is named."""
        self.hands.release(miner_ids or list(self._memory.plan.get("miners", {})))

    @callback
    def _begin_anew(self) -> None:
        """Take all miners into the plan, and forget what the price said before."""
        with self._memory.editing_plan() as plan:
            for stored in plan.get("miners", {}).values():
                stored.pop("allowed", None)
        self.async_release()

    @callback
    def _look(self) -> None:
        """Decide, and do what is needed."""
        before, self.plan = self.plan, Plan()
        if self.is_following:
            now = dt_util.utcnow()
            report_unit(self._hass, self._site, self.inputs)
            self.plan = self._decided(now)
            members = self._members_fn()
            self.hands.fights.look()
            self.executor.carry_out(
                [(members[each.miner], each) for each in self.plan.decisions], now
            )
            if before.decisions:  # otherwise they may have waited before
                self._announcer.changed(
                    before, self.plan, self._name_of, self.inputs.places
                )
        self._publish()

    def _decided(self, now: datetime) -> Plan:
        options = PlanOptions.of(self._site.options)
        members = self._members_fn()
        inputs = self.inputs.read(now, options)
        with self._memory.editing_plan() as stored:
            known = stored.setdefault("miners", {})
            for gone in known.keys() - members.keys():
                del known[gone]
            miners = [
                self._miners.read(
                    miner,
                    known.setdefault(miner_id, {}),
                    self.hands.manual(miner_id, now),
                    now,
                )
                for miner_id, miner in members.items()
            ]
            plan = decide(now, options, inputs, miners)
            for decision in plan.decisions:
                known[decision.miner]["allowed"] = decision.allowed
        return plan

    @callback
    def _handle_done(
        self, miner: WhatsminerConfigEntry, command: Command, decision: Decision
    ) -> None:
        """Tell what was done."""
        name = owner_name(miner)
        self._announcer.done(name, command, decision, self.inputs.places)
        self.async_look_soon()
        self._publish_soon.async_schedule_call()

    @callback
    def _handle_failed(self, miner: WhatsminerConfigEntry, failure: Failure) -> None:
        if failure.is_new:
            self._announcer.failed(owner_name(miner), failure.text)
        self._publish_soon.async_schedule_call()

    @callback
    def _publish(self) -> None:
        """Show the plan, which may be another one."""
        stored, members = self._memory.plan.get("miners", {}), self._members_fn()
        places = self.inputs.places
        self.reports = {
            decision.miner: report(
                decision,
                owner_name(members[decision.miner]),
                places,
                self._hass.config.language,
                stored.get(decision.miner, {}),
                self.executor.failures.get(decision.miner),
            )
            for decision in sorted(self.plan.decisions, key=is_full)
            if decision.miner in members
        }
        self._changed_fn()

    def _name_of(self, miner_id: str) -> str:
        return owner_name(self._members_fn()[miner_id])

    @callback
    def _listen(self) -> None:
        """Look at the plan when an input changes."""
        self._end_sources()
        self._end_sources = async_track_state_change_event(
            self._hass, self.inputs.sources, self.async_look_soon
        )

    @callback
    def _stop(self) -> None:
        self._look_soon.async_shutdown()
        self._publish_soon.async_shutdown()
        clear_issues(self._hass, self._site, Issue.PLAN_FIGHT, Issue.PLAN_UNIT)
        self._end_sources()
