"""How the flows that add and change an entry are filled in."""

from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import GARBAGE, Misbehaviour, Raw, Refused, SimulatedMiner, Truncated

from . import PROCESS_DOWN, entities_of

READING = {"binary_sensor", "event", "sensor"}
WRITING = {"button", "number", "select", "switch"}
# What goes wrong at the miner, and where a form shows it.
ERRORS: tuple[tuple[str, Misbehaviour, dict[str, str]], ...] = (
    ("*", GARBAGE, {"base": "not_a_whatsminer"}),
    ("*", Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {"base": "not_a_whatsminer"}),
    ("*", Raw(b'{"hello":"world"}'), {"base": "not_a_whatsminer"}),
    ("*", Truncated(), {"base": "malformed_reply"}),
    ("*", Truncated(keep=0), {"base": "cannot_connect"}),
    ("*", PROCESS_DOWN, {"base": "mining_process_down"}),
    ("get_miner_info", Refused(132), {"base": "mac_not_reported"}),
    ("get_miner_info", Truncated(), {"base": "malformed_reply"}),
    ("get_token", Refused(136), {"base": "too_many_tokens"}),
    ("get_token", Raw(b'{"STATUS":"S","Code":134,"Msg":"over max connect"}'),
     {"base": "too_many_tokens"}),
    ("get_token", Truncated(), {"base": "malformed_reply"}),
    ("get_token", PROCESS_DOWN, {"base": "mining_process_down"}),
    ("get_token", Refused(23), {CONF_PASSWORD: "wrong_password"}),
    ("get_token", Refused(14), {CONF_PASSWORD: "no_passwords"}),
)  # fmt: skip


def answers(miner: SimulatedMiner, **changes: Any) -> dict[str, Any]:
    """Return what the user fills in."""
    return {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_PASSWORD: miner.password,
        **changes,
    }


def domains(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """Return the platforms in which a miner has entities."""
    return {entity.domain for entity in entities_of(hass, entry)}


async def fill_in(
    hass: HomeAssistant, form: ConfigFlowResult, data: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form."""
    return await hass.config_entries.flow.async_configure(form["flow_id"], data)


@dataclass
class Form:
    """A form of a flow, and each one that is shown after it."""

    hass: HomeAssistant
    shown: ConfigFlowResult

    async def send(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Submit the form that is shown, and return what is shown next."""
        self.shown = await fill_in(self.hass, self.shown, data)
        return self.shown


def fields_of(form: ConfigFlowResult) -> set[str]:
    """Return the names of the fields of a form."""
    assert form["data_schema"] is not None, form
    return {*map(str, form["data_schema"].schema)}


def check_aborted(result: ConfigFlowResult, reason: str) -> None:
    """Check that a flow ended without an entry."""
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == reason
