"""The switch of a site: off holds its miners off, on releases them."""

from tests.fleet import Owned
from tests.words import sent

from . import Site
from .conftest import Three

POWER = ("power_off", "power_on")


def switched(owned: Owned) -> list[str]:
    """Return how mining was switched at a miner."""
    return [command for command in sent(owned.miner) if command in POWER]


async def test_off_stops_all_miners_and_on_starts_them(
    site: Site, three: Three
) -> None:
    assert site.is_on

    await site.turn_off()

    assert not site.is_on
    assert [switched(each) for each in three] == [["power_off"]] * 3
    await site.turn_on()
    assert site.is_on
    assert [switched(each) for each in three] == [["power_off", "power_on"]] * 3
