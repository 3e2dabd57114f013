"""Voice: what the assistant answers about sites."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util import dt as dt_util
from simulator import Refused
from tests import Altered, act, device_of
from tests.fleet import Owned
from tests.site import Site, add_site

from .assist import Assist


@pytest.fixture
async def owned(assist: Assist, hall: Owned) -> Sequence[Owned]:
    return (assist.garage, hall)


@pytest.fixture
async def site(assist: Assist, owned: Sequence[Owned]) -> Site:
    """A site with both miners, which no input of the automation names."""
    return await make_site(assist, "Shed")


async def make_site(assist: Assist, name: str, **options: Any) -> Site:
    """Make a site, by default with all miners, and the automation for the miner in the garage."""
    site = await add_site(assist.home.fleet, name, **options)
    await assist.hear()
    await site.settle()
    return site


async def wait(site: Site) -> None:
    """Let miners be polled, or be silent for so long that they count as such."""
    for _ in range(4):
        await site.fleet.clock.tick(30)
    await site.settle()


def total(owned: Sequence[Owned], key: str) -> float:
    """Return the sum of what the miners' own sensors show."""
    return sum(float(each.shown("sensor", key)) for each in owned)


def numbers(owned: Sequence[Owned], language: str = "en") -> str:
    """Return how the sums over miners are said."""
    rate, power = total(owned, "hash_rate"), total(owned, "power")
    share = f"{power / rate:.1f}"
    return {
        "en": f"{rate:.0f} terahash per second with {power:.0f} watts, "
        f"which is {share} joules per terahash.",
        "de": f"{rate:.0f} Terahash pro Sekunde mit {power:.0f} Watt, "
        f"das sind {share.replace('.', ',')} Joule pro Terahash.",
    }[language]


@pytest.mark.parametrize(
    ("language", "name", "end", "texts"),
    [
        (
            "en",
            "Shed",
            "All 2 miners mine.",
            [
                "How much is the shed mining?",
                "how much does the shed mine",
                "how much are the shed miners mining",
                "how much are all miners in the shed mining",
            ],
        ),
        (
            "en",
            "All miners",
            "All 2 miners mine.",
            [
                "how much are all miners mining",
                "how much are all my miners mining right now",
                "how much does every miner mine",
            ],
        ),
        (
            "en",
            "North field miners",
            "All 2 miners mine.",
            [
                "how much are the north field miners mining",
                "how much is the north field mining",
            ],
        ),
        (
            "de",
            "Schuppen",
            "Alle 2 Miner schürfen.",
            [
                "Wie viel schürft der Schuppen?",
                "wie viel schürfen die Schuppenminer",
                "wie viel mint der Schuppen gerade",
                "wie viel schürfen alle Miner im Schuppen",
            ],
        ),
        (
            "de",
            "Alle Miner",
            "Alle 2 Miner schürfen.",
            ["Wie viel schürfen alle Miner?", "wie viel minen alle meine Miner"],
        ),
    ],
)
async def test_a_site_answers_with_its_own_numbers(
    assist: Assist,
    owned: Sequence[Owned],
    language: str,
    name: str,
    end: str,
    texts: list[str],
) -> None:
    """It has a miner that the automation was not given."""
    await make_site(assist, name)

    for text in texts:
        assert await assist.say(text, language) == (
            f"{name}: {numbers(owned, language)} {end}"
        ), text
    assert [each.miner.writes for each in owned] == [[], []]


async def test_all_miners_may_be_said_in_another_language_than_the_name(
    assist: Assist, owned: Sequence[Owned]
) -> None:
    await make_site(assist, "All miners")

    assert (await assist.say("wie viel schürfen alle Miner", "de")) == (
        f"All miners: {numbers(owned, 'de')} Alle 2 Miner schürfen."
    )


@pytest.mark.parametrize("by", ["device_id", "entity_id", "area_id", "label_id"])
async def test_a_site_may_be_chosen_but_commands_go_to_miners_only(
    assist: Assist, owned: Sequence[Owned], by: str
) -> None:
    """Nobody can tell the miners of a site what to do by choosing the site for the automation."""
    hass = assist.home.hass
    site = await add_site(assist.home.fleet)
    device = device_of(hass, site.entry).id
    area = ar.async_get(hass).async_create("Yard").id
    dr.async_get(hass).async_update_device(device, area_id=area, labels={"mining"})
    chosen = {
        "device_id": device,
        "entity_id": "switch.shed",
        "area_id": area,
        "label_id": "mining",
    }
    await assist.home.automate("voice", miners={by: [chosen[by]]})
    await wait(site)

    assert (await assist.say("how much is the shed mining")) == (
        f"Shed: {numbers(owned)} All 2 miners mine."
    )
    answer = await assist.say("set all miners to 60 percent")
    assert answer == "No miner is called all."
    assert [each.miner.writes for each in owned] == [[], []]


