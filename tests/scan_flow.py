"""The flow that scans for miners, as a user goes through it."""

import asyncio
from contextlib import AsyncExitStack
from ipaddress import IPv4Network
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import get_schema_suggested_value

from custom_components.whatsminer.api import DEFAULT_PORT
from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import DEFAULT_PASSWORD, SimulatedMiner

# The first new miner, in the order of its address.
FIRST = ("v2", "M30S+")
SECOND = ("compat", "M63")
THIRD = ("v1", "M20S")


class Shed:
    """Miners in the network that Home Assistant is on, each at an address of its own."""

    def __init__(self, network: IPv4Network, stack: AsyncExitStack) -> None:
        """Begin without miners."""
        self.network = network
        self.miners: list[SimulatedMiner] = []
        self._stack = stack

    def free_host(self) -> str:
        """Return the address of the next miner."""
        return str(self.network[2 + len(self.miners)])

    async def add(self, **how: Any) -> SimulatedMiner:
        """Add a miner on port 4028."""
        host = self.free_host()
        miner = SimulatedMiner(
            **{"host": host, "port": DEFAULT_PORT, "seed": len(self.miners), **how}
        )
        self.miners.append(await self._stack.enter_async_context(miner))
        return miner


def mac_of(miner: SimulatedMiner) -> str:
    """Return the MAC address as Home Assistant writes it."""
    return miner.mac.lower()


def macs_of(miners: list[SimulatedMiner]) -> list[str]:
    """Return the MAC addresses as Home Assistant writes them."""
    return [mac_of(miner) for miner in miners]


async def fill_in(
    hass: HomeAssistant, form: ConfigFlowResult, data: dict[str, Any] | None = None
) -> ConfigFlowResult:
    """Submit a form and wait for what follows, as the page does."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], data)
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done()
        result = await hass.config_entries.flow.async_configure(form["flow_id"])
    return result


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Start to scan."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await fill_in(hass, result, {"next_step_id": "scan"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "scan"
    assert not result["errors"]
    return result


async def scan(hass: HomeAssistant) -> ConfigFlowResult:
    """Scan the suggested networks."""
    form = await begin(hass)
    return await fill_in(hass, form, {"networks": suggested(form, "networks")})


async def found(hass: HomeAssistant) -> ConfigFlowResult:
    """Scan, and go on to the selection of miners."""
    result = await scan(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "pick", result["errors"]
    assert not result["errors"]
    return result


def suggested(form: ConfigFlowResult, field: str) -> Any:
    """Return the suggested value of a field."""
    assert form["data_schema"] is not None
    return get_schema_suggested_value(form["data_schema"].schema, field)


def offered(form: ConfigFlowResult) -> dict[str, str]:
    """Return the miners that can be selected, with their labels."""
    assert form["data_schema"] is not None
    selector = form["data_schema"].schema["miners"]
    return {option["value"]: option["label"] for option in selector.config["options"]}


def placeholder_of(form: ConfigFlowResult, placeholder: str) -> str:
    """Return what a text says in one place."""
    assert form["description_placeholders"] is not None
    return form["description_placeholders"][placeholder]


def picks(
    *miners: SimulatedMiner,
    password: str | None = DEFAULT_PASSWORD,
    others: str = "show",
    **more: object,
) -> dict[str, Any]:
    """Return what is submitted to add some miners."""
    data = {"miners": macs_of(list(miners)), "others": others, **more}
    return data if password is None else {**data, CONF_PASSWORD: password}


def entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of miners that are not ignored."""
    return hass.config_entries.async_entries(DOMAIN, include_ignore=False)


def ignored(hass: HomeAssistant) -> set[str | None]:
    """Return the MAC addresses of miners that are ignored."""
    return {
        entry.unique_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.source == SOURCE_IGNORE
    }


def tiles(hass: HomeAssistant) -> set[str | None]:
    """Return the MAC addresses of miners that are shown as discovered."""
    return {
        flow["context"].get("unique_id")
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
    }


async def check_added(
    hass: HomeAssistant,
    result: ConfigFlowResult,
    *miners: SimulatedMiner,
    before: tuple[SimulatedMiner, ...] = (),
    reason: str = "miners_added",
) -> None:
    """Check that exactly these miners were added to those that were there before."""
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == reason
    assert placeholder_of(result, "count") == str(len(miners))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {entry.unique_id for entry in entries(hass)} == {
        mac_of(miner) for miner in (*before, *miners)
    }
    assert {entry.state for entry in entries(hass)} <= {ConfigEntryState.LOADED}


async def nothing_goes_on(before: set[asyncio.Task[Any]]) -> None:
    """Check that no more goes on than before."""
    for _ in range(1000):
        await asyncio.sleep(0)
        if asyncio.all_tasks() <= before:
            return
    pytest.fail("something still goes on")
