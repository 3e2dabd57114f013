"""What Google Assistant and Alexa are given of a miner, and what they can do with it.

Both are Home Assistant's own components, asked over HTTP as the two clouds ask them.
"""

from dataclasses import dataclass, field
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.components.homeassistant.const import DATA_EXPOSED_ENTITIES
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from simulator import SimulatedMiner
from simulator.misbehaviour import Refused

from . import Clock, shown
from .texts import ROOT

PAGE = ROOT / "docs" / "voice.md"
OFF = {"cmd": "power_off", "respbefore": "true"}
ON = {"cmd": "power_on"}
SWITCH = "switch.garage_miner"
PERCENT = "number.garage_miner_power_percent"
LIMIT = "number.garage_miner_power_limit"
MODE = "select.garage_miner_power_mode"
IDENTIFY = "button.garage_miner_identify"
FAN = "fan.garage_mining"


def percent(value: int) -> dict[str, str]:
    """Return the command that sets the percentage."""
    return {"cmd": "set_power_pct_v2", "percent": str(value)}


def mode(value: str) -> dict[str, str]:
    """Return the command that chooses the mode."""
    return {"cmd": f"set_{value}_power"}


def from_page(title: str) -> dict[str, Any]:
    """Return a configuration of the page by its first line."""
    blocks = re.findall(r"```yaml\n(# .*?: (.*?)\n.*?)```", PAGE.read_text(), re.DOTALL)
    found = parse_yaml({what: text for text, what in blocks}[title])
    assert isinstance(found, dict)
    return found


@pytest.fixture
def config_entry(hass: HomeAssistant, config_entry: MockConfigEntry) -> MockConfigEntry:
    """The entry of the miner in the garage."""
    hass.config_entries.async_update_entry(config_entry, title="Garage miner")
    return config_entry


@dataclass
class Google:
    """Google Assistant, as set up by hand in configuration.yaml."""

    hass: HomeAssistant
    hass_client: ClientSessionGenerator
    config: dict[str, Any] = field(default_factory=dict)

    async def set_up(self) -> None:
        """Set the component up."""
        config = {"project_id": "miners", **self.config}
        assert await async_setup_component(
            self.hass, "google_assistant", {"google_assistant": config}
        )

    async def ask(self, intent: str, **payload: Any) -> dict[str, Any]:
        """Send an intent; return the payload of the answer."""
        client = await self.hass_client()
        inputs = [{"intent": f"action.devices.{intent}", "payload": payload}]
        response = await client.post(
            "/api/google_assistant", json={"requestId": "1", "inputs": inputs}
        )
        answer: dict[str, Any] = (await response.json())["payload"]
        return answer

    async def devices(self) -> dict[str, dict[str, Any]]:
        """Return the devices that it is given, by entity."""
        return {each["id"]: each for each in (await self.ask("SYNC"))["devices"]}

    async def traits(self) -> dict[str, list[str]]:
        """Return the traits of each entity."""
        return {
            entity_id: [trait.rpartition(".")[2] for trait in device["traits"]]
            for entity_id, device in (await self.devices()).items()
        }

    async def state(self, entity_id: str) -> dict[str, Any]:
        """Return the state that it is given of an entity."""
        answer = await self.ask("QUERY", devices=[{"id": entity_id}])
        state: dict[str, Any] = answer["devices"][entity_id]
        return state

    async def do(self, entity_id: str, command: str, **params: Any) -> dict[str, Any]:
        """Execute a command; return the answer, which may be an error."""
        execution = {"command": f"action.devices.commands.{command}", "params": params}
        answer = await self.ask(
            "EXECUTE",
            commands=[{"devices": [{"id": entity_id}], "execution": [execution]}],
        )
        await self.hass.async_block_till_done()
        if "errorCode" in answer:
            return answer
        (result,) = answer["commands"]
        assert result["status"] == "SUCCESS"
        return dict(result["states"])


