"""Network services as the API shows them, in lists and inside offerings and networks."""

from __future__ import annotations

from typing import ClassVar

from lakh.catalogue.networks import NetworkService
from lakh.contract.view import View


class CapabilityView(View):
    name: str | None = None
    value: str | None = None
    canchooseservicecapability: bool | None = None


class ProviderView(View):
    name: str | None = None
    physicalnetworkid: str | None = None
    destinationphysicalnetworkid: str | None = None
    state: str | None = None
    id: str | None = None
    servicelist: list[str] | None = None
    canenableindividualservice: bool | None = None


class NetworkServiceView(View):
    OBJECT: ClassVar[str] = "networkservice"

    name: str | None = None
    provider: list[ProviderView] | None = None
    capability: list[CapabilityView] | None = None
    jobid: str | None = None
    jobstatus: int | None = None


def service_view(service: NetworkService, providers: tuple[str, ...]) -> NetworkServiceView:
    """A service as such: its capabilities without values, and who provides it."""
    return NetworkServiceView(
        name=service.name,
        provider=[ProviderView(name=name) for name in providers],
        capability=[
            CapabilityView(name=name, canchooseservicecapability=name in service.choosable)
            for name in service.capabilities
        ],
    )
