"""Dedications as the API shows them: a kind of place each has its own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.cached import Accounts
from lakh.resources.affinity_group.row import BY_IDS as GROUPS_BY_IDS
from lakh.resources.dedication.places import place_of
from lakh.resources.dedication.row import DedicatedResourceRow
from lakh.resources.domain.row import DomainRow


class DedicatedView(View, kw_only=True):
    """What all kinds show. `id` is the dedication's."""

    id: str | None = None
    domainid: str | None = None
    accountid: str | None = None
    affinitygroupid: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


class DedicatedZoneView(DedicatedView, kw_only=True):
    zoneid: str | None = None
    zonename: str | None = None

    OBJECT = "dedicatedzone"


class DedicatedPodView(DedicatedView, kw_only=True):
    podid: str | None = None
    podname: str | None = None

    OBJECT = "dedicatedpod"


class DedicatedClusterView(DedicatedView, kw_only=True):
    clusterid: str | None = None
    clustername: str | None = None

    OBJECT = "dedicatedcluster"


class DedicatedHostView(DedicatedView, kw_only=True):
    hostid: str | None = None
    hostname: str | None = None

    OBJECT = "dedicatedhost"


VIEWS: dict[str, type[DedicatedView]] = {
    "Zone": DedicatedZoneView,
    "Pod": DedicatedPodView,
    "Cluster": DedicatedClusterView,
    "Host": DedicatedHostView,
}


async def dedicated_views(
    cloud: Cloud, rows: Sequence[DedicatedResourceRow], *, groups: Mapping[int, str] | None = None
) -> list[DedicatedView]:
    """The views of these dedications, in order; `groups` are uuids of groups that are not stored yet."""
    uuids = {row.id: row.uuid for row in await cloud.store.rows(GROUPS_BY_IDS, sorted({r.group_id for r in rows}))}
    uuids.update(groups or {})
    domains = await cloud.snapshots.of(DomainRow)
    views = []
    for row in rows:
        place = await place_of(cloud, row.kind, row.place_id)
        account = None if row.account_id is None else await cloud.part(Accounts).get(row.account_id)
        kind = row.kind.lower()
        shown: dict[str, Any] = {f"{kind}id": place.uuid, f"{kind}name": place.name}
        views.append(
            VIEWS[row.kind](
                id=row.uuid,
                domainid=domains.by_id[row.domain_id].uuid,
                accountid=None if account is None else account.uuid,
                affinitygroupid=uuids.get(row.group_id),
                **shown,
            )
        )
    return views
