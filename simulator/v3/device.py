"""The control board as V3 sees it."""

from dataclasses import dataclass

from ..device import Device
from ..quirks import Quirk
from ..state import MinerState
from .accounts import Accounts

_RESTART_SECONDS = 20.0


@dataclass(slots=True, kw_only=True)
class V3Device:
    """A control board with V3: the same machine as on port 4028, and V3's own accounts.

    Attributes:
        api: the version whose keys and commands it has.
        api_version: the version that it reports.
        clock_offset: seconds by which its clock is wrong.
        dropping_until: epoch seconds until when it drops connections, see ``dropping``.
    """

    board: Device
    accounts: Accounts
    api: str
    api_version: str
    clock_offset: float = 0.0
    dropping_until: float = 0.0

    @property
    def state(self) -> MinerState:
        """The machine, as of the last time that it was brought up to the present."""
        return self.board.state

    @property
    def when(self) -> int:
        """The time of the board's clock, epoch seconds."""
        return int(self.state.now + self.clock_offset)

    @property
    def dropping(self) -> bool:
        """Whether it takes connections and drops them unanswered: mining restarts."""
        self.board.catch_up()
        return self.state.now < self.dropping_until

    def has(self, quirk: Quirk) -> bool:
        """Return whether its firmware has an oddity."""
        return quirk in self.board.quirks

    def restart(self) -> None:
        """Restart the mining process."""
        self.state.restart()
        if self.has(Quirk.DROPPED_RESTARTS):
            self.dropping_until = self.state.now + _RESTART_SECONDS
