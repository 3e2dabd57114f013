"""Who is told when the sites of a miner change."""

from homeassistant.core import CALLBACK_TYPE, callback


class SiteListeners:
    """Called when a miner joins or leaves a site or is held off, or when its hash price or its plan changes."""

    def __init__(self) -> None:
        """Begin without any."""
        self._listeners: list[CALLBACK_TYPE] = []

    @callback
    def add(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` at each change. Returns a function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self) -> None:
        """Call all listeners."""
        for listener in list(self._listeners):
            listener()
