"""docs/readings.md, which says where each field that a miner reports is shown or used."""

from collections.abc import Callable, Mapping
import inspect
from pathlib import Path
import re
from typing import Any, override

import pytest

from custom_components.whatsminer.api import READABLE, Miner
from custom_components.whatsminer.api.decode import Fields
from custom_components.whatsminer.api.v2 import fields
from custom_components.whatsminer.api.v2.generations import Generation
from simulator import SimulatedMiner

PAGE = Path(__file__).parents[2] / "docs" / "readings.md"
# What reads the answer to one command.
READ_BY: Mapping[str, tuple[Callable[[Mapping[str, Any]], object], ...]] = {
    "summary": (fields.PERFORMANCE.read,),
    "edevs": (lambda row: fields.board(row, Generation.V2), fields.board_identity),
    "pools": (lambda row: fields.pools([row]),),
    "status": (fields.mining_off, fields.STATE.values),
    "get_psu": (fields.POWER_SUPPLY.read,),
    "get_miner_info": (fields.led,),
}
# What reads several answers, with the keys that each of them has.
MERGED: Mapping[Callable[[Mapping[str, Any]], object], Mapping[str, set[str]]] = {
    fields.DEVICE.read: {
        "get_version": {"api_ver", "fw_ver", "platform", "miner_type"},
        "devdetails": {"Model"},
        "get_miner_info": {"minersn", "hostname"},
        "status": {"FirmwareVersion", "Firmware Version"},
        "summary": {"Firmware Version", "CB Platform", "Liquid Cooling"},
    },
    fields.SETTINGS.read: {
        "get_miner_info": {"upfreq_speed", "ut_speed"},
        "status": {"power_mode", "power_limit_set", "power_pct", "hash_percent"},
        "summary": {"Power Mode", "Btminer Fast Boot"},
    },
    fields.mac: {"get_miner_info": {"mac"}, "summary": {"MAC"}},
}
SECTIONS = {
    name.strip(): (command, rows)
    for command, rows in (
        section.split("\n", 1) for section in PAGE.read_text().split("\n## ")[1:]
    )
    for name in command.split(",")
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
        self[key] = None
        return default


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
    for function, commands in MERGED.items():
        assert keys_of(function) == set().union(*commands.values())
        for command, keys in commands.items():
            read[command] = read.get(command, set()) | keys
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
        "DEVICE",
        "PERFORMANCE",
        "POWER_SUPPLY",
        "PREHEATING",
        "SETTINGS",
        "STATE",
        "_BOARD",
        "_BOARD_IDENTITY",
        "_POOL",
    }
    functions = {
        name
        for name, function in inspect.getmembers(fields, inspect.isfunction)
        if function.__module__ == fields.__name__ and not name.startswith("__")
    }
    errors = {"_errors", "error_list", "summary_errors", "unread_errors"}
    assert functions - errors == {
        "board",
        "board_identity",
        "board_rows",
        "led",
        "mac",
        "mining_off",
        "pools",
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


def _unnumbered(key: str) -> str:
    """Return the name under which a numbered field has its row."""
    return re.sub(r"(Error Code) \d+", r"\1 0", key)
