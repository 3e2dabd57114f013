"""The answer to ``get.miner.status``."""

from collections.abc import Callable, Mapping

from ..firmware.shapes import efficiency, rejected_percent
from ..physics import SHARE_DIFFICULTY
from ..quirks import Quirk
from ..settings import Pool
from ..telemetry import BoardReading
from ..wire import Json, JsonObject
from .codes import PROCESS_DOWN_TEXT, Code, refusal
from .device import V3Device
from .params import present

_UNKNOWN_BOARD = (
    -0.001
)  # TH/s that the factory hash rate is of a board that is not read


def miner_status(device: V3Device, param: Json) -> Json:
    """Answer ``get.miner.status``: the sections that are asked for, joined by a plus."""
    wanted = present(param)
    if not isinstance(wanted, str):
        raise refusal(Code.FAIL)
    sections = wanted.split("+")
    for section in sections:
        if section not in _SECTIONS:
            raise refusal(Code.INVALID_COMMAND, f"invalid param: {section}")
    mining = device.state.mining
    if device.has(Quirk.PROCESS_DOWN) and not mining:
        raise refusal(Code.FAIL, PROCESS_DOWN_TEXT)
    if not mining:
        sections = [section for section in sections if section != "pools"]
    if not sections:
        raise refusal(Code.FAIL, "fail")
    return {section: _SECTIONS[section](device) for section in sections}


def summary(device: V3Device) -> Json:
    """Return the section ``summary``."""
    state = device.state
    now = device.board.telemetry()
    known = state.climb > 0
    answer: JsonObject = {
        "elapsed": int(now.elapsed),
        "bootup-time": int(now.uptime),
        "freq-avg": _frequency(device, now.frequency),
    }
    if device.api < "3.0.5":
        answer["target-freq"] = 0
    answer |= {
        "factory-hash": _rate(
            sum(board.factory for board in now.boards)
            if known
            else _UNKNOWN_BOARD * len(now.boards)
        ),
        "hash-average": _rate(now.hash_average),
        "hash-1min": _rate(now.hash_1m),
        "hash-15min": _rate(now.hash_15m),
        "hash-realtime": _rate(now.hash_rate),
        "power-rate": round(efficiency(now.power, now.hash_rate), 3),
        "power-5min": round(now.power, 3),
        "power-realtime": round(now.power),
        "environment-temperature": round(now.environment, 1),
        "board-temperature": _board_temperatures(device, now.boards),
        "chip-temp-min": round(now.chip_min, 1),
        "chip-temp-avg": round(now.chip_avg, 1),
        "chip-temp-max": round(now.chip_max, 1),
        "power-limit": now.power_limit,
        "up-freq-finish": int(now.tuned),
        "fan-speed-in": round(now.fan_in),
        "fan-speed-out": round(now.fan_out),
    }
    if device.has(Quirk.ENERGY_COUNTER):
        answer["power-on-stats"] = _since_power_on(device)
    return answer if device.api >= "3.0.5" else answer | {"Debug": ""}


def _since_power_on(device: V3Device) -> Mapping[str, Json]:
    now = device.board.telemetry()
    rejected = rejected_percent(now.accepted, now.rejected)
    return {
        "energy-ws": int(device.state.energy),
        "total-ths": int(now.total),
        "total-pool-ths": int(now.total * (1 - rejected / 100)),
        "reject-percent": round(rejected, 3),
    }


def _board_temperatures(
    device: V3Device, boards: tuple[BoardReading, ...]
) -> list[Json]:
    """Return the temperature of each slot, 0 for an empty one."""
    found = {board.slot: round(board.temperature, 1) for board in boards}
    return [found.get(board.slot, 0) for board in device.state.boards]


def pools(device: V3Device) -> Json:
    """Return the section ``pools``, without the places that are not used."""
    used = [pool for pool in device.state.pools if pool.url]
    return [_pool(device, number, pool) for number, pool in enumerate(used, start=1)]


def _pool(device: V3Device, number: int, pool: Pool) -> JsonObject:
    state = device.state
    rejects = "reject-rate" if device.api >= "3.0.5" else "reject-percent"
    answer: JsonObject = {
        "id": number,
        "url": pool.url,
        "status": "alive" if pool.alive else "dead",
        "account": pool.user,
        "stratum-active": pool is state.pool and state.mining,
        rejects: round(rejected_percent(pool.accepted, pool.rejected), 3),
        "last-share-time": int(pool.last_share),
    }
    if device.api == "3.0.3":
        answer["stratum-diff"] = SHARE_DIFFICULTY
    return answer


def edevs(device: V3Device) -> Json:
    """Return the section ``edevs``."""
    known = device.state.climb > 0
    return [
        {
            "id": number,
            "slot": board.slot,
            "hash-average": _rate(board.hash_average),
            "factory-hash": _rate(board.factory) if known else _UNKNOWN_BOARD,
            "freq": _frequency(device, board.frequency),
            "effective-chips": board.chips,
            "chip-temp-min": round(board.chip_min, 1),
            "chip-temp-avg": round(board.chip_avg, 1),
            "chip-temp-max": round(board.chip_max, 1),
        }
        for number, board in enumerate(device.board.telemetry().boards)
    ]


def _rate(terahashes: float) -> float:
    return round(terahashes, 3)


def _frequency(device: V3Device, megahertz: float) -> float:
    return round(megahertz, 3) if device.api >= "3.0.5" else round(megahertz)


_SECTIONS: dict[str, Callable[[V3Device], Json]] = {
    "summary": summary,
    "pools": pools,
    "edevs": edevs,
}
