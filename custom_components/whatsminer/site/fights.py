"""Automations that switch or set a miner against the plan of a site: a repair names both."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_NAME
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..issues import Issue, clear_issues, raise_issue
from ..listing import names
from ..markdown import escape_markdown
from ..names import owner_name

# So many runs of automations that switch a miner within that time are a fight.
_FIGHT: Final = 2
_FIGHT_TIME: Final = timedelta(hours=1)
# The events with which automations and scripts begin to run; not imported, because neither has to be
# set up before a site.
_RUNS: Final = ("automation_triggered", "script_started")
# So many runs of automations and scripts are remembered.
_MOST_RUNS: Final = 500


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


class Fights:
    """Raises the repair while automations switch or set miners of one site again and again."""

    def __init__(self, hass: HomeAssistant, site: ConfigEntry) -> None:
        """Begin without a fight."""
        self._hass = hass
        self._site = site
        # The last runs that switched each miner, by the ids of the miners' entries: when, the id of the
        # context, and the name of the automation.
        self._calls: dict[str, deque[tuple[datetime, str, str]]] = {}

    @callback
    def add(self, miner_id: str, context: Context | None, name: str) -> None:
        """Add a command of an automation; one run may send several, which count once."""
        calls = self._calls.setdefault(miner_id, deque(maxlen=_FIGHT))
        run = context.id if context else ""
        if not calls or not run or calls[-1][1] != run:
            calls.append((dt_util.utcnow(), run, name))
        self.look()

    @callback
    def forget(self, miner_ids: Iterable[str]) -> None:
        """Forget what happened to some miners, which are back in the plan."""
        for miner_id in miner_ids:
            self._calls.pop(miner_id, None)
        self.look()

    @callback
    def look(self) -> None:
        """Raise the repair, or delete it when the last fight is over."""
        fights = [
            miner_id
            for miner_id, calls in self._calls.items()
            if len(calls) == _FIGHT and dt_util.utcnow() - calls[0][0] <= _FIGHT_TIME
        ]
        entries = map(self._hass.config_entries.async_get_entry, fights)
        miners = [owner_name(entry) for entry in entries if entry]
        if not miners:
            clear_issues(self._hass, self._site, Issue.PLAN_FIGHT)
            return
        known = {name for each in fights for _, _, name in self._calls[each] if name}
        raise_issue(
            self._hass,
            self._site,
            Issue.PLAN_FIGHT,
            placeholders={
                "site": owner_name(self._site),
                "miners": names(sorted(map(escape_markdown, miners))),
                "automations": names(sorted(map(escape_markdown, known))) or "?",
            },
        )
