"""What the bench of a site measures, and its report."""

import json
import os
import subprocess
import sys

import pytest

from bench_site import Cost
from bench_site.bench import report_site
from demo_instance import DemoError

FEW = Cost(miners=20, update=0.0008, look=0.0021, poll=0.0000021)


def test_the_report_compares_a_large_site_with_a_small_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_site(FEW, Cost(miners=200, update=0.0032, look=0.0152, poll=0.0000018))
    assert capsys.readouterr().out.splitlines() == [
        "site     3.20 ms of CPU for an update with 200 miners, 4.0 times the 0.80 ms with 20",
        "plan     15.20 ms of CPU for a check of the plan of 200 miners",
        "poll     1.8 µs of additional CPU for each miner of the site",
    ]


def test_an_update_that_costs_too_much_fails_the_bench(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(DemoError, match=r"^an update must cost less than 5\.00 ms$"):
        report_site(FEW, Cost(miners=200, update=0.005, look=0.0152, poll=0.0000018))
    assert capsys.readouterr().out.startswith("site     5.00 ms")


def test_a_look_that_costs_too_much_fails_the_bench(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(
        DemoError, match=r"^a check of the plan must cost less than 20\.00 ms$"
    ):
        report_site(FEW, Cost(miners=200, update=0.0032, look=0.02, poll=0.0000018))
    assert "plan     20.00 ms" in capsys.readouterr().out


def test_sites_of_the_given_sizes_are_measured() -> None:
    """It runs in a process of its own, as in the bench: its clock is not that of other tests."""
    measured = subprocess.run(
        [sys.executable, "-P", "-m", "bench_site.measure", "2", "5"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )

    costs = [Cost(**cost) for cost in json.loads(measured.stdout)["costs"]]
    assert [cost.miners for cost in costs] == [2, 5]
    assert all(cost.update > 0 and cost.look > 0 for cost in costs)
    assert measured.stderr == ""
