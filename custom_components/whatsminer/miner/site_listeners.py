"""Tells those who want to know that the sites of one miner may be others, or say something else."""

from homeassistant.core import CALLBACK_TYPE, callback


class SiteListeners:
    """Those who want to know when a miner has other sites, or one of these another hash price or plan."""

    def __init__(self) -> None:
        """Begin without any."""
        self._listeners: list[CALLBACK_TYPE] = []

    @callback
    def add(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` each time. Returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self) -> None:
        """Tell all of them."""
        for listener in list(self._listeners):
            listener()
