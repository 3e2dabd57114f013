"""A scan finds the miners of a network, and asks no more than it has to."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import IPv4Network
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.whatsminer.api import (
    DEFAULT_PORT,
    V3_PORT,
    Miner,
    Snapshot,
    is_listening,
)
from custom_components.whatsminer.api.v2 import exchange
from custom_components.whatsminer.entries import scan as scanning
from custom_components.whatsminer.entries.scan import (
    MOST_ADDRESSES,
    async_own_networks,
    async_scan,
    network_around,
    parse_networks,
)
from homeassistant.core import HomeAssistant
from simulator import Closed, Misbehaviour, Raw, Refused, SimulatedMiner, Truncated
from tests import JOINED, PROCESS_DOWN, Altered, hold, names_of

from .conftest import neighbour

# Networks


def adapter(*addresses: tuple[str, int], enabled: bool = True) -> dict[str, Any]:
    """Return an adapter as Home Assistant describes it."""
    return {
        "enabled": enabled,
        "ipv4": [
            {"address": address, "network_prefix": prefix}
            for address, prefix in addresses
        ],
        "ipv6": [{"address": "fe80::1", "network_prefix": 64}],
    }


@pytest.mark.parametrize(
    ("adapters", "widest", "networks"),
    [
        ([], 20, []),
        ([adapter(("192.168.1.9", 24))], 20, ["192.168.1.0/24"]),
        ([adapter(("192.168.1.9", 24), enabled=False)], 20, []),
        (
            [adapter(("192.168.1.9", 24), ("10.1.2.3", 30)), adapter(("10.9.9.9", 32))],
            20,
            ["192.168.1.0/24", "10.1.2.0/30", "10.9.9.9/32"],
        ),
        # Two adapters in one network
        ([adapter(("192.168.1.9", 24)), adapter(("192.168.1.8", 24))], 20, ["192.168.1.0/24"]),
        # What is near it, of a network that is too large
        ([adapter(("10.1.35.3", 8))], 20, ["10.1.32.0/20"]),
        ([adapter(("10.1.35.3", 8))], 24, ["10.1.35.0/24"]),
        # No more than can be scanned
        ([adapter(("10.1.35.3", 8), ("192.168.1.9", 24))], 20, ["10.1.32.0/20"]),
        ([adapter(("192.168.1.9", 24), ("10.1.35.3", 8))], 20, ["192.168.1.0/24"]),
    ],
)  # fmt: skip
async def test_home_assistant_knows_its_networks(
    hass: HomeAssistant,
    adapters: list[dict[str, Any]],
    widest: int,
    networks: list[str],
) -> None:
    """The networks are those of its adapters that are in use."""
    with patch(
        "homeassistant.components.network.async_get_adapters", return_value=adapters
    ):
        assert list(map(str, await async_own_networks(hass, widest))) == networks


def test_the_network_around_an_address() -> None:
    """A host name has no network around it."""
    assert network_around("192.168.1.77") == [IPv4Network("192.168.1.0/24")]
    assert network_around("miner.local") == []
    assert network_around("fe80::1") == []


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("192.168.1.0/24", ["192.168.1.0/24"]),
        ("192.168.1.77/24", ["192.168.1.0/24"]),
        ("192.168.1.77", ["192.168.1.77/32"]),
        (" 10.0.0.0/30,10.1.0.0/30  10.2.0.0/30 ,", ["10.0.0.0/30", "10.1.0.0/30", "10.2.0.0/30"]),
        ("10.0.0.0/255.255.255.0", ["10.0.0.0/24"]),
        ("10.0.0.0/20", ["10.0.0.0/20"]),
        ("100.64.0.0/24", ["100.64.0.0/24"]),
        ("8.8.8.0/28", ["8.8.8.0/28"]),
    ],
)  # fmt: skip
def test_networks_are_written_as_people_write_them(
    text: str, networks: list[str]
) -> None:
    """Public networks are allowed only where Home Assistant is in them."""
    own = [IPv4Network("8.8.8.0/24")]
    assert list(map(str, parse_networks(text, own))) == networks


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "invalid_network"),
        (" , ", "invalid_network"),
        ("shed", "invalid_network"),
        ("192.168.1.0/33", "invalid_network"),
        ("192.168.1", "invalid_network"),
        ("fd00::/120", "invalid_network"),
        ("192.168.1.1-192.168.1.9", "invalid_network"),
        ("10.0.0.0/19", "network_too_large"),
        ("10.0.0.0/20 10.1.0.0/32", "network_too_large"),
        ("0.0.0.0/0", "network_too_large"),
        ("8.8.4.0/24", "network_public"),
        ("192.168.1.0/24, 1.1.1.1", "network_public"),
        ("8.8.0.0/20", "network_public"),
    ],
)
def test_networks_that_cannot_be_scanned(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{error}$"):
        parse_networks(text, [IPv4Network("8.8.8.0/24")])
    assert IPv4Network("10.0.0.0/20").num_addresses == MOST_ADDRESSES


# A whole network


async def test_a_scan_finds_every_miner(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    """The result has the order of the addresses, and nothing is written."""
    scan = await async_scan([network])

    assert [found.host for found in scan.miners] == [
        str(network[number]) for number in (4, 30, 62)
    ]
    assert {found.mac for found in scan.miners} == {
        miner.mac.lower() for miner in miners
    }
    assert scan.unready == []
    for miner in miners:
        assert miner.writes == []
        assert miner.peak_connections == 1


async def test_a_scan_tells_how_far_it_is(network: IPv4Network) -> None:
    shares: list[float] = []
    await async_scan([network], progress=shares.append)

    assert len(shares) == network.num_addresses - 2  # hosts
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(1 / len(shares))
    assert shares[-1] == 1


async def test_a_scan_leaves_in_peace_whom_it_need_not_ask(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    skipped = miners[0]
    scan = await async_scan([network], skip=[skipped.host, "miner.local"])

    assert len(scan.miners) == 2
    assert skipped.connections == 0


async def test_networks_that_overlap_are_scanned_once(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    shares: list[float] = []
    scan = await async_scan(
        [network, IPv4Network((miners[0].host, 32)), network], progress=shares.append
    )

    assert len(scan.miners) == 3
    assert len(shares) == network.num_addresses - 2


async def test_a_scan_of_nothing() -> None:
    scan = await async_scan([])
    assert not scan.miners
    assert not scan.unready


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x16\x03\x01\x02\x00",
        b'{"jsonrpc":"2.0","error":{"code":-32600},"id":null}',
        b'{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command","Description":"cgminer"}],"id":1}\0',
        b"",
    ],
    ids=["http", "ssh", "tls", "json", "antminer", "closes"],
)
async def test_what_is_no_miner_is_left_alone(
    network: IPv4Network, miners: list[SimulatedMiner], answer: bytes
) -> None:
    """Other devices listen on that port, too; they are sent a few requests that only read."""
    async with neighbour(str(network[7]), answer) as other:
        scan = await async_scan([network])

    assert len(scan.miners) == 3
    assert scan.unready == []
    assert other.connections <= 1 + 2 * 2
    keys = (
        b'{"cmd":"',
        b'{"command":"',
    )  # the second if all is refused under the first
    assert all(heard.startswith(keys) for heard in other.heard)
    assert not any(b"token" in heard or b"enc" in heard for heard in other.heard)


async def test_whoever_says_nothing_does_not_hold_up_a_scan(
    network: IPv4Network, miners: list[SimulatedMiner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange.exchange, "__kwdefaults__", {"timeout": 0.2})
    async with neighbour(str(network[7]), None) as other:
        scan = await async_scan([network])

    assert len(scan.miners) == 3
    assert 1 <= len(other.heard) <= 2


@pytest.mark.parametrize("how", [Closed(), Truncated(), Raw(b"{")], ids=str)
@pytest.mark.parametrize("command", ["get_version", JOINED, "status", "get_miner_info"])
async def test_a_miner_that_somebody_else_keeps_busy_is_asked_again(
    network: IPv4Network, miners: list[SimulatedMiner], command: str, how: Misbehaviour
) -> None:
    """Other programs ask as well, and a miner copes with one connection at a time."""
    miners[0].misbehave(command, how, times=1)
    scan = await async_scan([network])
    assert len(scan.miners) == 3


async def test_a_miner_is_not_asked_for_ever(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    """A miner is asked twice at most."""
    miners[0].misbehave("*", Closed())
    scan = await async_scan([network])

    assert len(scan.miners) == 2
    assert scan.unready == []
    assert names_of(miners[0].requests) == ["get_version"] * 2


@pytest.mark.parametrize("why", ["booting", "no mac"])
async def test_a_miner_that_cannot_tell_who_it_is_is_named(
    network: IPv4Network, miners: list[SimulatedMiner], why: str
) -> None:
    for miner in miners[:2]:
        if why == "booting":
            miner.misbehave("*", PROCESS_DOWN)
        else:
            await hide_mac(miner)
    scan = await async_scan([network])

    hosts = [miners[1].host, miners[0].host]  # by address
    assert [found.host for found in scan.miners] == [miners[2].host]
    assert scan.unready == (hosts if why == "booting" else [])
    assert scan.without_mac == (hosts if why == "no mac" else [])


async def hide_mac(miner: SimulatedMiner) -> None:
    """Let a miner report no MAC address."""
    if miner.generation == "v1":
        miner.misbehave("summary", Altered(miner.mac, ""))
        miner.misbehave(JOINED, Altered(miner.mac, ""))
    else:
        miner.misbehave("get_miner_info", Altered(miner.mac, "00:00:00:00:00:00"))


async def test_a_miner_that_refuses_to_tell_its_mac_is_named(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    miners[0].misbehave("get_miner_info", Refused(14))
    scan = await async_scan([network])
    assert scan.unready == []
    assert scan.without_mac == [miners[0].host]


async def test_so_many_are_asked_at_once_and_no_more(
    network: IPv4Network, miners: list[SimulatedMiner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router has to remember all open connections."""
    under_way = most = 0

    async def counted(host: str, port: int, *, timeout: float) -> bool:
        nonlocal under_way, most
        assert port in (DEFAULT_PORT, V3_PORT)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        try:
            return await is_listening(host, port, timeout=timeout)
        finally:
            under_way -= 1

    monkeypatch.setattr(scanning, "is_listening", counted)
    monkeypatch.setattr(scanning, "_TRIED_AT_ONCE", 8)
    scan = await async_scan([network])

    assert most == 8
    assert len(scan.miners) == 3


