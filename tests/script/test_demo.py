"""The parts of the demo that can be tested without starting it; tests/e2e does the rest."""

from dataclasses import replace
from ipaddress import IPv4Network
import json
from pathlib import Path
import socket
from typing import Any, override

import pytest
import pytest_socket

from demo_instance import miners, site
from demo_instance.client import Client
from demo_instance.log import complaints, records_of
from demo_instance.loopback import HOME, pick_network
from demo_instance.miners import AIR, MORE_PLANS, PLANS
from demo_instance.seed import seed

_TIME = "2026-11-21 01:00:00.000+00:00"
STARTED = f"{_TIME} INFO (MainThread) [homeassistant.bootstrap] Home Assistant initialized in 1s\n"
REFUSED = (
    f"{_TIME} ERROR (MainThread) [homeassistant.components.websocket_api.http.connection]"
    " [1] Value 101.0 is outside valid range\n"
)
REFUSED_TO_AUTOMATION = (
    f"{_TIME} ERROR (MainThread) [homeassistant.components.automation.night]"
    " Error executing script. Error for call_service at pos 1: Value 101.0 is outside valid range\n"
)
OUTAGE = (
    f"{_TIME} ERROR (MainThread) [custom_components.whatsminer.coordinator]"
    " Error fetching M20S data: nothing answers\n"
)


@pytest.mark.parametrize(
    "text",
    [
        f"{_TIME} INFO (MainThread) [custom_components.whatsminer] all is well\n",
        f"{_TIME} WARNING (MainThread) [aiohttp_fast_zlib] falling back\n",
        f"{_TIME} WARNING (SyncWorker_0) [homeassistant.loader] We found a custom integration"
        " whatsminer which has not been tested by Home Assistant\n",
        f"{_TIME} ERROR (MainThread) [haffmpeg.core] FFmpeg fails\nTraceback ...\n",
        REFUSED,
        REFUSED_TO_AUTOMATION,
    ],
)
def test_log_without_complaints(text: str) -> None:
    """Ordinary records are no complaints, nor are refusals that were provoked."""
    refusal = "Validation error: Value 101.0 is outside valid range"
    records = records_of(STARTED + text)
    assert len(records) == 2
    assert complaints(records, [refusal]) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{_TIME} ERROR (MainThread) [homeassistant.core] something else\n",
        f"{_TIME} WARNING (MainThread) [custom_components.whatsminer.miner.settings] odd\n",
        f"{_TIME} WARNING (MainThread) [homeassistant.helpers.frame] Detected that custom"
        " integration 'x' does what it should not\n",
        f"{_TIME} INFO (MainThread) [x] whatsminer uses a deprecated function\n",
        f"{_TIME} INFO (MainThread) [x] see below\nTraceback (most recent call last):\n",
        REFUSED,
        REFUSED_TO_AUTOMATION,
        OUTAGE,
    ],
)
def test_log_with_complaint(text: str) -> None:
    """Every error is a complaint, and every warning that names the integration."""
    assert complaints(records_of(STARTED + text), []) == [text]


class WithSite(Client):
    """A Home Assistant that has the site of an earlier run."""

    def __init__(self) -> None:
        """Begin; everything else that is asked fails."""

    @override
    async def devices(self) -> dict[str, dict[str, Any]]:
        mac = "c2:04:28:00:00:01"
        return {
            mac: {"entry_type": None},
            f"{mac}_board0": {},
            "01SITE": {"entry_type": "service"},
        }


async def test_the_site_of_an_earlier_run_stays() -> None:
    assert await site.add(WithSite()) == "01SITE"


@pytest.mark.usefixtures("socket_enabled")
async def test_miners_are_where_a_scan_looks() -> None:
    """A scan asks two ports only."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    network = pick_network()
    async with miners.running(PLANS + MORE_PLANS, network) as started:
        addresses = [miner.address for miner in started]
    assert [address["host"] for address in addresses] == [
        str(network[number]) for number in (11, 12, 13, 21, 22, 23)
    ]
    assert {address["port"] for address in addresses} == {4028}
    ports = {miner.miner.v3.port for miner in started if miner.plan.speaks_v3}
    assert ports == {4433}


@pytest.mark.usefixtures("socket_enabled")
async def test_miners_of_a_test_run_are_no_miners_of_a_demo() -> None:
    """Home Assistant searches for a missing miner, and both may run at the same time."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    plans = PLANS + MORE_PLANS
    async with (
        miners.running(plans, HOME) as demo,
        miners.running(PLANS, pick_network()) as tested,
    ):
        macs = {miner.mac for miner in demo + tested}
    assert len(macs) == len(plans) + len(PLANS)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("taken", [False, True])
async def test_miners_that_have_to_share_an_address(taken: bool) -> None:
    """Each miner has a port of its own, or any free one where that is taken."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not taken:
            server.close()
        # Addresses that this machine does not have, like most of the loopback network on macOS
        nowhere = IPv4Network("240.0.0.0/24")
        async with miners.running([replace(AIR, port=port)], nowhere) as (miner,):
            assert miner.address["host"] == "127.0.0.1"
            assert (miner.address["port"] == port) is not taken


def test_seed_keeps_what_is_there(tmp_path: Path) -> None:
    """A second start has the same user and token. Only the port may be another one."""
    token = seed(tmp_path, 8123)
    auth = (tmp_path / ".storage" / "auth").read_text()
    assert seed(tmp_path, 8124) == token
    assert (tmp_path / ".storage" / "auth").read_text() == auth
    http = json.loads((tmp_path / ".storage" / "http").read_text())
    assert http["data"]["stable"]["server_host"] == ["127.0.0.1"]
    assert http["data"]["stable"]["server_port"] == 8124


def test_seed_names_no_network_but_loopback(tmp_path: Path) -> None:
    """A network that an earlier run stored is replaced."""
    path = tmp_path / ".storage" / "core.network"
    seed(tmp_path, 8123)
    first = path.read_text()
    assert json.loads(first) == {
        "version": 1,
        "minor_version": 1,
        "key": "core.network",
        "data": {"configured_adapters": ["lo", "lo0"]},
    }
    path.write_text(first.replace('"lo"', '"eth0"'))
    seed(tmp_path, 8123)
    assert path.read_text() == first
