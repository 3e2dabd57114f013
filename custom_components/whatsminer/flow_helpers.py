"""What the dialogues have in common: fields, and how an address and a password are checked."""

from collections.abc import Mapping
import logging
import re
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
from .entries.discovery import DiscoveredMiner
from .entries.relocation import async_relocate_and_match
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
# It is never filled in, not even again after an error.
PASSWORD_FIELD: Final = {
    probatio.Optional(probatio.Secret(CONF_PASSWORD)): PASSWORD_SELECTOR
}

# All that Markdown takes for a mark somewhere. The blueprint tell_me.yaml has the same pattern.
_MARKDOWN_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]")


def escape_markdown(text: str) -> str:
    """Return Markdown that shows a text as it is, for dialogues.

    Names need no escaping: `api.clean_name` leaves no mark in them.
    """
    return _MARKDOWN_MARKS.sub(r"\\\g<0>", text)


def read_address(user_input: Mapping[str, Any]) -> tuple[tuple[str, int], Errors]:
    """Return host and port as they were entered, and the errors for the form."""
    host: str = user_input[CONF_HOST].strip()
    port: float = user_input[CONF_PORT]
    if not host:
        return (host, DEFAULT_PORT), {CONF_HOST: "invalid_host"}
    if not (1 <= port <= 65535 and port == int(port)):
        return (host, DEFAULT_PORT), {CONF_PORT: "invalid_port"}
    return (host, int(port)), {}


def without_password(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values to fill in again after an error."""
    return {
        key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD
    }


async def async_read(client: Miner) -> tuple[DiscoveredMiner | None, Errors]:
    """Return what a miner reports about itself, or the error for the form."""
    try:
        return DiscoveredMiner.of(client, await client.poll()), {}
    except WhatsminerError as err:
        _LOGGER.debug("No miner could be read: %s", err)
        return None, {"base": translation_key(err)}


async def async_check_password(client: Miner, password: str) -> Errors:
    """Return the errors for the form; closed write access and an empty password are no errors."""
    if not password:
        return {}
    try:
        await client.check_password(password)
    except WriteAccessClosedError:
        return {}  # an issue says so
    except WrongPasswordError:
        return {CONF_PASSWORD: "wrong_password"}
    except WhatsminerError as err:
        return {"base": translation_key(err)}
    return {}


async def async_abort_if_known_boards(
    hass: HomeAssistant, found: DiscoveredMiner
) -> None:
    """Abort the flow for a known miner with a new control board, which an issue offers to use.

    Raises:
        AbortFlow: the hashboards are those of a known miner.

    """
    if known := (await async_relocate_and_match(hass, found)).get(found.mac):
        raise AbortFlow("new_control_board", {"miner": known.title})
