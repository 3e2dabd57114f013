"""What forms about a miner have in common: its address, its password, and the look at both."""

from collections.abc import Mapping
import logging
from typing import Any, Final

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .api import (
    DEFAULT_PORT,
    Miner,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from .entries.discovery import Found
from .entries.relocation import async_place
from .exceptions import translation_key

_LOGGER = logging.getLogger(__name__)

type Errors = dict[str, str]

ADDRESS_FIELDS: Final = {
    probatio.Required(CONF_HOST): TextSelector(TextSelectorConfig(autocomplete="off")),
    # Its range is checked here, where the answer can be a translated one.
    probatio.Required(CONF_PORT, default=DEFAULT_PORT): NumberSelector(
        NumberSelectorConfig(mode=NumberSelectorMode.BOX, step=1)
    ),
}
PASSWORD_SELECTOR: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
# It is never filled in for somebody, not even again after an error.
PASSWORD_FIELD: Final = {
    probatio.Optional(probatio.Secret(CONF_PASSWORD)): PASSWORD_SELECTOR
}


def read_address(user_input: Mapping[str, Any]) -> tuple[tuple[str, int], Errors]:
    """Return host and port as they were entered, and what is wrong with them."""
    host: str = user_input[CONF_HOST].strip()
    port: float = user_input[CONF_PORT]
    if not host:
        return (host, DEFAULT_PORT), {CONF_HOST: "invalid_host"}
    if not (1 <= port <= 65535 and port == int(port)):
        return (host, DEFAULT_PORT), {CONF_PORT: "invalid_port"}
    return (host, int(port)), {}


def without_password(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what to fill in again after an error."""
    return {
        key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD
    }


async def async_read(miner: Miner) -> tuple[Found | None, Errors]:
    """Return what a miner is, or the error for the form, be there a field for it or not."""
    try:
        return Found.of(miner, await miner.poll()), {}
    except WhatsminerError as err:
        _LOGGER.debug("No miner could be read: %s", err)
        return None, {"base": translation_key(err)}


async def async_check_password(miner: Miner, password: str) -> Errors:
    """Return the errors for the form; a closed write access is none, and no password neither."""
    if not password:
        return {}
    try:
        await miner.check_password(password)
    except WriteAccessClosedError:
        return {}  # an issue says so
    except WrongPasswordError:
        return {CONF_PASSWORD: "wrong_password"}
    except WhatsminerError as err:
        return {"base": translation_key(err)}
    return {}


async def async_refuse_known_boards(hass: HomeAssistant, found: Found) -> None:
    """End the flow for a miner of which only the control board is new: an issue offers more.

    Raises:
        AbortFlow: it is such a one.

    """
    if known := (await async_place(hass, found)).get(found.mac):
        raise AbortFlow("new_control_board", {"miner": known.title})
