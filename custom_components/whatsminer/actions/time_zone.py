"""Converts time zones to the form that a miner takes, whose system is OpenWrt."""

from importlib import resources

from ..api import InvalidTextError, limits


def posix_time_zone(name: str) -> str:
    """Return the rules of a zone (`Europe/Berlin`) as POSIX text, as OpenWrt does.

    They are the last line of the zone's file. This reads it: not for the event loop.

    Raises:
        InvalidTextError: there is no such zone.

    """
    limits.check_text("zonename", name, limits.ZONE_NAME)  # also keeps `..` out
    # Home Assistant brings these files along; not every system has its own.
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    try:
        content = file.read_bytes()
    except OSError as err:
        raise InvalidTextError("zonename", name) from err
    if not content.startswith(b"TZif"):
        raise InvalidTextError("zonename", name)
    return content.rstrip(b"\n").rpartition(b"\n")[2].decode()
