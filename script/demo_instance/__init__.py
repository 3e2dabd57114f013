"""Home Assistant with simulated miners: what ``script/demo`` runs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAIN = ROOT / ".toolchain"


class DemoError(Exception):
    """Why the demo cannot go on, in one line for the person who started it."""
