"""deployVirtualMachine: rows at once, then a job that finds a host, prepares network and disks, and starts it.

Three transactions: admission (VM, volumes, NICs, counts, job), reservation (host and pool capacity, state Starting),
publication (state Running, volumes Ready, the job's result). Between the last two only hosts are spoken to.
"""

from __future__ import annotations

import base64
from random import Random

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Ids, Long, Pairs
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.limit.charge import charge_owner, release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import REMOVE_OF_VM, NicRow, mac_address
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.access import finish_with, line_of
from lakh.resources.vm.launch import (
    LaunchState,
    create_disks,
    delete_new_disks,
    forget_reservation,
    prepare_network,
    reserve,
    running,
    start,
    unreserve,
    unstart,
    vm_of,
)
from lakh.resources.vm.row import INSERT, TO_ERROR, USER, VmRow
from lakh.resources.vm.view import UserVmView
from lakh.resources.vm.views import ALL, NEW
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import REMOVE, VolumeRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

GIB = 1 << 30


class DeployState(LaunchState):
    """A launch of a VM that did not exist before. `grouped`: it is in an affinity group."""

    grouped: bool = False


async def publish(run: Run[DeployState]) -> TxnSpec:
    """Running, and the job's result as the caller sees it."""
    cloud, state = run.cloud, run.state
    txn = running(cloud, state) if state.start else TxnSpec("vm.allocated")
    vm = await vm_of(run)
    if state.start:
        vm = msgspec.structs.replace(vm, state="Running", host_id=state.host_id, last_host_id=state.host_id)
    await finish_with(run, vm, password=state.password, details=ALL if state.grouped else NEW)
    return txn


async def give_up(run: Run[DeployState]) -> TxnSpec:
    """The VM stays as Error; its volumes, NICs, pool space and counts are given back."""
    cloud = run.cloud
    vm = await vm_of(run)
    forget_reservation(run, vm)
    await delete_new_disks(run)
    now_ms = cloud.now_ms()
    txn = TxnSpec("vm.deploy.failed").add(TO_ERROR, vm.id, now_ms)
    volumes = await cloud.store.rows(VOLUMES_OF_VM, vm.id)
    for volume in volumes:
        if volume.pool_id is not None:
            txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
        txn.add(REMOVE, volume.id, now_ms)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    txn.add(REMOVE_OF_VM, vm.id, now_ms, expect=len(nics))
    for nic in nics:
        cloud.part(GuestAddresses).give_back(nic.network_id, nic.ip)
    await release_owner(cloud, txn, vm.account_id, vm.domain_id, usage_of(vm, volumes))
    return txn


def usage_of(vm: VmRow, volumes: list[VolumeRow]) -> Usage:
    """What a VM with these volumes counts as."""
    storage = sum(v.size_bytes for v in volumes)
    return Usage(user_vm=1, cpu=vm.cpus, memory=vm.memory_mb, volume=len(volumes), primary_storage=storage)


