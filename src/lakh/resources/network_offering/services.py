"""What a network offering provides, decoded once per row."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from lakh.resources.network_offering.row import NetworkOfferingRow

Services = dict[str, tuple[str, ...]]


@lru_cache(maxsize=4096)
def _decoded(services_json: str) -> Services:
    return msgspec.json.decode(services_json, type=dict[str, tuple[str, ...]])


@lru_cache(maxsize=4096)
def _capabilities(capabilities_json: str) -> dict[str, dict[str, str]]:
    return msgspec.json.decode(capabilities_json, type=dict[str, dict[str, str]])


def services_of_offering(offering: NetworkOfferingRow) -> Services:
    """Service → its providers in order. Shared: do not change it."""
    return _decoded(offering.services_json)


def capabilities_of_offering(offering: NetworkOfferingRow) -> dict[str, dict[str, str]]:
    """Service → capability → the value chosen."""
    return _capabilities(offering.capabilities_json)


def provider_of(offering: NetworkOfferingRow, service: str) -> str | None:
    """The first provider of a service, None where the offering does not have it."""
    providers = services_of_offering(offering).get(service)
    return providers[0] if providers else None


def has_router(offering: NetworkOfferingRow) -> bool:
    """True when some service of it is a virtual router's."""
    return any("VirtualRouter" in providers for providers in services_of_offering(offering).values())
