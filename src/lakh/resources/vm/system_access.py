"""Finding the system VM that a command names, and answering with it."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import ParameterError
from lakh.jobs.flow import Run
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.vm.row import BY_ID, CONSOLE_PROXY, SECONDARY_STORAGE, VmRow
from lakh.resources.vm.system_view import system_vm_views
from lakh.store.statement import TxnSpec


async def system_vm(call: Call, vm_id: int, parameter: str = "id") -> VmRow:
    """The secondary storage or console proxy VM. Raises ParameterError for one that is gone or another kind of VM."""
    rows = await call.cloud.store.rows(BY_ID, vm_id)
    if not rows or rows[0].removed_ms is not None or rows[0].type not in (SECONDARY_STORAGE, CONSOLE_PROXY):
        raise ParameterError(f"Unable to find a system vm by {parameter} {rows[0].uuid if rows else vm_id}")
    return rows[0]


def admitted_system(command: JobCommand, vm: VmRow, state: Any, doing: str) -> Admission:
    """The admission of a job on an existing system VM that stores nothing else yet."""
    return Admission(
        TxnSpec(f"{command.SPEC.name}.admit"),
        state,
        instance=("SystemVm", vm.uuid),
        sync_key=f"vm:{vm.id}",
        owner=(vm.account_id, vm.domain_id),
        description=f"{doing}: {vm.instance_name}",
    )


async def finish_with_system(run: Run[Any], vm: VmRow) -> None:
    """Makes the VM, as its row will be after this commit, the job's result."""
    view = (await system_vm_views(run.cloud, [vm]))[0]
    run.finish(result_json(run, view, run.job.command))
