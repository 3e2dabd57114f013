"""Gives a miner another address, which the entry then follows."""

from ..api import Command, RefusedError, WhatsminerError
from ..coordinator import WhatsminerCoordinator


async def async_set_network(
    coordinator: WhatsminerCoordinator, command: Command, host: str | None
) -> None:
    """Send a command for a new address, a static one (`host`) or one from DHCP.

    The host is stored before the command is sent: the answer may be lost. The entry follows once
    the miner answers there (see `async_seek_miner`).

    Raises:
        WhatsminerError: see `Miner.send`.

    """
    async with coordinator.memory.editing() as data:
        data.pop("host", None)
        if host:
            data["host"] = host
    try:
        await coordinator.async_send(command)
    except WhatsminerError as err:
        # An answer that was cut short comes from a miner whose network went down.
        if isinstance(err, RefusedError) or not err.request_sent:
            async with coordinator.memory.editing() as data:
                data.pop("host", None)
        raise
