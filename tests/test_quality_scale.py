"""Whether the integration says of every rule of Home Assistant's quality scale how it is met."""

import re

import pytest

from homeassistant.util.yaml import load_yaml_dict

from .texts import FOLDER

TEXT = (FOLDER / "quality_scale.yaml").read_text()
RULES = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]
# Those of Home Assistant 2026.11, in the order of the file.
TIERS: dict[str, tuple[str, ...]] = {
    "Bronze": (
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow-test-coverage",
        "config-flow",
        "dependency-transparency",
        "docs-actions",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "docs-triggers",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    ),
    "Silver": (
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    ),
    "Gold": (
        "devices",
        "diagnostics",
        "discovery-update-info",
        "discovery",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    ),
    "Platinum": ("async-dependency", "inject-websession", "strict-typing"),
}
EVERY_RULE = [rule for rules in TIERS.values() for rule in rules]


def test_every_rule_has_its_place() -> None:
    """All 54 rules are there once, below the name of their tier."""
    assert len(EVERY_RULE) == len(set(EVERY_RULE)) == 54
    assert list(RULES) == EVERY_RULE
    assert re.findall(r"^  # (\w+)$|^  ([a-z-]+):", TEXT, re.MULTILINE) == [
        pair
        for tier, rules in TIERS.items()
        for pair in ((tier, ""), *(("", rule) for rule in rules))
    ]


@pytest.mark.parametrize("rule", EVERY_RULE)
def test_a_rule_is_met_or_does_not_apply(rule: str) -> None:
    status = RULES[rule]

    if isinstance(status, dict):
        assert set(status) == {"status", "comment"}
        assert status["status"] == "exempt"
        assert status["comment"].endswith(".")
    else:
        assert status == "done"
