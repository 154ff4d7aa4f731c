"""deleteNetworkServiceProvider: unless a network of its physical network uses it."""

from __future__ import annotations

from lakh.base.errors import ResourceInUseError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.live import live
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import services_of_offering
from lakh.resources.physical_network.row import REMOVE_PROVIDER, ServiceProviderRow
from lakh.resources.virtual_router_element.row import REMOVE_OF_PROVIDER
from lakh.store.statement import TxnSpec, statement

OFFERINGS_IN_USE = statement(
    "network.offerings_on_physical",
    "SELECT DISTINCT offering_id FROM network WHERE physical_network_id = $1 AND removed_ms IS NULL",
)


class DeleteState(State):
    provider_id: int


async def remove(run: Run[DeleteState]) -> TxnSpec:
    cloud = run.cloud
    row = await live(cloud, ServiceProviderRow, run.state.provider_id, "id")
    offerings = await cloud.snapshots.of(NetworkOfferingRow)
    for (offering_id,) in await cloud.store.read(OFFERINGS_IN_USE, row.physical_network_id):
        offering = offerings.by_id[offering_id]
        if any(row.name in providers for providers in services_of_offering(offering).values()):
            raise ResourceInUseError(
                f"Provider {row.name} cannot be deleted: networks of offering {offering.name} use it"
            )
    txn = TxnSpec("service_provider.delete").add(REMOVE_PROVIDER, row.id, cloud.now_ms())
    return txn.add(REMOVE_OF_PROVIDER, row.id, cloud.now_ms(), expect=None)


class DeleteNetworkServiceProvider(
    JobCommand,
    event="SERVICE.PROVIDER.DELETE",
    instance_type="PhysicalNetworkServiceProvider",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.network.DeleteNetworkServiceProviderCmd",
):
    """Deletes a network service provider of a physical network."""

    id: Id = param("the provider", required=True, entity="service_provider")

    FLOW = Flow(DeleteState, Step("remove", remove, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, ServiceProviderRow, self.id, "id")
        return Admission(
            TxnSpec("service_provider.delete.admit"),
            DeleteState(provider_id=row.id),
            instance=("PhysicalNetworkServiceProvider", row.uuid),
            description=f"Deleting Physical network ServiceProvider: {row.uuid}",
        )
