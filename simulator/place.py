"""Where a miner is: its address, its ports, and whether it is on the network."""

import asyncio
from dataclasses import replace
import ipaddress
from typing import override

from .bench import Bench
from .server import Occupancy, Server
from .v3 import V3Port


class Place(Bench):
    """A miner with its sockets, which can go off the network and to another address."""

    _server: Server
    _v3: V3Port | None
    _occupancy: Occupancy
    _rebooting: bool
    _reopening: asyncio.TimerHandle | None

    # Where it is

    @property
    def host(self) -> str:
        """The bound address, until a move or a static loopback address changes it."""
        return self._server.host

    @property
    def port(self) -> int:
        """The bound port of V1 and V2."""
        return self._server.port

    @property
    def v3(self) -> V3Port:
        """The V3 side.

        Raises:
            ValueError: the miner is of a generation before V3.
        """
        if self._v3 is None:
            raise ValueError("no V3")
        return self._v3

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far, over all ports."""
        return self._server.connections + (self._v3.connections if self._v3 else 0)

    @property
    def peak_connections(self) -> int:
        """The most TCP connections that were open at one time, over all ports."""
        return self._occupancy.peak

    # What can be done to it

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by simulated seconds."""
        self._device.clock.advance(seconds)
        self._reopen()
        if self._v3 is not None:
            self._v3.clock_moved()

    async def disconnect(self) -> None:
        """Pull the network cable: the ports close and every connection ends."""
        await self._close()

    def reconnect(self) -> None:
        """Plug the cable in again."""
        self._open()

    async def move(self, host: str, port: int | None = None) -> None:
        """Move to another address at once, as with a new lease; every connection ends.

        Mining goes on. A miner that is off the network comes back at the new address. The
        port of V3 keeps its number.

        Args:
            host: the address to bind.
            port: that of V1 and V2; None for the one it has.

        Raises:
            OSError: a port is in use or the address is not ours; it then has none.
        """
        plugged = self._server.is_open
        await self._close()
        self._take(host, self.port if port is None else port)
        if plugged:
            await self._open_all()

    async def swap(self, other: Place) -> None:
        """Change places with another miner, ports included, as if both moved at once.

        A V3 miner that changes places with an older one keeps the number of its V3 port.
        """
        here, there = (self.host, self.port), (other.host, other.port)
        plugged = self._server.is_open
        await self._close()  # makes room
        if self._v3 is not None and other._v3 is not None:
            ours, theirs = self._v3.port, other._v3.port
            self._v3.take(theirs)
            await other._v3.close()
            other._v3.take(ours)
        await other.move(*here)
        self._take(*there)
        if plugged:
            await self._open_all()

    @override
    def replace_control_board(self, mac: str, *, locked: bool = False) -> None:
        super().replace_control_board(mac, locked=locked)
        if self._v3 is not None and locked:
            self._v3.accounts.factory_reset()
        elif self._v3 is not None:
            self._v3.accounts.renew_salt()

    async def reboot(self) -> None:
        """Reboot without a command; the ports are closed until the clock is past it."""
        self.state.reboot()
        await self._go_away()

    # How it works inside

    def _open(self) -> None:
        """Open the ports, of which the first may stay open if the second is in use."""
        self._server.open()
        if self._v3 is not None:
            self._v3.open(self._server.host)

    async def _open_all(self) -> None:
        """Open the ports, all or none.

        Raises:
            OSError: a port is in use or the address is not ours.
        """
        try:
            self._open()
        except OSError:
            await self._close()
            raise

    async def _close(self, *, spare: asyncio.Task[object] | None = None) -> None:
        """Close the ports and drop every connection, except the task ``spare``."""
        await self._server.close(spare=spare)
        if self._v3 is not None:
            await self._v3.close(spare=spare)

    def _take(self, host: str, port: int) -> None:
        """Take an address, for the next time that the ports open."""
        state = self._device.state
        if state.network.ip == self.host:  # a static one that is in force
            state.network = replace(state.network, ip=host)
        self._device.host = self._server.host = host
        self._server.port = port

    async def _leave(self) -> None:
        """Go away if the board has begun to reboot."""
        if self.state.away and not self._rebooting:
            await self._go_away()

    async def _go_away(self) -> None:
        """Close the ports while the board reboots; the others' connections end too."""
        self._rebooting = True
        await self._close(spare=asyncio.current_task())
        if self._reopening is not None:
            self._reopening.cancel()
        if speed := self._device.clock.speed:
            seconds = (self.state.booted_at - self.state.now) / speed
            loop = asyncio.get_running_loop()
            self._reopening = loop.call_later(seconds + 0.001, self._reopen)

    def _reopen(self) -> None:
        """Open the ports again once the board is back."""
        if self._rebooting and not self.state.away:
            self._rebooting = False
            self._server.host = self._address()
            self._open()

    def _address(self) -> str:
        """Return the address to bind: what was set, where that is an address of ours."""
        first, static = self._device.host, self._device.state.network.ip
        movable = static and all(map(_is_loopback, (first, static)))
        return static if movable else first


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a host name
        return False
