"""Copies of templates on primary storage: they take space, come once, and go when nothing needs them."""

from __future__ import annotations

from tests.resources.template.storage_vm import Depot

from lakh.healing.template_scavenger import TemplateScavenger
from lakh.resources.storage_pool.row import CAPACITIES

GIB = 1 << 30
DAY_SECONDS = 86400


def copies(depot: Depot) -> int:
    return sum(1 for found, _ in depot.world.storage.volumes() if found.kind == "template")


async def allocated(depot: Depot) -> int:
    return sum(row.allocated_bytes for row in await depot.api.cloud.store.rows(CAPACITIES))


async def test_a_copy_takes_space_once(depot: Depot) -> None:
    parameters = depot.world.deploy_parameters()
    await depot.job(depot.admin, "deployVirtualMachine", **parameters)
    assert (copies(depot), await allocated(depot)) == (1, 4 * GIB)
    await depot.job(depot.admin, "deployVirtualMachine", **parameters)
    assert (copies(depot), await allocated(depot)) == (1, 6 * GIB)


async def test_an_unused_copy_is_scavenged_and_comes_again(depot: Depot) -> None:
    template = await depot.ready()
    parameters = depot.world.deploy_parameters(templateid=template["id"])
    vm = (await depot.job(depot.admin, "deployVirtualMachine", **parameters))["virtualmachine"]
    depot.api.clock.forward(2 * DAY_SECONDS)
    await TemplateScavenger().run(depot.api.cloud)
    assert copies(depot) == 1  # the VM's disk is a clone of it
    await depot.job(depot.admin, "destroyVirtualMachine", id=vm["id"], expunge=True)

    await TemplateScavenger().run(depot.api.cloud)

    assert (copies(depot), await allocated(depot)) == (0, 0)
    await depot.job(depot.admin, "deployVirtualMachine", **parameters)
    assert copies(depot) == 1


async def test_a_prepared_template_is_on_its_pools_before_it_is_needed(depot: Depot) -> None:
    template = await depot.ready()
    made = depot.world.made
    listed = await depot.admin.call("prepareTemplate", templateid=template["id"], zoneid=made.zone.uuid)
    assert [entry["id"] for entry in listed["template"]] == [template["id"]]
    await depot.job(depot.admin, "deployVirtualMachine", **depot.world.deploy_parameters(templateid=template["id"]))
    assert copies(depot) == 1
    shown = await depot.admin.call("listTemplates", templatefilter="all", storageid=made.pool.uuid)
    assert [entry["id"] for entry in shown["template"]] == [template["id"]]
