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
from lakh.resources.network.cached import Networks
from lakh.resources.network.system_addresses import system_vm_networks
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.proposals import recheck_proposals
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.system import system_template
from lakh.resources.vm.launch import (
    create_disks,
    delete_new_disks,
    forget_reservation,
    running,
    unreserve,
    unstart,
    vm_of,
)
from lakh.resources.vm.new_system import bare_nic, root_volume, system_vm
from lakh.resources.vm.row import CONSOLE_PROXY, INSERT, SECONDARY_STORAGE, VmRow
from lakh.resources.vm.system_access import finish_with_system
from lakh.resources.vm.system_end import end_system_vm, give_addresses_back
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
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

PUBLIC_POSITION: Final = 2  # after control and management (addendum 3.1)
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
    await recheck_proposals(run)
    cloud, vm = run.cloud, await vm_of(run)
    forget_reservation(run, vm)
    await delete_new_disks(run)
    txn = TxnSpec("vm.system.failed")
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    networks = await cloud.part(Networks).many(nic.network_id for nic in nics)
    addresses = await end_system_vm(cloud, vm, txn)
    run.when_committed(lambda: give_addresses_back(cloud, vm, nics, networks, addresses))
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
        if self.type not in _OFFERINGS:
            raise ParameterError(f"type must be {' or '.join(_OFFERINGS)}, not {self.type}")
        zone = (await cloud.snapshots.of(ZoneRow)).by_id[self.zoneid]
        vm, template = await self._vm(call, zone)
        txn = TxnSpec("vm.create_system").put(INSERT, vm).put(INSERT_VOLUME, root_volume(cloud, vm, template))
        for position, network in enumerate(await system_vm_networks(cloud, zone)):
            txn.put(INSERT_NIC, bare_nic(cloud, vm, network, position, is_default=position == PUBLIC_POSITION))
        return Admission(
            txn,
            SystemLaunchState(vm_id=vm.id, keystore_password=new_keystore_password(cloud)),
            instance=("SystemVm", vm.uuid),
            created_uuid=vm.uuid,
            sync_key=f"vm:{vm.id}",
            owner=(vm.account_id, vm.domain_id),
            description=f"creating system VM {vm.instance_name} in zone {zone.name}",
        )

    async def _vm(self, call: Call, zone: ZoneRow) -> tuple[VmRow, TemplateRow]:
        cloud = call.cloud
        conditions = cloud.part(HostIndex).census.conditions()
        archs = {c.arch for c in conditions if c.zone_id == zone.id and c.type == "Routing" and c.status == "Up"}
        template = await system_template(cloud, zone.id, archs)
        if template is None:
            raise ResourceUnavailableError(f"Zone {zone.name} has no system VM template for its hosts")
        offering = await self._offering(call, zone)
        return system_vm(cloud, self.type, (SYSTEM_ACCOUNT, ROOT_DOMAIN), zone.id, template, offering), template

    async def _offering(self, call: Call, zone: ZoneRow) -> ServiceOfferingRow:
        """That of the setting, by uuid; else the one the product comes with."""
        setting, unique_name = _OFFERINGS[self.type]
        offerings = await call.cloud.snapshots.of(ServiceOfferingRow)
        chosen = offerings.by_uuid.get(call.cloud.part(Settings).text(setting, ("Zone", zone.id)))
        if chosen is not None and chosen.removed_ms is None and chosen.is_system:
            return chosen
        return next(offering for offering in offerings if offering.unique_name == unique_name)
