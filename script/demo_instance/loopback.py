"""The loopback network: 16 million addresses at which no real miner can be."""

from ipaddress import IPv4Network
from random import randrange

# The network of the demo's miners, with which Home Assistant's own scan begins.
HOME = IPv4Network("127.0.0.0/24")


def pick_network() -> IPv4Network:
    """Return another part of it at random, so that two runs at the same time do not meet."""
    return IPv4Network(f"127.{randrange(64, 255)}.{randrange(256)}.0/24")
