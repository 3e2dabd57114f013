"""Which key of which answer is which reading (vendor document of V3, section "Readable API").

The keys that the firmware uses, and their units, are only in this file.
"""

from collections.abc import Mapping

from ..decode import flag, mac_address
from ..sanitize import Json


def section(device: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return the object under a key of the answer to `get.device.info`, else an empty one."""
    found = device.get(name)
    return found if isinstance(found, dict) else {}


def mac(device: Mapping[str, Json]) -> str | None:
    """Return the MAC address, from the answer to `get.device.info`."""
    return mac_address(section(device, "network").get("mac"))


def api_switch(device: Mapping[str, Json]) -> bool | None:
    """Return whether the miner takes commands at all, from the answer to `get.device.info`."""
    return flag(section(device, "system").get("apiswitch"))
