"""A miner that reports more, or other things, is set up again; one that alternates is not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from random import Random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsminer.api import Capabilities, Snapshot
from custom_components.whatsminer.api.capabilities import OPTIONAL
from custom_components.whatsminer.api.readings import (
    Device,
    Performance,
    Pool,
    PowerSupply,
    ReportedSettings,
)
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.support import SUPPORT
from custom_components.whatsminer.const import CHANGE_INTERVAL
from custom_components.whatsminer.miner.expected_capabilities import (
    ExpectedCapabilities,
)
from custom_components.whatsminer.miner.memory import Memory, StoredData
from custom_components.whatsminer.miner.record import MinerRecord
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import SimulatedMiner
from tests import JOINED, Altered

from . import Rig

POLLS_PER_HOUR = round(CHANGE_INTERVAL / 30)


def says(
    firmware: str | None = "A",
    *,
    generation: Generation = Generation.V2,
    model: str | None = None,
    liquid: bool | None = None,
    **values: Any,
) -> Snapshot:
    """Return what a miner says in a poll."""
    known: dict[str, Any] = {"settings": ReportedSettings(mining=True)}
    return Snapshot(
        taken=datetime(2026, 11, 1, tzinfo=UTC),
        generation=generation,
        support=SUPPORT[generation],
        device=Device(firmware=firmware, model=model, liquid_cooled=liquid),
        **known | values,
    )


def with_firmware(said: Snapshot, firmware: str | None) -> Snapshot:
    """Return what a miner says, from another firmware."""
    return replace(said, device=replace(said.device, firmware=firmware))


def of(said: Snapshot, generation: Generation) -> Snapshot:
    """Return what a miner says, from firmware of a generation."""
    return replace(said, generation=generation, support=SUPPORT[generation])


# What only some firmware reports, under the names that are stored.
OPTIONAL_SETTINGS = {"power_percent", "target_frequency_percent", "upfreq_speed"}
TUNING_SPEED = ReportedSettings(mining=True, upfreq_speed=0)
PLAIN = says()
MODEL = says(model="M30S+_VE40")
LIQUID = says(liquid=True)
SUPPLY = says(power_supply=PowerSupply(temperature=31.5, input_power=3400))
SPEED = says(settings=TUNING_SPEED)
POOL = says(pools=(Pool(difficulty=0),))
OLD = says(generation=Generation.V1)
COMPAT = says(generation=Generation.V2_2)


class Entry:
    """Sets a miner up as often as it has to be, and counts that."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, *said: Snapshot
    ) -> None:
        """Set the miner up with the first of its answers, which it repeats."""
        self.hass = hass
        self.freezer = freezer
        self.forget()
        self.memory = StoredData()
        self.reloads = 0
        self.says: Iterator[Snapshot] = cycle(said)
        self.set_up()

    def forget(self) -> None:
        """Keep nothing but what is on the disk, as at a restart of Home Assistant."""
        self.record = MinerRecord(Memory(self.hass, "entry"))

    def set_up(self) -> None:
        """Set the miner up."""
        self.expected = ExpectedCapabilities(self.record)
        first = next(self.says)
        self.capabilities = self.expected.decide(first, self.memory)
        assert not self.expected.take_reload(first)

    def poll(self, *said: Snapshot, times: int = 1) -> int:
        """Poll the miner some times, and return how often its entry was reloaded for it."""
        if said:
            self.says = cycle(said)
        before = self.reloads
        for _ in range(times):
            self.freezer.tick(30)
            if self.expected.take_reload(next(self.says)):
                self.reloads += 1
                self.set_up()
        return self.reloads - before


