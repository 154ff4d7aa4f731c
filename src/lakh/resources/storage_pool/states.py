"""A pool's status moves by the catalogue's table, guarded by the status that was read."""

from __future__ import annotations

from typing import Final

from lakh.base.errors import ParameterError
from lakh.catalogue.states import IllegalMoveError, machine
from lakh.resources.storage_pool.row import MOVE, StoragePoolRow
from lakh.store.statement import TxnSpec

MACHINE: Final = machine("StoragePoolStatus")


def next_status(pool: StoragePoolRow, event: str) -> str:
    """The status that `event` leads to. Raises ParameterError that says what is possible instead."""
    try:
        return MACHINE.legal(pool.status, event)
    except IllegalMoveError as refused:
        possible = ", ".join(MACHINE.events(pool.status)) or "nothing"
        raise ParameterError(
            f"Storage pool {pool.name} is {pool.status}, where {event} is not possible; possible there: {possible}"
        ) from refused


def move(txn: TxnSpec, pool: StoragePoolRow, event: str) -> str:
    """Adds the guarded move to `txn` and returns the new status. Raises ParameterError."""
    status = next_status(pool, event)
    txn.add(MOVE, pool.id, pool.status, status)
    return status
