"""Which deployment planners offerings and deployments may name: those there are, in the order of the setting, without
those that `deployment.planners.exclude` names."""

from __future__ import annotations

from lakh.catalogue.planning import DEPLOYMENT_PLANNERS
from lakh.catalogue.setting_value import listed
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings


def available_planners(cloud: Cloud) -> tuple[str, ...]:
    """Their names. Those that the order leaves out come last."""
    settings = cloud.part(Settings)
    first = [name for name in listed(settings.text("deployment.planners.order")) if name in DEPLOYMENT_PLANNERS]
    excluded = listed(settings.text("deployment.planners.exclude"))
    return tuple(name for name in dict.fromkeys((*first, *DEPLOYMENT_PLANNERS)) if name not in excluded)
