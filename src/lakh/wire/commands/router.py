"""Commands for virtual routers, sent to the KVM host a router runs on (addendum 2).

All carry `access`: how the host reaches the router, made by `access_details`. Rule sets are deltas with a `revoked`
flag on each rule, except load balancers, which carry the whole current list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields, present

Access = Mapping[str, str]

SSH_PORT = 3922


def access_details(
    *,
    control_ip: str,
    router_name: str,
    guest_ip: str | None = None,
    zone_type: str = "Advanced",
    account_id: int | None = None,
    guest_cidr: str | None = None,
    guest_gateway: str | None = None,
    guest_vlan: str | None = None,
    vpc_id: int | None = None,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """How to reach a router and where in it to act. `zone_type`: Basic or Advanced. `more`: keys of single commands."""
    details = {
        "router.ip": control_ip,
        "router.name": router_name,
        "router.guest.ip": guest_ip,
        "zone.network.type": zone_type,
        "account.id": None if account_id is None else str(account_id),
        "guest.network.cidr": guest_cidr,
        "guest.network.gateway": guest_gateway,
        "guest.vlan.tag": guest_vlan,
        "vpc.id": None if vpc_id is None else str(vpc_id),
    }
    return {name: value for name, value in details.items() if value is not None} | dict(more or {})


# --- starting --------------------------------------------------------------------------------------------------------
def check_ssh(ip: str, *, name: str, port: int = SSH_PORT, interval: int = 6, retries: int = 100) -> Message:
    """Waits until a system VM answers on its control address; `interval` in seconds."""
    return command(names.CHECK_SSH, ip=ip, port=port, interval=interval, retries=retries, name=name)


def version(access: Access) -> Message:
    """Asks for templateVersion ("Cloudstack Release 4.20.1 …") and scriptsVersion."""
    return command(names.GET_DOMR_VERSION, accessDetails=dict(access))


def network_usage(
    access: Access,
    *,
    private_ip: str,
    router_name: str,
    option: str = "get",
    vpc: bool = False,
    gateway_ip: str | None = None,
    vpc_cidr: str | None = None,
) -> Message:
    """Reads byte counters (`option` get) or sets them up (create)."""
    return command(
        names.NETWORK_USAGE,
        accessDetails=dict(access),
        privateIP=private_ip,
        domRName=router_name,
        option=option,
        forVpc=vpc,
        gatewayIP=gateway_ip,
        vpcCIDR=vpc_cidr,
    )


def aggregation(access: Access, action: str) -> Message:
    """Between `action` Start and Finish a host acknowledges a router's commands and applies them at Finish."""
    return command(names.AGGREGATION_CONTROL, accessDetails=dict(access), action=action)


# --- what guests get -------------------------------------------------------------------------------------------------
def dhcp_entry(
    access: Access,
    *,
    mac: str,
    ip: str | None,
    vm_name: str,
    gateway: str | None = None,
    dns: str | None = None,
    ip6: str | None = None,
    ip6_gateway: str | None = None,
    duid: str | None = None,
    default: bool = True,
    remove: bool = False,
    lease_seconds: int = 0,
) -> Message:
    """A guest's DHCP and DNS entry; `vm_name` its host name. `lease_seconds` 0 never ends."""
    return command(
        names.DHCP_ENTRY,
        accessDetails=dict(access),
        vmMac=mac,
        vmIpAddress=ip,
        vmName=vm_name,
        defaultRouter=gateway,
        defaultDns=dns,
        vmIp6Address=ip6,
        ip6Gateway=ip6_gateway,
        duid=duid,
        isDefault=default,
        remove=remove,
        leaseTime=lease_seconds,
        executeInSequence=False,
    )


def vm_data(access: Access, *, ip: str, vm_name: str, files: Sequence[tuple[str, str, str | None]]) -> Message:
    """A guest's user data and metadata: (folder, file, content), such as ("metadata", "local-ipv4", "10.1.1.4")."""
    return command(
        names.VM_DATA,
        accessDetails=dict(access),
        vmIpAddress=ip,
        vmName=vm_name,
        vmData=[list(file) for file in files],
        executeInSequence=False,
    )


