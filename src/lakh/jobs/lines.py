"""Jobs that name the same `sync_key` run one after another (CloudStack's sync objects), in order of admission.

Where a server has several control processes, the one at the head of a line here must also have the line's place in the
store, which it gives up in the transaction that ends the job. A job that is admitted to an empty line asks for the
place in the transaction that stores it, so the usual one costs no transaction more; whoever finds it taken asks again
when somebody has left, and every RETRY_SECONDS in case that was not told. The place belongs to the job, not to its
process: whoever takes the job over has it. Between processes the order is that of asking.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import JobRow
from lakh.store.statement import TxnSpec, insert, select, statement
from lakh.store.store import GuardFailedError, StoreUnavailableError
from lakh.store.table import Row, table

log = logger(__name__)

RETRY_SECONDS: Final = 1.0


@table("job_line", primary_key=("sync_key",), big=True)
class JobLineRow(Row):
    """Which job has the place at the head of a line."""

    sync_key: str
    job_id: int


TAKE_PLACE = insert("job_line.take", JobLineRow, conflict="ON CONFLICT (sync_key) DO NOTHING")
LEAVE_PLACE = statement("job_line.leave", "DELETE FROM job_line WHERE sync_key = $1 AND job_id = $2")
_HOLDER = select("job_line.by_key", JobLineRow, "WHERE sync_key = $1")
_CLEAR = statement(
    "job_line.clear",
    "DELETE FROM job_line WHERE sync_key = $1"
    " AND NOT EXISTS (SELECT 1 FROM async_job j WHERE j.id = job_line.job_id AND j.status = 0)",
)


class Lines:
    """The lines of one process. `ready` is called with each job whose turn it is, and with what its admission knows if
    it had not to wait."""

    def __init__(self, cloud: Cloud, ready: Callable[[JobRow, dict[str, Any] | None], None]) -> None:
        self._cloud = cloud
        self._ready = ready
        self._lines: dict[str, deque[JobRow]] = {}
        self._led: dict[str, asyncio.Task[None] | None] = {}  # by uuid: whose turn it is, or who asks for the place
        self._left = asyncio.Event()
        cloud.store.on_commit(self._changed)

    def ask(self, job: JobRow) -> TxnSpec | None:
        """What to store with a new job so that it has the place at once if that is free; None where it would not."""
        if self._cloud.controls == 1 or job.sync_key is None or job.sync_key in self._lines:
            return None
        return TxnSpec("job.place").add(TAKE_PLACE, job.sync_key, job.id, expect=None)

    def enter(self, job: JobRow, memory: dict[str, Any] | None = None, *, has_place: bool = False) -> None:
        """Puts a job in its line; without a key it is ready at once."""
        if job.sync_key is None:
            self._ready(job, memory)
            return
        line = self._lines.setdefault(job.sync_key, deque())
        if has_place:  # so nobody of this line runs now, here or elsewhere
            line.appendleft(job)
            self._led[job.uuid] = None
            self._ready(job, memory)
            return
        line.append(job)
        if len(line) == 1:
            self._lead(job, memory)

    def leave(self, job: JobRow) -> None:
        """A job has ended, or is no longer run here."""
        line = self._lines.get(job.sync_key or "")
        if line is None:
            return
        was_first = line[0].uuid == job.uuid
        rest = deque(other for other in line if other.uuid != job.uuid)
        if not was_first:
            self._lines[job.sync_key or ""] = rest
        elif rest:
            self._lines[job.sync_key or ""] = rest
            self._lead(rest[0])
        else:
            del self._lines[job.sync_key or ""]
        self._led.pop(job.uuid, None)

    def stop(self) -> None:
        for task in self._led.values():
            if task is not None:
                task.cancel()

    def _lead(self, job: JobRow, memory: dict[str, Any] | None = None) -> None:
        if job.uuid in self._led:
            return
        if self._cloud.controls == 1:
            self._led[job.uuid] = None
            self._ready(job, memory)
        else:
            self._led[job.uuid] = asyncio.create_task(self._wait(job), name=f"line {job.sync_key}")

    async def _wait(self, job: JobRow) -> None:
        while True:
            self._left.clear()
            try:
                if await self._take(job):
                    break
            except (StoreUnavailableError, GuardFailedError) as error:
                log.warning("a job's place in line could not be asked for", job=job.uuid, reason=str(error))
            waits = {
                asyncio.ensure_future(self._left.wait()),
                asyncio.ensure_future(self._cloud.clock.sleep(RETRY_SECONDS)),
            }
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        self._ready(job, None)

    async def _take(self, job: JobRow) -> bool:
        """True when the job has the place. A place whose job has ended is nobody's."""
        store = self._cloud.store
        asked = await store.submit(TxnSpec("job.place").add(TAKE_PLACE, job.sync_key, job.id, expect=None))
        if asked[0]:
            return True
        holder = await store.rows(_HOLDER, job.sync_key)
        if holder and holder[0].job_id == job.id:
            return True
        await store.submit(TxnSpec("job.clear_place").add(_CLEAR, job.sync_key, expect=None))
        return False

    def _changed(self, tables: frozenset[str]) -> None:
        if "job_line" in tables:
            self._left.set()
