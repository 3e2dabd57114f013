"""Talking to a miner: Home Assistant's own assistant, without a microphone."""

import pytest

from demo_instance.waiting import until
from running_demo import V3_POWER_OFF, V3_POWER_ON, Command, Miner, RunningDemo, Show

_NAME = "Garage miner"
_ASSISTANT = "conversation"


async def test_a_miner_is_called_what_its_owner_calls_it(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    await demo.client.command(
        "config/device_registry/update",
        device_id=await hydro.device(),
        name_by_user=_NAME,
    )

    async def is_called() -> bool:
        attributes = (await hydro.state("switch.mining")).attributes
        return bool(attributes["friendly_name"] == _NAME)

    await until(is_called, "the switch has the name of the device")
    show(_NAME)


async def test_assist_is_given_the_switch_but_not_every_sensor(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    """Home Assistant exposes only some entities by itself."""
    answer = await demo.say("Is the garage miner on?", "query_answer")
    assert answer == "Yes"
    listed = await demo.client.command("homeassistant/expose_entity/list")
    exposed = {
        entity_id
        for entity_id, to in listed["exposed_entities"].items()
        if to.get(_ASSISTANT)
    }
    assert await hydro.entity("switch.mining") in exposed
    assert await hydro.entity("sensor.hash_rate") not in exposed
    show(answer)


async def test_assist_says_the_hash_rate_once_it_may(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    await demo.client.command(
        "homeassistant/expose_entity",
        assistants=[_ASSISTANT],
        entity_ids=[await hydro.entity("sensor.hash_rate")],
        should_expose=True,
    )
    answer = await demo.say("What is the garage miner hash rate?", "query_answer")
    *_, number, unit = answer.split()
    hash_rate = float((await hydro.state("sensor.hash_rate")).state)
    assert float(number) == pytest.approx(hash_rate, rel=0.01)  # it rounds
    assert unit == "TH/s"
    show(answer)


@pytest.mark.parametrize(
    ("text", "language", "command", "state"),
    [
        ("Turn off the garage miner", "en", V3_POWER_OFF, "off"),
        ("Schalte den Garage Miner ein", "de", V3_POWER_ON, "on"),
    ],
    ids=["turn off", "schalte ein"],
)
async def test_assist_switches_mining(
    demo: RunningDemo,
    hydro: Miner,
    text: str,
    language: str,
    command: Command,
    state: str,
    show: Show,
) -> None:
    answer = await demo.say(text, "action_done", language)
    show(f"{await hydro.shows('switch.mining', state)}: {answer}")
    hydro.received(command)
