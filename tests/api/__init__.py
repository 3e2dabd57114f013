"""Helpers for the tests of the protocol client, which talk to real servers on the loopback."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
import json
from pathlib import Path
from typing import Any, Self

from custom_components.whatsminer.api.commands import Command, Outcome, Result
from custom_components.whatsminer.api.identity import Identity
from custom_components.whatsminer.api.protocol import Target
from custom_components.whatsminer.api.queue import Queue
from custom_components.whatsminer.api.snapshot import Snapshot
from custom_components.whatsminer.api.v2 import V2
from custom_components.whatsminer.api.v2.commands import requests_for
from custom_components.whatsminer.api.v2.envelope import Answer
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.reader import Reader
from custom_components.whatsminer.api.v2.requests import Requests
from custom_components.whatsminer.api.writer import Writer
from simulator import DEFAULT_PASSWORD, Raw, SimulatedMiner
from tests import JOINED, Held, names_of

HOST = "127.0.0.1"
INVALID_COMMAND = {"STATUS": "E", "When": 1, "Code": 14, "Msg": "invalid cmd"}
# How cgminer refuses a request in which it finds no command.
NO_COMMAND = {
    "STATUS": [{"STATUS": "E", "When": 1, "Code": 24, "Msg": "Missing JSON 'command'"}],
    "id": 1,
}
# The requests before a command without a token: the token, and the MAC address of its issuer.
TOKEN = ["get_token", "get_miner_info"]
TOKEN_OF_V1 = [*TOKEN, "summary"]
SINGLY = JOINED.split("+")
# What a steady poll asks for.
STEADY = {
    "v1": [JOINED, "status", "devdetails"],
    "v2": [JOINED, "status", "get_error_code"],
    "compat": [JOINED, "status", "get_error_code"],
}
CUT = Raw(b'{"STATUS":"S",')
ANOTHER_MAC = "C2:04:28:00:00:01"

type Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
type Listen = Callable[[Handler], Awaitable[int]]


def fixture(name: str) -> dict[str, Any]:
    """Return an answer (or several) that was captured from a real miner, or the vectors."""
    path = Path(__file__).parent / "fixtures" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def message(content: object) -> dict[str, Any]:
    """Return a successful answer that carries an object or a text in `Msg`."""
    return {
        "STATUS": "S",
        "When": 1,
        "Code": 131,
        "Msg": content,
        "Description": "",
    }


def refusal(code: int, text: str = "no") -> dict[str, Any]:
    """Return the answer of a miner that says no."""
    return message(text) | {"STATUS": "E", "Code": code}


def table(section: str, *rows: object) -> dict[str, Any]:
    """Return a successful answer in the short form of cgminer's commands."""
    return {"STATUS": [{"STATUS": "S", "Msg": section}], section: list(rows), "id": 1}


class Clock:
    """A clock that tests turn by hand, in the place of `time`."""

    def __init__(self) -> None:
        """Start at a time other than zero."""
        self.now = 5000.0

    def monotonic(self) -> float:
        """Return the seconds on the clock."""
        return self.now


class CannedMiner:
    """A miner that answers known commands with given answers, and others with code 14.

    Bytes are sent as they are, anything else as JSON; a joined read is put together from its
    parts. `asked` lists the commands in order, `requests` how they arrived. `keys` names the
    keys under which the miner looks for a command; without one it answers `keyless`.
    """

    def __init__(
        self, answers: Mapping[str, object], host: str = HOST, port: int = 0
    ) -> None:
        """Store the answers, which may be changed later."""
        self.answers: dict[str, Any] = dict(answers)
        self.asked: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.keys: Callable[[str], tuple[str, ...]] = lambda command: (
            "cmd",
            "command",
        )
        self.keyless: object = NO_COMMAND
        self.host = host
        self.port = port

    async def __aenter__(self) -> Self:
        """Open a port."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the port."""
        self._server.close()
        await self._server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if request := await reader.read(65536):  # else it was only seen to be there
            self.requests.append(json.loads(request))
            writer.write(self._answer_to(self.requests[-1]))
        writer.close()
        await writer.wait_closed()

    def _answer_to(self, request: Mapping[str, str]) -> bytes:
        [(key, command), *_] = request.items()
        self.asked.append(command)
        if key not in self.keys(command):
            return as_bytes(self.keyless)
        return self._answer(command)

    def _answer(self, command: str) -> bytes:
        if command in self.answers:
            return as_bytes(self.answers[command])
        parts = command.split("+")
        if len(parts) > 1 and self.answers.keys() >= set(parts):
            joined = (
                b'"%s":[%s]' % (part.encode(), as_bytes(self.answers[part]))
                for part in parts
            )
            return b'{%s,"id":1}' % b",".join(joined)
        return as_bytes(INVALID_COMMAND)


def as_bytes(answer: object) -> bytes:
    """Return an answer as it is sent."""
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def codes_of(snapshot: Snapshot) -> list[str]:
    """Return the codes of the faults that a miner has reported."""
    assert snapshot.errors is not None
    return [error.code for error in snapshot.errors]


