"""createSystemVm, internal: a new secondary storage or console proxy VM of a zone, started. It fails as a whole."""

from __future__ import annotations

from typing import Final

from lakh.base.errors import ParameterError, ResourceUnavailableError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.host.index import HostIndex
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system_addresses import system_vm_networks
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow, mac_address
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.system import system_template
from lakh.resources.user.row import SYSTEM_USER
from lakh.resources.vm.launch import (
    create_disks,
    delete_new_disks,
    forget_reservation,
    running,
    unreserve,
    unstart,
    vm_of,
)
from lakh.resources.vm.row import CONSOLE_PROXY, INSERT, SECONDARY_STORAGE, VmRow
from lakh.resources.vm.system_access import finish_with_system
from lakh.resources.vm.system_end import end_system_vm
from lakh.resources.vm.system_launch import (
    SystemLaunchState,
    install_certificate,
    new_keystore_password,
    reserve_system,
    start_system,
    started,
)
from lakh.resources.vm.system_view import SystemVmView
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import VolumeRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

_LETTERS: Final = {SECONDARY_STORAGE: "s", CONSOLE_PROXY: "v"}
_OFFERINGS: Final = {
    SECONDARY_STORAGE: ("secstorage.service.offering", "Cloud.com-SecondaryStorage"),
    CONSOLE_PROXY: ("consoleproxy.service.offering", "Cloud.com-ConsoleProxy"),
}


async def publish(run: Run[SystemLaunchState]) -> TxnSpec:
    """Running, and the VM as the job's result."""
    txn = running(run.cloud, run.state)
    await finish_with_system(run, started(run, await vm_of(run)))
    return txn


async def give_up(run: Run[SystemLaunchState]) -> TxnSpec:
    """Nothing stays: the next scan makes another one."""
    cloud, vm = run.cloud, await vm_of(run)
    forget_reservation(run, vm)
    await delete_new_disks(run)
    txn = TxnSpec("vm.system.failed")
    await end_system_vm(cloud, vm, txn)
    return txn


class CreateSystemVm(
    JobCommand, internal=True, answer=SystemVmView, event="SSVM.CREATE", instance_type="SystemVm", creates=True
):
    """Creates and starts a system VM."""

    zoneid: Id = param("the zone", required=True, entity="zone")
    type: str = param("SecondaryStorageVm or ConsoleProxy", required=True)

    FLOW = Flow(
        SystemLaunchState,
        Step("reserve", reserve_system, unreserve, commits=True),
        Step("disks", create_disks),
        Step("start", start_system, unstart),
        Step("certificate", install_certificate),
        Step("publish", publish, commits=True),
        failed=give_up,
    )

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        if self.type not in _LETTERS:
            raise ParameterError(f"type must be {' or '.join(_LETTERS)}, not {self.type}")
        zone = (await cloud.snapshots.of(ZoneRow)).by_id[self.zoneid]
        vm = await self._vm(call, zone)
        txn = TxnSpec("vm.create_system").put(INSERT, vm).put(INSERT_VOLUME, await self._volume(call, vm))
        for position, network in enumerate(await system_vm_networks(cloud, zone)):
            txn.put(INSERT_NIC, self._nic(call, vm, network, position))
        return Admission(
            txn,
            SystemLaunchState(vm_id=vm.id, keystore_password=new_keystore_password(cloud)),
            instance=("SystemVm", vm.uuid),
            created_uuid=vm.uuid,
            sync_key=f"vm:{vm.id}",
            owner=(vm.account_id, vm.domain_id),
            description=f"creating system VM {vm.instance_name} in zone {zone.name}",
        )

    async def _vm(self, call: Call, zone: ZoneRow) -> VmRow:
        cloud = call.cloud
        hosts = cloud.part(HostIndex).facts.values()
        archs = {h.arch for h in hosts if h.zone_id == zone.id and h.type == "Routing" and h.status == "Up"}
        template = await system_template(cloud, zone.id, archs)
        if template is None:
            raise ResourceUnavailableError(f"Zone {zone.name} has no system VM template for its hosts")
        offering = await self._offering(call, zone)
        vm_id, now_ms = cloud.id("vm"), cloud.now_ms()
        name = f"{_LETTERS[self.type]}-{vm_id}-VM"
        return VmRow(
            id=vm_id,
            uuid=cloud.uuid(),
            name=name,
            display_name=None,
            instance_name=name,
            type=self.type,
            state="Stopped",
            account_id=SYSTEM_ACCOUNT,
            domain_id=ROOT_DOMAIN,
            user_id=SYSTEM_USER,
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
            cpus=offering.cpus or 1,
            speed_mhz=offering.speed_mhz or 500,
            memory_mb=offering.memory_mb or 512,
            ha_enabled=True,
            limit_cpu_use=offering.limit_cpu_use,
            dynamic_scaling=False,
            display_vm=True,
            group_id=None,
            user_data=None,
            key_pairs=None,
            public_keys=None,
            password=None,
            vnc_password=new_keystore_password(cloud),
            details_json="{}",
            extra_json="{}",
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    async def _offering(self, call: Call, zone: ZoneRow) -> ServiceOfferingRow:
        """That of the setting, by uuid; else the one the product comes with."""
        setting, unique_name = _OFFERINGS[self.type]
        offerings = await call.cloud.snapshots.of(ServiceOfferingRow)
        chosen = offerings.by_uuid.get(call.cloud.part(Settings).text(setting, ("Zone", zone.id)))
        if chosen is not None and chosen.removed_ms is None and chosen.is_system:
            return chosen
        return next(offering for offering in offerings if offering.unique_name == unique_name)

    async def _volume(self, call: Call, vm: VmRow) -> VolumeRow:
        cloud = call.cloud
        template = (await cloud.snapshots.of(TemplateRow)).by_id[vm.template_id]
        return VolumeRow(
            id=cloud.id("volume"),
            uuid=cloud.uuid(),
            name=f"ROOT-{vm.id}",
            type="ROOT",
            state="Allocated",
            account_id=vm.account_id,
            domain_id=vm.domain_id,
            zone_id=vm.zone_id,
            pool_id=None,
            last_pool_id=None,
            vm_id=vm.id,
            device_id=0,
            template_id=template.id,
            disk_offering_id=None,
            size_bytes=template.size_bytes,
            min_iops=None,
            max_iops=None,
            provisioning_type="thin",
            format=template.format,
            path=None,
            chain_info=None,
            display_volume=True,
            recreatable=True,
            attached_ms=vm.created_ms,
            created_ms=vm.created_ms,
            updated_ms=vm.created_ms,
        )

    def _nic(self, call: Call, vm: VmRow, network: NetworkRow, position: int) -> NicRow:
        """A NIC without address: it gets one with the host. The third is the default one."""
        cloud = call.cloud
        nic_id = cloud.id("nic")
        return NicRow(
            id=nic_id,
            uuid=cloud.uuid(),
            vm_id=vm.id,
            network_id=network.id,
            device_id=position,
            ip=None,
            netmask=None,
            gateway=None,
            mac=mac_address(nic_id),
            is_default=position == 2,
            broadcast_uri=None,
            traffic_type=network.traffic_type,
            security_group_enabled=False,
            secondary_ips="",
            state="Allocated",
            created_ms=vm.created_ms,
        )
