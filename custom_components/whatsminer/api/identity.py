"""The identity of a miner: its MAC address, read again whenever another miner may answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from .errors import MacNotReportedError, NoMacError, WhatsminerError, WrongMinerError

# Seconds. If the uptime differs by more from the time between two polls, another miner may answer.
_SAME_CLOCK: Final = 5.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The MAC address that a miner reports, None if it reports no valid one.

    It is in lower case with colons. `always` means that the miner reports it at all times, so that
    one which does not is another miner. `hashing` means that a miner which reports no address will
    not report one later either.
    """

    mac: str | None = None
    always: bool = False
    hashing: bool = False


type ReadEvidence = Callable[[], Awaitable[Evidence]]


class Identity:
    """The MAC address of the expected miner, and whether the miner that answers confirmed it.

    `mac` is in lower case with colons, None until one is known. Readings are used, and commands
    are sent, only after `recognise` was given this address. A protocol may leave out what proves
    itself: no other miner accepts a token of the expected one.
    """

    def __init__(self, mac: str | None) -> None:
        """Store the expected MAC address."""
        self.mac = mac
        self.is_confirmed = False
        self.met_another = False
        self._always_reports = False

    @property
    def may_lack_mac(self) -> bool:
        """Return whether a miner that reports no MAC address can be the expected one."""
        return not (self.met_another or self._always_reports)

    def recognise(self, evidence: Evidence) -> None:
        """Compare a reported MAC address with the expected one; expect the first that is reported.

        Raises:
            NoMacError: the address is missing or not valid.
            MacNotReportedError: this will stay so.
            WrongMinerError: another miner answers.

        """
        self.is_confirmed = False
        mac = evidence.mac
        if mac is None:
            error = MacNotReportedError if evidence.hashing else NoMacError
            raise error("the miner reports no MAC address")
        if self.mac is None:
            self.mac = mac
        elif mac != self.mac:
            self.met_another = True
            raise WrongMinerError(self.mac, mac)
        self.is_confirmed = True
        self.met_another = False
        self._always_reports = self._always_reports or evidence.always

    async def confirm(self, read: ReadEvidence) -> None:
        """Confirm that the expected miner answers, before a command; the caller has the turn.

        `read` asks the miner. One that cannot report its MAC address at the moment is accepted if
        `may_lack_mac`.

        Raises:
            WrongMinerError: another miner answers.
            NoMacError: it reports no MAC address, which the expected miner would do.
            UnreachableError, NotAMinerError, MalformedReplyError.

        """
        if self.mac is None:
            return
        try:
            evidence = await read()
            if evidence.mac or not self.may_lack_mac:
                self.recognise(evidence)
        except WhatsminerError as err:
            err.request_sent = False  # the command itself was not
            raise


class Change(Enum):
    """What has changed of a miner from one poll to the next."""

    NONE = auto()
    POSSIBLE = auto()
    """Its clock does not agree with ours."""
    CERTAIN = auto()
    """It rebooted, or it has other hashboards."""


class Continuity:
    """Whether the miner of a poll can be another than that of the poll before.

    No two miners have the same uptime and the same hashboards.
    """

    def __init__(self) -> None:
        """Begin without a poll."""
        self._uptime: tuple[float, float] | None = None
        self._boards: frozenset[str] = frozenset()

    def update(
        self, uptime: float | None, boards: frozenset[str], read: float
    ) -> Change:
        """Return what has changed since the last poll.

        `uptime` is in seconds, and was `read` at a monotonic time. `boards` are the serial numbers
        of the hashboards.
        """
        change = Change.NONE
        if uptime is not None:
            last, self._uptime = self._uptime, (uptime, read)
            if last and uptime < last[0] - _SAME_CLOCK:
                change = Change.CERTAIN
            elif last and abs(uptime - last[0] - read + last[1]) > _SAME_CLOCK:
                change = Change.POSSIBLE
        if boards:
            known, self._boards = self._boards, boards
            if known not in (boards, frozenset()):
                change = Change.CERTAIN
        return change
