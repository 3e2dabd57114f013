"""Constants of the Whatsminer integration."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "whatsminer"
MANUFACTURER: Final = "MicroBT"

CONF_HASH_PRICE: Final = "hash_price"
CONF_HASH_PRICE_ENTITY: Final = "hash_price_entity"
CONF_HASH_PRICE_UNIT: Final = "hash_price_unit"
CONF_PERCENT_METHOD: Final = "percent_method"
CONF_POLL_INTERVAL: Final = "poll_interval"
PER_PETAHASH: Final = "per_petahash"
# What a hash price is quoted for, the usual first; of either, for a day.
HASH_PRICE_UNITS: Final = (PER_PETAHASH, "per_terahash")
PERCENT_METHODS: Final = ("normal", "fast")

# In seconds, unless the options say otherwise.
POLL_INTERVAL: Final = timedelta(seconds=30)
SHORTEST_POLL_INTERVAL: Final = 10
LONGEST_POLL_INTERVAL: Final = 300
# What polls change in the memory of a miner is written once in so many seconds at most.
MEMORY_INTERVAL: Final = 300.0
# What keeps changing is followed once in so many seconds: what a miner is, and which other one
# answers in its place.
CHANGE_INTERVAL: Final = 3600.0
# A closed write access is looked at again this often.
ACCESS_CHECK_INTERVAL: Final = timedelta(minutes=10)
# What the factory sets; under it no miner takes commands.
DEFAULT_PASSWORD: Final = "admin"
