"""The same clients over V3."""

from typing import Any, Final, Self, cast, override

from pyasic.miners.whatsminer import BTMinerM60SVK40

from .clients import AsicRs, Pyasic, Readings, of_boards
from .listening import web_page
from .plans import PASSWORD

# Any version after 2024-11 makes pyasic use V3 (miners/backends/btminer.py:49).
_FIRMWARE_WITH_V3: Final = "20260312.16.REL3"


class PyasicV3(Pyasic):
    """pyasic's back end for V3: the rate is the sum of the averages of the hashboards."""

    @classmethod
    @override
    async def find(cls, address: str) -> Self | None:
        """Build the back end, as pyasic knows the maker by the web page only."""
        miner: Any = BTMinerM60SVK40(address, version=_FIRMWARE_WITH_V3)
        miner.rpc.pwd = PASSWORD
        return cls(miner)

    @override
    async def read(self) -> Readings:
        """Return all readings; that of the PSU's fan is a list of fans here."""
        readings = await super().read()
        psu_fans = cast(list[Any], readings["PSU fan"])
        return readings | {"PSU fan": psu_fans[0].speed}

    @override
    def wanted(self, state: dict[str, Any]) -> Readings:
        return (
            super().wanted(state)
            | _of_v3(state)
            | {"hash rate": sum(of_boards(state, "hash_average", 2))}
        )


class AsicRsV3(AsicRs):
    """asic-rs's back end for V3."""

    @classmethod
    @override
    async def find(cls, address: str) -> Self | None:
        """Find the miner by its web page, which asic-rs needs.

        Raises:
            PermissionError: the page would be on port 80, which is for root only.
        """
        async with web_page(address):
            client = await super().find(address)
        if client:
            client.miner.set_auth("super", PASSWORD)
        return client

    @override
    def wanted(self, state: dict[str, Any]) -> Readings:
        return super().wanted(state) | _of_v3(state)


def _of_v3(state: dict[str, Any]) -> Readings:
    """Return what differs in V3, and what clients show in the place of something else."""
    return {
        "board hash rates": of_boards(state, "hash_average", 2),
        "coldest chips": of_boards(state, "chip_min", 1),
        "pools without shares": [[url, user, None] for url, user, _ in state["pools"]],
    }


V3_CLIENTS: Final[dict[str, type[PyasicV3 | AsicRsV3]]] = {
    "pyasic": PyasicV3,
    "asic-rs": AsicRsV3,
}
