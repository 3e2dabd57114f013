"""Each script says what it does, also in a clone in which nothing was set up."""

from pathlib import Path
import re
import shutil
import subprocess

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    path.name
    for path in sorted((ROOT / "script").iterdir())
    if path.is_file() and path.read_text().startswith("#!")
]
_OPTION = re.compile(r'add_argument\("(--\w+)"')
_MODULE = re.compile(r"-P -m (\w+)(?:\.(\w+))?")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the scripts alone, so that nothing can be run but them."""
    (tmp_path / "script").mkdir()
    for name in (*SCRIPTS, "help"):
        shutil.copy(ROOT / "script" / name, tmp_path / "script")
    return tmp_path


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_downloads_nothing(clone: Path, name: str, option: str) -> None:
    before = sorted(clone.rglob("*"))
    printed = subprocess.run(
        [clone / "script" / name, option], capture_output=True, check=True, text=True
    )
    assert f"script/{name}" in printed.stdout
    assert "#" not in printed.stdout
    assert printed.stderr == ""
    assert sorted(clone.rglob("*")) == before


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_names_every_option(clone: Path, name: str) -> None:
    options = {
        option
        for package, module in _MODULE.findall((ROOT / "script" / name).read_text())
        if package != "pytest"
        for option in _OPTION.findall(
            (ROOT / "script" / package / f"{module or '__main__'}.py").read_text()
        )
    }
    printed = subprocess.run(
        [clone / "script" / name, "--help"], capture_output=True, check=True, text=True
    )
    assert {option for option in options if option not in printed.stdout} == set()
    if name == "demo":
        assert options == {"--port", "--keep"}


def test_help_is_given_wherever_it_is_asked_for(clone: Path) -> None:
    printed = subprocess.run(
        [clone / "script" / "demo", "--port", "8124", "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert "--smoke" in printed.stdout
