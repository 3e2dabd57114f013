"""What the dialogues have in common: fields, and how an address and a password are checked."""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
import re
from typing import Any, Final

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow, section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .api import (
    DEFAULT_PORT,
    V3_PORT,
    DefaultPasswordError,
    Miner,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from .const import CONF_ACCOUNT, CONF_V3_PORT
from .entries.discovery import DiscoveredMiner
from .entries.relocation import async_relocate_and_match
from .exceptions import translation_key

_LOGGER = logging.getLogger(__name__)

type Errors = dict[str, str]
type Fields = dict[probatio.Marker, Any]

CONF_READ_ONLY: Final = "read_only"

CONF_ADVANCED: Final = "advanced"

# Their ranges are checked here, where the answer can be a translated one.
_PORT_SELECTOR: Final = NumberSelector(
    NumberSelectorConfig(mode=NumberSelectorMode.BOX, step=1)
)
_TEXT_SELECTOR: Final = TextSelector(TextSelectorConfig(autocomplete="off"))
ADDRESS_FIELDS: Final[Fields] = {
    probatio.Required(CONF_HOST): _TEXT_SELECTOR,
    probatio.Required(CONF_PORT, default=DEFAULT_PORT): _PORT_SELECTOR,
}
PASSWORD_SELECTOR: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
# It is never filled in, not even again after an error: see `GivenPassword`.
PASSWORD_FIELD: Final[Fields] = {
    probatio.Optional(probatio.Secret(CONF_PASSWORD)): PASSWORD_SELECTOR
}
READ_ONLY_FIELD: Final[Fields] = {
    probatio.Required(CONF_READ_ONLY, default=False): BooleanSelector()
}

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")


def _advanced(fields: Fields) -> Fields:
    """Return the section with the fields that only few owners need, which begins closed."""
    schema = section(probatio.Schema(fields), {"collapsed": True})
    return {probatio.Optional(CONF_ADVANCED): schema}


ACCOUNT_FIELD: Final[Fields] = {probatio.Optional(CONF_ACCOUNT): _TEXT_SELECTOR}
# For a miner whose ports are known.
ACCOUNT_SECTION: Final = _advanced(ACCOUNT_FIELD)
PORT_AND_ACCOUNT_SECTION: Final = _advanced(
    {probatio.Required(CONF_V3_PORT, default=V3_PORT): _PORT_SELECTOR} | ACCOUNT_FIELD
)


def read_address(user_input: Mapping[str, Any]) -> tuple[tuple[str, int], Errors]:
    """Return host and port as they were entered, and the errors for the form.

    V2 on the port of V3 would wait in vain for an answer.
    """
    host: str = user_input[CONF_HOST].strip()
    port: float = user_input[CONF_PORT]
    if not host:
        return (host, DEFAULT_PORT), {CONF_HOST: "invalid_host"}
    if not _is_port(port):
        return (host, DEFAULT_PORT), {CONF_PORT: "invalid_port"}
    if port == user_input.get(CONF_ADVANCED, {}).get(CONF_V3_PORT, V3_PORT):
        return (host, DEFAULT_PORT), {CONF_PORT: "port_of_v3"}
    return (host, int(port)), {}


def _is_port(number: float) -> bool:
    return 1 <= number <= 65535 and number == int(number)


@dataclass(frozen=True, slots=True)
class Advanced:
    """What only few owners need: the port of V3, and an account of V3, empty for `super`.

    `v3_port` is None for the port that miners have.
    """

    v3_port: int | None = None
    account: str = ""


def read_advanced(user_input: Mapping[str, Any]) -> tuple[Advanced, Errors]:
    """Return the advanced settings as they were entered, and the errors for the form.

    The frontend shows no errors inside of a section, so they are those of the form.
    """
    given = user_input.get(CONF_ADVANCED, {})
    account, errors = read_account(given)
    port: float = given.get(CONF_V3_PORT, V3_PORT)
    if not _is_port(port):
        return Advanced(), {"base": "invalid_v3_port"}
    if errors:
        return Advanced(), {"base": errors[CONF_ACCOUNT]}
    return Advanced(None if port == V3_PORT else int(port), account), {}


def read_account(user_input: Mapping[str, Any]) -> tuple[str, Errors]:
    """Return the account as it was entered, empty for the usual one, and the errors for the form."""
    account: str = user_input.get(CONF_ACCOUNT, "").strip()
    if account and not _ACCOUNT.fullmatch(account):
        return "", {CONF_ACCOUNT: "invalid_account"}
    return account, {}


def with_advanced(entry_data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an entry as values to fill in, where some are in the section."""
    keys = (CONF_V3_PORT, CONF_ACCOUNT)
    advanced = {key: entry_data[key] for key in keys if key in entry_data}
    return {**entry_data, CONF_ADVANCED: advanced}


def without_password(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values to fill in again after an error."""
    return {
        key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD
    }


class GivenPassword:
    """The password of one dialogue, which is kept from form to form because none shows it again.

    An empty field stands for the password that was given last, else for the stored one. If there
    is neither, or readings only are chosen, it is empty.
    """

    def __init__(self, stored: str = "") -> None:
        """Begin with what the entry has."""
        self._stored = stored
        # The last one that was given in this dialogue.
        self.last = ""

    @property
    def fields(self) -> Fields:
        """The field, and as soon as there is a password, one to do without it."""
        return PASSWORD_FIELD | (READ_ONLY_FIELD if self.last or self._stored else {})

    def read(self, user_input: Mapping[str, Any]) -> tuple[str, Errors]:
        """Return the password that counts, empty for readings only, and the errors for the form."""
        given: str = user_input.get(CONF_PASSWORD, "")
        read_only: bool = user_input.get(CONF_READ_ONLY, False)
        self.last = given or self.last
        if given and read_only:
            return "", {CONF_READ_ONLY: "password_and_read_only"}
        return "" if read_only else self.last or self._stored, {}

    def refuse(self) -> None:
        """Go back to the stored password, if there is one: the last one was wrong."""
        if self._stored:
            self.last = ""


class PasswordFlow(ConfigFlow):
    """A config flow in which a password can be given."""

    def __init__(self) -> None:
        """Begin without a password."""
        super().__init__()
        self._given = GivenPassword()

    def _create(
        self, found: DiscoveredMiner, password: str, account: str
    ) -> ConfigFlowResult:
        """Create the entry of a miner; the result says if it is for readings only."""
        return self.async_create_entry(
            title=found.title,
            data=found.entry_data(password, account),
            description=None if password else "read_only",
            description_placeholders={"miner": found.title},
        )


async def async_read(client: Miner) -> tuple[DiscoveredMiner | None, Errors]:
    """Return what a miner reports about itself, or the error for the form."""
    try:
        return DiscoveredMiner.of(client, await client.poll()), {}
    except WhatsminerError as err:
        _LOGGER.debug("No miner could be read: %s", err)
        return None, {"base": translation_key(err)}


async def async_read_at(
    address: tuple[str, int], advanced: Advanced
) -> tuple[Miner, DiscoveredMiner | None, Errors]:
    """Return the client of the miner at an address, and what `async_read` returns."""
    client = Miner(*address, v3_port=advanced.v3_port, account=advanced.account)
    found, errors = await async_read(client)
    is_usual = advanced.v3_port is None and address[1] != DEFAULT_PORT
    if found is None or not (is_usual and client.remembered.spoken):
        return client, found, errors
    # Behind a router, another miner may have the usual port of V3.
    other = Miner(*address, account=advanced.account)
    other.v2_only = True
    found_over_v2, _ = await async_read(other)
    if found_over_v2 and found_over_v2.mac != found.mac:
        return other, found_over_v2, {}
    return client, found, {}


async def async_check_password(
    client: Miner, password: str, account: str | None = None, *, closed: str = ""
) -> Errors:
    """Return the errors for the form; an empty password is none.

    `account` is by default that of the client. While write access is closed, no password can be
    checked: `closed` is the error for that, empty where an issue says so.
    """
    if not password:
        return {}
    try:
        await client.check_password(password, account)
    except WriteAccessClosedError:
        return {"base": closed} if closed else {}
    except DefaultPasswordError:
        return {CONF_PASSWORD: "default_password_refused"}
    except WrongPasswordError:
        return {CONF_PASSWORD: "wrong_password"}
    except UnsupportedCommandError:
        return {CONF_PASSWORD: "no_passwords"}
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
