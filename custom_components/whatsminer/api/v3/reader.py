"""The reader, which polls one miner: the order of its requests, and which of them may fail."""

import asyncio
from collections.abc import Mapping
from typing import Final

from ..errors import (
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    RefusedError,
    WrongMinerError,
)
from ..freshness import Moment
from ..identity import Evidence, Identity
from ..queue import Urgency
from ..sanitize import Json
from ..snapshot import Snapshot
from . import device_info
from .envelope import NOTHING, Answer
from .known import Known, Live
from .requests import Conversation, Requests

DEVICE: Final = "get.device.info"
STATUS: Final = "get.miner.status"
PARTS: Final = "summary+pools+edevs"
_SUMMARY: Final = "summary"
# Seconds for the connect and for the answer of a miner that may not speak V3.
_PROBE: Final = (3.0, 5.0)


class Reader:
    """Polls one miner, and confirms that the expected miner answers.

    Each poll takes one connection, and compares the MAC address before anything else is read.
    """

    def __init__(self, requests: Requests, identity: Identity) -> None:
        """Create the reader; nothing is sent."""
        self._requests = requests
        self._identity = identity
        self._polling = asyncio.Lock()
        self._known = Known()

    @property
    def led(self) -> str | None:
        """Return the state of the LED (`auto`), None if the miner does not report it."""
        return device_info.led(self._known.device)

    async def probe(self) -> bool:
        """Return whether a miner with a version of V3 answers.

        Raises:
            UnreachableError: nothing answers.
            MiningProcessDownError: a miner that is starting answers.

        """
        connecting, answering = _PROBE
        async with (
            self._requests.queue.turn(Urgency.READ),
            self._requests.conversation(connecting=connecting) as conversation,
        ):
            try:
                answer = await conversation.ask(DEVICE, "system", limit=answering)
            except RefusedError, MalformedReplyError, NotAMinerError:
                return False
        return (device_info.api(answer.reading()) or "").startswith("3.")

    async def reach(self) -> None:
        """Send the first request of a first poll to a miner that has been found to speak V3.

        That it says less of itself now, or another version, does not count.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError.

        """
        connecting, answering = _PROBE
        async with (
            self._requests.queue.turn(Urgency.READ),
            self._requests.conversation(connecting=connecting) as conversation,
        ):
            try:
                await conversation.ask(DEVICE, "system", limit=answering)
            except RefusedError as err:
                raise MalformedReplyError(str(err)) from err

    async def poll(self) -> Snapshot:
        """Return what the miner reports now (see `Miner.poll`)."""
        async with self._polling:
            try:
                return await self._poll()
            except BaseException as err:  # also when the poll is cancelled
                self._identity.is_confirmed = False
                if isinstance(err, WrongMinerError | NoMacError):
                    # Another miner may have reported what is known.
                    self._known = Known()
                self._known.settings.expect_all()
                raise

    async def read_evidence(self) -> Evidence:
        """Return the MAC address that the miner reports now; the caller has the turn."""
        async with self._requests.conversation() as conversation:
            return await self._evidence(conversation)

    async def confirm(self, conversation: Conversation) -> None:
        """Confirm that the expected miner answers, before a command in the same conversation."""
        await self._identity.confirm(lambda: self._evidence(conversation))

    async def confirm_device(self, conversation: Conversation) -> Mapping[str, Json]:
        """Confirm that the expected miner answers, and return what it says of itself."""
        device = (await conversation.ask(DEVICE)).reading()

        async def evidence() -> Evidence:
            return Evidence(device_info.mac(device), always=True)

        await self._identity.confirm(evidence)
        return device

    async def firmware(self) -> str | None:
        """Return the present firmware version (see `Miner.firmware`)."""
        async with (
            self._requests.queue.turn(Urgency.READ),
            self._requests.conversation() as conversation,
        ):
            return device_info.firmware(await self._device(conversation))

    async def is_off(self) -> bool:
        """Return whether the expected miner reports that mining is off; the caller has the turn."""
        async with self._requests.conversation() as conversation:
            return device_info.working(await self._device(conversation)) is False

    def expect(self, command: str) -> None:
        """Read some settings in the next polls, because they will have changed."""
        self._known.settings.expect(command)

    def forget_firmware(self) -> None:
        """Forget what is known of the firmware, because it has changed."""
        self._known.settings.forget()

    async def _evidence(self, conversation: Conversation) -> Evidence:
        try:
            answer = await conversation.ask(DEVICE, "network")
        except RefusedError, MiningProcessDownError:
            return Evidence()
        return Evidence(device_info.mac(answer.reading()), always=True)

    async def _device(self, conversation: Conversation) -> Mapping[str, Json]:
        """Return the answer to `get.device.info` of the expected miner."""
        device = (await conversation.ask(DEVICE)).reading()
        hashing = bool(device_info.working(device))
        mac = device_info.mac(device)
        self._identity.recognise(Evidence(mac, always=True, hashing=hashing))
        return device

    async def _poll(self) -> Snapshot:
        queue = self._requests.queue
        async with (
            queue.turn(Urgency.READ) as turn,
            self._requests.conversation() as conversation,
        ):
            try:
                device = await self._device(conversation)
            except RefusedError as err:  # as no miner does
                raise MalformedReplyError(str(err)) from err
            live = await self._live(conversation, device)
            self._known.follow(live)
            await self._known.settings.read(
                conversation, lambda: queue.is_overtaken(turn)
            )
        return self._known.snapshot(live)

    async def _live(
        self, conversation: Conversation, device: Mapping[str, Json]
    ) -> Live:
        """Return the answers of a poll; a miner whose mining process is down has no status."""
        status, is_down = NOTHING, False
        try:
            status = await self._status(conversation)
        except MiningProcessDownError:
            is_down = True
        except RefusedError:
            pass
        return Live(device=device, moment=Moment.now(), status=status, is_down=is_down)

    @staticmethod
    async def _status(conversation: Conversation) -> Answer:
        """Return the status, or the summary alone where some part of the whole is refused."""
        try:
            return await conversation.ask(STATUS, PARTS)
        except RefusedError:
            return await conversation.ask(STATUS, _SUMMARY)
