"""Affinity groups as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.affinity_group.row import BY_IDS, GROUPS_OF_VMS, MEMBERS, AffinityGroupRow
from lakh.resources.membership import groups_by_vm, vm_uuids_by_group


class AffinityGroupView(View, kw_only=True):
    """One affinity group. `virtualmachineIds` is spelled as CloudStack does."""

    id: str
    name: str
    description: str | None = None
    account: str
    domainid: str
    domain: str
    domainpath: str | None = None
    projectid: str | None = None
    project: str | None = None
    type: str
    virtualmachineIds: list[str] | None = None
    dedicatedresources: list[str] | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "affinitygroup"


async def group_views(cloud: Cloud, rows: Sequence[AffinityGroupRow], *, members: bool) -> list[AffinityGroupView]:
    """The views of these groups, in order; with the uuids of their VMs where asked."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    uuids: dict[int, list[str]] = {}
    if members:
        uuids = await vm_uuids_by_group(cloud, await cloud.store.rows(MEMBERS, [row.id for row in rows]))
    return [_view(row, names, uuids.get(row.id, []) if members else None) for row in rows]


def _view(row: AffinityGroupRow, names: AccountNames, members: list[str] | None) -> AffinityGroupView:
    owner = names.account(row.account_id)
    return AffinityGroupView(
        id=row.uuid,
        name=row.name,
        description=row.description,
        account=owner.name,
        domainid=owner.domain_uuid,
        domain=owner.domain_name,
        domainpath=owner.domain_path,
        type=row.type,
        virtualmachineIds=members,
    )


async def groups_of_vms(cloud: Cloud, vm_ids: Sequence[int]) -> dict[int, list[AffinityGroupView]]:
    """The groups of a page of VMs: VM id to views, for those that are in any."""
    members = await cloud.store.rows(GROUPS_OF_VMS, list(vm_ids))
    if not members:
        return {}
    rows = await cloud.store.rows(BY_IDS, sorted({m.group_id for m in members}))
    views = await group_views(cloud, rows, members=False)
    return groups_by_vm(members, dict(zip([row.id for row in rows], views, strict=True)))
