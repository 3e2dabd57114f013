"""Polls one miner: which commands, in what order, and what may fail without harm."""

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
# Read at set-up and then every few minutes, one in a poll. `get_miner_info` comes with the
# first identification.
_SLOW: Final = ("get_version", "devdetails", "get_psu", "get_miner_info")
_SLOW_INTERVAL = 300.0
_SLOW_SPREAD = 60.0
# Nobody knows whether an answer is still true after so long, and so many polls: several times
# its distance.
_LONGEST: Final = {"get_error_code": (300.0, 3), "get_psu": (1000.0, 12)}
# How far the miner's clock may be from ours between two polls without another miner's being it.
_SAME_CLOCK = 5.0
# Elapsed may count whole seconds: for this long the same value twice proves nothing.
_FROZEN_AFTER = 5.0
_NOTHING = Answer()


class Reader:
    """Turns what one miner says into snapshots, and makes sure that it is that miner.

    A steady poll takes three connections: one joined read, `status`, and a third that is
    `get_error_code` (V1: `devdetails`) or, every few minutes, one of the slow readings.
    """

    def __init__(self, line: Line, identity: Identity) -> None:
        """Prepare; nothing is sent."""
        self._line = line
        self._identity = identity
        self._polling = asyncio.Lock()
        self._boards_warned = False
        self._start_over()

    def _start_over(self) -> None:
        """Know nothing: what was read before may have been said by another miner."""
        # Whether it is sure that what is kept was said by the right one.
        self._known = False
        # What it answered before it was polled for the first time.
        self._early_version: Mapping[str, Json] | None = None
        self._answers: dict[str, Answer] = {}
        # When what changes was read last: the time, and the number of the poll.
        self._read: dict[str, tuple[float, int]] = {}
        self._polls = 0
        self._due = dict.fromkeys(_SLOW, 0.0)
        self._slow_next = False
        self._generation: Generation | None = None
        self._joins: bool | None = None
        self._process_up = True
        # What no two miners have in common: uptime and when it was read, and the boards.
        self._uptime: tuple[float, float] | None = None
        self._boards: frozenset[str] = frozenset()
        self._clock: tuple[float, float] | None = None
        # Whether it mined when it last told, and when that was seen to be another.
        self._mining: bool | None = None
        self._flipped = 0.0

    async def poll(self) -> Snapshot:
        """Return what the miner says now (see `Miner.poll`)."""
        async with self._polling:
            try:
                return await self._poll()
            except BaseException as err:  # also when nobody waits for it any more
                if isinstance(err, WrongMinerError | NoMacError) or not self._known:
                    self._start_over()
                self._doubt()
                raise

    async def reach(self) -> None:
        """Ask what a first poll asks first, which then does not ask it again."""
        async with self._polling:
            if "get_version" not in self._answers and not self._identity.met_another:
                self._early_version = await self._ask_version()

    async def firmware(self) -> str | None:
        """Return the firmware version as of now (see `Miner.firmware`)."""
        async with self._line.turn(Urgency.READ):
            await self._identity.confirm()
        self._answers["get_version"] = await self._line.ask("get_version")
        if version := self._version().firmware:
            return version
        return decode(Status, (await self._line.ask("status")).reading()).firmware

    def forget_firmware(self) -> None:
        """Find out anew what it can do: the firmware is another one."""
        self._joins = None
        self._generation = None

    def expect(self, command: str) -> None:
        """Read a seldom read command with the next poll: its answer will be another."""
        self._due[command] = 0.0
        self._slow_next = True

    async def _poll(self) -> Snapshot:
        self._polls += 1
        if self._identity.met_another:  # no more is asked of it than who it is
            async with self._line.turn(Urgency.READ):
                await self._identity.confirm()
        first = "get_version" not in self._answers
        if first:
            await self._introduce()
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
        await self._identify(summary, silent=not live)
        self._known = self._known or self._identity.sure
        if first and "get_miner_info" not in self._answers:  # the MAC was elsewhere
            await self._refresh("get_miner_info")
        status = await self._read_status()
        if "summary" in live or self._generation is None:  # the surest sign of it
            self._generation = _generation(
                self._version(), status, live.get("summary", _NOTHING)
            )
        generation = self._generation
        if not first or generation is not Generation.V1:
            await self._read_third(generation)

        said = decode(Status, status.reading())
        frozen = self._is_frozen(summary)
        mining: bool | None
        errors: tuple[ErrorEntry, ...] | None
        unread = 0
        if generation is Generation.V1:
            # Its `btmineroff` says "true" while it hashes.
            mining = self._process_up and "summary" in live and not frozen
            errors = summary_errors(reading) if reading else None
        else:
            mining = None if said.mining_off is None else not said.mining_off
            errors = None
            if told := self._recent("get_error_code"):
                listed = told.reading().get("error_code")
                errors, unread = error_list(listed), unread_errors(listed)
        # A leftover is told by its clock, or at once by a rate that outlived mining.
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
            status=said,
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
                "%s: %d of %d hashboards are used, the others are not those of a miner",
                self._line.host,
                len(found),
                len(rows),
            )
        return found

    async def _introduce(self) -> None:
        """Read for the first time what seldom changes, and see whether it is a Whatsminer."""
        greeting, self._early_version = self._early_version, None
        try:
            version = reply.check(greeting or await self._ask_version(), "get_version")
        except RefusedError as err:
            # The oldest firmware does not know the command. Neither do other makers' miners.
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
            raise NotAMinerError("some other service that speaks JSON")
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
        """Read summary, pools and boards; what the miner refuses is left out."""
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
                # Firmware that is known to join means it: a stopped miner has no boards.
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
        """Spend the third connection on what matters most, in turn with what is due.

        After an outage, when everything is due, the errors come first.
        """
        now = time.monotonic()
        overdue = [command for command in _SLOW if self._due[command] <= now]
        if overdue and self._slow_next:
            command = min(overdue, key=self._due.__getitem__)
        else:
            command = "devdetails" if generation is Generation.V1 else "get_error_code"
        # In turn: neither errors nor what is due waits for the others to be through.
        self._slow_next = not self._slow_next or not overdue
        answered = await self._refresh(command)
        if command in self._due:
            self._due[command] = now + (_SLOW_INTERVAL if answered else _SLOW_SPREAD)
        if command == "get_miner_info" and command in self._answers:
            # Miners may have changed places between two polls.
            self._identity.recognise(self._slow(command, MinerInfo).mac, by_info=True)

    async def _refresh(self, command: str) -> bool:
        """Read what a poll can do without, and tell whether anything answered.

        The last answer stays, for a while, when there is no new one.
        """
        answered = True
        try:
            self._answers[command] = await self._line.ask(command)
            self._read[command] = time.monotonic(), self._polls
        except RefusedError, MiningProcessDownError:
            answered = False
            if command == "get_error_code":  # read at every poll: what it said is over
                self._read.pop(command, None)
        except WhatsminerError:
            return False
        if command == "devdetails":
            self._process_up = answered
        return True

    def _recent(self, command: str) -> Answer | None:
        """Return the last answer to what changes, unless that was too long ago."""
        if command not in self._read:
            return None
        moment, poll = self._read[command]
        longest, most_polls = _LONGEST[command]
        if time.monotonic() - moment > longest and self._polls - poll > most_polls:
            return None
        return self._answers[command]

    def _psu(self, mining: bool | None, now: float) -> Psu:
        """Return what the power supply says, but not what it took before mining flipped."""
        if mining is not None:
            last, self._mining = self._mining, mining
            if last is not None and last is not mining:
                self._flipped = now
                # Also when it has just been read: its current may still have been falling.
                # Of V1 it is more urgent to know whether it goes on as it is now.
                if self._generation is not Generation.V1:
                    self._due["get_psu"] = 0.0
        psu = decode(Psu, (self._recent("get_psu") or _NOTHING).reading())
        if self._read.get("get_psu", (now, 0))[0] < self._flipped:
            psu = replace(psu, input_current=None, input_power=None)
        return psu

    def _compare(self, summary: Summary, boards: frozenset[str]) -> None:
        """Doubt who answers when its clock or its boards are not those of the last poll."""
        now = time.monotonic()
        if summary == Summary():
            self._identity.sure = False  # there is nothing to compare
        if summary.uptime is not None:
            last, self._uptime = self._uptime, (summary.uptime, now)
            if last and summary.uptime < last[0] - _SAME_CLOCK:
                self._doubt()  # it rebooted
            elif last and abs(summary.uptime - last[0] - now + last[1]) > _SAME_CLOCK:
                self._identity.sure = False
        if boards:
            known, self._boards = self._boards, boards
            if known not in (boards, frozenset()):
                self._doubt()

    async def _identify(self, summary: Summary, *, silent: bool) -> None:
        """Make sure that this is the miner it was, whenever it may have been replaced.

        V1 tells its MAC address in every summary. While its mining process is down (`silent`),
        there is nothing to compare.
        """
        if summary.mac:
            self._identity.recognise(summary.mac)
        if self._identity.sure:
            return
        try:
            answer = await self._line.ask("get_miner_info")
        except (RefusedError, MiningProcessDownError) as err:
            if silent and self._identity.mac and self._identity.may_be_silent:
                return
            raise NoMacError("the miner tells no MAC address") from err
        self._answers["get_miner_info"] = answer
        self._identity.recognise(decode(MinerInfo, answer.reading()).mac, by_info=True)

    def _doubt(self) -> None:
        """Take nothing for granted: after an outage there may be another firmware or miner."""
        self._identity.sure = False
        self._slow_next = False
        self._due = dict.fromkeys(_SLOW, 0.0)

    def _is_frozen(self, summary: Summary) -> bool:
        """Tell whether the clock of the mining process stands still."""
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
    """Tell the generation by what the firmware says of itself and by how it says it."""
    if summary.code is not None and isinstance(summary.message, dict):
        return Generation.V2_2
    number = version.number or Version(api=status.description).number
    if number is None:  # the oldest answer with one bare text
        return Generation.V2 if version.firmware else Generation.V1
    if number < (2, 0):
        return Generation.V1
    return Generation.V2_2 if number >= (2, 2) else Generation.V2
