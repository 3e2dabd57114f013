"""docs/readings.md, which says where each field that a miner reports is shown or used."""

from collections.abc import Callable, Iterator, Mapping
import inspect
from pathlib import Path
import re
from typing import Any, override

import pytest

from custom_components.whatsminer.api import READABLE, Miner
from custom_components.whatsminer.api.decode import Fields
from custom_components.whatsminer.api.v2 import fields
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v3 import device_info, fields as v3_fields
from custom_components.whatsminer.api.v3.envelope import Answer as V3Answer
from custom_components.whatsminer.api.v3.protocol import READABLE as READABLE_OVER_V3
from simulator import Quirk, SimulatedMiner
from simulator.v3 import FIRMWARE_BY_API

PAGE = Path(__file__).parents[2] / "docs" / "readings.md"
# This section is about decisions, not about the fields of an answer.
EVIDENCE = "Which evidence decides what"
# What reads the answer to one command.
READ_BY: Mapping[str, tuple[Callable[[Mapping[str, Any]], object], ...]] = {
    "summary": (
        fields.PERFORMANCE.read,
        fields.SUMMARY_DEVICE.read,
        fields.SUMMARY_SETTINGS.read,
        fields.summary_mac,
    ),
    "edevs": (lambda row: fields.board(row, Generation.V2), fields.board_identity),
    "pools": (lambda row: fields.pools([row]),),
    "status": (
        fields.limit_is_default,
        fields.mining_off,
        fields.STATE.values,
        fields.STATUS_DEVICE.read,
        fields.STATUS_SETTINGS.read,
        fields.stop_reason,
    ),
    "get_psu": (fields.POWER_SUPPLY.read,),
    "get_miner_info": (
        fields.led,
        fields.info_mac,
        fields.INFO_DEVICE.read,
        fields.INFO_SETTINGS.read,
    ),
    "get_version": (fields.VERSION_DEVICE.read,),
    "devdetails": (fields.DETAILS_DEVICE.read,),
}
# What reads the answer to `get.device.info`.
DEVICE_FUNCTIONS: tuple[Callable[[Mapping[str, Any]], object], ...] = (
    device_info.api,
    device_info.api_switch,
    device_info.coolant_temperature,
    device_info.errors,
    device_info.firmware,
    device_info.led,
    device_info.limit_is_default,
    device_info.mac,
    device_info.power_supply,
    device_info.working,
)
SECTIONS = {
    name.strip(): (command, rows)
    for command, rows in (
        section.split("\n", 1) for section in PAGE.read_text().split("\n## ")[1:]
    )
    for name in command.split(",")
    if name != EVIDENCE
}


def rows(command: str) -> dict[str, str]:
    """Return where each field of a command is shown or used."""
    found: dict[str, str] = {}
    for row in SECTIONS[command][1].splitlines():
        match row.split("|"):
            case [_, names, where, _] if "`" in names:
                found |= dict.fromkeys(re.findall(r"`([^`]+)`", names), where.strip())
    return found


class Asked(dict[str, Any]):
    """An answer without a reading, which notes the keys that are looked for."""

    @override
    def get(self, key: str, default: Any = None) -> Any:
        """Note the key."""
        return self.setdefault(key, default)


def keys_of(read: Callable[[Mapping[str, Any]], object]) -> set[str]:
    """Return the keys that are looked for in an answer."""
    asked = Asked()
    read(asked)
    assert asked
    return set(asked)


def test_every_field_that_is_read_is_shown_or_used() -> None:
    read: dict[str, set[str]] = {
        command: set().union(*map(keys_of, functions))
        for command, functions in READ_BY.items()
    }
    assert read.keys() == {
        "summary",
        "edevs",
        "pools",
        "status",
        "get_version",
        "get_miner_info",
        "get_psu",
        "devdetails",
    }
    for command, keys in read.items():
        where = rows(command)
        for key in keys:
            assert where[key].startswith(("shown: ", "used: ")), (command, key)


def test_everything_that_reads_an_answer_is_looked_at() -> None:
    """Preheating is the answer to a command; errors have no keys of their own."""
    tables = {
        name
        for name, _ in inspect.getmembers(
            fields, lambda value: isinstance(value, Fields)
        )
    }
    assert tables == {
        "DETAILS_DEVICE",
        "INFO_DEVICE",
        "INFO_SETTINGS",
        "PERFORMANCE",
        "POWER_SUPPLY",
        "PREHEATING",
        "STATE",
        "STATUS_DEVICE",
        "STATUS_SETTINGS",
        "SUMMARY_DEVICE",
        "SUMMARY_SETTINGS",
        "VERSION_DEVICE",
        "_BOARD",
        "_BOARD_IDENTITY",
        "_POOL",
    }
    functions = {
        name
        for name, function in inspect.getmembers(fields, inspect.isfunction)
        if function.__module__ == fields.__name__ and not name.startswith("__")
    }
    assert functions == {
        "board",
        "board_identity",
        "board_rows",
        "device",
        "firmware",
        "info_mac",
        "knows_summary",
        "led",
        "limit_is_default",
        "mining_off",
        "pools",
        "settings",
        "stop_reason",
        "summary_mac",
    }


