"""deployVirtualMachine: rows at once, then a job that finds a host, prepares network and disks, and starts it.

Three transactions: admission (VM, volumes, NICs, counts, job), reservation (host and pool capacity, state Starting),
publication (state Running, volumes Ready, the job's result). Between the last two only hosts are spoken to.
"""

from __future__ import annotations

import msgspec

from lakh.base.errors import ApiError, LakhError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Ids, Long, Pairs, Strings
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.limit.charge import charge_owner, limit_error, release_owner
from lakh.resources.limit.row import CHARGE, Usage
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import JOIN
from lakh.resources.nic.row import ADDRESS_TAKEN, REMOVE_OF_VM, NicRow
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.vm.access import current_vm, finish_with, line_of
from lakh.resources.vm.deployment import Deployment
from lakh.resources.vm.launch import (
    LaunchState,
    create_disks,
    created_volumes,
    delete_new_disks,
    forget_reservation,
    nics_of,
    prepare_network,
    reserve,
    running,
    start,
    unreserve,
    unstart,
    vm_of,
    volumes_of,
)
from lakh.resources.vm.new_nics import give_back
from lakh.resources.vm.row import INSERT, TO_ERROR, VmRow
from lakh.resources.vm.view import UserVmView
from lakh.resources.vm.views import ALL, NEW, Known
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import REMOVE, VolumeRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError


class DeployState(LaunchState):
    """A launch of a VM that did not exist before."""


async def publish(run: Run[DeployState]) -> TxnSpec:
    """Running, and the job's result as the caller sees it."""
    cloud, state = run.cloud, run.state
    txn = running(cloud, state) if state.start else TxnSpec("vm.allocated")
    vm = await vm_of(run)
    if state.start:
        vm = msgspec.structs.replace(vm, state="Running", host_id=state.host_id, last_host_id=state.host_id)
    known = Known(await nics_of(run), created_volumes(state, await volumes_of(run)))
    await finish_with(run, vm, password=state.password, details=ALL if state.grouped else NEW, known=known)
    return txn


