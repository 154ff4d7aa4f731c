"""The list machinery on users: filters, scope, keyword, order, exact counts, few statements."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api import Api, Tenant
from tests.refusal import refused

from lakh.resources.account.ownership import EVERYBODY, Scope
from lakh.resources.listing import Listing
from lakh.resources.user.row import UserRow
from lakh.store.statement import STATEMENTS

LISTING = Listing(
    UserRow,
    {"id": "id = $", "ids": "id = ANY($)", "state": "state = $", "named": "firstname <> ''"},
    keyword=("username", "lastname"),
    name="listed_users",
)


@pytest.fixture
async def names(api: Api) -> list[str]:
    made = [f"joe{i}" for i in range(7)]
    for name in made:
        await api.user(name)
    return made


async def test_a_page_holds_rows_in_order_and_the_exact_count(api: Api, names: list[str]) -> None:
    count, rows = await LISTING.page(api.cloud, window=(2, 3))
    assert (count, [row.username for row in rows]) == (9, names[:3])
    count, rows = await LISTING.page(api.cloud, window=(8, 3))
    assert (count, [row.username for row in rows]) == (9, [names[6]])
    count, rows = await LISTING.page(api.cloud, window=(50, 3))
    assert (count, rows) == (9, [])


async def test_filters_scope_and_keyword_narrow_together(api: Api, names: list[str]) -> None:
    joe = await api.user("Joelle")
    count, rows = await LISTING.page(
        api.cloud, Scope(account_ids=(joe.account.id,)), {"state": "enabled", "named": True}, keyword="jOEl"
    )
    assert (count, rows) == (1, [joe.user])
    assert await LISTING.count(api.cloud, EVERYBODY, {"state": "disabled"}) == 0
    assert await LISTING.count(api.cloud, EVERYBODY, {"ids": [1, 2, joe.user.id]}) == 3
    assert await LISTING.count(api.cloud, EVERYBODY, {"ids": []}) == 0
    assert await LISTING.count(api.cloud, Scope(domain_ids=(1, 5)), {"id": None}) == 10
    assert await LISTING.count(api.cloud, keyword="o%3") == 1  # CloudStack leaves LIKE's wildcards to the caller


async def test_a_whole_page_costs_two_statements_and_no_count(api: Api, names: list[str]) -> None:
    before = api.cloud.store.counters()["read_statements"]
    await LISTING.page(api.cloud, filters={"state": "enabled"})
    assert api.cloud.store.counters()["read_statements"] - before == 2


async def test_combinations_of_filters_beyond_the_bound_are_answered_and_not_kept(
    api: Api, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakh.base.limits.LIST_SHAPES", 2)
    listing = Listing(
        UserRow, {f"f{i}": "firstname <> ''" for i in range(6)}, keyword=("username",), name="hostile_users"
    )
    for chosen in range(1 << 6):
        filters = {f"f{i}": True for i in range(6) if chosen >> i & 1}
        count, rows = await listing.page(api.cloud, EVERYBODY, filters, keyword="joe", window=(0, 3))
        assert (count, len(rows)) == (7, 3)
    kept = [name for name in STATEMENTS if name.startswith("hostile_users.list[")]
    assert len(kept) == 2


async def test_all_projects_own_nothing_yet_and_listall_adds_the_callers_own(api: Api) -> None:
    joe = await api.user("joe")
    for tenant in (api.admin, joe):
        await tenant.call("createSSHKeyPair", name=f"of-{tenant.account.name}")

    async def names(tenant: Tenant, **asked: Any) -> set[str]:
        return {key["name"] for key in (await tenant.call("listSSHKeyPairs", **asked)).get("sshkeypair", ())}

    assert (await names(joe), await names(joe, projectid=-1)) == ({"of-joe"}, set())
    assert await names(joe, projectid=-1, listall=True) == {"of-joe"}
    assert await names(api.admin, projectid=-1) == set()
    assert await names(api.admin, projectid=-1, listall=True) == {"of-admin", "of-joe"}
    await refused(joe.call("listSSHKeyPairs", projectid=-1, account="joe"), 431, "can't be specified together")
    for command in ("listVirtualMachines", "listVolumes", "listNetworks", "listEvents", "listPublicIpAddresses"):
        assert await api.admin.call(command, projectid=-1) == {}, command
