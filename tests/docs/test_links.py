"""Links between the documents lead somewhere."""

from pathlib import Path
import re
from typing import Final
from urllib.parse import unquote

import pytest

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
_HEADING: Final = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_CODE: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = _HEADING.findall(_CODE.sub("", document.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading.lower())).replace(
            " ", "-"
        )
        for heading in headings
    }


def links(document: Path) -> list[str]:
    """Return where the links of a document lead within the project."""
    text = _CODE.sub("", document.read_text())
    found = [link or source for link, source in _LINK.findall(text)]
    return [link for link in found if "://" not in link]


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    lost = []
    for link in links(document):
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target)
        ):
            lost.append(link)

    assert lost == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {
        (document.parent / link).resolve()
        for document in DOCUMENTS
        for link in links(document)
    }

    assert [
        picture.name
        for picture in sorted((ROOT / "docs").glob("*.[ps][nv]g"))
        if picture not in shown
    ] == []
