"""Kind 2: answers that are not quite JSON."""

from collections.abc import Callable

import pytest

from . import cases, described
from .home import Home
from .miner import DescribedMiner, replacing


async def test_an_escaped_quote_is_a_quote(home: Home) -> None:
    """V1 puts its firmware version into quotes, and some of it escapes these."""
    async with cases.odd_escape() as miner:
        added = await (await home.add(miner)).poll()
    assert added.number("sensor.hash_rate") == pytest.approx(124.4)
    assert added.device.sw_version == "20201103.20.REL"
    assert added.connections == [3] * 5


# What is changed in the answer to a command, and what an entity shows then.
MENDED: dict[str, tuple[str, bytes, bytes, str, str]] = {
    "escaped-blank": (
        "pools", b'"barn1.rig4"', rb'"barn1\ rig4"', "sensor.worker", "barn1 rig4"
    ),
    "backslash-itself": (
        "pools", b'"barn1.rig4"', rb'"farm\worker4"', "sensor.worker", r"farm\worker4"
    ),
    "bytes-in-hexadecimal": (
        "pools", b'"barn1.rig4"', rb'"barn1\x2erig4"', "sensor.worker", "barn1.rig4"
    ),
    "brackets-in-a-text": (
        "pools", b'"barn1.rig4"}'[:-1], b'"a}{b,]\\\'"', "sensor.worker", "a}{b,]"
    ),
    "comma-missing": (
        "get_psu", b'"temp0"', b'"x": "1""temp0"', "sensor.psu_temperature", "41.5"
    ),
    "comma-too-many": (
        "get_psu", b'"41.5"', b'"41.5",,', "sensor.psu_input_power", "3940.0"
    ),
    "no-number": (
        "summary", b'"freq_avg": 655', b'"freq_avg": -nan', "sensor.power", "3905.0"
    ),
    "line-breaks": (
        "summary", b'"freq_avg"', b'\n\t"freq_avg"', "sensor.frequency", "655.0"
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", MENDED)
async def test_what_can_mean_one_thing_only_is_mended(home: Home, which: str) -> None:
    """Joined answers are mended like single ones."""
    command, old, new, entity, shown = MENDED[which]
    joins = which not in ("bytes-in-hexadecimal", "line-breaks")
    async with DescribedMiner(described.v2(), joins=joins) as miner:
        miner.rewrites[command] = replacing(old, new)
        added = await (await home.add(miner, writes=False)).poll(3)
    assert added.shows(entity) == shown
    assert added.number("sensor.board0_hash_rate") == pytest.approx(41.2)
    assert added.connections[-1] == (3 if joins else 4)


HOPELESS: dict[str, Callable[[bytes], bytes]] = {
    "colon-missing": replacing(b'"Power":', b'"Power"'),
    "quote-missing": replacing(b'"Power":', b'"Power:'),
    "cut": lambda whole: whole[: len(whole) // 2],
}


@pytest.mark.parametrize("which", HOPELESS)
async def test_what_can_mean_anything_is_not_guessed(home: Home, which: str) -> None:
    """The dialogue says that the answer is damaged, and a later try succeeds."""
    async with DescribedMiner(described.v2()) as miner:
        miner.rewrites["summary"] = HOPELESS[which]
        sentence = await home.error_of(miner)
        assert "answer" in sentence
        miner.rewrites.clear()
        added = await home.add(miner)
    assert added.number("sensor.power") == 3905
