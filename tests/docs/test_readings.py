"""docs/readings.md, which says where each field that a miner reports is shown or used."""

from dataclasses import fields, is_dataclass
import inspect
from pathlib import Path
import re

import pytest

from custom_components.whatsminer.api import READABLE, Miner, readings
from simulator import SimulatedMiner

PAGE = Path(__file__).parents[2] / "docs" / "readings.md"
# The readable command behind each dataclass.
COMMANDS = {
    readings.Summary: "summary",
    readings.Board: "edevs, devs",
    readings.PoolState: "pools",
    readings.Status: "status",
    readings.Version: "get_version",
    readings.MinerInfo: "get_miner_info",
    readings.Psu: "get_psu",
    readings.Details: "devdetails",
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


def test_every_field_that_is_read_is_shown_or_used() -> None:
    kinds = {
        kind
        for _, kind in inspect.getmembers(readings, is_dataclass)
        if any("wire" in item.metadata for item in fields(kind))
    }
    # Preheating is the answer to a command, and the identity is a part of a hashboard.
    parts: set[type[object]] = {readings.Preheating, readings.BoardIdentity}
    assert kinds - parts == set(COMMANDS)
    for kind, command in COMMANDS.items():
        where = rows(command.split(",")[0])
        for item in fields(kind):
            for key in item.metadata["wire"][1]:
                assert where[key].startswith(("shown: ", "used: ")), (kind, key)


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
