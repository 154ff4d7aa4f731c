"""Deploying: what may be asked for, what comes of it, and what is said no to without a trace."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import msgspec
import pytest
from tests.blank import blank
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError
from lakh.resources.cluster.row import INSERT as INSERT_CLUSTER
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import INSERT as INSERT_HOST
from lakh.resources.host.row import INSERT_CAPACITY, HostCapacityRow
from lakh.resources.limit.row import ACCOUNT, COUNT, INSERT_LIMIT, ResourceLimitRow
from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import ADDRESSES_AFTER
from lakh.resources.service_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import INSERT as INSERT_TEMPLATE
from lakh.resources.template.row import TemplateRow
from lakh.store.statement import TxnSpec

GIB = 1 << 30


async def custom_offering(stage: Stage, **more: Any) -> ServiceOfferingRow:
    row = blank(
        stage.api.cloud, ServiceOfferingRow, name="Custom", display_text="Custom", is_customized=True, state="Active",
        storage_type="shared", provisioning_type="thin", details_json='{"mincpunumber":"1","maxcpunumber":"4"}', **more,
    )  # fmt: skip
    await stage.api.cloud.store.submit(TxnSpec("test.offering").put(INSERT_OFFERING, row))
    return row


async def addresses(stage: Stage) -> set[str]:
    found = await stage.api.cloud.store.read(ADDRESSES_AFTER, stage.world.made.network.id, "")
    return {row[0] for row in found}


async def test_everything_that_was_asked_for(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    key = (await joe.call("createSSHKeyPair", name="laptop"))["keypair"]
    text = base64.b64encode(b"#!/bin/sh\necho hello\n").decode()
    disk = stage.world.made.disk_offering
    vm = await stage.deploy(
        joe, name="web-1", displayname="Web", keypair="laptop", userdata=text, group="front", rootdisksize=7,
        diskofferingid=disk.uuid, ipaddress="10.2.3.4", macaddress="02:00:00:00:00:0A",
        **{"details[0].colour": "blue"},
    )  # fmt: skip
    assert (vm["name"], vm["displayname"], vm["account"], vm["state"]) == ("web-1", "Web", "joe", "Running")
    assert (vm["keypairs"], vm["userdata"], vm["group"]) == ("laptop", text, "front")
    assert vm["details"] == {"colour": "blue"}
    assert (vm["nic"][0]["ipaddress"], vm["nic"][0]["macaddress"]) == ("10.2.3.4", "02:00:00:00:00:0a")
    assert (vm["cpunumber"], vm["cpuspeed"], vm["memory"]) == (1, 500, 512)
    assert (vm["diskofferingid"], vm["rootdevicetype"]) == (disk.uuid, "ROOT")
    assert key["privatekey"].startswith("-----BEGIN")
    counts = (await stage.api.cloud.store.rows(COUNT, ACCOUNT, joe.account.id))[0]
    assert (counts.user_vm, counts.volume, counts.primary_storage) == (1, 2, 12 * GIB)
    second = await stage.deploy(joe, group="front")
    assert second["groupid"] == vm["groupid"]
    assert second["name"] == f"VM-{second['id']}"


async def test_a_vm_that_is_not_started_takes_no_host(stage: Stage) -> None:
    vm = await stage.deploy(startvm=False)
    assert vm["state"] == "Stopped"
    assert stage.world.running() == {}
    assert stage.world.files() == set()
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["state"] == "Running"
    await stage.world.check()


async def test_a_custom_offering_wants_its_size_within_bounds(stage: Stage) -> None:
    offering = await custom_offering(stage)
    size = {"details[0].cpuNumber": 3, "details[0].cpuSpeed": 700, "details[0].memory": 1024}
    vm = await stage.deploy(serviceofferingid=offering.uuid, **size)
    assert (vm["cpunumber"], vm["cpuspeed"], vm["memory"]) == (3, 700, 1024)
    for wrong in ({"details[0].cpuNumber": 5}, {"details[0].cpuNumber": "many"}, {"details[0].memory": 0}):
        with pytest.raises(ClientError, match=r"Invalid (cpuNumber|memory) value") as error:
            await stage.deploy(serviceofferingid=offering.uuid, **(size | wrong))
        assert error.value.errorcode == 431


@pytest.mark.parametrize(
    ("asked", "code", "text"),
    [
        ({"networkids": "", "iptonetworklist[0].networkid": "nonsense"}, 431, "networkid"),
        ({"ipaddress": "10.9.0.1"}, 431, "not in the ranges"),
        ({"ipaddress": "not an address"}, 431, "not an IPv4 address"),
        ({"macaddress": "zz:00"}, 431, "Mac address is not valid"),
        ({"rootdisksize": 1}, 431, "smaller than the template"),
        ({"hypervisor": "XenServer"}, 431, "hypervisor"),
        ({"userdata": "$$$"}, 431, "base64"),
        ({"keypair": "unknown"}, 431, "key pair with name 'unknown' was not found"),
        ({"password": "secret"}, 431, "does not take passwords"),
        ({"affinitygroupnames": "unknown"}, 431, "affinity group by name unknown"),
        ({"name": "not_a_host_name"}, 431, "name"),
        ({"deploymentplanner": "Random"}, 431, "FirstFitPlanner"),
        ({"customid": "x"}, 431, "customid must be a uuid"),
        ({"account": "nobody", "domainid": 1}, 431, "could not find account"),
    ],
)
async def test_a_refusal_leaves_nothing(stage: Stage, asked: dict[str, Any], code: int, text: str) -> None:
    with pytest.raises(ClientError, match=text) as error:
        await stage.deploy(**asked)
    assert error.value.errorcode == code
    assert await stage.admin.call("listVirtualMachines", listall=True) == {}
    assert await addresses(stage) == set()


async def test_limits_hold_and_give_the_address_back(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    limit = ResourceLimitRow(stage.api.cloud.id("resource_limit"), ACCOUNT, joe.account.id, 0, 1, None)
    await stage.api.cloud.store.submit(TxnSpec("test.limit").put(INSERT_LIMIT, limit))
    await stage.deploy(joe)
    root = (await stage.admin.call("listDomains"))["domain"][0]["id"]
    with pytest.raises(ClientError) as error:
        await stage.deploy(joe, ipaddress="10.2.9.9")
    assert error.value.errorcode == 535
    assert error.value.text == (
        f"Maximum amount of resources of Type = 'user_vm' for Account Name = joe in Domain Id = {root} is exceeded: "
        "Account Resource Limit = 1, Current Account Resource Amount = 1, Requested Resource Amount = 1."
    )
    assert (await stage.deploy(ipaddress="10.2.9.9"))["ipaddress"] == "10.2.9.9"


async def test_names_are_unique_in_a_network(stage: Stage) -> None:
    first = await stage.deploy(name="web")
    with pytest.raises(ClientError, match="already exists in the network domain"):
        await stage.deploy(name="web")
    await stage.job(stage.admin, "destroyVirtualMachine", id=first["id"], expunge=True)
    await stage.deploy(name="web")


async def test_others_networks_and_templates_are_refused(stage: Stage) -> None:
    joe, cloud = await stage.api.user("joe"), stage.api.cloud
    made = stage.world.made
    private = blank(
        cloud, NetworkRow, name="private", display_text="private", zone_id=made.zone.id, account_id=2, domain_id=1,
        offering_id=made.network.offering_id, traffic_type="Guest", guest_type="Isolated", acl_type="Account",
        state="Allocated", mode="Dhcp", broadcast_domain_type="Vlan", cidr="10.3.0.0/24", gateway="10.3.0.1",
    )  # fmt: skip
    secret = blank(
        cloud, TemplateRow, unique_name="secret", name="secret", display_text="secret", type="USER", format="QCOW2",
        hypervisor="KVM", os_type_id=1, account_id=2, domain_id=1, size_bytes=GIB, state="Active", arch="x86_64",
    )  # fmt: skip
    await cloud.store.submit(TxnSpec("test.rows").put(INSERT_NETWORK, private).put(INSERT_TEMPLATE, secret))
    with pytest.raises(ClientError, match="Unable to use network") as error:
        await stage.deploy(joe, networkids=private.uuid)
    assert error.value.errorcode == 531
    with pytest.raises(ClientError, match="does not have permission to operate with provided resource"):
        await stage.deploy(joe, templateid=secret.uuid)
    with pytest.raises(ClientError, match="has not been downloaded"):
        await stage.deploy(templateid=secret.uuid)


async def test_without_networks_the_only_one_is_taken(stage: Stage) -> None:
    vm = await stage.deploy(networkids=None)
    assert vm["nic"][0]["networkid"] == stage.world.made.network.uuid


async def test_for_another_account(stage: Stage) -> None:
    joe, ann = await stage.api.user("joe"), await stage.api.user("ann")
    domain = (await stage.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
    vm = await stage.deploy(account="joe", domainid=domain)
    assert vm["account"] == "joe"
    assert await stage.vm(vm["id"], joe) is not None
    with pytest.raises(ClientError) as error:
        await stage.deploy(ann, account="joe", domainid=domain)
    assert error.value.errorcode == 531


async def test_anti_affinity_keeps_apart_also_at_once(stage: Stage) -> None:
    await stage.job(stage.admin, "createAffinityGroup", name="apart", type="host anti-affinity")
    jobs = [
        await stage.admin.call(
            "deployVirtualMachine", **stage.world.deploy_parameters(affinitygroupnames="apart", name=f"n{i}")
        )
        for i in range(4)
    ]
    for job in jobs:
        await stage.api.cloud.worker.wait(job["jobid"])
    vms = (await stage.admin.call("listVirtualMachines"))["virtualmachine"]
    assert [vm["state"] for vm in vms] == ["Running"] * 4
    assert len({vm["hostid"] for vm in vms}) == 4
    assert vms[0]["affinitygroup"][0]["name"] == "apart"
    with pytest.raises(ClientError, match="Unable to create a deployment") as error:
        await stage.deploy(affinitygroupnames="apart")
    assert error.value.errorcode == 533


async def test_no_host_left_leaves_an_error_and_nothing_else(stage: Stage) -> None:
    offering = await custom_offering(stage)
    size = {"details[0].cpuNumber": 4, "details[0].cpuSpeed": 2000, "details[0].memory": 900_000}
    with pytest.raises(ClientError) as error:
        await stage.deploy(serviceofferingid=offering.uuid, **size)
    assert error.value.errorcode == 533
    vm = (await stage.admin.call("listVirtualMachines"))["virtualmachine"][0]
    assert vm["state"] == "Error"
    assert await addresses(stage) == set()
    await stage.job(stage.admin, "destroyVirtualMachine", id=vm["id"])
    assert await stage.vm(vm["id"]) is None


async def test_only_admins_hear_which_check_failed_for_how_many_hosts(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    offering = await custom_offering(stage, host_tag="gold")
    size = {"details[0].cpuNumber": 4, "details[0].cpuSpeed": 2000, "details[0].memory": 512}
    for tenant, numbers in ((stage.admin, True), (joe, False)):
        with pytest.raises(ClientError, match=r"(?i)insufficient|unable to create a deployment") as error:
            await stage.deploy(tenant, serviceofferingid=offering.uuid, **size)
        assert ("4 hosts" in error.value.text) == numbers, error.value.text
        assert ("tag" in error.value.text) == numbers, error.value.text


@pytest.mark.parametrize("named", ["customjobid", "customid"])
async def test_a_request_said_again_makes_nothing_double(stage: Stage, named: str) -> None:
    """By a client that had no answer: at once, and again when all is done."""
    chosen = "0190abcd-0000-7000-8000-00000000beef"
    asked = stage.world.deploy_parameters(name="web", **{named: chosen})
    answers = await asyncio.gather(
        *(stage.admin.call("deployVirtualMachine", **asked) for _ in range(3)), return_exceptions=True
    )
    (accepted,) = [answer for answer in answers if isinstance(answer, dict)]
    refusals = [answer for answer in answers if isinstance(answer, ClientError)]
    vm = (await stage.admin.client.wait(accepted["jobid"]))["virtualmachine"]
    assert chosen in (accepted["jobid"], vm["id"])
    with pytest.raises(ClientError) as again:
        await stage.deploy(name="web", **{named: chosen})
    for refusal in [*refusals, again.value]:
        assert refusal.errorcode == 431
        assert "exist" in refusal.text or "in use" in refusal.text, refusal.text
    assert [found["id"] for found in (await stage.admin.call("listVirtualMachines"))["virtualmachine"]] == [vm["id"]]
    assert len(await addresses(stage)) == 1


async def test_every_host_of_a_cluster_refuses(stage: Stage) -> None:
    """The Instance goes to another cluster."""
    made, cloud = stage.world.made, stage.api.cloud
    cluster = msgspec.structs.replace(made.cluster, id=cloud.id("cluster"), uuid=cloud.uuid(), name="cluster2")
    first = made.hosts[0]
    row = msgspec.structs.replace(
        first, id=cloud.id("host"), uuid=cloud.uuid(), guid="guid-9", name="kvm-9", cluster_id=cluster.id,
        private_ip="10.1.0.9",
    )  # fmt: skip
    capacity = HostCapacityRow(row.id, row.cpus * row.speed_mhz, 0, row.cpus, 0, row.memory_bytes, 0, 0, 1.0, 1.0)
    txn = TxnSpec("test.cluster").put(INSERT_CLUSTER, cluster).put(INSERT_HOST, row).put(INSERT_CAPACITY, capacity)
    await cloud.store.submit(txn)
    index = cloud.part(HostIndex)
    index.upsert(row)
    await index.refresh_places()
    await index.refresh_usage(row.id)
    stage.hosts.hosts[row.id] = stage.world.new_host(9, row.id, row.name, row.private_ip, row.cpus, row.memory_bytes)
    await stage.world.connect()
    old = {host.id for host in made.hosts}
    stage.hosts.refuse = lambda host, command: "no" if command.name == "StartCommand" and host in old else ""
    vm = await stage.deploy()
    assert (vm["state"], vm["hostid"]) == ("Running", row.uuid)
    assert stage.world.running() == {vm["instancename"]: [row.id]}


async def test_every_host_refuses(stage: Stage) -> None:
    stage.hosts.refuse = lambda _host, command: "no" if command.name == "StartCommand" else ""
    with pytest.raises(ClientError):
        await stage.deploy(diskofferingid=stage.world.made.disk_offering.uuid)
    stage.hosts.refuse = lambda _host, _command: ""
    assert stage.world.files() == set()
    assert (await stage.admin.call("listVirtualMachines"))["virtualmachine"][0]["state"] == "Error"
