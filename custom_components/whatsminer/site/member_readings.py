"""Reads what the coordinators of a site's miners know."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState

from ..coordinator import WhatsminerCoordinator
from ..miner.hash_price import HashPrice
from ..miner.hold import holders
from ..miner.status import has_problem
from ..models import WhatsminerConfigEntry
from ..names import owner_name
from .totals import Member

# The states of an entry whose miner cannot be read. In the others it is being set up, or unloaded.
_DOWN: Final = frozenset(
    {
        ConfigEntryState.FAILED_UNLOAD,
        ConfigEntryState.MIGRATION_ERROR,
        ConfigEntryState.SETUP_ERROR,
        ConfigEntryState.SETUP_RETRY,
    }
)


class MemberReadings:
    """Reads the miners of one site."""

    def __init__(self, site: ConfigEntry) -> None:
        """Begin without a reading."""
        self._site = site
        # The ids of the entries whose miners cannot be read, also while that is tried again.
        self._down: set[str] = set()

    def read(self, miners: Iterable[WhatsminerConfigEntry]) -> Iterator[Member]:
        """Read miners by their entries, loaded or not."""
        for entry in miners:
            if entry.state in _DOWN:
                self._down.add(entry.entry_id)
            elif entry.state is not ConfigEntryState.SETUP_IN_PROGRESS:
                self._down.discard(entry.entry_id)
            if entry.state is ConfigEntryState.LOADED:
                yield self._loaded(owner_name(entry), entry.runtime_data.coordinator)
            else:
                is_down = entry.entry_id in self._down
                yield Member(
                    name=owner_name(entry), reachable=False if is_down else None
                )

    def _loaded(self, name: str, coordinator: WhatsminerCoordinator) -> Member:
        price = HashPrice(self._site.options)
        member = Member(
            name=name,
            reachable=False,
            break_even_price=coordinator.break_even.price_with(
                [price], coordinator.break_even.efficiency
            ),
            ordinary_power=coordinator.break_even.power
            or coordinator.ordinary_power.watts,
            let_go=coordinator.has_password
            and self._site.entry_id not in holders(coordinator.memory.data),
        )
        if not coordinator.last_update_success:
            return member
        snapshot = coordinator.data
        return replace(
            member,
            reachable=True,
            mining=snapshot.mining,
            running=snapshot.running,
            problem=has_problem(snapshot),
            hash_rate=snapshot.hash_rate,
            power=snapshot.live.power,
        )
