"""The demo's Home Assistant, in the time of the replay."""

import asyncio
import json
import os
from pathlib import Path
import shutil
import sys
from typing import override

from demo_instance import ROOT
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
    """Turn a folder that is ready for the demo into one with prices and blueprints."""
    (config / "configuration.yaml").write_text(_CONFIGURATION)
    (config / AUTOMATIONS).write_text("[]")
    blueprints = ROOT / "blueprints" / "automation" / "whatsminer"
    target = config / "blueprints" / "automation" / "whatsminer"
    shutil.copytree(blueprints, target, dirs_exist_ok=True)


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
        self._clock = clock

    @override
    async def _start(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", _CHILD, self._clock,
                "--config", self._config, "--skip-pip", "--log-no-color",
                env=environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
