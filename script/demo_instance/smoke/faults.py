"""Faults that come and go while Home Assistant watches."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ..miners import AIR, OLD, DemoMiner
from . import contract
from .bench import Bench
from .report import Mismatch

_CODE = 110
_MEANING = "intake fan"
_BOARD = 1


async def run(bench: Bench) -> None:
    """Have a fault appear and clear; pull a hashboard out and plug it in again."""
    await asyncio.gather(
        _fault(bench, bench.miner(AIR)), _board(bench, bench.miner(OLD))
    )


async def _fault(bench: Bench, miner: DemoMiner) -> None:
    model = miner.plan.model
    async with bench.report.step(f"{model}: fault {_CODE} appears") as step:
        began = datetime.now(UTC)
        miner.miner.state.fail(_CODE)
        step.shown = await _event(bench, miner, "appeared", began)
        state = await bench.shows(miner, "sensor.faults", "1")
        (fault,) = state.attributes["faults"]
        if fault["code"] != str(_CODE) or _MEANING not in fault["text"]:
            raise Mismatch(f"the list of faults is {state.attributes['faults']}")
        await bench.shows(miner, "binary_sensor.problem", "on")
        step.sent = bench.received(miner)
    async with bench.report.step(f"{model}: the fault clears") as step:
        began = datetime.now(UTC)
        miner.miner.state.faults.clear()
        step.shown = await _event(bench, miner, "cleared", began)
        await bench.shows(miner, "sensor.faults", "0")
        await bench.shows(miner, "binary_sensor.problem", "off")
        step.sent = bench.received(miner)


async def _event(bench: Bench, miner: DemoMiner, kind: str, began: datetime) -> str:
    """Wait until the event fires; return what the logbook says of it."""
    state = await bench.polled(
        miner, "event.fault", "fired", partial(_is_after, moment=began)
    )
    shown: dict[str, Any] = dict(state.attributes)
    if shown["event_type"] != kind or shown["code"] != str(_CODE):
        raise Mismatch(f"the event is {shown}")
    entity_id = await bench.entity(miner, "event.fault")
    words: list[str] = []

    async def in_words() -> bool:
        """Look into the logbook, which is written in the background."""
        entries = await bench.client.logbook(entity_id, began)
        words[:] = [entry["message"] for entry in entries if entry.get("message")]
        return any(_MEANING in message for message in words)

    await bench.until(in_words, f"the logbook tells of {kind}")
    (message,) = (message for message in words if _MEANING in message)
    if kind not in message or str(_CODE) not in message:
        raise Mismatch(f"the logbook says: {message}")
    return message


async def _board(bench: Bench, miner: DemoMiner) -> None:
    name = f"{miner.plan.model}: hashboard {_BOARD + 1}"
    rate = contract.board_key(_BOARD, "sensor.hash_rate")
    alive = contract.board_key(_BOARD, "binary_sensor.alive")
    board = miner.miner.state.boards[_BOARD]
    async with bench.report.step(f"{name} is pulled out") as step:
        board.present = False
        shown = await bench.polled(miner, alive, "off")
        await bench.shows(miner, rate, "unavailable")
        step.shown = f"alive {shown.state}, hash rate unavailable"
        step.sent = bench.received(miner)
    async with bench.report.step(f"{name} is plugged in again") as step:
        board.present = True
        shown = await bench.polled(miner, alive, "on")
        step.shown = f"alive {shown.state}"
        step.sent = bench.received(miner)


def _is_after(shown: str, moment: datetime) -> bool:
    """Tell whether an event fired later than that."""
    try:
        return datetime.fromisoformat(shown) > moment
    except ValueError:
        return False
