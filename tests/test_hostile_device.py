"""A device that says anything at all does Home Assistant no harm."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
import gc
from ipaddress import IPv4Network
import time
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsminer.api import DEFAULT_PORT, READABLE
from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    json as json_helper,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.setup import async_setup_component
from simulator import SimulatedMiner

from .answers import CHANGES, TEXTS, answers_of, changed
from .api import CannedMiner

MAC: Final = "c2:04:28:00:00:07"
LONGEST_HOLD: Final = 0.2
# What Home Assistant stores of a device.
STORED: Final = ("core.config_entries", "core.device_registry", "core.entity_registry")
COMMANDS: Final = sorted(READABLE - {"devs"})
M: Final = 1024 * 1024
SURROGATE: Final = '"x\\ud800\\n\\u202e![y](http://e.example)"'
# What has stopped all of Home Assistant once: the answers to some commands.
ATTACKS: Final[dict[str, dict[str, bytes]]] = {
    "half a character": {
        command: f'{{"STATUS":"S","Code":131,"Msg":{{{fields}}}}}'.encode()
        for command, fields in {
            "get_miner_info": f'"hostname":{SURROGATE},"mac":"{MAC}","minersn":{SURROGATE}',
            "get_version": f'"api_ver":"2.0.5","fw_ver":{SURROGATE},"miner_type":{SURROGATE}',
            "get_error_code": f'"error_code":[{{{SURROGATE}:"x","reason":{SURROGATE}}}]',
        }.items()
    },
    "a name of 300 kB": {
        "get_miner_info": b'{"STATUS":"S","Code":131,"Msg":{"mac":"%s","hostname":"%s"}}'
        % (MAC.encode(), b"n" * 300_000)
    },
    "a refusal of 20,000 lines": {
        "status": b'{"STATUS":"E","Code":1,"Msg":"%s"}' % (b"x\\n" * 20_000)
    },
    "quotes": {"summary": b'{"a":"' + b'\\"' * 32_000},
    "quotes, 1 MiB": {"status": b'{"a":"' + b'\\"' * (M // 2 - 10)},
    "nesting": {"status": b'{"a":' * 3000 + b"1" + b"}" * 3000},
    "brackets, 1 MiB": {"pools": b'{"a":' + b"[" * (M - 10)},
    "lists, 1 MiB": {"status": b'{"a":[' + b"[]," * (M // 3 - 10) + b"1]}"},
    "a nested flag": {
        "summary": b'{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":5,"Hash Stable":'
        + b"[" * 30
        + b"1," * 60_000
        + b"1"
        + b"]" * 30
        + b"}]}"
    },
    "1,500 hashboards": {
        "edevs": b'{"STATUS":[{"STATUS":"S"}],"DEVS":[%s{}]}'
        % b"".join(b'{"Slot":%d,"HS RT":1},' % slot for slot in range(1500))
    },
    "odd slots": {
        "edevs": b'{"STATUS":[{"STATUS":"S"}],"DEVS":[{"Slot":-1},{"Slot":1e308},{"Slot":%d}]}'
        % 2**70
    },
    "16,000 faults": {
        "get_error_code": b'{"STATUS":"S","Code":131,"Msg":{"error_code":[%s"1"]}}'
        % b"".join(b'"%d",' % code for code in range(16_000))
    },
    "5,000 pools": {
        "pools": b'{"STATUS":[{"STATUS":"S"}],"POOLS":[%s{}]}'
        % (b'{"URL":"stratum+tcp://p:1","Stratum Active":true},' * 5000)
    },
    "a version of 5,000 digits": {
        "get_version": b'{"STATUS":"S","Code":131,"Msg":{"api_ver":"2.%s","fw_ver":"1"}}'
        % (b"1" * 5000)
    },
    "numbers": {
        "summary": b'{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":1e308,"Uptime":1e-300,'
        b'"HS RT":1e-300,"MHS av":1e308,"Power":%s,"Target MHS":1e-300,"Temperature":1e308}]}'
        % (b"9" * 309)
    },
}
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Held:
    """How long the event loop was held: the most CPU time that one of its iterations took.

    Time in which the machine did something else does not count.
    """

    def __init__(self) -> None:
        """Begin at zero."""
        self.longest = 0.0
        self.rounds = 0

    async def watch(self) -> None:
        """Measure each iteration; the clock stands still, so that it cannot sleep."""
        while True:
            begin = time.thread_time()
            await asyncio.sleep(0)
            time.sleep(0.0005)  # noqa: ASYNC251 - let other threads work; this is no CPU time
            self.longest = max(self.longest, time.thread_time() - begin)
            self.rounds += 1


@pytest.fixture
async def plausible(hass: HomeAssistant) -> dict[str, Any]:
    """What an ordinary miner answers, except who it is."""
    async with SimulatedMiner(generation="v2", model="M30S+") as miner:
        answers = await answers_of(miner)
    answers["get_miner_info"]["Msg"]["mac"] = MAC
    return answers


@pytest.fixture
async def device(
    plausible: dict[str, Any], home_network: IPv4Network
) -> AsyncGenerator[CannedMiner]:
    """The device, in the network that Home Assistant is on."""
    async with CannedMiner(plausible, str(home_network[9]), DEFAULT_PORT) as device:
        yield device


async def _scan(hass: HomeAssistant, network: IPv4Network) -> None:
    """Scan the network in a flow, and close that."""
    flows = hass.config_entries.flow
    form = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(form["flow_id"], {"next_step_id": "scan"})
    result = await _through(
        hass, await flows.async_configure(form["flow_id"], {"networks": str(network)})
    )
    json_helper.json_bytes(
        {key: value for key, value in result.items() if key != "data_schema"}
    )
    flows.async_abort(result["flow_id"])


async def _through(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Wait until a flow shows something other than progress."""
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done()
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    return result


