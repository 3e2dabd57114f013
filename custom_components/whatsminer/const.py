"""Constants of the Whatsminer integration."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "whatsminer"
MANUFACTURER: Final = "MicroBT"

POLL_INTERVAL: Final = timedelta(seconds=30)
# How many miners may go through their first, longer poll at the same time.
FIRST_POLLS_AT_ONCE: Final = 8
# A closed write access is looked at again this often.
ACCESS_CHECK_INTERVAL: Final = timedelta(minutes=10)

ISSUE_WRITE_ACCESS: Final = "write_access_closed"
