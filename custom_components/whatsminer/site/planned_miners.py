"""What a plan has to know of each miner, from what its coordinator and the site know."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from ..coordinator import WhatsminerCoordinator
from ..entries.membership import planning_site
from ..miner.hold import BY_HAND, held_until, holders
from ..miner.status import Status
from ..models import WhatsminerConfigEntry
from ..names import owner_name
from .decision import PlanMiner, Reason, Why
from .hand import Hand, is_somebody_sending
from .memory import StoredManual, StoredPlanMiner
from .plan_options import PlanOptions

_FULL: Final = 100
_TUNED: Final = frozenset({Status.MINING, Status.THROTTLED})
# The share by which the efficiency has to differ from the one before to change the order of miners.
_WORTH_STORING: Final = 0.03
_WORTH_STORING_WATTS: Final = 100.0
_MANUAL: Final[Mapping[str, Reason]] = {
    Hand.PERSON: Reason.MANUAL,
    Hand.AUTOMATION: Reason.MANUAL_AUTOMATION,
    Hand.OUTSIDE: Reason.MANUAL_OUTSIDE,
}


class PlannedMiners:
    """Reads what the plan of one site has to know of its miners."""

    def __init__(self, hass: HomeAssistant, site: ConfigEntry) -> None:
        """Begin without a reading."""
        self._hass = hass
        self._site = site
        # Since when each miner cannot be read, by the ids of their entries.
        self._missing_since: dict[str, datetime] = {}

    def read(
        self,
        miner: WhatsminerConfigEntry,
        stored: StoredPlanMiner,
        manual: StoredManual | None,
        now: datetime,
    ) -> PlanMiner:
        """Return what the plan has to know of a miner.

        `stored` is what the plan has stored of it, and is kept up to date, `manual` who has taken it out.
        """
        if miner.state is not ConfigEntryState.LOADED:
            return PlanMiner(
                id=miner.entry_id,
                left_alone=Why(Reason.NOT_LOADED),
                draw=self._missing_draw(miner, stored, now),
                was_allowed=stored.get("allowed"),
            )
        coordinator = miner.runtime_data.coordinator
        _learn_efficiency(coordinator, stored)
        left_alone, until = _left_alone(self._hass, self._site, coordinator, manual)
        percent, on = _percent(coordinator), _is_on(coordinator)
        return PlanMiner(
            id=miner.entry_id,
            left_alone=left_alone,
            left_alone_until=until,
            on=on,
            tuned=coordinator.status in _TUNED,
            takes_percent=coordinator.capabilities.accepts("power_percent"),
            percent=percent,
            is_lowered=_is_own(stored, percent),
            full=_full(coordinator),
            draw=self._draw(miner, stored, now),
            efficiency=stored.get("efficiency"),
            break_even_price=coordinator.break_even.price_at(stored.get("efficiency")),
            switched_at=_switched_at(coordinator, stored, now, on=on),
            raised_at=_time(stored.get("raised_at")),
            was_allowed=stored.get("allowed"),
        )

    def _draw(
        self, miner: WhatsminerConfigEntry, stored: StoredPlanMiner, now: datetime
    ) -> float:
        """Return what a miner takes, or may take at any moment, in W."""
        coordinator = miner.runtime_data.coordinator
        if not coordinator.last_update_success:
            return self._missing_draw(miner, stored, now)
        self._missing_since.pop(miner.entry_id, None)
        draw = 0.0 if _is_on(coordinator) is False else _live_draw(coordinator)
        if abs(draw - stored.get("draw", 0.0)) > _WORTH_STORING_WATTS:
            stored["draw"] = draw
        return draw

    def _missing_draw(
        self, miner: WhatsminerConfigEntry, stored: StoredPlanMiner, now: datetime
    ) -> float:
        """Return what a miner took last that cannot be read.

        It counts for as long as something may be unknown; then the miner is taken for off.
        """
        since = min(self._missing_since.setdefault(miner.entry_id, now), now)
        patience = PlanOptions.of(self._site.options).unknown_for
        return stored.get("draw", 0.0) if now - since < patience else 0.0


def _is_on(coordinator: WhatsminerCoordinator) -> bool | None:
    mining = coordinator.settings.value("mining")
    return mining if isinstance(mining, bool) else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _is_own(stored: StoredPlanMiner, percent: float | None) -> bool:
    """Return whether the plan has set a percent, and it is less than 100."""
    own = stored.get("percent", _FULL)
    return percent is not None and own < _FULL and abs(own - percent) < 1


def _left_alone(
    hass: HomeAssistant,
    site: ConfigEntry,
    coordinator: WhatsminerCoordinator,
    manual: StoredManual | None,
) -> tuple[Why | None, datetime | None]:
    """Return why the plan has no say in a miner, and until when."""
    other = planning_site(hass, coordinator.config_entry)
    if other is not None and other.entry_id != site.entry_id:
        return Why.of(Reason.OTHER_SITE, site=owner_name(other)), None
    if not coordinator.has_password:
        return Why(Reason.NO_PASSWORD), None
    data = coordinator.memory.data
    if by := holders(data):
        return Why.of(Reason.HELD, by=_names(hass, by)), held_until(data)
    if is_somebody_sending(coordinator):
        return Why(Reason.MANUAL), None
    if manual:
        reason = _MANUAL.get(manual["by"], Reason.MANUAL)
        why = Why.of(reason, name=manual["name"])
        return why, datetime.fromisoformat(manual["until"])
    if not coordinator.last_update_success:
        return Why(Reason.UNREACHABLE), None
    if coordinator.client.updating:
        return Why(Reason.UPDATING), None
    if _is_on(coordinator) is None:
        return Why(Reason.MINING_UNKNOWN), None
    return None, None


def _names(hass: HomeAssistant, by: dict[str, datetime | None]) -> str:
    """Return the names of the sites that hold a miner; one that is held by hand has none."""
    entries = map(hass.config_entries.async_get_entry, set(by) - {BY_HAND})
    return ", ".join(sorted(owner_name(entry) for entry in entries if entry))


def _percent(coordinator: WhatsminerCoordinator) -> float | None:
    percent = coordinator.settings.value("power_percent")
    return float(percent) if isinstance(percent, int | float) else None


def _full(coordinator: WhatsminerCoordinator) -> float | None:
    """Return what a miner takes at 100 percent, in W.

    That is the limit in force. While the miner does not report it, a limit that was set counts, but
    no more than the firmware's own.
    """
    if limit := coordinator.data.live.power_limit:
        return limit
    wanted = coordinator.settings.value("power_limit")
    known = [
        float(watts)
        for watts in (wanted, coordinator.ordinary_power.watts)
        if isinstance(watts, int | float) and watts > 0
    ]
    return min(known) if known else coordinator.break_even.power


def _live_draw(coordinator: WhatsminerCoordinator) -> float:
    power, full = coordinator.data.live.power, _full(coordinator) or 0.0
    if coordinator.status in {Status.STARTING, Status.TUNING}:
        return max(power or 0.0, full)
    if power is None and coordinator.data.running:
        percent = _percent(coordinator)
        return full if percent is None else full * percent / _FULL
    return power or 0.0


def _switched_at(
    coordinator: WhatsminerCoordinator,
    stored: StoredPlanMiner,
    now: datetime,
    *,
    on: bool | None,
) -> datetime | None:
    """Return when mining was switched last; what no poll has confirmed yet counts as well."""
    times = []
    if seen := coordinator.last_switch.known_at(on, coordinator.memory.data):
        times.append(datetime.fromisoformat(seen))
    if stored.get("on") is on and "at" in stored:
        at = datetime.fromisoformat(stored["at"])
        if at > now:  # the clock was set back
            at, stored["at"] = now, now.isoformat()
        times.append(at)
    return max(times, default=None)


def _learn_efficiency(
    coordinator: WhatsminerCoordinator, stored: StoredPlanMiner
) -> None:
    """Store the efficiency in J/TH at full power, by which a plan orders miners.

    It changes only when it differs, so that the order does not: less power makes a miner more
    efficient, and each poll has another value. Until it was measured at full power, any counts.
    """
    known = stored.get("efficiency")
    if known is None:
        if any_efficiency := coordinator.break_even.efficiency:
            stored["efficiency"] = any_efficiency
        return
    efficiency = coordinator.data.efficiency
    is_full = (
        coordinator.status is Status.MINING
        and _percent(coordinator) in (None, _FULL)
        and coordinator.data.stable is not False
    )
    if is_full and efficiency and abs(efficiency - known) > _WORTH_STORING * known:
        stored["efficiency"] = efficiency
