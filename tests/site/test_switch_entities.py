"""The switch of a site tells templates which entities the site has."""

from homeassistant.helpers import entity_registry as er
from tests.fleet import Fleet

from . import Site, add_site
from .conftest import Three


def told(site: Site) -> dict[str, str]:
    """Return the ids of entities by their keys, as the switch tells them."""
    ids: dict[str, str] = site.attributes("mining", "switch")["entities"]
    return ids


async def test_the_switch_has_the_ids_of_all_entities_of_the_site(site: Site) -> None:
    await site.settle()

    assert told(site) == {
        "hash_rate": "sensor.shed_hash_rate",
        "power": "sensor.shed_power",
        "efficiency": "sensor.shed_efficiency",
        "energy": "sensor.shed_energy",
        "miners_running": "sensor.shed_running",
        "miners_offline": "sensor.shed_offline",
        "miners_with_problem": "sensor.shed_with_a_problem",
        "miners_not_off": "sensor.shed_not_off_yet",
        "problem": "binary_sensor.shed_problem",
        "mining": "switch.shed",
        "follow_plan": "switch.shed_follow_plan",
        "next_change": "sensor.shed_next_change_of_the_plan",
        "plan": "sensor.shed_plan",
        "power_budget": "number.shed_power_budget",
    }


async def test_it_follows_renamed_and_disabled_entities_without_a_poll(
    site: Site, entity_registry: er.EntityRegistry
) -> None:
    entity_registry.async_update_entity(
        "sensor.shed_power", new_entity_id="sensor.watts"
    )
    entity_registry.async_update_entity(
        "sensor.shed_energy", disabled_by=er.RegistryEntryDisabler.USER
    )
    await site.settle()

    assert told(site)["power"] == "sensor.watts"
    assert "energy" not in told(site)


async def test_a_site_whose_miners_do_not_answer_has_them_too(
    fleet: Fleet, three: Three
) -> None:
    """The switch is there before the sensors, and no poll follows."""
    for each in three:
        await each.miner.disconnect()
    await fleet.clock.next_poll(2)

    site = await add_site(fleet)
    await site.settle()

    assert site.shown("miners_offline") == "3"
    assert told(site)["miners_offline"] == "sensor.shed_offline"
