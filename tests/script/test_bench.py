"""The report of the scan's bench, and its silent addresses."""

from contextlib import ExitStack
from ipaddress import IPv4Network
from itertools import product
import socket

import pytest
import pytest_socket

from bench_scan import Farm, Result
from bench_scan.__main__ import report, report_empty
from bench_scan.farm import silence
from custom_components.whatsminer.api import DEFAULT_PORT, V3_PORT, is_listening
from custom_components.whatsminer.entries import scan as scanning
from custom_components.whatsminer.entries.scan import async_scan
from demo_instance import DemoError
from demo_instance.loopback import pick_network

ONE, TWO = ("127.9.9.1", "c2:04:28:00:00:01"), ("127.9.9.2", "c2:04:28:00:00:02")
FARM = Farm("127.9.9.0/24", dict((ONE, TWO)))
EMPTY = Result({}, 5.0, 90.0, 91.0)


def test_all_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The report has the figures of the scan, and compares its time with that of an empty one."""
    report(FARM, Result(dict((TWO, ONE)), 6.0, 90.0, 93.5), EMPTY)
    assert capsys.readouterr().out.splitlines() == [
        "found    2 of 2 miners",
        "time     6.00 s, 1.20 times the 5.00 s of an empty network",
        "memory   93.5 MB at its peak, 3.5 MB more than before the scan",
    ]


@pytest.mark.parametrize("found", [(ONE,), (ONE, (TWO[0], ONE[1]))])
def test_not_all_found(
    capsys: pytest.CaptureFixture[str], found: tuple[tuple[str, str], ...]
) -> None:
    """A miner that is taken for another one is not found, and the bench fails."""
    with pytest.raises(DemoError, match=r"^not found: 127\.9\.9\.2$"):
        report(FARM, Result(dict(found), 6.0, 90.0, 93.5), EMPTY)
    assert capsys.readouterr().out.startswith("found    1 of 2 miners\n")


def test_both_ports_of_an_empty_network(capsys: pytest.CaptureFixture[str]) -> None:
    """The two scans are compared; the bench fails if the second port takes long."""
    report_empty(EMPTY, Result({}, 6.0, 90.0, 91.0))
    assert capsys.readouterr().out == (
        "silence  6.00 s for both ports, 1.20 times the 5.00 s for port 4028\n"
    )
    with pytest.raises(DemoError, match="more than 1.3 times as long"):
        report_empty(EMPTY, Result({}, 7.0, 90.0, 91.0))
    with pytest.raises(DemoError, match="found miners in an empty network: 127.9.9.1"):
        report_empty(EMPTY, Result(dict([ONE]), 6.0, 90.0, 91.0))


@pytest.mark.usefixtures("socket_enabled")
def test_silence() -> None:
    """A silent address neither accepts nor refuses a connection."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    network: IPv4Network = pick_network()
    with ExitStack() as stack:
        silence(stack, [network[1], network[254]])
        for number, port in product((1, 254), (4028, 4433)):
            with pytest.raises(TimeoutError):
                socket.create_connection((str(network[number]), port), timeout=0.2)


@pytest.mark.usefixtures("socket_enabled")
async def test_both_ports_of_a_silent_address_are_asked_in_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever is silent on both is asked on both, one after the other has begun."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    begun: list[tuple[str, int]] = []
    open_now: set[tuple[str, int]] = set()
    both: set[str] = set()

    async def watched(host: str, port: int, *, timeout: float) -> bool:
        begun.append((host, port))
        open_now.add((host, port))
        if {(host, DEFAULT_PORT), (host, V3_PORT)} <= open_now:
            both.add(host)
        try:
            return await is_listening(host, port, timeout=timeout)
        finally:
            open_now.remove((host, port))

    monkeypatch.setattr(scanning, "is_listening", watched)
    monkeypatch.setattr(scanning, "_SECONDS_TO_CONNECT", 0.5)
    silent = next(pick_network().subnets(new_prefix=29))
    with ExitStack() as stack:
        silence(stack, list(silent.hosts()))
        scan = await async_scan([silent])

    hosts = {str(host) for host in silent.hosts()}
    assert scan.miners == []
    assert set(begun) == {
        (host, port) for host in hosts for port in (DEFAULT_PORT, V3_PORT)
    }
    assert both == hosts
