"""A site with two hundred modelled miners, and what its readings have to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final, override

import pytest

from custom_components.whatsminer.entity import registered_entity_id
from homeassistant.const import STATE_UNKNOWN, Platform
from tests.site import Site

from .modelled import Crowd, Modelled, Says

MINERS: Final = 200
MOST_NAMES: Final = 50
SITE_PRICE: Final = 48.0  # for 1 PH/s and day
OWN_PRICE: Final = 30.0
LISTS: Final = (
    "miners_running",
    "miners_offline",
    "miners_with_problem",
    "miners_not_off",
)

# What miners say, each with another hash rate and another power; None is no answer.
STATES: Final[tuple[Says | None, ...]] = (
    Says(hash_rate=1.0, power=1.0),
    Says(hash_rate=0.4, power=1.2, stable=False),
    Says(hash_rate=0.0, power=None, stable=False),
    Says(mining=False, hash_rate=0.9, power=0.01),
    Says(mining=False, hash_rate=None, power=0.0, stable=None),
    Says(hash_rate=0.7, power=0.9, faults=("541",)),
    Says(hash_rate=0.9, power=1.0, faults=("2320",)),
    Says(hash_rate=0.8, power=1.1, faults=None),
    Says(hash_rate=1.0, power=1.0, stale=True),
    Says(mining=None, hash_rate=None, power=None, stable=None, faults=None),
    Says(hash_rate=1.1, power=0.0),
    Says(hash_rate=1.1, power=-0.2),
    Says(hash_rate=1e12, power=1e12),
    None,
)


def scaled(says: Says | None, number: int) -> Says | None:
    """Return what a certain miner says, which no other one says."""
    if says is None:
        return None
    rate, power = says.hash_rate, says.power
    return Says(
        mining=says.mining,
        hash_rate=rate and rate * (90 + number / 8),
        power=power and power * (3100 + 3 * number),
        stable=says.stable,
        faults=says.faults,
        stale=says.stale,
    )


@dataclass
class Model:
    """What a person with a pencil would know of one miner.

    `efficiency` and `power` are those of the last time at which it mined and was tuned. Before that,
    `untuned` is the efficiency of the last poll.
    """

    miner: Modelled
    price: float
    says: Says | None = None
    efficiency: float | None = None
    power: float | None = None
    untuned: float | None = None

    def hear(self) -> None:
        """Write down what the miner says, as each poll does."""
        self.says = self.miner.client.says
        if self.says is None:
            return
        rate, watts = self.rate, self.watts
        if rate is None or rate <= 0 or watts is None or watts <= 0:
            self.untuned = None
            return
        self.untuned = watts / rate
        if self.says.stable is not False:
            self.efficiency, self.power = self.untuned, watts

    @property
    def rate(self) -> float | None:
        """TH/s, None if that is not known."""
        if self.says is None:
            return None
        if self.says.mining is False:
            return 0.0
        return None if self.says.stale else self.says.hash_rate

    @property
    def watts(self) -> float | None:
        """W, None if that is not known."""
        return None if self.says is None or self.says.stale else self.says.power

    @property
    def has_problem(self) -> bool:
        """Whether it has the one fault of this page that is not minor."""
        return self.says is not None and self.says.faults == ("541",)

    @property
    def break_even(self) -> float | None:
        """The price of a kWh at which it earns what it costs."""
        efficiency = self.untuned if self.efficiency is None else self.efficiency
        return None if efficiency is None else self.price / efficiency / 24


@dataclass
class KnownCrowd(Crowd):
    """The miners with what is known of each."""

    models: list[Model] = field(default_factory=list)

    def say(self, states: Sequence[Says | None]) -> None:
        """Let the miners be in these states."""
        for number, miner in enumerate(self.miners):
            miner.client.says = scaled(states[number % len(states)], number)

    def hear(self) -> None:
        """Write down what all say."""
        for model in self.models:
            model.hear()


class BigSite(Site):
    """The site, whose entities are found by their keys, whatever they are called."""

    @override
    def entity_id(self, platform: str, key: str = "") -> str:
        entity_id = registered_entity_id(
            self.hass, Platform(platform), self.entry.entry_id, key or "mining"
        )
        assert entity_id is not None, key
        return entity_id


@dataclass(frozen=True)
class Big:
    """The site with its miners."""

    crowd: KnownCrowd
    site: Site

    async def poll(self) -> None:
        """Poll all miners twice, so that one that does not answer is missed, and wait a second."""
        await self.site.fleet.clock.next_poll(2)
        self.crowd.hear()
        await self.site.settle()

    def near(self, key: str, expected: float | None, *, most: float = 0.0051) -> None:
        """Check the state of a sensor, which is rounded by so much at most."""
        if expected is None:
            assert self.site.shown(key) == STATE_UNKNOWN, key
        else:
            shown = self.site.number(key)
            assert shown == pytest.approx(expected, rel=1e-9, abs=most), key

    def check(
        self,
        without: Sequence[Modelled] = (),
        down: Sequence[Modelled] = (),
        unknown: Sequence[Modelled] = (),
        *,
        held: bool = False,
    ) -> None:
        """Compare the sensors with independent sums.

        Args:
            without: miners that do not belong to the site.
            down: those whose entry failed to be set up, so that nothing is known of them.
            unknown: those whose entry is not loaded for another reason.
            held: whether the site keeps all miners off.
        """
        models = [each for each in self.crowd.models if each.miner not in without]
        lost = [*down, *unknown]
        loaded = [each for each in models if each.miner not in lost]
        self._check_sums(loaded, len(models))
        self._check_prices(loaded)
        offline = [each.miner for each in loaded if each.says is None]
        not_off = [
            each.miner
            for each in models
            if each.miner in lost or each.says is None or each.says.mining is not False
        ]
        self._check_list("miners_running", [m.miner for m in loaded if m.rate])
        self._check_list("miners_offline", [*offline, *down])
        self._check_list(
            "miners_with_problem", [m.miner for m in loaded if m.has_problem]
        )
        if held:
            self._check_list("miners_not_off", not_off)
        else:
            assert self.site.shown("miners_not_off") == STATE_UNKNOWN
        self._check_problem(loaded)

    def _check_sums(self, loaded: Sequence[Model], miners: int) -> None:
        for key, values in (
            ("hash_rate", [each.rate for each in loaded]),
            ("power", [each.watts for each in loaded]),
        ):
            known = [value for value in values if value is not None]
            self.near(key, fmean(known) * len(known) if known else None)
            attributes = self.site.attributes(key)
            assert attributes["miners_counted"] == len(known)
            assert attributes["miners"] == miners
        both = [
            (each.watts, each.rate)
            for each in loaded
            if each.watts is not None and each.rate is not None
        ]
        rate = sum(rate for _, rate in both)
        self.near("efficiency", sum(w for w, _ in both) / rate if rate else None)

    def _check_prices(self, loaded: Sequence[Model]) -> None:
        known = [(m.break_even, m.power) for m in loaded if m.break_even and m.power]
        power = sum(power for _, power in known)
        earned = sum(price * power for price, power in known if price)
        self.near("break_even_price", earned / power if power else None, most=6e-6)
        prices = [(m.break_even, m.miner.name) for m in loaded if m.break_even]
        lowest, name = min(prices, default=(None, None))
        self.near("lowest_break_even_price", lowest, most=6e-6)
        assert self.site.attributes("lowest_break_even_price")["name"] == name

    def _check_list(self, key: str, miners: Sequence[Modelled]) -> None:
        names = sorted(miner.name for miner in miners)
        assert self.site.shown(key) == str(len(names)), key
        assert self.site.attributes(key)["names"] == names[:MOST_NAMES]

    def _check_problem(self, loaded: Sequence[Model]) -> None:
        shown = self.site.shown("problem", "binary_sensor")
        if any(each.has_problem for each in loaded):
            assert shown == "on"
        elif any(each.says and each.says.faults is not None for each in loaded):
            assert shown == "off"
        else:
            assert shown == STATE_UNKNOWN


async def poll_now(miners: Iterable[Modelled]) -> None:
    """Poll miners one after the other while time stands still."""
    for miner in miners:
        await miner.coordinator.async_refresh()
