"""Moves of a network from state to state: the table is the catalogue's, the guard is the row as it was read."""

from __future__ import annotations

from typing import Final

import msgspec

from lakh.catalogue.states import machine
from lakh.resources.network.row import NetworkRow
from lakh.store.statement import TxnSpec, statement

MACHINE: Final = machine("Network.State")

MOVE = statement(
    "network.move",
    "UPDATE network SET state = $4, broadcast_uri = $5, implemented = $6"
    " WHERE id = $1 AND state = $2 AND implemented = $3 AND removed_ms IS NULL",
)


def move(
    txn: TxnSpec, network: NetworkRow, event: str, *, broadcast_uri: str | None = None, ended: bool = False
) -> NetworkRow:
    """Adds the guarded move and returns the network as it will be. `ended` counts an implementation's end.

    Raises IllegalMoveError.
    """
    after = msgspec.structs.replace(
        network,
        state=MACHINE.legal(network.state, event),
        broadcast_uri=broadcast_uri,
        implemented=network.implemented + (1 if ended else 0),
    )
    txn.add(MOVE, network.id, network.state, network.implemented, after.state, broadcast_uri, after.implemented)
    return after
