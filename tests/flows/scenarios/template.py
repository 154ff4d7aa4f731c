"""Scenarios of templates and ISOs: copied to other zones, deleted there and everywhere."""

from __future__ import annotations

from tests.blank import blank
from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import fresh, template
from tests.flows.server import Server
from tests.storage_vm import dial_in, storage_agent

from lakh.agent.images import Image
from lakh.resources.image_store.row import INSERT as INSERT_STORE
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.limit.charge import charge_owner
from lakh.resources.limit.row import ACCOUNT, ResourceCountRow, Usage
from lakh.resources.template.row import TemplateRow, TemplateStoreRow
from lakh.resources.zone.row import INSERT as INSERT_ZONE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec


async def _copies(server: Server, of: TemplateRow) -> list[TemplateStoreRow]:
    return [copy for copy in await server.all(TemplateStoreRow) if copy.template_id == of.id]


async def _another_zone(server: Server) -> tuple[ZoneRow, ImageStoreRow]:
    """With an image store."""
    zone = blank(server.cloud, ZoneRow, name=fresh("zone"), network_type="Advanced", allocation_state="Enabled")
    name = fresh("secondary")
    store = blank(
        server.cloud, ImageStoreRow, name=name, provider="NFS", protocol="nfs", url=f"nfs://192.0.2.12/export/{name}",
        scope="ZONE", role="Image", zone_id=zone.id,
    )  # fmt: skip
    await server.put((INSERT_ZONE, zone), (INSERT_STORE, store))
    return zone, store


@scenario("copyTemplate")
async def copy(server: Server) -> Case:
    """A download is asked for, or nothing is."""
    of, (zone, store) = await template(server), await _another_zone(server)

    async def wanted() -> list[tuple[int, str]]:
        return [(c.store_id, c.download_state) for c in await _copies(server, of) if c.zone_id == zone.id]

    async def succeeded() -> None:
        assert await wanted() == [(store.id, "NOT_DOWNLOADED")]

    async def failed() -> None:
        assert await wanted() == []

    return Case({"id": of.id, "destzoneid": zone.id}, succeeded, failed)


async def storage_vm(server: Server) -> None:
    """A secondary storage VM that finds on its stores what the rows say."""
    stores, templates = await server.all(ImageStoreRow), {t.id: t for t in await server.all(TemplateRow)}
    for copy in await server.all(TemplateStoreRow):
        url = next(store.url for store in stores if store.id == copy.store_id)
        name, path = templates[copy.template_id].unique_name, copy.install_path or ""
        server.world.images.of(url).add(Image(name, path, "template", copy.size_bytes, copy.physical_size_bytes))
    await dial_in(server.cloud, server.world, storage_agent(server.world, server.cloud.clock))


async def _deleting(server: Server, what: str, format_: str) -> Case:
    """Its file, its rows and its owner's counts go together, sooner or later."""
    of = await template(server, format=format_)
    before = await _counts(server)
    (kept,) = await _copies(server, of)
    usage = Usage(template=1, secondary_storage=kept.physical_size_bytes)
    txn = TxnSpec("test.counts")
    await charge_owner(server.cloud, txn, of.account_id, of.domain_id, usage)
    await server.store.submit(txn)
    await storage_vm(server)
    images = server.world.images.of(server.world.made.store.url)

    async def succeeded() -> None:
        assert (await server.row(TemplateRow, of.id)).removed_ms is not None
        assert await _copies(server, of) == []
        assert images.find(kept.install_path or "") is None
        assert await _counts(server) == before

    async def failed() -> None:
        """What is Ready has its file; what is not can be deleted again."""
        (copy,) = await _copies(server, of)
        assert copy.state in ("Ready", "Destroying")
        assert copy.state == "Destroying" or images.find(kept.install_path or "")
        await server.call(f"delete{what}", id=of.id)
        await server.world.check()
        await succeeded()

    return Case({"id": of.id}, succeeded, failed)


async def _counts(server: Server) -> list[tuple[int, int, int, int]]:
    counts = await server.all(ResourceCountRow)
    return [(c.owner_kind, c.owner_id, c.template, c.secondary_storage) for c in counts if c.owner_kind == ACCOUNT]


@scenario("deleteTemplate")
async def delete(server: Server) -> Case:
    return await _deleting(server, "Template", "QCOW2")


@scenario("deleteIso")
async def delete_iso(server: Server) -> Case:
    return await _deleting(server, "Iso", "ISO")


@scenario("deleteTemplate")
async def delete_in_one_zone(server: Server) -> Case:
    """It stays in the other one."""
    of, (zone, store) = await template(server), await _another_zone(server)
    await server.call("copyTemplate", id=of.id, destzoneid=zone.id)

    async def left() -> set[int]:
        assert (await server.row(TemplateRow, of.id)).removed_ms is None
        return {c.store_id for c in await _copies(server, of)}

    async def succeeded() -> None:
        assert await left() == {server.world.made.store.id}

    async def failed() -> None:
        assert await left() == {server.world.made.store.id, store.id}

    return Case({"id": of.id, "zoneid": zone.id}, succeeded, failed)
