"""Whether the device that answers is a Whatsminer."""

from collections.abc import Mapping

from ..errors import NotAMinerError, RefusedError, WhatsminerError
from ..queue import Urgency
from ..sanitize import Json
from . import envelope
from .envelope import Answer
from .requests import Requests


async def ask_version(requests: Requests) -> Mapping[str, Json]:
    """Return the answer to `get_version`, unchecked; this is the first request to a miner.

    Raises:
        NotAMinerError: another service answers. Other errors are those of `Requests.plain`.

    """
    requests.forget_keys()
    return await _ask_version(requests)


async def _ask_version(requests: Requests) -> Mapping[str, Json]:
    async with requests.queue.turn(Urgency.READ):
        value = await requests.plain("get_version")
    if "STATUS" not in value:
        raise NotAMinerError("another service that answers in JSON")
    return value


async def read_version(
    requests: Requests, early: Mapping[str, Json] | None = None
) -> Answer:
    """Return the version of a Whatsminer, from an early answer if there is one.

    A miner that refuses everything is asked again with the other key for commands.

    Raises:
        NotAMinerError: it is another device. Other errors are those of `Requests.plain`.

    """
    early = early or await ask_version(requests)
    try:
        return await _version(requests, early)
    except RefusedError:
        requests.change_key()
    try:
        return await _version(requests, await _ask_version(requests))
    except RefusedError as err:
        requests.forget_keys()
        raise NotAMinerError("another maker's miner") from err
    except WhatsminerError:
        requests.forget_keys()
        raise


async def _version(requests: Requests, answer: Mapping[str, Json]) -> Answer:
    """Return the version in an answer to `get_version`, or V1 if there are V1's hashboards.

    Raises:
        RefusedError: the miner refuses both.
        NotAMinerError: it is another device.

    """
    try:
        version = envelope.check(answer, "get_version")
    except RefusedError as err:
        # Neither the oldest firmware nor the miners of other makers know the command.
        if not _has_whatsminer_boards(await requests.ask("devdetails")):
            raise NotAMinerError("another maker's miner") from err
        return Answer(message="whatsminer v1")
    if not isinstance(version.message, str) and not (
        {"api_ver", "fw_ver"} & version.reading().keys()
    ):
        raise NotAMinerError("no Whatsminer version")
    return version


def _has_whatsminer_boards(details: Answer) -> bool:
    return any(
        isinstance(value, str) and "bitmicro" in value.lower()
        for row in details.rows("DEVDETAILS")
        for value in row.values()
    )
