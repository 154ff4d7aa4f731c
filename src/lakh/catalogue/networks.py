"""Network services, who provides them, and what each provider can do.

A provider of another `build`, or one `excluded` by default, is known but not offered.
"""

from __future__ import annotations

from functools import cache

import msgspec

from lakh.catalogue import files

Capabilities = dict[str, str]


class NetworkService(msgspec.Struct, frozen=True):
    """A network service; `choosable` capabilities may be set in an offering."""

    name: str
    capabilities: tuple[str, ...] = ()
    choosable: tuple[str, ...] = ()


class NetworkProvider(msgspec.Struct, frozen=True):
    """A provider with its services. `capabilities` is service → capability → value, over those of `inherits`."""

    name: str
    services: tuple[str, ...]
    build: str = ""
    excluded: bool = False
    inherits: str = ""
    capabilities: dict[str, Capabilities] = {}

    @property
    def offered(self) -> bool:
        return not self.build and not self.excluded


class ProviderName(msgspec.Struct, frozen=True, array_like=True):
    """A name that the API accepts for a provider, present or not; `external` ones are devices."""

    name: str
    external: bool = False


@cache
def network_services() -> tuple[NetworkService, ...]:
    """Every network service, in CloudStack's order."""
    return files.records("network_services.jsonl", NetworkService)


@cache
def network_providers() -> dict[str, NetworkProvider]:
    """Every provider by name, in CloudStack's order."""
    return {p.name: p for p in files.records("network_providers.jsonl", NetworkProvider)}


@cache
def provider_names() -> tuple[ProviderName, ...]:
    """Every provider name of the API."""
    return files.records("network_provider_names.jsonl", ProviderName)


def providers_of(service: str) -> tuple[str, ...]:
    """The offered providers of `service`, by name."""
    return tuple(sorted(p.name for p in network_providers().values() if p.offered and service in p.services))


def capabilities_of(provider: str, service: str) -> Capabilities:
    """What `provider` can do for `service`: own values over inherited ones. Raises KeyError for an unknown provider."""
    found = network_providers()[provider]
    inherited = capabilities_of(found.inherits, service) if found.inherits else {}
    return {**inherited, **found.capabilities.get(service, {})}
