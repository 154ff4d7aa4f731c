"""Rows of small tables that a command works on: there, and not deleted."""

from __future__ import annotations

from typing import TypeVar

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.store.table import Row

T = TypeVar("T", bound=Row)


async def live(cloud: Cloud, row: type[T], row_id: int, parameter: str) -> T:
    """The row of a snapshot table. Raises ParameterError when it was deleted, for uuids of deleted rows still bind."""
    found = (await cloud.snapshots.of(row)).by_id.get(row_id)
    if found is None or getattr(found, "removed_ms", None) is not None:
        name = row.TABLE.name.replace("_", " ")
        shown = getattr(found, "uuid", row_id)
        raise ParameterError(f"Unable to find {name} {shown}: parameter {parameter} must name one that is not deleted")
    return found


def flag_state(parameter: str, given: str | None, states: tuple[str, ...]) -> str | None:
    """One of `states`, given in any case; None for none. Raises ParameterError that lists them."""
    if not given:
        return None
    for state in states:
        if state.lower() == given.lower():
            return state
    raise ParameterError(f"Invalid parameter {parameter} {given}: give {' or '.join(states)}")
