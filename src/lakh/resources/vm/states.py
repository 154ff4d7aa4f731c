"""Moves of a VM from state to state: the table is the catalogue's, the guard is the row as it was read.

    vm = move(txn, vm, "StopRequested", now_ms)                          # Running → Stopping, host kept
    vm = move(txn, vm, "OperationSucceeded", now_ms, host_id=None)       # Stopping → Stopped, off its host

A move that another one overtook changes no row, so its transaction fails and its step reads the VM again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lakh.catalogue.states import machine
from lakh.resources.vm.row import VmRow
from lakh.store.statement import TxnSpec, statement

MACHINE: Final = machine("VirtualMachine.State")

GONE: Final = ("Destroyed", "Expunging", "Error")
"""States of a VM that nothing runs of and that only expunging leads on from (or recovering, from the first)."""

MOVE = statement(
    "vm.move",
    "UPDATE vm SET state = $4, host_id = $5, last_host_id = $6, updated_ms = $7,"
    " pod_id = COALESCE((SELECT h.pod_id FROM host h WHERE h.id = $5), pod_id)"
    " WHERE id = $1 AND state = $2 AND COALESCE(host_id, 0) = $3 AND removed_ms IS NULL",
)

SAME_SIZE = statement(
    "vm.same_size",
    "UPDATE vm SET cpus = cpus WHERE id = $1 AND cpus = $2 AND speed_mhz = $3 AND memory_mb = $4"
    " AND removed_ms IS NULL",
)

_SAME: Final = -1


def move(txn: TxnSpec, vm: VmRow, event: str, now_ms: int, *, host_id: int | None = _SAME) -> VmRow:
    """Adds the guarded move to `txn` and returns the VM as it will be. A host it leaves becomes its last host.

    `host_id` is the host that the VM takes capacity of afterwards; as before unless given. Raises IllegalMoveError.
    """
    state = MACHINE.legal(vm.state, event)
    host = vm.host_id if host_id == _SAME else host_id
    last_host = host or vm.host_id or vm.last_host_id
    txn.add(MOVE, vm.id, vm.state, vm.host_id or 0, state, host, last_host, now_ms)
    return msgspec.structs.replace(vm, state=state, host_id=host, last_host_id=last_host, updated_ms=now_ms)


def guard_size(txn: TxnSpec, vm: VmRow) -> None:
    """Has the transaction fail where the VM has another size by now. For those who reckon with its size and do not hold
    its line: a running VM may be scaled, and a stopped one be given another offering, at any moment."""
    txn.add(SAME_SIZE, vm.id, vm.cpus, vm.speed_mhz, vm.memory_mb)
