"""Fixtures for tests of the V3 side."""

from collections.abc import AsyncGenerator

import pytest

from simulator import Quirk, SimulatedMiner
from simulator.v3 import NEWEST_API

from .client import V3Client


@pytest.fixture
def model() -> str:
    """The model of the miner, which tests parametrize."""
    return "M63"


@pytest.fixture
def api() -> str:
    """The version of the miner's API, which tests parametrize."""
    return NEWEST_API


@pytest.fixture
def quirks() -> set[Quirk]:
    """The oddities of the miner, which tests parametrize."""
    return set()


@pytest.fixture
async def miner(
    model: str, api: str, quirks: set[Quirk]
) -> AsyncGenerator[SimulatedMiner]:
    """A miner that speaks V3, hydro-cooled unless a test wants another."""
    async with SimulatedMiner(
        generation="v3", model=model, api=api, quirks=quirks
    ) as miner:
        yield miner


@pytest.fixture
def v3(miner: SimulatedMiner) -> V3Client:
    """A client that signs as ``super`` with the right password."""
    return V3Client(miner)
