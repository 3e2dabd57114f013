"""What the controls are for, in each language: the texts are in docs/controls."""

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
from typing import Any, Final

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entity import WhatsminerEntityDescription

ROOT: Final = Path(__file__).parents[2]
LANGUAGES: Final = ("en", "de")

type Controls = Mapping[str, Iterable[WhatsminerEntityDescription]]


def texts_of(language: str) -> dict[str, Any]:
    """Return the words of the page, and the texts of each control as ``switch.mining``."""
    path = ROOT / "docs" / "controls" / f"{language}.json"
    texts: dict[str, Any] = json.loads(path.read_text())
    return texts


def section(language: str, controls: Controls) -> list[str]:
    """Return the lines that explain each control, in the order of the tables."""
    folder = ROOT / "custom_components" / DOMAIN / "translations"
    names = json.loads((folder / f"{language}.json").read_text())["entity"]
    texts = texts_of(language)
    words = texts["words"]
    lines = [f"## {words['title']}", "", words["head"], ""]
    for platform, descriptions in controls.items():
        for description in descriptions:
            key = description.key
            name = names[platform].get(key, {}).get("name") or words[key]
            about = texts["controls"][f"{platform}.{key}"]
            off = (
                "" if description.entity_registry_enabled_default else words["disabled"]
            )
            lines += [
                f"### {name}",
                "",
                f"`{platform}.{key}`{off and f', {off}'}. {about['what']}",
                "",
            ]
            lines += [
                f"* **{words[part]}**: {about[part]}"
                for part in ("scale", "good", "risk")
                if part in about
            ]
            lines.append("")
    return lines