async def test_without_a_site_of_that_name_the_miners_answer(
    assist: Assist, site: Site
) -> None:
    """They are those of the automation."""
    answer = await assist.say("how much are all miners mining")
    assert answer.startswith("Garage mines at ")
    answer = await assist.say("how much is the attic mining")
    assert answer == "No miner is called the attic. I know Shed, Garage."
    answer = await assist.say("set the shed miners to 60 percent")
    assert answer == "No miner is called the shed. I know Garage."
    assert assist.take_commands() == []


async def test_a_site_comes_before_the_area_of_the_same_name(
    assist: Assist, site: Site, owned: Sequence[Owned]
) -> None:
    """Also where the area has one miner only, which is asked where there is no such site."""
    hass = assist.home.hass
    area = ar.async_get(hass).async_create("Shed").id
    dr.async_get(hass).async_update_device(
        assist.garage.coordinator.device_id, area_id=area
    )

    assert (await assist.say("how much is the shed mining")) == (
        f"Shed: {numbers(owned)} All 2 miners mine."
    )

    await hass.config_entries.async_remove(site.entry.entry_id)
    answer = await assist.say("how much is the shed mining")
    assert answer.startswith("Garage mines at ")


async def test_a_site_and_a_miner_of_the_same_name_are_told_apart(
    assist: Assist, owned: Sequence[Owned]
) -> None:
    """The word miner makes the difference."""
    await make_site(assist, "Garage")

    assert (await assist.say("how much is the garage mining")) == (
        f"Garage: {numbers(owned)} All 2 miners mine."
    )
    answer = await assist.say("how much is the garage miner mining")
    assert answer.startswith("Garage mines at ")


async def test_a_miner_whose_name_a_site_continues_answers_for_itself(
    assist: Assist, owned: Sequence[Owned]
) -> None:
    await make_site(assist, "Garage miners")

    answer = await assist.say("how much is the garage mining")
    assert answer.startswith("Garage mines at ")
    answer = await assist.say("how much are the garage miners mining")
    assert answer.startswith("Garage miners: ")


async def test_a_site_is_called_as_its_owner_calls_it(
    assist: Assist, site: Site
) -> None:
    """The names of the device and of the switch count, as for Home Assistant itself."""
    hass = assist.home.hass
    dr.async_get(hass).async_update_device(
        device_of(hass, site.entry).id, name_by_user="Barn"
    )
    er.async_get(hass).async_update_entity("switch.shed", name="Stable")
    await site.settle()

    for called in ("barn", "stable"):
        answer = await assist.say(f"how much is the {called} mining")
        assert answer.startswith("Barn: "), called


async def test_renamed_and_disabled_sensors_and_other_units_change_nothing(
    assist: Assist, site: Site, owned: Sequence[Owned]
) -> None:
    """What no sensor shows is left out."""
    registry = er.async_get(assist.home.hass)
    registry.async_update_entity("sensor.shed_power", new_entity_id="sensor.p")
    registry.async_update_entity_options(
        "sensor.p", "sensor", {"unit_of_measurement": "kW"}
    )
    await site.settle()
    assert (await assist.say("how much is the shed mining")) == (
        f"Shed: {numbers(owned)} All 2 miners mine."
    )

    for key in ("efficiency", "miners_running"):
        registry.async_update_entity(
            f"sensor.shed_{key}", disabled_by=er.RegistryEntryDisabler.USER
        )
    await site.settle()
    rate, power = total(owned, "hash_rate"), total(owned, "power")
    assert await assist.say("how much is the shed mining") == (
        f"Shed: {rate:.0f} terahash per second with {power:.0f} watts."
    )


@pytest.mark.parametrize(
    ("language", "text", "one", "none"),
    [
        (
            "en",
            "how much is the shed mining",
            "1 of 2 miners mines. Hall does not answer.",
            "Garage, Hall do not answer.",
        ),
        (
            "de",
            "wie viel schürft Shed",
            "1 von 2 Minern schürft. Hall antwortet nicht.",
            "Garage, Hall antworten nicht.",
        ),
    ],
)
async def test_miners_that_do_not_answer_are_named(
    assist: Assist,
    site: Site,
    hall: Owned,
    language: str,
    text: str,
    one: str,
    none: str,
) -> None:
    await hall.miner.disconnect()
    await wait(site)
    assert await assist.say(text, language) == (
        f"Shed: {numbers([assist.garage], language)} {one}"
    )

    await assist.garage.miner.disconnect()
    await wait(site)
    assert await assist.say(text, language) == f"Shed: {none}"


@pytest.mark.parametrize(
    ("language", "text", "none", "bad"),
    [
        ("en", "how much is the shed mining", "No miner mines.", "Hall has a problem."),
        ("de", "wie viel schürft Shed", "Kein Miner schürft.", "Hall hat ein Problem."),
    ],
)
async def test_miners_with_a_problem_are_named(
    assist: Assist,
    site: Site,
    hall: Owned,
    language: str,
    text: str,
    none: str,
    bad: str,
) -> None:
    hall.miner.state.faults = {540: "2026-10-31 12:00:00"}
    await wait(site)
    assert (await assist.say(text, language)).endswith(f". {bad}")

    for each in (assist.garage, hall):
        each.miner.state.mining = False
    await wait(site)
    assert (await assist.say(text, language)).startswith(f"Shed: {none}")