def generation_of(name: str) -> Generation:
    """Return the generation that has this name in the simulator, where V2.2 is `compat`."""
    return Generation.V2_2 if name == "compat" else Generation(name)


def wire_name(command: Command) -> str:
    """Return the name of a command as V2.0.x firmware knows it."""
    return requests_for(command, Generation.V2)[0].name


def requests_to(miner: SimulatedMiner | CannedMiner) -> Requests:
    """Return what sends requests to a miner."""
    return Requests(Queue(), HOST, miner.port)


def introduce(
    miner: SimulatedMiner | CannedMiner, mac: str | None = None
) -> tuple[Reader, Identity]:
    """Return a reader of a miner, and the identity that it uses."""
    identity = Identity(mac)
    return Reader(requests_to(miner), identity), identity


def reader_of(miner: SimulatedMiner | CannedMiner, mac: str | None = None) -> Reader:
    """Return a reader of a miner."""
    return introduce(miner, mac)[0]


class Polls:
    """Polls of a simulated miner; time passes between them for both."""

    def __init__(
        self, miner: SimulatedMiner, clock: Clock, mac: str | None = None
    ) -> None:
        """Create the reader; nothing is sent."""
        self.miner = miner
        self.clock = clock
        self.identity = Identity(mac)
        requests = requests_to(miner)
        self.reader = Reader(requests, self.identity)
        self.replies = requests.replies
        self._seen = 0

    async def poll(self, *, after: float = 30) -> Snapshot:
        """Let time pass and poll."""
        self.clock.now += after
        self.miner.advance(after)
        return await self.reader.poll()

    @property
    def asked(self) -> list[str]:
        """Return the commands since the last call, one for each connection."""
        asked = names_of(self.miner.requests[self._seen :])
        self._seen = len(self.miner.requests)
        assert self.miner.connections == self._seen
        return asked


class Waiting:
    """Reads and writes that wait while a connection is held."""

    def __init__(self, owner: Owner) -> None:
        """Start without tasks."""
        self._owner = owner
        self.tasks: list[asyncio.Task[Any]] = []

    def ask(self, command: str) -> asyncio.Task[Answer]:
        """Start a plain request, which waits."""
        return self._wait(self._owner.requests.ask(command))

    def send(self, command: Command) -> asyncio.Task[Result]:
        """Start a command, which waits."""
        return self._wait(self._owner.send(command))

    def _wait[T](self, what: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(what)
        self.tasks.append(task)
        return task


class Owner:
    """A writer that knows a simulated miner: password, MAC address and generation."""

    def __init__(
        self, miner: SimulatedMiner, password: str = DEFAULT_PASSWORD, *, clock: Clock
    ) -> None:
        """Create the writer; nothing is sent."""
        self.miner = miner
        self.clock = clock
        self.identity = Identity(miner.mac.lower())
        self.target = Target(HOST, miner.port, password, Queue(), self.identity)
        self.requests = Requests(self.target.queue, HOST, miner.port)
        self.protocol = V2(self.target)
        self.protocol.reader.generation = generation_of(miner.generation)
        self.writer = Writer(self.target.queue)
        self.had_token = False
        self._asked = self._sent = 0

    async def send(self, command: Command) -> Result:
        """Send a command."""
        return await self.writer.send(command, self.protocol)

    async def carry_out(self, command: Command) -> Result:
        """Send a command, which the miner has to confirm."""
        result = await self.send(command)
        assert result.outcome is Outcome.ACCEPTED
        return result

    async def check_password(self) -> None:
        """Check the password of the owner."""
        await self.protocol.check_password(self.target.password)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, for the client and the miner."""
        self.clock.now += seconds
        self.miner.advance(seconds)

    @property
    def asked(self) -> list[str]:
        """Return the commands that the miner received, one for each connection."""
        return names_of(self.miner.requests[self._asked :])

    @property
    def sent(self) -> list[str]:
        """Return the privileged commands that reached the miner under a valid token."""
        return names_of(self.miner.writes[self._sent :])

    def forget(self) -> None:
        """Leave earlier requests out of `asked` and `sent`; there is a token by now."""
        self.had_token = True
        self._asked = len(self.miner.requests)
        self._sent = len(self.miner.writes)

    @asynccontextmanager
    async def holding(
        self, name: str, first: Command | str, held: Held | None = None
    ) -> AsyncGenerator[Waiting]:
        """Hold the connection with one request; requests made inside wait for it."""
        held = held or Held()
        self.miner.misbehave(name, held, times=1)
        waiting = Waiting(self)
        if isinstance(first, str):
            waiting.ask(first)
        else:
            waiting.send(first)
        await held.reached.wait()
        yield waiting
        for _ in range(3):  # each gets as far as the queue
            await asyncio.sleep(0)
        assert self.miner.peak_connections == 1
        held.release.set()
        await asyncio.wait(waiting.tasks)
        assert self.miner.peak_connections == 1