@pytest.fixture
def entry(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Entry:
    """A miner of which only the firmware is known."""
    return Entry(hass, freezer, PLAIN)


UNDECIDED = pytest.mark.parametrize(
    "said",
    [
        (says("A"), says("B")),
        (says("A"), says("B"), says("C"), says("D")),
        (says("A"), says(None), says("B")),
        (PLAIN, COMPAT),
        (OLD, PLAIN, COMPAT),
        (PLAIN, LIQUID),
        (PLAIN, MODEL),
        (SUPPLY, SPEED),
        (SUPPLY, SPEED, POOL, PLAIN),
        (of(SUPPLY, Generation.V1), COMPAT, MODEL),
        (with_firmware(SUPPLY, "B"), SPEED),
        (
            with_firmware(LIQUID, "B"),
            of(MODEL, Generation.V2_2),
            SPEED,
        ),
    ],
)


@UNDECIDED
def test_one_that_cannot_decide_is_reloaded_seldom(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, said: tuple[Snapshot, ...]
) -> None:
    entry = Entry(hass, freezer, *said)
    assert entry.poll(times=40) <= 3
    for _ in range(3):
        assert entry.poll(times=POLLS_PER_HOUR) <= 4


@UNDECIDED
def test_nothing_is_given_up_that_was_seen_within_the_hour(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, said: tuple[Snapshot, ...]
) -> None:
    """Entities would be removed and added again."""
    entry = Entry(hass, freezer, *said)
    entry.poll(times=5)
    for _ in range(POLLS_PER_HOUR - 10):
        before = entry.capabilities
        entry.poll()
        assert before.joined(entry.capabilities) == entry.capabilities


@pytest.mark.parametrize("seed", range(20))
def test_whatever_it_says_reloads_are_few(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seed: int
) -> None:
    """At most one reload an hour follows each capability."""
    random = Random(seed)

    def anything() -> Snapshot:
        return says(
            random.choice([None, "A", random.randbytes(4).hex()]),
            generation=random.choice(list(Generation)),
            liquid=random.random() < 0.1,
            model=random.choice([None, "M30S+_VE40"]),
            coolant_temperature=random.choice([None, None, None, 40]),
            power_supply=PowerSupply(
                temperature=random.choice([None, 30]),
                input_power=random.choice([None, 3400]),
                input_current=random.choice([None, 15]),
                input_voltage=random.choice([None, 230]),
            ),
            settings=ReportedSettings(
                mining=True,
                power_percent=random.choice([None, 0]),
                upfreq_speed=random.choice([None, 0]),
            ),
        )

    entry = Entry(hass, freezer, *(anything() for _ in range(1000)))
    for _ in range(5):
        capabilities = len(OPTIONAL) + len(OPTIONAL_SETTINGS)
        assert entry.poll(times=POLLS_PER_HOUR) <= capabilities + 3


@UNDECIDED
def test_only_what_not_every_miner_with_its_firmware_reports_is_stored(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, said: tuple[Snapshot, ...]
) -> None:
    """The names are those that earlier versions stored."""
    entry = Entry(hass, freezer, *said)
    for _ in range(20):
        entry.poll()
        assert set(entry.memory["reports"]) <= OPTIONAL.keys() | OPTIONAL_SETTINGS


# What is followed


@pytest.mark.parametrize("said", [PLAIN, SUPPLY, MODEL, LIQUID])
@pytest.mark.parametrize("polls", [1, 7, POLLS_PER_HOUR])
def test_a_real_update_reloads_once(entry: Entry, said: Snapshot, polls: int) -> None:
    entry.poll(said, times=polls)
    assert entry.poll(says("B", settings=TUNING_SPEED)) == 1
    assert entry.capabilities == Capabilities.of(SPEED)
    assert entry.memory["firmware"] == "B"
    assert entry.memory["reports"] == ["upfreq_speed"]

    assert entry.poll(times=3 * POLLS_PER_HOUR) == 0


@pytest.mark.parametrize("said", [says("B"), OLD, COMPAT])
def test_another_change_is_followed_after_an_hour(entry: Entry, said: Snapshot) -> None:
    assert entry.poll(says("C")) == 1
    assert entry.poll(said, times=POLLS_PER_HOUR - 1) == 0
    assert entry.poll() == 1
    assert entry.poll(times=3 * POLLS_PER_HOUR) == 0
    assert entry.capabilities == Capabilities.of(said)


def test_another_generation_that_reports_more_is_followed_after_an_hour(
    entry: Entry,
) -> None:
    """Within the hour it has the commands of the one before."""
    said = of(SUPPLY, Generation.V1)
    assert entry.poll(says("C")) == 1
    assert entry.poll(said) == 1
    assert entry.poll(times=POLLS_PER_HOUR) == 1
    assert entry.poll(times=3 * POLLS_PER_HOUR) == 0
    assert entry.capabilities == Capabilities.of(said)


def test_a_change_that_the_owner_makes_is_followed_at_once(entry: Entry) -> None:
    for firmware in ("B", "C", "D"):
        entry.expected.expect_change()
        assert entry.poll(says(firmware)) == 1
        assert entry.poll(times=10) == 0
    assert entry.poll(PLAIN, times=10) == 0


@pytest.mark.parametrize("steps", [(MODEL, SUPPLY, SPEED, POOL), (LIQUID, POOL)])
def test_what_an_updated_miner_tells_step_by_step_is_followed(
    entry: Entry, steps: tuple[Snapshot, ...]
) -> None:
    """A booting miner reports little."""
    new = [with_firmware(step, "B") for step in steps]
    assert entry.poll(says("B")) == 1
    for step in new:
        assert entry.poll(step) == 1
        assert entry.poll(times=5) == 0
    for step in new:
        assert entry.capabilities.joined(Capabilities.of(step)) == entry.capabilities


def test_what_the_same_firmware_told_before_is_expected(entry: Entry) -> None:
    """The miner may be stopped or busy now."""
    entry.poll(SUPPLY)
    entry.forget()
    entry.says = cycle([PLAIN])
    entry.set_up()

    assert entry.capabilities == Capabilities.of(SUPPLY)


@pytest.mark.parametrize("generation", Generation)
def test_each_setting_and_reading_is_stored_under_its_old_name(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, generation: Generation
) -> None:
    """The shift of the frequency is a setting, and the frequency a reading."""
    settings = ReportedSettings(
        mining=True, power_percent=0, target_frequency=0, upfreq_speed=0
    )
    full = says(
        generation=generation,
        settings=settings,
        power_supply=PowerSupply(temperature=31.5),
    )
    entry = Entry(hass, freezer, full)
    assert entry.memory["reports"] == [
        "power_percent",
        "psu_temperature",
        "target_frequency_percent",
        "upfreq_speed",
    ]

    entry.forget()
    entry.says = cycle([says(generation=generation)])
    entry.set_up()

    assert entry.capabilities == Capabilities.of(full)


def test_what_was_stored_of_another_firmware_is_not_expected(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Nor is a name that is not known here."""
    entry = Entry(hass, freezer, SUPPLY)
    entry.forget()
    entry.says = cycle([says("B")])
    entry.set_up()
    assert entry.capabilities == Capabilities.of(PLAIN)
    assert entry.memory["reports"] == []

    entry.memory["reports"] = ["psu_temperature", "something_else"]
    entry.forget()
    entry.set_up()
    assert entry.memory["reports"] == ["psu_temperature"]


@pytest.mark.parametrize("said", [says(None), PLAIN])
def test_to_say_less_is_no_news(entry: Entry, said: Snapshot) -> None:
    full = says(
        model=MODEL.model,
        liquid=True,
        power_supply=SUPPLY.power_supply,
        settings=SPEED.settings,
    )
    entry.poll(full)
    assert entry.poll(said, times=3 * POLLS_PER_HOUR) == 0


def test_a_firmware_that_is_told_late_is_no_other(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The oldest firmware reports its version only while it mines."""
    entry = Entry(hass, freezer, says(None))
    assert entry.poll(says("A"), times=5) == 0
    assert entry.poll(says("B"), times=5) == 1


def test_a_reload_is_asked_for_once(entry: Entry) -> None:
    """There may be more polls until the reload is done."""
    assert entry.expected.take_reload(says("B"))
    assert not entry.expected.take_reload(SUPPLY)
    assert not entry.expected.take_reload(says("C"))


def test_another_miner_has_changes_of_its_own(
    entry: Entry, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    assert entry.poll(says("B")) == 1
    other = Entry(hass, freezer, LIQUID)
    assert other.poll(says("B"), times=5) == 1
    assert other.capabilities == Capabilities.of(PLAIN)


# Cooling


def hashes(*fans: int, minutes: float = 60, **values: Any) -> Snapshot:
    """Return what a miner without faults says that has hashed for some minutes."""
    performance = Performance(
        hash_rate=102,
        elapsed=minutes * 60,
        fan_speed_in=fans[0],
        fan_speed_out=fans[1],
    )
    return says(performance=performance, errors=(), **values)


FANS_TURN, FANS_STAND = hashes(5700, 5800), hashes(0, 0)


def test_fans_that_never_turn_make_a_miner_liquid_cooled(entry: Entry) -> None:
    """Its entities are corrected once, as soon as it has mined for a while."""
    assert entry.capabilities.air_cooled
    assert entry.poll(hashes(0, 0, minutes=5), times=20) == 0
    assert entry.poll(FANS_STAND) == 1
    assert entry.capabilities.liquid_cooled
    assert entry.poll(FANS_STAND, PLAIN, says(None), times=3 * POLLS_PER_HOUR) == 0
    entry.forget()
    entry.says = cycle([PLAIN])
    entry.set_up()
    assert entry.capabilities.liquid_cooled


@pytest.mark.parametrize("is_set_up_again", [False, True])
def test_fans_that_turned_once_may_stand_still(
    entry: Entry, *, is_set_up_again: bool
) -> None:
    """They are broken, or may stop. Nothing is set up anew because they turn."""
    assert entry.poll(FANS_TURN) == 0
    assert "cooling" not in entry.memory
    if is_set_up_again:
        assert entry.poll(FANS_STAND) == 0
        entry.forget()
        entry.says = cycle([FANS_STAND])
        entry.set_up()
    assert entry.poll(FANS_STAND, FANS_TURN, times=3 * POLLS_PER_HOUR) == 0
    assert entry.capabilities.air_cooled


def test_fans_that_turn_at_last_make_a_miner_air_cooled(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """They had stood still since before the first poll."""
    entry = Entry(hass, freezer, FANS_STAND)
    assert entry.capabilities.liquid_cooled
    assert entry.poll(FANS_TURN) == 1
    assert entry.capabilities.air_cooled
    assert entry.poll(FANS_STAND, FANS_TURN, times=3 * POLLS_PER_HOUR) == 0


@pytest.mark.parametrize(
    "said",
    [
        hashes(0, 0, coolant_temperature=-4.0),
        hashes(5700, 5800, coolant_temperature=38.5),
        hashes(900, 0, power_supply=PowerSupply(model="P463B")),
        hashes(900, 0, liquid=True),
    ],
)
def test_a_coolant_counts_before_fans_that_turned(entry: Entry, said: Snapshot) -> None:
    assert entry.poll(FANS_TURN) == 0
    assert entry.poll(said) == 1
    assert entry.capabilities.liquid_cooled
    assert entry.poll(FANS_TURN, times=3 * POLLS_PER_HOUR) == 0


def test_fans_are_looked_at_anew_after_an_update(entry: Entry) -> None:
    """The miner may have been converted meanwhile."""
    assert entry.poll(FANS_TURN, times=2) == 0
    assert entry.poll(with_firmware(FANS_STAND, "B"), times=5) == 1
    assert entry.capabilities.liquid_cooled


@pytest.mark.parametrize("stored", [None, "", "WATER", "unknown"])
def test_evidence_that_is_not_known_here_is_none(entry: Entry, stored: Any) -> None:
    """An earlier version stored none, a later one may store others."""
    entry.memory["cooling"] = stored
    if stored is None:
        del entry.memory["cooling"]
    entry.forget()
    entry.set_up()
    assert entry.capabilities == Capabilities.of(PLAIN)
    assert entry.capabilities.air_cooled


# In Home Assistant


def change_firmware(miner: SimulatedMiner) -> None:
    """Report another version, which the status alone has in each poll."""
    miner.firmware_version = "20261101.01.Rel"


def show_a_coolant(miner: SimulatedMiner) -> None:
    """Report that the miner is cooled by liquid."""
    miner.misbehave("status", Altered('"Msg":{', '"Msg":{"liquid_temp":"40.0",'))


def hide_readings(miner: SimulatedMiner) -> None:
    """Report less of boards and pools, and another version."""
    change_firmware(miner)
    miner.misbehave(JOINED, Altered("chip_vol_diff", "unknown"))


@pytest.mark.parametrize("shape", [change_firmware, show_a_coolant, hide_readings])
async def test_a_device_that_alternates_keeps_its_entities(
    rig: Rig, shape: Callable[[SimulatedMiner], None]
) -> None:
    """The device is set up again a few times in forty polls; then its entities stay."""
    seen = [rig.coordinator]
    events = async_capture_events(rig.hass, er.EVENT_ENTITY_REGISTRY_UPDATED)
    version = rig.miner.firmware_version
    for poll in range(40):
        rig.miner.behave()
        rig.miner.misbehave("get_version", Altered('"fw_ver"', '"unknown"'))
        rig.miner.firmware_version = version
        if poll % 2:
            shape(rig.miner)
        if poll == 20:
            events.clear()
        await rig.clock.next_poll()
        assert rig.entry.state is ConfigEntryState.LOADED
        if rig.coordinator is not seen[-1]:
            seen.append(rig.coordinator)

    assert len(seen) - 1 in (1, 2, 3)
    assert not events
