"""A day of prices, replayed at high speed: what ``script/replay`` runs.

The demo's Home Assistant has its own miners and the blueprint that mines when power is
cheap; the prices are those of a day that was written for this (`prices`). Everything lives
in one time that runs fast (`haste`). What the simulated miners did is recorded (`record`),
summed up (`figures`), and drawn (`picture`).

Nothing here may import Home Assistant, or anything else that wants to know the time:
`haste` has to come first.
"""
