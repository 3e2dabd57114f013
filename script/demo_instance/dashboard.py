"""The first page of the demo: the dashboard that comes with the integration."""

from .client import Client

URL_PATH = "dashboard-miners"
# What the dialogue "Add dashboard" saves.
CONFIG = {"strategy": {"type": "custom:whatsminer"}}


async def install(client: Client) -> None:
    """Add the dashboard and make it the first page, unless there is one already."""
    dashboards = await client.command("lovelace/dashboards/list")
    if any(dashboard["url_path"] == URL_PATH for dashboard in dashboards):
        return
    await client.command(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title="Miners",
        icon="mdi:pickaxe",
    )
    await client.command("lovelace/config/save", url_path=URL_PATH, config=CONFIG)
    await client.command(
        "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
    )
