"""Answers that no miner gives: any JSON at all, also such as Python cannot write."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from inspect import getmembers_static
import json
import math
from typing import Any, Final

from hypothesis import strategies as st
import orjson

from custom_components.whatsminer.api import READABLE, Snapshot
from custom_components.whatsminer.api.capabilities import Capabilities
from custom_components.whatsminer.api.v2.exchange import exchange
from simulator import SimulatedMiner

# Also half a character (a surrogate), control characters and marks of direction.
TEXTS: Final = st.text(
    st.characters(exclude_categories=()), max_size=30
) | st.sampled_from(
    ["\ud800", "\x00\n\u202e", "![x](http://e.example)", "9" * 5000, "a" * 70_000, ""]
)
NUMBERS: Final = st.one_of(
    st.integers().map(str),
    st.floats().map(json.dumps),
    st.sampled_from(
        ["1e308", "-1e308", "1e-300", "1e999", "1" * 309, "1" * 5000, "-0", str(2**63)]
    ),
)
_LEAVES: Final = st.one_of(
    NUMBERS,
    TEXTS.map(json.dumps),
    st.sampled_from(["null", "true", "false", "[" * 3000 + "]" * 3000]),
)


def _object(pairs: list[tuple[str, str]]) -> str:
    """Write a JSON object in which a key may stand twice."""
    inside = ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs)
    return f"{{{inside}}}"


# The text of any JSON value.
JSON: Final = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(TEXTS, inner), max_size=5).map(_object)
    ),
    max_leaves=12,
)
# The text of some values, and the places where they stand, see `changed`.
CHANGES: Final = st.lists(st.tuples(st.integers(0, 10_000), JSON), max_size=6)


def changed(answer: object, changes: Sequence[tuple[int, str]]) -> bytes:
    """Return an answer as JSON, with other values in some places.

    Places are numbered from the whole answer (0) on, and begin anew after the last.
    """
    count = len(_write(answer, {})[1])
    return _write(answer, {place % count: text for place, text in changes})[0].encode()


def _write(answer: object, changes: Mapping[int, str]) -> tuple[str, list[object]]:
    """Return JSON, and the values in the order of their places."""
    places: list[object] = []

    def write(value: object) -> str:
        places.append(value)
        if text := changes.get(len(places) - 1):
            return text
        match value:
            case dict():
                return _object([(key, write(item)) for key, item in value.items()])
            case list():
                return f"[{','.join(map(write, value))}]"
        return json.dumps(value)

    return write(answer), places


async def answers_of(miner: SimulatedMiner) -> dict[str, Any]:
    """Return the answer of a simulated miner to each readable command."""
    return {
        command: json.loads(
            (
                await exchange(
                    miner.host, miner.port, json.dumps({"cmd": command}).encode()
                )
            ).strip(b"\0")
        )
        for command in sorted(READABLE)
    }


def _all_of(snapshot: Snapshot) -> dict[str, object]:
    """Return all values of a snapshot, stored and derived."""
    properties = [
        name for name, item in getmembers_static(Snapshot) if hasattr(item, "__get__")
    ]
    public = [name for name in properties if not name.startswith("_")]
    assert len(public) > 20
    return {
        name: value
        for name in (*public, *(field.name for field in fields(snapshot)))
        if not callable(value := getattr(snapshot, name))
    }


def check_value(value: object) -> None:
    """Fail for a value that Home Assistant cannot store, show or calculate with."""
    match value:
        case str():
            assert value.isprintable()
            assert len(value) <= 255
        case float():
            assert math.isfinite(value)
            assert abs(value) < 1e40
        case dict():
            assert len(value) <= 1024
            for item in value.values():
                check_value(item)
        case list() | tuple():
            assert len(value) <= 1024
            for item in value:
                check_value(item)


def check_snapshot(snapshot: Snapshot) -> None:
    """Fail for a snapshot that Home Assistant cannot store and show."""
    Capabilities.of(snapshot)
    check_value(asdict(snapshot))
    for value in _all_of(snapshot).values():
        check_value(value)
        orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    assert len(snapshot.hashboards) <= 4
    assert len(snapshot.pools) <= 8
    assert len(snapshot.faults or ()) <= 32
