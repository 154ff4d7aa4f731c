"""From a system VM agent's Startup to a host that is Up (addendum 3.2, 3.3).

Its host row is tied to its VM by the name alone. What fails while it is prepared is only logged: it becomes Up all the
same, and is prepared again when it connects the next time.
"""

from __future__ import annotations

import base64
from typing import Final

import msgspec

from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.connect import Session, ready, set_status, set_up
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import BY_GUID, INSERT, HostRow
from lakh.resources.host.startup import RefusedError, new_row
from lakh.resources.image_store.row import SET_PARENT, ImageStoreRow
from lakh.resources.pod.row import PodRow
from lakh.resources.template.sync import sync_templates
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec, statement
from lakh.wire.commands import system_vm
from lakh.wire.message import API, Message
from lakh.wire.objects.data import nfs_store
from lakh.wire.startup import Startup, StartupCommand

log = logger(__name__)

SECONDARY_STORAGE: Final = "SecondaryStorageVM"
CONSOLE_PROXY: Final = "ConsoleProxy"
TYPES: Final = {
    API + "StartupSecondaryStorageCommand": SECONDARY_STORAGE,
    API + "StartupProxyCommand": CONSOLE_PROXY,
}
UPDATE = statement(
    "host.update_system",
    "UPDATE host SET name = $2, guid = $3, zone_id = $4, pod_id = $5, version = $6, arch = $7, private_ip = $8,"
    " private_mac = $9, private_netmask = $10, storage_ip = $11, public_ip = $12 WHERE id = $1 AND removed_ms IS NULL",
)


async def connect_system(cloud: Cloud, session: Session, startup: Startup) -> int | None:
    """Brings the agent of a system VM Up. Returns its host's id, or None when it was refused or left."""
    index = cloud.part(HostIndex)
    await index.load()
    kind = TYPES[startup.java_class]
    try:
        host = await _stored(cloud, startup.agent, kind)
    except RefusedError as refused:
        log.warning("system VM refused", guid=startup.agent.guid, reason=str(refused))
        session.refuse(str(refused))
        return None
    before = host.status
    index.upsert(msgspec.structs.replace(host, status="Connecting"))
    index.set_connected(host.id, False)  # until it is Ready: it refuses downloads before
    session.attach(host.id)
    try:
        await _prepare(cloud, host, kind)
        await ready(cloud, index.facts[host.id])
        await set_up(cloud, host.id, before)
    except (HostUnreachableError, RefusedError) as error:
        log.warning("system VM left while connecting", host=host.name, reason=str(error))
        await set_status(cloud, host.id, "Alert")
        return None
    return host.id


# --- its row ---------------------------------------------------------------------------------------------------------
async def _stored(cloud: Cloud, startup: StartupCommand, kind: str) -> HostRow:
    if not startup.guid or not startup.name:
        raise RefusedError("The Startup command has no guid or no name")
    fields = await _fields(cloud, startup, kind)
    for guid in (startup.guid, startup.guid.removesuffix(f"-{startup.resource_name}")):
        if rows := await cloud.store.rows(BY_GUID, guid):
            return await _updated(cloud, msgspec.structs.replace(rows[0], **fields), rows[0])
    host = new_row(cloud, {}, fields)
    await cloud.store.submit(TxnSpec("host.add_system").put(INSERT, host))
    return host


async def _updated(cloud: Cloud, host: HostRow, known: HostRow) -> HostRow:
    if host == known:
        return host
    txn = TxnSpec("host.update_system")
    txn.add(
        UPDATE, host.id, host.name, host.guid, host.zone_id, host.pod_id, host.version, host.arch, host.private_ip,
        host.private_mac, host.private_netmask, host.storage_ip, host.public_ip,
    )  # fmt: skip
    await cloud.store.submit(txn)
    return host


