"""A simulated miner, put together."""

import asyncio
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self

from .access import Access
from .api import Api
from .clock import Clock
from .device import Device, Generation
from .firmware import FIRMWARE
from .misbehaviour import Closed, Misbehaviour
from .models import MODELS, make_identity
from .quirks import Quirk
from .server import Line, Server
from .state import MinerState
from .wire import JsonObject
from .writes import WRITABLE

DEFAULT_PASSWORD = "satoshi"
_START = 1_793_491_200.0  # 2026-11-01: any fixed time, so that answers can be repeated


@dataclass(slots=True)
class _Script:
    how: Misbehaviour
    times: int | None


class SimulatedMiner:
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
        self._scripts: dict[str, _Script] = {}
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

    # What it is

    @property
    def host(self) -> str:
        """The bound address."""
        return self._server.host

    @property
    def port(self) -> int:
        """The bound port."""
        return self._server.port

    @property
    def generation(self) -> Generation:
        """The dialect it speaks."""
        return self._device.generation

    @property
    def firmware_version(self) -> str:
        """The firmware version it reports."""
        return self._api.firmware.firmware_version

    @property
    def mac(self) -> str:
        """The MAC address, upper case with colons."""
        return self._device.state.identity.mac

    @property
    def serial(self) -> str:
        """The serial number of the machine."""
        return self._device.state.identity.serial

    # What it has been asked

    @property
    def requests(self) -> list[JsonObject]:
        """Every request in order, decrypted where the miner could (token included)."""
        return self._api.requests

    @property
    def writes(self) -> list[JsonObject]:
        """Every privileged command that came with a valid token, in order.

        As received but without the token, and with the name always under ``cmd``. They
        are listed when they arrive, also those that are refused or made to misbehave.
        """
        return self._api.writes

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._server.connections

    @property
    def peak_connections(self) -> int:
        """The most TCP connections that were open at one time."""
        return self._server.peak_connections

    # What can be done to it

    @property
    def state(self) -> MinerState:
        """The machine as of now; may be changed."""
        self._device.catch_up()
        return self._device.state

    @property
    def api_open(self) -> bool:
        """The API switch."""
        return self._device.access.api_open

    @api_open.setter
    def api_open(self, api_open: bool) -> None:
        self._device.access.api_open = api_open

    @property
    def password(self) -> str:
        """The admin password. Setting it changes the salt and voids every token."""
        return self._device.access.password

    @password.setter
    def password(self, password: str) -> None:
        self._device.access.password = password

    def void_tokens(self, *, new_salt: bool = False) -> None:
        """Void every token, so that the next command under one gets 135.

        With a new salt it gets 23 instead; a client that asks for a token anew is fine
        in either case.
        """
        self._device.access.void_tokens(new_salt=new_salt)

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

    async def reboot(self) -> None:
        """Reboot without being asked; the port is closed until the clock is past it."""
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
        self._scripts[command] = _Script(how, times)

    def behave(self, command: str | None = None) -> None:
        """Answer a command, or every command, properly again."""
        if command is None:
            self._scripts.clear()
        else:
            self._scripts.pop(command, None)

    # How it works inside

    async def _handle(self, data: bytes, line: Line) -> None:
        exchange = self._api.receive(data, line.client)
        how = self._next_misbehaviour(exchange.command)
        if how is not None:
            await how.respond(exchange, line)
        else:
            await line.send(exchange.carry_out())
            if Quirk.KEEP_OPEN in self._device.quirks:
                await line.gone()
        if self.state.away:
            await self._go_away()

    def _next_misbehaviour(self, command: str) -> Misbehaviour | None:
        for name in (command, "*"):
            script = self._scripts.get(name)
            if script is None:
                continue
            if script.times is not None:
                script.times -= 1
                if script.times <= 0:
                    del self._scripts[name]
            return script.how
        writable = WRITABLE.get(command)
        if (
            writable is not None
            and writable.interrupts
            and Quirk.SILENT_RESTARTS in self._device.quirks
        ):
            return Closed(execute=True)
        return None

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
            self._server.open()
