"""Steps that delete a template or ISO, in one zone or everywhere: its files on image stores, then its rows.

Copies are Destroying before a file is touched, so nothing is deployed of one that is half gone; what breaks off there
is deleted again.

Copies on primary storage stay while disks are clones of them; the scavenger of unused copies deletes them later.
"""

from __future__ import annotations

from typing import Any, Final

from lakh.base.errors import ParameterError, ResourceUnavailableError
from lakh.jobs.flow import Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.reach import must
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.limit.charge import release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.template.access import changeable_template
from lakh.resources.template.download import storage_vms
from lakh.resources.template.row import (
    BY_ID,
    DELETE_STORE,
    DESTROYING,
    FORBID_ALL,
    REMOVE,
    STORES_OF,
    TemplateRow,
    TemplateStoreRow,
)
from lakh.store.statement import TxnSpec, statement
from lakh.wire.commands import volume
from lakh.wire.objects import data

IN_USE = statement(
    "vm.uses_template",
    "SELECT id FROM vm WHERE template_id = $1 AND removed_ms IS NULL AND state <> 'Expunging' ORDER BY id LIMIT 1",
)
ATTACHED = statement("vm.uses_iso", "SELECT id FROM vm WHERE iso_id = $1 AND removed_ms IS NULL LIMIT 1")


class RemovalState(State):
    """`zone_id` None: everywhere."""

    template_id: int
    zone_id: int | None = None


async def admit_removal(
    command: JobCommand, call: Call, template_id: int, zone_id: int | None, *, iso: bool, forced: bool
) -> Admission:
    """The admission of deleteTemplate and deleteIso. Raises ParameterError, PermissionDeniedError."""
    template = await changeable_template(call, template_id, iso=iso)
    what = "ISO" if iso else "Template"
    copies = await call.cloud.store.rows(STORES_OF, template.id)
    if zone_id is not None and not any(copy.zone_id == zone_id for copy in copies):
        raise ParameterError(f"{what} {template.uuid} is not in the zone of zoneid")
    if not forced and await call.cloud.store.read(ATTACHED if iso else IN_USE, template.id):
        raise ParameterError(
            f"Unable to delete {what.lower()} {template.uuid}: Instances use it; delete them first, or give forced=true"
        )
    return Admission(
        TxnSpec(f"{command.SPEC.name}.admit"),
        RemovalState(template_id=template.id, zone_id=zone_id),
        instance=(what, template.uuid),
        sync_key=f"template:{template.id}",
        owner=(template.account_id, template.domain_id),
        description=f"Deleting {what.lower()} {template.uuid}",
    )


async def give_up(run: Run[RemovalState]) -> TxnSpec:
    """Nobody may use the copies any more. Raises ResourceUnavailableError where no storage VM can delete them."""
    template, txn = await _template(run), TxnSpec("template.give_up")
    for copy in await _doomed(run):
        if copy.install_path is not None:
            _storage_vm(run, template, copy)
        if copy.is_ready:
            txn.add(DESTROYING, copy.template_id, copy.store_id)
    return txn


def _storage_vm(run: Run[RemovalState], template: TemplateRow, copy: TemplateStoreRow) -> int:
    """The id of the agent that deletes the copy's file. Raises ResourceUnavailableError."""
    vms = storage_vms(run.cloud, copy.zone_id)
    if not vms:
        raise ResourceUnavailableError(
            f"Unable to delete {template.name}: no secondary storage VM is Up in its zone; try again later"
        )
    return vms[0].id


async def erase(run: Run[RemovalState]) -> None:
    """Deletes its files by way of secondary storage VMs. Raises ResourceUnavailableError where there is none."""
    cloud = run.cloud
    template = await _template(run)
    stores = await cloud.snapshots.of(ImageStoreRow)
    for copy in await _doomed(run):
        if copy.install_path is None:
            continue
        store = stores.by_id[copy.store_id]
        target = data.template(
            id=template.id,
            uuid=template.uuid,
            name=template.unique_name,
            unique_name=template.unique_name,
            account_id=template.account_id,
            format=template.format,
            store=data.nfs_store(url=store.url, uuid=store.uuid, role=store.role),
            path=copy.install_path,
        )
        await must(cloud, _storage_vm(run, template, copy), volume.delete(target))


async def publish(run: Run[RemovalState]) -> TxnSpec:
    """The copies' rows end; with the last one the template's."""
    cloud = run.cloud
    template, doomed = await _template(run), await _doomed(run)
    txn = TxnSpec("template.delete")
    counted = [copy for copy in doomed if copy.is_ready or copy.state == "Destroying"]
    usage = Usage(secondary_storage=sum(copy.physical_size_bytes for copy in counted))
    for copy in doomed:
        txn.add(DELETE_STORE, copy.template_id, copy.store_id, expect=None)
    if len(doomed) == len(await cloud.store.rows(STORES_OF, template.id)):
        txn.add(REMOVE, template.id, cloud.now_ms()).add(FORBID_ALL, template.id, expect=None)
        usage.template = 1
    await release_owner(cloud, txn, template.account_id, template.domain_id, usage)
    run.finish(result_json(run, None, run.job.command))
    return txn


STEPS: Final = (
    Step("give up", give_up, commits=True),
    Step("erase", erase),
    Step("publish", publish, commits=True),
)
"""The flow of deleteTemplate and deleteIso."""


async def _template(run: Run[Any]) -> TemplateRow:
    rows = await run.cloud.store.rows(BY_ID, run.state.template_id)
    if not rows or rows[0].removed_ms is not None:
        raise ParameterError("The template does not exist any more")
    return rows[0]


async def _doomed(run: Run[RemovalState]) -> list[TemplateStoreRow]:
    copies = await run.cloud.store.rows(STORES_OF, run.state.template_id)
    return [copy for copy in copies if run.state.zone_id in (None, copy.zone_id)]
