"""Two hundred modelled miners: all is real but the connections, of which there are none."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, override

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api import (
    CannotConnectError,
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
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.migration import VERSION
from custom_components.whatsminer.miner.record import record_for_entry
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util.dt import utcnow
from tests import device_of

_PORT: Final = 4028
_SUPPORT: Final = Support(
    settings=frozenset({"mining"}), commands=frozenset({"mining"})
)


@dataclass(frozen=True, kw_only=True)
class Says:
    """What a miner reports of itself."""

    mining: bool | None = True
    hash_rate: float | None = None
    power: float | None = None
    stable: bool | None = True
    faults: tuple[str, ...] | None = ()
    stale: bool = False

    def snapshot(self) -> Snapshot:
        """Return the poll that reads it now."""
        codes = self.faults
        return Snapshot(
            taken=utcnow(),
            generation="2.0.5",
            support=_SUPPORT,
            stale=self.stale,
            settings=ReportedSettings(mining=self.mining),
            performance=Performance(
                hash_rate=self.hash_rate, power=self.power, hash_stable=self.stable
            ),
            errors=None
            if codes is None
            else tuple(ErrorEntry(code=code) for code in codes),
        )


class ModelledMiner(Miner):
    """The client of a miner that reports what a test says, None while it cannot be reached."""

    says: Says | None = None

    def __init__(self, host: str, mac: str) -> None:
        """Begin with a miner that cannot be reached."""
        super().__init__(host, _PORT, mac=mac)
        # Each poll that was answered: the monotonic time, and the power.
        self.polls: list[tuple[float, float | None]] = []
        self.commands: list[Command] = []

    @override
    async def reach(self) -> None:
        await self._answer()

    @override
    async def poll(self) -> Snapshot:
        snapshot = (await self._answer()).snapshot()
        self.polls.append((snapshot.monotonic, snapshot.live.power))
        return snapshot

    @override
    async def send(self, command: Command) -> Result:
        await self._answer()
        self.commands.append(command)
        return Result(Outcome.ACCEPTED)

    async def _answer(self) -> Says:
        await asyncio.sleep(0)  # others go on meanwhile, as during a real poll
        if self.says is None:
            raise CannotConnectError("modelled", request_sent=False)
        return self.says


@dataclass
class Modelled:
    """A modelled miner with its entry."""

    hass: HomeAssistant
    entry: MockConfigEntry
    client: ModelledMiner

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return self.entry.title

    @property
    def coordinator(self) -> WhatsminerCoordinator:
        """The coordinator that polls it while it is set up."""
        coordinator: WhatsminerCoordinator = self.entry.runtime_data.coordinator
        return coordinator

    @property
    def device(self) -> dr.DeviceEntry:
        """Its device."""
        return device_of(self.hass, self.entry)

    def is_in(self, state: ConfigEntryState) -> bool:
        """Return whether the entry is in a state."""
        return self.entry.state is state


@dataclass
class Crowd:
    """Modelled miners, of which none is set up yet."""

    hass: HomeAssistant
    miners: list[Modelled] = field(default_factory=list)

    def __iter__(self) -> Iterator[Modelled]:
        """Iterate over them."""
        return iter(self.miners)

    def add(self, name: str, options: Mapping[str, Any] | None = None) -> Modelled:
        """Add the entry of one more miner."""
        number = len(self.miners)
        host, mac = f"127.77.0.{number}", f"c2:77:00:00:00:{number:02x}"
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=name,
            version=VERSION,
            unique_id=mac,
            data={"host": host, "port": _PORT, "mac": mac, "password": "secret"},
            options=dict(options or {}),
        )
        entry.add_to_hass(self.hass)
        client = ModelledMiner(host, mac)
        record_for_entry(self.hass, entry).client = client
        self.miners.append(Modelled(self.hass, entry, client))
        return self.miners[-1]
