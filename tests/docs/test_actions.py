"""docs/actions.md, the actions with their fields, which is written here."""

from typing import Any, Final

import pytest

from custom_components.whatsminer.actions.table import ACTIONS, Action
from homeassistant.core import SupportsResponse
from homeassistant.util.yaml import load_yaml_dict
from tests.texts import FOLDER, ROOT, TEXTS

PAGE: Final = ROOT / "docs" / "actions.md"
SERVICES: Final[dict[str, Any]] = load_yaml_dict(str(FOLDER / "services.yaml"))
INTRODUCTION: Final = """\
# Actions

<!-- Written by `pytest tests/docs/test_actions.py --snapshot-update` from the code and its texts. -->

[commands.md](commands.md) shows what an action sends to the miner.

Actions with a target take any miners, entities, areas or labels. The other actions take the device of one
miner, and `confirm`. An action ignores [sites](site.md) in its target, unless it says that it takes sites.

Only administrators can use the actions that are marked so. For the other actions, a user needs the same
permission as for Home Assistant's own actions, to control or to read:

* For each miner, the user needs the permission for the miner's switch. If the miner was added without its
  password, the user needs it for the hash rate.
* The user also needs it for every entity of the miner that the target contains. Entities of hashboards count
  only if the target names them, because a hashboard stands for its miner.
* If the permission is missing for one miner, nothing is sent to any miner.
* Automations run without a user, and are not restricted. A script has the permissions of the user who
  starts it.
"""


def section(action: Action) -> str:
    """Return the section of one action."""
    texts = TEXTS["en"]["services"][action.name]
    who = (
        "Administrators"
        if action.admin_only
        else f"Users who may {action.permission} the miners"
    )
    whom = "one miner" if action.one_miner else "any target"
    if action.takes_sites:
        whom += ", sites too"
    response = "nothing" if action.response is SupportsResponse.NONE else "a response"
    fields: dict[str, Any] = (SERVICES[action.name] or {}).get("fields", {})
    rows = [
        f"| `{name}` | {_needed(field or {})} | {texts['fields'][name]['description']} |\n"
        for name, field in fields.items()
    ]
    table = ""
    if rows:
        table = "\n| field | needed | meaning |\n|---|---|---|\n" + "".join(rows)
    return (
        f"\n## `whatsminer.{action.name}`\n\n{texts['description']}\n\n"
        f"{who}, {whom}; returns {response}.\n{table}"
    )


def _needed(field: dict[str, Any]) -> str:
    if "default" in field and not field.get("required"):
        return f"no, `{field['default']}`".lower()
    return "yes" if field.get("required") else "no"


def page() -> str:
    return INTRODUCTION + "".join(map(section, ACTIONS))


def test_the_page_says_what_the_code_does(request: pytest.FixtureRequest) -> None:
    """`--snapshot-update` writes the page."""
    if request.config.option.update_snapshots:
        PAGE.write_text(page())

    assert PAGE.read_text() == page()