def save_password(access: Access, *, ip: str, vm_name: str, password: str) -> Message:
    return command(
        names.SAVE_PASSWORD,
        accessDetails=dict(access),
        password=password,
        vmIpAddress=ip,
        vmName=vm_name,
        executeInSequence=False,
    )


# --- public addresses and rules --------------------------------------------------------------------------------------
def public_address(
    *,
    ip: str,
    account_id: int,
    vlan_uri: str,
    gateway: str,
    netmask: str,
    mac: str,
    source_nat: bool,
    first: bool,
    add: bool = True,
    one_to_one: bool = False,
    device_id: int = 2,
    new_nic: bool = False,
    rate_mbps: int = 200,
    traffic_type: str = "Public",
    traffic_label: str | None = None,
    mtu: int | None = None,
) -> Fields:
    """One address of `ip_assoc`. `first`: the first of its VLAN, whose nic it brings."""
    return present(
        {
            "accountId": account_id,
            "publicIp": ip,
            "sourceNat": source_nat,
            "add": add,
            "oneToOneNat": one_to_one,
            "firstIP": first,
            "broadcastUri": vlan_uri,
            "vlanGateway": gateway,
            "vlanNetmask": netmask,
            "vifMacAddress": mac,
            "networkRate": rate_mbps,
            "trafficType": traffic_type,
            "networkName": traffic_label,
            "nicDevId": device_id,
            "newNic": new_nic,
            "isPrivateGateway": False,
            "mtu": mtu,
        }
    )


def ip_assoc(access: Access, addresses: Sequence[Fields], *, vpc: bool = False) -> Message:
    """Adds or takes away public addresses of one VLAN, source NAT first."""
    java_class = names.IP_ASSOC_VPC if vpc else names.IP_ASSOC
    return command(java_class, accessDetails=dict(access), ipAddresses=list(addresses))


def firewall_rule(
    *,
    id: int,
    source_ip: str | None = None,
    protocol: str,
    start_port: int | None = None,
    end_port: int | None = None,
    cidrs: Sequence[str] = (),
    destination_cidrs: Sequence[str] = (),
    purpose: str = "Firewall",
    traffic_type: str = "Ingress",
    vlan: str | None = None,
    icmp_type: int | None = None,
    icmp_code: int | None = None,
    guest_cidr: str | None = None,
    egress_allowed: bool = False,
    revoked: bool = False,
    already_added: bool = False,
    destination_ip: str | None = None,
    destination_start_port: int | None = None,
    destination_end_port: int | None = None,
) -> Fields:
    """A firewall, port forwarding or static NAT rule: `purpose` Firewall, PortForwarding, StaticNat.

    `traffic_type` Ingress or Egress; `egress_allowed` the network's default; the destination is the guest's.
    """
    return present(
        {
            "id": id,
            "srcVlanTag": vlan,
            "srcIp": source_ip,
            "protocol": protocol,
            "srcPortRange": _range(start_port, end_port),
            "revoked": revoked,
            "alreadyAdded": already_added,
            "sourceCidrList": list(cidrs),
            "destCidrList": list(destination_cidrs),
            "purpose": purpose,
            "icmpType": icmp_type,
            "icmpCode": icmp_code,
            "trafficType": traffic_type,
            "guestCidr": guest_cidr,
            "defaultEgressPolicy": egress_allowed,
            "type": "User",
            "dstIp": destination_ip,
            "dstPortRange": _range(destination_start_port, destination_end_port),
        }
    )


def _range(start: int | None, end: int | None) -> list[int] | None:
    return None if start is None else [start, start if end is None else end]


def firewall_rules(access: Access, rules: Sequence[Fields]) -> Message:
    return command(names.SET_FIREWALL_RULES, accessDetails=dict(access), rules=list(rules))


def port_forwarding_rules(access: Access, rules: Sequence[Fields], *, vpc: bool = False) -> Message:
    java_class = names.SET_PORT_FORWARDING_RULES_VPC if vpc else names.SET_PORT_FORWARDING_RULES
    return command(java_class, accessDetails=dict(access), rules=list(rules))


