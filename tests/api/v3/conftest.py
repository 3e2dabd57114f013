"""Fixtures of the tests of V3."""

from collections.abc import AsyncGenerator
from functools import partial

import pytest

from custom_components.whatsminer.api.identity import Identity
from custom_components.whatsminer.api.protocol import Target
from custom_components.whatsminer.api.queue import Queue
from custom_components.whatsminer.api.v3.requests import Requests
from tests.api import HOST, Clock

from .devices import answers, device
from .framed_miner import MAC, FramedMiner
from .owner import Owner, Polls
from .simulated import Meet, met


@pytest.fixture
async def miner() -> AsyncGenerator[FramedMiner]:
    """Return a miner that is cooled by air, and has one connection at a time."""
    async with FramedMiner(device(), **answers()) as framed:
        yield framed
        assert framed.peak <= 1


@pytest.fixture
def target(miner: FramedMiner) -> Target:
    """Return the target of that miner, which is known by its MAC address."""
    return Target(HOST, 1, "super", Queue(), Identity(MAC), v3_port=miner.port)


@pytest.fixture
def requests(target: Target) -> Requests:
    """Return what sends requests to that miner."""
    return Requests(target.queue, target.host, target.v3_port)


@pytest.fixture
def owner(miner: FramedMiner, target: Target) -> Owner:
    """Return the owner of that miner."""
    return Owner(miner, target)


@pytest.fixture
def polls(
    miner: FramedMiner, target: Target, requests: Requests, clock: Clock
) -> Polls:
    """Return polls of that miner that have not begun."""
    return Polls(miner, target, requests, clock)


@pytest.fixture
def meet(clock: Clock) -> Meet:
    """Return what begins a miner that speaks V3, and its client."""
    return partial(met, clock)