@dataclass
class Alexa:
    """Alexa, as set up by hand in configuration.yaml."""

    hass: HomeAssistant
    hass_client: ClientSessionGenerator
    config: dict[str, Any] = field(default_factory=lambda: {"smart_home": {}})

    async def set_up(self) -> None:
        """Set the component up."""
        assert await async_setup_component(self.hass, "alexa", {"alexa": self.config})

    async def send(
        self, interface: str, name: str, entity_id: str = "", **payload: Any
    ) -> dict[str, Any]:
        """Send a directive and return the answer. An instance is part of the interface's name."""
        namespace, _, instance = interface.partition(" ")
        header = {
            "namespace": namespace,
            "name": name,
            "messageId": "1",
            "correlationToken": "1",
            "payloadVersion": "3",
            **({"instance": instance} if instance else {}),
        }
        scope = {"type": "BearerToken", "token": "1"}
        directive: dict[str, Any] = {"header": header, "payload": payload}
        if entity_id:
            endpoint = entity_id.replace(".", "#")
            directive["endpoint"] = {"endpointId": endpoint, "scope": scope}
        client = await self.hass_client()
        response = await client.post(
            "/api/alexa/smart_home", json={"directive": directive}
        )
        answer: dict[str, Any] = await response.json()
        # Its component does not wait for what it does.
        await self.hass.async_block_till_done()
        return answer

    async def endpoints(self) -> dict[str, dict[str, Any]]:
        """Return the endpoints that it is given, by entity."""
        answer = await self.send("Alexa.Discovery", "Discover")
        return {
            each["endpointId"].replace("#", "."): {
                capability["interface"].removeprefix("Alexa."): capability
                for capability in each["capabilities"]
                # which only say that it is there
                if capability["interface"] not in ("Alexa", "Alexa.EndpointHealth")
            }
            for each in answer["event"]["payload"]["endpoints"]
        }

    async def state(self, entity_id: str) -> dict[str, Any]:
        """Return the state that it is given of an entity, by interface."""
        answer = await self.send("Alexa", "ReportState", entity_id)
        assert answer["event"]["header"]["name"] == "StateReport"
        return {
            each["namespace"].removeprefix("Alexa."): each["value"]
            for each in answer["context"]["properties"]
        }

    async def do(
        self, entity_id: str, interface: str, name: str, **payload: Any
    ) -> str:
        """Send a directive and return the kind of answer."""
        answer = await self.send(f"Alexa.{interface}", name, entity_id, **payload)
        return str(answer["event"]["header"]["name"])


@pytest.fixture
async def google(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    request: pytest.FixtureRequest,
    set_up: object,
) -> Google:
    """Google Assistant; a parameter is its configuration."""
    google = Google(hass, hass_client, getattr(request, "param", {}))
    await google.set_up()
    return google


@pytest.fixture
async def alexa(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    request: pytest.FixtureRequest,
    set_up: object,
) -> Alexa:
    """Alexa; a parameter is the filter of its configuration."""
    smart_home = {"filter": getattr(request, "param", {})}
    alexa = Alexa(hass, hass_client, {"smart_home": smart_home})
    await alexa.set_up()
    return alexa


@pytest.fixture
async def fan(hass: HomeAssistant, set_up: object) -> None:
    """The fan of the page, which has the miner's percentage and mode."""
    assert await async_setup_component(hass, "template", from_page("a fan"))
    await hass.async_block_till_done()
    assert shown(hass, FAN) == "on"


def without_temperatures[Value](found: dict[str, Value]) -> dict[str, Value]:
    """Leave out the temperature sensors, after a check that there are some."""
    temperatures = [
        entity_id for entity_id in found if entity_id.endswith("temperature")
    ]
    assert temperatures
    return {key: value for key, value in found.items() if key not in temperatures}


# Google Assistant


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_google_is_given_the_switch_the_mode_and_temperatures(
    google: Google,
) -> None:
    traits = await google.traits()

    assert without_temperatures(traits) == {SWITCH: ["OnOff"], MODE: ["Modes"]}
    assert {
        *(tuple(each) for key, each in traits.items() if key.startswith("sensor."))
    } == {("TemperatureControl",)}


async def test_google_knows_the_miner_by_its_name(google: Google) -> None:
    device = (await google.devices())[SWITCH]

    assert device["name"]["name"] == "Garage miner"
    assert device["type"] == "action.devices.types.SWITCH"


async def test_google_switches_mining(
    google: Google, miner: SimulatedMiner, clock: Clock
) -> None:
    assert await google.state(SWITCH) == {"online": True, "on": True}

    assert (await google.do(SWITCH, "OnOff", on=False))["on"] is False
    assert miner.writes == [OFF]
    await clock.next_poll()
    assert await google.state(SWITCH) == {"online": True, "on": False}

    assert (await google.do(SWITCH, "OnOff", on=True))["on"] is True
    assert miner.writes == [OFF, ON]


async def test_google_chooses_the_power_mode(
    google: Google, miner: SimulatedMiner
) -> None:
    """A select is shown as modes."""
    state = await google.do(MODE, "SetModes", updateModeSettings={"option": "low"})

    assert state["currentModeSettings"] == {"option": "low"}
    assert miner.writes == [mode("low")]


async def test_google_hears_of_a_refusal(google: Google, miner: SimulatedMiner) -> None:
    miner.misbehave("power_off", Refused(45))

    answer = await google.do(SWITCH, "OnOff", on=False)

    assert answer == {"errorCode": "unknownError"}
    assert (await google.state(SWITCH))["on"] is True


