"""What the steps of the smoke test work with."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv4Network
import json
from pathlib import Path
from typing import Any

from ..client import Client, RefusedError, State
from ..miners import ACCESS_CHECK, DemoMiner, Plan
from .report import Mismatch, Report

_SECONDS_TO_SHOW = 15.0  # more than the time that a poll waits for the one before
_MOST_POLLS = 3
_SECONDS_TO_POLL = 45.0  # more than the time between two polls

type Command = Mapping[str, Any]


class Bench:
    """Home Assistant on one side, the simulated miners on the other.

    Attributes:
        network: where the miners are.
        config: Home Assistant's folder.
        refusals: the texts of all refusals so far; Home Assistant logs each.
        outages: texts of why miners were unavailable, which it logs as well.
    """

    def __init__(
        self,
        client: Client,
        miners: tuple[DemoMiner, ...],
        network: IPv4Network,
        config: Path,
        report: Report,
    ) -> None:
        """Begin with miners that nobody has written to."""
        self.client = client
        self.miners = miners
        self.network = network
        self.config = config
        self.report = report
        self.refusals: list[str] = []
        self.outages: list[str] = []
        self._entities: dict[str, dict[str, str]] = {}
        self._seen = {miner.mac: 0 for miner in miners}

    def miner(self, plan: Plan) -> DemoMiner:
        """Return the miner that follows a plan."""
        return next(miner for miner in self.miners if miner.plan is plan)

    # Home Assistant

    async def entity(self, miner: DemoMiner, key: str) -> str:
        """Return the entity id of one entity, by its ``kind.key``."""
        if key not in self._entities.get(miner.mac, {}):
            self._entities[miner.mac] = miner.own(await self.client.entities())
        try:
            return self._entities[miner.mac][key]
        except KeyError:
            raise Mismatch(
                f"the {miner.plan.model} has no {key} that is enabled"
            ) from None

    async def device(self, miner: DemoMiner, board: int | None = None) -> str:
        """Return the id of the device of a miner, or of a hashboard of it."""
        identifier = miner.mac if board is None else f"{miner.mac}_board{board}"
        devices = await self.client.devices()
        if identifier not in devices:
            raise Mismatch(f"there is no device {identifier}")
        return str(devices[identifier]["id"])

    async def entry(self, miner: DemoMiner) -> str:
        """Return the id of the entry of a miner."""
        return str((await self.client.devices())[miner.mac]["config_entry_id"])

    async def state(self, miner: DemoMiner, key: str) -> State:
        """Return the state of one entity."""
        return await self.client.state(await self.entity(miner, key))

    async def shows(
        self,
        miner: DemoMiner,
        key: str,
        what: str,
        agrees: Callable[[str], bool] | None = None,
        *,
        seconds: float = _SECONDS_TO_SHOW,
    ) -> State:
        """Wait until an entity shows what it should.

        Args:
            miner: whose it is.
            key: the entity.
            what: the state, in words if `agrees` is given.
            agrees: tells whether a state is the right one.
            seconds: how long to wait.
        """
        entity_id = await self.entity(miner, key)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            state = await self.client.state(entity_id)
            if agrees(state.state) if agrees else same(state.state, what):
                return state
            if loop.time() > end:
                raise Mismatch(f"{entity_id} shows {state.state}, not {what}")
            await asyncio.sleep(0.05)

    async def until(
        self,
        done: Callable[[], bool | Awaitable[bool]],
        what: str,
        *,
        seconds: float = _SECONDS_TO_SHOW,
    ) -> None:
        """Wait for something that is not an entity.

        Args:
            done: tells whether it is so.
            what: the same in words.
            seconds: how long to wait.
        """
        end = asyncio.get_running_loop().time() + seconds
        while True:
            answer = done()
            if answer if isinstance(answer, bool) else await answer:
                return
            if asyncio.get_running_loop().time() > end:
                raise Mismatch(f"it did not come to this: {what}")
            await asyncio.sleep(0.05)

    async def poll(self, miner: DemoMiner) -> None:
        """Have a miner read, and wait until Home Assistant shows what was read."""
        entity_id = await self.entity(miner, "sensor.hash_rate")
        now = datetime.now(UTC)
        await self.client.call(entity_id, "update_entity", domain="homeassistant")
        async with asyncio.timeout(_SECONDS_TO_POLL):
            while await self.client.reported(entity_id) < now:
                await asyncio.sleep(0.1)

    async def polled(
        self,
        miner: DemoMiner,
        key: str,
        what: str,
        agrees: Callable[[str], bool] | None = None,
    ) -> State:
        """Have a miner read until an entity shows what it should; see `shows`.

        One poll is not always enough: not everything is read every time.
        """
        for _ in range(_MOST_POLLS - 1):
            await self.poll(miner)
            with suppress(Mismatch):
                return await self.shows(miner, key, what, agrees, seconds=1)
        await self.poll(miner)
        return await self.shows(miner, key, what, agrees)

    async def refused(self, call: Awaitable[object]) -> str:
        """Make a call that has to be refused; return the key of the translation."""
        try:
            await call
        except RefusedError as error:
            self.refusals.append(error.message)
            texts = await self.client.translations("exceptions", error.domain)
            key = f"component.{error.domain}.exceptions.{error.key}.message"
            if not texts.get(key):
                raise Mismatch(f"the refusal has no translation: {error}") from error
            return f"{error.domain}: {error.key}"
        raise Mismatch("it was not refused")

    # The miners

    def writes(self, miner: DemoMiner) -> list[Command]:
        """Return what a miner was told since this was asked last."""
        writes = miner.miner.writes
        new = writes[self._seen[miner.mac] :]
        self._seen[miner.mac] = len(writes)
        return list(new)

    def received(self, miner: DemoMiner, *expected: Command) -> str:
        """Verify what a miner was told since this was asked last; return it as text."""
        writes = self.writes(miner)
        if writes != list(expected):
            # It may look after its access at any time; but that is also how a LED that
            # flashed is given back to the miner.
            writes = [command for command in writes if command != ACCESS_CHECK]
        if writes != list(expected):
            raise Mismatch(
                f"the miner received {to_text(writes)}, not {to_text(expected)}"
            )
        return ", ".join(map(to_text, writes)) or "nothing"


def same(shown: str, expected: str) -> bool:
    """Tell whether two states are the same; numbers may be written differently."""
    try:
        return float(shown) == float(expected)
    except ValueError:
        return shown == expected


def is_near(shown: str, truth: float, margin: float) -> bool:
    """Tell whether a state is a number near another; `margin` is a share of that."""
    try:
        return abs(float(shown) - truth) <= margin * abs(truth)
    except ValueError:
        return False


def to_text(value: object) -> str:
    """Return JSON for the table."""
    return json.dumps(value, separators=(",", ":"))
