"""The reader, which polls one miner: the order of its commands, and which of them may fail."""

import asyncio
from collections.abc import Mapping, Sequence
import logging

from ..decode import text
from ..errors import MiningProcessDownError, NoMacError, RefusedError, WrongMinerError
from ..identity import Change, Evidence, Identity
from ..queue import Urgency
from ..readings import Performance
from ..sanitize import Json
from ..snapshot import Snapshot
from . import envelope, fields
from .envelope import Answer
from .generations import Generation
from .known import Known, Poll
from .recognition import ask_version, read_version
from .requests import Requests

_LOGGER = logging.getLogger(__name__)


class Reader:
    """Polls one miner, and confirms that the expected miner answers.

    A steady poll takes three connections: one joined read, `status`, and a third for
    `get_error_code` (V1: `devdetails`) or, every few minutes, for one of the slow commands.
    """

    def __init__(self, requests: Requests, identity: Identity) -> None:
        """Create the reader; nothing is sent."""
        self._requests = requests
        self._identity = identity
        self._polling = asyncio.Lock()
        self._boards_warned = False
        # That of the last poll. `V2` sets it while the miner is read over V3.
        self.generation = Generation.V2
        self._known = Known(requests)

    @property
    def led(self) -> str | None:
        """Return the state of the LED (`auto`), None if the miner does not report it."""
        return fields.led(self._known.slow.reading("get_miner_info"))

    async def poll(self) -> Snapshot:
        """Return what the miner reports now (see `Miner.poll`)."""
        async with self._polling:
            try:
                return await self._poll()
            except BaseException as err:  # also when the poll is cancelled
                if (
                    isinstance(err, WrongMinerError | NoMacError)
                    or not self._known.is_trusted
                ):
                    # Another miner may have reported what is known.
                    self._known = Known(self._requests)
                self._require_confirmation()
                raise

    async def reach(self) -> None:
        """Send the first command of a first poll, which then uses this answer."""
        async with self._polling:
            if "get_version" not in self._known.slow and not self._identity.met_another:
                self._known.early_version = await ask_version(self._requests)

    async def read_evidence(self) -> Evidence:
        """Return the MAC address that the miner reports; the caller has the turn.

        V1 has it in its summary, and only while its mining process is up.
        """
        for command, section, read_mac in (
            ("get_miner_info", None, fields.info_mac),
            ("summary", "SUMMARY", fields.summary_mac),
        ):
            try:
                answer = envelope.check(await self._requests.plain(command), command)
            except RefusedError, MiningProcessDownError:
                continue
            if mac := read_mac(answer.reading(section)):
                return Evidence(mac, always=command == "get_miner_info")
        return Evidence()

    async def firmware(self) -> str | None:
        """Return the present firmware version (see `Miner.firmware`)."""
        async with self._requests.queue.turn(Urgency.READ):
            await self._identity.confirm(self.read_evidence)
        self._known.slow["get_version"] = await self._requests.ask("get_version")
        if version := fields.firmware(self._known.version()):
            return version
        return fields.firmware((await self._requests.ask("status")).reading())

    async def is_off(self) -> bool:
        """Return whether the miner reports that mining is off; the caller has the turn."""
        off = await self._known.status.is_off(self.generation)
        if off:  # the answer may be from another miner
            await self._identity.confirm(self.read_evidence)
        return off

    def forget_firmware(self) -> None:
        """Forget what is known of the firmware, because it has changed."""
        self._known.forget_firmware()

    def expect(self, command: str) -> None:
        """Send a slow command soon, because its answer will have changed."""
        self._known.slow.expect(command)

    async def _poll(self) -> Snapshot:
        known, slow = self._known, self._known.slow
        slow.ages.begin_poll()
        if self._identity.met_another:  # send nothing but what confirms the MAC address
            async with self._requests.queue.turn(Urgency.READ):
                await self._identity.confirm(self.read_evidence)
        first = "get_version" not in slow
        if first:
            early, known.early_version = known.early_version, None
            version = await read_version(self._requests, early)
            for command in ("devdetails", "get_psu"):
                await slow.refresh(command)
            slow.begin(version)
        live = await known.live.read()
        poll = Poll(live, self._board_rows(live["edevs"]))
        self._compare(poll)
        await self._confirm(poll)
        known.is_trusted = known.is_trusted or self._identity.is_confirmed
        if first and "get_miner_info" not in slow:  # the summary had the MAC
            await slow.refresh("get_miner_info")
        poll.status = await known.status.read()
        generation = known.find_generation(poll)
        if not first or generation is not Generation.V1:
            await self._read_third(generation)
        self.generation = generation
        return known.snapshot(poll)

    def _board_rows(self, answer: Answer) -> Sequence[Mapping[str, Json]]:
        rows = answer.rows("DEVS")
        found = fields.board_rows(rows)
        if len(found) < len(rows) and not self._boards_warned:
            self._boards_warned = True
            _LOGGER.warning(
                "%s: %d of %d hashboards are used, the others have no slot of their own",
                self._requests.host,
                len(found),
                len(rows),
            )
        return found

    async def _read_third(self, generation: Generation) -> None:
        """Use the third connection; another miner may have got the address between two polls."""
        slow = self._known.slow
        if await slow.read_next(generation) == "get_miner_info" and (
            "get_miner_info" in slow
        ):
            self._recognise_by_info()

    def _compare(self, poll: Poll) -> None:
        """Require a confirmation if the clock or the boards are not those of the last poll."""
        if poll.performance == Performance() and not (
            fields.knows_summary(poll.summary)
        ):
            self._identity.is_confirmed = False  # there is nothing to compare
        change = self._known.continuity.update(
            poll.performance.uptime, poll.board_serials, poll.live.moment.monotonic
        )
        if change is not Change.NONE:
            self._identity.is_confirmed = False
        if change is Change.CERTAIN:
            self._known.slow.expect_all()

    async def _confirm(self, poll: Poll) -> None:
        """Confirm the MAC address, unless it is confirmed already.

        V1 reports it in every summary, and does not report it while its mining process is down.
        """
        hashing = bool(poll.performance.hash_rate)
        if text(poll.summary.get("MAC")):
            mac = fields.summary_mac(poll.summary)
            self._identity.recognise(Evidence(mac, hashing=hashing))
        if self._identity.is_confirmed:
            return
        try:
            answer = await self._requests.ask("get_miner_info")
        except RefusedError, MiningProcessDownError:
            if (
                "summary" in poll.live
                or not self._identity.mac
                or not self._identity.may_lack_mac
            ):
                self._identity.recognise(Evidence(hashing=hashing))
            poll.discard()
            return
        self._known.slow["get_miner_info"] = answer
        self._recognise_by_info(hashing=hashing)

    def _recognise_by_info(self, *, hashing: bool = False) -> None:
        mac = fields.info_mac(self._known.slow.reading("get_miner_info"))
        self._identity.recognise(Evidence(mac, always=True, hashing=hashing))

    def _require_confirmation(self) -> None:
        """Let the next poll confirm the MAC address and send all slow commands again."""
        self._identity.is_confirmed = False
        self._known.slow.expect_all()
        self._known.status.forget()
