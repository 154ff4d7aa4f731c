"""Affinity group types, deployment planners and allocators by CloudStack's names.

The orders in use are settings (`deployment.planners.order`, `host.allocators.order`, …); here is what exists.
"""

from __future__ import annotations

from typing import Final

AFFINITY_PROCESSORS: Final[dict[str, str]] = {
    "host anti-affinity": "HostAntiAffinityProcessor",
    "ExplicitDedication": "ExplicitDedicationProcessor",
    "host affinity": "HostAffinityProcessor",
    "non-strict host anti-affinity": "NonStrictHostAntiAffinityProcessor",
    "non-strict host affinity": "NonStrictHostAffinityProcessor",
}
"""Affinity group type → the processor that honours it, in the order of `listAffinityGroupTypes`."""

DEPLOYMENT_PLANNERS: Final = (
    "FirstFitPlanner",
    "UserDispersingPlanner",
    "UserConcentratedPodPlanner",
    "ImplicitDedicationPlanner",
    "BareMetalPlanner",
)
DEFAULT_PLANNER: Final = "FirstFitPlanner"
EXCLUDED_PLANNERS: Final = ("SkipHeuresticsPlanner",)
OTHER_PLANNERS: Final = ("ExternalServerPlanner",)

HOST_ALLOCATORS: Final = ("FirstFitRouting",)
EXCLUDED_HOST_ALLOCATORS: Final = (
    "RandomAllocator",
    "TestingAllocator",
    "FirstFitAllocator",
    "RecreateHostAllocator",
)

STORAGE_POOL_ALLOCATORS: Final = ("LocalStorage", "ClusterScopeStoragePoolAllocator", "ZoneWideStoragePoolAllocator")
EXCLUDED_STORAGE_POOL_ALLOCATORS: Final = ("GCStorage",)

ALLOCATION_ALGORITHMS: Final = ("random", "firstfit", "userdispersing", "firstfitleastconsumed")
"""The values of `vm.allocation.algorithm` and `volume.allocation.algorithm`."""
DEFAULT_ALLOCATION_ALGORITHM: Final = "random"
"""Of `vm.allocation.algorithm`."""
