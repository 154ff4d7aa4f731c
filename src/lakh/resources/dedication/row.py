"""Zones, pods, clusters and hosts that are dedicated.

To an account, or to a domain with all below it. The narrowest dedication of a host decides: Instances of others never
go there, and those of its owner only if they are in its affinity group of type ExplicitDedication.
"""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table

ZONE, POD, CLUSTER, HOST = "Zone", "Pod", "Cluster", "Host"


@table(
    "dedicated_resource",
    Index("dedicated_resource_uuid", "uuid", unique=True),
    Index("dedicated_resource_place", "kind", "place_id", unique=True),
)
class DedicatedResourceRow(Row):
    """`kind` is Zone, Pod, Cluster or Host, and `place_id` its id. Without `account_id` it is the domain's."""

    id: int
    uuid: str
    kind: str
    place_id: int
    domain_id: Annotated[int, Ref("domain")]
    account_id: Annotated[int | None, Ref("account")]
    group_id: Annotated[int, Ref("affinity_group")]


INSERT = insert("dedicated_resource.insert", DedicatedResourceRow)
OF_PLACE = select("dedicated_resource.of_place", DedicatedResourceRow, "WHERE kind = $1 AND place_id = $2")
RELEASE = statement("dedicated_resource.release", "DELETE FROM dedicated_resource WHERE id = $1")
END = statement("dedicated_resource.end", "DELETE FROM dedicated_resource WHERE kind = $1 AND place_id = $2")
"""The place is gone."""
