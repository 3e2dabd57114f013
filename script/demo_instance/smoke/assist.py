"""Talking to miners: Home Assistant's own assistant, without a microphone."""

from ..miners import HYDRO
from .bench import Bench, is_near
from .report import Mismatch

_NAME = "Garage miner"
_ASSISTANT = "conversation"
_DONE, _ANSWER = "action_done", "query_answer"
_MARGIN = 0.01  # it rounds what it says


async def run(bench: Bench) -> None:
    """Ask a miner how it is, switch it off, and on again."""
    client, miner = bench.client, bench.miner(HYDRO)
    switch = await bench.entity(miner, "switch.mining")
    hash_rate = await bench.entity(miner, "sensor.hash_rate")
    device = await bench.device(miner)
    async with bench.report.step(f"{HYDRO.model}: is called {_NAME}") as step:
        await _rename(bench, device, _NAME)
        await bench.until(lambda: _is_called(bench, switch, _NAME), "the switch is")
        step.shown = switch
        step.sent = bench.received(miner)
    async with bench.report.step("assist: is the garage miner on") as step:
        step.shown = await _say(bench, "Is the garage miner on?", _ANSWER)
        if step.shown != "Yes":
            raise Mismatch(f"it says {step.shown}")
        exposed = await _exposed(bench)
        if switch not in exposed or hash_rate in exposed:
            raise Mismatch(f"of itself it is given {sorted(exposed)}")
        step.sent = bench.received(miner)
    async with bench.report.step("assist: what is the hash rate") as step:
        await client.command(
            "homeassistant/expose_entity",
            assistants=[_ASSISTANT],
            entity_ids=[hash_rate],
            should_expose=True,
        )
        text = "What is the garage miner hash rate?"
        step.shown = await _say(bench, text, _ANSWER)
        *_, number, unit = step.shown.split()
        truth = float((await client.state(hash_rate)).state)
        if unit != "TH/s" or not is_near(number, truth, _MARGIN):
            raise Mismatch(f"it says {step.shown}, not {truth}")
        step.sent = bench.received(miner)
    for text, language, command, state in (
        (
            "Turn off the garage miner",
            "en",
            {"cmd": "power_off", "respbefore": "true"},
            "off",
        ),
        ("Schalte den Garage Miner ein", "de", {"cmd": "power_on"}, "on"),
    ):
        async with bench.report.step(f"assist: {text.lower()}") as step:
            answer = await _say(bench, text, _DONE, language)
            state_shown = await bench.shows(miner, "switch.mining", state)
            step.shown = f"{state_shown.shown}: {answer}"
            step.sent = bench.received(miner, command)
    # Its own name again, for the steps that follow.
    await _rename(bench, device, None)


async def _say(bench: Bench, text: str, expected: str, language: str = "en") -> str:
    """Say something; return the answer, which has to be of the kind expected."""
    result = await bench.client.command(
        "conversation/process", text=text, language=language
    )
    response = result["response"]
    speech = str(response["speech"]["plain"]["speech"])
    if response["response_type"] != expected:
        raise Mismatch(f"it says {speech}")
    return speech


async def _exposed(bench: Bench) -> set[str]:
    """Return the entities that the assistant is given."""
    told = await bench.client.command("homeassistant/expose_entity/list")
    return {
        entity_id
        for entity_id, to in told["exposed_entities"].items()
        if to.get(_ASSISTANT)
    }


async def _rename(bench: Bench, device: str, name: str | None) -> None:
    """Give a device a name of the owner's, or take it back."""
    await bench.client.command(
        "config/device_registry/update", device_id=device, name_by_user=name
    )


async def _is_called(bench: Bench, entity_id: str, name: str) -> bool:
    state = await bench.client.state(entity_id)
    return bool(state.attributes["friendly_name"] == name)
