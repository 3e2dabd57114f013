"""A miner that is on but produces nothing, although it had the time to start."""

from typing import Any

import pytest

from custom_components.whatsminer.api.fault_table import Category
from custom_components.whatsminer.api.faults import Severity, describe
from custom_components.whatsminer.api.outage import (
    IdleTime,
    explains,
    hashes_now,
    outage,
)
from custom_components.whatsminer.api.readings import Performance, Pool, PowerSupply

# Idle time

ON = True
OFF = False

type Seen = tuple[bool | None, bool | None, float | None]


def idle_times(*polls: Seen) -> list[float | None]:
    """Return the idle time after each poll: mining, whether it hashes, elapsed; 100 s apart."""
    idle_time = IdleTime()
    return [
        idle_time.update(
            mining=mining,
            hashes=hashes,
            performance=Performance(elapsed=elapsed),
            read=100.0 * number,
        )
        for number, (mining, hashes, elapsed) in enumerate(polls)
    ]


@pytest.mark.parametrize(
    ("polls", "idle"),
    [
        ([(ON, False, 1890), (ON, False, 1990), (ON, True, 2090)], [1890, 1990, 0]),
        ([(ON, True, 5000), (ON, False, 5100), (ON, False, 5200)], [0, 0, 100]),
        ([(OFF, False, 5000), (OFF, False, 5100)], [None, None]),
        ([(OFF, False, 0), (ON, False, 20), (ON, False, 120)], [None, 0, 100]),
        ([(ON, False, 1890), (OFF, False, 0), (ON, False, 20)], [1890, None, 0]),
        ([(ON, True, 5000), (None, None, None), (ON, False, 5200)], [0, None, 0]),
        ([(OFF, None, None), (None, None, None), (ON, False, 90)], [None, None, 0]),
        ([(ON, False, 1890), (ON, None, None), (ON, False, 2090)], [1890, 1890, 1890]),
        ([(ON, None, None), (ON, None, None), (ON, False, 1890)], [None, None, 1890]),
        ([(ON, False, None), (ON, False, None)], [0, 100]),
        ([(ON, False, 0), (ON, False, 0), (ON, False, 0)], [0, 100, 200]),
    ],
    ids=[
        "it begins to hash",
        "it stops to hash",
        "it is off",
        "it is switched on",
        "it is switched off and on",
        "nothing shows whether it is on",
        "it is switched on meanwhile",
        "a poll that tells nothing",
        "polls that tell nothing at first",
        "no clock",
        "a clock that does not start",
    ],
)
def test_a_miner_is_idle_while_it_is_seen_not_to_hash(
    polls: list[Seen], idle: list[float | None]
) -> None:
    """Only the first poll asks the miner for how long that has been so."""
    assert idle_times(*polls) == idle


def test_a_restart_gives_a_miner_the_time_to_start_once() -> None:
    """One that restarts again and again hashes nothing either."""
    first = [(ON, False, 5000), (ON, False, 10), (ON, False, 110)]
    again = [(ON, False, 10), (ON, False, 110), (ON, False, 10)]
    assert idle_times(*first, *again) == [5000, 0, 100, 200, 300, 400]
    hashes = (ON, True, 210)
    assert idle_times(*first, hashes, *again[::-1]) == [5000, 0, 100, 0, 0, 100, 200]


HASHES = {"hash_rate": 120.0, "target_hash_rate": 124.0}


@pytest.mark.parametrize(
    ("reported", "state", "hashes"),
    [
        (HASHES, {}, True),
        ({"hash_rate": 0.0}, {}, False),
        ({"hash_rate": 1.2, "target_hash_rate": 124.0}, {}, False),
        ({"hash_rate": 1.2, "factory_hash_rate": 124.0}, {}, False),
        ({"hash_rate": 1.3, "target_hash_rate": 124.0}, {}, True),
        ({"hash_rate": 1.2}, {}, True),
        ({}, {}, None),
        (HASHES, {"stale": True}, False),
        ({}, {"is_down": True}, False),
    ],
)
def test_a_miner_hashes_if_its_rate_is_more_than_a_remainder(
    reported: dict[str, Any], state: dict[str, bool], hashes: bool | None
) -> None:
    """An average of five minutes takes long to become 0."""
    known = {"stale": False, "is_down": False} | state
    assert hashes_now(Performance(**reported), **known) is hashes


@pytest.mark.parametrize(
    ("reported", "seconds"),
    [
        ({"elapsed": 1890, "uptime": 172_533}, 1890),
        ({"elapsed": 48_000, "hash_rate_15m": 0}, 48_000),
        ({"elapsed": 48_000, "hash_rate_15m": 0, "hash_rate_average": 99}, 48_000),
        ({"elapsed": 48_000, "hash_rate_15m": 1.5}, 0),
        ({"elapsed": 48_000, "hash_rate_1m": 0.1, "hash_rate_15m": 0}, 0),
        ({"elapsed": 48_000, "hash_rate_average": 99}, 0),
        ({"elapsed": 189_000_000, "uptime": 180}, 180),
        ({"uptime": 180}, 180),
        ({}, 0),
    ],
)
def test_averages_and_clocks_tell_how_long_a_miner_has_been_idle(
    reported: dict[str, Any], seconds: float
) -> None:
    """A clock that was set while the process runs makes it look old."""
    idle_time = IdleTime()
    performance = Performance(**reported)
    assert seconds == idle_time.update(
        mining=True, hashes=False, performance=performance, read=5
    )


# The fault

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
        (
            {
                "supply": PowerSupply(input_current=0),
                "performance": Performance(power=19),
            },
            "no_input",
        ),
        (
            {
                "supply": PowerSupply(input_current=0),
                "performance": Performance(power=450),
            },
            "no_hash_rate",
        ),
        (
            {
                "supply": PowerSupply(input_current=17),
                "performance": Performance(psu_input_current=0),
            },
            "no_hash_rate",
        ),
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


@pytest.mark.parametrize(
    ("code", "explained"),
    [
        ("236", {"no_hash_rate", "no_pool", "no_input"}),
        ("351", {"no_hash_rate", "no_pool", "no_input"}),
        ("530", {"no_hash_rate", "no_pool", "no_input"}),
        ("2010", {"no_hash_rate", "no_pool", "no_input"}),
        ("98765", {"no_hash_rate", "no_pool", "no_input"}),
        ("110", set()),
        ("8600", set()),
        ("700", set()),
        ("206", set()),  # which is minor
    ],
)
def test_a_fault_may_be_the_cause_of_an_outage(code: str, explained: set[str]) -> None:
    """A fan that is slow or a serial number that is missing stops no miner."""
    outages = ("no_hash_rate", "no_pool", "no_input")
    reported = describe(code)
    assert {own for own in outages if explains(reported, describe(own))} == explained
