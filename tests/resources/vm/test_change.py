"""Updating, resizing, restoring, recovering, passwords and keys of VMs that exist."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.blank import blank
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError
from lakh.resources.limit.row import ACCOUNT, COUNT, INSERT_LIMIT, ResourceCountRow, ResourceLimitRow
from lakh.resources.service_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import INSERT as INSERT_TEMPLATE
from lakh.resources.template.row import INSERT_STORE, TemplateRow, TemplateStoreRow
from lakh.store.statement import TxnSpec

GIB = 1 << 30


async def offering(stage: Stage, **more: Any) -> ServiceOfferingRow:
    row = blank(
        stage.api.cloud, ServiceOfferingRow, display_text="x", state="Active", storage_type="shared",
        provisioning_type="thin", dynamic_scaling=True, **{"name": "Large", "cpus": 4, "speed_mhz": 1000,
        "memory_mb": 2048, **more},
    )  # fmt: skip
    await stage.api.cloud.store.submit(TxnSpec("test.offering").put(INSERT_OFFERING, row))
    return row


async def template(stage: Stage, **more: Any) -> TemplateRow:
    cloud, made = stage.api.cloud, stage.world.made
    row = blank(
        cloud, TemplateRow, unique_name="other", name="Other", display_text="Other", type="USER", format="QCOW2",
        hypervisor="KVM", os_type_id=2, account_id=2, domain_id=1, size_bytes=3 * GIB, is_public=True, bits=64,
        arch="x86_64", requires_hvm=True, state="Active", dynamically_scalable=True, **more,
    )  # fmt: skip
    copy = TemplateStoreRow(
        row.id, made.store.id, made.zone.id, "Ready", "DOWNLOADED", 100, "template/tmpl/2/9/x.qcow2", 3 * GIB, GIB,
        None, None, 0,
    )  # fmt: skip
    await cloud.store.submit(TxnSpec("test.template").put(INSERT_TEMPLATE, row).put(INSERT_STORE, copy))
    return row


async def counts(stage: Stage, account_id: int) -> ResourceCountRow:
    return (await stage.api.cloud.store.rows(COUNT, ACCOUNT, account_id))[0]


async def test_update(stage: Stage) -> None:
    vm = await stage.deploy(name="one", **{"details[0].colour": "red"})
    await stage.deploy(name="two")
    text = base64.b64encode(b"data").decode()
    after = (
        await stage.admin.call(
            "updateVirtualMachine", id=vm["id"], name="three", displayname="Third", group="g", haenable=True,
            userdata=text, displayvm=False, deleteprotection=True, **{"details[0].colour": "blue"},
        )
    )["virtualmachine"]  # fmt: skip
    assert (after["name"], after["displayname"], after["group"], after["haenable"]) == ("three", "Third", "g", True)
    assert (after["userdata"], after["displayvm"], after["details"]) == (text, False, {"colour": "blue"})
    with pytest.raises(ClientError, match="delete protection"):
        await stage.job(stage.admin, "destroyVirtualMachine", id=vm["id"])
    with pytest.raises(ClientError, match="already exists in the network domain"):
        await stage.admin.call("updateVirtualMachine", id=vm["id"], name="two")
    cleared = await stage.admin.call("updateVirtualMachine", id=vm["id"], cleanupdetails=True, group="")
    assert cleared["virtualmachine"]["details"] == {}
    assert "group" not in cleared["virtualmachine"]


async def test_users_set_no_kept_details(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    vm = await stage.deploy(joe)
    with pytest.raises(ClientError, match="restricted detail"):
        await joe.call("updateVirtualMachine", id=vm["id"], **{"details[0].cpuOvercommitRatio": "9"})
    with pytest.raises(ClientError, match="restricted detail"):
        await stage.deploy(joe, **{"details[0].memoryOvercommitRatio": "9"})


async def test_recover_counts_again_within_limits(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    vm = await stage.deploy(joe)
    await stage.job(joe, "destroyVirtualMachine", id=vm["id"])
    assert (await counts(stage, joe.account.id)).user_vm == 0
    assert (await counts(stage, joe.account.id)).volume == 1
    with pytest.raises(ClientError) as error:
        await joe.call("recoverVirtualMachine", id=vm["id"])
    assert error.value.errorcode == 531
    recovered = (await stage.admin.call("recoverVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert (recovered["state"], recovered["ipaddress"]) == ("Stopped", vm["ipaddress"])
    assert (await counts(stage, joe.account.id)).user_vm == 1
    assert (await stage.job(joe, "startVirtualMachine", id=vm["id"]))["virtualmachine"]["state"] == "Running"
    await stage.job(joe, "destroyVirtualMachine", id=vm["id"])
    limit = ResourceLimitRow(stage.api.cloud.id("resource_limit"), ACCOUNT, joe.account.id, 0, 0, None)
    await stage.api.cloud.store.submit(TxnSpec("test.limit").put(INSERT_LIMIT, limit))
    with pytest.raises(ClientError, match="Maximum amount of resources") as error:
        await stage.admin.call("recoverVirtualMachine", id=vm["id"])
    assert error.value.errorcode == 535


async def test_another_offering_for_a_stopped_vm(stage: Stage) -> None:
    large = await offering(stage)
    vm = await stage.deploy()
    with pytest.raises(ClientError, match="stop it"):
        await stage.admin.call("changeServiceForVirtualMachine", id=vm["id"], serviceofferingid=large.uuid)
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    after = await stage.admin.call("changeServiceForVirtualMachine", id=vm["id"], serviceofferingid=large.uuid)
    assert (after["virtualmachine"]["cpunumber"], after["virtualmachine"]["memory"]) == (4, 2048)
    assert ((await counts(stage, 2)).cpu, (await counts(stage, 2)).memory) == (4, 2048)
    await stage.job(stage.admin, "startVirtualMachine", id=vm["id"])
    await stage.world.check()
    with pytest.raises(ClientError, match="already"):
        await stage.job(stage.admin, "scaleVirtualMachine", id=vm["id"], serviceofferingid=large.uuid)


async def scalable(stage: Stage) -> dict[str, Any]:
    await stage.admin.call("updateConfiguration", name="enable.dynamic.scale.vm", value="true")
    small = await offering(stage, name="Small, scalable", cpus=1, speed_mhz=500, memory_mb=512)
    made = await template(stage)
    vm = await stage.deploy(serviceofferingid=small.uuid, templateid=made.uuid)
    assert vm["isdynamicallyscalable"] is True
    return vm


async def test_scale_while_it_runs(stage: Stage) -> None:
    vm, large = await scalable(stage), await offering(stage)
    after = await stage.job(stage.admin, "scaleVirtualMachine", id=vm["id"], serviceofferingid=large.uuid)
    assert (after["virtualmachine"]["cpunumber"], after["virtualmachine"]["hostid"]) == (4, vm["hostid"])
    await stage.world.check()
    domain = stage.hosts.hosts[stage.host_id(vm)].hypervisor.domain(vm["instancename"])
    assert domain.spec.cpus == 4
    tiny = await offering(stage, name="Tiny", cpus=1, speed_mhz=100, memory_mb=128)
    await stage.job_fails(
        stage.admin, "scaleVirtualMachine", "Only scaling up", id=vm["id"], serviceofferingid=tiny.uuid
    )


async def test_scaling_that_the_host_refuses_is_taken_back(stage: Stage) -> None:
    vm, large = await scalable(stage), await offering(stage)
    stage.hosts.refuse = lambda _host, command: "not now" if command.name == "ScaleVmCommand" else ""
    await stage.job_fails(stage.admin, "scaleVirtualMachine", "not now", id=vm["id"], serviceofferingid=large.uuid)
    found = await stage.vm(vm["id"])
    assert found is not None
    assert (found["cpunumber"], found["serviceofferingname"]) == (1, "Small, scalable")
    await stage.world.check()
    assert (await counts(stage, 2)).cpu == 1


async def test_scaling_beyond_the_host(stage: Stage) -> None:
    vm, huge = await scalable(stage), await offering(stage, name="Huge", cpus=16, speed_mhz=2000, memory_mb=1 << 20)
    error = await stage.job_fails(
        stage.admin, "scaleVirtualMachine", "no room", id=vm["id"], serviceofferingid=huge.uuid
    )
    assert error.errorcode == 533
    await stage.world.check()


async def test_restore_gives_a_fresh_disk(stage: Stage) -> None:
    vm = await stage.deploy(diskofferingid=stage.world.made.disk_offering.uuid)
    files = stage.world.files()
    other = await template(stage)
    restored = (
        await stage.job(stage.admin, "restoreVirtualMachine", virtualmachineid=vm["id"], templateid=other.uuid)
    )["virtualmachine"]
    assert (restored["state"], restored["templateid"]) == ("Running", other.uuid)
    assert len(files & stage.world.files()) == 1, "the data disk"
    assert len(stage.world.files()) == 2
    await stage.world.check()
    assert (await counts(stage, 2)).primary_storage == 8 * GIB
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    again = (await stage.job(stage.admin, "restoreVirtualMachine", virtualmachineid=vm["id"]))["virtualmachine"]
    assert again["state"] == "Stopped"


async def test_passwords(stage: Stage) -> None:
    made = await template(stage, password_enabled=True)
    key = (await stage.admin.call("createSSHKeyPair", name="k"))["keypair"]
    vm = await stage.deploy(templateid=made.uuid, keypair="k")
    assert len(vm["password"]) >= 6
    sealed = (await stage.admin.call("getVMPassword", id=vm["id"]))["password"]["encryptedpassword"]
    private: Any = load_pem_private_key(key["privatekey"].encode(), None)
    assert private.decrypt(base64.b64decode(sealed), PKCS1v15()).decode() == vm["password"]
    await stage.job_fails(stage.admin, "resetPasswordForVirtualMachine", "stop it first", id=vm["id"])
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    reset = (await stage.job(stage.admin, "resetPasswordForVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert reset["password"] != vm["password"]
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["password"] == reset["password"]
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    again = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert "password" not in again, "the guest has it"
    listed = await stage.vm(vm["id"])
    assert listed is not None
    assert "password" not in listed


async def test_other_keys(stage: Stage) -> None:
    await stage.admin.call("createSSHKeyPair", name="a")
    await stage.admin.call("createSSHKeyPair", name="b")
    vm = await stage.deploy(keypair="a")
    await stage.job_fails(stage.admin, "resetSSHKeyForVirtualMachine", "stop it first", id=vm["id"], keypair="b")
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    after = (await stage.job(stage.admin, "resetSSHKeyForVirtualMachine", id=vm["id"], keypair="b"))["virtualmachine"]
    assert after["keypairs"] == "b"
    with pytest.raises(ClientError, match="takes none"):
        await stage.job(stage.admin, "resetPasswordForVirtualMachine", id=vm["id"])
    with pytest.raises(ClientError, match="No password"):
        await stage.admin.call("getVMPassword", id=vm["id"])
