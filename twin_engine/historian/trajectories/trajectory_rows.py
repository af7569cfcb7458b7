"""Rows of the table ``trajectory``: all functions are called within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, and_, insert, select
from sqlalchemy import delete as sql_delete

from heatpump_twin.twin_engine.historian.columns.column_codec import decode_columns, encode_columns
from heatpump_twin.twin_engine.historian.database.tables import TRAJECTORY
from heatpump_twin.twin_engine.trajectory import Trajectory

_T = TRAJECTORY.c


def add_trajectories(connection: Connection, issued: Sequence[Trajectory]) -> None:
    """Keep trajectories; one of the same point, scenario and moment is replaced."""
    for one in issued:
        same = and_(_T.key == one.key, _T.scenario == one.scenario, _T.issued == one.issued)
        connection.execute(sql_delete(TRAJECTORY).where(same))
    if issued:
        connection.execute(insert(TRAJECTORY), [_row(one) for one in issued])


def issued_between(
    connection: Connection,
    key: str,
    scenario: str,
    span: tuple[int, int],
    *,
    limit: int,
    reverse: bool,
) -> list[Trajectory]:
    """Return the trajectories with first ≤ issued < last, in order of their issue.

    Raises
    ------
    DamagedBlock
        The bytes of one have changed.
    """
    query = select(TRAJECTORY).where(
        _T.key == key, _T.scenario == scenario, _T.issued >= span[0], _T.issued < span[1]
    )
    order = _T.issued.desc() if reverse else _T.issued
    return [_read(row) for row in connection.execute(query.order_by(order).limit(limit))]


def drop_trajectories(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest trajectories, at most ``limit`` of those issued before a time."""
    old = select(_T.id).where(_T.issued < before).order_by(_T.issued).limit(limit)
    return connection.execute(sql_delete(TRAJECTORY).where(_T.id.in_(old))).rowcount


def _row(one: Trajectory) -> dict[str, object]:
    return {
        "key": one.key,
        "scenario": one.scenario,
        "issued": one.issued,
        "model": one.model,
        # Neither database has an unsigned 32-bit type: the same bits, signed.
        "status": int(np.uint32(one.status).view(np.int32)),
        "data": encode_columns(one.time, one.quantiles, one.values.ravel()),
    }


def _read(row: Row[Any]) -> Trajectory:
    time, quantiles, values = decode_columns(row.data, 3)
    return Trajectory(
        row.key,
        row.issued,
        time,
        quantiles,
        values.reshape(len(quantiles), len(time)),
        row.model,
        row.status & 0xFFFF_FFFF,
        row.scenario,
    )
