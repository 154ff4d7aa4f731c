from __future__ import annotations

import pytest
from tests.api import Api

from lakh.contract.client import ClientError


async def test_hypervisors_are_those_of_the_setting(api: Api) -> None:
    names = [h["name"] for h in (await api.admin.call("listHypervisors"))["hypervisor"]]
    assert names[0] == "KVM"
    assert len(names) == 9
    await api.admin.call("updateConfiguration", name="hypervisor.list", value="KVM,LXC")
    names = [h["name"] for h in (await api.admin.call("listHypervisors"))["hypervisor"]]
    assert names == ["KVM", "LXC"]


async def test_capabilities_of_a_version_change(api: Api) -> None:
    kvm = (await api.admin.call("listHypervisorCapabilities", hypervisor="kvm"))["hypervisorCapabilities"][0]
    assert (kvm["maxguestslimit"], kvm["maxdatavolumeslimit"], kvm["securitygroupenabled"]) == (50, 32, True)
    changed = await api.admin.call("updateHypervisorCapabilities", id=kvm["id"], maxguestslimit=500)
    assert changed["hypervisorCapabilities"]["maxguestslimit"] == 500
    await api.admin.call(
        "updateHypervisorCapabilities", hypervisor="KVM", hypervisorversion="default", vmsnapshotenabled="false"
    )
    after = (await api.admin.call("listHypervisorCapabilities", id=kvm["id"]))["hypervisorCapabilities"]
    assert after == [{**kvm, "maxguestslimit": 500, "vmsnapshotenabled": False}]
    with pytest.raises(ClientError, match="Give id, or both hypervisor and hypervisorversion"):
        await api.admin.call("updateHypervisorCapabilities", maxguestslimit=5)
    with pytest.raises(ClientError, match="Invalid parameter maxguestslimit -1"):
        await api.admin.call("updateHypervisorCapabilities", id=kvm["id"], maxguestslimit=-1)
    assert (await api.admin.call("listHypervisorCapabilities"))["count"] == 57
