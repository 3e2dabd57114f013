"""A day of a real Home Assistant and simulated miners, beside the second plan.

The second plan knows the miners themselves, and not what Home Assistant knows of them. In each step Home
Assistant may do only what the second plan wants before or after it, and leaves nothing to do.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, override

from tests.fleet import Owned
from tests.site import Site
from tests.site.planned import set_number, set_price, told

from .model import Facts, Model, Moment, Wants, Wish

STEP: Final = 300.0
# A look, and what a poll and the update of the site take before the next.
_LOOK: Final = 11.0
# A percent may be as far from what is wanted as the dead band, with what Home Assistant measures.
_NEAR: Final = 5
# What is left to do counts if it is left for so many steps: Home Assistant knows what polls show.
_LATE: Final = 2

# So many times in each step the second plan decides.
_WISHES: Final = 6
_SWITCHED: Final = {"power_on": True, "power_off": False}

type Events = Mapping[int, Callable[["Day"], Awaitable[None]]]


@dataclass
class Member:
    """A miner of the site, as it is; times are in minutes of the day."""

    owned: Owned
    efficiency: float
    percent: int = 100
    raised: float | None = None
    alone_until: float = 0.0
    trouble_until: float = 0.0
    done: int = 0
    late: int = 0

    @property
    def id(self) -> str:
        """The id of its entry, by which plans tell miners apart."""
        return self.owned.entry.entry_id

    def facts(self, now: float) -> Facts:
        """Return what the second plan knows of it."""
        state = self.owned.miner.state
        percent = round(state.percent) if state.mining else 100
        switched = state.started_at if state.mining else state.stopped_at
        if percent > self.percent:
            self.raised = now
        self.percent = percent
        full = self._full
        return Facts(
            id=self.id,
            alone=now < self.alone_until,
            on=state.mining,
            tuned=state.tuned,
            takes_percent=True,
            percent=percent,
            lowered=percent < 100,
            full=full,
            draw=_draw(state.mining, state.tuned, round(state.power), full),
            efficiency=self.efficiency,
            break_even=None,
            switched=None if switched is None else int(state.now - switched) // 60,
            raised=None if self.raised is None else int(now - self.raised),
        )

    @property
    def _full(self) -> int:
        """Return W at full power: its limit, which the oldest firmware does not report."""
        if self.owned.miner.generation != "v1":
            return self.owned.miner.state.limit
        coordinator = self.owned.coordinator
        measured = coordinator.ordinary_power.watts or coordinator.break_even.power
        assert measured
        return round(measured)

    def commands(self) -> list[str]:
        """Return the commands of the plan since the last time."""
        commands = told(self.owned)
        new, self.done = commands[self.done :], len(commands)
        return new


def _draw(mining: bool, tuned: bool, power: int, full: int) -> int:
    if not mining:
        return 0
    return power if tuned else max(power, full)


def _left(member: Member, wish: Wish) -> str | None:
    """Return what is left to do of a wish."""
    _, on, percent = wish
    state = member.owned.miner.state
    if on is not None and on is not state.mining:
        return "is not switched"
    if percent is None or not state.mining or not state.tuned:
        return None
    return f"has {state.percent} %" if abs(percent - state.percent) > _NEAR else None


@dataclass
class Day:
    """The day, and what it came to."""

    site: Site
    wants: Wants
    members: Sequence[Member]
    prices: Callable[[int], float | None] | None = None
    budgets: Sequence[int | None] | None = None
    switches: int = 0
    starts: int = 0
    percents: int = 0
    kwh: float = 0.0
    cost: float = 0.0
    over: float = 0.0
    differences: list[str] = field(default_factory=list)
    minute: int = 0
    _price_lost: int = -1
    _budget: int | None = None

    def __post_init__(self) -> None:
        """Begin with a plan that has decided nothing."""
        self._model = Model(self.wants)
        self._passed = 0.0
        # What the second plan has wanted since the last step.
        self._window: deque[Mapping[str, Wish]] = deque(maxlen=_WISHES)

    async def run(self, begin: int, end: int, events: Events) -> None:
        """Go through some minutes of the day."""
        for self.minute in range(begin, end, round(STEP / 60)):
            if event := events.get(self.minute):
                await event(self)
            await self._step()

    async def _step(self) -> None:
        moment = self._moment()
        self._window.append(self._wishes(moment))
        await self._set_inputs(moment)
        # A look; a poll; the update of the site after it; a look at what it has shown.
        for seconds in (_LOOK, STEP - 2 * _LOOK - 3, 1.5, 1.5, _LOOK):
            await self._pass(seconds, moment)
        wishes = self._wishes(moment)
        for member in self.members:
            if not self._is_excused(member):
                self._compare_left(member, wishes.get(member.id))

    async def _pass(self, seconds: float, moment: Moment) -> None:
        """Let time pass; the second plan decides before Home Assistant does."""
        self.site.fleet.clock.move(seconds)
        self._passed += seconds
        self._window.append(self._wishes(moment))
        await self.site.fleet.settle()
        for member in self.members:
            commands = member.commands()
            self._count(commands)
            if not self._is_excused(member):
                self._compare_commands(member, commands)
        watts = sum(each.owned.miner.state.power for each in self.members)
        kwh = watts * seconds / 3.6e6
        self.kwh += kwh
        self.cost += kwh * (moment["price"] or 0.0)
        if self._budget is not None:
            self.over += max(watts - self._budget, 0.0) * seconds

    def _moment(self) -> Moment:
        price = self.prices(self.minute) if self.prices else None
        lost = self.prices is not None and price is None
        self._price_lost = max(self._price_lost, 0) + round(STEP / 60) if lost else -1
        budget = self.budgets[self.minute] if self.budgets else None
        if budget is not None:  # one that is lost is not set, and the last one counts
            self._budget = max(budget, 0)
        return Moment(
            price=price,
            cheap=None,
            # It is lost from now on.
            price_lost=self._price_lost - round(STEP / 60) if lost else -1,
            budget=self._budget,
            budget_lost=None,
        )

    async def _set_inputs(self, moment: Moment) -> None:
        if self.prices:
            price = moment["price"]
            set_price(self.site.hass, "unavailable" if price is None else price)
        if self.budgets and self._budget is not None:
            await set_number(self.site, "power_budget", self._budget)

    def leave_alone(self, member: Member, minutes: float) -> None:
        """Let the plan have no say in a miner for some time."""
        member.alone_until = self._now + minutes

    def have_trouble(self, member: Member, minutes: float) -> None:
        """Let nobody compare what a miner does for some time."""
        member.trouble_until = self._now + minutes

    @property
    def _now(self) -> float:
        return self._passed / 60

    def _wishes(self, moment: Moment) -> dict[str, Wish]:
        facts = [member.facts(self._now) for member in self.members]
        return {wish[0]: wish for wish in self._model.minute(moment, facts)}

    def _is_excused(self, member: Member) -> bool:
        return self._now < max(member.alone_until, member.trouble_until)

    def _compare_commands(self, member: Member, commands: Sequence[str]) -> None:
        """Find what the second plan has not wanted since the last step."""
        wanted = [each[member.id] for each in self._window if member.id in each]
        switched = {on for _, on, _ in wanted}
        is_set = any(percent is not None for _, _, percent in wanted)
        for command in commands:
            on = _SWITCHED.get(command)
            if not (is_set if on is None else on in switched):
                self._differ(member, f"receives {command}, but {wanted}")

    def _compare_left(self, member: Member, wish: Wish | None) -> None:
        """Find what the second plan wants, and Home Assistant has not done for too long."""
        left = _left(member, wish) if wish else None
        member.late = member.late + 1 if left else 0
        if member.late >= _LATE:
            self._differ(member, f"{left}, but {wish}")

    def _differ(self, member: Member, how: str) -> None:
        name = member.owned.entry.title
        time = f"{self.minute // 60}:{self.minute % 60:02}"
        self.differences.append(f"{time} {name} {how}")

    def _count(self, commands: Sequence[str]) -> None:
        self.starts += commands.count("power_on")
        switches = commands.count("power_on") + commands.count("power_off")
        self.switches += switches
        self.percents += len(commands) - switches

    @override
    def __str__(self) -> str:
        """Return what the day came to."""
        return (
            f"{self.switches} switches, {self.starts} starts, {self.percents} percents,"
            f" {self.kwh:.1f} kWh at {self.cost / (self.kwh or 1):.3f},"
            f" over {self.over / 3.6e6:.3f} kWh ({self.over:.0f} Ws)"
        )


def options_of(wants: Wants) -> dict[str, Any]:
    """Return the options of a site that wants this."""
    return {
        "stop_above": wants["stop_above"],
        "start_below": wants["start_below"],
        "dead_band": wants["dead_band"],
        "ramp": wants["ramp"],
        "lowest_percent": wants["lowest"],
        "minutes_on": wants["minimum_on"],
        "minutes_off": wants["minimum_off"],
        "minutes_unknown": wants["unknown_for"],
        "price_unknown": wants["price_unknown"],
        "budget_unknown": wants["budget_unknown"],
        "stop_by": "percent" if wants["by_percent"] else "power_off",
        "manual_hours": 1,
    }
