"""What is known of one miner from its answers, and the snapshot that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from ..freshness import MiningChange, Moment, ProcessClock, is_leftover
from ..outage import IdleTime, hashes_now
from ..readings import Performance
from ..sanitize import Json
from ..snapshot import Snapshot
from . import device_info, fields
from .envelope import NOTHING, Answer
from .slow_settings import SlowSettings
from .support import is_documented, support_of, version_of

GENERATION: Final = "v3"


@dataclass(frozen=True, kw_only=True)  # no slots, for the cached property
class Live:
    """The answers of one poll.

    `device` is the answer to `get.device.info`, `status` that to `get.miner.status`, which came at
    `moment`. `is_down` means that the miner says that its mining process is down.
    """

    device: Mapping[str, Json]
    moment: Moment
    status: Answer = NOTHING
    is_down: bool = False

    @cached_property
    def performance(self) -> Performance:
        """Return what the mining process measures."""
        return fields.performance(self.status, self.device)

    @property
    def mining(self) -> bool | None:
        """Return whether mining is on, None if nothing shows it.

        Where the miner does not say so, one that hashes is on. Its clock shows nothing: it goes on
        while mining is off.
        """
        working = device_info.working(self.device)
        if working is None and self.performance.hash_rate:
            return True
        return working


class Known:
    """What is known of one miner from its last polls."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.settings = SlowSettings()
        # The last answer to `get.device.info`.
        self.device: Mapping[str, Json] = {}
        self._clock = ProcessClock()
        self._idle_time = IdleTime()
        self._mining_change = MiningChange()
        self._elapsed = 0.0
        # The version that was reported last; a miner that starts may leave it out.
        self._api: str | None = None

    def follow(self, live: Live) -> None:
        """Read all settings again if mining was switched or restarted, which changes some."""
        self.device = live.device
        self._api = device_info.api(live.device) or self._api
        elapsed = live.performance.elapsed
        switched = self._mining_change.update(live.mining, live.moment.monotonic)
        if switched or (elapsed is not None and elapsed < self._elapsed):
            self.settings.expect_all()
        self._elapsed = self._elapsed if elapsed is None else elapsed

    def snapshot(self, live: Live) -> Snapshot:
        """Return what the answers of a poll, and the last settings, say."""
        device, moment, mining = live.device, live.moment, live.mining
        reported = live.performance
        frozen = self._clock.is_frozen(reported.elapsed, moment.monotonic)
        stale = (frozen and bool(reported.elapsed)) or is_leftover(
            reported, mining=mining
        )
        performance = self._since_switched(live) if mining else reported
        errors, unread = device_info.errors(device)
        api = self._api
        return Snapshot(
            taken=moment.taken,
            monotonic=moment.monotonic,
            generation=GENERATION,
            support=support_of(version_of(api)),
            stale=stale,
            counts_while_off=True,
            idle_for=self._idle_time.update(
                mining=mining,
                hashes=hashes_now(performance, stale=stale, is_down=live.is_down),
                performance=performance,
                read=moment.monotonic,
            ),
            device=device_info.device_of(device, api_known=is_documented(api)),
            settings=fields.settings(self.settings.answers, device, mining=mining),
            performance=performance,
            takes_commands=device_info.api_switch(device),
            limit_is_default=device_info.limit_is_default(device),
            coolant_temperature=device_info.coolant_temperature(device),
            power_supply=device_info.power_supply(device),
            boards=fields.boards(live.status, device),
            pools=fields.pools(live.status),
            pools_complete="pools" in live.status.reading(),
            errors=errors,
            unread_errors=unread,
        )

    def _since_switched(self, live: Live) -> Performance:
        """Return the performance with the time since mining was switched on, if that is shorter.

        The mining process goes on to count while mining is off. A second is the least, because 0
        stands for a process that has not begun.
        """
        reported, switched = live.performance, self._mining_change.at
        if reported.elapsed is None or not switched:
            return reported
        elapsed = min(reported.elapsed, max(1.0, live.moment.monotonic - switched))
        return replace(reported, elapsed=elapsed)
