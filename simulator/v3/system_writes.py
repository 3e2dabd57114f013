"""The signed commands for the control board: system, accounts, logs, texts of the owner."""

from collections.abc import Mapping, Sequence
import re
from typing import Final

from ..settings import Led, LedColor, Network, RemoteLog
from ..wire import Json
from .accounts import NAMES, SUPER
from .codes import Code, refusal, require
from .device import V3Device
from .params import address, enables, members, number, one_of, present, text
from .reads import CUSTOM_KEYS
from .write import Call, Write

_COLORS: tuple[LedColor, ...] = ("red", "green")
_LONGEST_FLASH = 100_000  # ms
_LONGEST_DELAY = 120  # s
_HOSTNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_LONGEST_PASSWORD = 64
_LONGEST_CUSTOM = 127  # bytes


def _led(device: V3Device, call: Call) -> None:
    param = present(call.param)
    if isinstance(param, str):
        one_of(param, ("auto",))
        device.state.led.clear()
        return
    if not isinstance(param, Sequence):
        raise refusal(Code.FAIL)
    leds = dict(map(_flashing, param))
    require(bool(leds))
    device.state.led.update(leds)


def _flashing(entry: Json) -> tuple[LedColor, Led]:
    led = members(entry)
    period, duration, start = (
        number(led.get(key), 0, _LONGEST_FLASH)
        for key in ("period", "duration", "start")
    )
    return one_of(led.get("color"), _COLORS), Led(period, duration, start)


def _hostname(device: V3Device, call: Call) -> None:
    hostname = text(members(call.param), "hostname")
    require(bool(_HOSTNAME.fullmatch(hostname)))
    device.state.next_hostname = hostname


def _net_config(device: V3Device, call: Call) -> None:
    if call.param == "dhcp":
        network = Network()
    else:
        param = members(call.param)
        network = Network(
            proto="static",
            ip=address(param, "ip"),
            netmask=address(param, "netmask"),
            gateway=address(param, "gateway"),
            dns=text(param, "dns"),
        )
    device.state.network = network
    device.state.reboot()


def _timezone(device: V3Device, call: Call) -> None:
    param = members(call.param)
    timezone, zonename = text(param, "timezone"), text(param, "zonename")
    require(bool(timezone and zonename))
    device.state.timezone, device.state.zonename = timezone, zonename


def _ntp_server(device: V3Device, call: Call) -> None:
    servers = tuple(filter(None, text(present(call.param)).split(",")))
    require(bool(servers))
    device.state.ntp_servers = servers


def _time_randomized(device: V3Device, call: Call) -> None:
    param = members(call.param)
    start, stop = (
        number(param.get(key), 0, _LONGEST_DELAY) for key in ("start", "stop")
    )
    device.state.random_start, device.state.random_stop = start, stop


def _webpools(device: V3Device, call: Call) -> None:
    device.state.web_pools = enables(call.param)


def _update_firmware(device: V3Device, call: Call) -> Json:
    return "ready"


def _reboot(device: V3Device, call: Call) -> None:
    device.state.reboot()


def _factory_reset(device: V3Device, call: Call) -> None:
    device.state.factory_reset()
    device.board.access.factory_reset()
    device.accounts.factory_reset()
    device.state.reboot()


def _log_upload(device: V3Device, call: Call) -> None:
    param = members(call.param)
    port = text(param, "port")
    require(port.isascii() and port.isdecimal() and len(port) <= len("65535"))
    device.state.remote_log = RemoteLog(
        ip=address(param, "ip"),
        port=number(int(port), 1, 65_535),
        proto=one_of(param.get("proto"), ("tcp", "udp")),
    )


def _custom_data(device: V3Device, call: Call) -> None:
    param = members(call.param)
    key, value = one_of(param.get("key"), CUSTOM_KEYS), text(param, "value")
    require(value.isprintable() and len(value.encode()) <= _LONGEST_CUSTOM)
    device.state.customer[key] = value


def _change_passwd(device: V3Device, call: Call) -> None:
    param = members(call.param)
    account = one_of(param.get("account"), NAMES)
    old, new = text(param, "old"), text(param, "new")
    require(call.account in (SUPER, account))
    require(old == device.accounts.passwords[account])
    require(new.isprintable() and 0 < len(new) <= _LONGEST_PASSWORD)
    device.accounts.change(account, new)


def _permission(device: V3Device, call: Call) -> None:
    param = members(call.param)
    user, commands = one_of(param.get("user"), NAMES), text(param, "permission")
    if call.account != SUPER:
        raise refusal(Code.NO_PERMISSION)
    require(user != SUPER)
    device.accounts.grant(user, frozenset(filter(None, commands.split(","))))


SYSTEM_WRITES: Final[Mapping[str, Write]] = {
    "set.system.led": Write(_led),
    "set.system.hostname": Write(_hostname),
    "set.system.net_config": Write(_net_config, interrupts=True),
    "set.system.timezone": Write(_timezone),
    "set.system.ntp_server": Write(_ntp_server),
    "set.system.time_randomized": Write(_time_randomized),
    "set.system.webpools": Write(_webpools),
    "set.system.update_firmware": Write(_update_firmware),
    "set.system.reboot": Write(_reboot, interrupts=True),
    "set.system.factory_reset": Write(_factory_reset, interrupts=True),
    "set.log.upload": Write(_log_upload),
    "set.device.custom_data": Write(_custom_data, since="3.0.1"),
    "set.user.change_passwd": Write(_change_passwd, sealed=True),
    "set.user.permission": Write(_permission),
}
