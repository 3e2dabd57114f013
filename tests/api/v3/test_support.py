"""What each version of V3 reports."""

from dataclasses import fields

import pytest

from custom_components.whatsminer.api.capabilities import BY_FIRMWARE
from custom_components.whatsminer.api.readings import ReportedSettings
from custom_components.whatsminer.api.v3.support import (
    Version,
    is_documented,
    support_of,
    version_of,
)

SINCE_3_0_3 = {"power_percent", "power_target", "heat_mode", "fast_hash"}
EVERY_SETTING = {item.name for item in fields(ReportedSettings)}


@pytest.mark.parametrize(
    ("api", "version", "known"),
    [
        ("3.0.0", (3, 0, 0), True),
        ("3.0.5", (3, 0, 5), True),
        ("3.0.12", (3, 0, 12), True),
        ("3.0", (3, 0, 0), True),
        ("3.1.0", (3, 1, 0), False),
        ("4.0", (4, 0, 0), False),
        (None, (3, 0, 0), True),
        ("", (3, 0, 0), True),
        ("beta", (3, 0, 0), True),
        ("3.0.99999", (3, 0, 0), True),
    ],
)
def test_a_version_is_read_from_its_text(
    api: str | None, version: Version, known: bool
) -> None:
    assert version_of(api) == version
    assert is_documented(api) is known


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        ((3, 0, 0), SINCE_3_0_3 | {"start_after_boot"}),
        ((3, 0, 2), SINCE_3_0_3 | {"start_after_boot"}),
        ((3, 0, 3), {"start_after_boot"}),
        ((4, 0, 0), {"start_after_boot"}),
    ],
)
def test_which_settings_every_miner_with_a_version_reports(
    version: Version, missing: set[str]
) -> None:
    assert support_of(version).settings == EVERY_SETTING - missing


def test_mining_is_reported_in_every_poll() -> None:
    slow = support_of((3, 0, 5)).slow_settings
    assert EVERY_SETTING - slow == {"mining", "start_after_boot"}


def test_v3_counts_no_shares_and_gives_no_reason_for_a_stop() -> None:
    assert BY_FIRMWARE - support_of((3, 0, 5)).readings == {
        "accepted_shares",
        "board_accepted_shares",
        "board_rejected_shares",
        "hash_deviation",
        "rejected_shares",
        "stop_reason",
        "target_frequency",
    }
