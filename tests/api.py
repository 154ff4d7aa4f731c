"""A small cloud on a store in memory, and clients that reach it over a real socket: tests tell stories over HTTP.

    async def test_it(api: Api):
        zones = await api.admin.call("listZones")

`api.admin` signs as the root admin; `await api.user("joe")` makes an account and a client of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.stores import filled_store

import lakh.http.commands
from lakh.base.clock import SystemClock
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.client import Answer, Client
from lakh.http.edge import Edge
from lakh.jobs.cloud import Cloud
from lakh.jobs.worker import Worker
from lakh.resources.account.row import ADMIN, ADMIN_ACCOUNT, USER, AccountRow
from lakh.resources.account.row import BY_ID as ACCOUNT_BY_ID
from lakh.resources.account.row import INSERT as INSERT_ACCOUNT
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import ROOT_DOMAIN, DomainRow
from lakh.resources.finishing import CommandChildren, completed_event
from lakh.resources.limit.row import ACCOUNT, DOMAIN, INSERT_COUNT, ResourceCountRow
from lakh.resources.seeding import seed
from lakh.resources.user.password import hash_now
from lakh.resources.user.row import ADMIN_USER, INSERT, INSERT_KEY, ApiKeyRow, UserRow
from lakh.resources.user.row import BY_ID as USER_BY_ID
from lakh.store.ids import RowIds
from lakh.store.statement import TxnSpec
from lakh.store.store import Store
from lakh.wire.message import Message

lakh.http.commands.load()

PASSWORD = "correct horse"
_HASHED = hash_now(PASSWORD, b"salt of all test")
"""Hashed once: a hash is slow on purpose."""


class ManualClock(SystemClock):
    """The machine's clock plus what the test adds: `clock.forward(1800)`."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def forward(self, seconds: float) -> None:
        self.ahead += seconds

    def now_ms(self) -> int:
        return super().now_ms() + int(self.ahead * 1000)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class NoHosts:
    """A cloud without hosts: every call fails at once."""

    async def call(
        self, host_id: int, commands: Sequence[Message], *, timeout_seconds: float = 1800.0, stop_on_error: bool = True
    ) -> list[Message]:
        raise HostUnreachableError(host_id, "no hosts in this test", sent=False)

    def is_connected(self, host_id: int) -> bool:
        return False

    def drop(self, host_id: int) -> None:
        """There is no session to close."""


@dataclass(slots=True)
class Tenant:
    """An account with a user, and a client that signs as it."""

    account: AccountRow
    user: UserRow
    api_key: str
    secret_key: str
    client: Client

    async def call(self, command: str, **parameters: Any) -> dict[str, Any]:
        return await self.client.call(command, **parameters)

    async def job(self, command: str, **parameters: Any) -> dict[str, Any]:
        return await self.client.job(command, **parameters)

    async def get(self, **parameters: Any) -> Answer:
        """A signed GET as it comes back."""
        command = parameters.pop("command", "")
        return await self.client.get(self.client.query(command, parameters))


async def _first_rows(store: Store) -> None:
    """What `seed` writes, once for all tests: later it finds everything there."""
    row_ids = await RowIds(store).open()
    cloud = Cloud(store=store, clock=SystemClock(), random=Random(0), row_ids=row_ids, hosts=NoHosts())
    await seed(cloud, _HASHED)


