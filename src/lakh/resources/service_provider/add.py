"""addNetworkServiceProvider: a provider that a physical network did not come with."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.networks import network_providers
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.physical_network.row import INSERT_PROVIDER, PhysicalNetworkRow, ServiceProviderRow
from lakh.resources.physical_network.view import ServiceProviderView, service_provider_view
from lakh.store.statement import TxnSpec


class MadeState(State):
    provider_id: int


async def made(run: Run[MadeState]) -> TxnSpec:
    rows = await run.cloud.snapshots.of(ServiceProviderRow)
    view = await service_provider_view(run.cloud, rows.by_id[run.state.provider_id])
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("service_provider.made")


class AddNetworkServiceProvider(
    JobCommand,
    creates=True,
    answer=ServiceProviderView,
    event="SERVICE.PROVIDER.CREATE",
    instance_type="PhysicalNetworkServiceProvider",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.network.AddNetworkServiceProviderCmd",
):
    """Adds a network service provider to a physical network."""

    physicalnetworkid: Id = param("the physical network", required=True, entity="physical_network")
    name: str = param("the provider's name, one of listSupportedNetworkServices", required=True)
    servicelist: Strings = param("the services it is to provide; all of its own by default")

    FLOW = Flow(MadeState, Step("made", made, commits=True))

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        physical = await live(cloud, PhysicalNetworkRow, self.physicalnetworkid, "physicalnetworkid")
        found = next((p for p in network_providers().values() if p.name.lower() == self.name.lower()), None)
        if found is None or not found.offered:
            raise ParameterError(f"Invalid Network Service Provider {self.name}: no provider of that name is installed")
        for known in await cloud.snapshots.of(ServiceProviderRow):
            if known.physical_network_id == physical.id and known.name == found.name:
                raise ParameterError(f"The {found.name} provider already exists on physical network {physical.name}")
        if unknown := [s for s in self.servicelist if s not in found.services]:
            raise ParameterError(
                f"Provider {found.name} does not support service {unknown[0]}; it has {', '.join(found.services)}"
            )
        services = ",".join(self.servicelist or found.services)
        row = ServiceProviderRow(
            cloud.id("service_provider"), cloud.uuid(), physical.id, found.name, "Disabled", services
        )
        return Admission(
            TxnSpec("service_provider.add").put(INSERT_PROVIDER, row),
            MadeState(provider_id=row.id),
            instance=("PhysicalNetworkServiceProvider", row.uuid),
            created_uuid=row.uuid,
            description=f"Adding physical network ServiceProvider. Id: {row.uuid}",
        )
