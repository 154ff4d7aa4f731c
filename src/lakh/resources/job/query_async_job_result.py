"""queryAsyncJobResult: where a job stands, and its result once done. The most called command of all."""

from __future__ import annotations

from typing import Final

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.binding import unknown_entity
from lakh.contract.declaration import param
from lakh.contract.types import UuidText
from lakh.jobs.row import BY_UUID, JobRow
from lakh.resources.account.ownership import may_see
from lakh.resources.command import Call, SyncCommand
from lakh.resources.job.view import JobView, job_view
from lakh.store.statement import select

LATEST_OF = select("job.latest_of_instance", JobRow, "WHERE instance_uuid = $1 AND status = 0 ORDER BY id DESC LIMIT 1")

TOLD_MS: Final = 10_000
"""What a job of another control process has done is known here long before."""


class QueryAsyncJobResult(
    SyncCommand,
    answer=JobView,
    envelope="flat",
    java_class="org.apache.cloudstack.api.command.user.job.QueryAsyncJobResultCmd",
):
    """Retrieves the current status of asynchronous job."""

    jobid: UuidText | None = param("the ID of the asynchronous job", entity="async_job")
    resourceid: str | None = param(
        "the uuid of the object that the job works on; with resourcetype instead of jobid",
        since="4.22.1",
        validations=("UuidString",),
    )
    resourcetype: str | None = param("the type of that object, as jobinstancetype names it", since="4.22.1")

    async def run(self, call: Call) -> JobView:
        job = await self._find(call)
        if not await may_see(call, job.account_id, job.domain_id):
            raise PermissionDeniedError(
                f"Account {call.caller.account_name} does not have permission to operate with provided resource"
            )
        return await job_view(call.cloud, job)

    async def _find(self, call: Call) -> JobRow:
        cloud = call.cloud
        if self.jobid:
            known = cloud.worker.find(self.jobid.lower()) or cloud.worker.others.find(self.jobid.lower())
            if known is not None:
                return known
            rows = await cloud.store.rows(BY_UUID, self.jobid.lower())
            if not rows:
                raise unknown_entity(self.SPEC, "jobid", self.jobid)
            job = rows[0]
            fresh = cloud.controls > 1 and cloud.now_ms() - (job.completed_ms or 0) < TOLD_MS
            if fresh and not cloud.worker.others.has_told_its_end(job.id):
                await cloud.peers.barrier()  # whoever hears that it has ended may ask here for what it did
            return rows[0]
        if not self.resourceid or not self.resourcetype:
            raise ParameterError("Parameter jobid is required, or resourceid together with resourcetype")
        rows = await cloud.store.rows(LATEST_OF, self.resourceid)
        if not rows or (rows[0].instance_type or "").lower() != self.resourcetype.lower():
            raise ParameterError(f"No job is running on {self.resourcetype} {self.resourceid}")
        return rows[0]
