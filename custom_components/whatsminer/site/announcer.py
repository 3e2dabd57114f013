"""Tells what a plan has done, as lines of Activity."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.event_type import EventType

from ..api import Command
from ..const import DOMAIN
from ..entity import registered_entity_id
from ..names import owner_name
from .decision import Decision, Plan, Reason, Why
from .plan_texts import action_text, reason_text

# Miners with which the same is done within that time, for the same reason, share a line.
_SECONDS: Final = 2.0
_TOLD: Final = {
    Reason.MINIMUM_ON: "stays_on",
    Reason.MINIMUM_OFF: "stays_off",
    Reason.MANUAL: "manual",
    Reason.MANUAL_AUTOMATION: "manual",
    Reason.MANUAL_OUTSIDE: "manual",
}


class PlanEventData(TypedDict):
    """The data of the event on the bus."""

    entity_id: str | None
    site: str
    action: str
    miners: list[str]
    text: str


# The sensor `plan` has one state for all miners; this says what was done with each.
EVENT_PLAN: Final[EventType[PlanEventData]] = EventType(f"{DOMAIN}_plan")


@dataclass(frozen=True, slots=True)
class _Line:
    """What was done, and why."""

    action: str
    why: str
    percent: int | None = None
    until: datetime | None = None


def _waits_for(decision: Decision) -> Why | None:
    """Return why a miner waits, or is left alone, if that is to be told and has an end."""
    why = decision.waiting or decision.why
    return why if why.reason in _TOLD and decision.until else None


class Announcer:
    """Collects what the plan of one site has done, and fires an event for each line."""

    def __init__(self, hass: HomeAssistant, site: ConfigEntry) -> None:
        """Begin with nothing."""
        self._hass = hass
        self._site = site
        # The names of the miners by what was done.
        self._lines: dict[_Line, list[str]] = {}
        self._end_timer: CALLBACK_TYPE | None = None
        site.async_on_unload(self._tell_now)

    @callback
    def done(
        self,
        miner: str,
        command: Command,
        decision: Decision,
        places: Mapping[str, str],
    ) -> None:
        """Tell that a command was accepted."""
        why = reason_text(decision.why, places, self._hass.config.language)
        if isinstance(command.value, bool):
            self._add(_Line("on" if command.value else "off", why), miner)
        else:
            self._add(_Line("percent", why, percent=decision.percent), miner)

    @callback
    def failed(self, miner: str, why: str) -> None:
        """Tell why a command has failed."""
        self._add(_Line("failed", why), miner)

    @callback
    def changed(
        self,
        before: Plan,
        plan: Plan,
        name_fn: Callable[[str], str],
        places: Mapping[str, str],
    ) -> None:
        """Tell which miners have to wait, or are left alone, from now on."""
        told = {
            (each.miner, why.reason)
            for each in before.decisions
            if (why := _waits_for(each))
        }
        for each in plan.decisions:
            why = _waits_for(each)
            if why is None or (each.miner, why.reason) in told:
                continue
            text = reason_text(why, places, self._hass.config.language)
            # Those that wait for about as long share a line.
            until = each.until and each.until.replace(second=0, microsecond=0)
            self._add(_Line(_TOLD[why.reason], text, until=until), name_fn(each.miner))

    def _add(self, line: _Line, miner: str) -> None:
        self._lines.setdefault(line, []).append(miner)
        if self._end_timer is None:
            self._end_timer = async_call_later(self._hass, _SECONDS, self._tell)

    @callback
    def _tell(self, _: datetime) -> None:
        self._end_timer = None
        lines, self._lines = self._lines, {}
        entity_id = registered_entity_id(
            self._hass, Platform.SENSOR, self._site.entry_id, "plan"
        )
        for line, miners in lines.items():
            text = action_text(
                line.action,
                sorted(miners),
                line.why,
                self._hass.config.language,
                percent=line.percent,
                until=line.until,
            )
            self._hass.bus.async_fire(
                EVENT_PLAN,
                PlanEventData(
                    entity_id=entity_id,
                    site=owner_name(self._site),
                    action=line.action,
                    miners=sorted(miners),
                    text=text,
                ),
            )

    @callback
    def _tell_now(self) -> None:
        """Tell what is left when the site is unloaded."""
        if self._end_timer:
            self._end_timer()
            self._tell(datetime.min)
