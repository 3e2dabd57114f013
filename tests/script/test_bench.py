"""The report of the scan's bench, and its silent addresses."""

from contextlib import ExitStack
from ipaddress import IPv4Network
import socket

import pytest
import pytest_socket

from bench_scan import Farm, Result
from bench_scan.__main__ import report
from bench_scan.farm import silence
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


@pytest.mark.usefixtures("socket_enabled")
def test_silence() -> None:
    """A silent address neither accepts nor refuses a connection."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    network: IPv4Network = pick_network()
    with ExitStack() as stack:
        silence(stack, [network[1], network[254]])
        for number in (1, 254):
            with pytest.raises(TimeoutError):
                socket.create_connection((str(network[number]), 4028), timeout=0.2)
