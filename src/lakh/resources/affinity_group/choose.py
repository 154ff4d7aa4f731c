"""The affinity groups that a request names for a VM."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.row import SYSTEM_ACCOUNT, AccountRow
from lakh.resources.affinity_group.placement import DEDICATION
from lakh.resources.affinity_group.row import BY_IDS, BY_NAME, AffinityGroupRow
from lakh.resources.command import Call
from lakh.resources.domain.tree import DomainTree


async def groups_for(call: Call, owner: AccountRow, ids: Sequence[int], names: Sequence[str]) -> list[AffinityGroupRow]:
    """Groups of the owner by ids or names. Raises ParameterError, PermissionDeniedError."""
    if ids and names:
        raise ParameterError("affinitygroupids and affinitygroupnames can't be specified together")
    if names:
        found = {row.name: row for row in await call.cloud.store.rows(BY_NAME, owner.id, list(names))}
        if missing := [name for name in names if name not in found]:
            raise ParameterError(f"Unable to find affinity group by name {missing[0][:64]}")
        return sorted(found.values(), key=lambda row: row.id)
    if not ids:
        return []
    rows = await call.cloud.store.rows(BY_IDS, sorted(set(ids)))
    for row in rows:
        if row.removed_ms is not None:
            raise ParameterError(f"Unable to find affinity group by id {row.uuid}")
        if row.account_id != owner.id and not await _is_of_domain(call, row, owner):
            raise PermissionDeniedError(
                f"Affinity group {row.name} does not belong to the account of the Instance, {owner.name}"
            )
    return rows


async def _is_of_domain(call: Call, row: AffinityGroupRow, owner: AccountRow) -> bool:
    """True for the group of what is dedicated to the owner's domain, or to one above it."""
    if row.type != DEDICATION or row.account_id != SYSTEM_ACCOUNT:
        return False
    return (await call.cloud.part(DomainTree).current()).is_within(owner.domain_id, row.domain_id)
