"""A VM's affinity groups as placement wants them: hosts that are forbidden, required or preferred."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakh.jobs.cloud import Cloud
from lakh.resources.affinity_group.row import BY_IDS, GROUPS_OF_VMS, PLACED
from lakh.store.statement import TxnSpec, statement

ANTI, AFFINE = "host anti-affinity", "host affinity"
SOFT_ANTI, SOFT_AFFINE = "non-strict host anti-affinity", "non-strict host affinity"
DEDICATION = "ExplicitDedication"
STRICT = (ANTI, AFFINE)

HOSTS_OF_MEMBERS = statement(
    "affinity_group_vm.hosts",
    "SELECT m.group_id, v.host_id FROM affinity_group_vm m JOIN vm v ON v.id = m.vm_id"
    " WHERE m.group_id = ANY($1) AND v.id <> $2 AND v.removed_ms IS NULL AND v.host_id IS NOT NULL",
)


@dataclass(slots=True)
class Affinity:
    """Fields as in placement.request.Request. `decided_on` are strict groups with the generation that was seen."""

    forbidden_hosts: frozenset[int] = frozenset()
    required_hosts: frozenset[int] | None = None
    host_priorities: dict[int, int] = field(default_factory=dict)
    explicit_dedication: bool = False
    decided_on: list[tuple[int, int]] = field(default_factory=list)

    def guard(self, txn: TxnSpec) -> None:
        """Fails the transaction when another member was placed since."""
        for group_id, generation in self.decided_on:
            txn.add(PLACED, group_id, generation)


async def affinity_of(cloud: Cloud, vm_id: int) -> Affinity:
    """What the VM's groups demand as their other members stand now."""
    found = Affinity()
    members = await cloud.store.rows(GROUPS_OF_VMS, [vm_id])
    if not members:
        return found
    groups = await cloud.store.rows(BY_IDS, [m.group_id for m in members])
    hosts: dict[int, set[int]] = {}
    for group_id, host_id in await cloud.store.read(HOSTS_OF_MEMBERS, [g.id for g in groups], vm_id):
        hosts.setdefault(group_id, set()).add(host_id)
    for group in groups:
        theirs = hosts.get(group.id, set())
        if group.type in STRICT:
            found.decided_on.append((group.id, group.generation))
        if group.type == ANTI:
            found.forbidden_hosts |= frozenset(theirs)
        elif group.type == AFFINE and theirs:
            known = found.required_hosts
            found.required_hosts = frozenset(theirs if known is None else known & theirs)
        elif group.type == DEDICATION:
            found.explicit_dedication = True
        else:
            weight = {SOFT_ANTI: -1, SOFT_AFFINE: 1}.get(group.type, 0)
            for host_id in theirs:
                found.host_priorities[host_id] = found.host_priorities.get(host_id, 0) + weight
    return found
