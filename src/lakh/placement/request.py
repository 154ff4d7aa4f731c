"""What is asked of placement: one frozen value per attempt, in CloudStack's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

IMPLICIT = "ImplicitDedicationPlanner"
PLANNERS = ("FirstFitPlanner", "UserDispersingPlanner", "UserConcentratedPodPlanner", "SkipHeuresticsPlanner", IMPLICIT)
"""Deployment planners by CloudStack's names, its spelling included (catalogue, deployment_planners)."""

ALGORITHMS = (
    "random",
    "firstfit",
    "userdispersing",
    "firstfitleastconsumed",
    "userconcentratedpod_random",
    "userconcentratedpod_firstfit",
)
"""Values of `vm.allocation.algorithm` (catalogue, vm_allocation_algorithms), and its two older ones."""

CAPACITY_TYPES = ("CPU", "RAM", "COMBINED")
"""Values of `host.capacityType.to.order.clusters`."""

_NONE: frozenset[int] = frozenset()
_NO_PRIORITIES: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A VM that needs a host. Raises ValueError that names the field and what would be right.

    CPU needed is `cpu_count * cpu_speed_mhz`. `host_tags` are all required.

    Affinity groups come resolved to hosts: `forbidden_hosts` hold a member of a strict anti-affinity group,
    `required_hosts` (if any) are the only ones a strict affinity group leaves, `host_priorities` are the non-strict
    preferences (higher first, absent is 0), which outrank planner and algorithm but never a check.

    Storage: a host passes if its cluster is in `storage_clusters` or itself in `storage_hosts`; both None means that
    a zone-wide pool will do.

    Dedication: `domain_ids` are the account's domain and its ancestors. `explicit_dedication` says that the VM is in
    an ExplicitDedication affinity group: it then goes to dedicated resources only, otherwise never to them. A zone
    dedicated to others is closed either way. Implicit dedication goes by `account_id` alone: with that planner a host
    is the account's own or becomes it; where none is, `preferred` takes one as FirstFitPlanner would.
    """

    zone_id: int
    cpu_count: int
    cpu_speed_mhz: int
    memory_bytes: int
    account_id: int = 0
    domain_ids: tuple[int, ...] = ()
    host_tags: tuple[str, ...] = ()
    hypervisor: str | None = None
    arch: str | None = None
    planner: str = "FirstFitPlanner"
    algorithm: str = "random"
    capacity_type: str = "CPU"
    cpu_to_memory_weight: float = 0.5
    pod_id: int | None = None
    cluster_id: int | None = None
    host_id: int | None = None
    avoid_hosts: frozenset[int] = _NONE
    avoid_clusters: frozenset[int] = _NONE
    avoid_pods: frozenset[int] = _NONE
    forbidden_hosts: frozenset[int] = _NONE
    required_hosts: frozenset[int] | None = None
    host_priorities: Mapping[int, int] = field(default_factory=lambda: _NO_PRIORITIES)
    storage_clusters: frozenset[int] | None = None
    storage_hosts: frozenset[int] | None = None
    explicit_dedication: bool = False
    preferred: bool = False

    def __post_init__(self) -> None:
        for name in ("cpu_count", "cpu_speed_mhz", "memory_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        _one_of("planner", self.planner, PLANNERS)
        if self.planner == IMPLICIT and self.account_id < 1:
            raise ValueError(f"account_id is {self.account_id}; {IMPLICIT} needs an account")
        _one_of("algorithm", self.algorithm, ALGORITHMS)
        _one_of("capacity_type", self.capacity_type, CAPACITY_TYPES)
        if not 0.0 <= self.cpu_to_memory_weight <= 1.0:
            raise ValueError(f"cpu_to_memory_weight is {self.cpu_to_memory_weight}; it must be between 0 and 1")

    @property
    def cpu_mhz(self) -> int:
        return self.cpu_count * self.cpu_speed_mhz

    def asked(self) -> str:
        """The request in words, for refusals."""
        text = f"{self.cpu_count} x {self.cpu_speed_mhz} MHz CPU and {self.memory_bytes / (1 << 20):g} MiB memory"
        return text + (f" with host tags {', '.join(self.host_tags)}" if self.host_tags else "")


def _one_of(name: str, value: str, right: tuple[str, ...]) -> None:
    if value not in right:
        raise ValueError(f"{name} {value!r} is unknown; it must be one of {', '.join(right)}")
