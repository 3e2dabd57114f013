"""Talking to a miner: Home Assistant's own assistant, without a microphone."""

import pytest

from demo_instance.waiting import until
from running_demo import V3_POWER_OFF, V3_POWER_ON, Command, Miner, RunningDemo, Show

_ASSISTANT = "conversation"
_SECONDS_TO_POLL = 45.0


async def test_assist_is_given_the_switch_but_not_every_sensor(
    demo: RunningDemo, air: Miner, show: Show
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
    assert await air.entity("switch.mining") in exposed
    assert await air.entity("sensor.hash_rate") not in exposed
    show(answer)


async def test_assist_says_the_hash_rate_once_it_may(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    await demo.client.command(
        "homeassistant/expose_entity",
        assistants=[_ASSISTANT],
        entity_ids=[await air.entity("sensor.hash_rate")],
        should_expose=True,
    )
    answer = await demo.say("What is the garage miner hash rate?", "query_answer")
    *_, number, unit = answer.split()
    hash_rate = float((await air.state("sensor.hash_rate")).state)
    assert float(number) == pytest.approx(hash_rate, rel=0.01)  # it rounds
    assert unit == "TH/s"
    show(answer)


@pytest.mark.parametrize(
    ("text", "language", "command", "state"),
    [
        ("Turn off the boiler room", "en", V3_POWER_OFF, "off"),
        ("Schalte Boiler room ein", "de", V3_POWER_ON, "on"),
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
    """The name of a miner comes before that of its area, if they are the same."""
    answer = await demo.say(text, "action_done", language)
    show(f"{await hydro.shows('switch.mining', state)}: {answer}")
    hydro.received(command)


async def test_what_only_v2_reports_is_there_once_mining_was_switched(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    """It is asked then, the first time after the update of an earlier test; the entry is reloaded."""
    key = ("sensor", f"{hydro.mac}_pool_difficulty")

    async def is_there() -> bool:
        return key in await demo.client.entities(disabled=True)

    await until(is_there, "the difficulty is there", seconds=_SECONDS_TO_POLL)
    await hydro.shows("switch.mining", "on")
    show("pool_difficulty")
