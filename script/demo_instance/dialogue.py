"""The dialogue that adds miners: a scan, and where the dialogue is."""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from . import DemoError
from .client import Client

_SECONDS_TO_SCAN = 60.0


def expect(flow: Mapping[str, Any], **expected: object) -> None:
    """Verify where a dialogue is.

    Raises:
        DemoError: it is somewhere else.
    """
    found = {key: flow.get(key) for key in expected}
    if found != expected:
        raise DemoError(
            f"the dialogue is at {found}, not {expected}: {flow.get('errors')}"
        )


async def scan(
    client: Client, *networks: IPv4Network, seconds: float = _SECONDS_TO_SCAN
) -> dict[str, Any]:
    """Scan networks; return the form that follows."""
    form = await client.start_flow("scan")
    expect(form, type="form", step_id="scan")
    scanned = ", ".join(map(str, networks))
    flow = await client.submit(form["flow_id"], {"networks": scanned})
    return await wait(client, flow, seconds)


async def wait(
    client: Client, flow: dict[str, Any], seconds: float = _SECONDS_TO_SCAN
) -> dict[str, Any]:
    """Wait until a dialogue's progress is over; return its next step."""
    async with asyncio.timeout(seconds):
        while flow["type"] == "progress":
            await asyncio.sleep(0.1)
            flow = await client.submit(flow["flow_id"])
    return flow
