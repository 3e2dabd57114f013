"""Faults and hashboards come and go while Home Assistant watches."""

from datetime import UTC, datetime

import pytest

from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show

_CODE, _MEANING = 110, "intake fan"


async def in_the_logbook(
    demo: RunningDemo, miner: Miner, kind: str, since: datetime
) -> str:
    """Wait until the logbook says that the fault appeared or cleared; return the message."""
    entity_id = await miner.entity("event.fault")
    found: list[str] = []

    async def is_written() -> bool:
        """Read the logbook, which is written in the background."""
        entries = await demo.client.logbook(entity_id, since)
        messages = [entry.get("message") or "" for entry in entries]
        found[:] = [message for message in messages if _MEANING in message]
        return bool(found)

    await until(is_written, f"the logbook says that it {kind}")
    (message,) = found
    title = f"Fault {_CODE}" if kind == "appeared" else f"Fault {_CODE} cleared"
    assert message.startswith(f"{title}: ")
    return message


async def test_a_fault_appears(demo: RunningDemo, air: Miner, show: Show) -> None:
    since = datetime.now(UTC)
    air.simulated.state.fail(_CODE)
    await air.shows_after_poll("sensor.faults", 1)
    (fault,) = (await air.state("sensor.faults")).attributes["faults"]
    assert fault["code"] == str(_CODE)
    assert _MEANING in fault["text"]
    await air.shows("binary_sensor.problem", "on")
    event = (await air.state("event.fault")).attributes
    assert (event["event_type"], event["code"]) == ("appeared", str(_CODE))
    show(await in_the_logbook(demo, air, "appeared", since))


async def test_a_hashboard_is_pulled_out(old: Miner, show: Show) -> None:
    old.simulated.state.boards[1].present = False
    alive = await old.shows_after_poll("binary_sensor.board1_alive", "off")
    hash_rate = await old.shows("sensor.board1_hash_rate", "unavailable")
    show(f"alive {alive}, hash rate {hash_rate}")


async def test_the_fault_clears(demo: RunningDemo, air: Miner, show: Show) -> None:
    since = datetime.now(UTC)
    air.simulated.state.faults.clear()
    await air.shows_after_poll("sensor.faults", 0)
    await air.shows("binary_sensor.problem", "off")
    event = (await air.state("event.fault")).attributes
    assert (event["event_type"], event["code"]) == ("cleared", str(_CODE))
    show(await in_the_logbook(demo, air, "cleared", since))


async def test_the_hashboard_is_plugged_in_again(old: Miner, show: Show) -> None:
    old.simulated.state.boards[1].present = True
    alive = await old.shows_after_poll("binary_sensor.board1_alive", "on")
    expected = old.simulated.state.telemetry().boards[1].hash_rate
    hash_rate = await old.shows(
        "sensor.board1_hash_rate", pytest.approx(expected, rel=0.1)
    )
    show(f"alive {alive}, hash rate {hash_rate}")
