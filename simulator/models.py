"""The models that can be simulated, and the identity of each machine."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

# Prefixes seen on real control boards; all have the locally administered bit set.
_MAC_PREFIXES = ("C2:04:28", "C6:07:20", "CA:7A:0A", "CA:01:14", "CE:0C:1D", "CE:02:01")


class Cooling(StrEnum):
    """What carries the heat away."""

    AIR = "air"
    IMMERSION = "immersion"
    HYDRO = "hydro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model does at its factory settings.

    Attributes:
        name: the name on the box, such as ``M30S+``.
        variant: the board letters behind it, such as ``VE40``.
        power: W at the wall in normal mode.
        limit: W, the power limit the factory sets; also the highest that takes effect.
        hash_rate: TH/s.
        frequency: MHz.
        chip_rise: degrees C that the chips are above their coolant at full power.
        fan_in: rpm at full power, 0 on liquid.
        fan_out: rpm at full power, 0 on liquid.
    """

    name: str
    variant: str
    power: int
    limit: int
    hash_rate: float
    frequency: int
    boards: int = 3
    chips: int
    cooling: Cooling = Cooling.AIR
    chip_rise: int = 43
    psu: str
    fan_in: int = 0
    fan_out: int = 0

    @property
    def liquid(self) -> bool:
        """Whether there are no fans."""
        return self.cooling is not Cooling.AIR


MODELS = {
    model.name: model
    for model in (
        Model(
            name="M20S", variant="V10", power=3417, limit=3500, hash_rate=67.75,
            frequency=646, chips=105, psu="P21", fan_in=6450, fan_out=6480, chip_rise=57,
        ),
        Model(
            name="M31S+", variant="VE20", power=3360, limit=3400, hash_rate=80.0,
            frequency=640, chips=78, psu="P21", fan_in=4950, fan_out=5010,
        ),
        Model(
            name="M30S+", variant="VE40", power=3400, limit=3400, hash_rate=100.0,
            frequency=660, chips=156, psu="P221B", fan_in=4530, fan_out=4590,
        ),
        Model(
            name="M30S++", variant="VH70", power=3472, limit=3600, hash_rate=112.0,
            frequency=620, chips=111, psu="P222B", fan_in=4680, fan_out=4710,
        ),
        Model(
            name="M50", variant="VH84", power=3306, limit=3600, hash_rate=118.0,
            frequency=520, chips=117, psu="P221C", fan_in=3960, fan_out=4020,
        ),
        Model(
            name="M60S", variant="VK40", power=3408, limit=3400, hash_rate=175.762,
            frequency=455, chips=215, psu="P221C", fan_in=2639, fan_out=2697,
        ),
        Model(
            name="M56S", variant="VH30", power=5550, limit=5600, hash_rate=212.0,
            frequency=560, chips=152, psu="P463B", cooling=Cooling.IMMERSION, chip_rise=24,
        ),
        Model(
            name="M66", variant="VK30", power=5506, limit=5600, hash_rate=276.0,
            frequency=470, chips=240, psu="P463B", cooling=Cooling.IMMERSION, chip_rise=24,
        ),
        Model(
            name="M53", variant="VH30", power=6557, limit=6700, hash_rate=230.0,
            frequency=540, boards=4, chips=124, psu="P463B", cooling=Cooling.HYDRO, chip_rise=24,
        ),
        Model(
            name="M63", variant="VK30", power=7283, limit=7400, hash_rate=366.0,
            frequency=480, boards=4, chips=272, psu="P564B", cooling=Cooling.HYDRO, chip_rise=24,
        ),
        Model(
            name="M7BS", variant="VM30", power=9763, limit=9758, hash_rate=692.0,
            frequency=500, boards=4, chips=344, psu="P564B", cooling=Cooling.HYDRO, chip_rise=24,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """What distinguishes a machine from others of its model; drawn from the seed.

    Attributes:
        mac: upper case with colons.
        boards: serial number of each hashboard.
        quality: per hashboard, how its share of the hash rate differs from an even one.
        tuning_seconds: how long this machine tunes after a start.
        phase: shifts the small movements of its readings.
    """

    mac: str
    serial: str
    psu_serial: str
    boards: tuple[str, ...]
    quality: tuple[float, ...]
    tuning_seconds: float
    phase: float


def make_identity(model: Model, random: Random, mac: str | None = None) -> Identity:
    """Draw a machine; ``mac`` overrides the one drawn."""
    drawn_mac = ":".join(
        [
            random.choice(_MAC_PREFIXES),
            *(f"{random.randrange(256):02X}" for _ in range(3)),
        ]
    )
    raw = [random.uniform(0.97, 1.03) for _ in range(model.boards)]
    mean = sum(raw) / len(raw)
    return Identity(
        mac=drawn_mac if mac is None else mac,
        serial=f"HTM{random.randrange(10**2):02d}X{random.randrange(10**10):010d}",
        psu_serial=f"12{random.randrange(10**9):09d}",
        boards=tuple(
            f"SKM3CSD{random.randrange(10**7):07d}{chr(65 + slot)}{random.randrange(10**5):05d}"
            for slot in range(model.boards)
        ),
        quality=tuple(share / mean for share in raw),
        tuning_seconds=random.uniform(900, 1500),
        phase=random.uniform(0, 1000),
    )
