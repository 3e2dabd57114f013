"""Home Assistant with simulated miners, which ``script/demo`` runs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAIN = ROOT / ".toolchain"


class DemoError(Exception):
    """The reason why the demo cannot go on, in one line for the person who started it."""
