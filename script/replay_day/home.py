"""The demo's Home Assistant, in the time of the replay."""

import json
from pathlib import Path

from demo_instance.process import HomeAssistant

from .prices import PRICES, TIME_ZONE

PRICE = "sensor.electricity_price"
BLUEPRINT = "whatsminer/mine_when_cheap.yaml"
AUTOMATIONS = "automations.yaml"
_CHILD = Path(__file__).with_name("child.py")

# A price sensor as integrations of electricity suppliers have it: it knows the day, and
# changes by itself. No history is kept, which would take time.
_CONFIGURATION = f"""\
homeassistant:
  name: Replay
  latitude: 52.37
  longitude: 4.89
  elevation: 0
  unit_system: metric
  time_zone: {TIME_ZONE}
  currency: EUR
  country: NL
  language: en
api:
config:
logger:
  default: warning
automation: !include {AUTOMATIONS}
template:
  - sensor:
      - name: Electricity price
        unit_of_measurement: EUR/kWh
        state_class: measurement
        state: "{{{{ {list(PRICES)}[now().hour * 4 + now().minute // 15] }}}}"
"""


def configure(config: Path) -> None:
    """Turn a folder that is ready for the demo into one with prices."""
    (config / "configuration.yaml").write_text(_CONFIGURATION)


def automate(config: Path, automations: dict[str, dict[str, object]]) -> None:
    """Write down automations of the blueprint, by their names, with their inputs."""
    listed = [
        {
            "id": name.lower().replace(" ", "_"),
            "alias": name,
            "use_blueprint": {"path": BLUEPRINT, "input": inputs},
        }
        for name, inputs in automations.items()
    ]
    (config / AUTOMATIONS).write_text(json.dumps(listed, indent=2))


class HastyHomeAssistant(HomeAssistant):
    """A Home Assistant that lives by a shared clock."""

    def __init__(self, config: Path, clock: Path) -> None:
        """Prepare; nothing is started."""
        super().__init__(config)
        self._child = (_CHILD, clock)
