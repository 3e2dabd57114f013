"""The running demo as its tests use it: Home Assistant, and the miners."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any

import pytest

from demo_instance import DemoError
from demo_instance.client import RefusedError, State, own_entities
from demo_instance.instance import Demo
from demo_instance.miners import ACCESS_CHECKS, DemoMiner, Plan
from demo_instance.waiting import until

_SECONDS_TO_SHOW = 15.0  # more than the time that a poll waits for the one before
_SECONDS_TO_POLL = 45.0  # more than the time between two polls
_SECONDS_TO_TUNE = 3600.0
_MOST_POLLS = 3

type Command = Mapping[str, Any]
type Show = Callable[[str], None]


def cmd(name: str, **parameters: str | int) -> Command:
    """Return a command of V2."""
    return {"cmd": name, **parameters}


def v3(name: str, param: object = None) -> Command:
    """Return a command of V3."""
    command: dict[str, object] = {"cmd": name, "account": "super"}
    return command if param is None else command | {"param": param}


POWER_OFF = cmd("power_off", respbefore="true")
POWER_ON = cmd("power_on")
FLASH = cmd("set_led", color="red", period=200, duration=100, start=0)
V3_POWER_OFF = v3("set.miner.service", "stop")
V3_POWER_ON = v3("set.miner.service", "start")
LED_AUTO, V3_LED_AUTO = ACCESS_CHECKS  # which is why the checks change nothing


class RunningDemo:
    """Home Assistant and its miners.

    Attributes:
        url: of Home Assistant.
        home: Home Assistant itself.
        config: Home Assistant's folder.
        stop: ends Home Assistant and the miners.
        commands: what has reached miners in the test that runs, as far as it has asked.
        provoked: texts of the refusals that Home Assistant's log may have.
    """

    def __init__(
        self, demo: Demo, config: Path, stop: Callable[[], Awaitable[None]]
    ) -> None:
        """Begin with miners that have received nothing."""
        self.url = demo.url
        self.client = demo.client
        self.network = demo.network
        self.log = demo.home.log
        self.home = demo.home
        self.config = config
        self.stop = stop
        self.commands: list[Command] = []
        self.provoked: list[str] = []
        self.miners = [Miner(self, miner) for miner in demo.miners]

    async def restart(self) -> None:
        """Restart Home Assistant, and wait until it has set up everything."""
        await self.home.restart(self.client)
        await self.home.wait_until_up(self.client)

    def miner(self, plan: Plan) -> Miner:
        """Return the miner that follows a plan."""
        return next(miner for miner in self.miners if miner.plan is plan)

    async def refused(self, call: Awaitable[object]) -> str:
        """Make a call that has to be refused; return the domain and the key of its translation."""
        with pytest.raises(RefusedError) as caught:
            await call
        error = caught.value
        self.provoked.append(error.message)
        texts = await self.client.translations("exceptions", error.domain)
        assert f"component.{error.domain}.exceptions.{error.key}.message" in texts
        return f"{error.domain}: {error.key}"

    async def say(self, text: str, expected: str, language: str = "en") -> str:
        """Say a sentence; return the answer, which has to be of the kind expected."""
        result = await self.client.command(
            "conversation/process", text=text, language=language
        )
        response = result["response"]
        speech = str(response["speech"]["plain"]["speech"])
        assert response["response_type"] == expected, speech
        return speech

    async def automate(self, key: str, config: Mapping[str, Any]) -> str:
        """Make an automation; return its entity id, which follows from the key as its alias does."""
        await self.client.save_automation(key, config)
        entity_id = f"automation.{key}"

        async def is_on() -> bool:
            """Return whether the automation is on; Home Assistant loads it in the background."""
            with suppress(DemoError):
                return (await self.client.state(entity_id)).state == "on"
            return False

        await until(is_on, "the automation is on")
        return entity_id


class Device:
    """A device as Home Assistant shows it.

    An entity is named by its kind and key, as ``sensor.power``.

    Attributes:
        identifier: the integration's; those of its parts begin with it.
    """

    def __init__(self, demo: RunningDemo, identifier: str) -> None:
        """Begin with a device whose entities are not known yet."""
        self.identifier = identifier
        self._demo = demo
        self._client = demo.client
        self._entities: dict[str, str] = {}

    async def entity(self, key: str) -> str:
        """Return the id of an entity that is enabled."""
        if key not in self._entities:
            everything = await self._client.entities()
            self._entities = own_entities(everything, self.identifier)
        return self._entities[key]

    async def registered(self, part: str = "") -> dict[str, Any]:
        """Return the device registry's entry of the device, or of a part as ``_board0``."""
        return (await self._client.devices())[f"{self.identifier}{part}"]

    async def device(self, part: str = "") -> str:
        """Return the id of the device, or of a part as ``_board0``."""
        return str((await self.registered(part))["id"])

    async def entry(self) -> str:
        """Return the id of the config entry of the device."""
        return str((await self.registered())["config_entry_id"])

    async def state(self, key: str) -> State:
        """Return the state of an entity."""
        return await self._client.state(await self.entity(key))

    async def shows(
        self, key: str, expected: object, *, seconds: float = _SECONDS_TO_SHOW
    ) -> str:
        """Wait until an entity shows a word or a number; return it as a person reads it."""
        state = await self.state(key)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while _value(state) != expected:
                    await asyncio.sleep(0.05)
                    state = await self.state(key)
        assert _value(state) == expected, f"{key} shows {state.shown}"
        return state.shown

    async def set(self, key: str, value: object) -> None:
        """Use a control of the device: turn a switch on or off, set a number, select an option."""
        entity_id = await self.entity(key)
        match key.partition(".")[0]:
            case "switch":
                await self._client.call(entity_id, f"turn_{value}")
            case "number":
                await self._client.call(entity_id, "set_value", value=value)
            case "select":
                await self._client.call(entity_id, "select_option", option=value)

    async def act(self, action: str, *, part: str = "", **data: Any) -> None:
        """Perform an action for the device, or for a part that stands for it."""
        await self._client.act(action, device_id=await self.device(part), **data)

    async def ask(self, action: str, **data: Any) -> dict[str, Any]:
        """Perform an action for the device; return its response."""
        device = await self.device()
        response = await self._client.act(
            action, device_id=device, response=True, **data
        )
        answer: dict[str, Any] = response[device]
        return answer


