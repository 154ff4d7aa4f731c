"""createVolume: a row at once. Its file is made when it is first attached (addendum 1.5)."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.base.ids import is_uuid
from lakh.contract.declaration import param
from lakh.contract.types import Id, Long
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.ownership import owner_of
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.limit.charge import charge_owner, domain_chain
from lakh.resources.limit.row import Usage
from lakh.resources.volume.access import current_volume, finish_with, over_limit
from lakh.resources.volume.row import INSERT, VolumeRow
from lakh.resources.volume.sizes import check_offering, offered_bytes
from lakh.resources.volume.view import VolumeView
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec


class CreateState(State):
    """`vm_id` is the Instance to attach the new volume to."""

    volume_id: int
    vm_id: int | None = None


async def attach(run: Run[CreateState]) -> None:
    """Attaches it where that was asked for."""
    if run.state.vm_id is not None:
        await run.child("attachVolume", "attach", id=run.state.volume_id, virtualmachineid=run.state.vm_id)


async def publish(run: Run[CreateState]) -> TxnSpec:
    await finish_with(run, await current_volume(run))
    return TxnSpec("volume.created")


class CreateVolume(
    JobCommand,
    creates=True,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.CreateVolumeCmdByAdmin",
    event="VOLUME.CREATE",
    instance_type="Volume",
):
    """Creates a data disk of a disk offering. It takes no space until it is attached to an Instance."""

    name: str | None = param("name of the volume")
    zoneid: Id | None = param("the zone of the volume", entity="zone")
    diskofferingid: Id | None = param("the disk offering", entity="disk_offering")
    size: Long | None = param("size in GiB, for a customized disk offering")
    miniops: Long | None = param("least IOPS, for an offering with custom IOPS")
    maxiops: Long | None = param("most IOPS, for an offering with custom IOPS")
    snapshotid: Id | None = param("the snapshot to make it of", entity="snapshot")
    virtualmachineid: Id | None = param("the Instance to attach it to", entity="vm")
    account: str | None = param("an account to own it; goes with domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project to own it", entity="project")
    displayvolume: bool = param("show the volume to its owner", default=True, roles=["Admin"])
    customid: str | None = param("a uuid of one's own choice (admins)")
    storageid: Id | None = param("the pool to make it on", entity="storage_pool", since="4.22.1", roles=["Admin"])

    FLOW = Flow(CreateState, Step("attach", attach), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        zone = await self._zone(call)
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        volume = await self._volume(call, owner, zone)
        txn = TxnSpec("volume.admit")
        usage = Usage(volume=1, primary_storage=volume.size_bytes)
        await charge_owner(cloud, txn, owner.id, owner.domain_id, usage)
        return Admission(
            txn.put(INSERT, volume),
            CreateState(volume_id=volume.id, vm_id=self.virtualmachineid),
            instance=("Volume", volume.uuid),
            created_uuid=volume.uuid,
            sync_key=None if self.virtualmachineid is None else f"vm:{self.virtualmachineid}",
            owner=(owner.id, owner.domain_id),
            description=f"creating volume: {volume.name}. Volume Id: {volume.uuid}",
            refused=over_limit(cloud, owner.id, owner.domain_id, usage),
        )

    async def _zone(self, call: Call) -> ZoneRow:
        if self.zoneid is None:
            raise ParameterError("Unable to create a volume: give zoneid")
        zone = (await call.cloud.snapshots.of(ZoneRow)).by_id[self.zoneid]
        if zone.removed_ms is not None:
            raise ParameterError(f"Unable to find zone by id {zone.uuid}")
        if zone.allocation_state != "Enabled" and not call.caller.is_root_admin:
            raise PermissionDeniedError(f"Cannot perform this operation, Zone is currently disabled: {zone.name}")
        return zone

    async def _volume(self, call: Call, owner: AccountRow, zone: ZoneRow) -> VolumeRow:
        cloud = call.cloud
        if self.diskofferingid is None:
            raise ParameterError("Missing parameter(s),either a positive volume size or snapshot id must be specified:"
                                 " give diskofferingid")  # fmt: skip
        offering = (await cloud.snapshots.of(DiskOfferingRow)).by_id[self.diskofferingid]
        check_offering(offering, zone.id, await domain_chain(cloud, owner.domain_id), admin=call.caller.is_root_admin)
        if not offering.custom_iops and (self.miniops is not None or self.maxiops is not None):
            raise ParameterError("miniops and maxiops go with offerings that have custom IOPS")
        if self.customid is not None and not is_uuid(self.customid):
            raise ParameterError(f"customid must be a uuid; {self.customid[:64]} is not")
        volume_id, now_ms = cloud.id("volume"), cloud.now_ms()
        return VolumeRow(
            id=volume_id,
            uuid=self.customid if self.customid and call.caller.is_root_admin else cloud.uuid(),
            name=self.name or f"DATA-{volume_id}",
            type="DATADISK",
            state="Allocated",
            account_id=owner.id,
            domain_id=owner.domain_id,
            zone_id=zone.id,
            pool_id=None,
            last_pool_id=None,
            vm_id=None,
            device_id=None,
            template_id=None,
            disk_offering_id=offering.id,
            size_bytes=offered_bytes(cloud, offering, self.size),
            min_iops=self.miniops if offering.custom_iops else offering.min_iops,
            max_iops=self.maxiops if offering.custom_iops else offering.max_iops,
            provisioning_type=offering.provisioning_type,
            format="QCOW2",
            path=None,
            chain_info=None,
            display_volume=self.displayvolume,
            recreatable=False,
            attached_ms=None,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
