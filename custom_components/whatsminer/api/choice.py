"""Which protocol a miner speaks, found out by asking."""

import asyncio
from collections.abc import Awaitable, Callable, Container
import time
from typing import Final

from .errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    UnreachableError,
    WhatsminerError,
    WrongMinerError,
)
from .protocol import Protocol, Target
from .snapshot import Snapshot
from .v2 import V2
from .v3 import V3

# In the order in which a miner is asked for them. The last one is used if it speaks no other.
PROTOCOLS: Final[tuple[type[Protocol], ...]] = (V3, V2)

# What a miner says in a protocol that is of no use: the last one serves instead. Behind a router
# that forwards ports, another miner may answer in it.
_USELESS: Final = (MalformedReplyError, NotAMinerError, NoMacError, WrongMinerError)
# What is worth more than that nobody answers over another protocol.
_SAYS_WHO: Final = (WrongMinerError, NoMacError)
# Seconds for which a port has to stay closed before a miner has lost its protocol. It takes less
# to restart.
_LOST_AFTER: Final = 300.0


class _Port:
    """The port of the known protocol, which may stay closed.

    That of a better protocol than the last one counts as closed only while the miner is well.
    """

    def __init__(self) -> None:
        """Begin with an open one."""
        self._closed_since: float | None = None

    def opened(self) -> None:
        """Forget that it was closed."""
        self._closed_since = None

    def stays_closed(self) -> bool:
        """Return whether it has been closed for five minutes; it is found closed now."""
        now = time.monotonic()
        self._closed_since = self._closed_since or now
        if now - self._closed_since < _LOST_AFTER:
            return False
        self._closed_since = None
        return True


