"""Opening an installation: store, epoch, first rows, ids, settings, and the cloud over them."""

from __future__ import annotations

from random import Random

from lakh import __version__
from lakh.base import limits
from lakh.base.clock import Clock
from lakh.base.entropy import BlockRandom
from lakh.base.errors import LakhError
from lakh.bus.hosts import HostCaller
from lakh.jobs.cloud import Cloud
from lakh.jobs.worker import Worker
from lakh.resources.account.row import ADMIN_ACCOUNT
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.finishing import CommandChildren, completed_event
from lakh.resources.management_server.row import BY_NAME, INSERT, NEW_EPOCH, ManagementServerRow
from lakh.resources.seeding import is_seeded, seed
from lakh.resources.user.password import hash_password
from lakh.resources.user.row import ADMIN_USER, INSERT_KEY, ApiKeyRow
from lakh.server.config import Configuration
from lakh.server.several import Several
from lakh.store.ids import RowIds
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError, Store


class TwinServerError(LakhError):
    """Another server of the same name starts at the same time."""


async def open_cloud(
    store: Store,
    hosts: HostCaller,
    clock: Clock,
    config: Configuration,
    random: Random | None = None,
    several: Several | None = None,
) -> Cloud:
    """The cloud of an open store; seeds a fresh one. The worker is there but resumes nothing yet. `several`: this is
    one of a server's control processes."""
    row_ids = await RowIds(store).open()
    cloud = Cloud(store=store, clock=clock, random=random or BlockRandom(), row_ids=row_ids, hosts=hosts)
    if several is not None:
        cloud.peers, cloud.number, cloud.controls = several.peers, several.number, config.controls
    await _begin_epoch(cloud, config.name, first=several is None or several.first)
    if several is not None:
        await several.begin(cloud)
    if not await is_seeded(store):
        await seed(cloud, await hash_password(config.admin_password))
        await _seed_keys(cloud, config)
    await cloud.part(Settings).refresh()
    cloud.worker = Worker(cloud)
    cloud.worker.on_finished = completed_event
    cloud.children = CommandChildren(cloud)
    return cloud


async def _seed_keys(cloud: Cloud, config: Configuration) -> None:
    """Gives user admin the configured key pair, so that a client in CI needs no log-in first."""
    if not config.admin_api_key or not config.admin_secret_key:
        return
    key = ApiKeyRow(
        id=cloud.id("api_key"),
        uuid=cloud.uuid(),
        user_id=ADMIN_USER,
        account_id=ADMIN_ACCOUNT,
        domain_id=ROOT_DOMAIN,
        name="configured",
        description=None,
        api_key=config.admin_api_key,
        secret_key=config.admin_secret_key,
        start_ms=None,
        end_ms=None,
        created_ms=cloud.now_ms(),
    )
    await cloud.store.submit(TxnSpec("server.admin_key").put(INSERT_KEY, key))


async def _begin_epoch(cloud: Cloud, name: str, *, first: bool) -> None:
    """Makes or takes this server's row and begins its next epoch: what an earlier start left is fenced off.

    Control processes of one server may start together: each gets an epoch of its own.
    """
    for attempt in range(limits.CONTROLS * 2):
        try:
            await _next_epoch(cloud, name, first=first)
            return
        except TwinServerError:
            if cloud.controls == 1 or attempt == limits.CONTROLS * 2 - 1:
                raise


async def _next_epoch(cloud: Cloud, name: str, *, first: bool) -> None:
    now_ms = cloud.now_ms()
    rows = await cloud.store.rows(BY_NAME, name)
    if not rows:
        row = ManagementServerRow(
            id=cloud.id("management_server"),
            uuid=cloud.uuid(),
            name=name,
            msid=cloud.random.getrandbits(46) | 1 << 41,
            state="Up",
            version=__version__,
            epoch=1,
            started_ms=now_ms,
            heartbeat_ms=now_ms,
        )
        await cloud.store.submit(TxnSpec("server.first_start").put(INSERT, row))
    else:
        row = rows[0]
        txn = TxnSpec("server.start").add(NEW_EPOCH, row.id, row.epoch, now_ms, __version__, first)
        try:
            await cloud.store.submit(txn)
        except (GuardFailedError, DuplicateError):
            raise TwinServerError(
                f"another server called {name} starts on this store; give each its own name"
            ) from None
        row.epoch += 1
    cloud.server_id, cloud.epoch, cloud.management_server_id = row.id, row.epoch, row.msid
