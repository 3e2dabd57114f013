"""The readings of a site: sums over its miners."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What is known of one miner of a site; None is what is not known.

    Attributes:
        name: what its owner calls it.
        reachable: whether the miner answered its last poll, None while its entry is being set up.
        mining: whether mining is switched on.
        running: whether it really hashes.
        problem: whether it has a fault that is not minor.
        hash_rate: in TH/s.
        power: in W.
        ordinary_power: in W, as it was last while mining was stable.
        break_even_price: in Home Assistant's currency per kWh.
        let_go: whether it was released alone, by a person, while the site keeps the others off.
    """

    name: str
    reachable: bool | None = None
    mining: bool | None = None
    running: bool | None = None
    problem: bool | None = None
    hash_rate: float | None = None
    power: float | None = None
    ordinary_power: float | None = None
    break_even_price: float | None = None
    let_go: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum over those miners that report the reading, None without any; `miners` is how many."""

    value: float | None
    miners: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Self:
        """Add up what is known."""
        known = [value for value in values if value is not None]
        return cls(sum(known) if known else None, len(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The readings of a site.

    Attributes:
        miners: how many miners it has.
        hash_rate: in TH/s.
        power: in W.
        efficiency: J/TH of all together, with those that are on and do not hash; None without a
            hash rate.
        running: the names of those that hash; the other lists are names, too.
        offline: those that do not answer.
        with_problem: those with a fault that is not minor.
        problem: whether any has one, None if that is not known of any.
        not_off: those that may still mine while the site keeps them off, None while it does not.
        break_even_price: of all together, in Home Assistant's currency per kWh.
        least_efficient: the miner with the lowest break-even price.
    """

    miners: int
    hash_rate: Sum
    power: Sum
    efficiency: float | None
    running: Sequence[str]
    offline: Sequence[str]
    with_problem: Sequence[str]
    problem: bool | None
    not_off: Sequence[str] | None
    break_even_price: float | None
    least_efficient: Member | None


def totals_of(members: Sequence[Member], *, held: bool) -> Totals:
    """Return the readings of a site; `held` is whether it keeps its miners off."""

    def names(counts_fn: Callable[[Member], bool | None]) -> list[str]:
        return sorted(member.name for member in members if counts_fn(member))

    problems = {member.problem for member in members} - {None}
    priced = [member for member in members if member.break_even_price]
    return Totals(
        miners=len(members),
        hash_rate=Sum.of(member.hash_rate for member in members),
        power=Sum.of(member.power for member in members),
        efficiency=_efficiency(members),
        running=names(lambda member: member.running),
        offline=names(lambda member: member.reachable is False),
        with_problem=names(lambda member: member.problem),
        problem=any(problems) if problems else None,
        not_off=names(_may_mine) if held else None,
        break_even_price=_break_even_price(members),
        least_efficient=min(
            priced, key=lambda member: member.break_even_price or 0, default=None
        ),
    )


def _may_mine(member: Member) -> bool:
    """Return whether a miner may still mine, though the site keeps it off."""
    return member.mining is not False and not member.let_go


def _efficiency(members: Iterable[Member]) -> float | None:
    """Return J/TH of all miners that report both power and hash rate."""
    both = [
        (member.power, member.hash_rate)
        for member in members
        if member.power is not None and member.hash_rate is not None
    ]
    rate = sum(rate for _, rate in both)
    return sum(power for power, _ in both) / rate if rate > 0 else None


def _break_even_price(members: Iterable[Member]) -> float | None:
    """Return the price at which all miners together earn what they cost to run.

    Each counts with the power that it takes when it mines.
    """
    known = [
        (member.break_even_price, member.ordinary_power)
        for member in members
        if member.break_even_price and member.ordinary_power
    ]
    power = sum(power for _, power in known)
    return sum(price * power for price, power in known) / power if power else None
