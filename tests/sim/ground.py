"""What a simulated cloud stands on: places, a pool, a template, offerings, accounts with limits, and bare hosts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import msgspec
from tests import rows
from tests.blank import blank
from tests.rows import GIB

from lakh.base.clock import LoopClock
from lakh.http import commands
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import ADMIN, USER, AccountRow
from lakh.resources.account.row import INSERT as INSERT_ACCOUNT
from lakh.resources.command import Caller
from lakh.resources.configuration.row import INSERT as INSERT_SETTING
from lakh.resources.configuration.row import ConfigurationRow
from lakh.resources.disk_offering.row import INSERT as INSERT_DISK_OFFERING
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import DomainRow
from lakh.resources.limit.row import ACCOUNT, DOMAIN, INSERT_COUNT, ResourceCountRow
from lakh.resources.seeding import seed
from lakh.resources.service_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.user.row import INSERT as INSERT_USER
from lakh.resources.user.row import UserRow
from lakh.store.ids import RowIds
from lakh.store.inline import InlineStore
from lakh.store.statement import TxnSpec, statement

commands.load()

ROOT_ADMIN = Caller(2, 2, 1, ADMIN, 1, "admin", "/1/")
SETTINGS = {
    "expunge.delay": "300",
    "expunge.interval": "60",
    "storage.cleanup.delay": "300",
    "storage.cleanup.interval": "300",
    "max.account.user.vms": "12",
    "max.account.volumes": "24",
}
"""What a day would take is over in minutes, and limits are met."""

NO_SYSTEM_VMS = statement("test.sim.no_system_vms", "UPDATE zone SET details_json = $2 WHERE id = $1")
SCALABLE = statement("test.sim.scalable", "UPDATE template SET dynamically_scalable = $2 WHERE id = $1")


@dataclass(slots=True)
class Ground:
    """What was written."""

    made: rows.Made
    offerings: list[ServiceOfferingRow]
    disk_offerings: list[DiskOfferingRow]
    tenants: list[Caller]


async def lay(store: InlineStore) -> Ground:
    """A fresh installation with everything but hosts, which join by themselves."""
    ids = await RowIds(store).open()
    hosts: object = None
    cloud = Cloud(store=store, clock=LoopClock(), random=Random(3), row_ids=ids, hosts=hosts)  # type: ignore[arg-type]
    await seed(cloud, "!")
    made = await rows.insert_world(cloud, hosts=0, cpus=0, memory_bytes=0)
    txn = TxnSpec("test.sim.ground")
    off = {"enable.secstorage.vm": "false", "enable.consoleproxy.vm": "false"}
    txn.add(NO_SYSTEM_VMS, made.zone.id, msgspec.json.encode(off).decode()).add(SCALABLE, made.template.id, True)
    offerings = [made.offering, *(_offering(cloud, *shape) for shape in SHAPES)]
    for offering in offerings[1:]:
        txn.put(INSERT_OFFERING, offering)
    disks = [made.disk_offering, *(_disk(cloud, gib) for gib in (8, 20))]
    for disk in disks[1:]:
        txn.put(INSERT_DISK_OFFERING, disk)
    for name, value in SETTINGS.items():
        txn.put(INSERT_SETTING, ConfigurationRow(cloud.id("configuration"), name, "Global", 0, value, 0))
    tenants = [_tenant(cloud, txn, number) for number in range(3)]
    await cloud.store.submit(txn)
    return Ground(made, offerings, disks, tenants)


SHAPES = (("Medium", 2, 1024, False), ("Medium, HA", 2, 1024, True), ("Large", 4, 4096, False))
"""Name, CPUs, memory in MiB, highly available."""


def _offering(cloud: Cloud, name: str, cpus: int, memory_mb: int, ha: bool) -> ServiceOfferingRow:
    return blank(
        cloud, ServiceOfferingRow, name=name, display_text=name, cpus=cpus, speed_mhz=500, memory_mb=memory_mb,
        storage_type="shared", provisioning_type="thin", state="Active", dynamic_scaling=True, ha_enabled=ha,
    )  # fmt: skip


def _disk(cloud: Cloud, gib: int) -> DiskOfferingRow:
    return blank(
        cloud, DiskOfferingRow, name=f"{gib} GiB", display_text=f"{gib} GiB", disk_bytes=gib * GIB, state="Active",
        storage_type="shared", provisioning_type="thin",
    )  # fmt: skip


def _tenant(cloud: Cloud, txn: TxnSpec, number: int) -> Caller:
    """A user's account in a domain of its own, below that of the one before."""
    domain_id, name = cloud.id("domain"), f"tenant-{number}"
    path = f"/1/{domain_id}/"
    domain = blank(cloud, DomainRow, id=domain_id, name=name, parent_id=1, path=path, level=1, state="Active")
    account = blank(cloud, AccountRow, name=name, type=USER, role_id=4, domain_id=domain_id, state="enabled")
    user = blank(
        cloud, UserRow, username=name, password="!", account_id=account.id, domain_id=domain_id, state="enabled",
        source="native",
    )  # fmt: skip
    txn.put(INSERT_DOMAIN, domain).put(INSERT_COUNT, ResourceCountRow(owner_kind=DOMAIN, owner_id=domain_id))
    txn.put(INSERT_ACCOUNT, account).put(INSERT_USER, user)
    txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=ACCOUNT, owner_id=account.id))
    return Caller(user.id, account.id, domain_id, USER, 4, name, path)
