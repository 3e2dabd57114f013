"""The port of V3: connections that carry one request after another."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ..quirks import Quirk
from ..server import Line, Occupancy, Server
from ..wire import JsonObject
from .accounts import SUPER, Accounts
from .api import V3Api, V3Exchange
from .device import V3Device
from .frames import HEARTBEAT, read_frame
from .reports import Reports

type Respond = Callable[[V3Exchange, Line], Awaitable[None]]

MOST_CLIENTS = 10


@dataclass(slots=True)
class _Session:
    """A connection, with what its client has ordered."""

    line: Line
    reports: Reports = field(default_factory=Reports)
    waits: bool = False  # for a request: nothing else is being sent
    timer: asyncio.TimerHandle | None = None  # of the next report


class V3Port:
    """The V3 side of a miner, for tests: its port, its accounts, what it has been asked.

    Attributes:
        most_clients: how many connections it keeps; it closes any more at once.
        enabled: whether the port is to be open when the miner is on the network.
    """

    def __init__(
        self,
        device: V3Device,
        respond: Respond,
        leave: Callable[[], Awaitable[None]],
        *,
        port: int,
        occupancy: Occupancy,
        idle_seconds: float,
    ) -> None:
        """Prepare the port, which is open once :meth:`open` is called.

        Args:
            device: the control board.
            respond: carries a request out, or gets it wrong, and answers.
            leave: closes the ports if the board reboots. This happens before the answer is
                sent, so that a client with an answer never meets a port that still closes.
            port: 0 picks a free one.
            occupancy: where connections are counted.
            idle_seconds: real seconds without data before a connection is dropped.
        """
        self.most_clients = MOST_CLIENTS
        self.enabled = True
        self._device = device
        self._respond = respond
        self._leave = leave
        self._api = V3Api(device)
        self._server = Server(
            device.board.host,
            port,
            self._serve,
            occupancy=occupancy,
            idle_seconds=idle_seconds,
            split=device.has(Quirk.SPLIT_WRITES),
        )
        self._sessions: list[_Session] = []
        self._reporting: set[asyncio.Task[None]] = set()

    # What a test can read and change

    @property
    def port(self) -> int:
        """The bound port."""
        return self._server.port

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far on this port."""
        return self._server.connections

    @property
    def requests(self) -> list[JsonObject]:
        """Every request in order, with its parameter decrypted where the miner could."""
        return self._api.requests

    @property
    def writes(self) -> list[JsonObject]:
        """Every command that came with a right signature while the switch was on, in order.

        As received but without token and time. They are listed when they arrive, also
        those that are refused or made to misbehave.
        """
        return self._api.writes

    @property
    def accounts(self) -> Accounts:
        """The accounts, with their passwords and the salt."""
        return self._device.accounts

    @property
    def password(self) -> str:
        """The password of ``super``. Setting it makes a new salt."""
        return self.accounts.passwords[SUPER]

    @password.setter
    def password(self, password: str) -> None:
        self.accounts.change(SUPER, password)

    @property
    def api_version(self) -> str:
        """The version it reports; may be set, which changes nothing else."""
        return self._device.api_version

    @api_version.setter
    def api_version(self, version: str) -> None:
        self._device.api_version = version

    @property
    def clock_offset(self) -> float:
        """Seconds by which the board's clock is wrong; may be set."""
        return self._device.clock_offset

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self._device.clock_offset = seconds

    async def disable(self) -> None:
        """Close the port until :meth:`enable`, as older firmware does; 4028 stays open."""
        self.enabled = False
        await self.close()

    def enable(self) -> None:
        """Open the port again, as firmware with V3 does."""
        self.enabled = True
        self._server.open()

    # What the miner does with it

    def open(self, host: str) -> None:
        """Open the port at an address, unless it is disabled.

        Raises:
            OSError: the port is in use or the address is not ours.
        """
        self._server.host = host
        if self.enabled:
            self._server.open()

    def take(self, port: int) -> None:
        """Take another port number, for the next time that it opens."""
        self._server.port = port

    async def close(self, *, spare: asyncio.Task[object] | None = None) -> None:
        """Close the port and drop every connection, except the task ``spare``."""
        await self._server.close(spare=spare)
        reporting = [task for task in self._reporting if task is not spare]
        for task in reporting:
            task.cancel()
        await asyncio.gather(*reporting, return_exceptions=True)

    def clock_moved(self) -> None:
        """Send the reports that have come due to the clients that wait for nothing else."""
        self._device.board.catch_up()
        if self._device.state.away:
            return
        for session in self._sessions:
            if session.waits and session.reports.take(self._device.state.now):
                task = asyncio.ensure_future(self._send_report(session))
                self._reporting.add(task)
                task.add_done_callback(self._reporting.discard)

    async def _serve(self, line: Line) -> None:
        session = _Session(line)
        if len(self._sessions) >= self.most_clients:
            return
        self._sessions.append(session)
        line.before_send = self._leave
        try:
            while not line.ended:
                session.waits = True
                text = await read_frame(line)
                session.waits = False
                if text is None or self._device.dropping:
                    break
                await self._answer(session, text)
        finally:
            self._sessions.remove(session)
            if session.timer is not None:
                session.timer.cancel()

    async def _answer(self, session: _Session, text: bytes) -> None:
        """Answer a request, after a report that has come due."""
        if session.reports.take(self._device.state.now):
            await self._send_report(session)
        gap = session.reports.gap
        exchange = self._api.receive(text, session.reports)
        if self._device.has(Quirk.HEARTBEATS):
            await session.line.send(HEARTBEAT)
        await self._respond(exchange, session.line)
        if self._device.has(Quirk.ONE_ANSWER):
            session.line.end()
        if session.reports.gap != gap:
            self._wait_for_report(session)

    async def _send_report(self, session: _Session) -> None:
        with suppress(ConnectionError):
            await session.line.send(self._api.report())
        self._wait_for_report(session)

    def _wait_for_report(self, session: _Session) -> None:
        """Wake when the next report is due, if the clock runs by itself."""
        speed = self._device.board.clock.speed
        if speed and session.reports.gap and session in self._sessions:
            loop = asyncio.get_running_loop()
            seconds = (session.reports.due - self._device.state.now) / speed
            session.timer = loop.call_later(max(0.0, seconds) + 0.001, self.clock_moved)
