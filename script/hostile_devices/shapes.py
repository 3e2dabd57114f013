"""Devices that change at every poll: their firmware, model, MAC address and so on."""

from collections.abc import Iterator

from .device import Hostile
from .plausible import Answers, put


def _firmware(said: Answers, poll: int) -> None:
    """Report the version only in the command that every poll reads."""
    version = f"202409{10 + poll % 20}.{poll}.Rel"
    put(said, ("status", "Msg", "FirmwareVersion"), version)
    del said["get_version"]["Msg"]["fw_ver"]


def _two_firmwares(said: Answers, poll: int) -> None:
    _firmware(said, poll % 2)


def _generation(said: Answers, poll: int) -> None:
    """Answer as firmware 2.2 does, in every second poll."""
    if poll % 2:
        row = said["summary"]["SUMMARY"][0]
        said["summary"] = said["status"] | {"Msg": row}
        said["get_version"]["Msg"]["api_ver"] = "2.2.2"


def _cooling(said: Answers, poll: int) -> None:
    if poll % 2:
        said["status"]["Msg"] |= {"liquid_temp": 40.0, "power_pct": "100"}


def _readings(said: Answers, poll: int) -> None:
    """Report other optional readings in each poll."""
    optional = {
        "get_psu": ("iin", "vin", "pin", "fan_speed", "temp0"),
        "get_miner_info": ("upfreq_speed",),
        "status": ("hash_percent",),
    }
    for command, keys in optional.items():
        for number, key in enumerate(keys):
            if (poll + number) % 3:
                del said[command]["Msg"][key]


def _serials(said: Answers, poll: int) -> None:
    for row in said["edevs"]["DEVS"]:
        row["PCB SN"] += str(poll)


def _efficiency(said: Answers, poll: int) -> None:
    put(said, ("summary", "SUMMARY", 0, "Power"), 3400 + 100 * (poll % 2))


def _faults(said: Answers, poll: int) -> None:
    code = "2010" if poll % 2 else "2020"
    said["get_error_code"]["Msg"]["error_code"] = [{code: "2026-11-01 10:00:00"}]


def _model(said: Answers, poll: int) -> None:
    for row in said["devdetails"]["DEVDETAILS"]:
        row["Model"] = f"M{30 + poll % 60}S"


def _hostname(said: Answers, poll: int) -> None:
    put(said, ("get_miner_info", "Msg", "hostname"), f"name{poll}")


def _mac(said: Answers, poll: int) -> None:
    put(said, ("get_miner_info", "Msg", "mac"), f"02:57:4d:ff:00:{poll % 256:02x}")


def _uptime(said: Answers, poll: int) -> None:
    """Report a recent restart, at another time in each poll."""
    put(said, ("summary", "SUMMARY", 0, "Uptime"), 1000 - poll)
    put(said, ("summary", "SUMMARY", 0, "Elapsed"), 1000 - poll)


def _pool(said: Answers, poll: int) -> None:
    put(said, ("pools", "POOLS", 0, "URL"), f"stratum+tcp://pool{poll}.example:3333")
    put(said, ("pools", "POOLS", 0, "User"), f"worker.{poll}")


def _mining(said: Answers, poll: int) -> None:
    said["status"]["Msg"]["mineroff"] = "true" if poll % 2 else "false"


def _everything(said: Answers, poll: int) -> None:
    for change in (
        *(_firmware, _generation, _cooling, _readings, _serials),
        *(_faults, _model, _hostname, _uptime, _pool, _mining),
    ):
        # The summary of firmware 2.2 is elsewhere.
        if change is not _uptime or "SUMMARY" in said["summary"]:
            change(said, poll)


_SHORT = {_firmware, _generation, _cooling, _serials, _efficiency, _everything, _mac}


def devices() -> Iterator[Hostile]:
    """Yield a device for each thing that can change, and one in which everything changes."""
    for name, edit in (
        ("firmware", _firmware),
        ("firmware, one of two", _two_firmwares),
        ("generation", _generation),
        ("cooling", _cooling),
        ("readings", _readings),
        ("serial numbers of the hashboards", _serials),
        ("efficiency", _efficiency),
        ("fault", _faults),
        ("model", _model),
        ("host name", _hostname),
        ("MAC address", _mac),
        ("uptime", _uptime),
        ("pool", _pool),
        ("on or off", _mining),
        ("everything", _everything),
    ):
        yield Hostile(
            name=f"another at every poll: {name}",
            edit=edit,
            hostname="whatsminer",
            short=edit in _SHORT,
        )
