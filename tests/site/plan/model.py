"""A second plan, written from its description: whole minutes, dictionaries and loops.

It shares no code with the integration. It remembers itself what the price said last, and goes
through percents one by one where the integration calculates.
"""

from dataclasses import dataclass, field
from typing import Final, TypedDict

# The model calculates in whole parts of a W: half a percent of one.
PARTS: Final = 200


class Wants(TypedDict):
    """What the owner wants: prices, W and minutes; `follows` is price, cheap or nothing."""

    follows: str
    stop_above: float | None
    start_below: float | None
    always_below: float
    break_even: bool
    margin: float
    price_unknown: str
    budget_unknown: str
    budget_zero: str
    unknown_for: int
    dead_band: int
    ramp: int
    by_percent: bool
    lowest: int
    minimum_on: int
    minimum_off: int


class Moment(TypedDict):
    """What is known in a minute; `lost` is for how many minutes something has been unknown."""

    price: float | None
    cheap: bool | None
    price_lost: int
    budget: int | None
    budget_lost: int | None


class Facts(TypedDict):
    """What is known of a miner; times are the minutes since then."""

    id: str
    alone: bool
    on: bool
    tuned: bool
    takes_percent: bool
    percent: int
    lowered: bool
    full: int | None
    draw: int
    efficiency: float | None
    break_even: float | None
    switched: int | None
    raised: int | None


type Wish = tuple[str, bool | None, int | None]


