"""Whose hosts are by implicit dedication, told anew from the Instances on them, where that is no longer so.

A host that is an account's own takes only that account's Instances, by the guard of the reservation; but an Instance
may be found running where nobody placed it. The host is MIXED then, and here it becomes its tenant's again once the
rest are gone, or everybody's where nothing of implicit dedication is left. A host that is said to be an account's own
while others' Instances are there, by a defect or by hand, becomes MIXED. Only a finding that stood a pass ago counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from lakh.base.log import logger
from lakh.healing.portions import HOSTS_AT_ONCE
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.placement.request import IMPLICIT
from lakh.placement.tenants import MIXED, SHARED
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITIES_OF
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.user.row import SYSTEM_USER
from lakh.resources.vm.planner import planner_of
from lakh.store.statement import TxnSpec, statement

log = logger(__name__)

RUNNING = statement(
    "vm.tenants_of_hosts",
    "SELECT host_id, account_id, service_offering_id FROM vm WHERE host_id = ANY($1) AND removed_ms IS NULL"
    " GROUP BY host_id, account_id, service_offering_id",
)
KEPT = statement(
    "vm_reservation.tenants_of_hosts",
    "SELECT r.host_id, v.account_id, v.service_offering_id FROM vm_reservation r JOIN vm v ON v.id = r.vm_id"
    " WHERE r.host_id = ANY($1)",
)
MEND = statement(
    "host_capacity.mend_tenant", "UPDATE host_capacity SET tenant_id = $3 WHERE host_id = $1 AND tenant_id = $2"
)


class TenantsOfHosts(Reconciler):
    """`_seen` is what was wrong at the last pass: host id to the tenant as stored and as it should be."""

    name: ClassVar[str] = "tenants of hosts"

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("host.reservation.release.period") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        await cloud.part(HostIndex).load()
        found = {host: tenants for host, tenants in await _wrong(cloud) if tenants[0] != tenants[1]}
        for host_id, tenants in found.items():
            if self._seen.get(host_id) == tenants:
                await _mend(cloud, host_id, *tenants)
        self._seen = found


async def _wrong(cloud: Cloud) -> list[tuple[int, tuple[int, int]]]:
    """(host id, (its tenant as stored, as it should be)) of hosts that are not shared, as far as memory knows, right
    ones among them. No statement where there are none."""
    offerings = await cloud.snapshots.of(ServiceOfferingRow)
    found: list[tuple[int, tuple[int, int]]] = []
    columns = cloud.part(HostIndex).columns
    hosts = [columns.host_id[slot] for slot in columns.tenants.slots()]
    for start in range(0, len(hosts), HOSTS_AT_ONCE):
        rows = await cloud.store.rows(CAPACITIES_OF, hosts[start : start + HOSTS_AT_ONCE])
        stored = {row.host_id: row.tenant for row in rows if row.tenant != SHARED}
        there: dict[int, set[tuple[int, bool]]] = {host_id: set() for host_id in stored}
        for look in (RUNNING, KEPT):
            for host_id, account_id, offering_id in await cloud.store.read(look, sorted(stored)):
                implicit = planner_of(cloud, offerings.by_id[offering_id]) == IMPLICIT
                there[host_id].add((account_id, implicit))
        found += [(host_id, (tenant, _told(tenant, there[host_id]))) for host_id, tenant in stored.items()]
    return found


def _told(stored: int, there: Iterable[tuple[int, bool]]) -> int:
    """Whose a host should be that is `stored`'s, with Instances of these (account, by implicit dedication)."""
    accounts, ways = {account for account, _ in there}, {implicit for _, implicit in there}
    if not accounts or accounts == {stored}:
        return stored
    if True not in ways:
        return SHARED
    return accounts.pop() if len(accounts) == 1 and ways == {True} else MIXED


async def _mend(cloud: Cloud, host_id: int, stored: int, right: int) -> None:
    txn = TxnSpec("host.tenant").add(MEND, host_id, stored, right, expect=None)
    if (await cloud.store.submit(txn))[0] == 0:
        return
    index = cloud.part(HostIndex)
    fact = index.facts.get(host_id)
    words = {SHARED: "open to all accounts", MIXED: "closed, for Instances of several accounts or planners are there"}
    text = f"Host {index.name_of(host_id)} is {words.get(right, f'implicitly dedicated to account {right}')}"
    log.warning("tenant of a host corrected", host=host_id, stored=stored, right=right)
    owner, about = (SYSTEM_ACCOUNT, ROOT_DOMAIN), ("Host", fact.uuid) if fact else None
    row = event(cloud, "HOST.RESERVATION.RELEASE", "Completed", text, SYSTEM_USER, owner, about, "WARN")
    await cloud.store.submit(TxnSpec("host.tenant_event").put(INSERT_EVENT, row))
    await index.refresh_usage(host_id)
