"""Where the scripts' package is found: it is for the scripts alone."""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).parents[2] / "script"))
