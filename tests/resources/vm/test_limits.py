"""What an account may own: the limit set for it, else the setting's, from the moment either changes."""

from __future__ import annotations

import pytest
from tests.api import Tenant
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError

FULL = "Maximum amount of resources of Type = 'user_vm'"


async def refused(stage: Stage, tenant: Tenant) -> None:
    with pytest.raises(ClientError, match=FULL):
        await stage.deploy(tenant)


async def test_a_limit_of_its_own_counts_before_the_setting(stage: Stage) -> None:
    joe, ann = await stage.api.user("joe"), await stage.api.user("ann")
    root = (await stage.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]

    async def allow_joe(instances: int) -> None:
        await stage.admin.call(
            "updateResourceLimit", account="joe", domainid=root, resourcetype=0, max=instances
        )  # fmt: skip

    async def allow_all(instances: int) -> None:
        await stage.admin.call("updateConfiguration", name="max.account.user.vms", value=instances)

    await allow_joe(1)
    await stage.deploy(joe)
    await refused(stage, joe)
    await allow_joe(2)
    await stage.deploy(joe)
    await refused(stage, joe)

    await allow_all(1)
    await stage.deploy(ann)
    await refused(stage, ann)
    await allow_all(2)
    await stage.deploy(ann)
    await refused(stage, ann)
    await refused(stage, joe)
