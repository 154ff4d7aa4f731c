"""What operators want of a host: its resource state, moved by the catalogue's table and guarded by the state read."""

from __future__ import annotations

from typing import Any, Final

from lakh.base.errors import ParameterError
from lakh.catalogue.states import IllegalMoveError, machine
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import BY_ID, MOVE_RESOURCE, HostRow
from lakh.store.statement import TxnSpec

MACHINE: Final = machine("Host.ResourceState")


async def live_host(cloud: Cloud, host_id: int, parameter: str = "id") -> HostRow:
    """The host's row as it is now. Raises ParameterError when it was deleted."""
    rows = await cloud.store.rows(BY_ID, host_id)
    if not rows or rows[0].removed_ms is not None:
        named = rows[0].uuid if rows else host_id
        raise ParameterError(f"Unable to find host {named}: parameter {parameter} must name one that is not deleted")
    return rows[0]


def next_state(host: HostRow, event: str) -> str:
    """The resource state that `event` leads to. Raises ParameterError that says what is possible instead."""
    try:
        return MACHINE.legal(host.resource_state, event)
    except IllegalMoveError as refused:
        possible = ", ".join(MACHINE.events(host.resource_state)) or "nothing"
        raise ParameterError(
            f"Host {host.name} is in resource state {host.resource_state}, where {event} is not possible; possible"
            f" there: {possible}"
        ) from refused


def move(txn: TxnSpec, host: HostRow, event: str) -> str:
    """Adds the guarded move to `txn` and returns the new state. Raises ParameterError."""
    state = next_state(host, event)
    txn.add(MOVE_RESOURCE, host.id, host.resource_state, state)
    return state


def move_by(run: Run[Any], txn: TxnSpec, host: HostRow, event: str) -> str:
    """The move of a flow's step: placement learns of it with the commit."""
    state = move(txn, host, event)
    run.when_committed(lambda: run.cloud.part(HostIndex).set_state(host.id, resource_state=state))
    return state
