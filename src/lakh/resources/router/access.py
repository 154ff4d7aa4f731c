"""Finding the router that a command names, and answering with it."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import ParameterError
from lakh.jobs.flow import Run
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.router.view import router_views
from lakh.resources.vm.row import BY_ID, DOMAIN_ROUTER, VmRow
from lakh.store.statement import TxnSpec


async def router_vm(call: Call, vm_id: int) -> VmRow:
    """The router. Raises ParameterError for one that is gone or another kind of VM, PermissionDeniedError."""
    rows = await call.cloud.store.rows(BY_ID, vm_id)
    if not rows or rows[0].removed_ms is not None or rows[0].type != DOMAIN_ROUTER:
        raise ParameterError(f"Unable to find router by id {rows[0].uuid if rows else vm_id}")
    await check_access(call, rows[0].account_id, rows[0].domain_id)
    return rows[0]


def admitted_router(command: JobCommand, vm: VmRow, state: Any, doing: str) -> Admission:
    """The admission of a job on an existing router that stores nothing else yet."""
    return Admission(
        TxnSpec(f"{command.SPEC.name}.admit"),
        state,
        instance=("DomainRouter", vm.uuid),
        sync_key=f"vm:{vm.id}",
        owner=(vm.account_id, vm.domain_id),
        description=f"{doing}. Router Id: {vm.uuid}",
    )


async def finish_with_router(run: Run[Any], vm: VmRow) -> None:
    """Makes the router, as its row will be after this commit, the job's result."""
    view = (await router_views(run.cloud, [vm]))[0]
    run.finish(result_json(run, view, run.job.command))
