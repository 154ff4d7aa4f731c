"""Who is in a group and which groups a VM is in, whatever kind of group that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from lakh.jobs.cloud import Cloud
from lakh.resources.vm.row import BY_IDS


class Member(Protocol):
    """A row that says that a VM is in a group."""

    @property
    def group_id(self) -> int: ...
    @property
    def vm_id(self) -> int: ...


Shown = TypeVar("Shown")


def groups_by_vm(members: Sequence[Member], views: dict[int, Shown]) -> dict[int, list[Shown]]:
    """VM id to the views of its groups, in the members' order, for those that are in any; `views` by group id."""
    found: dict[int, list[Shown]] = {}
    for member in members:
        found.setdefault(member.vm_id, []).append(views[member.group_id])
    return found


async def vm_uuids_by_group(cloud: Cloud, members: Sequence[Member]) -> dict[int, list[str]]:
    """Group id to the uuids of the VMs in it, in the members' order, for those that have any."""
    if not members:
        return {}
    uuids = {vm.id: vm.uuid for vm in await cloud.store.rows(BY_IDS, sorted({member.vm_id for member in members}))}
    found: dict[int, list[str]] = {}
    for member in members:
        found.setdefault(member.group_id, []).append(uuids[member.vm_id])
    return found