async def give_up(run: Run[DeployState]) -> TxnSpec:
    """The VM stays as Error; its volumes, NICs, pool space and counts are given back."""
    cloud = run.cloud
    forget_reservation(run, await vm_of(run))
    await delete_new_disks(run)
    vm, now_ms = await current_vm(run), cloud.now_ms()  # its size may have changed since it was first read
    txn = TxnSpec("vm.deploy.failed").add(TO_ERROR, vm.id, now_ms, vm.cpus, vm.memory_mb)
    volumes = await cloud.store.rows(VOLUMES_OF_VM, vm.id)
    for volume in volumes:
        if volume.pool_id is not None:
            txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
        txn.add(REMOVE, volume.id, now_ms)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    txn.add(REMOVE_OF_VM, vm.id, now_ms, expect=len(nics))
    run.when_committed(lambda: cloud.part(GuestAddresses).give_back_all(nics))
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
    """Creates and starts an Instance of a service offering and a template."""

    zoneid: Id = param("the zone of the Instance", required=True, entity="zone")
    serviceofferingid: Id = param("its service offering", required=True, entity="service_offering")
    templateid: Id | None = param("the template of its root disk", entity="template")
    name: str | None = param("its host name", validations=["RFCComplianceDomainName"])
    displayname: str | None = param("a name shown to users; the host name by default")
    account: str | None = param("the account it is for; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it is for", entity="project")
    diskofferingid: Id | None = param("the offering of an additional data disk", entity="disk_offering")
    size: Long | None = param("GiB of the data disk of a customized disk offering")
    datadiskofferinglist: Pairs = param("data disks: [0].diskofferingid, .size, .deviceid", since="4.11")
    datadisksdetails: Pairs = param("data disks: [0].diskofferingid, .size, .deviceid", since="4.21.0")
    overridediskofferingid: Id | None = param(
        "a disk offering for the root disk in place of the service offering's", entity="disk_offering", since="4.17"
    )
    rootdisksize: Long | None = param("GiB of the root disk; the template's size by default", since="4.4")
    networkids: Ids = param("networks; the first is the default one", entity="network")
    iptonetworklist: Pairs = param("networks with addresses: [0].networkid, .ip, .mac; in place of networkids")
    nicnetworklist: Pairs = param("networks of a template's NICs: [0].nic, .network", since="4.15")
    ipaddress: str | None = param("the address in the default network")
    macaddress: str | None = param("the MAC address in the default network")
    securitygroupids: Ids = param("security groups; not together with their names", entity="security_group")
    securitygroupnames: Strings = param("security groups by name")
    affinitygroupids: Ids = param("affinity groups; not together with their names", entity="affinity_group")
    affinitygroupnames: Strings = param("affinity groups by name")
    hypervisor: str | None = param("the hypervisor, which must be the template's")
    hostid: Id | None = param("the host to deploy to (root admins)", entity="host")
    podid: Id | None = param("the pod to deploy to", entity="pod", since="4.13", roles=["Admin"])
    clusterid: Id | None = param("the cluster to deploy to", entity="cluster", since="4.13", roles=["Admin"])
    deploymentplanner: str | None = param("the planner that picks the host", since="4.4", roles=["Admin"])
    startvm: bool = param("start it after creation", default=True)
    displayvm: bool = param("show it to its owner", since="4.2", roles=["Admin"], default=True)
    dynamicscalingenabled: bool = param("let it be scaled while it runs", since="4.16", default=True)
    customid: str | None = param("its uuid (root admins)")
    group: str | None = param("the instance group it joins; made where there is none of that name")
    keypair: str | None = param("the SSH key pair that it lets in")
    keypairs: Strings = param("several SSH key pairs in place of keypair", since="4.17")
    userdata: str | None = param("user data in base64", max_length=1048576)
    userdataid: Id | None = param("registered user data in place of userdata", entity="user_data", since="4.18")
    details: Details = param("details: [0].cpuNumber and so on; free ones are kept", since="4.3")
    password: str | None = param("its password, where the template takes one", since="4.19.0.0", secret=True)

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
        made = await Deployment.prepare(call, self)
        vm, usage = made.vm, usage_of(made.vm, made.volumes)
        txn = TxnSpec("vm.admit")
        await charge_owner(cloud, txn, vm.account_id, vm.domain_id, usage)
        txn.extend(made.more).put(INSERT, vm)
        for volume in made.volumes:
            txn.put(INSERT_VOLUME, volume)
        for nic in made.nics:
            txn.put(INSERT_NIC, nic)
        if not self.startvm:
            for network_id in sorted({nic.network_id for nic in made.nics}):
                txn.add(JOIN, network_id)
        state = DeployState(
            vm_id=vm.id,
            start=self.startvm,
            wanted_host_id=self.hostid,
            wanted_pod_id=self.podid,
            wanted_cluster_id=self.clusterid,
            planner=self.deploymentplanner,
            password=vm.password,
            grouped=made.grouped,
        )

        async def refused(lost: LakhError) -> LakhError | None:
            return await self._refused(call, vm, made.nics, usage, lost)

        return Admission(
            txn,
            state,
            instance=("VirtualMachine", vm.uuid),
            created_uuid=vm.uuid,
            sync_key=line_of(vm.id),
            owner=(vm.account_id, vm.domain_id),
            description=f"starting Instance. Instance Id: {vm.uuid}",
            memory={"vm": vm, "volumes": made.volumes, "nics": made.nics},
            refused=refused,
        )

    async def _refused(
        self, call: Call, vm: VmRow, nics: list[NicRow], usage: Usage, lost: LakhError
    ) -> LakhError | None:
        """What the caller hears when the store refused; None to try again, after somebody else's address was proposed.

        That address stays counted as taken; the others are given back.
        """
        if isinstance(lost, DuplicateError) and lost.index == "nic_address":
            give_back(call, [n for n in nics if not await call.cloud.store.read(ADDRESS_TAKEN, n.network_id, n.ip)])
            return None if not (self.ipaddress or self.iptonetworklist) else lost
        give_back(call, nics)
        if isinstance(lost, GuardFailedError) and lost.statement == JOIN.name:
            return ParameterError("networkids: a network of the Instance was deleted meanwhile")
        if isinstance(lost, GuardFailedError):
            error = await limit_error(call.cloud, lost, vm.account_id, vm.domain_id, usage)
            if error is lost and lost.statement == CHARGE.name:
                return None  # what stood in its way has been given back meanwhile
            return error if isinstance(error, ApiError) else lost
        return lost
