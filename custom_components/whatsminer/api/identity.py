"""The identity of a miner: its MAC address, read again whenever another miner may answer."""

import re
from typing import Final

from . import reply
from .errors import MiningProcessDownError, NoMacError, RefusedError, WrongMinerError
from .line import Line, Urgency
from .readings import MinerInfo, Summary
from .wire import decode

# V1 reports it in its summary.
_SOURCES: Final[tuple[tuple[str, type[MinerInfo | Summary], str | None], ...]] = (
    ("get_miner_info", MinerInfo, None),
    ("summary", Summary, "SUMMARY"),
)
_NO_MAC: Final = "00:00:00:00:00:00"


class Identity:
    """The MAC address of the expected miner, and whether the miner that answers confirmed it.

    `mac` is in lower case with colons, None until one is known. Readings are used, and commands
    are sent under a new token, only after `recognise` was given this address. An older token needs
    no confirmation, because no other miner accepts it.
    """

    def __init__(self, line: Line, mac: str | None) -> None:
        """Store the expected MAC address; nothing is sent."""
        self.mac = mac
        self.is_confirmed = False
        self.met_another = False
        # V1 reports its MAC address only while its mining process is up.
        self._always_reports = False
        self._line = line

    @property
    def may_lack_mac(self) -> bool:
        """Return whether a miner that reports no MAC address can be the expected one."""
        return not (self.met_another or self._always_reports)

    def recognise(self, reported: str | None, *, by_info: bool = False) -> None:
        """Compare a reported MAC address with the expected one; expect the first that is reported.

        `by_info` means that `get_miner_info` reported it.

        Raises:
            NoMacError: the address is missing or not valid.
            WrongMinerError: another miner answers.

        """
        self.is_confirmed = False
        mac = _normal(reported)
        if mac is None:
            raise NoMacError("the miner reports no MAC address")
        if self.mac is None:
            self.mac = mac
        elif mac != self.mac:
            self.met_another = True
            raise WrongMinerError(self.mac, mac)
        self.is_confirmed = True
        self.met_another = False
        self._always_reports = self._always_reports or by_info

    async def confirm(self) -> None:
        """Confirm that the expected miner answers, before a command; the caller has the turn.

        A miner that cannot report its MAC address at the moment is accepted if `may_lack_mac`.

        Raises:
            WrongMinerError: another miner answers.
            NoMacError: it reports no MAC address, which the expected miner would do.
            UnreachableError, NotAMinerError, MalformedReplyError.

        """
        if self.mac is None:
            return
        reported, by_info = await self._ask()
        if reported or not self.may_lack_mac:
            self.recognise(reported, by_info=by_info)

    async def read_mac(self) -> str | None:
        """Return the MAC address of the miner that answers now, None if it reports none.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError.

        """
        async with self._line.turn(Urgency.READ):
            return (await self._ask())[0]

    async def _ask(self) -> tuple[str | None, bool]:
        """Return the MAC address of the miner, and whether `get_miner_info` reported it."""
        for command, kind, section in _SOURCES:
            try:
                answer = reply.check(await self._line.plain(command), command)
            except RefusedError, MiningProcessDownError:
                continue
            if mac := _normal(decode(kind, answer.reading(section)).mac):
                return mac, command == "get_miner_info"
        return None, False


def _normal(mac: str | None) -> str | None:
    """Return a MAC address in lower case with colons, None if it is not valid."""
    digits = re.sub(r"[^0-9a-f]", "", (mac or "").lower())
    pretty = ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    return None if len(digits) != 12 or pretty == _NO_MAC else pretty
