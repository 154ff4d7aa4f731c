"""Affinity groups, instance groups, SSH keys, user data."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError


async def test_affinity_brings_together(stage: Stage) -> None:
    group = (await stage.job(stage.admin, "createAffinityGroup", name="near", type="host affinity"))["affinitygroup"]
    first = await stage.deploy(affinitygroupids=group["id"])
    assert first["affinitygroup"][0]["id"] == group["id"]
    second = await stage.deploy(affinitygroupids=group["id"])
    assert first["hostid"] == second["hostid"]
    listed = (await stage.admin.call("listAffinityGroups", virtualmachineid=first["id"]))["affinitygroup"][0]
    assert set(listed["virtualmachineIds"]) == {first["id"], second["id"]}
    filtered = await stage.admin.call("listVirtualMachines", affinitygroupid=group["id"])
    assert filtered["count"] == 2


async def test_a_stopped_vm_changes_its_groups(stage: Stage) -> None:
    await stage.job(stage.admin, "createAffinityGroup", name="apart", type="host anti-affinity")
    first, second = await stage.deploy(affinitygroupnames="apart"), await stage.deploy()
    with pytest.raises(ClientError, match="stop it first"):
        await stage.job(stage.admin, "updateVMAffinityGroup", id=second["id"], affinitygroupnames="apart")
    await stage.job(stage.admin, "stopVirtualMachine", id=second["id"])
    updated = await stage.job(stage.admin, "updateVMAffinityGroup", id=second["id"], affinitygroupnames="apart")
    assert updated["virtualmachine"]["affinitygroup"][0]["name"] == "apart"
    host = next(h for h in stage.world.made.hosts if h.uuid == first["hostid"])
    with pytest.raises(ClientError):
        await stage.job(stage.admin, "startVirtualMachine", id=second["id"], hostid=host.uuid)
    await stage.job(stage.admin, "deleteAffinityGroup", name="apart")
    started = await stage.job(stage.admin, "startVirtualMachine", id=second["id"], hostid=host.uuid)
    assert started["virtualmachine"]["hostid"] == host.uuid


async def test_affinity_groups_have_rules(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    with pytest.raises(ClientError, match="type 'together' is unknown"):
        await stage.job(joe, "createAffinityGroup", name="a", type="together")
    with pytest.raises(ClientError, match="Only root admins"):
        await stage.job(joe, "createAffinityGroup", name="a", type="ExplicitDedication")
    group = (await stage.job(joe, "createAffinityGroup", name="a", type="host affinity"))["affinitygroup"]
    with pytest.raises(ClientError, match="already exists"):
        await stage.job(joe, "createAffinityGroup", name="a", type="host affinity")
    ann = await stage.api.user("ann")
    with pytest.raises(ClientError, match="does not have permission"):
        await stage.job(ann, "deleteAffinityGroup", id=group["id"])
    with pytest.raises(ClientError, match="does not belong to the account"):
        await stage.deploy(ann, affinitygroupids=group["id"])
    assert await ann.call("listAffinityGroups") == {}


async def test_instance_groups(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    group = (await joe.call("createInstanceGroup", name="front"))["instancegroup"]
    assert group["account"] == "joe"
    vm = await stage.deploy(joe, group="front")
    assert (vm["groupid"], vm["group"]) == (group["id"], "front")
    renamed = (await joe.call("updateInstanceGroup", id=group["id"], name="rear"))["instancegroup"]
    assert renamed["name"] == "rear"
    listed = await joe.call("listVirtualMachines", groupid=group["id"])
    assert listed["virtualmachine"][0]["group"] == "rear"
    with pytest.raises(ClientError, match="already exists"):
        await joe.call("createInstanceGroup", name="rear")
    await joe.call("deleteInstanceGroup", id=group["id"])
    assert await joe.call("listInstanceGroups") == {}
    found = await stage.vm(vm["id"], joe)
    assert found is not None
    assert "group" not in found


async def test_keys_made_here_and_elsewhere(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    made = (await joe.call("createSSHKeyPair", name="here"))["keypair"]
    load_pem_private_key(made["privatekey"].encode(), None)
    public = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    other = (await joe.call("registerSSHKeyPair", name="there", publickey=public.decode() + " joe@laptop"))["keypair"]
    assert "privatekey" not in other
    listed = (await joe.call("listSSHKeyPairs"))["sshkeypair"]
    assert [k["name"] for k in listed] == ["here", "there"]
    assert listed[0]["fingerprint"] == made["fingerprint"] != other["fingerprint"]
    vm = await stage.deploy(joe, keypairs="here,there")
    assert vm["keypairs"] == "here,there"
    assert (await joe.call("listVirtualMachines", keypair="there"))["count"] == 1
    assert await joe.call("listVirtualMachines", keypair="her_") == {}
    await joe.call("deleteSSHKeyPair", name="here")
    assert (await joe.call("listSSHKeyPairs", fingerprint=other["fingerprint"]))["count"] == 1


@pytest.mark.parametrize(
    ("command", "more", "text"),
    [
        ("registerSSHKeyPair", {"name": "x", "publickey": "ssh-rsa nonsense"}, "Public key is invalid"),
        ("createSSHKeyPair", {"name": "taken"}, "already exists"),
        ("deleteSSHKeyPair", {"name": "unknown"}, "does not exist"),
        ("createSSHKeyPair", {}, "missing parameter name"),
    ],
)
async def test_keys_refused(stage: Stage, command: str, more: dict[str, str], text: str) -> None:
    await stage.admin.call("createSSHKeyPair", name="taken")
    with pytest.raises(ClientError, match=text) as error:
        await stage.admin.call(command, **more)
    assert error.value.errorcode == 431


async def test_registered_user_data(stage: Stage) -> None:
    text = base64.b64encode(b"#cloud-config\n").decode()
    made = (await stage.admin.call("registerUserData", name="init", userdata=text))["userdata"]
    vm = await stage.deploy(userdataid=made["id"])
    assert (vm["userdata"], vm["userdataid"], vm["userdataname"]) == (text, made["id"], "init")
    listed = (await stage.admin.call("listVirtualMachines", userdataid=made["id"]))["virtualmachine"][0]
    assert "userdata" not in listed, "the text itself is shown when asked for"
    listed = (await stage.admin.call("listVirtualMachines", id=vm["id"], userdata=True))["virtualmachine"][0]
    assert listed["userdata"] == text
    with pytest.raises(ClientError, match="linked to an Instance") as error:
        await stage.admin.call("deleteUserData", id=made["id"])
    assert error.value.errorcode == 536
    await stage.job(stage.admin, "destroyVirtualMachine", id=vm["id"], expunge=True)
    await stage.admin.call("deleteUserData", id=made["id"])
    assert await stage.admin.call("listUserData") == {}
