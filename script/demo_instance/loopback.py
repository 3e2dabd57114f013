"""The loopback network: 16 million addresses at which no real miner can be."""

from ipaddress import IPv4Network
from random import randrange

# Where a person finds the demo's miners. Home Assistant's own scan begins with it.
HOME = IPv4Network("127.0.0.0/24")


def pick_network() -> IPv4Network:
    """Return any other part of it, so that two runs at one time do not meet."""
    return IPv4Network(f"127.{randrange(64, 255)}.{randrange(256)}.0/24")
