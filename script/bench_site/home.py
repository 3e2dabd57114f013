"""A Home Assistant with modelled miners: all is real but the connections, of which there are none."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import logging
from random import Random
import tempfile
from types import MappingProxyType
from typing import Any, override

from custom_components import whatsminer
from custom_components.whatsminer import sensor
from custom_components.whatsminer.api import (
    Command,
    Miner,
    Outcome,
    Result,
    Snapshot,
    Support,
)
from custom_components.whatsminer.api.readings import (
    ErrorEntry,
    Performance,
    ReportedSettings,
)
from custom_components.whatsminer.const import DOMAIN, LONGEST_POLL_INTERVAL
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.migration import VERSION
from custom_components.whatsminer.miner.record import record_for_entry
from homeassistant.bootstrap import async_load_base_functionality
from homeassistant.config_entries import SOURCE_USER, ConfigEntries, ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.loader import async_setup as async_setup_loader
from homeassistant.util.dt import utcnow

_PRICE = "sensor.price"
_START_BELOW, _STOP_ABOVE = 0.12, 0.16
_PORT = 4028
_LABEL = "shed"
_SETTINGS = frozenset({"mining", "power_percent"})
# All have one now and then: none, a minor fault, a problem, a code that nobody knows.
_FAULTS = ((), ("2320",), ("541",), ("9999",))


class ModelledMiner(Miner):
    """The client of a miner whose readings are others in each poll."""

    def __init__(self, number: int, host: str, mac: str) -> None:
        """Begin with the number as the seed of all readings."""
        super().__init__(host, _PORT, mac=mac)
        self._random = Random(number)

    @override
    async def reach(self) -> None:
        pass

    @override
    async def poll(self) -> Snapshot:
        return self.snapshot()

    @override
    async def send(self, command: Command) -> Result:
        return Result(Outcome.ACCEPTED)

    def snapshot(self) -> Snapshot:
        """Return another poll."""
        rate = self._random.uniform(90, 130)
        codes = self._random.choice(_FAULTS)
        return Snapshot(
            taken=utcnow(),
            generation="2.0.5",
            support=Support(settings=_SETTINGS, commands=_SETTINGS),
            settings=ReportedSettings(mining=True, power_percent=100),
            performance=Performance(
                hash_rate=rate,
                power=rate * self._random.uniform(25, 35),
                power_limit=3600,
                hash_stable=self._random.random() < 0.9,
            ),
            errors=tuple(ErrorEntry(code=code) for code in codes),
        )


@asynccontextmanager
async def running(miners: int) -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant with so many miners, which are set up, for as long as the block lasts."""
    # Of the entities of the miners only the sensors that follow the plan cost a site something, and
    # the others take long to set up.
    vars(whatsminer)["PLATFORMS"] = (Platform.SENSOR,)
    vars(sensor).update(_of_miner=lambda _: (), PRICE_SENSORS=())
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory() as config:
        hass = HomeAssistant(config)
        hass.config.skip_pip = True
        hass.config_entries = ConfigEntries(hass, {})
        async_setup_loader(hass)
        assert await async_load_base_functionality(hass)
        # Its dependencies are for dialogues, and would bring a web server.
        assert await whatsminer.async_setup(hass, {})
        hass.config.components.add(DOMAIN)
        hass.set_state(CoreState.running)
        for number in range(miners):
            await _add_miner(hass, number)
        _put_in_shed(hass)
        await hass.async_block_till_done()
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)


async def add_site(hass: HomeAssistant) -> ConfigEntry:
    """Add a site in the way that costs most: its miners are those in areas with a label.

    It follows a price and a power budget.
    """
    entry = _entry(
        title="Shed",
        data={"kind": "site"},
        options={
            "all_miners": False,
            "labels": [_LABEL],
            "hash_price": 48.0,
            "follow_plan": True,
            "price_entity": _PRICE,
            "stop_above": _STOP_ABOVE,
            "start_below": _START_BELOW,
        },
    )
    await hass.config_entries.async_add(entry)
    return entry


def set_price(hass: HomeAssistant, share: float) -> None:
    """Set the price that the plan follows, to so much of the way between its limits."""
    price = _START_BELOW + share * (_STOP_ABOVE - _START_BELOW)
    hass.states.async_set(_PRICE, str(price), {"unit_of_measurement": "EUR/kWh"})


def coordinators(hass: HomeAssistant) -> list[WhatsminerCoordinator]:
    """Return the coordinators of the miners."""
    return [
        entry.runtime_data.coordinator
        for entry in hass.config_entries.async_entries(DOMAIN)
        if "kind" not in entry.data
    ]


async def _add_miner(hass: HomeAssistant, number: int) -> None:
    host, mac = f"127.77.0.{number}", f"c2:77:00:00:00:{number:02x}"
    entry = _entry(
        title=f"Miner {number}",
        unique_id=mac,
        data={"host": host, "port": _PORT, "mac": mac, "password": "modelled"},
        # Its own polls would come between those of the bench.
        options={"poll_interval": LONGEST_POLL_INTERVAL},
    )
    record_for_entry(hass, entry).client = ModelledMiner(number, host, mac)
    await hass.config_entries.async_add(entry)


def _put_in_shed(hass: HomeAssistant) -> None:
    """Put all miners into an area with the label."""
    areas, devices = ar.async_get(hass), dr.async_get(hass)
    area = areas.async_create("Shed", labels={_LABEL})
    for coordinator in coordinators(hass):
        devices.async_update_device(coordinator.device_id, area_id=area.id)


def _entry(
    *,
    title: str,
    data: Mapping[str, Any],
    options: Mapping[str, Any],
    unique_id: str | None = None,
) -> ConfigEntry:
    return ConfigEntry(
        data=data,
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options=options,
        source=SOURCE_USER,
        subentries_data=None,
        title=title,
        unique_id=unique_id,
        version=VERSION,
    )
