"""The system VM template of a zone, which must be there before the first system VM can run (addendum 4.3)."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.row import ADD_STORE, TemplateRow, TemplateStoreRow
from lakh.store.statement import TxnSpec, values


async def assume_system_templates(cloud: Cloud, store: ImageStoreRow) -> TxnSpec:
    """Says of every system template that it lies on a new NFS store: an operator has put it there, or will.

    The first secondary storage VM of the zone corrects this by what it finds.
    """
    txn = TxnSpec("template.assume")
    if store.zone_id is None or store.role != "Image" or not store.url.startswith("nfs:"):
        return txn
    known = await cloud.part(TemplateCopies).current()
    for template in await cloud.snapshots.of(TemplateRow):
        if template.type != "SYSTEM" or any(c.store_id == store.id for c in known.of.get(template.id, ())):
            continue
        copy = TemplateStoreRow(
            template_id=template.id,
            store_id=store.id,
            zone_id=store.zone_id,
            state="Ready",
            download_state="DOWNLOADED",
            percent=100,
            install_path=f"template/tmpl/{template.account_id}/{template.id}/",
            size_bytes=template.size_bytes,
            physical_size_bytes=0,
            remote_job=None,
            error=None,
            updated_ms=cloud.now_ms(),
        )
        txn.add(ADD_STORE, *values(copy), expect=None)
    return txn


async def system_template(cloud: Cloud, zone_id: int, archs: set[str]) -> TemplateRow | None:
    """The template for the zone's system VMs: the newest that is ready there for one of the hosts' architectures, that
    of setting `router.template.kvm` before others."""
    name = cloud.part(Settings).text("router.template.kvm", ("Zone", zone_id))
    copies = await cloud.part(TemplateCopies).current()
    fitting = [
        template
        for template in await cloud.snapshots.of(TemplateRow)
        if template.type == "SYSTEM"
        and template.state == "Active"
        and template.hypervisor == "KVM"
        and template.arch in archs
        and any(copy.is_ready for copy in copies.in_zone(template.id, zone_id))
    ]
    return max(fitting, key=lambda t: (t.name == name, t.id), default=None)
