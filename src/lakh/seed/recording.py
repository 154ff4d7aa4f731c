"""What deployments write, recorded: their own TxnSpecs, as the product makes them, in the order of each deployment.

VMs are deployed on a seeded installation through its API, with hosts in memory in place of a fleet, and a store that
notes every TxnSpec it is given. On a copy of the installation as it was before, the same TxnSpecs can be stored again,
by any engine, with nothing else around.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Final, TypeVar

from lakh.agent import verbs
from lakh.agent.dispatch import execute
from lakh.agent.fake import FakeHypervisor
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import Host
from lakh.agent.images import ImageStores
from lakh.agent.objects import file_name
from lakh.agent.router import Routers
from lakh.base.clock import SystemClock
from lakh.base.errors import LakhError
from lakh.contract.client import Client, ClientError
from lakh.http.edge import Edge
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import FINISH, PROGRESS
from lakh.jobs.row import INSERT as INSERT_JOB
from lakh.lab.installation import UNLIMITED_TYPES
from lakh.resources.host.index import HostIndex
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.row import OF_POOL
from lakh.seed.hosts import identities
from lakh.seed.places import POOL_BYTES
from lakh.server.cloud import open_cloud
from lakh.server.config import Configuration
from lakh.store.statement import Query, Statement, TxnSpec
from lakh.store.store import Follower, Listener, Store
from lakh.store.table import Row
from lakh.wire.message import Message

T = TypeVar("T", bound=Row)

WORKERS: Final = 50


class RecordingError(LakhError):
    """The installation cannot deploy; the text says what it answered."""


class Recorder:
    """A store that notes what it is given to commit, by job."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.dialect = store.dialect
        self._of_job: dict[int, list[TxnSpec]] = {}

    @property
    def deployments(self) -> list[list[TxnSpec]]:
        """The TxnSpecs of each job, in order of admission."""
        return list(self._of_job.values())

    async def submit(self, txn: TxnSpec) -> list[int]:
        counts = await self._store.submit(txn)
        for step in txn.steps:
            if step.statement is INSERT_JOB:
                self._of_job[step.arguments[0]] = [txn]
            elif step.statement is PROGRESS or step.statement is FINISH:
                self._of_job[step.arguments[0]].append(txn)
        return counts

    async def read(self, statement: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        return await self._store.read(statement, *arguments)

    async def rows(self, query: Query[T], *arguments: Any) -> list[T]:
        return await self._store.rows(query, *arguments)

    def on_commit(self, listener: Listener) -> None:
        self._store.on_commit(listener)

    def follow(self, table: str, follower: Follower) -> None:
        self._store.follow(table, follower)

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        self._store.follow_others(table, follower, columns)

    def counters(self) -> dict[str, float]:
        return self._store.counters()

    def gauges(self) -> dict[str, int]:
        return self._store.gauges()

    async def close(self) -> None:
        await self._store.close()


class MemoryHosts:
    """A HostCaller whose hosts are the mock agents of this process: they do at once what they are told."""

    def __init__(self) -> None:
        self._hosts: dict[int, Host] = {}

    async def join(self, cloud: Cloud, told: dict[str, Any]) -> None:
        """Every host of the installation is here and connected. `told` is what `seed_store` told of it."""
        storage, addresses, clock = SharedStorage(POOL_BYTES), SharedAddresses(None), SystemClock()
        pools = [pool for pool in await cloud.snapshots.of(StoragePoolRow) if pool.uuid]
        for pool in pools:
            storage.open_pool(pool.uuid)
            for template in await cloud.store.rows(OF_POOL, pool.id):
                name = file_name(template.install_path)
                storage.add(pool.uuid, name, "template", template.size_bytes, template.size_bytes)
        known = identities(told["fleet_map"], told["size"]["seed"])
        routers, images = Routers(), ImageStores()
        index = cloud.part(HostIndex)
        await index.load()
        for number in range(1, told["size"]["hosts"] + 1):
            hypervisor = FakeHypervisor(known.facts(number), number, storage, clock, addresses)
            hypervisor.recall_pools([pool.uuid for pool in pools])
            host = Host(
                known.guid(number), known.place(number), hypervisor, routers, images, clock, Random(number), cloud.uuids
            )
            host.host_id, host.ready = index.by_name[host.own_name], True
            self._hosts[host.host_id] = host
            index.set_connected(host.host_id, True)

    async def call(
        self, host_id: int, commands: Sequence[Message], *, timeout_seconds: float = 1800.0, stop_on_error: bool = True
    ) -> list[Message]:
        return [execute(self._hosts[host_id], command) for command in commands]

    def is_connected(self, host_id: int) -> bool:
        return host_id in self._hosts

    def drop(self, host_id: int) -> None:
        """There is no session to close."""


async def record(store: Store, config: Configuration, told: dict[str, Any], vms: int) -> list[list[TxnSpec]]:
    """Deploys VMs on the seeded installation in `store`, and returns each deployment's TxnSpecs.

    Raises RecordingError, ClientError for what the API refuses.
    """
    verbs.load()
    recorder, hosts = Recorder(store), MemoryHosts()
    cloud = await open_cloud(recorder, hosts, SystemClock(), config, Random(1))
    await hosts.join(cloud, told)
    edge = Edge(cloud)
    port = await edge.start("127.0.0.1", 0)
    owner, admin = told["accounts"][0], told["admin"]
    client = Client("127.0.0.1", port, owner["api_key"], owner["secret_key"])
    numbers = iter(range(vms))
    where = {
        "zoneid": told["zones"][0],
        "templateid": told["templates"][0],
        "serviceofferingid": told["offerings"][0],
        "networkids": told["networks"][0],
    }

    async def deploy() -> None:
        for number in numbers:
            await client.job("deployVirtualMachine", **where, name=f"recorded-{number}")

    try:
        async with Client("127.0.0.1", port, admin["api_key"], admin["secret_key"]) as root:
            domain_id = (await root.call("listAccounts", id=owner["id"]))["account"][0]["domainid"]
            for kind in UNLIMITED_TYPES:
                whose = {"account": owner["name"], "domainid": domain_id}
                await root.call("updateResourceLimit", **whose, resourcetype=kind, max=-1)
        await asyncio.gather(*(deploy() for _ in range(min(WORKERS, vms))))
    except ClientError as error:
        raise RecordingError(f"deployVirtualMachine: {error}") from error
    finally:
        await client.close()
        await edge.stop()
        await cloud.worker.stop()
    return recorder.deployments
