"""From an agent's Startup to a host that is Up (agent-protocol 3.3).

Row, attach, then the listeners' commands (network, pools), Ready, Up, Ready again. A host whose row would not change
costs no write but the one that makes it Up, and none at all if it was Up when its session was lost.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import BY_GUID, BY_ID, INSERT, INSERT_CAPACITY, HostCapacityRow, HostRow
from lakh.resources.host.startup import RefusedError, checked, guid_variants
from lakh.resources.storage_pool.connect import PoolRefusedError, connect_pools
from lakh.store.statement import TxnSpec, statement
from lakh.wire.message import API, Message
from lakh.wire.startup import StartupCommand

log = logger(__name__)

UPDATE = statement(
    "host.update",
    "UPDATE host SET name = $2, cluster_id = $3, pod_id = $4, zone_id = $5, version = $6, capabilities = $7,"
    " private_ip = $8, storage_ip = $9, public_ip = $10, cpus = $11, speed_mhz = $12, memory_bytes = $13,"
    " cpu_sockets = $14, details_json = $15, guid = $16, arch = $17 WHERE id = $1",
)
UPDATE_TOTALS = statement(
    "host_capacity.totals",
    "UPDATE host_capacity SET cpu_total_mhz = $2, cores_total = $3, memory_total_bytes = $4 WHERE host_id = $1",
)
SET_STATUS = statement(
    "host.set_status",
    "UPDATE host SET status = $2, management_server_id = $3, disconnected_ms = $4 WHERE id = $1 AND removed_ms IS NULL",
)


class Session(Protocol):
    """The agent's connection while it is not Up yet."""

    def attach(self, host_id: int) -> None: ...
    def refuse(self, text: str) -> None: ...


async def connect(cloud: Cloud, session: Session, startup: StartupCommand) -> int | None:
    """Brings a KVM host Up. Returns its id, or None when it was refused or did not answer; then its session ends."""
    index = cloud.part(HostIndex)
    await index.load()
    try:
        host = await _stored(cloud, startup)
    except RefusedError as refused:
        log.warning("agent refused", guid=startup.guid, reason=str(refused))
        session.refuse(str(refused))
        return None
    before = host.status
    index.upsert(msgspec.structs.replace(host, status="Connecting"))
    index.set_connected(host.id, False)
    session.attach(host.id)
    try:
        await _prepare(cloud, host, startup)
        await ready(cloud, host)
        await set_up(cloud, host, before)
        await ready(cloud, host, with_lists=True)
    except HostUnreachableError as error:
        log.warning("host left while connecting", host=host.name, reason=str(error))
        return None
    except (RefusedError, PoolRefusedError) as refused:
        log.warning("host not ready", host=host.name, reason=str(refused))
        await set_status(cloud, host.id, "Alert")
        return None
    return host.id


async def _stored(cloud: Cloud, startup: StartupCommand) -> HostRow:
    if not startup.guid:
        raise RefusedError("The Startup command has no guid")
    known = None
    for guid in guid_variants(startup.guid):
        rows = await cloud.store.rows(BY_GUID, guid)
        if rows:
            known = rows[0]
            break
    host = await checked(cloud, startup, known)
    if known is None:
        await _insert(cloud, host)
    elif host != known:
        await _update(cloud, host)
    return host


async def _insert(cloud: Cloud, host: HostRow) -> None:
    clusters = await cloud.snapshots.of(ClusterRow)
    cluster = clusters.by_id[host.cluster_id or 0]
    capacity = HostCapacityRow(
        host_id=host.id,
        cpu_total_mhz=host.cpus * host.speed_mhz,
        cpu_used_mhz=0,
        cores_total=host.cpus,
        cores_used=0,
        memory_total_bytes=host.memory_bytes,
        memory_used_bytes=0,
        vms=0,
        cpu_overcommit=cluster.cpu_overcommit,
        memory_overcommit=cluster.memory_overcommit,
    )
    await cloud.store.submit(TxnSpec("host.add").put(INSERT, host).put(INSERT_CAPACITY, capacity))


