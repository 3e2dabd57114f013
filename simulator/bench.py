"""What a test can read and change in a miner without a connection to it."""

from .api import Api
from .device import Device, Generation
from .state import MinerState
from .storage import Image
from .wire import JsonObject


class Bench:
    """A miner without its sockets."""

    _device: Device
    _api: Api

    # What it is

    @property
    def generation(self) -> Generation:
        """The dialect it speaks."""
        return self._device.generation

    @property
    def firmware_version(self) -> str:
        """The firmware version it reports; may be set."""
        return self._device.storage.firmware_version

    @firmware_version.setter
    def firmware_version(self, version: str) -> None:
        self._device.storage.firmware_version = version

    @property
    def api_version(self) -> str:
        """The API version it reports; may be set, which changes nothing else."""
        return self._device.storage.api_version

    @api_version.setter
    def api_version(self, version: str) -> None:
        self._device.storage.api_version = version

    @property
    def mac(self) -> str:
        """The MAC address, upper case with colons."""
        return self._device.state.identity.mac

    @property
    def serial(self) -> str:
        """The serial number of the machine."""
        return self._device.state.identity.serial

    # What it has been asked

    @property
    def requests(self) -> list[JsonObject]:
        """Every request in order, decrypted where the miner could (token included)."""
        return self._api.requests

    @property
    def writes(self) -> list[JsonObject]:
        """Every privileged command that came with a valid token, in order.

        As received but without the token, and with the name always under ``cmd``. They
        are listed when they arrive, also those that are refused or made to misbehave.
        """
        return self._api.writes

    @property
    def images(self) -> list[Image]:
        """Every firmware image that it was sent, in order, whole or not."""
        return self._device.storage.images

    # What can be done to it

    @property
    def next_firmware(self) -> str | None:
        """The version after the next update; None for one with the date of that day."""
        return self._device.storage.next_firmware

    @next_firmware.setter
    def next_firmware(self, version: str | None) -> None:
        self._device.storage.next_firmware = version

    @property
    def refuses_firmware(self) -> bool:
        """Whether it reads an image to its end and then refuses it."""
        return self._device.storage.refuses_firmware

    @refuses_firmware.setter
    def refuses_firmware(self, refuses: bool) -> None:
        self._device.storage.refuses_firmware = refuses

    @property
    def logs(self) -> bytes:
        """What ``download_logs`` sends, by default a small ``.tgz``; may be set."""
        return self._device.storage.logs

    @logs.setter
    def logs(self, logs: bytes) -> None:
        self._device.storage.logs = logs

    @property
    def state(self) -> MinerState:
        """The machine as of now; may be changed."""
        self._device.catch_up()
        return self._device.state

    def replace_control_board(self, mac: str, *, locked: bool = False) -> None:
        """Replace the control board: the same machine gets another MAC address.

        The host name is the factory's again, and every earlier token is void. All else stays.

        Args:
            mac: upper case with colons.
            locked: whether the new board is as the factory ships it: default password,
                API switch off.
        """
        self.state.replace_control_board(mac)
        self.void_tokens(new_salt=True)
        if locked:
            self._device.access.factory_reset()

    @property
    def api_open(self) -> bool:
        """The API switch."""
        return self._device.access.api_open

    @api_open.setter
    def api_open(self, api_open: bool) -> None:
        self._device.access.api_open = api_open

    @property
    def password(self) -> str:
        """The admin password. Setting it changes the salt and voids every token."""
        return self._device.access.password

    @password.setter
    def password(self, password: str) -> None:
        self._device.access.password = password

    def void_tokens(self, *, new_salt: bool = False) -> None:
        """Void every token, so that the next command under one gets 135.

        With a new salt it gets 23 instead; a client that asks for a token anew is fine
        in either case.
        """
        self._device.access.void_tokens(new_salt=new_salt)
