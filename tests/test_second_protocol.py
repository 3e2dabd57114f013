"""A second protocol is one class in `PROTOCOLS`: nothing above `api` changes for it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
import json
from typing import Any, ClassVar, override

import pytest

from custom_components.whatsminer import api
from custom_components.whatsminer.api import choice, readings
from custom_components.whatsminer.api.decode import mac_address
from custom_components.whatsminer.api.identity import Evidence
from custom_components.whatsminer.api.protocol import Attempt, IsWanted, Protocol
from custom_components.whatsminer.api.queue import Turn, Urgency
from custom_components.whatsminer.api.transport import connect
from custom_components.whatsminer.api.v2 import V2
from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import ATTR_ASSUMED_STATE
from homeassistant.core import HomeAssistant

from . import Clock, act, fails_with, shown

MAC, OFFSET = "c2:04:28:00:00:99", "temperature_offset"
KNOWN = {"model": "M90", "mac": MAC, "rate": 90.5, "mining": True, OFFSET: -5}
BOTH = frozenset({"mining", OFFSET})
SUPPORT = api.Support(readings=frozenset({"hash_rate"}), settings=BOTH, commands=BOTH)
ERRORS = {"password": api.WrongPasswordError, "closed": api.WriteAccessClosedError}


class FramedMiner:
    """A miner whose messages are JSON behind two bytes with their length."""

    def __init__(self) -> None:
        """`says` is why it refuses commands."""
        self.state: dict[str, Any] = dict(KNOWN)
        self.says: str | None = None

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request."""
        frame = await reader.read(1000)
        request: dict[str, Any] = json.loads(frame[2:] or b"{}")
        answer: dict[str, Any] = self.state
        if request.pop("password", "secret") != "secret":
            answer = {"error": "password"}
        elif self.says and request:
            answer = {"error": self.says}
        elif request:
            self.state[request["set"]] = request["value"]
        raw = json.dumps(answer).encode()
        writer.write(len(raw).to_bytes(2) + raw)
        writer.close()


class Framed(Protocol):
    """The protocol of that miner: one setting is read back that V2 does not report."""

    name: ClassVar = "framed"
    port: ClassVar[int]

    async def _ask(self, **request: object) -> dict[str, Any]:
        raw = json.dumps(request).encode()
        async with connect(self._target.host, self.port, timeout=5) as connection:
            await connection.send(len(raw).to_bytes(2) + raw)
            received = b""
            while piece := await connection.receive():
                received += piece
        answer: dict[str, Any] = json.loads(received[2:])
        if error := answer.get("error"):
            raise ERRORS.get(str(error), api.RefusedError)("set", 7, str(error))
        return answer

    async def _take_turn(self, **request: object) -> dict[str, Any]:
        async with self._target.queue.turn(Urgency.READ):
            return await self._ask(**request)

    @override
    async def probe(self) -> bool:
        return "rate" in await self._take_turn()

    @override
    async def poll(self) -> api.Snapshot:
        state = await self._take_turn()
        self._target.identity.recognise(Evidence(mac_address(state["mac"])))
        return api.Snapshot(
            taken=datetime.now(UTC),
            generation="framed",
            support=SUPPORT,
            device=readings.Device(model=state["model"]),
            performance=readings.Performance(hash_rate=state["rate"]),
            settings=readings.ReportedSettings(
                mining=state["mining"], temperature_offset=state[OFFSET]
            ),
        )

    @override
    async def read_evidence(self) -> Evidence:
        return Evidence(mac_address((await self._ask())["mac"]))

    @override
    def expect_change(self, command: api.Command) -> None:
        """Every poll reads everything."""

    @override
    def forget_firmware(self) -> None:
        """Nothing depends on it."""

    @override
    def attempts(self, command: api.Command) -> Sequence[Attempt]:
        async def send(turn: Turn, is_wanted: IsWanted) -> api.Result:
            await self._target.identity.confirm(self.read_evidence)
            if not is_wanted():
                return api.Result(api.Outcome.SUPERSEDED)
            signed = {"value": command.value, "password": self._target.password}
            await self._ask(set=command.name, **signed)
            return api.Result(api.Outcome.ACCEPTED)

        return [Attempt(command.name, send)]

    @override
    async def is_off(self) -> bool:
        return (await self._ask())["mining"] is False

    @property
    @override
    def account(self) -> str:
        return "owner"

    @override
    async def check_password(self, password: str, account: str | None = None) -> None:
        await self._take_turn(password=password)


@pytest.fixture
async def framed(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[FramedMiner]:
    """Return a miner that speaks the second protocol only."""
    miner = FramedMiner()
    async with await asyncio.start_server(miner.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(Framed, "port", port, raising=False)
        monkeypatch.setattr(choice, "PROTOCOLS", (Framed, V2))
        yield miner


async def set_up(hass: HomeAssistant) -> str:
    """Add the miner by its address, first with a wrong password; return the entry's title."""
    flows, address = hass.config_entries.flow, {"host": "127.0.0.1", "port": 4028}
    form = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(form["flow_id"], {"next_step_id": "manual"})
    for password, errors in (("wrong", {"password": "wrong_password"}), ("secret", {})):
        form = await flows.async_configure(
            form["flow_id"], address | {"password": password}
        )
        assert (form.get("errors") or {}) == errors
    await hass.async_block_till_done()
    title: str = form["title"]
    return title


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_second_protocol_is_found_out_read_and_written(
    hass: HomeAssistant, framed: FramedMiner, clock: Clock
) -> None:
    """It reports fewer readings, and one more setting, which is thus not assumed."""
    assert await set_up(hass) == "M90 0099"
    names = hass.states.async_entity_ids(["sensor", "switch"])
    assert not {"sensor.m90_0099_power", "switch.m90_0099_fast_boot"} & set(names)
    assert shown(hass, "sensor.m90_0099_hash_rate") == "90.5"
    (offset,) = hass.states.async_all("number")
    assert (offset.state, offset.attributes.get(ATTR_ASSUMED_STATE)) == ("-5.0", None)

    await act(hass, "number.set_value", offset.entity_id, value=-7)
    await clock.next_poll(2)
    assert framed.state[OFFSET] == -7
    framed.state |= {"rate": 80.5, OFFSET: -9}
    await clock.next_poll()
    assert shown(hass, "sensor.m90_0099_hash_rate") == "80.5"
    assert shown(hass, offset.entity_id) == "-9.0"

    framed.state["mac"] = "c2:04:28:00:00:98"
    with fails_with("wrong_miner"):
        await act(hass, "switch.turn_off", "switch.m90_0099")
    framed.state["mac"] = MAC
    await clock.next_poll()
    await act(hass, "switch.turn_off", "switch.m90_0099")
    assert framed.state["mining"] is False


@pytest.mark.parametrize(
    ("says", "key"), [("too hot", "refused"), ("closed", "write_access_closed")]
)
async def test_what_a_second_protocol_refuses_is_a_translated_error(
    hass: HomeAssistant, framed: FramedMiner, says: str, key: str
) -> None:
    await set_up(hass)
    framed.says = says
    with fails_with(key):
        await act(hass, "switch.turn_off", "switch.m90_0099")
    assert framed.state["mining"] is True
    assert shown(hass, "switch.m90_0099") == "on"
