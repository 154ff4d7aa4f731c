"""Finding the user VM that a command names, for a caller who may touch it."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import GoneError, ParameterError
from lakh.jobs.flow import Run
from lakh.resources.account.cached import Accounts
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Admission, Call, Caller, JobCommand, result_json
from lakh.resources.configuration.values import Settings
from lakh.resources.vm.row import BY_ID, USER, VmRow
from lakh.resources.vm.views import ALL, Known, user_vm_views
from lakh.store.statement import TxnSpec


async def user_vm(call: Call, vm_id: int, parameter: str = "id") -> VmRow:
    """The VM. Raises ParameterError for one that is gone or no user's, PermissionDeniedError for another's."""
    rows = await call.cloud.store.rows(BY_ID, vm_id)
    if not rows or rows[0].removed_ms is not None or rows[0].type != USER:
        named = rows[0].uuid if rows else vm_id
        raise ParameterError(f"Unable to find an Instance by {parameter} {named}")
    await check_access(call, rows[0].account_id, rows[0].domain_id)
    return rows[0]


async def current_vm(run: Run[Any]) -> VmRow:
    """The row of the flow's VM as it is now. Raises GoneError when it is gone."""
    rows = await run.cloud.store.rows(BY_ID, run.state.vm_id)
    if not rows or rows[0].removed_ms is not None:
        raise GoneError(f"Instance {run.state.vm_id} no longer exists")
    return rows[0]


def may_expunge(call: Call, account_id: int) -> bool:
    """Users may expunge and recover where `allow.user.expunge.recover.vm` lets them."""
    allowed = call.cloud.part(Settings).flag("allow.user.expunge.recover.vm", ("Account", account_id))
    return call.caller.is_admin or allowed


def line_of(vm_id: int) -> str:
    """The `sync_key` of a VM's jobs: one at a time, in order."""
    return f"vm:{vm_id}"


def admitted(command: JobCommand, vm: VmRow, state: Any, doing: str) -> Admission:
    """The admission of a job on an existing VM that stores nothing else yet. `doing`: "stopping Instance"."""
    return Admission(
        TxnSpec(f"{command.SPEC.name}.admit"),
        state,
        instance=("VirtualMachine", vm.uuid),
        sync_key=line_of(vm.id),
        owner=(vm.account_id, vm.domain_id),
        description=f"{doing}: {vm.name}. Instance Id: {vm.uuid}",
    )


async def caller_of(run: Run[Any]) -> Caller:
    """The job's caller, for its view."""
    account = await run.cloud.part(Accounts).get(run.job.account_id)
    assert account is not None
    return Caller(run.job.user_id, account.id, account.domain_id, account.type, account.role_id, account.name, "")


async def finish_with(
    run: Run[Any],
    vm: VmRow,
    *,
    password: str | None = None,
    details: frozenset[str] = ALL,
    known: Known | None = None,
) -> None:
    """Makes the VM, as its row will be after this commit, the job's result; `known` as for `user_vm_views`."""
    view = (await user_vm_views(run.cloud, [vm], await caller_of(run), details, known=known))[0]
    view.password = password
    run.finish(result_json(run, view, run.job.command))