class ProtocolChoice:
    """Chooses the protocol for one miner.

    The miner is asked for every protocol until a poll has shown which one it speaks. From then on
    this one is known, and only those before it in `PROTOCOLS` are asked for: once after new firmware,
    after an outage of a miner that may have been starting before, while its port stays closed, and
    when somebody wants it. `current` is the protocol that was chosen last.
    """

    def __init__(self, target: Target) -> None:
        """Begin with the last protocol; nothing is sent."""
        self._target = target
        self._protocols: dict[type[Protocol], Protocol] = {}
        self.current = self._last
        self.only_last = False
        self._choosing = asyncio.Lock()
        self._is_chosen = False
        # The protocol of the last poll that succeeded, and the firmware that it reported.
        self._known: Protocol | None = None
        self._firmware: str | None = None
        self._had_outage, self._port = False, _Port()

    @property
    def _last(self) -> Protocol:
        return self._protocol(PROTOCOLS[-1])

    def _protocol(self, kind: type[Protocol]) -> Protocol:
        if kind not in self._protocols:
            self._protocols[kind] = kind(self._target)
        return self._protocols[kind]

    @property
    def known(self) -> Protocol | None:
        """The protocol that the miner speaks, None before it was asked, or asked again."""
        return self.current if self._is_chosen else None

    @property
    def preferred(self) -> Protocol:
        """Return the known protocol, also before the miner was asked for it again."""
        return self._known or self.current

    @property
    def alternative(self) -> Protocol | None:
        """The protocol that the miner may speak besides, None if it is the one in use."""
        return None if self.current is self._last else self._last

    @property
    def spoken(self) -> str | None:
        """Return the name of the protocol of the last poll, None for the last of `PROTOCOLS`."""
        if self._known in (None, self._last):
            return None
        return self._known.name

    def restore(self, spoken: str | None, firmware: str | None) -> None:
        """Know the protocol of the last poll (see `spoken`), and the firmware that it reported."""
        if firmware:
            self._known = next(iter(self.named([spoken])), self._last)
            self._firmware = firmware

    def forget(self) -> None:
        """Find out again which protocol the miner speaks: until then it is the last one."""
        self._known = self._last
        self.ask_again()

    def keep_to_last(self, only: bool) -> None:
        """Ask the miner for no protocol but the last one, or for all of them again."""
        if only != self.only_last:
            self.only_last = only
            self._known, self.current = None, self._last
            self.ask_again()

    def named(self, names: Container[str | None]) -> list[Protocol]:
        """Return the protocols with some names, the last of `PROTOCOLS` first."""
        kinds = reversed(PROTOCOLS)
        return [self._protocol(kind) for kind in kinds if kind.name in names]

    def ask_again(self) -> None:
        """Ask the miner again before the next request: it may speak a better protocol now."""
        self._is_chosen = False

    async def choose(self) -> Protocol:
        """Return the first protocol that the miner speaks; all requests use the same one."""
        async with self._choosing:
            if not self._is_chosen:
                self.current = await self._ask()
                self._is_chosen = True
        return self.current

    async def _ask(self) -> Protocol:
        """Return the first protocol that the miner speaks, as far as it is not known."""
        for kind in () if self.only_last else PROTOCOLS[:-1]:
            protocol = self._protocol(kind)
            if protocol is self._known:
                return protocol
            try:
                if await protocol.probe():
                    return protocol
            except MiningProcessDownError:  # which it has said in this protocol
                return protocol
            except WhatsminerError:
                continue
        return self._known or self._last

    async def use[Answer](
        self, request: Callable[[Protocol], Awaitable[Answer]]
    ) -> tuple[Protocol, Answer]:
        """Return the answer to a request, and the protocol that it came over.

        That is another one than the chosen one if this one fails for good.

        Raises:
            WhatsminerError: what the request raised, or `WrongMinerError` if another miner, which
                does not speak the known protocol, is at the address.

        """
        protocol = await self.choose()
        try:
            return protocol, await request(protocol)
        except WhatsminerError as err:
            other = await self._instead(protocol, err)
            if other is None:
                raise
            failure = err
        try:
            answer = await request(other)
        except UnreachableError as err:
            self.ask_again()
            raise (failure if isinstance(failure, _SAYS_WHO) else err) from None
        self.current, self._is_chosen = other, True
        return other, answer

    async def supplement(self, protocol: Protocol, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot of a poll with what only the last protocol reports."""
        if protocol is self._last:
            return snapshot
        return await self._last.supplement(snapshot)

    def learn(self, protocol: Protocol, firmware: str | None) -> bool:
        """Learn from a successful poll over a protocol; return whether it shows new firmware."""
        is_new = bool(firmware) and self._firmware not in (None, firmware)
        if is_new or (self._had_outage and protocol.may_speak_another):
            self.ask_again()
        self._known, self._firmware = protocol, firmware or self._firmware
        self._had_outage = False
        self._port.opened()
        return is_new

    async def firmware(self) -> str | None:
        """Return the firmware version, also of a miner that has lost its protocol."""
        try:
            return await self.current.firmware()
        except CannotConnectError as err:
            if self.current is self._last or err.request_sent:
                raise
            try:
                return await self._last.firmware()
            except WhatsminerError:
                raise err from None

    def for_query(self, command: str) -> Protocol:
        """Return the protocol for a readable command: a miner may speak several."""
        if not self.current.is_readable(command) and self._last.is_readable(command):
            return self._last
        return self.current

    async def _instead(
        self, protocol: Protocol, error: WhatsminerError
    ) -> Protocol | None:
        """Return the protocol to use instead of one that has failed, None to go on with it."""
        if protocol is not self._known:
            self._is_chosen = self._known is not None
            if self._known:
                self.current = self._known
                return self._known
            # It answers in this protocol only as long as it is asked for nothing but its version.
            is_useless = isinstance(error, _USELESS)
            return self._last if is_useless and protocol is not self._last else None
        self._had_outage = self._had_outage or isinstance(error, UnreachableError)
        is_closed = isinstance(error, CannotConnectError) and not error.request_sent
        if not is_closed:
            self._port.opened()
        elif protocol is not self._last:
            return self._last if await self._is_lost() else None
        elif self._port.stays_closed():
            self.ask_again()  # it may answer in a better protocol alone
        return None

    async def _is_lost(self) -> bool:
        """Return whether the known protocol is lost: by new firmware, or its port stays closed."""
        try:
            firmware = await self._last.firmware()
        except WrongMinerError:
            raise
        except WhatsminerError:
            self._port.opened()
            return False
        return self._port.stays_closed() or firmware != self._firmware
