"""The job's row: durable progress of a flow, and the API's async job."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table

PENDING, SUCCEEDED, FAILED, CANCELLED = 0, 1, 2, 3
"""jobstatus (api-conventions, section 6)."""


@table(
    "async_job",
    Index("async_job_uuid", "uuid", unique=True),
    Index("async_job_pending", "id", where="status = 0"),
    Index("async_job_account", "account_id", "id", where="parent_uuid IS NULL"),
    Index("async_job_domain", "domain_id", "id", where="parent_uuid IS NULL"),
    Index("async_job_instance", "instance_uuid", "id", where="status = 0 AND instance_uuid IS NOT NULL"),
    Index("async_job_completed", "completed_ms", where="completed_ms IS NOT NULL"),
    big=True,
    fill_percent=60,
)
class JobRow(Row):
    """`step` counts committed progress: the next step to do, or while `undoing` the next to undo, plus one.

    `token` is the epoch of the server that owns the job: every write names it, so a server that lost its lease can
    write no more. `state_json` is the flow's state at the last commit.
    """

    id: int
    uuid: str
    command: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    user_id: Annotated[int, Ref("users")]
    status: int
    step: int
    undoing: bool
    state_json: str
    error_json: str | None
    sync_key: str | None
    parent_uuid: str | None
    owner: int
    token: int
    instance_type: str | None
    instance_uuid: str | None
    result_code: int
    result_json: str | None
    created_ms: int
    completed_ms: int | None


INSERT = insert("job.insert", JobRow)
BY_UUID = select("job.by_uuid", JobRow, "WHERE uuid = $1")
BY_UUIDS = select("job.by_uuids", JobRow, "WHERE uuid = ANY($1)")
PENDING_JOBS = select("job.pending", JobRow, "WHERE status = 0 AND id > $1 ORDER BY id LIMIT 5000")
PENDING_OF = statement(
    "job.pending_of",
    "SELECT COUNT(*) FROM async_job WHERE status = 0 AND owner = $1",
    full_scan="unfinished jobs only, for an operator who waits for their end",
)
PENDING_ON = statement(
    "job.pending_on", "SELECT instance_uuid FROM async_job WHERE status = 0 AND instance_uuid = ANY($1)"
)
ADOPT = statement(
    "job.adopt", "UPDATE async_job SET owner = $2, token = $3 WHERE id = $1 AND status = 0 AND token <= $3"
)
TAKE_OVER = statement(
    "job.take_over",
    "UPDATE async_job SET owner = $3, token = $4 WHERE id = $1 AND status = 0 AND token = $2"
    " AND EXISTS (SELECT 1 FROM control_process WHERE epoch = $4 AND state = 'Up')",
)
PROGRESS = statement(
    "job.progress",
    "UPDATE async_job SET step = $3, undoing = $4, state_json = $5, error_json = $6"
    " WHERE id = $1 AND token = $2 AND status = 0 AND step = $7 AND undoing = $8",
)
FINISH = statement(
    "job.finish",
    "UPDATE async_job SET status = $3, state_json = '{}', result_code = $4, result_json = $5, completed_ms = $6"
    " WHERE id = $1 AND token = $2 AND status = 0",
)
EXPIRE = statement(
    "job.expire",
    "DELETE FROM async_job WHERE id IN (SELECT id FROM async_job WHERE completed_ms < $1 ORDER BY completed_ms"
    " LIMIT 1000)",
)
