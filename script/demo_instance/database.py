"""Fills the database of a Home Assistant with states of a time in which it did not run.

States only: Home Assistant itself makes statistics of them when it starts.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, delete, func, insert, select
from sqlalchemy.orm import Session

from homeassistant.components.recorder.db_schema import (
    Events,
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


def fill(config: Path, history: Mapping[str, Series]) -> None:
    """Replace the few states that Home Assistant has recorded; it must not run.

    Args:
        config: the folder of its configuration.
        history: of each entity, the oldest state first. An entity that was not recorded is left out.
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
    """Return the rows with their ids, each with that of the state before it, as Activity needs them."""
    before: dict[int, int] = {}
    linked = []
    for number, row in enumerate(rows, start=1):
        linked.append(
            {
                "state_id": number,
                "old_state_id": before.get(row["metadata_id"]),
                "context_id_bin": ulid_to_bytes(ulid_at_time(row["last_updated_ts"])),
                "origin_idx": 0,
                **row,
            }
        )
        before[row["metadata_id"]] = number
    return linked
