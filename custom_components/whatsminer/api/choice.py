"""Which protocol a miner speaks, found out by asking."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from .errors import WhatsminerError
from .protocol import Protocol, Target
from .v2 import V2

# In the order in which a miner is asked for them. The last one is used if it speaks no other.
PROTOCOLS: Final[tuple[type[Protocol], ...]] = (V2,)


class ProtocolChoice:
    """Chooses the protocol for one miner.

    The miner is asked at first, and again after a poll that failed and after new firmware. `current`
    is the protocol that was chosen last.
    """

    def __init__(self, target: Target) -> None:
        """Begin with the last protocol; nothing is sent."""
        self.current: Protocol = PROTOCOLS[-1](target)
        self._target = target
        self._choosing = asyncio.Lock()
        self._is_chosen = False

    async def choose(self) -> Protocol:
        """Return the first protocol that the miner speaks; all requests use the same one."""
        async with self._choosing:
            if not self._is_chosen:
                self.current = await self._ask()
                self._is_chosen = True
        return self.current

    @property
    def known(self) -> Protocol | None:
        """The protocol that the miner speaks, None before it was asked, or asked again."""
        return self.current if self._is_chosen else None

    def ask_again(self) -> None:
        """Ask the miner again before the next request: it may speak another protocol now."""
        self._is_chosen = False

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Ask again after an error in the block: the miner may have been starting."""
        try:
            yield
        except WhatsminerError:
            self.ask_again()
            raise

    async def _ask(self) -> Protocol:
        for kind in PROTOCOLS[:-1]:
            known = type(self.current) is kind
            protocol = self.current if known else kind(self._target)
            with suppress(WhatsminerError):
                if await protocol.probe():
                    return protocol
        if type(self.current) is PROTOCOLS[-1]:
            return self.current
        return PROTOCOLS[-1](self._target)
