"""The dashboard of the integration in a browser: added in its dialogue, and looked at."""

from contextlib import suppress
import json
import shutil
from typing import Any

import pytest

from demo_instance import dashboard
from demo_instance.browser import Page, opened
from demo_instance.client import RefusedError
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") or shutil.which("google-chrome")),
    reason="there is no Chromium",
)

_SECONDS = 30.0
# All elements of a page, also those inside of others.
_ALL = """
const all = (node) => [...node.querySelectorAll("*")].flatMap(
  (each) => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
const find = (tag, fits) => all(document).find((each) => each.localName === tag && fits(each));
"""
_EVIL = "<b>B</b> {{ 1 + 1 }} **b** <script>alert(1)</script>"


async def run(page: Page, script: str) -> Any:
    """Run a function body that knows `all` and `find`."""
    return await page.run(f"(async () => {{ {_ALL} {script} }})()")


async def click(page: Page, tag: str, fits: str) -> None:
    """Click an element as soon as it is there."""

    async def is_clicked() -> bool:
        script = f"const it = find('{tag}', {fits}); it?.click(); return Boolean(it);"
        return bool(await run(page, script))

    await until(is_clicked, f"a {tag} with {fits} is there", seconds=_SECONDS)


async def tiles(page: Page) -> list[list[str]]:
    """Return name and state of the tiles of a page, once there are some that are complete."""
    script = """
      const tiles = all(document).filter(({ localName }) => localName === "hui-tile-card");
      const text = (node) => (node?.textContent ?? "").trim();
      return tiles.map(({ shadowRoot: root }) => [
        text(root?.querySelector(".primary")),
        text(root?.querySelector("state-display")?.shadowRoot) || text(root?.querySelector("state-display")),
      ]);
    """
    found: list[list[str]] = []

    async def are_there() -> bool:
        nonlocal found
        found = await run(page, script)
        return bool(found) and all(name for name, _ in found)

    await until(are_there, "there are tiles", seconds=_SECONDS)
    return found


async def test_it_is_added_with_two_clicks(demo: RunningDemo, show: Show) -> None:
    async with opened(demo.url, 1400, 1000) as page:
        await page.show("/config/lovelace/dashboards")
        await click(page, "ha-button", "each => /Add dashboard/.test(each.textContent)")
        await click(page, "dashboard-card", "each => each.name === 'Whatsminer miners'")
        await click(page, "ha-button", "each => each.textContent.trim() === 'Create'")

        async def is_stored() -> bool:
            with suppress(RefusedError):  # there is none yet
                config = await demo.client.command(
                    "lovelace/config", url_path=dashboard.URL_PATH
                )
                return bool(config == dashboard.CONFIG)
            return False

        await until(is_stored, "it is stored", seconds=_SECONDS)
        assert page.errors == []
    show("Whatsminer miners")


@pytest.mark.parametrize(
    ("width", "dark", "language", "title"),
    [(1400, False, "en", "Hash rate"), (390, True, "de", "Hashrate")],
)
async def test_it_shows_all_miners_and_each_of_them(
    demo: RunningDemo, air: Miner, width: int, dark: bool, language: str, title: str
) -> None:
    devices = await demo.client.devices()
    of_miners = [devices[miner.mac] for miner in demo.miners]
    names = {each["name_by_user"] or each["name"] for each in of_miners}

    async with opened(demo.url, width, 1000, dark=dark, language=language) as page:
        await page.show(f"/{dashboard.URL_PATH}")
        assert names <= {name for name, _ in await tiles(page)}
        await page.show(f"/{dashboard.URL_PATH}/{devices[air.mac]['id']}")
        assert title in [name for name, _ in await tiles(page)]
        assert page.errors == []


async def test_it_shows_a_name_as_text(demo: RunningDemo, air: Miner) -> None:
    device = (await demo.client.devices())[air.mac]

    async def rename(name: str | None) -> None:
        await demo.client.command(
            "config/device_registry/update", device_id=device["id"], name_by_user=name
        )

    async with opened(demo.url, 1400, 1000) as page:
        await page.show(f"/{dashboard.URL_PATH}")
        await tiles(page)
        await rename(_EVIL)

        async def is_shown() -> bool:
            return _EVIL in [name for name, _ in await tiles(page)]

        await until(is_shown, "the new name is shown", seconds=_SECONDS)
        script = f"return Boolean(find('b', each => {json.dumps(_EVIL)}.includes(each.textContent)));"
        assert await run(page, script) is False
        await rename(device["name_by_user"])
        assert page.errors == []
