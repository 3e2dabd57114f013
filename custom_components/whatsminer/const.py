"""Constants of the Whatsminer integration."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "whatsminer"
MANUFACTURER: Final = "MicroBT"

CONF_ACCOUNT: Final = "account"
CONF_ALL_MINERS: Final = "all_miners"
CONF_AREAS: Final = "areas"
CONF_HASH_PRICE: Final = "hash_price"
CONF_HASH_PRICE_ENTITY: Final = "hash_price_entity"
CONF_HASH_PRICE_UNIT: Final = "hash_price_unit"
CONF_KIND: Final = "kind"
CONF_LABELS: Final = "labels"
CONF_MINERS: Final = "miners"
CONF_PERCENT_METHOD: Final = "percent_method"
CONF_POLL_INTERVAL: Final = "poll_interval"
CONF_PROTOCOL: Final = "protocol"
CONF_V3_PORT: Final = "v3_port"
# The kind of an entry that stands for several miners. Entries of miners have none.
KIND_SITE: Final = "site"
PER_PETAHASH: Final = "per_petahash"
# The unit of hash rate of a hash price per day, the usual one first.
HASH_PRICE_UNITS: Final = (PER_PETAHASH, "per_terahash")
PERCENT_METHODS: Final = ("normal", "fast")
V2_ONLY: Final = "v2_only"
PROTOCOLS: Final = ("automatic", V2_ONLY)

# Unless the options say otherwise.
POLL_INTERVAL: Final = timedelta(seconds=30)
# In seconds.
SHORTEST_POLL_INTERVAL: Final = 10
LONGEST_POLL_INTERVAL: Final = 300
# Changes of the stored data by polls are written at most once in so many seconds.
MEMORY_INTERVAL: Final = 300.0
# A change that comes back again and again is followed once in so many seconds: of what a miner
# reports, and of which miner answers in its place.
CHANGE_INTERVAL: Final = 3600.0
# Closed write access is probed this often.
ACCESS_CHECK_INTERVAL: Final = timedelta(minutes=10)

# The options of a site's plan.
CONF_ALWAYS_BELOW: Final = "always_below"
CONF_BREAK_EVEN_MARGIN: Final = "break_even_margin"
CONF_BUDGET_EXPIRES: Final = "budget_expires"
CONF_BUDGET_UNKNOWN: Final = "budget_unknown"
CONF_BUDGET_ZERO: Final = "budget_zero"
CONF_CHEAP_ENTITY: Final = "cheap_entity"
CONF_DEAD_BAND: Final = "dead_band"
CONF_FOLLOW_PLAN: Final = "follow_plan"
CONF_HAS_BUDGET: Final = "has_budget"
CONF_LOWEST_PERCENT: Final = "lowest_percent"
CONF_MANUAL_HOURS: Final = "manual_hours"
CONF_MINUTES_OFF: Final = "minutes_off"
CONF_MINUTES_ON: Final = "minutes_on"
CONF_MINUTES_UNKNOWN: Final = "minutes_unknown"
CONF_PRICE_ENTITY: Final = "price_entity"
CONF_PRICE_UNIT: Final = "price_unit"
CONF_PRICE_UNKNOWN: Final = "price_unknown"
CONF_RAMP: Final = "ramp"
CONF_START_BELOW: Final = "start_below"
CONF_STOP_ABOVE: Final = "stop_above"
CONF_STOP_BY: Final = "stop_by"
CONF_USE_BREAK_EVEN: Final = "use_break_even"
