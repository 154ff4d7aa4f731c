"""From an agent's Startup to a host that is Up (agent-protocol 3.3).

Row, attach, one request with the listeners' commands (network, pools) and Ready, then Up. A known host that says what
it said before is found in memory: no read, no write but the one that makes it Up, and none at all if it was Up when its
session was lost. A new one is two transactions of two statements, and one more statement for each pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostFact, HostIndex
from lakh.resources.host.row import BY_GUID, BY_ID, INSERT, INSERT_CAPACITY, HostCapacityRow, HostRow
from lakh.resources.host.startup import Description, RefusedError, described, guid_variants
from lakh.resources.storage_pool.connect import ConnectedPools, PoolRefusedError, modify_command, pools_of, taken
from lakh.resources.storage_pool.row import CONNECT, StoragePoolHostRow
from lakh.store.statement import TxnSpec, statement, values
from lakh.store.store import DuplicateError
from lakh.wire.message import API, Message
from lakh.wire.startup import StartupCommand

log = logger(__name__)

WELCOME_SECONDS: Final = 300.0
"""As long as one pool may take (agent-protocol 3.3)."""

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
    await cloud.part(ConnectedPools).load()
    try:
        host = await _known(cloud, startup)
    except RefusedError as refused:
        log.warning("agent refused", guid=startup.guid, reason=str(refused))
        session.refuse(str(refused))
        return None
    before = host.status
    index.set_arriving(host.id)
    session.attach(host.id)
    try:
        pools = await _welcome(cloud, host, startup)
        await set_up(cloud, host.id, before, pools)
    except HostUnreachableError as error:
        log.warning("host left while connecting", host=host.name, reason=str(error))
        if host.status == "Connecting":  # what the store says: nothing was written
            index.set_state(host.id, status=before)
        return None
    except (RefusedError, PoolRefusedError) as refused:
        log.warning("host not ready", host=host.name, reason=str(refused))
        await set_status(cloud, host.id, "Alert")
        return None
    return host.id


async def _known(cloud: Cloud, startup: StartupCommand) -> HostFact:
    """The host as memory knows it; its row is looked at only when the Startup says something new."""
    if not startup.guid:
        raise RefusedError("The Startup command has no guid")
    index = cloud.part(HostIndex)
    known_id = next((index.by_guid[guid] for guid in guid_variants(startup.guid) if guid in index.by_guid), None)
    description = await described(cloud, startup, known_id)
    if known_id is not None and index.facts[known_id].mark == description.mark:
        return index.facts[known_id]
    known = await stored_host(cloud, known_id) if known_id is not None else None
    if known is not None and known.removed_ms is not None:
        known = None
    host = description.row(cloud, known)
    if known is None:
        host = await _inserted(cloud, description, host)
    elif host != known:
        await _update(cloud, host)
    before = index.facts.get(host.id)
    index.upsert(host if before is None else msgspec.structs.replace(host, status=before.status))
    fact = index.facts[host.id]
    fact.mark = description.mark
    return fact


async def _inserted(cloud: Cloud, description: Description, host: HostRow) -> HostRow:
    """Stores a new host. Where its agent has said Startup twice at once, or to another server, the first one stays."""
    try:
        await _insert(cloud, host)
        return host
    except DuplicateError:
        rows = await cloud.store.rows(BY_GUID, host.guid)
        if not rows:
            raise
        again = description.row(cloud, rows[0])
        if again != rows[0]:
            await _update(cloud, again)
        return again


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


async def _welcome(cloud: Cloud, host: HostFact, startup: StartupCommand) -> list[StoragePoolHostRow]:
    """One request with all that the host must know and have, Ready last: each command is a round trip less.

    A connection that only moved here gets Ready alone. Returns which pools are new to the host. Raises RefusedError,
    PoolRefusedError, HostUnreachableError.
    """
    if startup.connection_transferred:
        await ready(cloud, host)
        return []
    pools = await pools_of(cloud, host.zone_id, host.cluster_id)
    settings = cloud.part(Settings)
    parameters = {name: settings.text(name) for name in ("router.aggregation.command.each.timeout", "migratewait")}
    commands = [
        Message(API + "CheckNetworkCommand", {"networkInfoList": [], "contextMap": {}, "wait": 0}),
        *(modify_command(pool) for pool in pools),
        Message(API + "SetHostParamsCommand", {"params": parameters, "contextMap": {}, "wait": 0}),
        ready_command(cloud, host),
    ]
    answers = await cloud.hosts.call(host.id, commands, timeout_seconds=WELCOME_SECONDS)
    if not answers[0].result:
        raise RefusedError(f"CheckNetworkCommand failed: {answers[0].details}")
    fresh = [await taken(cloud, host.id, pool, answer) for pool, answer in zip(pools, answers[1:], strict=False)]
    for command, answer in zip(commands[-2:], answers[-2:], strict=True):
        if not answer.result:
            raise RefusedError(f"{command.name} failed: {answer.details}")
    return [row for row in fresh if row is not None]


def ready_command(cloud: Cloud, host: HostFact) -> Message:
    """Tells the agent who it is. CloudStack says it twice, the second time with its lists; once with them does."""
    settings = cloud.part(Settings)
    body = {
        "dcId": host.zone_id,
        "hostId": host.id,
        "hostUuid": host.uuid,
        "hostName": host.name,
        "enableHumanReadableSizes": settings.flag("display.human.readable.sizes"),
        "avoidMsHostList": [],
        "lbCheckInterval": settings.integer("indirect.agent.lb.check.interval"),
        "arch": host.arch,
        "contextMap": {},
        "wait": settings.integer("ready.command.wait") or 60,
    }
    return Message(API + "ReadyCommand", body)


async def ready(cloud: Cloud, host: HostFact) -> None:
    """Raises RefusedError, HostUnreachableError."""
    answers = await cloud.hosts.call(host.id, [ready_command(cloud, host)], timeout_seconds=60)
    if not answers[0].result:
        raise RefusedError(f"ReadyCommand failed: {answers[0].details}")


async def set_up(cloud: Cloud, host_id: int, before: str, pools: Sequence[StoragePoolHostRow] = ()) -> None:
    """Makes the host Up; without a write where it was Up `before` and has no new pools."""
    txn = TxnSpec("host.up")
    for row in pools:
        txn.add(CONNECT, *values(row), expect=None)
    if before != "Up":
        txn.add(SET_STATUS, host_id, "Up", cloud.server_id, None, expect=None)
    if txn.steps:
        await cloud.store.submit(txn)
    connected = cloud.part(ConnectedPools)
    for row in pools:
        connected.add(host_id, row.pool_id)
    cloud.part(HostIndex).set_ready(host_id)


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
