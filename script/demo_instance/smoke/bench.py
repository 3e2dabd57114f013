"""What the steps of the smoke test work with."""

import asyncio
from collections.abc import Callable, Mapping
import json
from typing import Any

from ..client import Client, RefusedError, State
from ..miners import DemoMiner, Plan
from .report import Mismatch, Report

_SECONDS_TO_SHOW = 10.0
# The integration's look whether it may write, which changes nothing.
_ACCESS_CHECK = {"cmd": "set_led", "param": "auto"}

type Command = Mapping[str, Any]


class Bench:
    """Home Assistant on one side, the simulated miners on the other.

    Attributes:
        refusals: the texts of all refusals so far; Home Assistant logs each.
    """

    def __init__(
        self, client: Client, miners: tuple[DemoMiner, ...], report: Report
    ) -> None:
        """Begin with miners that nobody has written to."""
        self.client = client
        self.miners = miners
        self.report = report
        self.refusals: list[str] = []
        self._entities: dict[str, str] = {}
        self._seen = {miner.mac: 0 for miner in miners}

    def miner(self, plan: Plan) -> DemoMiner:
        """Return the miner that follows a plan."""
        return next(miner for miner in self.miners if miner.plan is plan)

    # Home Assistant

    async def entities(self, miner: DemoMiner) -> dict[str, str]:
        """Return the entity id for each key of a miner."""
        return miner.own(await self.client.entities())

    async def entity(self, miner: DemoMiner, key: str) -> str:
        """Return the entity id of one entity, by its unique id."""
        unique_id = miner.unique_id(key)
        if unique_id not in self._entities:
            self._entities = await self.client.entities()
        try:
            return self._entities[unique_id]
        except KeyError:
            raise Mismatch(f"there is no entity {unique_id}") from None

    async def shows(
        self, entity_id: str, what: str, agrees: Callable[[str], bool]
    ) -> State:
        """Wait until an entity shows what it should."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _SECONDS_TO_SHOW
        while not agrees((state := await self.client.state(entity_id)).state):
            if loop.time() > end:
                raise Mismatch(f"{entity_id} shows {state.state}, not {what}")
            await asyncio.sleep(0.05)
        return state

    async def refused(self, entity_id: str, service: str, **data: Any) -> str:
        """Call a service that has to be refused; return the key of the translation."""
        try:
            await self.client.call(entity_id, service, **data)
        except RefusedError as error:
            self.refusals.append(error.message)
            texts = await self.client.translations("exceptions", error.domain)
            key = f"component.{error.domain}.exceptions.{error.key}.message"
            if not texts.get(key):
                raise Mismatch(f"the refusal has no translation: {error}") from error
            return f"{error.domain}: {error.key}"
        raise Mismatch(f"{service} {data} was not refused")

    # The miners

    def writes(self, miner: DemoMiner) -> list[Command]:
        """Return what a miner was told since this was asked last."""
        writes = miner.miner.writes
        new = writes[self._seen[miner.mac] :]
        self._seen[miner.mac] = len(writes)
        return [command for command in new if command != _ACCESS_CHECK]

    def received(self, miner: DemoMiner, *expected: Command) -> str:
        """Verify what a miner was told since this was asked last; return it as text."""
        writes = self.writes(miner)
        if writes != list(expected):
            raise Mismatch(
                f"the miner received {to_text(writes)}, not {to_text(expected)}"
            )
        return ", ".join(map(to_text, writes)) or "nothing"


def to_text(value: object) -> str:
    """Return JSON for the table."""
    return json.dumps(value, separators=(",", ":"))
