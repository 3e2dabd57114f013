"""A day of quarter-hour prices, and what the automations make of them.

Written, not measured, in the shape of a day-ahead market on a sunny working day of 2026:
a cheap night, a peak in the morning, a valley while the sun shines with some hours below
zero, a steep peak in the evening. Within each hour the price climbs or falls like a saw's
tooth, as power plants and imports change by the hour and demand and sun do not.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

# EUR/kWh; a line is an hour, from midnight.
PRICES = (
    0.118, 0.109, 0.104, 0.098,
    0.106, 0.099, 0.095, 0.091,
    0.097, 0.092, 0.089, 0.086,
    0.088, 0.086, 0.087, 0.091,
    0.084, 0.090, 0.097, 0.108,
    0.094, 0.113, 0.134, 0.163,
    0.116, 0.151, 0.194, 0.238,
    0.172, 0.231, 0.287, 0.342,
    0.318, 0.276, 0.229, 0.183,
    0.246, 0.187, 0.141, 0.104,
    0.171, 0.128, 0.093, 0.062,
    0.089, 0.051, 0.024, 0.006,
    0.021, 0.003, -0.008, -0.015,
    -0.004, -0.012, -0.021, -0.018,
    -0.016, -0.009, 0.002, 0.014,
    -0.002, 0.019, 0.038, 0.067,
    0.031, 0.064, 0.098, 0.137,
    0.083, 0.126, 0.164, 0.204,
    0.157, 0.198, 0.247, 0.296,
    0.241, 0.289, 0.334, 0.352,
    0.331, 0.298, 0.262, 0.219,
    0.244, 0.196, 0.158, 0.118,
    0.168, 0.139, 0.117, 0.102,
    0.141, 0.121, 0.108, 0.096,
)  # fmt: skip
QUARTER = 900  # seconds
DAY = len(PRICES) * QUARTER
TIME_ZONE = "Europe/Amsterdam"
BEGIN = datetime(2026, 5, 20, tzinfo=ZoneInfo(TIME_ZONE)).timestamp()  # midnight

# What a person would enter, knowing days like this one.
START = 0.12  # mining starts at this or less
STOP = 0.16  # and stops above this
ALWAYS = 0.0
MIN_ON, MIN_OFF = 30, 15  # minutes
LOW_PERCENT = 40