class Miner(Device):
    """A miner: simulated, and as Home Assistant shows it.

    Attributes:
        of_demo: the miner as the demo has it.
        simulated: the miner itself.
        address: what a person fills in to add it.
    """

    def __init__(self, demo: RunningDemo, miner: DemoMiner) -> None:
        """Begin with a miner that has received nothing."""
        super().__init__(demo, miner.mac)
        self.plan = miner.plan
        self.model = miner.plan.model
        self.mac = miner.mac
        self.address = miner.address
        self.simulated = miner.miner
        self.of_demo = miner
        self._received = 0
        self._received_v3 = 0

    async def called(self) -> str:
        """Return what the miner is called."""
        state = await self.state("switch.mining")
        return str(state.attributes["friendly_name"])

    async def poll(self) -> None:
        """Have the miner polled, and wait until Home Assistant shows what was read."""
        asked = await self.entity("sensor.hash_rate")
        # The updated entity is written at once, all others after the poll.
        other = await self.entity("sensor.power")
        now = datetime.now(UTC)
        await self._client.call(asked, "update_entity", domain="homeassistant")
        async with asyncio.timeout(_SECONDS_TO_POLL):
            while await self._client.reported(other) < now:
                await asyncio.sleep(0.1)

    async def tune(self) -> None:
        """Let the time of tuning pass, before which a miner takes no percent."""
        self.simulated.advance(_SECONDS_TO_TUNE)
        await self.shows_after_poll("binary_sensor.stable", "on")

    async def shows_after_poll(self, key: str, expected: object) -> str:
        """Have the miner polled until an entity shows something, as some things are read rarely."""
        for _ in range(_MOST_POLLS - 1):
            await self.poll()
            with suppress(AssertionError):
                return await self.shows(key, expected, seconds=1)
        await self.poll()
        return await self.shows(key, expected)

    async def press(self, key: str) -> None:
        """Press a button of the miner."""
        await self._client.call(await self.entity(f"button.{key}"), "press")

    def power(self, state: str) -> Command:
        """Return the command that turns mining on or off."""
        if self.plan.speaks_v3:
            return V3_POWER_ON if state == "on" else V3_POWER_OFF
        return POWER_ON if state == "on" else POWER_OFF

    def received(self, *expected: Command) -> None:
        """Verify which commands have reached the miner since they were last taken."""
        commands = self.take_commands()
        if commands != list(expected):
            # The integration may check its access at any time.
            commands = [each for each in commands if each not in ACCESS_CHECKS]
        self._demo.commands += commands
        assert commands == list(expected), (
            f"the miner received {to_text(commands)}, not {to_text(expected)}"
        )

    @property
    def unread(self) -> list[Command]:
        """The commands that have reached the miner since they were last taken."""
        return [
            *self.simulated.writes[self._received :],
            *self._v3_writes[self._received_v3 :],
        ]

    def take_commands(self) -> list[Command]:
        """Return the commands that have reached the miner since they were last taken.

        Those of V2 come before those of V3.
        """
        commands = self.unread
        self._received = len(self.simulated.writes)
        self._received_v3 = len(self._v3_writes)
        return commands

    @property
    def _v3_writes(self) -> Sequence[Command]:
        return self.simulated.v3.writes if self.plan.speaks_v3 else ()


def to_text(value: object) -> str:
    """Return JSON for the table."""
    return json.dumps(value, separators=(",", ":"))


def _value(state: State) -> float | str:
    """Return a state as a number, if it is one."""
    try:
        return float(state.state)
    except ValueError:
        return state.state
