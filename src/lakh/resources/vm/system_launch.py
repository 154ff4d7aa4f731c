"""Steps that bring a secondary storage or console proxy VM to a host. Creating and starting one share them.

As for users' VMs, a host is reserved and the disks are made; the NICs get their addresses with the reservation, since
the management one belongs to the host's pod. Then one request starts the VM and waits for its ssh port, and a second
one hands it a certificate (addendum 3.1). Its agent connects by itself later.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.ip_address.new import new_ip_address
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import INSERT as INSERT_ADDRESS
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.management_server.authority import Authority
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.cached import Networks
from lakh.resources.network.system_addresses import SystemAddress, SystemAddresses
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import SET_ADDRESS, NicRow
from lakh.resources.pod.row import PodRow
from lakh.resources.proposals import proposed, recheck_proposals
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vm.boot_arguments import boot_arguments
from lakh.resources.vm.launch import (
    LaunchState,
    created_volumes,
    reserve,
    start_command,
    start_with,
    vm_of,
    volumes_of,
)
from lakh.resources.vm.row import VmRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.wire.commands import connection, router

log = logger(__name__)

CERTIFICATE_TRIES = 3


class SystemLaunchState(LaunchState):
    """`keystore_password` is what the VM keeps its certificate under."""

    keystore_password: str = ""


def new_keystore_password(cloud: Cloud) -> str:
    """A secret of a system VM."""
    return "".join(cloud.random.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(16))


async def reserve_system(run: Run[Any]) -> TxnSpec:
    """Reserves a host, and for every NIC without one an address that fits it."""
    await recheck_proposals(run)
    txn = await reserve(run)
    cloud, vm = run.cloud, await vm_of(run)
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    pods = await cloud.snapshots.of(PodRow)
    pod = pods.by_id[cloud.part(HostIndex).facts[run.state.host_id].pod_id or 0]
    addresses = cloud.part(SystemAddresses)
    for nic in await cloud.store.rows(NICS_OF_VM, vm.id):
        if nic.traffic_type == "Management" and (nic.ip is None or nic.gateway != pod.gateway):
            address = await addresses.management(zone, pod)
            proposed(run, partial(addresses.recheck, nic.network_id, address.ip, pod.id))
        elif nic.traffic_type == "Control" and (nic.ip is None or nic.pod_id != pod.id):
            address = await addresses.control(zone, pod)
            proposed(run, partial(addresses.recheck_control, nic.network_id, address.ip, pod.id))
        elif nic.ip is not None:
            continue
        elif nic.traffic_type == "Guest":
            address = await _guest_address(run, nic)
            proposed(run, partial(cloud.part(GuestAddresses).recheck, nic.network_id, address.ip))
        else:
            address = await addresses.public(zone)
            proposed(run, partial(cloud.part(PublicAddresses).recheck, zone.id, address.range_id or 0, address.ip))
            txn.put(INSERT_ADDRESS, await _taken(run, vm, nic, address))
        _set_address(txn, nic, address)
    return txn


def _set_address(txn: TxnSpec, nic: NicRow, address: SystemAddress) -> None:
    uri = address.broadcast_uri
    if uri is not None and "://" not in uri:
        uri = f"vlan://{uri}"
    mac = address.mac or nic.mac
    txn.add(SET_ADDRESS, nic.id, address.ip, address.netmask, address.gateway, mac, uri, address.pod_id)


async def _guest_address(run: Run[Any], nic: NicRow) -> SystemAddress:
    """Of the zone's guest network, where system VMs stand among users' VMs."""
    network = await run.cloud.part(Networks).get(nic.network_id)
    assert network is not None
    ip = await run.cloud.part(GuestAddresses).take(network)
    return SystemAddress(ip or "", network.netmask or "", network.gateway or "", network.broadcast_uri)


async def _taken(run: Run[Any], vm: VmRow, nic: NicRow, address: SystemAddress) -> IpAddressRow:
    """The public address as one in use by the system."""
    cloud = run.cloud
    within = (await cloud.snapshots.of(VlanRangeRow)).by_id[address.range_id or 0]
    owner = (vm.account_id, vm.domain_id)
    return new_ip_address(cloud, address.ip, within, owner, nic.network_id, system_vm_id=vm.id)


async def start_system(run: Run[Any]) -> None:
    """Starts the VM with its boot arguments; its host answers once the VM's ssh port does."""
    cloud, state = run.cloud, run.state
    vm = await vm_of(run)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    pod_id = cloud.part(HostIndex).facts[state.host_id].pod_id or 0
    arguments = await boot_arguments(cloud, vm, pod_id, nics, state.keystore_password)
    volumes = created_volumes(state, await volumes_of(run))
    command = await start_command(cloud, vm, state.host_id, volumes, arguments)
    await start_with(run, command, router.check_ssh(control_ip(nics), name=vm.instance_name))


def control_ip(nics: list[NicRow]) -> str:
    """The link-local address, by which its host reaches a system VM."""
    return next((nic.ip or "" for nic in nics if nic.traffic_type == "Control"), "")


async def install_certificate(run: Run[Any]) -> None:
    """Gives the VM a key and certificate of our authority by way of its host. A VM that runs without is kept: agents
    need one only where `ca.plugin.root.auth.strictness` asks for it."""
    cloud, vm = run.cloud, await vm_of(run)
    authority = cloud.part(Authority)
    if not authority.is_ready:
        return
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    networks = await cloud.part(Networks).many(nic.network_id for nic in nics)
    made = await authority.issue(vm.instance_name, [nic.ip for nic in nics if nic.ip])
    access = {"router.ip": control_ip(nics), "router.name": vm.instance_name}
    access |= {networks[nic.network_id].traffic_type: nic.ip or "" for nic in nics}
    command = connection.setup_certificate(
        certificate_pem=made.certificate_pem().decode(),
        private_key_pem=made.key_pem().decode(),
        authority_pem=authority.certificate_pem,
        by_agent=False,
        access_details=access,
    )
    for _ in range(CERTIFICATE_TRIES):
        try:
            answer = (await ask(cloud, run.state.host_id, command))[0]
        except HostUnreachableError as error:
            log.warning("system VM without certificate", vm=vm.instance_name, reason=str(error))
            continue
        if not answer.result:
            log.warning("system VM without certificate", vm=vm.instance_name, reason=answer.details)
        return


def started(run: Run[Any], vm: VmRow) -> VmRow:
    """The VM as it is after the commit that makes it Running."""
    fact = run.cloud.part(HostIndex).facts[run.state.host_id]
    return msgspec.structs.replace(
        vm, state="Running", host_id=fact.id, last_host_id=fact.id, pod_id=fact.pod_id, updated_ms=run.cloud.now_ms()
    )
