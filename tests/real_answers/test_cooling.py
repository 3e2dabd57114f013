"""Kind 9: liquid or air, by what the machine shows."""

from typing import Any

import pytest

from tests.api import table

from . import cases, described
from .cases import changed, errors
from .described import Answers, reading
from .home import Added, Home
from .miner import DescribedMiner

FANS = (
    "sensor.fan_speed_in",
    "sensor.fan_speed_out",
    "number.temperature_offset",
    "switch.fan_zero_speed",
    "switch.poweroff_cooling",
)
AIR_MODEL = "M60S_VK40"
NO_MODEL = ""


def check_liquid(added: Added, *, liquid: bool) -> None:
    """Check that the entities of fans exist, or none of them."""
    assert {name for name in FANS if added.has(name)} == (
        set() if liquid else set(FANS)
    )
    assert added.state("number.target_frequency").attributes["max"] == (
        100 if liquid else 0
    )


def machine(model: str, *, fans: int, elapsed: int = 40_000) -> Answers:
    """Return the answers of a V2.2 miner whose fans have this speed."""
    answers = described.v2_2(model=model)
    reading(answers, "summary").update(
        {"Fan Speed In": fans, "Fan Speed Out": fans, "Elapsed": elapsed}
    )
    return answers


async def test_a_model_without_fans_has_no_entities_of_fans(home: Home) -> None:
    async with cases.without_fans() as miner:
        added = await (await home.add(miner)).poll()
    check_liquid(added, liquid=True)
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.connections == [3] * 5


@pytest.mark.parametrize(
    "model", ["M52S_VL10", "M52S++V30", "M62S_VM", "M72S+_VN20", "M33S++"]
)
async def test_each_model_that_is_known_shows_it_from_the_start(
    home: Home, model: str
) -> None:
    """The model counts before the miner has hashed for long, and without its power supply."""
    answers = machine(model, fans=0, elapsed=20)
    del answers["get_psu"]
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    check_liquid(added, liquid=True)


# One piece of evidence alone; the model says nothing, and the miner has only just begun.
ALONE: dict[str, tuple[str, dict[str, Any]]] = {
    "coolant": ("status", {"liquid_temp": 38.5}),
    "supply": ("get_psu", {"name": "P564B", "model": "P564B"}),
    "supply-of-an-earlier-kind": ("get_psu", {"name": "P463A", "model": ""}),
    "firmware-says-so": ("summary", {"Liquid Cooling": True}),
}


@pytest.mark.parametrize("which", ALONE)
@pytest.mark.parametrize("fans", [0, 900])
async def test_what_shows_liquid_counts_alone(
    home: Home, which: str, fans: int
) -> None:
    """It is stronger than a fan that seems to turn."""
    command, values = ALONE[which]
    answers = machine(AIR_MODEL, fans=fans, elapsed=20)
    reading(answers, command).update(values)
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    check_liquid(added, liquid=True)
    assert added.has("sensor.coolant_temperature") is (which == "coolant")


@pytest.mark.parametrize("model", ["M53_VK10", "M62S_VM", "M66S"])
async def test_a_fan_that_turns_counts_more_than_the_model(
    home: Home, model: str
) -> None:
    """The name may be wrong, or the machine rebuilt."""
    async with DescribedMiner(machine(model, fans=4400)) as miner:
        added = await (await home.add(miner)).poll(1)
    check_liquid(added, liquid=False)
    assert added.number("sensor.fan_speed_in") == 4400


async def test_fans_that_never_turn_while_it_hashes_show_it_at_last(home: Home) -> None:
    """The entities are corrected when it becomes clear, once, and stay so."""
    async with DescribedMiner(machine(NO_MODEL, fans=0, elapsed=30)) as miner:
        added = await (await home.add(miner)).poll(2)
        check_liquid(added, liquid=False)
        await home.tick(15 * 60)
        await added.poll(2)
        check_liquid(added, liquid=True)
        await added.poll(1)
        # Mining starts anew, so that this poll alone would show nothing.
        reading(miner.answers, "summary")["Elapsed"] = 5
        await added.poll(1)
        assert await home.hass.config_entries.async_reload(added.entry.entry_id)
        await home.hass.async_block_till_done(wait_background_tasks=True)
        check_liquid(added, liquid=True)
        await added.poll(2)
    check_liquid(added, liquid=True)
    assert added.connections[-1] == 3


@pytest.mark.parametrize("why", ["starting", "stopped", "fault", "no-boards"])
async def test_fans_that_stand_for_another_reason_show_nothing(
    home: Home, why: str
) -> None:
    """An air-cooled miner keeps its entities when a fan fails."""
    answers = machine(AIR_MODEL, fans=0)
    match why:
        case "starting":
            reading(answers, "summary")["Elapsed"] = 60
        case "stopped":
            reading(answers, "summary").update({"HS RT": 0, "MHS 1m": 0})
            changed(answers, "status", mineroff="true")
        case "fault":
            answers["get_error_code"] = errors({"120": ""}, {"121": ""})
        case "no-boards":
            reading(answers, "summary").update({"HS RT": 0, "MHS 1m": 0})
            answers["edevs"] = table("DEVS")
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(3)
    check_liquid(added, liquid=False)


async def test_a_fan_that_turns_later_corrects_what_stood_for_liquid(
    home: Home,
) -> None:
    """A model that is only thought to have no fans shows one."""
    async with cases.without_fans() as miner:
        added = await (await home.add(miner)).poll(1)
        check_liquid(added, liquid=True)
        reading(miner.answers, "summary")["Fan Speed In"] = 3900
        await added.poll(2)
        check_liquid(added, liquid=False)
        reading(miner.answers, "summary")["Fan Speed In"] = 0
        await added.poll(3)
    check_liquid(added, liquid=False)
