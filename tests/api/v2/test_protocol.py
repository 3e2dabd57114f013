"""V2 as `Miner` uses it: the check of a password, and the readings in an answer."""

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    TooManyTokensError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.readings import Preheating
from simulator import Closed, Refused, SimulatedMiner
from tests.api import TOKEN, Clock, Owner


async def test_preheating_says_how_far_it_is(owner: Owner) -> None:
    """The readings in the answer are returned."""
    owner.miner.state.mining = False
    result = await owner.send(commands.preheat())
    assert result.data == Preheating(complete=False, message="wait for adjust temp")


# The password


async def test_a_right_password_is_confirmed_without_a_write(owner: Owner) -> None:
    """A reading under a token confirms it."""
    await owner.check_password()
    assert owner.asked == [*TOKEN, "get_version"]
    assert "token" in owner.miner.requests[-1]
    assert owner.miner.writes == []


async def test_a_wrong_password_is_found_out_without_a_write(
    air_miner: SimulatedMiner, clock: Clock
) -> None:
    """The miner cannot decrypt the request."""
    owner = Owner(air_miner, "wrong", clock=clock)
    with pytest.raises(WrongPasswordError):
        await owner.check_password()
    assert air_miner.writes == []


async def test_a_password_is_not_tried_at_another_miner(
    any_miner: SimulatedMiner, clock: Clock
) -> None:
    """Neither result would be about ours."""
    for password in (any_miner.password, "wrong"):
        owner = Owner(any_miner, password, clock=clock)
        owner.identity.mac = "c2:04:28:00:00:01"
        with pytest.raises(WrongMinerError):
            await owner.check_password()
    assert not [each for each in any_miner.requests if "token" in each or "enc" in each]


async def test_with_write_access_closed_the_password_cannot_be_told(
    air_miner: SimulatedMiner, owner: Owner
) -> None:
    """Nothing is written."""
    air_miner.api_open = False
    with pytest.raises(WriteAccessClosedError):
        await owner.check_password()
    assert air_miner.writes == []


@pytest.mark.parametrize("code", [14, 132, 135])
async def test_any_answer_but_23_proves_the_password(owner: Owner, code: int) -> None:
    """The miner decrypted the request."""
    owner.miner.misbehave("get_version", Refused(code))
    await owner.check_password()
    assert owner.asked[-1] == "get_version"


async def test_a_password_cannot_be_tried_without_a_token(owner: Owner) -> None:
    """Other clients hold them all."""
    owner.miner.misbehave("get_token", Refused(136))
    with pytest.raises(TooManyTokensError):
        await owner.check_password()


async def test_a_password_cannot_be_tried_without_an_answer(owner: Owner) -> None:
    """It may be right or wrong."""
    owner.miner.misbehave("get_version", Closed())
    with pytest.raises(CannotConnectError):
        await owner.check_password()


async def test_a_refused_token_proves_no_password(owner: Owner) -> None:
    """The password was not checked."""
    owner.miner.misbehave("get_token", Refused(14))
    with pytest.raises(UnsupportedCommandError):
        await owner.check_password()
