"""Clouds to place in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lakh.placement.facts import ClusterFacts, HostFacts
from lakh.placement.hosts import HostColumns
from lakh.placement.request import Request

GIB = 1 << 30

OPEN = ClusterFacts(cpu_disable_threshold=1.0, memory_disable_threshold=1.0)


def host_facts(host_id: int, **changes: Any) -> HostFacts:
    """A host with 8 cores of 1,000 MHz and 32 GiB, in zone 1, pod 1, cluster 1."""
    facts: dict[str, Any] = {
        "host_id": host_id,
        "zone_id": 1,
        "pod_id": 1,
        "cluster_id": 1,
        "usable": True,
        "cpu_cores": 8,
        "cpu_speed_mhz": 1000,
        "memory_total_bytes": 32 * GIB,
    }
    return HostFacts(**{**facts, **changes})


def vm_request(**changes: Any) -> Request:
    """One core of 1,000 MHz and 1 GiB in zone 1."""
    asked: dict[str, Any] = {"zone_id": 1, "cpu_count": 1, "cpu_speed_mhz": 1000, "memory_bytes": GIB}
    return Request(**{**asked, **changes})


def build_cloud(hosts: int, per_cluster: int, **changes: Any) -> HostColumns:
    """Hosts 1…n in clusters 1… of `per_cluster`, ten clusters to a pod, thresholds open."""
    columns = HostColumns()
    for n in range(hosts):
        cluster = 1 + n // per_cluster
        columns.upsert(host_facts(n + 1, cluster_id=cluster, pod_id=1 + (cluster - 1) // 10, **changes))
    for cluster in range(1, 2 + (hosts - 1) // per_cluster):
        columns.set_cluster(cluster, OPEN)
    return columns


@pytest.fixture
def host() -> Callable[..., HostFacts]:
    return host_facts


@pytest.fixture
def request_vm() -> Callable[..., Request]:
    return vm_request


@pytest.fixture
def cloud() -> Callable[..., HostColumns]:
    return build_cloud
