"""Pieces of answers that more than one generation prints alike."""

from ..clock import local_time
from ..device import Device
from ..physics import SHARE_DIFFICULTY
from ..quirks import Quirk
from ..settings import Pool
from ..telemetry import BoardReading, Telemetry
from ..wire import Fixed, JsonObject


def status(message: str) -> JsonObject:
    """Return the short STATUS entry."""
    return {"STATUS": "S", "Msg": message}


def hash_rates(reading: Telemetry | BoardReading) -> JsonObject:
    """Return the classic hash rates, in MH/s."""
    return {
        "MHS av": Fixed(reading.hash_average * 1e6),
        "MHS 5s": Fixed(reading.hash_rate * 1e6),
        "MHS 1m": Fixed(reading.hash_1m * 1e6),
        "MHS 5m": Fixed(reading.hash_5m * 1e6),
        "MHS 15m": Fixed(reading.hash_15m * 1e6),
        "HS RT": Fixed(reading.hash_rate * 1e6),
    }


def efficiency(power: float, hash_rate: float) -> float:
    """Return J/TH, 0 while not hashing."""
    return power / hash_rate if hash_rate else 0.0


def rejected_percent(accepted: int, rejected: int) -> float:
    """Return the share of rejected shares in percent."""
    return 100 * rejected / (accepted + rejected) if accepted + rejected else 0.0


def power_status(device: Device, limit: str) -> JsonObject:
    """Return what ``status`` of every generation after V1 begins with."""
    state = device.state
    switch: JsonObject = {
        "mineroff": "false" if state.mining else "true",
        "mineroff_reason": state.stop_reason,
        "mineroff_time": local_time(state.stopped_at),
    }
    return ({} if Quirk.NO_MINEROFF in device.quirks else switch) | {
        "FirmwareVersion": device.storage.firmware_version,
        "power_mode": state.power_mode,
        "power_limit_set": limit,
    }


def classic_pool(device: Device, number: int, pool: Pool) -> JsonObject:
    """Return an entry of ``pools`` with all of cgminer's keys.

    Args:
        device: the miner.
        number: counts from 1.
        pool: may be an unused place with an empty URL.
    """
    active = pool is device.state.pool and device.state.mining
    work = float(SHARE_DIFFICULTY)
    host = pool.url.rpartition("/")[2].partition(":")[0]
    return {
        "POOL": number,
        "URL": pool.url,
        "Status": pool_status(pool),
        "Priority": number - 1,
        "Quota": 1,
        "Long Poll": "N",
        "Getworks": pool.accepted // 3,
        "Accepted": pool.accepted,
        "Rejected": pool.rejected,
        "Works": pool.accepted * 60,
        "Discarded": 0,
        "Stale": 0,
        "Get Failures": 0,
        "Remote Failures": 0,
        "User": pool.user,
        "Last Share Time": int(pool.last_share),
        "Diff1 Shares": (pool.accepted + pool.rejected) * SHARE_DIFFICULTY,
        "Proxy Type": "",
        "Proxy": "",
        "Difficulty Accepted": Fixed(pool.accepted * work, 8),
        "Difficulty Rejected": Fixed(pool.rejected * work, 8),
        "Difficulty Stale": Fixed(0, 8),
        "Last Share Difficulty": Fixed(work if pool.last_share else 0, 8),
        "Work Difficulty": Fixed(work if active else 0, 8),
        "Has Stratum": 1,
        "Stratum Active": active,
        "Stratum URL": host if active else "",
        "Stratum Difficulty": Fixed(work if active else 0, 8),
        "Best Share": pool.accepted * 1_000_003 % 9_999_999_999,
        "Pool Rejected%": Fixed(rejected_percent(pool.accepted, pool.rejected), 4),
        "Pool Stale%": Fixed(0, 4),
        "Bad Work": 0,
        "Current Block Height": 974_213 if active else 0,
        "Current Block Version": 536_870_916,
    }


def pool_status(pool: Pool) -> str:
    """Return how the miner finds a pool."""
    if not pool.url:
        return "Disabled"
    return "Alive" if pool.alive else "Dead"
