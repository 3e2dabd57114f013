"""Gives a miner another password, which the entry then uses."""

from homeassistant.const import CONF_PASSWORD

from ..api import RefusedError, WhatsminerError, commands
from ..coordinator import WhatsminerCoordinator


async def async_change_password(coordinator: WhatsminerCoordinator, new: str) -> str:
    """Give the miner a new password, use it from now on, and return the name of its account.

    Raises:
        InvalidTextError: the miner cannot take it.
        WhatsminerError: see `Miner.send`; when it is an UnreachableError, the miner may have the
            new password, which is tried as soon as it answers.

    """
    entry, credentials = coordinator.config_entry, coordinator.credentials
    command = commands.change_password(entry.data[CONF_PASSWORD], new)
    await credentials.async_prepare(new)
    try:
        await coordinator.async_send(command)
    except WhatsminerError as err:
        if isinstance(err, RefusedError) or not err.request_sent:
            await credentials.async_forget_new()
            raise
        await credentials.async_settle_now()
        if entry.data[CONF_PASSWORD] == new:
            return coordinator.client.account
        if "password" not in coordinator.memory.data and err.__cause__:
            raise err.__cause__ from None  # it is sure that it was not changed
        raise
    credentials.adopt(new)
    return coordinator.client.account
