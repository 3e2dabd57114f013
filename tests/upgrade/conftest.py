"""Fixtures of the upgrade's tests."""

import pytest


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow timers that go on when Home Assistant stops, because its program ends then."""
    return True
