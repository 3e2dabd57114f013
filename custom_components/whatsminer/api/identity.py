"""Which miner answers: its MAC address, asked for whenever another may have taken its place."""

import re
from typing import Final

from . import reply
from .errors import MiningProcessDownError, NoMacError, RefusedError, WrongMinerError
from .line import Line, Urgency
from .readings import MinerInfo, Summary
from .wire import decode

# V1 tells it in its summary.
_TOLD_BY: Final[tuple[tuple[str, type[MinerInfo | Summary], str | None], ...]] = (
    ("get_miner_info", MinerInfo, None),
    ("summary", Summary, "SUMMARY"),
)
_NO_MAC: Final = "00:00:00:00:00:00"


class Identity:
    """The miner that is meant, and whether it is sure that it still answers.

    `mac` is in lower case with colons, None until one is known. Readings are used, and commands
    sent under a new token, only after `recognise` has seen the right one. A token that is older
    needs no look: no other miner takes it.
    """

    def __init__(self, line: Line, mac: str | None) -> None:
        """Prepare; nothing is sent."""
        self.mac = mac
        self.sure = False
        self.met_another = False
        # Whether it tells also while its mining process is down, which V1 does not.
        self._always_tells = False
        self._line = line

    @property
    def may_be_silent(self) -> bool:
        """Whether one that does not tell who it is can be ours."""
        return not (self.met_another or self._always_tells)

    def recognise(self, told: str | None, *, by_info: bool = False) -> None:
        """Take the first MAC address for the miner's, and any other for another miner's.

        `by_info` is for one that `get_miner_info` told.

        Raises:
            NoMacError: none was told.
            WrongMinerError: another miner answers.

        """
        self.sure = False
        mac = _normal(told)
        if mac is None:
            raise NoMacError("the miner tells no MAC address")
        if self.mac is None:
            self.mac = mac
        elif mac != self.mac:
            self.met_another = True
            raise WrongMinerError(self.mac, mac)
        self.sure = True
        self.met_another = False
        self._always_tells = self._always_tells or by_info

    async def confirm(self) -> None:
        """Make sure of it before a command goes out; the caller has the turn.

        One that cannot tell at the moment is taken for the one that it was, if it may be.

        Raises:
            WrongMinerError: another miner answers.
            NoMacError: it does not tell, as the right one would.
            UnreachableError, NotAMinerError, MalformedReplyError.

        """
        if self.mac is None:
            return
        told, by_info = await self._told()
        if told or not self.may_be_silent:
            self.recognise(told, by_info=by_info)

    async def read_mac(self) -> str | None:
        """Return the MAC address of whoever answers now, None if it does not tell.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError.

        """
        async with self._line.turn(Urgency.READ):
            return (await self._told())[0]

    async def _told(self) -> tuple[str | None, bool]:
        """Ask for the MAC address; return it, and whether `get_miner_info` told it."""
        for command, kind, section in _TOLD_BY:
            try:
                answer = reply.check(await self._line.plain(command), command)
            except RefusedError, MiningProcessDownError:
                continue
            if mac := _normal(decode(kind, answer.reading(section)).mac):
                return mac, command == "get_miner_info"
        return None, False


def _normal(mac: str | None) -> str | None:
    """Return a MAC address in lower case with colons, None if it is none."""
    digits = re.sub(r"[^0-9a-f]", "", (mac or "").lower())
    pretty = ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    return None if len(digits) != 12 or pretty == _NO_MAC else pretty
