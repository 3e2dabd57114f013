"""The simulated miner: machine, API and TCP server together."""

import asyncio
from contextlib import suppress
from dataclasses import replace
import ipaddress
from random import Random
from types import TracebackType
from typing import Self

from .access import Access
from .api import Api
from .bench import Bench
from .clock import Clock
from .device import Device, Generation
from .firmware import FIRMWARE
from .misbehaviour import Closed, Misbehaviour, Unconfirmed
from .models import MODELS, make_identity
from .quirks import Quirk
from .scripts import Scripts
from .server import Line, Server
from .state import MinerState
from .storage import Storage
from .writes import WRITABLE

DEFAULT_PASSWORD = "satoshi"
_START = 1_793_491_200.0  # 2026-11-01: any fixed time, so that answers can be repeated


class SimulatedMiner(Bench):
    """A Whatsminer on a TCP port, for as long as the ``async with`` block lasts.

    The clock stands still unless ``speed`` says otherwise; move it with :meth:`advance`.
    Everything random comes from ``seed``.
    """

    def __init__(
        self,
        *,
        generation: str = "v2",
        model: str = "M30S+",
        password: str = DEFAULT_PASSWORD,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: object = 1,
        mac: str | None = None,
        api_open: bool = True,
        quirks: frozenset[Quirk] | set[Quirk] = frozenset(),
        token_timeout: int | None = None,
        speed: float = 0.0,
        start: float = _START,
        idle_seconds: float = 10.0,
    ) -> None:
        """Build a miner that has been hashing for a day.

        Args:
            generation: ``v1``, ``v2`` or ``compat``.
            model: a key of ``MODELS``.
            password: the admin password; with ``admin`` every write is refused with 45.
            host: the address to bind.
            port: 0 picks a free one.
            seed: what MAC, serials, salts and small differences are drawn from.
            mac: overrides the drawn one.
            api_open: the API switch.
            quirks: oddities on top of those the generation always has.
            token_timeout: what ``get_token`` announces, see ``Access``.
            speed: simulated seconds per real second.
            start: the simulated time at the beginning, epoch seconds.
            idle_seconds: real seconds without data before a connection is dropped.
        """
        firmware = FIRMWARE[Generation(generation)]
        random = Random(f"{seed} {generation} {model}")
        identity = make_identity(MODELS[model], random, mac)
        clock = Clock(start, speed)
        self._device = Device(
            generation=firmware.generation,
            clock=clock,
            state=MinerState(MODELS[model], identity, start),
            access=Access(
                password,
                limits=firmware.token_limits,
                random=random,
                now=clock.unhurried,
                api_open=api_open,
                timeout=token_timeout,
            ),
            storage=Storage(firmware.firmware_version, firmware.api_version),
            host=host,
            quirks=firmware.built_in_quirks | quirks,
        )
        self._api = Api(firmware, self._device)
        self._server = Server(
            host,
            port,
            self._handle,
            idle_seconds=idle_seconds,
            split=Quirk.SPLIT_WRITES in self._device.quirks,
        )
        self._scripts = Scripts()
        self._rebooting = False
        self._reopening: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Open the port.

        Raises:
            OSError: the port is in use or the address is not ours.
        """
        self._server.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the port and every connection; nothing is left behind."""
        self._rebooting = False
        if self._reopening is not None:
            self._reopening.cancel()
        await self._server.close()

    # Where it is

    @property
    def host(self) -> str:
        """The bound address, until a move or a static loopback address changes it."""
        return self._server.host

    @property
    def port(self) -> int:
        """The bound port."""
        return self._server.port

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._server.connections

    @property
    def peak_connections(self) -> int:
        """The most TCP connections that were open at one time."""
        return self._server.peak_connections

    # What can be done to it

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by simulated seconds."""
        self._device.clock.advance(seconds)
        self._reopen()

    async def disconnect(self) -> None:
        """Pull the network cable: the port closes and every connection ends."""
        await self._server.close()

    def reconnect(self) -> None:
        """Plug the cable in again."""
        self._server.open()

    async def move(self, host: str, port: int | None = None) -> None:
        """Move to another address at once, as with a new lease; every connection ends.

        Mining goes on. A miner that is off the network comes back at the new address.

        Args:
            host: the address to bind.
            port: None for the one it has.

        Raises:
            OSError: the port is in use or the address is not ours; it then has none.
        """
        plugged = self._server.is_open
        await self._server.close()
        self._take(host, self.port if port is None else port)
        if plugged:
            self._server.open()

    async def swap(self, other: SimulatedMiner) -> None:
        """Change places with another miner, ports included, as if both moved at once."""
        here, there = (self.host, self.port), (other.host, other.port)
        plugged = self._server.is_open
        await self._server.close()  # makes room
        await other.move(*here)
        self._take(*there)
        if plugged:
            self._server.open()

    async def reboot(self) -> None:
        """Reboot without a command; the port is closed until the clock is past it."""
        self.state.reboot()
        await self._go_away()

    def misbehave(
        self, command: str, how: Misbehaviour, *, times: int | None = None
    ) -> None:
        """Get a command wrong from now on.

        Args:
            command: the command as it is on the wire (``summary+pools+edevs``,
                ``get_token``, ``power_off``), or ``*`` for any other.
            how: what to do instead of answering properly.
            times: for how many requests; None for all until :meth:`behave`.
        """
        self._scripts.set(command, how, times)

    def behave(self, command: str | None = None) -> None:
        """Answer a command, or every command, properly again."""
        self._scripts.clear(command)

    # How it works inside

    async def _handle(self, data: bytes, line: Line) -> None:
        exchange = self._api.receive(data, line.client)
        how = self._misbehaviour(exchange.command)
        with suppress(
            ConnectionError
        ):  # a reboot does not depend on a client that waits
            if how is not None:
                await how.respond(exchange, line)
            else:
                await exchange.serve(line)
                if Quirk.KEEP_OPEN in self._device.quirks:
                    await line.gone()
        if self.state.away:
            await self._go_away()

    def _misbehaviour(self, command: str) -> Misbehaviour | None:
        how = self._scripts.next(command)
        if how is None and Quirk.SILENT_RESTARTS in self._device.quirks:
            if command == "update_firmware":
                return Unconfirmed()
            if command in WRITABLE and WRITABLE[command].interrupts:
                return Closed(execute=True)
        return how

    def _take(self, host: str, port: int) -> None:
        """Take an address, for the next time that the port opens."""
        state = self._device.state
        if state.network.ip == self.host:  # a static one that is in force
            state.network = replace(state.network, ip=host)
        self._device.host = self._server.host = host
        self._server.port = port

    async def _go_away(self) -> None:
        """Close the port while the board reboots; the others' connections end too."""
        self._rebooting = True
        await self._server.close(spare=asyncio.current_task())
        if speed := self._device.clock.speed:
            seconds = (self.state.booted_at - self.state.now) / speed
            loop = asyncio.get_running_loop()
            self._reopening = loop.call_later(seconds + 0.001, self._reopen)

    def _reopen(self) -> None:
        """Open the port again once the board is back."""
        if self._rebooting and not self.state.away:
            self._rebooting = False
            self._server.host = self._address()
            self._server.open()

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