HELD = {
    "en": ("how much is the shed mining", "Held off.", "No miner mines."),
    "de": ("wie viel schürft Shed", "Gestoppt gehalten.", "Kein Miner schürft."),
}


@pytest.mark.parametrize("language", HELD)
async def test_a_site_that_is_held_off_says_so(
    assist: Assist, site: Site, language: str
) -> None:
    text, held, none = HELD[language]
    await site.turn_off()
    await wait(site)
    assert await assist.say(text, language) == f"Shed: {held} {none}"

    await site.turn_on()
    await wait(site)
    assert held not in await assist.say(text, language)


@pytest.mark.parametrize(
    ("language", "today", "later"),
    [
        ("en", " until {0:%H:%M}.", " until {0:%H:%M} on {0.day} {0:%B}."),
        ("de", " bis {0:%H:%M}.", " bis {0:%H:%M} am {0.day}.{0.month}."),
    ],
)
async def test_a_site_that_is_held_off_for_a_time_says_until_when(
    assist: Assist, site: Site, language: str, today: str, later: str
) -> None:
    """With the day, unless it is today."""
    text, held, none = HELD[language]
    for hours, form in ((2, today), (50, later)):
        until = dt_util.as_local(dt_util.utcnow() + timedelta(hours=hours))
        duration = {"hours": hours}
        await act(assist.home.hass, "whatsminer.hold", "switch.shed", duration=duration)
        await wait(site)
        assert await assist.say(text, language) == (
            f"Shed: {held[:-1]}{form.format(until)} {none}"
        )


@pytest.mark.parametrize(
    ("language", "silent", "on"),
    [
        (
            "en",
            "No miner that answers mines. Hall does not answer, and may not be off.",
            "Hall is not off yet.",
        ),
        (
            "de",
            "Kein Miner, der antwortet, schürft. "
            "Hall antwortet nicht und ist vielleicht noch an.",
            "Hall ist noch nicht aus.",
        ),
    ],
)
async def test_miners_that_may_mine_although_they_are_held_off_are_named(
    assist: Assist, site: Site, hall: Owned, language: str, silent: str, on: str
) -> None:
    text, held, _ = HELD[language]
    await hall.miner.disconnect()
    await wait(site)
    with pytest.raises(HomeAssistantError):
        await site.turn_off()
    await wait(site)
    assert await assist.say(text, language) == f"Shed: {held} {silent}"

    hall.miner.misbehave("power_off", Refused(45))
    hall.miner.reconnect()
    await wait(site)
    answer = await assist.say(text, language)
    assert answer.startswith(f"Shed: {held} ")
    assert answer.endswith(f" {on}")


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("en", "how much is the attic mining", "No miner belongs to it."),
        ("de", "wie viel schürft Attic", "Es gehört kein Miner dazu."),
    ],
)
async def test_a_site_without_miners_says_so(
    assist: Assist, language: str, text: str, answer: str
) -> None:
    await make_site(assist, "Attic", areas=["attic"])

    assert await assist.say(text, language) == f"Attic: {answer}"


async def test_a_site_of_one_miner_does_not_count_it(
    assist: Assist, owned: Sequence[Owned]
) -> None:
    entry_id = assist.garage.entry.entry_id
    await make_site(assist, "Shed", miners=[entry_id])

    answer = await assist.say("how much is the shed mining")
    assert answer == f"Shed: {numbers(owned[:1])}"


async def test_a_power_that_not_all_miners_tell_is_called_the_least(
    assist: Assist, site: Site, hall: Owned
) -> None:
    hall.miner.misbehave("summary+pools+edevs", Altered('"Power":', '"Watts":'))
    await wait(site)

    assert "with at least " in await assist.say("how much is the shed mining")
    assert "mit mindestens " in await assist.say("wie viel schürft Shed", "de")


async def test_a_site_whose_sensors_are_all_disabled_says_so(
    assist: Assist, site: Site
) -> None:
    registry = er.async_get(assist.home.hass)
    for each in er.async_entries_for_config_entry(registry, site.entry.entry_id):
        if each.domain == "sensor":
            registry.async_update_entity(
                each.entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
    await site.settle()

    answer = await assist.say("how much is the shed mining")
    assert answer == "Shed: I have no readings."
    answer = await assist.say("wie viel schürft Shed", "de")
    assert answer == "Shed: Ich habe keine Messwerte."


async def test_all_are_counted_of_many_although_a_list_has_only_some_names(
    assist: Assist, site: Site
) -> None:
    """It has fifty at most, and the answer five."""
    names = [f"Rack {number}" for number in range(10, 60)]
    for key in ("offline", "with_a_problem"):
        await assist.home.set(f"sensor.shed_miners_{key}", 120, names=names)

    answer = await assist.say("how much is the shed mining")

    first = "Rack 10, Rack 11, Rack 12, Rack 13, Rack 14 and 115 more"
    assert answer.endswith(f" {first} do not answer. {first} have a problem.")
