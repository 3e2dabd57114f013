"""Which entities a miner has. Users' automations name them, so this is a promise."""

from collections.abc import Iterable

from simulator import MODELS, Cooling

from ..miners import HYDRO, OLD, Plan

_EVERY_MINER = """
    sensor.hash_rate sensor.hash_rate_average sensor.hash_rate_1m sensor.hash_rate_15m
    sensor.target_hash_rate sensor.factory_hash_rate sensor.power sensor.energy
    sensor.efficiency sensor.chip_temperature sensor.chip_temperature_min
    sensor.chip_temperature_max sensor.board_temperature sensor.frequency
    sensor.mining_since sensor.booted sensor.accepted_shares sensor.rejected_shares
    sensor.pool_rejection sensor.pool sensor.worker sensor.last_share sensor.faults
    sensor.pool_difficulty sensor.restart_count
    binary_sensor.running binary_sensor.stable binary_sensor.pool_connected
    binary_sensor.problem binary_sensor.write_access
    switch.mining switch.fast_boot switch.web_pools
    number.power_percent number.target_frequency
    select.power_mode
    button.restart_mining button.reboot button.identify
    event.fault
"""
_AIR = "sensor.fan_speed_in sensor.fan_speed_out sensor.psu_fan_speed"
_LIQUID = "sensor.coolant_temperature"
_SINCE_V2 = """
    sensor.environment_temperature sensor.psu_temperature sensor.psu_input_voltage
    sensor.psu_input_current sensor.psu_input_power
    sensor.stop_reason
    number.power_limit number.upfreq_speed
"""
_AIR_SINCE_V2 = (
    "number.temperature_offset switch.poweroff_cooling switch.fan_zero_speed"
)
_BEFORE_V22 = """
    sensor.target_frequency sensor.hash_deviation sensor.preheat_state
    button.preheat
"""
_EVERY_BOARD = """
    sensor.hash_rate sensor.temperature sensor.frequency sensor.effective_chips
    binary_sensor.alive
"""
_BOARD_BEFORE_V22 = """
    sensor.chip_temperature sensor.chip_temperature_min sensor.chip_temperature_max
    sensor.accepted_shares sensor.rejected_shares sensor.voltage_difference
"""
# Those that are there but disabled, of a miner and of a hashboard alike.
_DISABLED = """
    hash_rate_1m hash_rate_15m factory_hash_rate chip_temperature_min psu_fan_speed
    accepted_shares rejected_shares last_share pool_difficulty psu_input_power
    hash_deviation voltage_difference
"""


def keys(plan: Plan) -> set[str]:
    """Return the ``kind.key`` of the entities of a miner and of its hashboards."""
    air = plan.cooling is Cooling.AIR
    found = set(_EVERY_MINER.split())
    found.update((_AIR if air else _LIQUID).split())
    board = set(_EVERY_BOARD.split())
    if plan is not OLD:
        found.update(_SINCE_V2.split())
        if air:
            found.update(_AIR_SINCE_V2.split())
    if plan is not HYDRO:
        found.update(_BEFORE_V22.split())
        board.update(_BOARD_BEFORE_V22.split())
    return found | {
        board_key(slot, key) for slot in range(boards(plan)) for key in board
    }


def enabled(found: Iterable[str], plan: Plan) -> set[str]:
    """Return those of some keys that nobody has to enable first."""
    disabled = set(_DISABLED.split())
    on_boards = disabled | {"chip_temperature_max"}
    return {
        key
        for key in found
        if _bare(key) not in (on_boards if _slot(key) else disabled)
    }


def boards(plan: Plan) -> int:
    """Return how many hashboards a miner has."""
    return MODELS[plan.model].boards


def board_key(slot: int, key: str) -> str:
    """Return the ``kind.key`` of an entity of a hashboard."""
    kind, _, bare = key.partition(".")
    return f"{kind}.board{slot}_{bare}"


def _slot(key: str) -> str:
    """Return the slot of a hashboard's key, empty for one of the miner."""
    return key.partition(".board")[2].partition("_")[0]


def _bare(key: str) -> str:
    """Return a key without its kind and hashboard."""
    bare = key.partition(".")[2]
    return bare.partition("_")[2] if _slot(key) else bare
