"""What becomes of the status of hosts that left: written for many at once, with one event and one alert for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.alert.raising import alert, kind_of
from lakh.resources.command import event
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostFact, HostIndex
from lakh.resources.user.row import SYSTEM_USER
from lakh.store.statement import TxnSpec, statement

log = logger(__name__)

AT_ONCE: Final = 500
NAMED: Final = 5
"""So many hosts are named in an event; of more it tells the number."""

SET_STATUSES = statement(
    "host.set_statuses",
    "UPDATE host SET status = $2, management_server_id = $3, disconnected_ms = $4"
    " WHERE id = ANY($1) AND removed_ms IS NULL",
)


async def set_statuses(cloud: Cloud, host_ids: Sequence[int], status: str, why: str, *, alarm: bool) -> None:
    """Stores a status that several hosts come to for one reason; `alarm` raises an alert with the event."""
    index = cloud.part(HostIndex)
    facts = [index.facts[host_id] for host_id in sorted(host_ids) if host_id in index.facts]
    if not facts:
        return
    now_ms = cloud.now_ms()
    for start in range(0, len(facts), AT_ONCE):
        part = facts[start : start + AT_ONCE]
        txn = TxnSpec("host.statuses")
        txn.add(SET_STATUSES, [fact.id for fact in part], status, cloud.server_id, now_ms, expect=None)
        await cloud.store.submit(txn)
        for fact in part:
            if fact.id in index.facts:
                index.set_state(fact.id, status=status)
    txn = tell(cloud, facts, f"{named(facts)} {'is' if len(facts) == 1 else 'are'} {status}: {why}")
    if alarm:
        place = facts[0]
        subject = f"{named(facts)}: {status}"
        txn.extend(await alert(cloud, kind_of("HOST"), subject, why, zone_id=place.zone_id, pod_id=place.pod_id))
    await cloud.store.submit(txn)


async def tell_gateway_lost(cloud: Cloud, gateway: int, host_ids: Sequence[int]) -> None:
    """One event for all agents that lost their link with a gateway; their statuses stay."""
    facts = cloud.part(HostIndex).facts
    lost = [facts[host_id] for host_id in sorted(host_ids) if host_id in facts]
    if lost:
        text = f"{named(lost)} lost the connection because gateway {gateway} was lost; waiting for them at the others"
        await cloud.store.submit(tell(cloud, lost, text))


def named(facts: Sequence[HostFact]) -> str:
    """`Host a`, `Hosts a, b and c`, or `1234 hosts (a, b, c, d, e, …)`."""
    names = [fact.name for fact in facts[:NAMED]]
    if len(facts) == 1:
        return f"Host {names[0]}"
    if len(facts) <= NAMED:
        return f"Hosts {', '.join(names[:-1])} and {names[-1]}"
    return f"{len(facts)} hosts ({', '.join(names)}, …)"


def tell(cloud: Cloud, facts: Sequence[HostFact], text: str) -> TxnSpec:
    """One event about these hosts."""
    about = ("Host", facts[0].uuid) if len(facts) == 1 else None
    owner = (SYSTEM_ACCOUNT, ROOT_DOMAIN)
    row = event(cloud, "HOST.RECONNECT", "Completed", text, SYSTEM_USER, owner, about, "WARN")
    return TxnSpec("host.event").put(INSERT_EVENT, row)
