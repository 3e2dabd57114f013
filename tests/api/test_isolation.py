"""The protocol client is a package of its own."""

import asyncio
from pathlib import Path
import sys

ROOT = Path(__file__).parents[2]

# Run by itself: no test plugin, no Home Assistant, and no parent package that imports it.
PROGRAM = """
import asyncio, importlib.util, sys
from pathlib import Path

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("homeassistant", "custom_components", "tests"):
            raise ImportError(f"{name} must not be imported")

sys.meta_path.insert(0, Forbid())
try:
    import homeassistant
except ImportError:
    pass
else:
    raise SystemExit("the import of Home Assistant did not fail")

folder = Path("custom_components/whatsminer/api").resolve()
spec = importlib.util.spec_from_file_location(
    "miner_api", folder / "__init__.py", submodule_search_locations=[str(folder)]
)
api = sys.modules["miner_api"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api)
for module in folder.rglob("*.py"):
    name = module.relative_to(folder).with_suffix("").as_posix().replace("/", ".")
    importlib.import_module(f"miner_api.{name}")

from simulator import SimulatedMiner

async def main():
    async with SimulatedMiner() as simulated:
        miner = api.Miner(simulated.host, simulated.port, password=simulated.password)
        snapshot = await miner.poll()
        await miner.send(api.commands.power_off())
        print(snapshot.model, round(snapshot.hash_rate), simulated.state.mining)

asyncio.run(main())
"""


async def test_the_client_works_where_home_assistant_cannot_be_imported() -> None:
    """It is loaded by its path alone, and polls and stops a simulated miner."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert errors.decode() == ""
    assert output.decode().split() == ["M30S+_VE40", "101", "False"]
    assert process.returncode == 0
