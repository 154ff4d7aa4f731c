"""listAsyncJobs: the jobs of the accounts that the caller may see, running and recently ended."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Date, Id
from lakh.jobs.row import JobRow
from lakh.resources.account.ownership import scope_of
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.job.view import JobView, job_views
from lakh.resources.listing import Listing

LISTING = Listing(
    JobRow,
    {
        "startdate": "created_ms >= $",
        "resourceid": "instance_uuid = $",
        "resourcetype": "LOWER(instance_type) = LOWER($)",
    },
    keyword=("command",),
    always="parent_uuid IS NULL",
)


class ListAsyncJobs(
    ListCommand,
    answer=JobView,
    java_class="org.apache.cloudstack.api.command.user.job.ListAsyncJobsCmd",
):
    """Lists all pending asynchronous jobs for the account."""

    account: str | None = param("jobs of this account; domainid must name its domain, else the caller's is meant")
    domainid: Id | None = param("jobs of this domain", entity="domain")
    isrecursive: bool = param("with domainid: its whole subtree", default=False)
    listall: bool = param("all that the caller may see, not only its own", default=False)
    startdate: Date | None = param("jobs that began at this time or later")
    resourceid: str | None = param(
        "jobs that work on the object with this uuid; with resourcetype", since="4.22.1", validations=("UuidString",)
    )
    resourcetype: str | None = param("the type of that object, as jobinstancetype names it", since="4.22.1")

    async def run(self, call: Call) -> Listed:
        if (self.resourceid is None) != (self.resourcetype is None):
            raise ParameterError("Give resourceid and resourcetype together, or neither")
        scope = await scope_of(
            call,
            account=self.account,
            domain_id=self.domainid,
            recursive=self.isrecursive,
            list_all=self.listall,
        )
        filters = {"startdate": self.startdate, "resourceid": self.resourceid, "resourcetype": self.resourcetype}
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, await job_views(call.cloud, rows))
