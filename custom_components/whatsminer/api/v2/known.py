"""What is known of one miner from its answers, and the snapshot that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..error_list import error_list, unread_errors
from ..freshness import MiningChange, Moment, ProcessClock, is_leftover
from ..identity import Continuity
from ..outage import IdleTime, hashes_now
from ..readings import ErrorEntry, Performance, PowerSupply
from ..sanitize import Json
from ..snapshot import Snapshot
from . import fields
from .envelope import NOTHING, Answer
from .error_list import errors_in, summary_errors
from .generations import Generation, generation_of
from .live_answers import Live, LiveAnswers
from .requests import Requests
from .slow_answers import SlowAnswers
from .status import Status, is_mining, is_mining_v1
from .support import SUPPORT

# So many polls in a row show that V1 firmware does not know `devdetails`. One poll does not: the
# mining process may have stopped since its last answer.
_TIMES: Final = 2


@dataclass(slots=True)
class Poll:
    """The answers of one poll.

    `live` has those to `summary`, `pools` and `edevs`, `boards` the rows of the hashboards that
    are used.
    """

    live: Live
    boards: Sequence[Mapping[str, Json]]
    status: Answer = NOTHING
    summary: Mapping[str, Json] = field(init=False)
    performance: Performance = field(init=False)

    def __post_init__(self) -> None:
        """Read the performance from the summary."""
        self.summary = self.live["summary"].reading("SUMMARY")
        self.performance = fields.PERFORMANCE.read(self.summary)

    @property
    def board_serials(self) -> frozenset[str]:
        """The serial numbers of all hashboards; none if there may be more of them."""
        if self.live["edevs"].is_cut:
            return frozenset()
        serials = (fields.board_identity(row).serial_number for row in self.boards)
        return frozenset(filter(None, serials))

    def discard(self) -> None:
        """Drop the answers, which may be from another miner; there is no summary."""
        self.live.answers.clear()
        self.boards = ()


class Known:
    """What is known of one miner from its last polls."""

    def __init__(self, requests: Requests) -> None:
        """Begin with nothing."""
        self.live = LiveAnswers(requests)
        self.slow = SlowAnswers(requests)
        self.status = Status(requests)
        self.continuity = Continuity()
        self._clock = ProcessClock()
        self._idle_time = IdleTime()
        self._mining_change = MiningChange()
        self._hashing_change = MiningChange()
        # How many polls in a row V1 has gone on to hash although it has no details of its boards.
        self._hashes_without_details = 0
        self._generation: Generation | None = None
        # The answer to `get_version` from before the first poll.
        self.early_version: Mapping[str, Json] | None = None
        # Whether the expected miner has confirmed its MAC address.
        self.is_trusted = False

    def forget_firmware(self) -> None:
        """Forget what depends on the firmware, because it has changed."""
        self.live.forget_firmware()
        self._generation = None

    def find_generation(self, poll: Poll) -> Generation:
        """Return the generation of the firmware, which a poll with a summary shows best."""
        if "summary" in poll.live or self._generation is None:
            self._generation = generation_of(
                self.version(), poll.status, poll.live["summary"]
            )
        return self._generation

    def version(self) -> Mapping[str, Json]:
        """Return the reported version; the oldest firmware reports a text."""
        answer = self.slow["get_version"]
        if isinstance(answer.message, str):
            return {"api_ver": answer.message}
        return answer.reading()

    def snapshot(self, poll: Poll) -> Snapshot:
        """Return what the answers of a poll, and the last slow ones, say."""
        summary, state = poll.summary, poll.status.reading()
        info = self.slow.reading("get_miner_info")
        performance, generation = poll.performance, self._generation or Generation.V2
        frozen = self._clock.is_frozen(performance.elapsed, poll.live.moment.monotonic)
        mining = self._is_mining(poll, frozen=frozen)
        self._follow(mining, performance, poll.live.moment)
        errors, unread = self._errors(summary)
        if not state:  # only the status shows whether a limit was set
            performance = replace(performance, power_limit=None)
        snapshot = Snapshot(
            taken=poll.live.moment.taken,
            monotonic=poll.live.moment.monotonic,
            generation=generation,
            support=SUPPORT[generation],
            stale=(frozen and bool(performance.elapsed))
            or is_leftover(performance, mining=mining),
            device=fields.device(
                version=self.version(),
                details=self.slow.reading("devdetails", "DEVDETAILS"),
                info=info,
                status=state,
                summary=summary,
            ),
            settings=fields.settings(
                mining=mining, summary=summary, status=state, info=info
            ),
            performance=performance,
            limit_is_default=fields.limit_is_default(state),
            power_supply=self._power_supply(),
            boards=tuple(fields.board(row, generation) for row in poll.boards),
            pools=fields.pools(poll.live["pools"].rows("POOLS")),
            pools_complete="pools" in poll.live and not poll.live["pools"].is_cut,
            errors=errors,
            unread_errors=unread,
            **fields.STATE.values(state),
        )
        return replace(snapshot, idle_for=self._idle_for(snapshot, poll.live))

    def _idle_for(self, snapshot: Snapshot, live: Live) -> float | None:
        """Return for how many seconds the miner has not hashed, None unless it is on."""
        reported, stale = snapshot.performance, snapshot.stale
        return self._idle_time.update(
            mining=snapshot.mining,
            hashes=hashes_now(reported, stale=stale, is_down=live.is_down),
            performance=reported,
            read=snapshot.monotonic,
        )

    def _is_mining(self, poll: Poll, *, frozen: bool) -> bool | None:
        """Return whether mining is on, None if nothing shows it."""
        if self._generation is Generation.V1:
            process_is_up = self.slow.process_is_up
            if process_is_up or not (
                self._clock.advances and poll.performance.hash_rate
            ):
                self._hashes_without_details = 0
            else:
                self._hashes_without_details += 1
            return is_mining_v1(
                poll.live,
                process_is_up=process_is_up or self._hashes_without_details >= _TIMES,
                frozen=frozen,
            )
        return is_mining(poll.status, poll.live, poll.performance, frozen=frozen)

    def _errors(
        self, summary: Mapping[str, Json]
    ) -> tuple[tuple[ErrorEntry, ...] | None, int]:
        """Return the errors, None if they are not known, and the number of those left out."""
        if self._generation is Generation.V1:
            return (summary_errors(summary) if summary else None), 0
        if answer := self.slow.recent("get_error_code"):
            listed = errors_in(answer.message)
            if listed is not None:
                return error_list(listed), unread_errors(listed)
        return None, 0

    def _follow(
        self, mining: bool | None, performance: Performance, moment: Moment
    ) -> None:
        """Read again what changes when mining is switched, or begins to hash."""
        rate = performance.hash_rate
        hashes = self._hashing_change.update(
            None if rate is None else rate > 0, moment.monotonic
        )
        switched = self._mining_change.update(mining, moment.monotonic)
        if (switched and mining) or (hashes and rate):
            self.live.look_again()  # a stopped miner may refuse its boards
        # Read it again even if just read: the current may still have changed. On V1, `devdetails`
        # is more urgent: it shows whether mining goes on.
        if switched and self._generation is not Generation.V1:
            self.slow.expect("get_psu")

    def _power_supply(self) -> PowerSupply:
        """Return the readings, without the consumption from before mining was switched."""
        slow = self.slow
        supply = fields.POWER_SUPPLY.read((slow.recent("get_psu") or NOTHING).reading())
        if slow.ages.is_older("get_psu", self._mining_change.at):
            supply = replace(supply, enabled=None, input_current=None, input_power=None)
        return supply
