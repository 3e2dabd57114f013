"""Fixtures for tests of the simulated miner."""

from collections.abc import AsyncGenerator

import pytest
from pytest_socket import socket_allow_hosts

from simulator import SimulatedMiner

from .client import Client


@pytest.fixture(autouse=True)
def _real_sockets(socket_enabled: None) -> None:
    """Allow sockets on all of loopback, which Home Assistant's test plugin forbids."""
    socket_allow_hosts(["127.0.0.0/8"])


@pytest.fixture
def generation() -> str:
    """The generation of the miner, which tests parametrize."""
    return "v2"


@pytest.fixture
def model() -> str:
    """The model of the miner, which tests parametrize."""
    return "M30S+"


@pytest.fixture
async def miner(generation: str, model: str) -> AsyncGenerator[SimulatedMiner]:
    async with SimulatedMiner(generation=generation, model=model) as miner:
        yield miner


@pytest.fixture
def client(miner: SimulatedMiner) -> Client:
    """A client that knows the miner's password."""
    return Client(miner)
