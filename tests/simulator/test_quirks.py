"""Firmware that never gives some answer as it should."""

from collections.abc import AsyncGenerator
import json
from typing import Any

import pytest

from simulator import Pool, Quirk, SimulatedMiner

from .client import Client, exchange

each_generation = pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
JOINED = "summary+pools+edevs"


@pytest.fixture
def quirk() -> Quirk:
    """The quirk of the miner, which tests parametrize."""
    return Quirk.BOARDS_REFUSED


@pytest.fixture
async def odd(generation: str, quirk: Quirk) -> AsyncGenerator[Client]:
    """A client of a miner with the quirk."""
    async with SimulatedMiner(generation=generation, quirks={quirk}) as miner:
        yield Client(miner)


def code_of(answer: dict[str, Any]) -> int:
    """Return the code of an answer, 0 where it has none."""
    status = answer["STATUS"]
    code: int = (status[0] if isinstance(status, list) else answer).get("Code", 0)
    return code


@each_generation
@pytest.mark.parametrize("quirk", [Quirk.CUT_POOLS])
async def test_some_firmware_cuts_pools_at_a_fixed_length(
    odd: Client, generation: str
) -> None:
    """The first pool is whole. A join ends where its pools are cut."""
    odd.miner.state.pools = [
        Pool(f"stratum+tcp://btc.pool{n}.example:3333", f"account.rig{n}")
        for n in "1234"
    ]
    for _ in range(3):
        cut = await exchange(odd.miner, b'{"cmd":"pools"}')
        assert len(cut) == 1228
        assert b"account.rig1" in cut
        assert b"account.rig4" not in cut
        joined = await exchange(odd.miner, b'{"cmd":"%b"}' % JOINED.encode())
        assert joined.endswith(cut)
        with pytest.raises(ValueError, match="."):
            json.loads(joined)
    assert code_of(await odd.read("edevs")) in (0, 9)


@pytest.mark.parametrize("quirk", [Quirk.CUT_POOLS])
@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_a_short_list_of_pools_is_whole_there(odd: Client) -> None:
    assert len((await odd.read("pools"))["POOLS"]) == 1
    assert list(await odd.read(JOINED)) == [*JOINED.split("+"), "id"]


@each_generation
@pytest.mark.parametrize("quirk", [Quirk.BOARDS_REFUSED])
async def test_some_firmware_refuses_boards_for_ever(odd: Client) -> None:
    """It refuses them alone and joined, and answers everything else."""
    for _ in range(3):
        for command in ("edevs", "devs"):
            assert (await odd.read(command))["Code"] == 132
        answer = await odd.read(JOINED)
        assert [code_of(answer[part][0]) for part in JOINED.split("+")][2] == 132
        assert code_of(await odd.read("pools")) in (0, 7)
        odd.miner.advance(86_400)


@each_generation
@pytest.mark.parametrize("quirk", [Quirk.BOARDS_NOT_JOINED])
async def test_some_firmware_refuses_boards_only_in_a_join(odd: Client) -> None:
    boards = await odd.boards()
    answer = await odd.read(JOINED)

    assert len(boards) == 3
    assert answer["edevs"][0]["Code"] == 132
    assert "POOLS" in answer["pools"][0]


@each_generation
@pytest.mark.parametrize("quirk", [Quirk.NO_MINEROFF])
async def test_some_firmware_never_says_whether_it_is_off(odd: Client) -> None:
    for command in ("power_off", "power_on"):
        await odd.send(command)
        assert not any("mineroff" in key for key in await odd.message("status"))


@pytest.mark.parametrize("generation", ["v1"])
@pytest.mark.parametrize("quirk", [Quirk.ALWAYS_OFF])
async def test_one_old_firmware_says_that_it_is_off_while_it_hashes(
    odd: Client,
) -> None:
    for command in ("power_off", "power_on"):
        await odd.send(command)
        assert (await odd.message("status"))["btmineroff"] == "true"
