"""An asynchronous job as the API answers it (api-conventions, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lakh.base.clock import api_date
from lakh.contract.declaration import COMMANDS, INTERNAL
from lakh.contract.view import View
from lakh.jobs.cloud import Cloud
from lakh.jobs.progress import JobProgress
from lakh.jobs.row import PENDING, JobRow
from lakh.resources.account.cached import Accounts
from lakh.resources.domain.tree import DomainTree
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.user.cached import Users


class JobView(View):
    """`jobresult` is the stored JSON as it is; it and `jobresulttype` are absent while the job is pending."""

    OBJECT = "asyncjobs"

    accountid: str | None = None
    account: str | None = None
    domainid: str | None = None
    domainpath: str | None = None
    userid: str | None = None
    cmd: str | None = None
    jobstatus: int | None = None
    jobprocstatus: int | None = None
    jobresultcode: int | None = None
    jobresulttype: str | None = None
    jobresult: dict[str, Any] | None = None
    jobinstancetype: str | None = None
    jobinstanceid: str | None = None
    managementserverid: str | None = None
    managementservername: str | None = None
    created: str | None = None
    completed: str | None = None
    jobid: str | None = None


async def job_views(cloud: Cloud, jobs: Sequence[JobRow]) -> list[JobView]:
    """The answer objects of a page of jobs."""
    await cloud.part(Accounts).many({job.account_id for job in jobs})
    await cloud.part(Users).many({job.user_id for job in jobs})
    return [await job_view(cloud, job) for job in jobs]


async def job_view(cloud: Cloud, job: JobRow) -> JobView:
    """The answer object of one job; everything but the job itself comes from memory."""
    account = await cloud.part(Accounts).get(job.account_id)
    user = await cloud.part(Users).get(job.user_id)
    tree = await cloud.part(DomainTree).current()
    server = (await cloud.snapshots.of(ManagementServerRow)).by_id.get(job.owner)
    domain = tree.rows.get(job.domain_id)
    spec = COMMANDS.get(job.command) or INTERNAL.get(job.command)
    done = job.status != PENDING
    return JobView(
        accountid=account.uuid if account else None,
        account=account.name if account else None,
        domainid=domain.uuid if domain else None,
        domainpath=tree.name_path(domain.id) if domain else None,
        userid=user.uuid if user else None,
        cmd=spec.java_class if spec else job.command,
        jobstatus=job.status,
        jobprocstatus=0 if done else cloud.part(JobProgress).of(job.uuid),
        jobresultcode=job.result_code,
        jobresulttype="object" if done else None,
        # The stored text goes out as it is; the field's type is what the surface shows.
        jobresult=msgspec.Raw(job.result_json.encode()) if done and job.result_json else None,  # type: ignore[arg-type]
        jobinstancetype=job.instance_type,
        jobinstanceid=job.instance_uuid,
        managementserverid=server.uuid if server else None,
        managementservername=server.name if server else None,
        created=api_date(job.created_ms),
        completed=api_date(job.completed_ms) if job.completed_ms is not None else None,
        jobid=job.uuid,
    )
