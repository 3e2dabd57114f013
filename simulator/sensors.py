"""The readings of the machine; each moves a little, as measured values do."""

from .machine import Board, Machine
from .physics import wobble
from .telemetry import BoardReading, BoardStatus, Telemetry

_BOARD_SHARE = 0.9  # of what the chips are warmer than the coolant


def read_sensors(machine: Machine) -> Telemetry:
    """Read every sensor and counter."""
    hash_rate = _noisy(machine, machine.hash_rate, 1, 0.012)
    chip, board, spread = _temperatures(machine)
    psu_fan = 0.0
    if machine.load > 0.05 and not machine.model.liquid:
        psu_fan = 3500 + 3500 * machine.load
    return Telemetry(
        at=machine.now,
        elapsed=machine.elapsed,
        uptime=max(0.0, machine.now - machine.booted_at),
        hash_rate=hash_rate,
        hash_average=machine.hash_average,
        hash_1m=machine.averages[60].value,
        hash_5m=machine.averages[300].value,
        hash_15m=machine.averages[900].value,
        total=machine.total,
        tuned=machine.tuned,
        tuning_seconds=machine.tuning_seconds if machine.tuned else 0.0,
        power=_noisy(machine, machine.power, 2, 0.004),
        power_limit=0 if machine.recalibrating else machine.limit,
        frequency=machine.frequency,
        target_frequency=machine.model.frequency * (1 + machine.target_freq / 100),
        deviation=abs(wobble(machine.now, machine.identity.phase)) * 0.4,
        fan_in=_noisy(machine, machine.heat.fan_in.value, 3, 0.006),
        fan_out=_noisy(machine, machine.heat.fan_out.value, 4, 0.006),
        environment=_noisy(machine, machine.coolant, 5, 0.004),
        coolant=machine.coolant if machine.model.liquid else 0.0,
        psu_temperature=machine.heat.psu.value,
        psu_fan=_noisy(machine, psu_fan, 6, 0.01),
        board_temperature=board,
        chip_min=chip - spread,
        chip_avg=chip,
        chip_max=chip + 0.9 * spread,
        accepted=sum(pool.accepted for pool in machine.pools),
        rejected=sum(pool.rejected for pool in machine.pools),
        last_share=max((pool.last_share for pool in machine.pools), default=0.0),
        boards=tuple(
            _read_board(machine, board, hash_rate)
            for board in machine.boards
            if board.present
        ),
    )


def _read_board(machine: Machine, board: Board, hash_rate: float) -> BoardReading:
    # A board gets its part of what the boards that work bring about together.
    together = machine.working * len(machine.boards)
    part = board.quality / together if board.works else 0.0
    awake = board.alive and machine.climb > 0
    chip, temperature, spread = _temperatures(machine)
    warmer = (board.quality - 1) * 60  # a board that does more is warmer
    status: BoardStatus = "Alive" if awake else "Initialising"
    return BoardReading(
        slot=board.slot,
        status=status if board.alive else "Dead",
        serial=board.serial,
        chips=machine.model.chips if awake else 0,
        hash_rate=hash_rate * part,
        hash_average=machine.hash_average * part,
        hash_1m=machine.averages[60].value * part,
        hash_5m=machine.averages[300].value * part,
        hash_15m=machine.averages[900].value * part,
        factory=machine.model.hash_rate / len(machine.boards) * board.quality,
        frequency=machine.frequency * board.quality if awake else 0.0,
        temperature=temperature + warmer,
        chip_min=chip + warmer - spread if awake else 0.0,
        chip_avg=chip + warmer if awake else 0.0,
        chip_max=chip + warmer + 0.9 * spread if awake else 0.0,
        tuned=machine.tuned and awake,
        accepted=int(sum(pool.accepted for pool in machine.pools) * part),
        rejected=int(sum(pool.rejected for pool in machine.pools) * part),
    )


def _temperatures(machine: Machine) -> tuple[float, float, float]:
    """Return chips (0 while they are not clocked), boards, and the spread of chips."""
    chip = machine.heat.chip.value
    board = machine.coolant + _BOARD_SHARE * (chip - machine.coolant)
    if not machine.climb:
        return 0.0, board, 0.0
    return chip, board, 14.0 * min(1.0, machine.load)


def _noisy(machine: Machine, value: float, channel: int, share: float) -> float:
    return value * (
        1 + share * wobble(machine.now, machine.identity.phase + 11 * channel)
    )
