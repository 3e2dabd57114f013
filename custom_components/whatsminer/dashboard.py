"""Serves the dashboard, which the web page of Home Assistant draws by itself.

The module has what Home Assistant calls a dashboard strategy: it makes the cards of the miners that
are there. It needs no resource of the user, and no setting.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import DOMAIN

MODULE: Final = Path(__file__).parent / "frontend" / "whatsminer-dashboard.js"
MODULE_URL: Final = f"/{DOMAIN}/{MODULE.name}"


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Have the web page load the dashboard, if Home Assistant has a web page.

    Browsers keep the module for a month. Its address changes with its content, and with the version.
    """
    if "frontend" not in hass.config.components:
        return
    integration = await async_get_integration(hass, DOMAIN)
    content = await hass.async_add_executor_job(MODULE.read_bytes)
    digest = sha256(content).hexdigest()[:8]
    await hass.http.async_register_static_paths(
        [StaticPathConfig(MODULE_URL, str(MODULE), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{MODULE_URL}?v={integration.version}-{digest}")
