"""Voice: what the assistant answers about sites."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import Refused
from tests import Altered, act
from tests.fleet import Owned
from tests.site import Site

from .assist import Assist
from .sites import make_site, numbers, total, wait


async def test_renamed_and_disabled_sensors_and_other_units_change_nothing(
    assist: Assist, site: Site, both: Sequence[Owned]
) -> None:
    """What no sensor shows is left out."""
    registry = er.async_get(assist.home.hass)
    registry.async_update_entity("sensor.shed_power", new_entity_id="sensor.p")
    registry.async_update_entity_options(
        "sensor.p", "sensor", {"unit_of_measurement": "kW"}
    )
    await site.settle()
    assert (await assist.say("how much is the shed mining")) == (
        f"Shed: {numbers(both)} All 2 miners are mining."
    )

    for key in ("efficiency", "running"):
        registry.async_update_entity(
            f"sensor.shed_{key}", disabled_by=er.RegistryEntryDisabler.USER
        )
    await site.settle()
    rate, power = total(both, "hash_rate"), total(both, "power")
    assert await assist.say("how much is the shed mining") == (
        f"Shed: {rate:.0f} terahash per second with {power:.0f} watts."
    )


async def test_sensors_are_found_in_a_german_home(
    assist: Assist, both: Sequence[Owned]
) -> None:
    """Their ids are German there."""
    hass = assist.home.hass
    hass.config.language = "de"
    await make_site(assist, "Schuppen")
    assert hass.states.get("sensor.schuppen_laufend")

    assert await assist.say("wie viel schürft der Schuppen", "de") == (
        f"Schuppen: {numbers(both, 'de')} Alle 2 Miner schürfen."
    )


@pytest.mark.parametrize(
    ("language", "text", "one", "none"),
    [
        (
            "en",
            "how much is the shed mining",
            "1 of 2 miners is mining. Hall does not answer.",
            "Garage and Hall do not answer.",
        ),
        (
            "de",
            "wie viel schürft Shed",
            "1 von 2 Minern schürft. Hall antwortet nicht.",
            "Garage und Hall antworten nicht.",
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
        (
            "en",
            "how much is the shed mining",
            "No miner is mining.",
            "Hall has a problem.",
        ),
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
    "en": (
        "how much is the shed mining",
        "The site is held off{until}.",
        "No miner is mining.",
    ),
    "de": (
        "wie viel schürft Shed",
        "Der Standort wird{until} gestoppt gehalten.",
        "Kein Miner schürft.",
    ),
}


@pytest.mark.parametrize("language", HELD)
async def test_a_site_that_is_held_off_says_so(
    assist: Assist, site: Site, language: str
) -> None:
    text, held, none = HELD[language]
    held = held.format(until="")
    await site.turn_off()
    await wait(site)
    assert await assist.say(text, language) == f"Shed: {held} {none}"

    await site.turn_on()
    await wait(site)
    assert held not in await assist.say(text, language)


@pytest.mark.parametrize(
    ("language", "today", "later"),
    [
        ("en", " until {0:%H:%M}", " until {0:%H:%M} on {0.day} {0:%B}"),
        ("de", " bis {0:%H:%M}", " bis {0:%H:%M} am {0.day}.{0.month}"),
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
            f"Shed: {held.format(until=form.format(until))} {none}"
        )


@pytest.mark.parametrize(
    ("language", "silent", "on"),
    [
        (
            "en",
            "None of the miners that answer is mining. "
            "Hall does not answer and may still be on.",
            "Hall is not off yet.",
        ),
        (
            "de",
            "Keiner der Miner, die antworten, schürft. "
            "Hall antwortet nicht und ist vielleicht noch an.",
            "Hall ist noch nicht aus.",
        ),
    ],
)
async def test_miners_that_may_mine_although_they_are_held_off_are_named(
    assist: Assist, site: Site, hall: Owned, language: str, silent: str, on: str
) -> None:
    text, held, _ = HELD[language]
    held = held.format(until="")
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
        ("en", "how much is the attic mining", "The site has no miners."),
        ("de", "wie viel schürft Attic", "Der Standort hat keine Miner."),
    ],
)
async def test_a_site_without_miners_says_so(
    assist: Assist, language: str, text: str, answer: str
) -> None:
    await make_site(assist, "Attic", areas=["attic"])

    assert await assist.say(text, language) == f"Attic: {answer}"


async def test_a_site_of_one_miner_does_not_count_it(
    assist: Assist, both: Sequence[Owned]
) -> None:
    entry_id = assist.garage.entry.entry_id
    await make_site(assist, "Shed", miners=[entry_id])

    answer = await assist.say("how much is the shed mining")
    assert answer == f"Shed: {numbers(both[:1])}"


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
        await assist.home.set(f"sensor.shed_{key}", 120, names=names)

    answer = await assist.say("how much is the shed mining")

    first = "Rack 10, Rack 11, Rack 12, Rack 13, Rack 14 and 115 more"
    assert answer.endswith(f" {first} do not answer. {first} have a problem.")
