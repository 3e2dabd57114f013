"""README quotes what Home Assistant says."""

from pathlib import Path
import re
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TEXTS: Final = ROOT / "custom_components" / "whatsminer" / "translations" / "en.json"


def test_troubleshooting_quotes_texts_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    section = readme.partition("\n## Troubleshooting\n")[2].partition("\n## ")[0]
    texts = TEXTS.read_text().replace("{protocol}", "V3")
    symptoms = [row.split("|")[1] for row in section.splitlines() if row[:1] == "|"]
    quotes = re.findall(r'"([^"]+)"', " ".join(symptoms))

    assert len(quotes) > 5
    assert [quote for quote in quotes if quote not in texts] == []
