"""The MAC address: read in two ways, compared with the expected one, and returned on request."""

import pytest

from custom_components.whatsminer.api.decode import mac_address
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    NoMacError,
    NotAMinerError,
    WrongMinerError,
)
from custom_components.whatsminer.api.identity import Evidence, Identity
from simulator import GARBAGE, Closed, Misbehaviour, Refused, SimulatedMiner, Truncated
from tests import PROCESS_DOWN, names_of

from . import CannedMiner, introduce, message, reader_of, table

MAC = "c2:04:28:00:00:01"
OTHER_MAC = "c2:04:28:00:00:02"
NO_MACS = [
    None,
    "",
    "00:00:00:00:00:00",
    "00-00-00-00-00-00",
    "c2:04:28",
    "c2:04:28:00:00:01:02",
    "unknown",
]
INFO, SUMMARY = "get_miner_info", "summary"
no_answer = pytest.mark.parametrize(
    ("how", "error"),
    [
        (Closed(), CannotConnectError),
        (Truncated(), MalformedReplyError),
        (GARBAGE, NotAMinerError),
    ],
)


def reported(mac: str | None) -> Evidence:
    """Return the evidence of a miner that reports a MAC address in its own way."""
    return Evidence(mac_address(mac))


# What is reported


def test_nobody_is_sure_of_a_miner_that_told_nothing() -> None:
    """An expected MAC address makes no difference."""
    for mac in (None, MAC):
        identity = Identity(mac)
        assert identity.mac == mac
        assert not identity.is_confirmed


@pytest.mark.parametrize(
    "mac",
    [MAC, "C2:04:28:00:00:01", "C20428-000001", "c2 04 28 00 00 01", "c20428000001"],
)
def test_a_mac_may_be_written_in_many_ways(mac: str) -> None:
    """It is stored in one form."""
    for expected in (None, MAC):
        identity = Identity(expected)
        identity.recognise(reported(mac))
        assert identity.is_confirmed
        assert identity.mac == MAC


def test_another_mac_is_another_miner() -> None:
    """The error has both addresses, and the expected one stays."""
    identity = Identity(MAC)
    identity.recognise(reported(MAC))
    with pytest.raises(WrongMinerError) as caught:
        identity.recognise(reported(OTHER_MAC.upper()))
    assert (caught.value.expected, caught.value.found) == (MAC, OTHER_MAC)
    assert identity.mac == MAC
    assert not identity.is_confirmed
    identity.recognise(reported(MAC))
    assert identity.is_confirmed


@pytest.mark.parametrize("mac", NO_MACS)
def test_what_is_no_mac_makes_nobody_sure(mac: str | None) -> None:
    """A miner that was confirmed before may have been replaced."""
    for expected in (None, MAC):
        identity = Identity(expected)
        if expected:
            identity.recognise(reported(expected))
        with pytest.raises(NoMacError):
            identity.recognise(reported(mac))
        assert identity.mac == expected
        assert not identity.is_confirmed


# Who


async def test_any_miner_says_who_it_is(any_miner: SimulatedMiner) -> None:
    """Old ones report it in their summary."""
    evidence = await reader_of(any_miner).read_evidence()
    assert evidence.mac == any_miner.mac.lower()
    old = any_miner.generation == "v1"
    assert names_of(any_miner.requests) == ([INFO, SUMMARY] if old else [INFO])
    assert any_miner.peak_connections == 1


@pytest.mark.parametrize("expected", [None, MAC, OTHER_MAC])
async def test_who_answers_is_told_whoever_is_expected(expected: str | None) -> None:
    """The expected address stays as it is."""
    async with CannedMiner({INFO: message({"mac": MAC})}) as miner:
        reader, identity = introduce(miner, expected)
        assert (await reader.read_evidence()).mac == MAC
    assert identity.mac == expected
    assert not identity.is_confirmed


@pytest.mark.parametrize("mac", NO_MACS)
async def test_without_a_mac_in_its_info_the_summary_is_asked(mac: str | None) -> None:
    """Some early firmware has it there."""
    answers = {INFO: message({"mac": mac}), SUMMARY: table("SUMMARY", {"MAC": MAC})}
    async with CannedMiner(answers) as miner:
        assert (await reader_of(miner).read_evidence()).mac == MAC
        assert miner.asked == [INFO, SUMMARY]
        miner.answers[SUMMARY] = table("SUMMARY", {"MAC": mac, "Elapsed": 5})
        assert (await reader_of(miner).read_evidence()).mac is None


@pytest.mark.parametrize("how", [Refused(14), Refused(132), PROCESS_DOWN])
async def test_a_miner_that_cannot_tell_is_nobody(
    any_miner: SimulatedMiner, how: Misbehaviour
) -> None:
    """It refuses the requests, or its mining process is down."""
    any_miner.misbehave("*", how)
    assert (await reader_of(any_miner).read_evidence()).mac is None
    assert names_of(any_miner.requests) == [INFO, SUMMARY]


@no_answer
async def test_who_does_not_answer_is_no_miner(
    air_miner: SimulatedMiner, how: Misbehaviour, error: type[Exception]
) -> None:
    """This differs from a miner that cannot report its MAC address."""
    air_miner.misbehave("*", how)
    with pytest.raises(error):
        await reader_of(air_miner).read_evidence()


# Confirmation


async def test_the_right_miner_is_confirmed(any_miner: SimulatedMiner) -> None:
    """The request is sent each time."""
    reader, identity = introduce(any_miner, any_miner.mac.lower())
    for _ in range(2):
        await identity.confirm(reader.read_evidence)
        assert identity.is_confirmed
    assert names_of(any_miner.requests).count(INFO) == 2


async def test_another_miner_is_not_confirmed(any_miner: SimulatedMiner) -> None:
    """An earlier confirmation makes no difference."""
    reader, identity = introduce(any_miner, MAC)
    identity.recognise(reported(MAC))
    with pytest.raises(WrongMinerError) as caught:
        await identity.confirm(reader.read_evidence)
    assert caught.value.found == any_miner.mac.lower()
    assert not identity.is_confirmed


async def test_where_nobody_is_expected_there_is_nothing_to_confirm(
    any_miner: SimulatedMiner,
) -> None:
    """Nothing is sent, and nothing is confirmed."""
    reader, identity = introduce(any_miner, None)
    await identity.confirm(reader.read_evidence)
    assert any_miner.connections == 0
    assert identity.mac is None
    assert not identity.is_confirmed


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("how", [Refused(132), PROCESS_DOWN])
async def test_a_miner_that_cannot_tell_is_taken_for_the_one_it_was(
    any_miner: SimulatedMiner, how: Misbehaviour, *, confirmed: bool
) -> None:
    """It must be possible to start a stopped miner, and to stop a starting one."""
    any_miner.misbehave("*", how)
    reader, identity = introduce(any_miner, MAC)
    identity.is_confirmed = confirmed
    await identity.confirm(reader.read_evidence)
    assert identity.is_confirmed is confirmed


@no_answer
async def test_no_answer_confirms_nobody(
    air_miner: SimulatedMiner, how: Misbehaviour, error: type[Exception]
) -> None:
    """Any device might be there."""
    air_miner.misbehave(INFO, how)
    reader, identity = introduce(air_miner, air_miner.mac.lower())
    with pytest.raises(error):
        await identity.confirm(reader.read_evidence)
