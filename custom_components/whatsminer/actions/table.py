"""The table of actions: names, fields, permissions, and for how many miners each can be called."""

from dataclasses import dataclass, field
from typing import Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import (
    CONF_HOST,
    CONF_MODE,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_PROTOCOL,
    CONF_TIME_ZONE,
    CONF_URL,
)
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType

from ..api import CUSTOMER_MESSAGES, commands
from . import handlers

ATTR_CONFIRM: Final = "confirm"
ATTR_INCLUDE_OFFLINE: Final = "include_offline"
ATTR_INCLUDE_SITES: Final = "include_sites"

_NUMBER: Final = probatio.Coerce(float)  # the command refuses what is not whole
_TEXTS: Final = probatio.All(probatio.EnsureList(), [cv.string])


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action.

    `permission` is what its user needs for each miner, see `user_permission.py`. `one_miner` is for
    what should not be done to many miners by mistake. `asks_nobody` is for what only tells what is
    known: it leaves out miners that do not answer unless they are wanted, its target may be all miners,
    and a site that is named stands for its miners. `takes_sites` is for what can be done to a site as
    well, and to a miner that is not loaded.
    """

    name: str
    fields: VolDictType = field(default_factory=dict)
    prepare_fn: handlers.Prepare
    permission: str = POLICY_CONTROL
    admin_only: bool = False
    one_miner: bool = False
    needs_password: bool = True
    asks_nobody: bool = False
    takes_sites: bool = False
    response: SupportsResponse = SupportsResponse.NONE


_POOL: Final = probatio.All(
    {
        probatio.Required(CONF_URL): cv.string,
        probatio.Required("worker"): cv.string,
        probatio.Optional(CONF_PASSWORD, default=""): cv.string,
    },
    # Other than a dict, it does not write its password to the log.
    lambda pool: commands.PoolSettings(**pool),
)

ACTIONS: Final = (
    Action(
        name="update_pools",
        fields={
            probatio.Required(probatio.Secret("pools")): probatio.All(
                probatio.EnsureList(), [_POOL]
            ),
            probatio.Optional("remove_others", default=False): cv.boolean,
        },
        prepare_fn=handlers.prepare_update_pools,
        admin_only=True,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="set_led",
        fields={
            probatio.Optional(CONF_MODE, default="flash"): probatio.In(
                ("flash", "auto")
            ),
            probatio.Optional("color", default="red"): probatio.In(("red", "green")),
            probatio.Optional("period", default=200): _NUMBER,
            probatio.Optional("duration", default=100): _NUMBER,
            probatio.Optional("start", default=0): _NUMBER,
        },
        prepare_fn=handlers.sends(handlers.led),
    ),
    Action(
        name="set_power_percent",
        fields={
            probatio.Required("percent"): _NUMBER,
            probatio.Optional("method", default="normal"): probatio.In(
                ("fast", "normal")
            ),
        },
        prepare_fn=handlers.prepare_set_power_percent,
    ),
    Action(
        name="set_power_limit",
        fields={
            probatio.Required("power_limit"): _NUMBER,
            probatio.Optional(ATTR_CONFIRM, default=False): cv.boolean,
        },
        prepare_fn=handlers.prepare_set_power_limit,
    ),
    Action(
        name="hold",
        fields={probatio.Optional("duration"): cv.time_period},
        prepare_fn=handlers.prepare_hold,
        takes_sites=True,
    ),
    Action(name="release", prepare_fn=handlers.prepare_release, takes_sites=True),
    Action(
        name="preheat",
        prepare_fn=handlers.prepare_preheat,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="set_hostname",
        fields={probatio.Required("hostname"): cv.string},
        prepare_fn=handlers.sends(lambda data: commands.set_hostname(data["hostname"])),
        admin_only=True,
    ),
    Action(
        name="set_time_zone",
        fields={probatio.Optional(CONF_TIME_ZONE): cv.string},
        prepare_fn=handlers.prepare_set_time_zone,
        admin_only=True,
    ),
    Action(
        name="set_log_server",
        fields={
            probatio.Required(CONF_HOST): cv.string,
            probatio.Optional(CONF_PORT, default=514): _NUMBER,
            probatio.Optional(CONF_PROTOCOL, default="udp"): probatio.In(
                ("tcp", "udp")
            ),
        },
        prepare_fn=handlers.sends(
            lambda data: commands.set_log_server(
                data[CONF_HOST], data[CONF_PORT], data[CONF_PROTOCOL]
            )
        ),
        admin_only=True,
    ),
    Action(
        name="set_customer_message",
        fields={
            probatio.Required("key"): probatio.In(CUSTOMER_MESSAGES),
            probatio.Required("message"): cv.string,
        },
        prepare_fn=handlers.sends(
            lambda data: commands.set_customer_message(data["key"], data["message"])
        ),
        admin_only=True,
    ),
    Action(
        name="get_customer_message",
        prepare_fn=handlers.prepare_get_customer_message,
        permission=POLICY_READ,
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="download_logs",
        prepare_fn=handlers.prepare_download_logs,
        admin_only=True,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="query",
        fields={probatio.Required("command"): cv.string},
        prepare_fn=handlers.prepare_query,
        permission=POLICY_READ,
        needs_password=False,
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="get_state",
        fields={
            probatio.Optional(ATTR_INCLUDE_OFFLINE, default=False): cv.boolean,
            probatio.Optional(ATTR_INCLUDE_SITES, default=False): cv.boolean,
            probatio.Optional("conditions", default=dict): {cv.string: cv.boolean},
        },
        prepare_fn=handlers.prepare_get_state,
        permission=POLICY_READ,
        needs_password=False,
        asks_nobody=True,
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="set_network",
        fields={
            probatio.Required(CONF_MODE): probatio.In(("dhcp", "static")),
            probatio.Optional("ip", default=""): cv.string,
            probatio.Optional("netmask", default=""): cv.string,
            probatio.Optional("gateway", default=""): cv.string,
            probatio.Optional("dns", default=[]): _TEXTS,
            probatio.Optional("hostname", default=""): cv.string,
        },
        prepare_fn=handlers.prepare_set_network,
        admin_only=True,
        one_miner=True,
    ),
    Action(
        name="change_password",
        fields={
            probatio.Required(probatio.Secret("new_password")): probatio.All(
                cv.string, probatio.Coerce(handlers.Secret)
            )
        },
        prepare_fn=handlers.prepare_change_password,
        admin_only=True,
        one_miner=True,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="update_firmware",
        fields={probatio.Required("file"): cv.string},
        prepare_fn=handlers.prepare_update_firmware,
        admin_only=True,
        one_miner=True,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="factory_reset",
        prepare_fn=handlers.sends(lambda _: commands.factory_reset()),
        admin_only=True,
        one_miner=True,
    ),
)
