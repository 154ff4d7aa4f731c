"""The zone's own networks: public, management, control and storage traffic, one row each, made with the zone."""

from __future__ import annotations

from typing import Final

from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.network.row import INSERT, NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec, select

CONTROL_CIDR: Final = "169.254.0.0/16"
CONTROL_GATEWAY: Final = "169.254.0.1"
CONTROL_NETMASK: Final = "255.255.0.0"

_OF_ZONE = select(
    "network.system_of_zone",
    NetworkRow,
    "WHERE zone_id = $1 AND traffic_type = $2 AND is_system AND removed_ms IS NULL ORDER BY id LIMIT 1",
)
_BROADCAST = {"Public": "Vlan", "Management": "Native", "Control": "LinkLocal", "Storage": "Native"}


async def system_network(cloud: Cloud, zone_id: int, traffic_type: str) -> NetworkRow | None:
    """The zone's own network for that traffic; None where the zone has none."""
    rows = await cloud.store.rows(_OF_ZONE, zone_id, traffic_type)
    return rows[0] if rows else None


async def put_system_networks(cloud: Cloud, txn: TxnSpec, zone: ZoneRow) -> None:
    """Adds the rows of a new zone's own networks to `txn`. A zone with security groups has no public one."""
    offerings = {o.traffic_type: o for o in await cloud.snapshots.of(NetworkOfferingRow) if o.is_system}
    for traffic_type, broadcast in _BROADCAST.items():
        if traffic_type == "Public" and zone.network_type == "Advanced" and zone.security_group_enabled:
            continue
        txn.put(INSERT, _row(cloud, zone, offerings[traffic_type], broadcast))


def _row(cloud: Cloud, zone: ZoneRow, offering: NetworkOfferingRow, broadcast: str) -> NetworkRow:
    control = offering.traffic_type == "Control"
    return NetworkRow(
        id=cloud.id("network"),
        uuid=cloud.uuid(),
        name=offering.traffic_type,
        display_text=offering.traffic_type,
        zone_id=zone.id,
        physical_network_id=None,
        offering_id=offering.id,
        account_id=SYSTEM_ACCOUNT,
        domain_id=ROOT_DOMAIN,
        traffic_type=offering.traffic_type,
        guest_type=None,
        acl_type=None,
        subdomain_access=False,
        state="Setup",
        mode="Static",
        broadcast_domain_type=broadcast,
        broadcast_uri=None,
        cidr=CONTROL_CIDR if control else None,
        gateway=CONTROL_GATEWAY if control else None,
        netmask=CONTROL_NETMASK if control else None,
        network_domain=None,
        dns1=None,
        dns2=None,
        specify_ip_ranges=offering.specify_ip_ranges,
        security_group_enabled=False,
        is_system=True,
        display_network=True,
        restart_required=False,
        implemented=0,
        vpc_id=None,
        details_json="{}",
        created_ms=cloud.now_ms(),
    )