async def _discover(
    hass: HomeAssistant, device: CannedMiner, name: str
) -> Sequence[ConfigEntry]:
    """Let the device announce itself, add it, and return its entry if there is one."""
    flows = hass.config_entries.flow
    result = await flows.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(
            ip=device.host, hostname=name, macaddress=MAC.replace(":", "")
        ),
    )
    if result["type"] is FlowResultType.FORM:
        json_helper.json_bytes(flows.async_get(result["flow_id"]))
        result = await flows.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
    for flow in flows.async_progress():
        json_helper.json_bytes(flow)
        flows.async_abort(flow["flow_id"])
    return hass.config_entries.async_entries(DOMAIN)


async def _use(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: ConfigEntry
) -> None:
    """Use a miner in all the ways in which its answers are read."""
    if entry.state is ConfigEntryState.LOADED:
        for _ in range(3):
            await entry.runtime_data.coordinator.async_refresh()
            await hass.async_block_till_done(wait_background_tasks=True)
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, MAC), entry.entry_id
        )
        assert device
        for action, data in (
            ("get_state", {}),
            *(("query", {"command": command}) for command in COMMANDS),
            ("query", {"command": "summary+pools"}),
        ):
            with suppress(HomeAssistantError):
                answer = await hass.services.async_call(
                    DOMAIN,
                    action,
                    {"device_id": device.id, **data},
                    blocking=True,
                    return_response=True,
                )
                json_helper.json_bytes(answer)
    await get_diagnostics_for_config_entry(hass, hass_client, entry)


async def _check_stored_and_shown(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Fail unless Home Assistant can store and show everything, and it is not too much."""
    for state in hass.states.async_all():
        assert len(json_helper.json_bytes(state.as_dict())) < 16 * 1024
    for entry in hass.config_entries.async_entries():
        assert len(entry.title) <= 80
        assert entry.title.isprintable()
    assert len(er.async_get(hass).entities) < 260
    assert len(dr.async_get(hass).devices) <= 5
    hass_storage.clear()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    for key in STORED:
        assert MAC in json_helper.json_dumps(hass_storage[key]), key
    for stored in hass_storage.values():
        assert len(json_helper.json_bytes(stored)) < 256 * 1024


@dataclass(frozen=True)
class Home:
    """Home Assistant, its network, its storage and a client for its pages."""

    hass: HomeAssistant
    network: IPv4Network
    storage: dict[str, Any]
    client: ClientSessionGenerator


@pytest.fixture
async def home(
    hass: HomeAssistant,
    home_network: IPv4Network,
    hass_storage: dict[str, Any],
    hass_client: ClientSessionGenerator,
) -> Home:
    """Home Assistant with what a download of diagnostics needs."""
    assert await async_setup_component(hass, "diagnostics", {})
    return Home(hass, home_network, hass_storage, hass_client)


async def _live_with(
    home: Home, device: CannedMiner, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Find a device, add it, use it and remove it."""
    hass = home.hass
    caplog.clear()
    held = Held()
    # What earlier tests have left in memory is not collected meanwhile: that alone may take longer.
    gc.freeze()
    watching = asyncio.create_task(held.watch())
    try:
        await _scan(hass, home.network)
        for entry in await _discover(hass, device, name):
            await _use(hass, home.client, entry)
            await _check_stored_and_shown(hass, home.storage)
            await hass.config_entries.async_remove(entry.entry_id)
            await hass.async_block_till_done()
    finally:
        watching.cancel()
        gc.unfreeze()
    assert held.rounds > 10
    assert held.longest < LONGEST_HOLD
    for record in caplog.records:
        if "whatsminer" in record.name:
            assert record.exc_info is None, record.exc_info
            assert len(record.getMessage()) < 1000
            assert "\n" not in record.getMessage()


@pytest.mark.parametrize("answers", ATTACKS.values(), ids=ATTACKS)
async def test_what_once_stopped_home_assistant_is_a_bad_miner(
    home: Home,
    device: CannedMiner,
    plausible: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    answers: dict[str, bytes],
) -> None:
    """What the device says can be stored and shown, and never holds the event loop for long."""
    device.answers = plausible | answers
    await _live_with(home, device, "whatsminer", caplog)


@given(
    changes=st.dictionaries(st.sampled_from(COMMANDS), CHANGES, max_size=4), name=TEXTS
)
@example(changes={}, name="\ud800")
@example(changes={}, name="n" * 300_000)
@EXAMPLES
async def test_a_device_that_says_anything_is_a_bad_miner(
    home: Home,
    device: CannedMiner,
    plausible: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    name: str,
) -> None:
    """The device is met in a scan, a discovery, a set-up, polls, diagnostics and actions."""
    device.answers = plausible | {
        command: changed(plausible[command], places)
        for command, places in changes.items()
    }
    await _live_with(home, device, name, caplog)