@pytest.mark.parametrize(
    "google",
    [{"entity_config": {PERCENT: {"expose": True}, IDENTIFY: {"expose": True}}}],
    indirect=True,
)
async def test_google_has_no_numbers_but_buttons_as_scenes(
    google: Google, miner: SimulatedMiner
) -> None:
    """The owner may expose them; Google has nothing for numbers."""
    traits = await google.traits()

    assert PERCENT not in traits
    assert traits[IDENTIFY] == ["Scene"]
    await google.do(IDENTIFY, "ActivateScene")
    assert [write["cmd"] for write in miner.writes] == ["set_led"]


@pytest.mark.usefixtures("fan")
async def test_google_sets_percent_and_mode_with_the_fan(
    google: Google, miner: SimulatedMiner
) -> None:
    assert (await google.traits())[FAN] == ["OnOff", "FanSpeed", "Modes"]
    assert (await google.state(FAN))["currentFanSpeedPercent"] == 100

    state = await google.do(FAN, "SetFanSpeed", fanSpeedPercent=60)
    assert miner.writes == [percent(60)]
    assert state["currentFanSpeedPercent"] == 60

    await google.do(FAN, "SetModes", updateModeSettings={"preset mode": "low"})
    assert miner.writes == [percent(60), mode("low")]


@pytest.mark.usefixtures("fan")
async def test_google_switches_the_fan(google: Google, miner: SimulatedMiner) -> None:
    """The fan is the miner, and a speed of 0 is off."""
    await google.do(FAN, "OnOff", on=False)
    assert miner.writes == [OFF]
    await google.do(FAN, "OnOff", on=True)
    assert miner.writes == [OFF, ON]
    await google.do(FAN, "SetFanSpeed", fanSpeedPercent=0)
    assert miner.writes == [OFF, ON, OFF]


# Alexa


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_alexa_is_given_the_switch_two_numbers_and_temperatures(
    alexa: Alexa,
) -> None:
    endpoints = await alexa.endpoints()

    controls = {key: set(each) for key, each in endpoints.items() if each}
    assert without_temperatures(controls) == {
        SWITCH: {"PowerController", "ContactSensor"},
        PERCENT: {"RangeController"},
        LIMIT: {"RangeController"},
    }
    assert {
        *(tuple(each) for key, each in endpoints.items() if key.startswith("sensor."))
    } == {("TemperatureSensor",)}


@pytest.mark.parametrize(
    ("entity_id", "lowest", "highest"), [(PERCENT, 0, 100), (LIMIT, 1, 99999)]
)
async def test_alexa_knows_the_range_of_numbers(
    alexa: Alexa, entity_id: str, lowest: int, highest: int
) -> None:
    range_controller = (await alexa.endpoints())[entity_id]["RangeController"]

    assert range_controller["configuration"]["supportedRange"] == {
        "minimumValue": lowest,
        "maximumValue": highest,
        "precision": 1,
    }


async def test_alexa_switches_mining(alexa: Alexa, miner: SimulatedMiner) -> None:
    assert (await alexa.state(SWITCH))["PowerController"] == "ON"

    assert await alexa.do(SWITCH, "PowerController", "TurnOff") == "Response"
    assert miner.writes == [OFF]
    assert (await alexa.state(SWITCH))["PowerController"] == "OFF"

    assert await alexa.do(SWITCH, "PowerController", "TurnOn") == "Response"
    assert miner.writes == [OFF, ON]


NUMBER = "RangeController number.value"


async def test_alexa_sets_the_percent(alexa: Alexa, miner: SimulatedMiner) -> None:
    await alexa.do(PERCENT, NUMBER, "SetRangeValue", rangeValue=60)
    assert miner.writes == [percent(60)]
    assert (await alexa.state(PERCENT))["RangeController"] == 60

    answer = await alexa.do(
        PERCENT,
        NUMBER,
        "AdjustRangeValue",
        rangeValueDelta=-10,
        rangeValueDeltaDefault=False,
    )
    assert answer == "Response"
    assert miner.writes == [percent(60), percent(50)]


async def test_alexa_cannot_lower_what_is_unknown(
    hass: HomeAssistant, alexa: Alexa, miner: SimulatedMiner
) -> None:
    """The percentage is unknown until it is set."""
    assert shown(hass, PERCENT) == "unknown"
    assert "RangeController" not in await alexa.state(PERCENT)

    answer = await alexa.do(
        PERCENT,
        NUMBER,
        "AdjustRangeValue",
        rangeValueDelta=-10,
        rangeValueDeltaDefault=False,
    )

    assert answer == "ErrorResponse"
    assert miner.writes == []