@pytest.mark.parametrize("error", [ZeroDivisionError, RecursionError, KeyError])
async def test_an_error_that_nobody_expects_leaves_out_one_address(
    network: IPv4Network,
    miners: list[SimulatedMiner],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    poll, odd = Miner.poll, miners[0].host

    async def odd_poll(miner: Miner) -> Snapshot:
        if miner.address[0] == odd:
            raise error
        return await poll(miner)

    monkeypatch.setattr(Miner, "poll", odd_poll)
    shares: list[float] = []
    scan = await async_scan([network], progress=shares.append)

    assert [found.host for found in scan.miners] == [miners[1].host, miners[2].host]
    assert shares[-1] == 1
    assert caplog.text.count(error.__name__) == 1
    assert caplog.text.count(f"Unexpected error at {odd}") == 1


async def test_a_miner_with_many_addresses_is_found_once(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    """The first of the addresses counts, whichever answers first."""
    async with AsyncExitStack() as stack:
        for number in range(40, 46):
            await stack.enter_async_context(
                SimulatedMiner(
                    host=str(network[number]), port=DEFAULT_PORT, mac=miners[0].mac
                )
            )
        scan = await async_scan([network])

    assert [found.host for found in scan.miners] == [
        miners[1].host,
        miners[0].host,
        miners[2].host,
    ]


@asynccontextmanager
async def bottomless(host: str, piece: bytes, pause: float) -> AsyncGenerator[None]:
    """Answer anything with one piece after another, with a pause after each."""
    served: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            served.add(task)
        if await reader.read(65536):
            writer.write(b'{"STATUS":"S","Msg":"')
            with suppress(OSError):
                while not writer.is_closing():
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
        writer.close()

    async with await asyncio.start_server(serve, host, DEFAULT_PORT):
        yield
    await asyncio.gather(*served)


@pytest.mark.parametrize(
    ("piece", "pause"), [(b"x" * 65536, 0), (b"x", 0.01)], ids=["flood", "trickle"]
)
async def test_whoever_never_ends_does_not_hold_up_a_scan(
    network: IPv4Network,
    miners: list[SimulatedMiner],
    monkeypatch: pytest.MonkeyPatch,
    piece: bytes,
    pause: float,
) -> None:
    """The device sends as much as it likes, as slowly as it likes."""
    monkeypatch.setattr(exchange.exchange, "__kwdefaults__", {"timeout": 1})
    async with bottomless(str(network[7]), piece, pause):
        scan = await async_scan([network])

    assert len(scan.miners) == 3
    assert scan.unready == []


async def test_a_miner_that_is_slow_with_each_answer_does_not_hold_up_a_scan(
    network: IPv4Network, miners: list[SimulatedMiner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All answers of a miner have one time limit together. Without it this scan would never end."""
    monkeypatch.setattr(scanning, "_SECONDS_TO_READ", 4)
    monkeypatch.setattr(exchange.exchange, "__kwdefaults__", {"timeout": None})
    hold(miners[0], "status")
    scan = await async_scan([network])

    assert [found.host for found in scan.miners] == [miners[1].host, miners[2].host]
    assert scan.unready == []


async def test_a_scan_that_is_called_off_ends(
    network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    """No connection outlives the flow."""
    held = hold(miners[0], "get_version")
    scan = asyncio.create_task(async_scan([network]))
    await held.reached.wait()

    scan.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scan
    await miners[0].disconnect()
