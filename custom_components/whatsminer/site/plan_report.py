"""Reports what the plan of a site wants of its miners, and what is wrong with its price."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.json import JsonObjectType

from ..issues import Issue, clear_issues, raise_issue
from ..markdown import escape_markdown
from ..names import owner_name
from .decision import Decision
from .executor import Failure
from .memory import StoredPlanMiner
from .plan_inputs import PlanInputs
from .plan_options import PlanOptions
from .plan_texts import decision_text


def is_full(decision: Decision) -> bool:
    """Return whether a miner is to mine with all its power."""
    return bool(decision.on) and decision.percent in (None, 100)


def report(
    decision: Decision,
    name: str,
    places: Mapping[str, str],
    language: str,
    stored: StoredPlanMiner,
    failure: Failure | None,
) -> JsonObjectType:
    """Return what the plan wants of a miner, and why: an element of the attribute `miners`.

    Times are written as ISO 8601. `stored` is what the plan has stored of the miner.
    """
    return {
        "name": name,
        "text": decision_text(decision, places, language),
        "on": decision.on,
        "percent": decision.percent,
        "reason": decision.why.reason.value,
        "waiting_for": decision.waiting.reason.value if decision.waiting else None,
        "until": decision.until.isoformat() if decision.until else None,
        "failure": failure.text if failure else None,
        "switched_by": stored.get("by"),
        "switched_at": stored.get("at"),
    }


@callback
def report_unit(hass: HomeAssistant, site: ConfigEntry, inputs: PlanInputs) -> None:
    """Raise the issue that the price has another unit than its limits, or delete it."""
    if not inputs.has_other_unit:
        clear_issues(hass, site, Issue.PLAN_UNIT)
        return
    raise_issue(
        hass,
        site,
        Issue.PLAN_UNIT,
        placeholders={
            "site": owner_name(site),
            "entity": PlanOptions.of(site.options).price_entity or "",
            "unit": escape_markdown(inputs.unit or ""),
            "unit_of_limits": escape_markdown(inputs.unit_of_limits or ""),
        },
    )
