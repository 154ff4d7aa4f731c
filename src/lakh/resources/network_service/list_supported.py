"""listSupportedNetworkServices: network services with their providers and capabilities."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.networks import network_services, provider_names, providers_of
from lakh.contract.declaration import ADMIN, param
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.network_service.view import NetworkServiceView, service_view


class ListSupportedNetworkServices(ListCommand, roles=ADMIN, answer=NetworkServiceView, since="3.0.0"):
    """Lists the network services that offerings may have."""

    service: str | None = param("the service of this name")
    provider: str | None = param("services that this provider has")

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        provider = self._provider()
        services = [
            (service, providers_of(service.name))
            for service in network_services()
            if (self.service is None or service.name.lower() == self.service.lower())
            and (self.keyword is None or self.keyword.lower() in service.name.lower())
        ]
        found = [(service, providers) for service, providers in services if provider is None or provider in providers]
        return Listed(len(found), [service_view(*each) for each in found[offset : offset + limit]])

    def _provider(self) -> str | None:
        """The asked provider by its exact name. Raises ParameterError for a name that is none."""
        if self.provider is None:
            return None
        for known in provider_names():
            if known.name.lower() == self.provider.lower():
                return known.name
        raise ParameterError(f"Invalid parameter provider {self.provider}: no network service provider of that name")
