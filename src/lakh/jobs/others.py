"""Jobs that run in other control processes, as they told of them: so that a poll here costs no SQL while they run.

Their end is read from the store, once it was told: what a job did is known here before that it has ended.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from lakh.base import limits
from lakh.jobs.row import FINISH, INSERT, PENDING, JobRow
from lakh.store.statement import Step
from lakh.store.store import Store

_STATE: Final = INSERT.insert_columns.index("state_json")
_TOLD: Final = frozenset(INSERT.insert_columns) - {"state_json", "error_json", "result_json"}


class OtherJobs:
    """Those that were admitted since this process began, and have not ended."""

    def __init__(self, store: Store) -> None:
        self._by_id: OrderedDict[int, JobRow] = OrderedDict()
        self._by_uuid: dict[str, JobRow] = {}
        self._ended: OrderedDict[int, None] = OrderedDict()
        store.follow_others("async_job", self._heard, _TOLD)

    def find(self, uuid: str) -> JobRow | None:
        """The job while it runs elsewhere; its state is not told."""
        return self._by_uuid.get(uuid)

    def has_told_its_end(self, job_id: int) -> bool:
        """True when the job's process has told all that it did."""
        return job_id in self._ended

    def _heard(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.statement is INSERT:
                values = list(step.arguments)
                values[_STATE] = "{}"
                self._began(JobRow(*values))
            elif step.statement is FINISH:
                self._end(step.arguments[0])
            elif not step.statement.text:
                self._by_id.clear()
                self._by_uuid.clear()

    def _began(self, job: JobRow) -> None:
        if job.status != PENDING:
            return
        self._by_id[job.id] = self._by_uuid[job.uuid] = job
        if len(self._by_id) > limits.JOBS_WAITING:
            _, oldest = self._by_id.popitem(last=False)
            del self._by_uuid[oldest.uuid]

    def _end(self, job_id: int) -> None:
        job = self._by_id.pop(job_id, None)
        if job is not None:
            del self._by_uuid[job.uuid]
        self._ended[job_id] = None
        if len(self._ended) > limits.JOBS_REMEMBERED:
            self._ended.popitem(last=False)
