"""A miner that is on but produces nothing, although it had the time to start."""

from typing import Any

import pytest

from custom_components.whatsminer.api.fault_table import Category
from custom_components.whatsminer.api.faults import Severity
from custom_components.whatsminer.api.outage import outage
from custom_components.whatsminer.api.readings import Performance, Pool, PowerSupply

ALIVE = Pool(url="stratum+tcp://a:1", status="alive", active=True)
DEAD = Pool(url="stratum+tcp://a:1", status="dead")
EMPTY = Pool(status="disabled")


def code_of(idle_for: float | None = 1890, **seen: Any) -> str | None:
    """Return the code of the outage of a miner with a pool and without a fault."""
    known: dict[str, Any] = {
        "performance": Performance(),
        "supply": PowerSupply(),
        "pools": (ALIVE,),
    }
    fault = outage(idle_for, **known | seen)
    return fault.code if fault else None


@pytest.mark.parametrize(
    ("idle_for", "code"),
    [
        (None, None),
        (0, None),
        (1199, None),
        (1200, "no_hash_rate"),
        (1890, "no_hash_rate"),
        (90_000, "no_hash_rate"),
    ],
)
def test_a_miner_has_twenty_minutes_to_start(
    idle_for: float | None, code: str | None
) -> None:
    """It has no outage while it is off, which is None."""
    assert code_of(idle_for) == code


@pytest.mark.parametrize(
    ("pools", "code"),
    [
        ((), "no_pool"),
        ((EMPTY, EMPTY, EMPTY), "no_pool"),
        ((DEAD, EMPTY), "no_pool"),
        ((DEAD, ALIVE), "no_hash_rate"),
        ((Pool(url="stratum+tcp://a:1"),), "no_hash_rate"),
        (None, "no_hash_rate"),
    ],
    ids=["none", "unused", "dead", "one is alive", "no status", "unknown"],
)
def test_without_a_pool_a_miner_has_no_work(
    pools: tuple[Pool, ...] | None, code: str
) -> None:
    """The pools have to be known for that."""
    assert code_of(pools=pools) == code


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({"supply": PowerSupply(enabled=False)}, "no_input"),
        ({"supply": PowerSupply(input_current=0)}, "no_input"),
        ({"performance": Performance(psu_input_current=0)}, "no_input"),
        ({"supply": PowerSupply(enabled=False), "pools": (DEAD,)}, "no_input"),
        ({"supply": PowerSupply(enabled=True)}, "no_hash_rate"),
        ({"supply": PowerSupply(enabled=True, input_current=15)}, "no_hash_rate"),
        ({"performance": Performance(psu_input_current=0.1)}, "no_hash_rate"),
    ],
)
def test_without_its_power_supply_a_miner_cannot_hash(
    seen: dict[str, Any], code: str
) -> None:
    """It is a nearer cause than a pool."""
    assert code_of(**seen) == code


@pytest.mark.parametrize(
    ("seen", "category"),
    [
        ({}, Category.PERFORMANCE),
        ({"pools": ()}, Category.POOL),
        ({"supply": PowerSupply(enabled=False)}, Category.POWER_SUPPLY),
    ],
)
def test_an_outage_is_a_fault_of_what_it_comes_from(
    seen: dict[str, Any], category: Category
) -> None:
    known: dict[str, Any] = {"supply": PowerSupply(), "pools": (ALIVE,)} | seen
    fault = outage(1890, Performance(), **known)
    assert fault
    assert fault.severity is Severity.FAULT
    assert fault.category is category
