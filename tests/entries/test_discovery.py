"""A miner that was discovered: what it is called, and what is read of it."""

from dataclasses import asdict
from ipaddress import IPv4Network

import pytest

from custom_components.whatsminer.api import CannotConnectError, Miner, NotAMinerError
from custom_components.whatsminer.entries.discovery import (
    DiscoveredMiner,
    async_discover,
    is_mac,
)
from simulator import SimulatedMiner
from tests import names_of

from .conftest import neighbour

MAC = "c6:07:20:00:12:ab"


@pytest.mark.parametrize(
    ("hostname", "model", "title"),
    [
        ("garage", "M30S+_VE40", "garage"),
        ("WhatsMiner", "M30S+_VE40", "M30S+_VE40 12AB"),
        ("whatsminer", None, "Whatsminer 12AB"),
        ("", "M50", "M50 12AB"),
        (None, None, "Whatsminer 12AB"),
    ],
)
def test_a_miner_is_called_what_somebody_named_it(
    hostname: str | None, model: str | None, title: str
) -> None:
    """The host name from the factory is none."""
    assert (
        DiscoveredMiner(
            host="192.168.1.2", mac=MAC, model=model, hostname=hostname
        ).title
        == title
    )


@pytest.mark.parametrize(
    ("hostname", "model", "label"),
    [
        ("garage", "M50", "garage, M50"),
        ("shed M50", "M50", "shed M50"),
        ("garage", None, "garage"),
        (None, "M50", "M50 12AB"),
    ],
)
def test_among_others_a_miner_is_told_by_its_model_as_well(
    hostname: str | None, model: str | None, label: str
) -> None:
    assert (
        DiscoveredMiner(
            host="192.168.1.2", mac=MAC, model=model, hostname=hostname
        ).label
        == label
    )


@pytest.mark.parametrize(
    ("hostname", "model", "title", "label"),
    [
        ("x" * 64, "M50", "x" * 64, "x" * 64),
        (None, "M" * 300, "M" * 59 + " 12AB", "M" * 59 + " 12AB"),
        ("garage", "M" * 300, "garage", "garage, " + "M" * 56),
        ("Süd, 2", None, "Süd, 2", "Süd, 2"),
    ],
    ids=["long", "long model", "both", "letters"],
)
def test_a_title_is_not_longer_than_a_name(
    hostname: str | None, model: str | None, title: str, label: str
) -> None:
    """The end of the MAC address is always in it where it is needed."""
    found = DiscoveredMiner(host="192.168.1.2", mac=MAC, model=model, hostname=hostname)

    assert (found.title, found.label) == (title, label)
    assert DiscoveredMiner(**asdict(found)) == found


@pytest.mark.parametrize(
    ("mac", "valid"),
    [
        (MAC, True),
        (MAC.upper(), False),
        (MAC.replace(":", ""), False),
        (f"{MAC}\n", False),
        (f"{MAC}:00", False),
        ("c6:07:20:00:12:ag", False),
        ("", False),
    ],
)
def test_what_a_mac_address_looks_like(mac: str, valid: bool) -> None:
    assert is_mac(mac) is valid


async def test_a_miner_is_looked_at(miners: list[SimulatedMiner]) -> None:
    """Nothing is written, and there is one connection at a time."""
    for miner in miners:
        found = await async_discover(miner.host)

        assert (found.host, found.port) == (miner.host, miner.port)
        assert found.mac == miner.mac.lower()
        assert found.model
        assert found.model.startswith(miner.state.model.name)
        assert found.boards == {board.serial for board in miner.state.boards}
        assert miner.writes == []
        assert "get_token" not in names_of(miner.requests)
        assert miner.peak_connections == 1


async def test_a_look_knows_the_host_name(miners: list[SimulatedMiner]) -> None:
    """Not every firmware reports the host name."""
    miners[0].state.hostname = "garage"
    found = await async_discover(miners[0].host, miners[0].port)
    assert (found.hostname, found.title) == ("garage", "garage")


async def test_nobody_to_look_at(network: IPv4Network) -> None:
    """An address without a miner raises an error."""
    with pytest.raises(CannotConnectError):
        await async_discover(str(network[1]))
    async with neighbour(str(network[2]), b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        with pytest.raises(NotAMinerError):
            await async_discover(str(network[2]))


async def test_a_miner_that_was_polled_is_described(
    miners: list[SimulatedMiner],
) -> None:
    miner = Miner(miners[0].host)
    snapshot = await miner.poll()

    assert DiscoveredMiner.of(miner, snapshot) == await async_discover(miners[0].host)
