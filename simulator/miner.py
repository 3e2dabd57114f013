"""The simulated miner: machine, API and TCP server together."""

import asyncio
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Self

from .access import Access
from .api import Api, Exchange
from .clock import Clock
from .device import Device, Generation
from .firmware import FIRMWARE
from .misbehaviour import Closed, Misbehaviour, Unconfirmed
from .models import MODELS, make_identity
from .place import Place
from .quirks import Quirk
from .scripts import Scripts
from .server import Line, Occupancy, Server, read_request
from .state import MinerState
from .storage import Storage
from .v3 import (
    FIRMWARE_BY_API,
    INTERRUPTING,
    NEWEST_API,
    Accounts,
    V3Device,
    V3Exchange,
    V3Port,
)
from .writes import WRITABLE

DEFAULT_PASSWORD = "satoshi"
_START = 1_793_491_200.0  # 2026-11-01: any fixed time, so that answers can be repeated
_UPDATES = frozenset({"update_firmware", "set.system.update_firmware"})
_INTERRUPTING = INTERRUPTING | {
    name for name, writable in WRITABLE.items() if writable.interrupts
}


class SimulatedMiner(Place):
    """A Whatsminer on its TCP ports, for as long as the ``async with`` block lasts.

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
        api: str = NEWEST_API,
        super_password: str | None = None,
        v2_open: bool = True,
        v3_port: int = 0,
        v3_idle_seconds: float = 300.0,
    ) -> None:
        """Build a miner that has been hashing for a day.

        Args:
            generation: ``v1``, ``v2``, ``compat``, or ``v3``, which also speaks the dialect
                of ``compat`` on ``port``.
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
            api: the version of the V3 API, a key of ``FIRMWARE_BY_API``.
            super_password: that of the V3 account ``super``; None for ``password``. With
                the factory's, ``super``, only the quirk ``default-refused`` refuses writes.
            v2_open: whether ``port`` is open, which some firmware with V3 keeps closed.
            v3_port: as ``port``, for V3.
            v3_idle_seconds: as ``idle_seconds``, for V3.
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
            storage=Storage(
                FIRMWARE_BY_API[api]
                if firmware.generation is Generation.V3
                else firmware.firmware_version,
                firmware.api_version,
            ),
            host=host,
            quirks=firmware.built_in_quirks | quirks,
        )
        self._api = Api(firmware, self._device)
        self._occupancy = Occupancy()
        self._server = Server(
            host,
            port,
            self._handle,
            occupancy=self._occupancy,
            idle_seconds=idle_seconds,
            split=Quirk.SPLIT_WRITES in self._device.quirks,
            enabled=v2_open,
        )
        self._v3 = None
        if firmware.generation is Generation.V3:
            secret = password if super_password is None else super_password
            self._v3 = V3Port(
                V3Device(
                    board=self._device,
                    accounts=Accounts(secret, random),
                    api=api,
                    api_version=api,
                ),
                self._respond,
                self._leave,
                port=v3_port,
                occupancy=self._occupancy,
                idle_seconds=v3_idle_seconds,
            )
        self._scripts = Scripts()
        self._rebooting = False
        self._reopening: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Open the ports.

        Raises:
            OSError: a port is in use or the address is not ours.
        """
        await self._open_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the ports and every connection; nothing is left behind."""
        self._rebooting = False
        if self._reopening is not None:
            self._reopening.cancel()
        await self._close()

    def misbehave(
        self, command: str, how: Misbehaviour, *, times: int | None = None
    ) -> None:
        """Get a command wrong from now on.

        Args:
            command: the command as it is on the wire (``summary+pools+edevs``,
                ``get_token``, ``power_off``), or ``*`` for any other. For V3 also a command
                with its parameter (``get.device.info salt``). ``v2`` and ``v3`` stand for
                any other on the port of that name.
            how: what to do instead of answering properly.
            times: for how many requests; None for all until :meth:`behave`.
        """
        self._scripts.set(command, how, times)

    def behave(self, command: str | None = None) -> None:
        """Answer a command, or every command, properly again."""
        self._scripts.clear(command)

    # How it works inside

    async def _handle(self, line: Line) -> None:
        if request := await read_request(line):
            await self._respond(self._api.receive(request, line.client), line)

    async def _respond(self, exchange: Exchange | V3Exchange, line: Line) -> None:
        """Carry a request out, or get it wrong, and answer."""
        how = self._misbehaviour(exchange.names)
        with suppress(
            ConnectionError
        ):  # a reboot does not depend on a client that waits
            if how is not None:
                await how.respond(exchange, line)
            else:
                await exchange.serve(line)
                if Quirk.KEEP_OPEN in self._device.quirks and "v2" in exchange.names:
                    await line.gone()
        if self.state.away:
            line.end()
            await self._leave()

    def _misbehaviour(self, names: tuple[str, ...]) -> Misbehaviour | None:
        how = self._scripts.next(names)
        if how is None and Quirk.SILENT_RESTARTS in self._device.quirks:
            if not _UPDATES.isdisjoint(names):
                return Unconfirmed()
            if not _INTERRUPTING.isdisjoint(names):
                return Closed(execute=True)
        return how
