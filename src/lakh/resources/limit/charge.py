"""Charging an owner and every domain above it, within their limits.

Limits: an explicit row, else the default setting (`max.account.user.vms`, `max.domain.…`); ROOT's are unlimited unless
set. Memory only says what the limits are; the guard in the transaction decides, so concurrent requests cannot pass one.
"""

from __future__ import annotations

from lakh.base.errors import ParameterError, ResourceAllocationError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import BY_ID as ACCOUNT_BY_ID
from lakh.resources.domain.row import DomainRow
from lakh.resources.limit.known import KnownLimits
from lakh.resources.limit.row import ACCOUNT, CHARGE, COUNT, DOMAIN, TYPES, Usage, charge, negative
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

_GIB = 1 << 30


async def domain_chain(cloud: Cloud, domain_id: int) -> list[int]:
    """Ids of the domain and all above it, from ROOT down."""
    domains = await cloud.snapshots.of(DomainRow)
    return [int(part) for part in domains.by_id[domain_id].path.strip("/").split("/")]


async def charge_owner(cloud: Cloud, txn: TxnSpec, account_id: int, domain_id: int, usage: Usage) -> None:
    """Adds the guarded charges of `usage` for the account and its domains to `txn`."""
    known = cloud.part(KnownLimits)
    for domain in await domain_chain(cloud, domain_id):
        charge(txn, DOMAIN, domain, usage, await known.bounds(DOMAIN, domain))
    charge(txn, ACCOUNT, account_id, usage, await known.bounds(ACCOUNT, account_id))


async def release_owner(cloud: Cloud, txn: TxnSpec, account_id: int, domain_id: int, usage: Usage) -> None:
    """Adds the release of what was charged as `usage`."""
    back = negative(usage)
    for domain in await domain_chain(cloud, domain_id):
        charge(txn, DOMAIN, domain, back)
    charge(txn, ACCOUNT, account_id, back)


async def _named(cloud: Cloud, kind: int, owner_id: int, domain_id: int) -> str:
    """An owner in a caller's words: the account by its name, a domain by its uuid."""
    domain = (await cloud.snapshots.of(DomainRow)).by_id[owner_id if kind == DOMAIN else domain_id].uuid
    if kind == DOMAIN:
        return f"Domain Id = {domain}"
    return f"Account Name = {(await cloud.store.rows(ACCOUNT_BY_ID, owner_id))[0].name} in Domain Id = {domain}"


async def limit_error(
    cloud: Cloud, failed: GuardFailedError, account_id: int, domain_id: int, usage: Usage
) -> Exception:
    """The API error for a failed charge: names the first limit that would be passed, or the owner that is gone;
    `failed` itself if none would."""
    if failed.statement != CHARGE.name:
        return failed
    owners = [(DOMAIN, d) for d in await domain_chain(cloud, domain_id)] + [(ACCOUNT, account_id)]
    for kind, owner_id in owners:
        known = await cloud.store.rows(COUNT, kind, owner_id)
        if not known:
            return ParameterError(f"The owner was deleted meanwhile: {await _named(cloud, kind, owner_id, domain_id)}")
        counts = known[0]
        for number, name in enumerate(TYPES):
            wanted = getattr(usage, name)
            limit = await cloud.part(KnownLimits).limit(kind, owner_id, number)
            scale = _GIB if name.endswith("_storage") else 1
            if wanted > 0 and limit >= 0 and getattr(counts, name) + wanted > limit * scale:
                who = "Account" if kind == ACCOUNT else "Domain"
                owner = await _named(cloud, kind, owner_id, domain_id)
                return ResourceAllocationError(
                    f"Maximum amount of resources of Type = '{name}' for {owner} is exceeded: "
                    f"{who} Resource Limit = {limit * scale}, Current {who} Resource Amount = {getattr(counts, name)}, "
                    f"Requested Resource Amount = {wanted}."
                )
    return failed