async def _fields(cloud: Cloud, startup: StartupCommand, kind: str) -> dict[str, object]:
    zones = await cloud.snapshots.of(ZoneRow)
    zone = next((z for z in zones if startup.data_center in (str(z.id), z.name)), None)
    if zone is None:
        raise RefusedError(f"Unable to find zone {startup.data_center}: the agent sent incorrect data center")
    pods = await cloud.snapshots.of(PodRow)
    pod = next((p for p in pods if p.zone_id == zone.id and startup.pod in (str(p.id), p.name)), None)
    if pod is None:
        raise RefusedError(f"Unable to find pod {startup.pod} in zone {zone.name}: the agent sent incorrect pod")
    return {
        "guid": startup.guid,
        "name": startup.name,
        "type": kind,
        "zone_id": zone.id,
        "pod_id": pod.id,
        "cluster_id": None,
        "hypervisor": None,
        "hypervisor_version": None,
        "arch": startup.arch or "x86_64",
        "version": startup.version,
        "capabilities": None,
        "private_ip": startup.private_ip_address or "",
        "private_mac": startup.private_mac_address,
        "private_netmask": startup.private_netmask,
        "storage_ip": startup.storage_ip_address,
        "public_ip": startup.public_ip_address,
        "cpu_sockets": 0,
        "cpus": 0,
        "speed_mhz": 0,
        "memory_bytes": 0,
    }


# --- what it must know before it is ready ----------------------------------------------------------------------------
async def _prepare(cloud: Cloud, host: HostRow, kind: str) -> None:
    """Raises HostUnreachableError when it leaves; anything else that fails is logged."""
    if kind == CONSOLE_PROXY:
        await _say(cloud, host, _console_handler(cloud))
        return
    stores = [s for s in await cloud.snapshots.of(ImageStoreRow) if s.zone_id in (host.zone_id, None)]
    for store in stores:
        if store.url.startswith("nfs:"):
            await _set_up_store(cloud, host, store)
    await _open_firewall(cloud, host)
    sites = cloud.part(Settings).text("secstorage.allowed.internal.sites")
    allowed = [site.strip() for site in sites.split(",") if site.strip()] or None
    password = "".join(cloud.random.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(12))
    await _say(cloud, host, system_vm.setup_vm(copy_password=password, allowed_internal_sites=allowed))
    for store in stores:
        if store.read_only:
            continue
        await _say(cloud, host, system_vm.list_volumes(nfs_store(url=store.url, uuid=store.uuid)))
        try:
            await sync_templates(cloud, host.id, store)
        except HostUnreachableError:
            raise
        except LakhError as error:
            log.warning("templates not compared", host=host.name, store=store.name, reason=str(error))


async def _set_up_store(cloud: Cloud, host: HostRow, store: ImageStoreRow) -> None:
    target = nfs_store(url=store.url, uuid=store.uuid, role=store.role, nfs_version=_nfs_version(cloud, store))
    answer = await _say(cloud, host, system_vm.setup_store(target))
    folder = answer.body.get("_dir")
    if answer.result and folder and folder != store.parent:
        await cloud.store.submit(TxnSpec("image_store.parent").add(SET_PARENT, store.id, folder, expect=None))


def _nfs_version(cloud: Cloud, store: ImageStoreRow) -> str | None:
    return cloud.part(Settings).text("secstorage.nfs.version", ("ImageStore", store.id)) or None


async def _open_firewall(cloud: Cloud, host: HostRow) -> None:
    """Secondary storage VMs copy from each other: the others let this one in, and it lets in the others."""
    others = [
        fact
        for fact in cloud.part(HostIndex).system.values()
        if fact.type == SECONDARY_STORAGE and fact.id != host.id and fact.status in ("Up", "Connecting")
    ]
    for other in others:
        if other.connected and host.public_ip:
            try:
                await cloud.hosts.call(other.id, [system_vm.allow_peers([host.public_ip], append=True)])
            except HostUnreachableError as error:
                log.warning("peer not told of a new one", host=other.name, reason=str(error))
    peers = [fact.public_ip for fact in others if fact.public_ip]
    await _say(cloud, host, system_vm.allow_peers(peers, append=False))


def _console_handler(cloud: Cloud) -> Message:
    """The keys that a console proxy decrypts console tokens with."""
    key, vector = cloud.random.randbytes(16), cloud.random.randbytes(16)
    return system_vm.start_console_proxy(
        keystore_password="".join(cloud.random.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(16)),
        encryptor_key_base64=base64.b64encode(key).decode(),
        encryptor_iv_base64=base64.b64encode(vector).decode(),
    )


async def _say(cloud: Cloud, host: HostRow, command: Message) -> Message:
    answer = (await cloud.hosts.call(host.id, [command], timeout_seconds=300))[0]
    if not answer.result:
        log.warning("system VM refused a setup command", host=host.name, command=command.name, reason=answer.details)
    return answer