class DeployVirtualMachine(
    JobCommand,
    creates=True,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.DeployVMCmdByAdmin",
    event="VM.CREATE",
    instance_type="VirtualMachine",
):
    """Creates and automatically starts an Instance based on a service offering, disk offering, and template."""

    zoneid: Id = param("availability zone for the Instance", required=True, entity="zone")
    serviceofferingid: Id = param("the service offering of the Instance", required=True, entity="service_offering")
    templateid: Id | None = param("the template for the Instance", entity="template")
    name: str | None = param("host name of the Instance", validations=["RFCComplianceDomainName"])
    displayname: str | None = param("a name shown to users")
    account: str | None = param("an account for the Instance; must be used with domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    diskofferingid: Id | None = param("disk offering of an additional data disk", entity="disk_offering")
    size: Long | None = param("size in GiB of the data disk, for a customized disk offering")
    rootdisksize: Long | None = param("size in GiB of the root disk", since="4.4")
    networkids: Ids = param("networks of the Instance; the first is the default one", entity="network")
    iptonetworklist: Pairs = param("addresses in networks: iptonetworklist[0].networkid, .ip, .mac")
    ipaddress: str | None = param("the address in the default network")
    macaddress: str | None = param("the MAC address in the default network")
    hypervisor: str | None = param("the hypervisor; the template's by default")
    hostid: Id | None = param("the host to deploy to (admins)", entity="host")
    podid: Id | None = param("the pod to deploy to", entity="pod", since="4.13", roles=["Admin"])
    clusterid: Id | None = param("the cluster to deploy to", entity="cluster", since="4.13", roles=["Admin"])
    deploymentplanner: str | None = param("the planner that picks the host", since="4.4", roles=["Admin"])
    startvm: bool = param("start the Instance after creation", default=True)
    displayvm: bool = param("show the Instance to its owner", since="4.2", roles=["Admin"], default=True)
    group: str | None = param("a group for the Instance")
    keypair: str | None = param("name of the SSH key pair for login")
    userdata: str | None = param("base64 encoded user data, up to 1 MiB", max_length=1048576)
    details: Details = param("free details of the Instance", since="4.3")
    password: str | None = param("the password, for password-enabled templates", since="4.19.0.0", secret=True)

    FLOW = Flow(
        DeployState,
        Step("reserve", reserve, unreserve, commits=True),
        Step("network", prepare_network),
        Step("disks", create_disks),
        Step("start", start, unstart),
        Step("publish", publish, commits=True),
        failed=give_up,
    )

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        zone = (await cloud.snapshots.of(ZoneRow)).by_id[self.zoneid]
        if zone.allocation_state != "Enabled" and not call.caller.is_root_admin:
            raise PermissionDeniedError(f"Cannot perform this operation, Zone is currently disabled: {zone.name}")
        template = await self._template(call)
        owner = await self._owner(call)
        vm = await self._vm(call, owner, zone, template)
        nics = await self._nics(call, vm, zone)
        volumes = await self._volumes(call, vm, template)
        txn = TxnSpec("vm.admit")
        await charge_owner(cloud, txn, owner.id, owner.domain_id, usage_of(vm, volumes))
        txn.put(INSERT, vm)
        for volume in volumes:
            txn.put(INSERT_VOLUME, volume)
        for nic in nics:
            txn.put(INSERT_NIC, nic)
        state = DeployState(
            vm_id=vm.id,
            start=self.startvm,
            wanted_host_id=self.hostid,
            wanted_pod_id=self.podid,
            wanted_cluster_id=self.clusterid,
            planner=self.deploymentplanner,
            password=vm.password,
        )
        return Admission(
            txn,
            state,
            instance=("VirtualMachine", vm.uuid),
            created_uuid=vm.uuid,
            sync_key=line_of(vm.id),
            owner=(owner.id, owner.domain_id),
            description=f"starting Instance. Instance Id: {vm.uuid}",
        )

    async def _template(self, call: Call) -> TemplateRow:
        if self.templateid is None:
            raise ParameterError(
                "Unable to execute API command deployvirtualmachine due to missing parameter templateid"
            )
        template = (await call.cloud.snapshots.of(TemplateRow)).by_id[self.templateid]
        if template.removed_ms is not None or template.state != "Active":
            raise ParameterError(f"Unable to use template {template.uuid}: it is not active")
        return template

    async def _owner(self, call: Call) -> AccountRow:
        owner = await call.cloud.part(Accounts).get(call.caller.account_id)
        assert owner is not None
        return owner

    async def _vm(self, call: Call, owner: AccountRow, zone: ZoneRow, template: TemplateRow) -> VmRow:
        cloud = call.cloud
        offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[self.serviceofferingid]
        if offering.removed_ms is not None or offering.state != "Active":
            raise ParameterError(f"Unable to use service offering {offering.uuid}: it is not active")
        cpus, speed_mhz, memory_mb = self._size(offering)
        vm_id, uuid, now_ms = cloud.id("vm"), cloud.uuid(), cloud.now_ms()
        password = self.password or (new_secret(cloud.random, 9) if template.password_enabled else None)
        if self.userdata is not None:
            check_user_data(self.userdata)
        return VmRow(
            id=vm_id,
            uuid=uuid,
            name=self.name or f"VM-{uuid}",
            display_name=self.displayname,
            instance_name=f"i-{owner.id}-{vm_id}-VM",
            type=USER,
            state="Stopped",
            account_id=owner.id,
            domain_id=owner.domain_id,
            user_id=call.caller.user_id,
            zone_id=zone.id,
            pod_id=None,
            host_id=None,
            last_host_id=None,
            template_id=template.id,
            iso_id=None,
            os_type_id=template.os_type_id,
            service_offering_id=offering.id,
            network_id=None,
            hypervisor=template.hypervisor,
            arch=template.arch,
            cpus=cpus,
            speed_mhz=speed_mhz,
            memory_mb=memory_mb,
            ha_enabled=offering.ha_enabled,
            limit_cpu_use=offering.limit_cpu_use,
            dynamic_scaling=False,
            display_vm=self.displayvm,
            group_id=None,
            user_data=self.userdata,
            key_pairs=self.keypair,
            public_keys=None,
            password=password,
            vnc_password=new_secret(cloud.random, 16),
            details_json=msgspec.json.encode(self.details).decode(),
            extra_json="{}",
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    def _size(self, offering: ServiceOfferingRow) -> tuple[int, int, int]:
        """(CPUs, MHz, MiB): the offering's, or for a custom one those in details."""
        given = {"cpuNumber": offering.cpus, "cpuSpeed": offering.speed_mhz, "memory": offering.memory_mb}
        found = []
        for name, fixed in given.items():
            text = self.details.get(name)
            if fixed is not None:
                found.append(fixed)
                continue
            if text is None or not text.isdigit() or int(text) < 1:
                raise ParameterError(f"Invalid {name} value, specify a value between 1 and 2147483647 in details")
            found.append(int(text))
        return found[0], found[1], found[2]

    async def _nics(self, call: Call, vm: VmRow, zone: ZoneRow) -> list[NicRow]:
        cloud = call.cloud
        if not self.networkids:
            raise ParameterError("Unable to deploy the Instance: give networkids")
        networks = await cloud.part(Networks).many(self.networkids)
        made: list[NicRow] = []
        for position, network_id in enumerate(self.networkids):
            network = networks[network_id]
            if network.zone_id != zone.id:
                raise ParameterError(f"Network id={network.uuid} doesn't belong to zone {zone.uuid}")
            wanted = self.ipaddress if position == 0 else None
            for entry in self.iptonetworklist:
                if entry.get("networkid") == network.uuid:
                    wanted = entry.get("ip") or wanted
            ip = await cloud.part(GuestAddresses).take(network, wanted)
            made.append(self._nic(call, vm, network, position, ip))
        return made

    def _nic(self, call: Call, vm: VmRow, network: NetworkRow, position: int, ip: str | None) -> NicRow:
        nic_id = call.cloud.id("nic")
        return NicRow(
            id=nic_id,
            uuid=call.cloud.uuid(),
            vm_id=vm.id,
            network_id=network.id,
            device_id=position,
            ip=ip,
            netmask=network.netmask,
            gateway=network.gateway,
            mac=(self.macaddress if position == 0 else None) or mac_address(nic_id),
            is_default=position == 0,
            broadcast_uri=network.broadcast_uri,
            traffic_type="Guest",
            security_group_enabled=network.security_group_enabled,
            secondary_ips="",
            state="Reserved",
            created_ms=call.cloud.now_ms(),
        )

    async def _volumes(self, call: Call, vm: VmRow, template: TemplateRow) -> list[VolumeRow]:
        root_bytes = template.size_bytes
        if self.rootdisksize is not None:
            if self.rootdisksize < 1:
                raise ParameterError("rootdisksize must be 1 GiB or more")
            root_bytes = self.rootdisksize * GIB
            if root_bytes < template.size_bytes:
                raise ParameterError(
                    f"rootdisksize {self.rootdisksize} GiB is smaller than the template's {template.size_bytes} bytes"
                )
        offering = (await call.cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
        made = [new_volume(call, vm, "ROOT", 0, root_bytes, template.id, offering.disk_offering_id)]
        if self.diskofferingid is not None:
            disk = (await call.cloud.snapshots.of(DiskOfferingRow)).by_id[self.diskofferingid]
            disk_bytes = (self.size or 0) * GIB if disk.is_customized else disk.disk_bytes
            if disk_bytes < 1:
                raise ParameterError("size: a customized disk offering needs the size of the data disk in GiB")
            made.append(new_volume(call, vm, "DATADISK", 1, disk_bytes, None, disk.id))
        return made


def new_volume(
    call: Call, vm: VmRow, kind: str, device_id: int, size_bytes: int, template_id: int | None, offering_id: int | None
) -> VolumeRow:
    """A volume of a new VM, not yet on any pool."""
    now_ms, volume_id = call.cloud.now_ms(), call.cloud.id("volume")
    return VolumeRow(
        id=volume_id,
        uuid=call.cloud.uuid(),
        name=f"{'ROOT' if kind == 'ROOT' else 'DATA'}-{vm.id}",
        type=kind,
        state="Allocated",
        account_id=vm.account_id,
        domain_id=vm.domain_id,
        zone_id=vm.zone_id,
        pool_id=None,
        last_pool_id=None,
        vm_id=vm.id,
        device_id=device_id,
        template_id=template_id,
        disk_offering_id=offering_id,
        size_bytes=size_bytes,
        min_iops=None,
        max_iops=None,
        provisioning_type="thin",
        format="QCOW2",
        path=None,
        chain_info=None,
        display_volume=True,
        recreatable=False,
        attached_ms=now_ms,
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def new_secret(random: Random, length: int) -> str:
    """A password without letters that look alike. Production passes the system's random source."""
    return "".join(random.choice("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(length))


def check_user_data(text: str) -> None:
    """Raises ParameterError unless `text` is base64."""
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise ParameterError("User data is not properly base64 encoded") from None
