"""Which planner places a VM, and what its offering says of implicit dedication."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.catalogue.planning import EXCLUDED_PLANNERS
from lakh.jobs.cloud import Cloud
from lakh.placement.request import IMPLICIT, PLANNERS
from lakh.placement.tenants import SHARED
from lakh.resources.configuration.values import Settings
from lakh.resources.deployment_planner.available import available_planners
from lakh.resources.service_offering.row import MODE, PREFERRED, ServiceOfferingRow
from lakh.resources.vm.row import VmRow


def planner_of(cloud: Cloud, offering: ServiceOfferingRow, asked: str | None = None) -> str:
    """The planner asked for, or the offering's, or the cloud's; FirstFitPlanner for one that is known by name only."""
    planner = asked or offering.deployment_planner or cloud.part(Settings).text("vm.deployment.planner")
    return planner if planner in PLANNERS else PLANNERS[0]


def is_preferred(offering: ServiceOfferingRow) -> bool:
    """Whether implicit dedication is only a wish of this offering, and not a must."""
    return msgspec.json.decode(offering.details_json or "{}", type=dict[str, str]).get(MODE) == PREFERRED


async def tenant_of(cloud: Cloud, vm: VmRow) -> int:
    """Whose a host is that runs this VM alone."""
    offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
    return vm.account_id if planner_of(cloud, offering) == IMPLICIT else SHARED


def check_planner(cloud: Cloud, name: str | None) -> None:
    """Raises ParameterError for a deploymentplanner that does not exist, or that the settings exclude."""
    planners = (*available_planners(cloud), *EXCLUDED_PLANNERS)
    if name and name not in planners:
        raise ParameterError(f"deploymentplanner {name[:64]!r} is unknown: give {', '.join(planners)}")
