"""The offerings of a fresh installation: service, disk, network and VPC offerings with what they provide.

Sizes are MB of memory, MHz of CPU, GB of disk and Mbit/s of network; a network rate of None is the setting's, 0 is
unlimited. `services` maps a service to its providers in order.
"""

from __future__ import annotations

from functools import cache

import msgspec

from lakh.catalogue import files


class ServiceOffering(msgspec.Struct, frozen=True):
    """A service offering. `systemvmtype` names the system VMs a system offering is for; `defaultuse` their default."""

    name: str
    uniquename: str
    cpuspeed: int
    cpunumber: int = 1
    memory: int = 512
    offerha: bool = False
    issystem: bool = False
    systemvmtype: str | None = None
    defaultuse: bool = False
    storagetype: str = "shared"
    provisioningtype: str = "thin"
    recreatable: bool = False
    networkrate: int | None = None
    limitcpuuse: bool = False
    state: str = "Active"


class DiskOffering(msgspec.Struct, frozen=True):
    """A disk offering; a customized one takes its size from the request."""

    name: str
    uniquename: str
    disksize: int = 0
    iscustomized: bool = False
    provisioningtype: str = "thin"
    storagetype: str = "shared"
    state: str = "Active"


class NetworkOffering(msgspec.Struct, frozen=True):
    """A network offering. `lbtypes`, `internal_lb` and `public_lb` are what the load balancer may be used for."""

    name: str
    guestiptype: str | None = "Isolated"
    traffictype: str = "Guest"
    services: dict[str, tuple[str, ...]] = {}
    conservemode: bool = False
    specifyvlan: bool = False
    specifyipranges: bool = False
    state: str = "Enabled"
    forvpc: bool = False
    lbtypes: tuple[str, ...] = ()
    internal_lb: bool = False
    public_lb: bool = False
    availability: str = "Optional"
    isdefault: bool = True
    issystem: bool = False
    ispersistent: bool = False
    sourcenattype: str | None = None
    redundantrouter: bool = False
    elasticip: bool = False
    elasticlb: bool = False
    associatepublicip: bool = True
    dedicatedlb: bool = True
    egressdefaultpolicy: bool = False
    supportsvmautoscaling: bool = False
    networkrate: int | None = None
    networkmode: str | None = None
    concurrentconnections: int | None = None
    keepalive: bool = False
    stretchedl2: bool = False
    publicaccess: bool = False


class VpcOffering(msgspec.Struct, frozen=True):
    """A VPC offering."""

    name: str
    services: dict[str, tuple[str, ...]]
    isdefault: bool = False
    state: str = "Enabled"
    redundantrouter: bool = False
    distributedrouter: bool = False
    regionlevelvpc: bool = False
    networkmode: str | None = None
    routingmode: str | None = None
    specifyasnumber: bool = False
    conservemode: bool = False
    serviceofferingid: int | None = None


@cache
def service_offerings() -> tuple[ServiceOffering, ...]:
    """Service offerings in the order of their ids."""
    return files.records("service_offerings.jsonl", ServiceOffering)


@cache
def disk_offerings() -> tuple[DiskOffering, ...]:
    """Disk offerings in the order of their ids."""
    return files.records("disk_offerings.jsonl", DiskOffering)


@cache
def network_offerings() -> tuple[NetworkOffering, ...]:
    """Network offerings in the order of their ids."""
    return files.records("network_offerings.jsonl", NetworkOffering)


@cache
def vpc_offerings() -> tuple[VpcOffering, ...]:
    """VPC offerings in the order of their ids."""
    return files.records("vpc_offerings.jsonl", VpcOffering)
