"""What a plan knows of each miner, and what it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.whatsminer.site.decision import PlanMiner, Reason, Why
from custom_components.whatsminer.site.memory import StoredManual, StoredPlanMiner
from custom_components.whatsminer.site.planned_miners import PlannedMiners
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests import Efficient
from tests.fleet import Fleet, Owned

from . import Site
from .planned import LIMITS, LOW, looked, passed, planned, reason, set_price

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


@pytest.fixture
async def site(fleet: Fleet, ada: Owned) -> Site:
    """A site of one miner, which follows a price that is low."""
    set_price(fleet.hass, LOW)
    return await planned(fleet, **LIMITS)


def known(
    site: Site,
    owned: Owned,
    stored: StoredPlanMiner | None = None,
    manual: StoredManual | None = None,
) -> PlanMiner:
    """Return what a plan knows of a miner."""
    found = {} if stored is None else stored
    now = dt_util.utcnow()
    miners = PlannedMiners(site.hass, site.entry)
    return miners.read(owned.entry, found, manual, now)


async def test_a_miner_that_mines_is_known(site: Site, ada: Owned) -> None:
    miner = known(site, ada)

    assert miner.id == ada.entry.entry_id
    assert miner.left_alone is None
    assert (miner.on, miner.tuned, miner.takes_percent) == (True, True, True)
    assert miner.full == pytest.approx(3400)
    assert miner.draw == pytest.approx(3400, rel=0.05)
    assert miner.efficiency == pytest.approx(34, rel=0.1)
    assert miner.break_even_price is None
    assert not miner.is_lowered


async def test_a_miner_that_is_off_draws_nothing(site: Site, ada: Owned) -> None:
    await ada.turn_off()
    miner = known(site, ada)

    assert (miner.on, miner.tuned, miner.draw) == (False, False, 0)


async def test_a_miner_that_tunes_draws_what_it_may_take(
    site: Site, ada: Owned
) -> None:
    ada.miner.state.restart()
    await site.fleet.clock.next_poll(2)
    miner = known(site, ada)

    assert ada.miner.state.power < 2000
    assert not miner.tuned
    assert miner.draw == pytest.approx(3400)


async def test_a_miner_that_does_not_answer_draws_something_for_a_while(
    site: Site, ada: Owned
) -> None:
    """Also while its entry cannot be set up, as after a restart of Home Assistant."""
    miners, stored = PlannedMiners(site.hass, site.entry), StoredPlanMiner()

    def read() -> PlanMiner:
        return miners.read(ada.entry, stored, None, dt_util.utcnow())

    assert read().draw == pytest.approx(3400, rel=0.05)
    await ada.miner.disconnect()
    await passed(site, 5 * 60)
    assert read().left_alone == Why(Reason.UNREACHABLE)
    assert read().draw == pytest.approx(3400, rel=0.05)

    await passed(site, 16 * 60)
    assert read().draw == 0
    miners = PlannedMiners(site.hass, site.entry)
    await site.hass.config_entries.async_unload(ada.entry.entry_id)
    assert read().left_alone == Why(Reason.NOT_LOADED)
    assert read().draw == pytest.approx(3400, rel=0.05)
    await passed(site, 16 * 60)
    assert read().draw == 0


@pytest.mark.parametrize(
    ("own", "percent", "is_lowered"),
    [(80, 80, True), (80, 70, False), (100, 100, False), (None, 80, False)],
)
async def test_only_what_the_plan_has_lowered_is_lowered(
    site: Site, ada: Owned, own: int | None, percent: int, is_lowered: bool
) -> None:
    await ada.call("set_power_percent", percent=percent)
    stored: StoredPlanMiner = {} if own is None else {"percent": own}

    assert known(site, ada, stored).is_lowered is is_lowered


async def test_the_last_switch_counts_also_before_a_poll_has_confirmed_it(
    site: Site, ada: Owned
) -> None:
    await ada.turn_off()
    switched = dt_util.utcnow()
    stored = site.coordinator.memory.plan["miners"][ada.entry.entry_id]

    assert known(site, ada).switched_at is None
    assert known(site, ada, stored).switched_at == switched
    await passed(site, 120)
    assert known(site, ada).switched_at == switched


async def test_a_miner_that_has_mined_for_long_may_be_switched_at_once(
    site: Site, ada: Owned
) -> None:
    """Home Assistant has not seen when it was switched on."""
    await passed(site, 120)

    assert known(site, ada).switched_at is None


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("person", Reason.MANUAL),
        ("automation", Reason.MANUAL_AUTOMATION),
        ("outside", Reason.MANUAL_OUTSIDE),
        ("ghost", Reason.MANUAL),
    ],
)
async def test_who_has_taken_it_out_is_the_reason(
    site: Site, ada: Owned, by: str, expected: Reason
) -> None:
    until = dt_util.utcnow() + timedelta(hours=1)
    manual: StoredManual = {"until": until.isoformat(), "by": by, "name": "Night"}
    miner = known(site, ada, manual=manual)

    assert miner.left_alone is not None
    assert miner.left_alone.reason is expected
    assert miner.left_alone_until == until


async def test_a_hold_counts_before_a_hand(site: Site, ada: Owned) -> None:
    until = (dt_util.utcnow() + timedelta(hours=1)).isoformat()
    await ada.call("hold")
    miner = known(site, ada, manual={"until": until, "by": "person", "name": ""})

    assert miner.left_alone is not None
    assert miner.left_alone.reason is Reason.HELD
    assert miner.left_alone.values == {"by": ""}
    await site.turn_off()
    miner = known(site, ada)
    assert miner.left_alone is not None
    assert miner.left_alone.values == {"by": "Shed"}


async def test_a_miner_that_is_updated_is_left_alone(
    site: Site, ada: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(ada.coordinator.client), "updating", True)
    miner = known(site, ada)

    assert miner.left_alone is not None
    assert miner.left_alone.reason is Reason.UPDATING


async def test_a_miner_that_does_not_say_whether_it_mines_is_left_alone(
    hass: HomeAssistant, site: Site, ada: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ada.coordinator.settings, "value", lambda key: None)
    await looked(site)

    assert reason(site, ada) == "mining_unknown"


# Efficiency


async def measured(site: Site, ada: Owned, efficiency: float) -> dict[str, Any]:
    """Let the miner have another efficiency, and return what is stored of it."""
    ada.miner.behave()
    ada.miner.misbehave("summary", Efficient(efficiency))
    ada.miner.misbehave("summary+pools+edevs", Efficient(efficiency))
    await passed(site, 120)
    stored: dict[str, Any] = dict(
        site.coordinator.memory.plan["miners"][ada.entry.entry_id]
    )
    return stored


async def test_the_efficiency_is_stored_when_it_is_another_one(
    site: Site, ada: Owned
) -> None:
    """A poll has another value each time, and the order of the miners is not to change."""
    first = (await measured(site, ada, 34))["efficiency"]
    assert (await measured(site, ada, 35))["efficiency"] == first
    assert (await measured(site, ada, 40))["efficiency"] == pytest.approx(40)


async def test_the_efficiency_at_less_power_is_not_stored(
    site: Site, ada: Owned
) -> None:
    first = (await measured(site, ada, 34))["efficiency"]
    await ada.call("set_power_percent", percent=60)
    await passed(site, 600)

    assert (await measured(site, ada, 20))["efficiency"] == first
