"""What a virtual router is told at boot: `key=value`, separated by blanks (addendum 2.1)."""

from __future__ import annotations

from ipaddress import IPv4Network

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow
from lakh.resources.vm.row import VmRow
from lakh.resources.zone.row import ZoneRow

GUEST_MTU = 1500


async def boot_arguments(cloud: Cloud, vm: VmRow, network: NetworkRow, nics: list[NicRow]) -> str:
    """All arguments of the router of that network, whose NICs have their addresses."""
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    settings, routes = cloud.part(Settings), any(nic.traffic_type == "Public" for nic in nics)
    arguments: dict[str, object] = {"template": "domP", "name": vm.instance_name}
    for nic in nics:
        arguments |= {f"eth{nic.device_id}ip": nic.ip, f"eth{nic.device_id}mask": nic.netmask}
        if nic.traffic_type == "Guest":
            arguments |= _guest(network, nic)
    arguments["gateway"] = next((nic.gateway for nic in nics if nic.is_default), None)
    if routes:
        arguments["publicMtu"] = GUEST_MTU
    arguments["type"] = "router" if routes else "dhcpsrvr"
    arguments["disable_rp_filter"] = "true"
    arguments |= {"dns1": network.dns1 or zone.dns1, "dns2": network.dns2 or zone.dns2}
    if settings.flag("use.external.dns", ("Zone", zone.id)):
        arguments["useextdns"] = "true"
    if settings.flag("expose.dns.externally", ("Zone", zone.id)):
        arguments["exposedns"] = "true"
    arguments["logrotatefrequency"] = settings.text("router.logrotate.frequency")
    arguments["userdata"] = settings.text("virtual.router.userdata") or None
    return " ".join(f"{key}={value}" for key, value in arguments.items() if value is not None)


def _guest(network: NetworkRow, nic: NicRow) -> dict[str, object]:
    subnet = IPv4Network(network.cidr or f"{nic.ip}/{nic.netmask}", strict=False)
    return {
        "privateMtu": GUEST_MTU,
        "domain": network.network_domain,
        "dnssearchorder": network.network_domain,
        "cidrsize": subnet.prefixlen,
        "dhcprange": str(subnet.network_address + 1),
    }
