"""Voice: by which names sites are asked how much they mine."""

from collections.abc import Sequence

import pytest

from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from tests import device_of
from tests.fleet import Owned
from tests.site import Site, add_site

from .assist import Assist
from .sites import make_site, numbers, wait


@pytest.mark.parametrize(
    ("language", "name", "end", "texts"),
    [
        (
            "en",
            "Shed",
            "All 2 miners are mining.",
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
            "All 2 miners are mining.",
            [
                "how much are all miners mining",
                "how much are all my miners mining right now",
                "how much does every miner mine",
            ],
        ),
        (
            "en",
            "North field miners",
            "All 2 miners are mining.",
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
    both: Sequence[Owned],
    language: str,
    name: str,
    end: str,
    texts: list[str],
) -> None:
    """It has a miner that the automation was not given."""
    await make_site(assist, name)

    for text in texts:
        assert await assist.say(text, language) == (
            f"{name}: {numbers(both, language)} {end}"
        ), text
    assert [each.miner.writes for each in both] == [[], []]


async def test_all_miners_may_be_said_in_another_language_than_the_name(
    assist: Assist, both: Sequence[Owned]
) -> None:
    await make_site(assist, "All miners")

    assert (await assist.say("wie viel schürfen alle Miner", "de")) == (
        f"All miners: {numbers(both, 'de')} Alle 2 Miner schürfen."
    )


@pytest.mark.parametrize("by", ["device_id", "entity_id", "area_id", "label_id"])
async def test_a_site_may_be_chosen_but_commands_go_to_miners_only(
    assist: Assist, both: Sequence[Owned], by: str
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
        f"Shed: {numbers(both)} All 2 miners are mining."
    )
    answer = await assist.say("set all miners to 60 percent")
    assert answer == "No miner is called all."
    assert [each.miner.writes for each in both] == [[], []]


async def test_without_a_site_of_that_name_the_miners_answer(
    assist: Assist, site: Site
) -> None:
    """They are those of the automation."""
    answer = await assist.say("how much are all miners mining")
    assert answer.startswith("Garage is mining at ")
    answer = await assist.say("how much is the attic mining")
    assert answer == "No miner is called the attic. I know Shed and Garage."
    answer = await assist.say("set the shed miners to 60 percent")
    assert answer == "No miner is called the shed. I know Garage."
    assert assist.take_commands() == []


async def test_a_site_comes_before_the_area_of_the_same_name(
    assist: Assist, site: Site, both: Sequence[Owned]
) -> None:
    """Also where the area has one miner only, which is asked where there is no such site."""
    hass = assist.home.hass
    area = ar.async_get(hass).async_create("Shed").id
    dr.async_get(hass).async_update_device(
        assist.garage.coordinator.device_id, area_id=area
    )

    assert (await assist.say("how much is the shed mining")) == (
        f"Shed: {numbers(both)} All 2 miners are mining."
    )

    await hass.config_entries.async_remove(site.entry.entry_id)
    answer = await assist.say("how much is the shed mining")
    assert answer.startswith("Garage is mining at ")


async def test_a_site_and_a_miner_of_the_same_name_are_told_apart(
    assist: Assist, both: Sequence[Owned]
) -> None:
    """The word miner makes the difference."""
    await make_site(assist, "Garage")

    assert (await assist.say("how much is the garage mining")) == (
        f"Garage: {numbers(both)} All 2 miners are mining."
    )
    answer = await assist.say("how much is the garage miner mining")
    assert answer.startswith("Garage is mining at ")


async def test_a_miner_whose_name_a_site_continues_answers_for_itself(
    assist: Assist, both: Sequence[Owned]
) -> None:
    await make_site(assist, "Garage miners")

    answer = await assist.say("how much is the garage mining")
    assert answer.startswith("Garage is mining at ")
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
