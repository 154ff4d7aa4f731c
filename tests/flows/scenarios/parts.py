"""What scenarios are made of: VMs, accounts and places, each under a name of its own."""

from __future__ import annotations

import itertools
from typing import Any

from tests.blank import blank
from tests.flows.server import Server

from lakh.resources.account.row import INSERT as INSERT_ACCOUNT
from lakh.resources.account.row import USER, AccountRow
from lakh.resources.command import Caller
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import DomainRow
from lakh.resources.limit.row import ACCOUNT, DOMAIN, INSERT_COUNT, ResourceCountRow
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.user.row import INSERT as INSERT_USER
from lakh.resources.user.row import UserRow
from lakh.resources.vm.row import VmRow

_numbers = itertools.count(1)


def fresh(word: str) -> str:
    """A name that nothing else has."""
    return f"{word}-{next(_numbers)}"


def deployment(server: Server, **more: Any) -> dict[str, Any]:
    """Parameters of a deployVirtualMachine in this world, by row id."""
    made = server.world.made
    return {
        "zoneid": made.zone.id,
        "templateid": made.template.id,
        "serviceofferingid": made.offering.id,
        "networkids": [made.network.id],
        "name": fresh("vm"),
        **more,
    }


async def deployed(server: Server, **more: Any) -> VmRow:
    """A running VM with a data disk."""
    more.setdefault("diskofferingid", server.world.made.disk_offering.id)
    made = await server.call("deployVirtualMachine", **deployment(server, **more))
    return await server.find(VmRow, made["id"])


async def stopped(server: Server, **more: Any) -> VmRow:
    """A VM that ran once."""
    vm = await deployed(server, **more)
    await server.call("stopVirtualMachine", id=vm.id)
    return await server.row(VmRow, vm.id)


async def vm_state(server: Server, vm: VmRow) -> str:
    """The VM's state, or Gone."""
    row = await server.row(VmRow, vm.id)
    return row.state if row.removed_ms is None else "Gone"


async def account_of(server: Server, domain_id: int = 1) -> tuple[AccountRow, Caller]:
    """A user's account in a domain, and its user as a caller."""
    cloud, name = server.cloud, fresh("account")
    account = blank(cloud, AccountRow, name=name, type=USER, role_id=4, domain_id=domain_id, state="enabled")
    user = blank(
        cloud, UserRow, username=name, password="!", account_id=account.id, domain_id=domain_id, state="enabled",
        source="native",
    )  # fmt: skip
    count = ResourceCountRow(owner_kind=ACCOUNT, owner_id=account.id)
    await server.put((INSERT_ACCOUNT, account), (INSERT_USER, user), (INSERT_COUNT, count))
    domain = await server.row(DomainRow, domain_id)
    return account, Caller(user.id, account.id, domain_id, USER, 4, name, domain.path)


async def domain_under(server: Server, parent: DomainRow | None = None) -> DomainRow:
    """A domain below `parent`, by default ROOT."""
    made = server.cloud.id("domain")
    path = f"{parent.path if parent else '/1/'}{made}/"
    row = blank(
        server.cloud, DomainRow, id=made, name=fresh("domain"), parent_id=parent.id if parent else 1, path=path,
        level=path.count("/") - 2, state="Active",
    )  # fmt: skip
    count = ResourceCountRow(owner_kind=DOMAIN, owner_id=row.id)
    await server.put((INSERT_DOMAIN, row), (INSERT_COUNT, count))
    return row


async def physical_network(server: Server) -> PhysicalNetworkRow:
    """Another physical network of the zone, through the API, with its providers."""
    made = await server.call("createPhysicalNetwork", zoneid=server.world.made.zone.id, name=fresh("physical"))
    return await server.find(PhysicalNetworkRow, made["id"])