def test_what_is_left_out_has_a_reason() -> None:
    for command in SECTIONS:
        assert rows(command)
        for name, where in rows(command).items():
            assert re.match(r"(shown|used|left out): \S", where), (command, name)


@pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)
@pytest.mark.parametrize("command", sorted(READABLE))
async def test_every_field_that_a_miner_tells_has_its_row(
    miner: SimulatedMiner, command: str
) -> None:
    envelope, known = rows("Envelopes"), rows(command)
    answer = await Miner(miner.host, miner.port).query(command)
    for name, value in answer.items():
        assert name in envelope or name == name.upper(), name
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                assert {
                    _unnumbered(key) for key in row
                } <= envelope.keys() | known.keys()


# V3


def keys_read_over_v3() -> dict[str, set[str]]:
    """Return the keys that are looked for in each answer of V3, with dots between objects."""
    device = Asked({name: Asked() for name in ("network", "miner", "system", "power")})
    status = Asked(
        summary=Asked({"power-on-stats": Asked()}),
        pools=[Asked({"stratum-active": True})],
        edevs=[Asked(slot=0)],
    )
    settings = {command: Asked() for command in v3_fields.SETTINGS}
    answers = {name: V3Answer(message=each) for name, each in settings.items()}
    for function in DEVICE_FUNCTIONS:
        function(device)
    device_info.device_of(device, api_known=True)
    v3_fields.performance(V3Answer(message=status), device)
    v3_fields.boards(V3Answer(message=status), device)
    v3_fields.pools(V3Answer(message=status))
    v3_fields.settings(answers, device, mining=None)
    found = {"get.device.info": device, "get.miner.status": status, **settings}
    return {name: set(flat(answer)) for name, answer in found.items()}


def flat(value: object, path: str = "") -> Iterator[str]:
    """Return the keys of an answer, with dots between objects; a list counts as its rows."""
    if isinstance(value, dict):
        for key, each in value.items():
            # A fault is named by its code.
            if not key.isdecimal():
                yield from flat(each, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list | tuple) and any(
        isinstance(row, dict) for row in value
    ):
        for row in value:
            yield from flat(row, path)
    else:
        yield _unnumbered(path)


def test_every_field_that_is_read_over_v3_is_shown_or_used() -> None:
    for command, keys in keys_read_over_v3().items():
        where = rows(command)
        assert keys
        for key in keys:
            assert where[key].startswith(("shown: ", "used: ")), (command, key)


def test_every_function_that_reads_the_device_is_looked_at() -> None:
    """Those that take something else are called with it."""
    functions = {
        function
        for _, function in inspect.getmembers(device_info, inspect.isfunction)
        if function.__module__ == device_info.__name__
        and not function.__name__.startswith("_")
    }
    assert functions - {device_info.section, device_info.device_of} == set(
        DEVICE_FUNCTIONS
    )


@pytest.mark.parametrize("v3_api", FIRMWARE_BY_API, indirect=True)
@pytest.mark.parametrize("miner", ["v3_miner", "v3_hydro_miner"], indirect=True)
@pytest.mark.parametrize(
    "v3_quirks",
    [frozenset(), frozenset({Quirk.ENERGY_COUNTER, Quirk.TEMPURATURE})],
    indirect=True,
    ids=["usual", "odd"],
)
@pytest.mark.usefixtures("v3_api", "v3_quirks")
async def test_every_field_that_a_miner_tells_over_v3_has_its_row(
    miner: SimulatedMiner,
) -> None:
    envelope = rows("Envelopes")
    miner.state.fail(206)
    client = Miner(miner.host, miner.port)
    for command in READABLE_OVER_V3:
        answer = await client.query(command)
        assert answer.keys() <= envelope.keys()
        if isinstance(answer["msg"], dict):  # custom data came with 3.0.1
            assert set(flat(answer["msg"])) <= rows(command).keys()


def _unnumbered(key: str) -> str:
    """Return the name under which a numbered field has its row."""
    key = re.sub(r"((?:^|\.)(?:chipdata|pcbsn|msg))\d+$", r"\1N", key)
    return re.sub(r"(Error Code|Error) \d+", r"\1 0", key)
