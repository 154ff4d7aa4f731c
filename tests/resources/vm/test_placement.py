"""Where Instances go by settings, tags and parameters, through the API; and what is said when there is no place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage

from lakh.healing.places import Places
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITIES


async def offering(stage: Stage, **more: Any) -> str:
    asked = {"name": "Own", "displaytext": "Own", "cpunumber": 1, "cpuspeed": 500, "memory": 512, **more}
    made = (await stage.admin.call("createServiceOffering", **asked))["serviceoffering"]
    uuid: str = made["id"]
    return uuid


async def setting(stage: Stage, name: str, value: object, **scope: Any) -> None:
    await stage.admin.call("updateConfiguration", name=name, value=value, **scope)
    await Places().run(stage.api.cloud)


async def refusal(stage: Stage, tenant: Any = None, **more: Any) -> str:
    parameters = stage.world.deploy_parameters(**more)
    error = await stage.job_fails(tenant or stage.admin, "deployVirtualMachine", "insufficient|fits", **parameters)
    assert error.errorcode == 533
    return error.text


async def test_offerings_and_templates_ask_for_host_tags(stage: Stage) -> None:
    fast = await offering(stage, hosttags="ssd")
    text = await refusal(stage, serviceofferingid=fast)
    assert "None of 4 hosts fits 1 x 500 MHz CPU and 512 MiB memory with host tags ssd: 4 without all host tags" in text
    chosen = stage.world.made.hosts[2].uuid
    await stage.admin.call("updateHost", id=chosen, hosttags="ssd,big")
    assert {(await stage.deploy(serviceofferingid=fast))["hostid"] for _ in range(3)} == {chosen}
    await stage.admin.call("updateTemplate", id=stage.world.made.template.uuid, templatetag="gpu")
    assert "with host tags ssd, gpu" in await refusal(stage, serviceofferingid=fast)
    await stage.admin.call("updateHost", id=chosen, hosttags="ssd,gpu")
    assert (await stage.deploy())["hostid"] == chosen


async def test_only_root_admins_are_told_why(stage: Stage) -> None:
    fast = await offering(stage, hosttags="ssd")
    joe = await stage.api.user("joe")
    text = await refusal(stage, joe, serviceofferingid=fast)
    assert text == "Unable to create a deployment for the Instance: insufficient capacity"
    made = await stage.admin.call("createDiskOffering", name="Fast", displaytext="Fast", disksize=1, tags="nvme")
    disk = made["diskoffering"]["id"]
    assert "None of 1 storage pools fits" in (told := await refusal(stage, diskofferingid=disk))
    assert "1 without all storage tags asked for" in told
    assert (await refusal(stage, joe, diskofferingid=disk)).endswith(": insufficient capacity")


async def test_a_named_host_needs_strict_tags_only(stage: Stage) -> None:
    fast, named = await offering(stage, hosttags="ssd,gpu"), stage.world.made.hosts[1].uuid
    assert (await stage.deploy(serviceofferingid=fast, hostid=named))["hostid"] == named
    await setting(stage, "vm.strict.host.tags", "gpu, arm")
    text = await refusal(stage, serviceofferingid=fast, hostid=named)
    assert "with host tags gpu: 3 not the host asked for, 1 without all host tags asked for" in text


async def test_a_cluster_or_pod_is_named(stage: Stage) -> None:
    host = (await stage.admin.call("listHosts", id=stage.world.made.hosts[0].uuid))["host"][0]
    for place in ({"clusterid": host["clusterid"]}, {"podid": host["podid"]}):
        assert (await stage.deploy(**place))["state"] == "Running"


@pytest.mark.parametrize(
    ("algorithm", "hosts"), [("userdispersing", 4), ("firstfitleastconsumed", 4), ("firstfit", 1), ("random", 1)]
)
async def test_the_algorithm_spreads_or_packs(stage: Stage, algorithm: str, hosts: int) -> None:
    await setting(stage, "vm.allocation.algorithm", algorithm)
    used = [(await stage.deploy())["hostid"] for _ in range(4)]
    assert len(set(used)) == hosts


@pytest.mark.parametrize("by", ["CPU", "RAM"])
async def test_least_consumed_goes_by_the_capacity_type(stage: Stage, by: str) -> None:
    """Two hosts are more than half full of one of the two, and two of the other."""
    columns = stage.api.cloud.part(HostIndex).columns
    for number, host in enumerate(stage.world.made.hosts):
        columns.set_usage(host.id, *((20_000, 0) if number < 2 else (0, 40 << 30)), 0)
    await setting(stage, "vm.allocation.algorithm", "firstfitleastconsumed")
    await setting(stage, "host.capacityType.to.order.clusters", by)
    used = {stage.host_id(await stage.deploy()) for _ in range(2)}
    assert used == {host.id for host in stage.world.made.hosts[2 if by == "CPU" else 0 :][:2]}
    for host in stage.world.made.hosts:
        await stage.api.cloud.part(HostIndex).refresh_usage(host.id)


async def test_a_cluster_stops_at_its_own_threshold(stage: Stage) -> None:
    cluster = (await stage.admin.call("listHosts", id=stage.world.made.hosts[0].uuid))["host"][0]["clusterid"]
    await setting(stage, "cluster.cpu.allocated.capacity.disablethreshold", 0.001, clusterid=cluster)
    assert "4 in a cluster at its CPU disable threshold" in await refusal(stage)
    await setting(stage, "cluster.cpu.allocated.capacity.disablethreshold", 0.9, clusterid=cluster)
    assert (await stage.deploy())["state"] == "Running"


async def test_a_host_takes_as_many_guests_as_its_hypervisor_may_have(stage: Stage) -> None:
    limited = {"hypervisor": "KVM", "hypervisorversion": "default"}
    await stage.admin.call("updateHypervisorCapabilities", **limited, maxguestslimit=1)
    await Places().run(stage.api.cloud)
    assert len({(await stage.deploy())["hostid"] for _ in range(4)}) == 4
    assert "4 at the hypervisor's limit of guests" in await refusal(stage)
    await stage.admin.call("updateHypervisorCapabilities", **limited, maxguestslimit=2)
    await Places().run(stage.api.cloud)
    assert (await stage.deploy())["state"] == "Running"


async def test_a_host_that_refuses_is_avoided(stage: Stage) -> None:
    tried: list[int] = []

    def refuse(host_id: int, command: Any) -> str:
        if command.name != "StartCommand" or (tried and host_id in tried[2:]):
            return ""
        tried.append(host_id)
        return "not today" if len(tried) < 3 else ""

    stage.hosts.refuse = refuse
    vm = await stage.deploy()
    assert len(set(tried)) == 3
    assert stage.host_id(vm) == tried[2]
    stage.hosts.refuse = lambda _host, command: "not today" if command.name == "StartCommand" else ""
    text = await refusal(stage)
    assert "4 to be avoided, after an earlier attempt; 4 hosts were tried, the last said: not today" in text
    stage.hosts.refuse = lambda _host, _command: ""


async def test_servers_that_do_not_know_of_each_other_never_oversubscribe(stage: Stage) -> None:
    """Before each deployment memory says that all hosts are empty, as it would of another server's VMs."""
    await setting(stage, "cluster.threshold.enabled", "false")
    half, index = await offering(stage, cpunumber=8, cpuspeed=2000), stage.api.cloud.part(HostIndex)
    jobs = []
    for _ in range(12):
        for host in stage.world.made.hosts:
            index.columns.set_usage(host.id, 0, 0, 0)
        asked = stage.world.deploy_parameters(serviceofferingid=half)
        jobs.append((await stage.admin.call("deployVirtualMachine", **asked))["jobid"])
    await stage.quiet()
    states = [(await stage.admin.call("queryAsyncJobResult", jobid=job))["jobstatus"] for job in jobs]
    assert sorted(states) == [1] * 8 + [2] * 4
    for row in await stage.api.cloud.store.rows(CAPACITIES, -1):
        assert row.cpu_used_mhz == row.cpu_total_mhz == 32_000
        await index.refresh_usage(row.host_id)
