"""Fills the database of a Home Assistant with states and events of a time in which it did not run.

Home Assistant itself makes statistics of the states when it starts. The tables are the recorder's own, and may
change with any version: `script/demo --smoke` reads the result through Home Assistant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, delete, func, insert, select
from sqlalchemy.orm import Session

from homeassistant.components.recorder.db_schema import (
    EventData,
    Events,
    EventTypes,
    States,
    StatesMeta,
    Statistics,
    StatisticsRuns,
    StatisticsShortTerm,
)
from homeassistant.util.ulid import ulid_at_time, ulid_to_bytes

DATABASE = "home-assistant_v2.db"
_PERIOD = 300  # seconds of the recorder's statistics

# The time in epoch seconds, and the state from then on.
type Series = list[tuple[float, str]]
type _Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fired:
    """An event that was fired at a time in epoch seconds."""

    at: float
    kind: str
    data: Mapping[str, Any]


def fill(
    config: Path, history: Mapping[str, Series], events: Sequence[Fired] = ()
) -> None:
    """Replace the little that Home Assistant has recorded. Home Assistant must not run meanwhile.

    Args:
        config: the folder of its configuration.
        history: of each entity, the oldest state first. An entity that was not recorded is left out.
        events: what was fired meanwhile.
    """
    engine = create_engine(f"sqlite:///{config / DATABASE}")
    with Session(engine) as session, session.begin():
        last = select(func.max(States.state_id)).group_by(States.metadata_id)
        known = {
            entity_id: (metadata, attributes)
            for entity_id, metadata, attributes in session.execute(
                select(StatesMeta.entity_id, States.metadata_id, States.attributes_id)
                .join(StatesMeta, StatesMeta.metadata_id == States.metadata_id)
                .where(States.state_id.in_(last))
            )
        }
        for table in (States, Events, Statistics, StatisticsShortTerm, StatisticsRuns):
            session.execute(delete(table))
        rows = [
            {"metadata_id": metadata, "attributes_id": attributes, **row}
            for entity_id, (metadata, attributes) in known.items()
            for row in _rows(history.get(entity_id, []))
        ]
        rows.sort(key=lambda row: row["last_updated_ts"])
        session.execute(insert(States), _linked(rows))
        for event in events:
            _add(session, event)
        # Home Assistant makes all statistics that are missing after the last run of that.
        begin = rows[0]["last_updated_ts"] // _PERIOD * _PERIOD
        before = datetime.fromtimestamp(begin - _PERIOD, UTC)
        session.add(StatisticsRuns(start=before))
    engine.dispose()


def _rows(series: Series) -> Iterator[_Row]:
    """Yield what is in the database of an entity: a row for each change."""
    before = None
    for at, state in series:
        if state != before:
            yield {"state": state, "last_updated_ts": at}
        before = state


def _linked(rows: Iterable[_Row]) -> list[_Row]:
    """Return the rows with their ids. Each has the id of the state before it, which Activity needs."""
    before: dict[int, int] = {}
    linked = []
    for number, row in enumerate(rows, start=1):
        linked.append(
            {
                "state_id": number,
                "old_state_id": before.get(row["metadata_id"]),
                "context_id_bin": _context(row["last_updated_ts"]),
                "origin_idx": 0,
                **row,
            }
        )
        before[row["metadata_id"]] = number
    return linked


def _add(session: Session, event: Fired) -> None:
    """Add an event, and its type unless the database has it already."""
    kind = session.scalar(select(EventTypes).filter_by(event_type=event.kind))
    if kind is None:
        kind = EventTypes(event_type=event.kind)
    text = json.dumps(event.data)
    data = EventData(
        shared_data=text, hash=EventData.hash_shared_data_bytes(text.encode())
    )
    session.add_all([kind, data])
    session.flush()
    session.add(
        Events(
            event_type_id=kind.event_type_id,
            data_id=data.data_id,
            time_fired_ts=event.at,
            context_id_bin=_context(event.at),
            origin_idx=0,
        )
    )


def _context(at: float) -> bytes:
    """Return the id of a new context for an event at a time."""
    return ulid_to_bytes(ulid_at_time(at))
