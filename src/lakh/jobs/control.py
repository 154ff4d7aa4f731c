"""The control processes of a server: a row for each start, with its epoch, and a beat that says it is alive.

The epoch fences: every write of a job names the epoch that owns it. Where a server has several control processes each
start takes the next epoch of the server's row, so no two ever have the same.
"""

from __future__ import annotations

from lakh.store.statement import insert, select, statement
from lakh.store.table import Row, table

UP, DOWN = "Up", "Down"


@table("control_process", primary_key=("epoch",))
class ControlRow(Row):
    """`number` is the process's place in its server, from 1. `beats` grows while it lives: others compare it with what
    they saw before, so nobody's clock is trusted. Down is for ever: who was declared so ends, and starts as another."""

    epoch: int
    server_id: int
    number: int
    state: str
    beats: int
    started_ms: int
    heartbeat_ms: int


INSERT = insert("control_process.insert", ControlRow)
ALL = select("control_process.all", ControlRow, "ORDER BY epoch")
BEAT = statement(
    "control_process.beat",
    "UPDATE control_process SET beats = beats + 1, heartbeat_ms = $2 WHERE epoch = $1 AND state = 'Up'",
)
DECLARE_DOWN = statement(
    "control_process.declare_down",
    "UPDATE control_process SET state = 'Down' WHERE epoch = $1 AND beats = $2 AND state = 'Up'",
)
PREDECESSORS_DOWN = statement(
    "control_process.predecessors_down",
    "UPDATE control_process SET state = 'Down' WHERE server_id = $1 AND epoch < $3 AND ($2 = 0 OR number = $2)",
)
FORGET = statement("control_process.forget", "DELETE FROM control_process WHERE epoch = $1 AND state = 'Down'")
