"""What the control board keeps in its flash: firmware and logs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
import gzip
import io
import re
import tarfile

from .clock import local_time

_LOGS = {
    "logs/miner.log": "btminer: slot{slot}: chip temp {n} C, nonce found",
    "logs/power.log": "power: vout 12.0{slot} V, temp0 {n} C",
    "logs/system.log": "kernel: [{n}.00{slot}] eth0: link is up",
}
_LOG_LINES = 60


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware image, as far as it was received.

    Attributes:
        announced: the size in bytes that the client named.
        size: how many bytes came.
        sha256: of these, in hexadecimal digits.
    """

    announced: int
    size: int
    sha256: str

    @property
    def whole(self) -> bool:
        """Whether all of it came; an empty image never is."""
        return self.size == self.announced > 0


def log_archive(files: Mapping[str, bytes]) -> bytes:
    """Pack files, content by name, into a ``.tgz``: the same bytes for the same files."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as zipped,
        tarfile.open(mode="w", fileobj=zipped) as archive,
    ):
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@cache
def _factory_logs() -> bytes:
    files = {}
    for name, line in _LOGS.items():
        lines = (
            f"2026-10-31 08:00:{n:02} {line.format(n=n, slot=n % 3)}\n"
            for n in range(_LOG_LINES)
        )
        files[name] = "".join(lines).encode()
    return log_archive(files)


@dataclass(slots=True)
class Storage:
    """The flash memory of the control board.

    Attributes:
        firmware_version: what the miner reports.
        api_version: what it reports of its API.
        next_firmware: the version it has after the next update; None for one with
            the date of that day.
        refuses_firmware: whether it refuses every image.
        images: every firmware image that was sent, in order, whole or not.
        logs: what ``download_logs`` sends.
    """

    firmware_version: str
    api_version: str
    next_firmware: str | None = None
    refuses_firmware: bool = False
    images: list[Image] = field(default_factory=list)
    logs: bytes = field(default_factory=_factory_logs)

    def update(self, now: float) -> None:
        """Install the image that was received last."""
        today = local_time(now)[:10].replace("-", "")
        self.firmware_version = self.next_firmware or re.sub(
            r"^[0-9]{8}", today, self.firmware_version
        )
