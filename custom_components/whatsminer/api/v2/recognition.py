"""Whether the device that answers is a Whatsminer."""

from collections.abc import Mapping

from ..errors import NotAMinerError, RefusedError
from ..queue import Urgency
from ..sanitize import Json
from . import envelope
from .envelope import Answer
from .requests import Requests


async def ask_version(requests: Requests) -> Mapping[str, Json]:
    """Return the answer to `get_version`, unchecked.

    Raises:
        NotAMinerError: another service answers. Other errors are those of `Requests.plain`.

    """
    async with requests.queue.turn(Urgency.READ):
        value = await requests.plain("get_version")
    if "STATUS" not in value:
        raise NotAMinerError("another service that answers in JSON")
    return value


async def read_version(
    requests: Requests, early: Mapping[str, Json] | None = None
) -> Answer:
    """Return the version of a Whatsminer, from an early answer if there is one.

    Raises:
        NotAMinerError: it is another device. Other errors are those of `Requests.plain`.

    """
    try:
        version = envelope.check(early or await ask_version(requests), "get_version")
    except RefusedError as err:
        # Neither the oldest firmware nor the miners of other makers know the command.
        if not await _has_whatsminer_boards(requests):
            raise NotAMinerError("another maker's miner") from err
        version = Answer(message="whatsminer v1")
    if not isinstance(version.message, str) and not (
        {"api_ver", "fw_ver"} & version.reading().keys()
    ):
        raise NotAMinerError("no Whatsminer version")
    return version


async def _has_whatsminer_boards(requests: Requests) -> bool:
    try:
        details = await requests.ask("devdetails")
    except RefusedError:
        return False
    return any(
        isinstance(value, str) and "bitmicro" in value.lower()
        for row in details.rows("DEVDETAILS")
        for value in row.values()
    )
