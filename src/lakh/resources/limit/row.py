"""Counts of what accounts and domains own, and explicit limits.

One wide row per owner: a deployment changes five counts of an account and of each of its domains, and that must not be
fifteen statements. The guard compares with limits given as arguments, so no count passes its limit however many
requests run at once.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from lakh.store.statement import Step, TxnSpec, insert, select, statement
from lakh.store.table import Index, Ref, Row, table

ACCOUNT, DOMAIN = 1, 2
UNLIMITED = 1 << 60

TYPES = (
    "user_vm",
    "public_ip",
    "volume",
    "snapshot",
    "template",
    "project",
    "network",
    "vpc",
    "cpu",
    "memory",
    "primary_storage",
    "secondary_storage",
)
"""Counted resource types in CloudStack's order: the index is the API's `resourcetype`. Memory is in MiB, storage in
bytes (the API shows GiB)."""


@table("resource_count", primary_key=("owner_kind", "owner_id"), big=True, shared=True, fill_percent=70)
class ResourceCountRow(Row):
    """What one account (owner_kind 1) or domain subtree (2) owns."""

    owner_kind: int
    owner_id: int
    user_vm: int = 0
    public_ip: int = 0
    volume: int = 0
    snapshot: int = 0
    template: int = 0
    project: int = 0
    network: int = 0
    vpc: int = 0
    cpu: int = 0
    memory: int = 0
    primary_storage: int = 0
    secondary_storage: int = 0


@table("resource_limit", Index("resource_limit_owner", "owner_kind", "owner_id", "type", unique=True))
class ResourceLimitRow(Row):
    """An explicit limit, in the API's units (GiB for storage); -1 is unlimited. Without one a setting decides."""

    id: int
    owner_kind: int
    owner_id: int
    type: int
    max: int
    tag: str | None
    domain_id: Annotated[int | None, Ref("domain")] = None


class Usage(msgspec.Struct, kw_only=True):
    """A change of counts, in the units of TYPES."""

    user_vm: int = 0
    public_ip: int = 0
    volume: int = 0
    snapshot: int = 0
    template: int = 0
    project: int = 0
    network: int = 0
    vpc: int = 0
    cpu: int = 0
    memory: int = 0
    primary_storage: int = 0
    secondary_storage: int = 0

    def amounts(self) -> tuple[int, ...]:
        return msgspec.structs.astuple(self)


INSERT_COUNT = insert("resource_count.insert", ResourceCountRow)
COUNT = select("resource_count.of", ResourceCountRow, "WHERE owner_kind = $1 AND owner_id = $2")
INSERT_LIMIT = insert("resource_limit.insert", ResourceLimitRow)

_N = len(TYPES)
CHARGE = statement(
    "resource_count.charge",
    "UPDATE resource_count SET "
    + ", ".join(f"{name} = {name} + ${i + 3}" for i, name in enumerate(TYPES))
    + " WHERE owner_kind = $1 AND owner_id = $2 AND "
    + " AND ".join(
        f"(CAST(${i + 3} AS BIGINT) <= 0 OR {name} + ${i + 3} <= ${i + 3 + _N})" for i, name in enumerate(TYPES)
    ),
)

END = statement(
    "resource_count.end",
    "DELETE FROM resource_count WHERE owner_kind = $1 AND owner_id = $2 AND "
    + " AND ".join(f"{name} = ${i + 3}" for i, name in enumerate(TYPES)),
)
"""Of an owner that goes. Takes no row where something was charged since; and every later charge fails."""

_NO_LIMITS = (UNLIMITED,) * _N


def charge(txn: TxnSpec, kind: int, owner_id: int, usage: Usage, limits: tuple[int, ...] = _NO_LIMITS) -> None:
    """Adds to `txn` the guarded change of one owner's counts. A release is a usage with negative amounts."""
    txn.steps.append(Step(CHARGE, (kind, owner_id, *usage.amounts(), *limits), 1))


def end_count(txn: TxnSpec, counts: ResourceCountRow) -> None:
    """Adds to `txn` the end of an owner's counts, if they are still those."""
    txn.add(END, counts.owner_kind, counts.owner_id, *(getattr(counts, name) for name in TYPES))


def negative(usage: Usage) -> Usage:
    """The release of what `usage` charged."""
    return Usage(**{name: -getattr(usage, name) for name in TYPES})