class Api:
    """The running server. Make it with `await Api.start()` (or the fixture `api`) and `await stop()` it."""

    def __init__(self, cloud: Cloud, clock: ManualClock) -> None:
        self.cloud = cloud
        self.clock = clock
        self.edge = Edge(cloud)
        self.port = 0
        self.admin: Tenant
        self.clients: list[Client] = []
        self.borrowed = AsyncExitStack()

    @classmethod
    async def start(cls, *, hosts: Any = None, store: Any = None) -> Api:
        clock, borrowed = ManualClock(), AsyncExitStack()
        if store is None:
            folder = Path(borrowed.enter_context(tempfile.TemporaryDirectory(prefix="lakh-api-")))
            store, _ = await borrowed.enter_async_context(filled_store(_first_rows, folder=folder))
        row_ids = await RowIds(store).open()
        cloud = Cloud(
            store=store, clock=clock, random=Random(1), row_ids=row_ids, hosts=NoHosts() if hosts is None else hosts
        )
        cloud.worker = Worker(cloud)
        cloud.worker.on_finished = completed_event
        cloud.children = CommandChildren(cloud)
        await seed(cloud, _HASHED)
        api = cls(cloud, clock)
        api.borrowed = borrowed
        api.port = await api.edge.start("127.0.0.1", 0)
        account = (await store.rows(ACCOUNT_BY_ID, ADMIN_ACCOUNT))[0]
        user = (await store.rows(USER_BY_ID, ADMIN_USER))[0]
        api.admin = await api._with_keys(account, user)
        return api

    async def stop(self) -> None:
        for client in self.clients:
            await client.close()
        await self.edge.stop()
        await self.cloud.worker.stop()
        await self.cloud.store.close()
        await self.borrowed.aclose()

    def client(self, api_key: str = "", secret_key: str = "", **options: Any) -> Client:
        made = Client("127.0.0.1", self.port, api_key, secret_key, **options)
        self.clients.append(made)
        return made

    # --- rows written directly, for tests of other things --------------------------------------------------------
    async def domain(self, name: str, parent: DomainRow | None = None) -> DomainRow:
        """A domain below `parent`, by default ROOT."""
        made = self.cloud.id("domain")
        row = DomainRow(
            id=made,
            uuid=self.cloud.uuid(),
            name=name,
            parent_id=parent.id if parent else ROOT_DOMAIN,
            path=f"{parent.path if parent else '/1/'}{made}/",
            level=(parent.level if parent else 0) + 1,
            network_domain=None,
            state="Active",
            created_ms=self.cloud.now_ms(),
        )
        txn = TxnSpec("test.domain").put(INSERT_DOMAIN, row)
        await self.cloud.store.submit(txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=DOMAIN, owner_id=made)))
        return row

    async def user(self, name: str, domain: DomainRow | None = None, kind: int = USER) -> Tenant:
        """An account of that name and type with one user and keys."""
        domain_id = domain.id if domain else ROOT_DOMAIN
        account = AccountRow(
            id=self.cloud.id("account"),
            uuid=self.cloud.uuid(),
            name=name,
            type=kind,
            role_id={ADMIN: 1, 3: 2, 2: 3}.get(kind, 4),
            domain_id=domain_id,
            state="enabled",
            network_domain=None,
            default_zone_id=None,
            details_json="{}",
            created_ms=self.cloud.now_ms(),
        )
        user = UserRow(
            id=self.cloud.id("users"),
            uuid=self.cloud.uuid(),
            username=name,
            password=_HASHED,
            account_id=account.id,
            domain_id=domain_id,
            firstname=name.title(),
            lastname="Tester",
            email=f"{name}@example.org",
            timezone=None,
            state="enabled",
            login_attempts=0,
            source="native",
            created_ms=self.cloud.now_ms(),
        )
        txn = TxnSpec("test.account").put(INSERT_ACCOUNT, account).put(INSERT, user)
        txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=ACCOUNT, owner_id=account.id))
        await self.cloud.store.submit(txn)
        return await self._with_keys(account, user)

    async def _with_keys(self, account: AccountRow, user: UserRow) -> Tenant:
        key, secret = f"key-of-{user.uuid}", f"secret-of-{user.uuid}"
        row = ApiKeyRow(
            id=self.cloud.id("api_key"),
            uuid=self.cloud.uuid(),
            user_id=user.id,
            account_id=account.id,
            domain_id=account.domain_id,
            name="test",
            description=None,
            api_key=key,
            secret_key=secret,
            start_ms=None,
            end_ms=None,
            created_ms=self.cloud.now_ms(),
        )
        await self.cloud.store.submit(TxnSpec("test.key").put(INSERT_KEY, row))
        return Tenant(account, user, key, secret, self.client(key, secret))
