"""Hypervisors and what each version of them can do."""

from __future__ import annotations

from functools import cache

import msgspec

from lakh.catalogue import files


class Hypervisor(msgspec.Struct, frozen=True):
    """A hypervisor type. `listed` ones stand in the default of `hypervisor.list`."""

    name: str
    imageformat: str | None = None
    functionalities: tuple[str, ...] = ()
    listed: bool = False


class HypervisorCapability(msgspec.Struct, frozen=True):
    """Limits and abilities of one hypervisor version; `core` ones are KVM's and the simulator's."""

    hypervisor: str
    version: str
    maxguestslimit: int | None
    securitygroupenabled: bool
    maxdatavolumeslimit: int
    storagemotionenabled: bool
    vmsnapshotenabled: bool
    maxhostspercluster: int | None = None
    core: bool = False


@cache
def hypervisors() -> tuple[Hypervisor, ...]:
    """Every hypervisor type, in CloudStack's order."""
    return files.records("hypervisors.jsonl", Hypervisor)


@cache
def capabilities() -> tuple[HypervisorCapability, ...]:
    """Capabilities of every version."""
    return files.records("hypervisor_capabilities.jsonl", HypervisorCapability)
