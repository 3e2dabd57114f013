"""The day that a miner has behind it when the demo begins: it was off while electricity was dear."""

from dataclasses import dataclass

from simulator import SimulatedMiner, Telemetry

from .site import DAY, NOW, START_BELOW, STOP_ABOVE

SECONDS = 86_400
_HOUR = 3600
_STEP = 300


@dataclass(frozen=True, slots=True)
class Moment:
    """A miner at one moment.

    Attributes:
        price: of electricity.
        mining: whether the miner is switched on.
        reading: what its sensors read.
        is_known: whether its firmware tells that, and not what they read before a stop.
    """

    price: float
    mining: bool
    reading: Telemetry
    is_known: bool = True


def live(miner: SimulatedMiner, *, repeats: bool = False) -> list[Moment]:
    """Let a miner live through a day, at the end of which it mines; return every five minutes of it.

    The price changes on the hour. It is that of the hour `NOW` at the end.

    Args:
        miner: which has not begun to run.
        repeats: whether its firmware, while it is off, repeats what the sensors read before.
    """
    moments: list[Moment] = []
    before = None
    end = miner.state.now + SECONDS
    while (left := end - miner.state.now) > 0:
        begin = miner.state.now + 1
        price = DAY[(NOW + int(begin // _HOUR) - int(end // _HOUR)) % len(DAY)]
        if price != before:
            if price > STOP_ABOVE or price <= START_BELOW:
                miner.state.mining = price <= START_BELOW
            miner.advance(min(1, left))
            moments.append(moment(miner, price, repeats=repeats))
        before = price
        # Right before a period of the recorder's statistics ends, so that it has all of its energy.
        left = end - miner.state.now
        miner.advance(min(left, _STEP - (miner.state.now + 1) % _STEP))
        moments.append(moment(miner, price, repeats=repeats))
    return moments


def moment(miner: SimulatedMiner, price: float, *, repeats: bool = False) -> Moment:
    """Return what a miner does now; for `repeats` see `live`."""
    state = miner.state
    is_known = state.mining or not repeats
    return Moment(price, state.mining, state.telemetry(), is_known)