async def test_alexa_hears_of_no_refusal(
    hass: HomeAssistant,
    alexa: Alexa,
    miner: SimulatedMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant's component does not wait for the command; the log has the reason."""
    miner.misbehave("power_off", Refused(45))

    assert await alexa.do(SWITCH, "PowerController", "TurnOff") == "Response"

    assert (await alexa.state(SWITCH))["PowerController"] == "ON"
    assert "Garage miner" in caplog.text


@pytest.mark.parametrize(
    "alexa", [{"include_entities": [MODE, IDENTIFY]}], indirect=True
)
async def test_alexa_has_no_selects_but_buttons_as_scenes(
    alexa: Alexa, miner: SimulatedMiner
) -> None:
    """The owner may include them; Alexa has nothing for selects."""
    endpoints = await alexa.endpoints()

    assert list(endpoints) == [IDENTIFY]
    assert "SceneController" in endpoints[IDENTIFY]
    await alexa.do(IDENTIFY, "SceneController", "Activate")
    assert [write["cmd"] for write in miner.writes] == ["set_led"]


@pytest.mark.parametrize(
    "alexa", [from_page("for Alexa")["alexa"]["smart_home"]["filter"]], indirect=True
)
async def test_the_filter_of_the_page_leaves_the_limit_out(alexa: Alexa) -> None:
    assert set(await alexa.endpoints()) == {SWITCH, PERCENT}


@pytest.mark.usefixtures("fan")
async def test_alexa_sets_percent_and_mode_with_the_fan(
    alexa: Alexa, miner: SimulatedMiner
) -> None:
    assert set((await alexa.endpoints())[FAN]) == {
        "PowerController",
        "RangeController",
        "ModeController",
    }

    await alexa.do(
        FAN, "RangeController fan.percentage", "SetRangeValue", rangeValue=60
    )
    assert miner.writes == [percent(60)]
    await alexa.do(
        FAN, "ModeController fan.preset_mode", "SetMode", mode="preset_mode.low"
    )
    assert miner.writes == [percent(60), mode("low")]


@pytest.mark.usefixtures("fan")
async def test_alexa_switches_the_fan(alexa: Alexa, miner: SimulatedMiner) -> None:
    await alexa.do(FAN, "PowerController", "TurnOff")
    assert miner.writes == [OFF]
    await alexa.do(FAN, "PowerController", "TurnOn")
    assert miner.writes == [OFF, ON]
    await alexa.do(FAN, "RangeController fan.percentage", "SetRangeValue", rangeValue=0)
    assert miner.writes == [OFF, ON, OFF]


# Both


@pytest.mark.parametrize("assistant", ["cloud.google_assistant", "cloud.alexa"])
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_the_cloud_is_given_what_the_owner_exposes(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
    assistant: str,
) -> None:
    """Home Assistant Cloud is given nothing, or with new entities the switch and temperatures."""
    assert await async_setup_component(hass, "homeassistant", {})
    settings = hass.data[DATA_EXPOSED_ENTITIES]
    entries = er.async_entries_for_config_entry(entity_registry, config_entry.entry_id)
    assert not settings.async_get_expose_new_entities(assistant)

    settings.async_set_expose_new_entities(assistant, expose_new=True)
    exposed = {
        entry.entity_id: True
        for entry in entries
        if async_should_expose(hass, assistant, entry.entity_id)
    }

    assert list(without_temperatures(exposed)) == [SWITCH]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "set garage mining to 60 percent"),
        ("en", "set the garage mining speed to 60 percent"),
        ("de", "stelle die Geschwindigkeit von Garage mining auf 60 Prozent"),
    ],
)
@pytest.mark.usefixtures("fan")
async def test_assist_sets_the_percent_with_the_fan(
    hass: HomeAssistant, miner: SimulatedMiner, language: str, text: str
) -> None:
    """Assist turns a fan on with a speed, which does not start a miner that mines already."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})

    await hass.services.async_call(
        "conversation", "process", {"text": text, "language": language}, blocking=True
    )

    assert miner.writes == [percent(60)]


@pytest.mark.usefixtures("fan")
async def test_the_fan_shows_what_the_miner_does(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A percentage that was forgotten counts as 100 %."""
    await hass.services.async_call(
        "number", "set_value", {"entity_id": PERCENT, "value": 70}, blocking=True
    )
    await hass.async_block_till_done()
    fan = hass.states.get(FAN)
    assert fan is not None
    assert (fan.attributes["percentage"], fan.attributes["preset_mode"]) == (
        70,
        "normal",
    )

    miner.state.mining = False
    miner.state.power_mode = "high"
    await clock.next_poll()
    fan = hass.states.get(FAN)
    assert fan is not None
    assert fan.state == "off"
    assert (fan.attributes["percentage"], fan.attributes["preset_mode"]) == (
        100,
        "high",
    )

    await miner.disconnect()
    await clock.next_poll(10)
    assert shown(hass, FAN) == "unavailable"
