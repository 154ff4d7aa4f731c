"""What a command does must not grow with what is there already: rows read and statements run, at two sizes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from tests.api import Api
from tests.networks import bare_zone, offering, site

from lakh.healing.places import Places
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.host.index import HostIndex
from lakh.resources.host.startup import ClusterNames
from lakh.resources.pod.row import PodRow

FEW, MANY = 8, 120


class Work:
    """Counts what the store answers."""

    def __init__(self, api: Api) -> None:
        self.rows = 0
        self._store = api.cloud.store
        for name in ("rows", "read"):
            setattr(api.cloud.store, name, self._counted(getattr(api.cloud.store, name)))

    def _counted(self, real: Callable[..., Awaitable[list[Any]]]) -> Callable[..., Awaitable[list[Any]]]:
        async def counted(*arguments: Any) -> list[Any]:
            found = await real(*arguments)
            self.rows += len(found)
            return found

        return counted

    def now(self) -> tuple[int, int]:
        """Rows answered, statements run."""
        counters = self._store.counters()
        return self.rows, int(counters["statements"] + counters["read_statements"])


async def per_unit(api: Api, make: Callable[[int], Awaitable[Any]]) -> None:
    """Asserts that what making one more takes is the same with FEW and with MANY there."""
    work, measured = Work(api), []
    made = 0
    for size in (FEW, MANY):
        while made < size:
            await make(made)
            made += 1
        before = work.now()
        for _ in range(4):
            await make(made)
            made += 1
        measured.append(tuple(after - was for was, after in zip(before, work.now(), strict=True)))
    assert measured[0] == measured[1], f"(rows, statements) for 4 more with {FEW} and {MANY} there: {measured}"


async def test_domains_and_their_accounts(api: Api) -> None:
    async def make(number: int) -> None:
        domain = (await api.admin.call("createDomain", name=f"d{number}"))["domain"]
        await api.admin.call(
            "createAccount", username=f"u{number}", password="secret-1", firstname="a", lastname="b", email="c@d.test",
            accounttype=0, domainid=domain["id"],
        )  # fmt: skip
        limited = {"account": f"u{number}", "domainid": domain["id"]}
        await api.admin.call("updateResourceLimit", resourcetype=0, max=10 + number, **limited)
        await api.admin.call("updateResourceLimit", resourcetype=0, max=20 + number, **limited)
        seen = (await api.admin.call("listAccounts", id=(await _account(api, f"u{number}", domain))["id"]))["account"]
        assert (seen[0]["domain"], seen[0]["vmlimit"]) == (f"d{number}", str(20 + number))

    await per_unit(api, make)
    tree = await api.cloud.part(DomainTree).current()
    assert len(tree.children(1)) == MANY + 4
    assert tree.find("d7") is not None


async def _account(api: Api, name: str, domain: dict[str, Any]) -> dict[str, Any]:
    found = await api.admin.call("listAccounts", name=name, domainid=domain["id"])
    return dict(found["account"][0])


async def test_clusters_and_their_names(api: Api) -> None:
    zone = await bare_zone(api)
    pod = (await api.admin.call("listPods"))["pod"][0]["id"]
    index, healed = api.cloud.part(HostIndex), Places()
    await index.load()
    taken: list[int] = []

    async def make(number: int) -> None:
        await api.admin.call(
            "addCluster", zoneid=zone.uuid, podid=pod, clustername=f"c{number}", clustertype="CloudManaged",
            hypervisor="KVM",
        )  # fmt: skip
        await healed.run(api.cloud)
        taken.append(index.places_taken)
        clusters = await api.cloud.snapshots.of(ClusterRow)
        found = api.cloud.part(ClusterNames).find(clusters, zone_pod, f"c{number}")
        assert found is not None
        assert found.name == f"c{number}"

    zone_pod = next(iter((await api.cloud.snapshots.of(PodRow)).by_id))
    await per_unit(api, make)
    assert [later - before for before, later in pairwise(taken)] == [1] * (len(taken) - 1)
    await api.admin.call("updateCluster", id=(await _cluster(api, "c3"))["id"], clustername="renamed")
    clusters = await api.cloud.snapshots.of(ClusterRow)
    assert api.cloud.part(ClusterNames).find(clusters, zone_pod, "c3") is None
    assert api.cloud.part(ClusterNames).find(clusters, zone_pod, "renamed") is not None


async def _cluster(api: Api, name: str) -> dict[str, Any]:
    return dict((await api.admin.call("listClusters", name=name))["cluster"][0])


async def test_networks(api: Api) -> None:
    here = await site(api)
    isolated = await offering(api, "DefaultIsolatedNetworkOfferingWithSourceNatService")
    shared = await offering(api, "DefaultSharedNetworkOffering")

    async def make(number: int) -> None:
        await api.admin.call("createNetwork", zoneid=here.zone_id, networkofferingid=isolated, name=f"n{number}")
        await api.admin.call(
            "createNetwork", zoneid=here.zone_id, networkofferingid=shared, name=f"s{number}", vlan=1000 + number,
            gateway=f"10.{number}.0.1", netmask="255.255.255.0", startip=f"10.{number}.0.10", endip=f"10.{number}.0.99",
        )  # fmt: skip
        await api.admin.call("listVlanIpRanges", page=1, pagesize=1)

    await per_unit(api, make)
