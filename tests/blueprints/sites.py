"""Sites, and what the assistant should say of them."""

from collections.abc import Sequence
from typing import Any

from tests.fleet import Owned
from tests.site import Site, add_site

from .assist import Assist


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
