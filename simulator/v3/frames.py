"""The frames of V3: four bytes with the length, little-endian, then so many bytes of JSON."""

from ..misbehaviour import Line

HEARTBEAT = bytes(4)
_LONGEST = 8192  # of a request; a longer one is never read to its end


def frame(text: bytes, announced: int | None = None) -> bytes:
    """Return a text in its frame.

    Args:
        text: what to send.
        announced: the length to announce; None for the right one.
    """
    length = len(text) if announced is None else announced
    return length.to_bytes(4, "little") + text


async def read_frame(line: Line) -> bytes | None:
    """Return the text of the next frame, None at the end of the client's side.

    Heartbeats are passed over. What announces too many bytes, as a request of V2 does, is
    awaited in vain until the client gives up.

    Raises:
        TimeoutError: nothing came for too long.
    """
    length = 0
    while length == 0:
        head = await _exactly(line, 4)
        if head is None:
            return None
        length = int.from_bytes(head, "little")
    if length <= _LONGEST:
        return await _exactly(line, length)
    while await line.receive(_LONGEST):
        pass
    return None


async def _exactly(line: Line, size: int) -> bytes | None:
    """Return so many bytes, None if the client ends its side before."""
    data = b""
    while len(data) < size:
        more = await line.receive(size - len(data))
        if not more:
            return None
        data += more
    return data
