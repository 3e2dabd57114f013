"""The reader, which polls one miner: the order of its commands, and which of them may fail."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
import logging
import time
from typing import Final

from . import reply
from .errors import (
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    RefusedError,
    UnreachableError,
    WhatsminerError,
    WrongMinerError,
)
from .identity import Identity
from .line import Line, Urgency
from .readings import (
    BoardIdentity,
    Details,
    ErrorEntry,
    Generation,
    MinerInfo,
    Psu,
    Status,
    Summary,
    Version,
    board,
    board_rows,
    error_list,
    pools,
    summary_errors,
    unread_errors,
)
from .reply import Answer
from .sanitize import Json
from .snapshot import Snapshot
from .wire import decode

_LOGGER = logging.getLogger(__name__)

_LIVE: Final = ("summary", "pools", "edevs")
# The slow commands: sent at set-up and then every few minutes, one in a poll. At set-up,
# `get_miner_info` is sent to confirm the MAC address.
_SLOW: Final = ("get_version", "devdetails", "get_psu", "get_miner_info")
_SLOW_INTERVAL = 300.0
_SLOW_SPREAD = 60.0
# The last answer is used for at least so many seconds and so many polls, if no newer one comes.
# Both are several times the usual distance.
_KEPT_FOR: Final = {"get_error_code": (300.0, 3), "get_psu": (1000.0, 12)}
# Seconds. If the uptime differs by more from the time between two polls, another miner may answer.
_SAME_CLOCK = 5.0
# Seconds. `Elapsed` may count whole seconds, so the same value proves nothing for so long.
_FROZEN_AFTER = 5.0
_NOTHING = Answer()


class Reader:
    """Polls one miner, and confirms that the expected miner answers.

    A steady poll takes three connections: one joined read, `status`, and a third for
    `get_error_code` (V1: `devdetails`) or, every few minutes, for one of the slow commands.
    """

    def __init__(self, line: Line, identity: Identity) -> None:
        """Create the reader; nothing is sent."""
        self._line = line
        self._identity = identity
        self._polling = asyncio.Lock()
        self._boards_warned = False
        self._forget()

    def _forget(self) -> None:
        """Forget everything that was read, because another miner may have reported it."""
        # Whether the expected miner was confirmed since then.
        self._trusted = False
        # The answer to `get_version` from before the first poll.
        self._early_version: Mapping[str, Json] | None = None
        self._answers: dict[str, Answer] = {}
        # When each command was last answered: the time and the number of the poll.
        self._read: dict[str, tuple[float, int]] = {}
        self._polls = 0
        self._due = dict.fromkeys(_SLOW, 0.0)
        self._slow_next = False
        self._generation: Generation | None = None
        self._joins: bool | None = None
        self._process_up = True
        # No two miners have these in common: uptime and when it was read, and the boards.
        self._uptime: tuple[float, float] | None = None
        self._boards: frozenset[str] = frozenset()
        self._clock: tuple[float, float] | None = None
        # Whether the miner last reported that it mines, and when a poll first reported a change.
        self._mining: bool | None = None
        self._mining_changed = 0.0

    async def poll(self) -> Snapshot:
        """Return what the miner reports now (see `Miner.poll`)."""
        async with self._polling:
            try:
                return await self._poll()
            except BaseException as err:  # also when the poll is cancelled
                if isinstance(err, WrongMinerError | NoMacError) or not self._trusted:
                    self._forget()
                self._require_confirmation()
                raise

    async def reach(self) -> None:
        """Send the first command of a first poll, which then uses this answer."""
        async with self._polling:
            if "get_version" not in self._answers and not self._identity.met_another:
                self._early_version = await self._ask_version()

    async def firmware(self) -> str | None:
        """Return the present firmware version (see `Miner.firmware`)."""
        async with self._line.turn(Urgency.READ):
            await self._identity.confirm()
        self._answers["get_version"] = await self._line.ask("get_version")
        if version := self._version().firmware:
            return version
        return decode(Status, (await self._line.ask("status")).reading()).firmware

    def forget_firmware(self) -> None:
        """Forget what is known of the firmware, because it has changed."""
        self._joins = None
        self._generation = None

    def expect(self, command: str) -> None:
        """Send a slow command with the next poll, because its answer will have changed."""
        self._due[command] = 0.0
        self._slow_next = True

    async def _poll(self) -> Snapshot:
        self._polls += 1
        if self._identity.met_another:  # send nothing but what confirms the MAC address
            async with self._line.turn(Urgency.READ):
                await self._identity.confirm()
        first = "get_version" not in self._answers
        if first:
            await self._read_first()
        live = await self._read_live()
        taken, now = datetime.now(UTC), time.monotonic()
        reading = live.get("summary", _NOTHING).reading("SUMMARY")
        summary = decode(Summary, reading)
        boards = self._board_rows(live.get("edevs", _NOTHING))
        self._compare(
            summary,
            frozenset(
                serial
                for row in boards
                if (serial := decode(BoardIdentity, row).serial_number)
            ),
        )
        await self._confirm(summary, process_down=not live)
        self._trusted = self._trusted or self._identity.is_confirmed
        if first and "get_miner_info" not in self._answers:  # the summary had the MAC
            await self._refresh("get_miner_info")
        status = await self._read_status()
        if "summary" in live or self._generation is None:  # the summary shows it best
            self._generation = _generation(
                self._version(), status, live.get("summary", _NOTHING)
            )
        generation = self._generation
        if not first or generation is not Generation.V1:
            await self._read_third(generation)

        state = decode(Status, status.reading())
        frozen = self._is_frozen(summary)
        mining: bool | None
        errors: tuple[ErrorEntry, ...] | None
        unread = 0
        if generation is Generation.V1:
            # V1 reports `btmineroff` as "true" even while it hashes.
            mining = self._process_up and "summary" in live and not frozen
            errors = summary_errors(reading) if reading else None
        else:
            mining = None if state.mining_off is None else not state.mining_off
            errors = None
            if answer := self._recent("get_error_code"):
                listed = answer.reading().get("error_code")
                errors, unread = error_list(listed), unread_errors(listed)
        # A stale summary has a clock that stands still, or a hash rate although mining is off.
        stale = (frozen and bool(summary.elapsed)) or (
            mining is False and bool(summary.hash_rate)
        )
        return Snapshot(
            taken=taken,
            monotonic=now,
            generation=generation,
            mining=mining,
            stale=stale,
            summary=summary,
            status=state,
            boards=tuple(board(row, generation) for row in boards),
            pools=pools(live.get("pools", _NOTHING).rows("POOLS")),
            errors=errors,
            unread_errors=unread,
            version=self._version(),
            info=self._slow("get_miner_info", MinerInfo),
            psu=self._psu(mining, now),
            details=self._slow("devdetails", Details, "DEVDETAILS"),
        )

    def _board_rows(self, answer: Answer) -> Sequence[Mapping[str, Json]]:
        rows = answer.rows("DEVS")
        found = board_rows(rows)
        if len(found) < len(rows) and not self._boards_warned:
            self._boards_warned = True
            _LOGGER.warning(
                "%s: %d of %d hashboards are used, the others have no slot of their own",
                self._line.host,
                len(found),
                len(rows),
            )
        return found

    async def _read_first(self) -> None:
        """Send the slow commands for the first time, and check that it is a Whatsminer."""
        early, self._early_version = self._early_version, None
        try:
            version = reply.check(early or await self._ask_version(), "get_version")
        except RefusedError as err:
            # Neither the oldest firmware nor the miners of other makers know the command.
            if not await self._has_whatsminer_boards():
                raise NotAMinerError("another maker's miner") from err
            version = Answer(message="whatsminer v1")
        if not isinstance(version.message, str) and not (
            {"api_ver", "fw_ver"} & version.reading().keys()
        ):
            raise NotAMinerError("no Whatsminer version")
        for command in ("devdetails", "get_psu"):
            await self._refresh(command)
        self._answers["get_version"] = version
        for position, command in enumerate(_SLOW):
            self._due[command] = (
                time.monotonic() + _SLOW_INTERVAL + position * _SLOW_SPREAD
            )

    async def _ask_version(self) -> Mapping[str, Json]:
        async with self._line.turn(Urgency.READ):
            value = await self._line.plain("get_version")
        if "STATUS" not in value:
            raise NotAMinerError("another service that answers in JSON")
        return value

    async def _has_whatsminer_boards(self) -> bool:
        try:
            details = await self._line.ask("devdetails")
        except RefusedError:
            return False
        return any(
            isinstance(value, str) and "bitmicro" in value.lower()
            for row in details.rows("DEVDETAILS")
            for value in row.values()
        )

    async def _read_live(self) -> dict[str, Answer]:
        """Return the answers to `summary`, `pools` and `edevs`, without those that are refused."""
        if self._joins is not False:
            try:
                answers = await self._read_joined()
            except MiningProcessDownError:
                return {}
            except RefusedError, MalformedReplyError, NotAMinerError:
                pass
            except UnreachableError as err:
                if self._joins or not err.request_sent:
                    raise
            else:
                self._joins = True
                return answers
        answers = {}
        for command in _LIVE:
            try:
                answers[command] = await self._read_one(command)
            except RefusedError, MiningProcessDownError:
                continue
            except MalformedReplyError:
                if command == "summary":
                    raise
        if len(answers) == len(_LIVE):
            self._joins = False
        return answers

    async def _read_joined(self) -> dict[str, Answer]:
        async with self._line.turn(Urgency.READ):
            parts = reply.split(await self._line.plain("+".join(_LIVE)), _LIVE)
        answers: dict[str, Answer] = {}
        for command, part in parts.items():
            try:
                answers[command] = reply.check(part, command)
            except RefusedError:
                # If joins work, the miner refuses just this part: a stopped one has no boards.
                if not self._joins:
                    raise
        return answers

    async def _read_one(self, command: str) -> Answer:
        try:
            return await self._line.ask(command)
        except RefusedError:
            if command != "edevs":
                raise
            return await self._line.ask("devs")

    async def _read_status(self) -> Answer:
        try:
            return await self._line.ask("status")
        except RefusedError, MiningProcessDownError:
            return _NOTHING

    async def _read_third(self, generation: Generation) -> None:
        """Use the third connection for the errors (V1: `devdetails`), or for a slow command.

        If slow commands are due, the two alternate. After an outage the errors come first.
        """
        now = time.monotonic()
        overdue = [command for command in _SLOW if self._due[command] <= now]
        if overdue and self._slow_next:
            command = min(overdue, key=self._due.__getitem__)
        else:
            command = "devdetails" if generation is Generation.V1 else "get_error_code"
        self._slow_next = not self._slow_next or not overdue
        answered = await self._refresh(command)
        if command in self._due:
            self._due[command] = now + (_SLOW_INTERVAL if answered else _SLOW_SPREAD)
        if command == "get_miner_info" and command in self._answers:
            # Another miner may have got the address between two polls.
            self._identity.recognise(self._slow(command, MinerInfo).mac, by_info=True)

    async def _refresh(self, command: str) -> bool:
        """Send a command that a poll can do without, and return whether the miner answered.

        Without a new answer, the last one is kept for a while.
        """
        answered = True
        try:
            self._answers[command] = await self._line.ask(command)
            self._read[command] = time.monotonic(), self._polls
        except RefusedError, MiningProcessDownError:
            answered = False
            if command == "get_error_code":  # the last one is out of date
                self._read.pop(command, None)
        except WhatsminerError:
            return False
        if command == "devdetails":
            self._process_up = answered
        return True

    def _recent(self, command: str) -> Answer | None:
        """Return the last answer to a command, unless it is too old."""
        if command not in self._read:
            return None
        moment, poll = self._read[command]
        longest, most_polls = _KEPT_FOR[command]
        if time.monotonic() - moment > longest and self._polls - poll > most_polls:
            return None
        return self._answers[command]

    def _psu(self, mining: bool | None, now: float) -> Psu:
        """Return the power supply's readings, without the consumption from before mining changed."""
        if mining is not None:
            last, self._mining = self._mining, mining
            if last is not None and last is not mining:
                self._mining_changed = now
                # Read it again even if just read: the current may still have changed.
                # On V1, `devdetails` is more urgent: it shows whether mining goes on.
                if self._generation is not Generation.V1:
                    self._due["get_psu"] = 0.0
        psu = decode(Psu, (self._recent("get_psu") or _NOTHING).reading())
        if self._read.get("get_psu", (now, 0))[0] < self._mining_changed:
            psu = replace(psu, input_current=None, input_power=None)
        return psu

    def _compare(self, summary: Summary, boards: frozenset[str]) -> None:
        """Require a confirmation if the clock or the boards are not those of the last poll."""
        now = time.monotonic()
        if summary == Summary():
            self._identity.is_confirmed = False  # there is nothing to compare
        if summary.uptime is not None:
            last, self._uptime = self._uptime, (summary.uptime, now)
            if last and summary.uptime < last[0] - _SAME_CLOCK:
                self._require_confirmation()  # the miner rebooted
            elif last and abs(summary.uptime - last[0] - now + last[1]) > _SAME_CLOCK:
                self._identity.is_confirmed = False
        if boards:
            known, self._boards = self._boards, boards
            if known not in (boards, frozenset()):
                self._require_confirmation()

    async def _confirm(self, summary: Summary, *, process_down: bool) -> None:
        """Confirm the MAC address, unless it is confirmed already.

        V1 reports it in every summary, and does not report it while its mining process is down.
        """
        if summary.mac:
            self._identity.recognise(summary.mac)
        if self._identity.is_confirmed:
            return
        try:
            answer = await self._line.ask("get_miner_info")
        except (RefusedError, MiningProcessDownError) as err:
            if process_down and self._identity.mac and self._identity.may_lack_mac:
                return
            raise NoMacError("the miner reports no MAC address") from err
        self._answers["get_miner_info"] = answer
        self._identity.recognise(decode(MinerInfo, answer.reading()).mac, by_info=True)

    def _require_confirmation(self) -> None:
        """Let the next poll confirm the MAC address and send all slow commands again."""
        self._identity.is_confirmed = False
        self._slow_next = False
        self._due = dict.fromkeys(_SLOW, 0.0)

    def _is_frozen(self, summary: Summary) -> bool:
        """Return whether the clock of the mining process stands still."""
        now = time.monotonic()
        if summary.elapsed is None:
            self._clock = None
            return False
        if self._clock is None or self._clock[0] != summary.elapsed:
            self._clock = summary.elapsed, now
        return now - self._clock[1] >= _FROZEN_AFTER

    def _version(self) -> Version:
        answer = self._answers["get_version"]
        if isinstance(answer.message, str):
            return Version(api=answer.message)
        return decode(Version, answer.reading())

    def _slow[D](self, command: str, kind: type[D], section: str | None = None) -> D:
        return decode(kind, self._answers.get(command, _NOTHING).reading(section))


def _generation(version: Version, status: Answer, summary: Answer) -> Generation:
    """Return the generation, which the reported version and the form of the answers show."""
    if summary.code is not None and isinstance(summary.message, dict):
        return Generation.V2_2
    number = version.number or Version(api=status.description).number
    if number is None:  # the oldest firmware answers with a text instead of an object
        return Generation.V2 if version.firmware else Generation.V1
    if number < (2, 0):
        return Generation.V1
    return Generation.V2_2 if number >= (2, 2) else Generation.V2
