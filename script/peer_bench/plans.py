"""Which miners there are."""

from random import randint

PORT, V3_PORT = 4028, 4433  # both clients know no other ones
PASSWORD = "satoshi"
GENERATIONS = {"V1": "v1", "V2": "v2", "V2.2": "compat", "V3": "v3"}
MODELS = {"V1": "M20S", "V2": "M30S+", "V2.2": "M60S", "V3": "M60S"}


def addresses() -> dict[str, str]:
    """Return an address for each miner, in a part of loopback that nothing else uses."""
    network = f"127.{randint(1, 254)}.{randint(0, 255)}"
    return {name: f"{network}.{host}" for host, name in enumerate(GENERATIONS, 1)}
