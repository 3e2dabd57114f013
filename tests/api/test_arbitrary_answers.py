"""Any answer of a device becomes a snapshot that can be stored and shown, or a declared error."""

from collections.abc import AsyncGenerator
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import orjson
import pytest

from custom_components.whatsminer.api import READABLE, Miner, WhatsminerError
from simulator import SimulatedMiner
from tests.answers import (
    CHANGES,
    JSON,
    answers_of,
    changed,
    check_snapshot,
    check_value,
)

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


async def _poll_twice(miner: Miner, caplog: pytest.LogCaptureFixture) -> None:
    """Poll twice, and check the snapshots; only declared errors may be raised.

    An undeclared error would be in the log, with its trace.
    """
    caplog.clear()
    for _ in range(2):
        try:
            snapshot = await miner.poll()
        except WhatsminerError as err:
            check_value(str(err))
            continue
        check_snapshot(snapshot)
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
