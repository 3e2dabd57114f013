"""Any answer of a device becomes a snapshot that can be stored and shown, or a declared error."""

from collections.abc import AsyncGenerator
from dataclasses import asdict, fields
from inspect import getmembers_static
import math
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import orjson
import pytest

from custom_components.whatsminer.api import READABLE, Miner, Snapshot, WhatsminerError
from custom_components.whatsminer.api.capabilities import Capabilities
from simulator import SimulatedMiner
from tests.answers import CHANGES, JSON, answers_of, changed

from . import HOST, CannedMiner

COMMANDS = sorted(READABLE - {"devs"})
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=["v1", "v2", "compat"])
async def plausible(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the answers of a miner of each generation."""
    async with SimulatedMiner(generation=request.param) as miner:
        return await answers_of(miner)


@pytest.fixture
async def device(plausible: dict[str, Any]) -> AsyncGenerator[CannedMiner]:
    """Return a device that can send any bytes on the port of miners."""
    async with CannedMiner(plausible) as device:
        yield device


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


def _check(value: object) -> None:
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
                _check(item)
        case list() | tuple():
            assert len(value) <= 1024
            for item in value:
                _check(item)


async def _poll_twice(miner: Miner, caplog: pytest.LogCaptureFixture) -> None:
    """Poll twice, and check the snapshots; only declared errors may be raised.

    An undeclared error would be in the log, with its trace.
    """
    caplog.clear()
    for _ in range(2):
        try:
            snapshot = await miner.poll()
        except WhatsminerError as err:
            _check(str(err))
            continue
        Capabilities.of(snapshot)
        _check(asdict(snapshot))
        for value in _all_of(snapshot).values():
            _check(value)
            orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
        assert len(snapshot.hashboards) <= 4
        assert len(snapshot.pools) <= 8
        assert len(snapshot.faults or ()) <= 32
    orjson.dumps(dict(miner.replies))
    for record in caplog.records:
        assert not record.exc_info, record.exc_info


@given(command=st.sampled_from(COMMANDS), changes=CHANGES)
@EXAMPLES
async def test_a_plausible_answer_with_anything_in_it(
    device: CannedMiner,
    plausible: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    command: str,
    changes: Any,
) -> None:
    """Any field of any command may hold anything."""
    device.answers = plausible | {command: changed(plausible[command], changes)}
    await _poll_twice(Miner(HOST, device.port), caplog)


@given(changes=st.fixed_dictionaries(dict.fromkeys(COMMANDS, CHANGES)))
@EXAMPLES
async def test_anything_in_all_answers(
    device: CannedMiner,
    plausible: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
) -> None:
    """This also holds for joined answers."""
    device.answers = {
        command: changed(plausible[command], changes[command]) for command in COMMANDS
    }
    await _poll_twice(Miner(HOST, device.port), caplog)


@given(
    command=st.sampled_from(COMMANDS),
    answer=st.one_of(
        JSON.map(str.encode),
        st.binary(max_size=40),
        st.binary(max_size=40).map(lambda raw: b'{"' + raw + b'"}'),
    ),
)
@EXAMPLES
async def test_anything_instead_of_an_answer(
    device: CannedMiner,
    plausible: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    command: str,
    answer: bytes,
) -> None:
    """The answer may be any JSON, or any bytes."""
    device.answers = plausible | {command: answer}
    await _poll_twice(Miner(HOST, device.port), caplog)
