"""The path to the scripts' package, which is used by scripts only."""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).parents[2] / "script"))
