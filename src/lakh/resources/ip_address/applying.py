"""Telling a network's router of one public address more or less."""

from __future__ import annotations

from lakh.base.errors import ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.reach import ask
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.router.running import RunningRouters
from lakh.resources.vlan.row import VlanRangeRow
from lakh.wire.commands import router as commands
from lakh.wire.commands.router import access_details


async def apply_addresses(cloud: Cloud, row: IpAddressRow, *, add: bool) -> None:
    """Nothing to do while no router runs: it is told all when it starts. Raises ResourceUnavailableError."""
    router = await cloud.part(RunningRouters).of(row.network_id or 0)
    if router is None:
        return
    nics = await cloud.store.rows(NICS_OF_VM, router.vm_id)
    public = next((nic for nic in nics if nic.traffic_type == "Public"), None)
    if public is None:
        return
    within = (await cloud.snapshots.of(VlanRangeRow)).by_id[row.range_id]
    address = commands.public_address(
        ip=row.address,
        account_id=row.account_id,
        vlan_uri=within.vlan,
        gateway=within.gateway,
        netmask=within.netmask,
        mac=public.mac,
        source_nat=False,
        first=False,
        add=add,
        device_id=public.device_id,
    )
    access = access_details(
        control_ip=router.control_ip,
        router_name=router.name,
        guest_ip=router.guest_ip,
        account_id=row.account_id,
        more={"network.public.last.ip": "false"},
    )
    try:
        answer = (await ask(cloud, router.host_id, commands.ip_assoc(access, [address])))[0]
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Unable to apply IP {row.address} on router {router.name}: {error}") from error
    if not answer.result:
        raise ResourceUnavailableError(f"Unable to apply IP {row.address} on router {router.name}: {answer.details}")
