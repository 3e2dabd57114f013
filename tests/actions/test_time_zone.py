"""Time zones in the words of the miner."""

from importlib import resources

import pytest

from custom_components.whatsminer.actions.time_zone import posix_time_zone
from custom_components.whatsminer.api import InvalidTextError, commands

ZONES = resources.files("tzdata").joinpath("zones").read_text().split()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("Asia/Shanghai", "CST-8"),
        ("America/Argentina/Buenos_Aires", "<-03>3"),
        ("Asia/Kolkata", "IST-5:30"),
        ("Etc/GMT+5", "<-05>5"),
        ("UTC", "UTC0"),
    ],
)
def test_a_zone_has_its_rules(name: str, rules: str) -> None:
    """The rules are those of OpenWrt."""
    assert posix_time_zone(name) == rules


def test_every_zone_can_be_sent() -> None:
    assert len(ZONES) > 500
    for name in ZONES:
        commands.set_time_zone(posix_time_zone(name), name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "Europe",
        "Europe/",
        "/UTC",
        "../zones",
        "leapseconds",
        "a\0b",
    ],
)
def test_no_other_file_is_read(name: str) -> None:
    with pytest.raises(InvalidTextError) as caught:
        posix_time_zone(name)

    assert caught.value.parameter == "zonename"
