"""The map for those who change the code names the files that there are."""

from pathlib import Path
import re
from typing import Final

ROOT: Final = Path(__file__).parents[2]
INTEGRATION: Final = ROOT / "custom_components/whatsminer"
PAGE: Final = (ROOT / "docs/development.md").read_text()


def test_every_file_on_the_map_exists() -> None:
    """A file is named by its name, or with some of its folders."""
    files = [str(path) for path in ROOT.glob("[!.]*/**/*") if path.is_file()]
    for name in re.findall(r"\w[\w/-]*\.(?:py|yaml|json|svg)\b", PAGE):
        assert any(file.endswith(f"/{name}") for file in files), name


def test_every_file_of_the_integration_is_on_the_map() -> None:
    """A reader finds what each file is for."""
    tree = PAGE.partition("## The tree")[2].partition("\n## ")[0]
    files = {path.name for path in INTEGRATION.rglob("*.py")}
    assert files <= set(re.findall(r"\w+\.py", tree))