def static_nat_rules(access: Access, rules: Sequence[Fields], *, vpc_id: int | None = None) -> Message:
    return command(names.SET_STATIC_NAT_RULES, accessDetails=dict(access), rules=list(rules), vpcId=vpc_id)


def load_balancer(
    *,
    uuid: str,
    source_ip: str,
    source_port: int,
    protocol: str,
    algorithm: str,
    destinations: Sequence[tuple[str, int]],
    lb_protocol: str | None = None,
    cidrs: str | None = None,
    stickiness: Sequence[Fields] = (),
    revoked: bool = False,
) -> Fields:
    """One rule of `load_balancers`. `algorithm`: roundrobin, leastconn, source; destinations are (address, port)."""
    return present(
        {
            "uuid": uuid,
            "srcIp": source_ip,
            "srcPort": source_port,
            "protocol": protocol,
            "lbProtocol": lb_protocol,
            "algorithm": algorithm,
            "revoked": revoked,
            "alreadyAdded": False,
            "destinations": [
                {"destIp": ip, "destPort": port, "revoked": False, "alreadyAdded": False} for ip, port in destinations
            ],
            "stickinessPolicies": list(stickiness),
            "cidrList": cidrs,
        }
    )


def load_balancers(
    access: Access,
    rules: Sequence[Fields],
    *,
    nic: Fields | None = None,
    vpc_id: int | None = None,
    max_connections: int = 4096,
    keep_alive: bool = False,
    idle_timeout_ms: int | None = None,
    stats_visibility: str = "disabled",
    stats_public_ip: str | None = None,
    stats_private_ip: str | None = None,
    stats_guest_ip: str | None = None,
) -> Message:
    """All load balancer rules of a router.

    `stats_visibility`: disabled, global, guest-network, link-local or all, the setting
    network.loadbalancer.haproxy.stats.visibility; all but the first need the router's addresses.
    """
    return command(
        names.LOAD_BALANCER_CONFIG,
        accessDetails=dict(access),
        loadBalancers=list(rules),
        nic=nic,
        vpcId=vpc_id,
        maxconn=str(max_connections),
        keepAliveEnabled=keep_alive,
        idleTimeout=idle_timeout_ms,
        lbStatsVisibility=stats_visibility,
        lbStatsPublicIP=stats_public_ip,
        lbStatsPrivateIP=stats_private_ip,
        lbStatsGuestIP=stats_guest_ip,
    )


# --- watching --------------------------------------------------------------------------------------------------------
def monitor_service(
    access: Access,
    *,
    services: Sequence[Fields],
    health_checks: Mapping[str, str] | None = None,
    reconfigure: bool = False,
    delete_cache: bool = False,
) -> Message:
    """What a router watches in itself; the periodic one must be answered by a GroupAnswer."""
    return command(
        names.SET_MONITOR_SERVICE,
        accessDetails=dict(access),
        services=list(services),
        healthChecksConfig=dict(health_checks or {}),
        reconfigureAfterUpdate=reconfigure,
        deleteFromProcessedCache=delete_cache,
    )


def monitored(service: str, *, process: str, name: str, path: str, pid_file: str, default: bool = False) -> Fields:
    """One service of `monitor_service`."""
    return {
        "service": service,
        "processname": process,
        "serviceName": name,
        "servicePath": path,
        "pidFile": pid_file,
        "isDefault": default,
    }


def check_redundancy(access: Access) -> Message:
    """Asks a redundant router for its state: PRIMARY, BACKUP, FAULT or UNKNOWN."""
    return command(names.CHECK_ROUTER, accessDetails=dict(access))


def alerts(access: Access, *, since: str = "1970-01-01 00:00:00") -> Message:
    return command(names.GET_ROUTER_ALERTS, accessDetails=dict(access), previousAlertTimeStamp=since)


def monitor_results(access: Access, *, fresh: bool = False, basic_only: bool = False) -> Message:
    return command(
        names.GET_ROUTER_MONITOR_RESULTS,
        accessDetails=dict(access),
        performFreshChecks=fresh,
        validateBasicTestsOnly=basic_only,
    )
