"""What of the demo can be tested without starting it; its smoke test does the rest."""

import json
from pathlib import Path

import pytest

from demo_instance.dashboard import Column, build
from demo_instance.seed import seed
from demo_instance.smoke import complaints
from demo_instance.smoke.report import Mismatch, Report

_TIME = "2026-11-21 01:00:00.000+00:00"
STARTED = f"{_TIME} INFO (MainThread) [homeassistant.bootstrap] Home Assistant initialized in 1s\n"
REFUSED = (
    f"{_TIME} ERROR (MainThread) [homeassistant.components.websocket_api.http.connection]"
    " [1] Value 101.0 is outside valid range\n"
)


def write_log(tmp_path: Path, text: str) -> Path:
    """Write a log of Home Assistant."""
    path = tmp_path / "demo.log"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        f"{_TIME} INFO (MainThread) [custom_components.whatsminer] all is well\n",
        f"{_TIME} WARNING (MainThread) [aiohttp_fast_zlib] falling back\n",
        f"{_TIME} WARNING (SyncWorker_0) [homeassistant.loader] We found a custom integration"
        " whatsminer which has not been tested by Home Assistant\n",
        f"{_TIME} ERROR (MainThread) [haffmpeg.core] FFmpeg fails\nTraceback ...\n",
        REFUSED,
    ],
)
def test_log_without_complaints(tmp_path: Path, text: str) -> None:
    """Ordinary records, and refusals that were provoked, are no complaints."""
    path = write_log(tmp_path, STARTED + text)
    refusal = "Validation error: Value 101.0 is outside valid range"
    assert complaints.check(path, [refusal]) == "2 records"


@pytest.mark.parametrize(
    "text",
    [
        f"{_TIME} ERROR (MainThread) [homeassistant.core] something else\n",
        f"{_TIME} WARNING (MainThread) [custom_components.whatsminer.settings] odd\n",
        f"{_TIME} WARNING (MainThread) [homeassistant.helpers.frame] Detected that custom"
        " integration 'x' does what it should not\n",
        f"{_TIME} INFO (MainThread) [x] whatsminer uses a deprecated function\n",
        f"{_TIME} INFO (MainThread) [x] see below\nTraceback (most recent call last):\n",
        REFUSED,
    ],
)
def test_log_with_complaint(tmp_path: Path, text: str) -> None:
    """An error of any kind, and a warning that names the integration, are complaints."""
    path = write_log(tmp_path, STARTED + text)
    with pytest.raises(Mismatch, match="1 complaints"):
        complaints.check(path, [])


def test_log_of_no_start(tmp_path: Path) -> None:
    """A log in which nothing can be found proves nothing."""
    with pytest.raises(Mismatch, match="start"):
        complaints.check(write_log(tmp_path, ""), [])


async def test_report(capsys: pytest.CaptureFixture[str]) -> None:
    """A failed step is told, and the next one is done all the same."""
    report = Report()
    async with report.step("first") as step:
        step.shown = "60 %"
        raise Mismatch("it is another")
    async with report.step("second") as step:
        step.sent = "nothing"
    report.print()
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == ["FAILED first: it is another", "1 passed, 1 failed"]
    assert [step.name for step in report.failed] == ["first"]


def test_dashboard_leaves_out_what_a_miner_lacks() -> None:
    """Only entities that are there are on the dashboard."""
    entities = {
        key: f"sensor.{key}" for key in ("hash_rate", "power", "chip_temperature")
    }
    columns = [
        Column("Full", "M30S+", "air", "amber", {**entities, "mining": "switch.full"}),
        Column("Bare", "M63", "hydro", "blue", {"hash_rate": "sensor.bare"}),
    ]
    (view,) = build(columns)["views"]
    *miners, graphs = view["sections"]
    used = [
        [card["entity"] for card in section["cards"] if "entity" in card]
        for section in miners
    ]
    assert used[0] == [
        "switch.full",
        "sensor.hash_rate",
        "sensor.power",
        "sensor.chip_temperature",
    ]
    assert used[1] == ["sensor.bare"]
    compared = [card["entities"] for card in graphs["cards"] if "entities" in card]
    assert [len(entities) for entities in compared] == [2, 1, 1]


def test_seed_keeps_what_is_there(tmp_path: Path) -> None:
    """A second start has the same user and token; only the port may be another."""
    token = seed(tmp_path, 8123)
    auth = (tmp_path / ".storage" / "auth").read_text()
    assert seed(tmp_path, 8124) == token
    assert (tmp_path / ".storage" / "auth").read_text() == auth
    http = json.loads((tmp_path / ".storage" / "http").read_text())
    assert http["data"]["stable"]["server_host"] == ["127.0.0.1"]
    assert http["data"]["stable"]["server_port"] == 8124
