from __future__ import annotations

import pytest
from tests.api import Api

from lakh.contract.client import ClientError


async def test_types_are_listed_by_category_name_and_keyword(api: Api) -> None:
    every = await api.admin.call("listOsTypes")
    debian = (await api.admin.call("listOsCategories", name="debi"))["oscategory"][0]
    of_debian = await api.admin.call("listOsTypes", oscategoryid=debian["id"])
    assert 0 < of_debian["count"] < every["count"]
    assert {os["oscategoryname"] for os in of_debian["ostype"]} == {"Debian"}
    exact = await api.admin.call("listOsTypes", description="Debian GNU/Linux 12 (64-bit)")
    assert [os["name"] for os in exact["ostype"]] == ["Debian GNU/Linux 12 (64-bit)"]
    found = await api.admin.call("listOsTypes", keyword="linux 12 (", page=1, pagesize=1)
    assert (found["count"], len(found["ostype"])) == (2, 1)
    one = exact["ostype"][0]
    assert (await api.admin.call("listOsTypes", id=one["id"]))["ostype"] == [one]
    both = f"{one['id']},{of_debian['ostype'][0]['id']}"
    assert (await api.admin.call("listOsTypes", ids=both))["count"] == 2
    with pytest.raises(ClientError, match="Specify either id or ids"):
        await api.admin.call("listOsTypes", id=one["id"], ids=both)


async def test_hidden_types_are_listed_for_admins_who_ask(api: Api) -> None:
    joe = await api.user("joe")
    shown = (await api.admin.call("listOsTypes"))["count"]
    hidden = await api.admin.call("listOsTypes", fordisplay="false")
    assert shown + hidden["count"] == 378
    assert {os["fordisplay"] for os in hidden["ostype"]} == {False}
    assert (await joe.call("listOsTypes", fordisplay="false"))["count"] == shown


async def test_categories_come_by_sort_key(api: Api) -> None:
    found = (await api.admin.call("listOsCategories"))["oscategory"]
    assert [category["name"] for category in found][:3] == ["Ubuntu", "Debian", "Fedora"]
    assert {category["isfeatured"] for category in found} == {True}
    assert await api.admin.call("listOsCategories", isfeatured="false") == {}
    assert await api.admin.call("listOsCategories", isiso="true") == {}, "no ISO has any category"
    assert (await api.admin.call("listOsCategories", id=found[0]["id"]))["count"] == 1


async def test_mappings_name_the_type_and_what_the_hypervisor_calls_it(api: Api) -> None:
    found = await api.admin.call("listGuestOsMapping", hypervisor="kvm", osdisplayname="CentOS 4.5 (32-bit)")
    one = found["guestosmapping"][0]
    assert (one["osnameforhypervisor"], one["hypervisorversion"], one["isuserdefined"]) == (
        "CentOS 4.5",
        "default",
        "false",
    )
    assert (await api.admin.call("listGuestOsMapping", ostypeid=one["ostypeid"]))["guestosmapping"] == [one]
    assert (await api.admin.call("listGuestOsMapping"))["count"] == 148
    assert await api.admin.call("listGuestOsMapping", hypervisor="VMware") == {}