async def _update(cloud: Cloud, host: HostRow) -> None:
    txn = TxnSpec("host.update")
    txn.add(
        UPDATE, host.id, host.name, host.cluster_id, host.pod_id, host.zone_id, host.version, host.capabilities,
        host.private_ip, host.storage_ip, host.public_ip, host.cpus, host.speed_mhz, host.memory_bytes,
        host.cpu_sockets, host.details_json, host.guid, host.arch,
    )  # fmt: skip
    txn.add(UPDATE_TOTALS, host.id, host.cpus * host.speed_mhz, host.cpus, host.memory_bytes)
    await cloud.store.submit(txn)


async def _prepare(cloud: Cloud, host: HostRow, startup: StartupCommand) -> None:
    """What the host must know and have before it is ready; skipped when its connection only moved here."""
    if startup.connection_transferred:
        return
    settings = cloud.part(Settings)
    answers = await cloud.hosts.call(
        host.id, [Message(API + "CheckNetworkCommand", {"networkInfoList": [], "contextMap": {}, "wait": 0})]
    )
    if not answers or not answers[0].result:
        raise RefusedError(f"CheckNetworkCommand failed: {answers[0].details if answers else 'no answer'}")
    await connect_pools(cloud, host)
    parameters = {name: settings.text(name) for name in ("router.aggregation.command.each.timeout", "migratewait")}
    await cloud.hosts.call(
        host.id, [Message(API + "SetHostParamsCommand", {"params": parameters, "contextMap": {}, "wait": 0})]
    )


async def ready(cloud: Cloud, host: HostRow, *, with_lists: bool = False) -> None:
    """Tells the agent who it is. Raises RefusedError, HostUnreachableError."""
    settings = cloud.part(Settings)
    body = {
        "dcId": host.zone_id,
        "hostId": host.id,
        "hostUuid": host.uuid,
        "hostName": host.name,
        "enableHumanReadableSizes": settings.flag("display.human.readable.sizes"),
        "contextMap": {},
        "wait": settings.integer("ready.command.wait") or 60,
    }
    if with_lists:
        body |= {"avoidMsHostList": [], "lbCheckInterval": settings.integer("indirect.agent.lb.check.interval")}
        body["arch"] = host.arch
    answers = await cloud.hosts.call(host.id, [Message(API + "ReadyCommand", body)], timeout_seconds=60)
    if not answers or not answers[0].result:
        raise RefusedError(f"ReadyCommand failed: {answers[0].details if answers else 'no answer'}")


async def set_up(cloud: Cloud, host: HostRow, before: str) -> None:
    """Makes the host Up; without a write where it was Up `before`."""
    if before != "Up":
        await set_status(cloud, host.id, "Up")
    index = cloud.part(HostIndex)
    index.set_state(host.id, status="Up")
    index.set_connected(host.id, True)


async def set_status(cloud: Cloud, host_id: int, status: str, *, reason: str = "") -> None:
    """Stores a host's new status and follows it in memory; a host that leaves or comes back is an event."""
    index = cloud.part(HostIndex)
    away = cloud.now_ms() if status in ("Disconnected", "Alert", "Down") else None
    txn = TxnSpec("host.status").add(SET_STATUS, host_id, status, cloud.server_id, away, expect=None)
    fact = index.facts.get(host_id)
    if fact is not None and away is not None:
        text = f"Host {fact.name} is {status}" + (f": {reason}" if reason else "")
        txn.put(INSERT_EVENT, event(cloud, "HOST.RECONNECT", "Completed", text, 1, (1, 1), ("Host", fact.uuid), "WARN"))
    await cloud.store.submit(txn)
    if fact is not None:
        index.set_state(host_id, status=status)


async def stored_host(cloud: Cloud, host_id: int) -> HostRow | None:
    """The host's row, or None."""
    rows = await cloud.store.rows(BY_ID, host_id)
    return rows[0] if rows else None
