"""The misbehaviour that a test has ordered, by command."""

from dataclasses import dataclass

from .misbehaviour import Misbehaviour


@dataclass(slots=True)
class _Script:
    how: Misbehaviour
    times: int | None


class Scripts:
    """The misbehaviour that the next requests get."""

    def __init__(self) -> None:
        """Begin without any misbehaviour."""
        self._scripts: dict[str, _Script] = {}

    def set(self, command: str, how: Misbehaviour, times: int | None) -> None:
        """Get a command (``*``: any other) wrong so many times; None for all."""
        self._scripts[command] = _Script(how, times)

    def clear(self, command: str | None = None) -> None:
        """Answer a command, or every command, properly again."""
        if command is None:
            self._scripts.clear()
        else:
            self._scripts.pop(command, None)

    def next(self, names: tuple[str, ...]) -> Misbehaviour | None:
        """Return what a request gets, and count it; None for the proper answer.

        Args:
            names: what the request is called, the narrowest name first.
        """
        for name in (*names, "*"):
            script = self._scripts.get(name)
            if script is None:
                continue
            if script.times is not None:
                script.times -= 1
                if script.times <= 0:
                    del self._scripts[name]
            return script.how
        return None
