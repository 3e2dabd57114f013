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
    """

    price: float
    mining: bool
    reading: Telemetry


def live(miner: SimulatedMiner) -> list[Moment]:
    """Let a miner live through a day, at the end of which it mines; return every five minutes of it.

    The price changes on the hour. It is that of the hour `NOW` at the end.
    """
    moments: list[Moment] = []
    end = miner.state.now + SECONDS
    while (left := end - (now := miner.state.now)) > 0:
        price = DAY[(NOW + int(now // _HOUR) - int(end // _HOUR)) % len(DAY)]
        mining = miner.state.mining
        if price > STOP_ABOVE or price <= START_BELOW:
            miner.state.mining = price <= START_BELOW
        if miner.state.mining is not mining:
            miner.advance(1)
            moments.append(moment(miner, price))
        miner.advance(min(left, _STEP - miner.state.now % _STEP))
        moments.append(moment(miner, price))
    return moments


def moment(miner: SimulatedMiner, price: float) -> Moment:
    """Return what a miner does now."""
    return Moment(price, miner.state.mining, miner.state.telemetry())
