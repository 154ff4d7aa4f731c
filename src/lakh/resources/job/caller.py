"""Whoever asked for a job, as its steps need to know for the answer they leave."""

from __future__ import annotations

from typing import Any

from lakh.jobs.flow import Run
from lakh.resources.account.cached import Accounts
from lakh.resources.command import Caller
from lakh.resources.domain.tree import DomainTree


async def job_caller(run: Run[Any]) -> Caller:
    """The caller of the job, with its account as it is now."""
    job = run.job
    account = await run.cloud.part(Accounts).get(job.account_id)
    assert account is not None
    domain = (await run.cloud.part(DomainTree).current()).rows[account.domain_id]
    return Caller(job.user_id, account.id, account.domain_id, account.type, account.role_id, account.name, domain.path)
