"""updateNetworkServiceProvider: enables or disables a provider, or the services it gives."""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError, ParameterError
from lakh.catalogue.networks import network_providers
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import flag_state, live
from lakh.resources.physical_network.row import UPDATE_PROVIDER, ServiceProviderRow
from lakh.resources.physical_network.view import ServiceProviderView, service_provider_view
from lakh.resources.virtual_router_element.row import VirtualRouterElementRow
from lakh.store.statement import TxnSpec


class UpdateState(State):
    provider_id: int
    state: str | None = None
    services: str | None = None


async def change(run: Run[UpdateState]) -> TxnSpec:
    """A provider whose element is not configured yet cannot be enabled."""
    cloud, state = run.cloud, run.state
    row = await live(cloud, ServiceProviderRow, state.provider_id, "id")
    if state.state == "Enabled":
        elements = [e for e in await cloud.snapshots.of(VirtualRouterElementRow) if e.provider_id == row.id]
        if elements and not any(e.enabled for e in elements):
            raise InternalError(
                f"Provider is not ready, cannot Enable the provider {row.name}: enable its element first"
            )
    row = msgspec.structs.replace(
        row, state=state.state or row.state, services=row.services if state.services is None else state.services
    )
    run.finish(result_json(run, await service_provider_view(cloud, row), run.job.command))
    return TxnSpec("service_provider.update").add(UPDATE_PROVIDER, row.id, row.state, row.services)


class UpdateNetworkServiceProvider(
    JobCommand,
    answer=ServiceProviderView,
    event="SERVICE.PROVIDER.UPDATE",
    instance_type="PhysicalNetworkServiceProvider",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.network.UpdateNetworkServiceProviderCmd",
):
    """Updates a network service provider of a physical network."""

    id: Id = param("the provider", required=True, entity="service_provider")
    state: str | None = param("Enabled, Disabled or Shutdown")
    servicelist: Strings = param("the services it is to provide, in place of those so far")

    FLOW = Flow(UpdateState, Step("change", change, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, ServiceProviderRow, self.id, "id")
        if unknown := [s for s in self.servicelist if s not in network_providers()[row.name].services]:
            raise ParameterError(f"Provider {row.name} does not support service {unknown[0]}")
        state = UpdateState(
            provider_id=row.id,
            state=flag_state("state", self.state, ("Enabled", "Disabled", "Shutdown")),
            services=",".join(self.servicelist) if self.servicelist else None,
        )
        return Admission(
            TxnSpec("service_provider.update.admit"),
            state,
            instance=("PhysicalNetworkServiceProvider", row.uuid),
            description=f"Updating physical network ServiceProvider: {row.uuid}",
        )
