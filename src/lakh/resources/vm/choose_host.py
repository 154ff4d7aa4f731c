"""Where a VM goes: its row, offering, groups and disks as one request to placement."""

from __future__ import annotations

from typing import Any

from lakh.base import limits
from lakh.base.errors import InsufficientCapacityError
from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run
from lakh.placement.hosts import HostColumns
from lakh.placement.plan import Plan, place
from lakh.placement.refusal import Refusal
from lakh.placement.request import ALGORITHMS, CAPACITY_TYPES, IMPLICIT, Request
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import ADMIN
from lakh.resources.affinity_group.placement import Affinity, affinity_of
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.limit.charge import domain_chain
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.choose import clusters_within_reach
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.planner import is_preferred, planner_of
from lakh.resources.vm.reservation import VmReservationRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow

log = logger(__name__)


async def choose_host(
    run: Run[Any], vm: VmRow, volumes: list[VolumeRow], own: VmReservationRow | None = None
) -> tuple[Plan, Affinity]:
    """A host for the VM, and the affinity groups that were heard: guard the reservation with them.

    `run.state` is a LaunchState; `own` is the place that the VM keeps, and that is free to it alone. Raises
    InsufficientCapacityError; root admins are told which hosts failed which check.
    """
    cloud, state = run.cloud, run.state
    affinity = await affinity_of(cloud, vm.id) if state.grouped else Affinity()
    request = await request_for(cloud, vm, state, volumes, affinity)
    index = cloud.part(HostIndex)
    started = cloud.clock.monotonic()
    while True:
        found = _place(index.columns, request, cloud, own)
        if isinstance(found, Plan):
            return found, affinity
        waited = cloud.clock.monotonic() - started
        if waited >= limits.HOST_PATIENCE_SECONDS or not index.any_away(vm.zone_id):
            break
        await cloud.clock.sleep(0.5)  # hosts that lost their session a moment ago come back: after a restart, all
    why = found.text()
    if state.tries:
        why += f"; {state.tries} hosts were tried, the last said: {run.memory.get('refused', 'nothing')}"
    log.warning("no host for an instance", vm=vm.instance_name, why=why)
    account = await cloud.part(Accounts).get(run.job.account_id)
    if account is not None and account.type == ADMIN:
        raise InsufficientCapacityError(f"Unable to create a deployment for Instance {vm.instance_name}: {why}")
    raise InsufficientCapacityError("Unable to create a deployment for the Instance: insufficient capacity")


def _place(columns: HostColumns, request: Request, cloud: Cloud, own: VmReservationRow | None) -> Plan | Refusal:
    """Placement with the VM's own place counted as free."""
    if own is None or own.host_id not in columns:
        return place(columns, request, cloud.random)
    usage = columns.usage(own.host_id)
    columns.release(own.host_id, own.cpu_mhz, own.memory_bytes, guests=0)
    try:
        return place(columns, request, cloud.random)
    finally:
        columns.set_usage(own.host_id, *usage)


async def request_for(cloud: Cloud, vm: VmRow, state: Any, volumes: list[VolumeRow], affinity: Affinity) -> Request:
    """What placement is asked; `state` is a LaunchState."""
    settings = cloud.part(Settings)
    offerings = await cloud.snapshots.of(ServiceOfferingRow)
    offering = offerings.by_id[vm.service_offering_id]
    planner = planner_of(cloud, offering, state.planner)
    algorithm = settings.text("vm.allocation.algorithm")
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(vm.template_id)
    return Request(
        zone_id=vm.zone_id,
        cpu_count=vm.cpus,
        cpu_speed_mhz=vm.speed_mhz,
        memory_bytes=vm.memory_mb << 20,
        account_id=vm.account_id,
        domain_ids=tuple(await domain_chain(cloud, vm.domain_id)),
        host_tags=_host_tags(settings, offering, template, named=state.wanted_host_id is not None),
        hypervisor=vm.hypervisor,
        arch=vm.arch,
        planner=planner,
        preferred=planner == IMPLICIT and is_preferred(offering),
        algorithm=algorithm if algorithm in ALGORITHMS else ALGORITHMS[0],
        **(_free_by(settings) if algorithm == "firstfitleastconsumed" else {}),
        host_id=state.wanted_host_id,
        pod_id=state.wanted_pod_id,
        cluster_id=state.wanted_cluster_id,
        avoid_hosts=frozenset(state.avoid),
        forbidden_hosts=affinity.forbidden_hosts,
        required_hosts=affinity.required_hosts,
        host_priorities=_last_host(vm, state, planner, affinity),
        explicit_dedication=affinity.explicit_dedication,
        storage_clusters=await clusters_within_reach(cloud, volumes),
    )


def _host_tags(
    settings: Settings, offering: ServiceOfferingRow, template: TemplateRow | None, *, named: bool
) -> tuple[str, ...]:
    """The tags that offering and template ask of hosts. A host that the caller names needs only those of them that
    `vm.strict.host.tags` lists."""
    tags = words(offering.host_tag) + words(template.tag if template is not None else None)
    if named and tags:
        strict = words(settings.text("vm.strict.host.tags"))
        tags = tuple(tag for tag in tags if tag in strict)
    return tags


def words(text: str | None) -> tuple[str, ...]:
    """The words between commas."""
    return tuple(word for word in map(str.strip, text.split(",")) if word) if text else ()


def _free_by(settings: Settings) -> dict[str, Any]:
    """What firstfitleastconsumed compares, as Request names it."""
    by = settings.text("host.capacityType.to.order.clusters").upper()
    weight = settings.number("host.capacityType.to.order.clusters.cputomemoryweight")
    return {"capacity_type": by if by in CAPACITY_TYPES else "CPU", "cpu_to_memory_weight": min(1.0, max(0.0, weight))}


def _last_host(vm: VmRow, state: Any, planner: str, affinity: Affinity) -> dict[int, int]:
    """A stopped VM goes back to where it last ran, if that host passes every check and no group says otherwise."""
    if affinity.host_priorities or not state.last_host or vm.last_host_id is None or planner == "UserDispersingPlanner":
        return affinity.host_priorities
    return {vm.last_host_id: 1}
