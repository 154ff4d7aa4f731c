"""Where an Instance's name must be its own, by setting `vm.distinct.hostname.scope`; few namesakes or a crowd."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api import Api, Tenant
from tests.blank import blank
from tests.resources.vm.conftest import Stage
from tests.world import FakeHosts, World

from lakh.base.limits import NAMESAKES_READ
from lakh.contract.client import ClientError
from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow
from lakh.resources.vm.row import INSERT as INSERT_VM
from lakh.resources.vm.row import VmRow
from lakh.store.statement import TxnSpec

REFUSED = {
    "network": {"here"},
    "account": {"here", "own"},
    "domain": {"here", "own", "beside"},
    "subdomain": {"here", "own", "beside", "below"},
    "global": {"here", "own", "beside", "below", "elsewhere"},
}


class Names:
    """Networks of several owners with one network domain, and one of joe's with another; an Instance in each."""

    joe: Tenant

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.said: dict[str, str] = {}
        self.networks: dict[str, NetworkRow] = {}

    async def network(self, place: str, owner: Tenant, suffix: str | None = "corp.example") -> None:
        made, cloud = self.stage.world.made, self.stage.api.cloud
        self.networks[place] = row = blank(
            cloud, NetworkRow, name=place, display_text=place, zone_id=made.zone.id, account_id=owner.account.id,
            domain_id=owner.account.domain_id, offering_id=made.network.offering_id, traffic_type="Guest",
            guest_type="Isolated", acl_type="Account", state="Allocated", mode="Dhcp", broadcast_domain_type="Vlan",
            cidr="10.3.0.0/24", gateway="10.3.0.1", netmask="255.255.255.0", network_domain=suffix,
        )  # fmt: skip
        await cloud.store.submit(TxnSpec("test.network").put(INSERT_NETWORK, row))

    async def there(self, place: str, name: str, crowd: int) -> None:
        """An Instance of the name in the network, after a crowd of that name in none of these."""
        cloud, txn, network = self.stage.api.cloud, TxnSpec("test.vms"), self.networks[place]
        for number in range(crowd + 1):
            vm = blank(
                cloud, VmRow, name=name, type="User", state="Stopped", instance_name=f"i-{name}-{place}-{number}",
                account_id=network.account_id, domain_id=network.domain_id, zone_id=network.zone_id,
            )  # fmt: skip
            txn.put(INSERT_VM, vm)
        txn.put(INSERT_NIC, blank(cloud, NicRow, vm_id=vm.id, network_id=network.id, traffic_type="Guest"))
        await cloud.store.submit(txn)

    async def refused(self, name: str) -> bool:
        """Whether joe cannot have an Instance of that name here."""
        where = {"networkids": self.networks["here"].uuid, "startvm": False, "name": name}
        try:
            await self.stage.deploy(self.joe, **where)
        except ClientError as error:
            self.said[name] = f"{error.errorcode}: {error.text}"
            return True
        return False


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    """The Instances are rows and no more, so the world is not whole."""
    api = await Api.start(hosts=FakeHosts())
    made = Names(Stage(api, await World.build(api.cloud)))
    sales, tech = await api.domain("sales"), await api.domain("tech")
    north = await api.domain("north", sales)
    made.joe = await api.user("joe", sales)
    await made.network("here", made.joe)
    await made.network("own", made.joe)
    await made.network("beside", await api.user("ann", sales))
    await made.network("below", await api.user("amy", north))
    await made.network("elsewhere", await api.user("bob", tech))
    await made.network("other suffix", made.joe, "lab.example")
    await made.network("no suffix", made.joe, None)
    yield made
    await api.stop()


@pytest.mark.parametrize("crowd", [0, NAMESAKES_READ])
@pytest.mark.parametrize("scope", REFUSED)
async def test_a_name_is_its_own_within_the_scope(names: Names, scope: str, crowd: int) -> None:
    await names.stage.admin.call("updateConfiguration", name="vm.distinct.hostname.scope", value=scope)
    asked: dict[str, Any] = {place: f"web-{number}" for number, place in enumerate(names.networks)}
    for place, name in asked.items():
        await names.there(place, name, crowd)
    assert {place for place, name in asked.items() if await names.refused(name)} == REFUSED[scope]
    for place in REFUSED[scope]:
        assert names.said[asked[place]] == (
            f"431: The vm with hostName {asked[place]} already exists in the network domain: corp.example;"
            f" network={place}; choose another name"
        )