@dataclass
class Model:
    """The plan of a site, minute by minute."""

    wants: Wants
    said: dict[str, bool | None] = field(default_factory=dict)
    # Those to which the price says something in this minute.
    told: set[str] = field(default_factory=set)
    # Whether the budget is nothing at all, which is too little for any miner.
    none: bool = False

    def minute(self, moment: Moment, miners: list[Facts]) -> list[Wish]:
        """Return what each miner is to do in this minute."""
        free = []
        self.told.clear()
        for miner in miners:
            if not miner["alone"]:
                free.append(miner)
                self.said[miner["id"]] = self._price_says(moment, miner)
        free.sort(key=lambda miner: (_place(miner), miner["id"]))
        mode, watts = self._budget(moment)
        spare = 0
        if mode == "limit":
            given = self._give(watts, free, miners)
            spare = watts - _taken(given, free, miners, self)
            self.none = watts == 0
            wishes = [
                (m["id"], *self._limited(m, given.get(m["id"]), spare)) for m in free
            ]
        else:
            wishes = [(m["id"], *self._unlimited(m, mode)) for m in free]
        for miner in free:
            if miner["id"] in self.told and self._has_to_wait(miner, mode, spare):
                self.said[miner["id"]] = miner["on"]
        return wishes

    def _has_to_wait(self, miner: Facts, mode: str, spare: int) -> bool:
        """Return whether a miner cannot do yet what the price has just said."""
        said, by_percent = self.said[miner["id"]], self.wants["by_percent"]
        if miner["on"]:
            follows = miner["tuned"] and miner["takes_percent"]
            waits = not follows if by_percent else self.is_locked(miner)
            return said is False and waits
        if mode == "limit":  # otherwise it is the budget that keeps it off
            needed = (miner["full"] or 0) + self.wants["dead_band"]
            if miner["full"] is None or spare < needed * PARTS:
                return False
        waits = said is True and self.is_locked(miner)
        return waits and not by_percent and mode != "frozen"

    # What the price says

    def _price_says(self, moment: Moment, miner: Facts) -> bool | None:
        """Return yes, no, or what was said last."""
        wants, price = self.wants, moment["price"]
        last = self.said.get(miner["id"])
        self.told.add(miner["id"])
        if wants["follows"] == "nothing":
            return True
        if price is not None and price <= wants["always_below"]:
            return True
        if wants["follows"] == "cheap":
            known = moment["cheap"] is not None
        else:
            known = price is not None
        if not known:
            fallback = {"stop": False, "mine": True}.get(wants["price_unknown"])
            if moment["price_lost"] < wants["unknown_for"] or fallback is None:
                self.told.remove(miner["id"])
                return last
            return fallback
        if wants["follows"] == "cheap":
            return moment["cheap"]
        assert price is not None
        own = miner["break_even"]
        if wants["break_even"] and own is not None:
            start, stop = own - wants["margin"], own
        else:
            limits = [wants["start_below"], wants["stop_above"]]
            given = [limit for limit in limits if limit is not None]
            if not given:
                return None
            start, stop = given[0], given[-1]
        if price > stop or price <= start:
            return price <= stop
        self.told.remove(miner["id"])
        return last

    # What the budget says

    def _budget(self, moment: Moment) -> tuple[str, int]:
        """Return what a budget means: none, frozen, no limit in spite of it, or a limit."""
        budget, lost = moment["budget"], moment["budget_lost"]
        if budget is not None and budget <= 0 and self.wants["budget_zero"] == "mine":
            return "free", 0
        if budget is not None:
            return "limit", max(budget, 0) * PARTS
        fallback = self.wants["budget_unknown"]
        if lost is None:
            return ("limit", 0) if fallback == "stop" else ("none", 0)
        if fallback == "keep" or lost < self.wants["unknown_for"]:
            return "frozen", 0
        return ("limit", 0) if fallback == "stop" else ("free", 0)

    def _floor(self, miner: Facts) -> int:
        """Return the least W of a miner that mines."""
        if not (miner["tuned"] and miner["takes_percent"]):
            return miner["draw"] * PARTS
        assert miner["full"] is not None
        return _watts(miner["full"], self.wants["lowest"])

    def _top(self, miner: Facts) -> int:
        """Return the most W of a miner: the price may want it at its floor."""
        if not miner["on"]:
            return _watts(miner["full"] or 0, 100)
        adjustable = miner["tuned"] and miner["takes_percent"]
        if not adjustable or self.said[miner["id"]] is False:
            return self._floor(miner)
        return _watts(miner["full"] or 0, 100)

    def is_locked(self, miner: Facts) -> bool:
        """Return whether a miner was switched too short a time ago."""
        least = self.wants["minimum_on" if miner["on"] else "minimum_off"]
        return miner["switched"] is not None and miner["switched"] < least

    def must_mine(self, miner: Facts) -> bool:
        """Return whether nothing can switch this miner off now."""
        return miner["on"] and (self.wants["by_percent"] or self.is_locked(miner))

    def _is_in_question(self, miner: Facts) -> bool:
        """Return whether the budget decides about a miner."""
        if miner["full"] is None:
            return False
        if miner["on"]:
            return self.said[miner["id"]] is not False or self.must_mine(miner)
        startable = not self.wants["by_percent"] and not self.is_locked(miner)
        return bool(self.said[miner["id"]]) and startable

    def _give(
        self, watts: int, free: list[Facts], miners: list[Facts]
    ) -> dict[str, int]:
        """Give each miner, the best first, what is there once those behind it that must mine have theirs."""
        given: dict[str, int] = {}
        for index, miner in enumerate(free):
            if not self._is_in_question(miner):
                continue
            there = watts
            for other in miners:
                if other["id"] in given:
                    there -= given[other["id"]]
                elif other["alone"] or (
                    other["on"] and other["full"] is None and self._mines_on(other)
                ):
                    there -= other["draw"] * PARTS
            for behind in free[index + 1 :]:
                if self._is_in_question(behind) and self.must_mine(behind):
                    there -= self._floor(behind)
            floor, top = self._floor(miner), self._top(miner)
            if self.must_mine(miner):
                given[miner["id"]] = max(floor, min(there, top))
            elif miner["on"] and there > 0 and there >= floor:
                given[miner["id"]] = min(there, top)
            elif not miner["on"] and there >= top + self.wants["dead_band"] * PARTS:
                given[miner["id"]] = top
        return given

    def _mines_on(self, miner: Facts) -> bool:
        """Return whether a miner of unknown power mines on."""
        return self.said[miner["id"]] is not False or self.must_mine(miner)

    # What is wanted

    def _unlimited(self, miner: Facts, mode: str) -> tuple[bool | None, int | None]:
        said, by_percent = self.said[miner["id"]], self.wants["by_percent"]
        if not miner["on"]:
            if said is False:
                return False, None
            if by_percent or said is None or mode == "frozen":
                return None, None
            return not self.is_locked(miner), None
        adjustable = miner["tuned"] and miner["takes_percent"]
        if said is False:
            if not self.must_mine(miner):
                return False, None
            return True, self.wants["lowest"] if adjustable and by_percent else None
        if not adjustable or mode == "frozen":
            return True, None
        back = mode == "free" or miner["lowered"] or (by_percent and said)
        return True, 100 if back else None

    def _limited(
        self, miner: Facts, given: int | None, spare: int
    ) -> tuple[bool | None, int | None]:
        if not miner["on"] or miner["full"] is None:
            if miner["on"] and self.none and not self.must_mine(miner):
                return False, None
            wish = self._unlimited(miner, "frozen")
            if (
                not miner["on"]
                and wish == (None, None)
                and not self.wants["by_percent"]
            ):
                starts = given is not None
                return (starts if self.said[miner["id"]] else None), None
            return wish
        if given is None:
            return False, None
        adjustable = miner["tuned"] and miner["takes_percent"]
        if self.said[miner["id"]] is False and self.wants["by_percent"]:
            return True, self.wants["lowest"] if adjustable else None
        return True, self._percent(miner, given, spare) if adjustable else None

    def _percent(self, miner: Facts, given: int, spare: int) -> int:
        """Return the highest percent that leaves half a dead band, if something is to change."""
        full, now = miner["full"] or 0, miner["percent"]
        band = self.wants["dead_band"] * PARTS
        unused = given - _watts(full, now)
        may_be_full = given >= full * PARTS and spare >= band
        if 0 <= unused < band and not (may_be_full and now < 100):
            return now
        best = 100
        if given < full * PARTS:
            best = self.wants["lowest"]
            for percent in range(self.wants["lowest"], 101):
                if _watts(full, percent) <= given - band // 2:
                    best = percent
        if best <= now:
            return best
        if miner["raised"] is not None and miner["raised"] < 1:
            return now
        return min(best, now + self.wants["ramp"])


def _watts(full: int, percent: int) -> int:
    """Return the parts of a W that a miner takes at a percent."""
    return full * percent * PARTS // 100


def _place(miner: Facts) -> float:
    efficiency = miner["efficiency"]
    return efficiency if efficiency is not None and efficiency > 0 else 1e99


def _taken(
    given: dict[str, int], free: list[Facts], miners: list[Facts], model: Model
) -> int:
    """Return the W of all miners once each has what it was given."""
    taken = sum(given.values())
    for miner in miners:
        if miner["alone"]:
            taken += miner["draw"] * PARTS
    for miner in free:
        unknown = miner["on"] and miner["full"] is None
        if unknown and (model.said[miner["id"]] is not False or model.must_mine(miner)):
            taken += miner["draw"] * PARTS
    return taken
