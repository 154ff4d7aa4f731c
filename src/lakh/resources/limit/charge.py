"""Charging an owner and every domain above it, within their limits.

Limits: an explicit row, else the default setting (`max.account.user.vms`, `max.domain.…`); ROOT's are unlimited unless
set. Memory only says what the limits are; the guard in the transaction decides, so concurrent requests cannot pass one.
"""

from __future__ import annotations

from lakh.base.errors import ParameterError, ResourceAllocationError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import BY_ID as ACCOUNT_BY_ID
from lakh.resources.account.row import PROJECT
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN, DomainRow
from lakh.resources.limit.row import (
    ACCOUNT,
    CHARGE,
    COUNT,
    DOMAIN,
    TYPES,
    UNLIMITED,
    ResourceLimitRow,
    Usage,
    charge,
    negative,
)
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

_SETTINGS = (
    "user.vms", "public.ips", "volumes", "snapshots", "templates", "projects", "networks", "vpcs", "cpus", "memory",
    "primary.storage", "secondary.storage",
)  # fmt: skip
_GIB = 1 << 30


async def domain_chain(cloud: Cloud, domain_id: int) -> list[int]:
    """Ids of the domain and all above it, from ROOT down."""
    domains = await cloud.snapshots.of(DomainRow)
    return [int(part) for part in domains.by_id[domain_id].path.strip("/").split("/")]


async def charge_owner(cloud: Cloud, txn: TxnSpec, account_id: int, domain_id: int, usage: Usage) -> None:
    """Adds the guarded charges of `usage` for the account and its domains to `txn`."""
    limits = await cloud.snapshots.of(ResourceLimitRow)
    explicit = {(r.owner_kind, r.owner_id, r.type): r.max for r in limits.live if r.tag is None}
    for domain in await domain_chain(cloud, domain_id):
        charge(txn, DOMAIN, domain, usage, await _limits(cloud, explicit, DOMAIN, domain, usage))
    charge(txn, ACCOUNT, account_id, usage, await _limits(cloud, explicit, ACCOUNT, account_id, usage))


async def release_owner(cloud: Cloud, txn: TxnSpec, account_id: int, domain_id: int, usage: Usage) -> None:
    """Adds the release of what was charged as `usage`."""
    back = negative(usage)
    for domain in await domain_chain(cloud, domain_id):
        charge(txn, DOMAIN, domain, back)
    charge(txn, ACCOUNT, account_id, back)


async def effective_limit(cloud: Cloud, kind: int, owner_id: int, type_number: int) -> int:
    """The limit that holds for one owner and type, in the API's units (GiB for storage); -1 is unlimited."""
    limits = await cloud.snapshots.of(ResourceLimitRow)
    for row in limits.live:
        if (row.owner_kind, row.owner_id, row.type) == (kind, owner_id, type_number) and row.tag is None:
            return row.max
    return await _default(cloud, kind, owner_id, type_number)


def default_limit(cloud: Cloud, kind: int, owner_id: int, type_number: int, *, project: bool = False) -> int:
    """The limit that holds where no row says otherwise, in the API's units; `project`: a project's account."""
    if kind == DOMAIN and owner_id == ROOT_DOMAIN:
        return -1
    word = "domain"
    if kind == ACCOUNT:
        if owner_id <= 2:  # the system and the first admin account are unlimited in a fresh installation
            return -1
        word = "project" if project else "account"
    return cloud.part(Settings).integer(f"max.{word}.{_SETTINGS[type_number]}")


async def _default(cloud: Cloud, kind: int, owner_id: int, type_number: int) -> int:
    rows = await cloud.store.rows(ACCOUNT_BY_ID, owner_id) if kind == ACCOUNT and owner_id > 2 else []
    return default_limit(cloud, kind, owner_id, type_number, project=bool(rows) and rows[0].type == PROJECT)


async def _limits(
    cloud: Cloud, explicit: dict[tuple[int, int, int], int], kind: int, owner_id: int, usage: Usage
) -> tuple[int, ...]:
    found = []
    for number, name in enumerate(TYPES):
        if getattr(usage, name) <= 0:
            found.append(UNLIMITED)
            continue
        limit = explicit.get((kind, owner_id, number))
        if limit is None:
            limit = await _default(cloud, kind, owner_id, number)
        scale = _GIB if name.endswith("_storage") else 1
        found.append(UNLIMITED if limit < 0 else limit * scale)
    return tuple(found)


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
            limit = await effective_limit(cloud, kind, owner_id, number)
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
