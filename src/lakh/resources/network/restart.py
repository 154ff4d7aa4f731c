"""restartNetwork: with cleanup a new router, without it the old one told everything again."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.network.access import guest_network
from lakh.resources.network.cached import Networks
from lakh.resources.network.prepare import ready_network
from lakh.resources.network.row import RESTARTED
from lakh.resources.vm.row import ROUTERS_OF_NETWORK
from lakh.store.statement import TxnSpec


class RestartState(State):
    network_id: int
    cleanup: bool = False


async def away(run: Run[RestartState]) -> None:
    """Ends the routers, or stops them: either way the next one starts with all it must know."""
    for router in await run.cloud.store.rows(ROUTERS_OF_NETWORK, run.state.network_id):
        if run.state.cleanup:
            await run.child("expungeRouter", f"old router {router.id}", id=router.id)
        elif router.state == "Running":
            await run.child("stopRouter", f"stop {router.id}", id=router.id, forced=False)


async def back(run: Run[RestartState]) -> None:
    """Implements the network anew where it had a router."""
    await ready_network(run, run.state.network_id)


async def publish(run: Run[RestartState]) -> TxnSpec:
    run.finish(result_json(run, Success(), run.job.command))
    return TxnSpec("network.restarted").add(RESTARTED, run.state.network_id)


class RestartNetwork(
    JobCommand,
    answer=Success,
    event="NETWORK.RESTART",
    instance_type="Network",
    java_class="org.apache.cloudstack.api.command.user.network.RestartNetworkCmd",
):
    """Restarts a network: its router and all of its rules."""

    id: Id = param("the network", required=True, entity="network")
    cleanup: bool = param("replace the router by a new one", default=False)
    livepatch: bool = param("patch the router while it runs", default=False, since="4.17.0")
    makeredundant: bool = param("make the router a redundant pair", default=False, since="4.11.1")

    FLOW = Flow(RestartState, Step("away", away), Step("back", back), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        network = await guest_network(call, self.id, "id")
        if network.state not in ("Implemented", "Setup"):
            raise ParameterError(
                "Network is not in the right state to be restarted. Correct states are: Implemented, Setup;"
                f" it is {network.state}"
            )
        if self.makeredundant:
            raise ParameterError("makeredundant: networks with redundant routers are not supported")
        known = await call.cloud.part(Networks).get(network.id)
        assert known is not None
        return Admission(
            TxnSpec("network.restart.admit"),
            RestartState(network_id=network.id, cleanup=self.cleanup),
            instance=("Network", network.uuid),
            sync_key=f"network restart:{network.id}",
            owner=(network.account_id, network.domain_id),
            description=f"Restarting network: {network.uuid}",
        )
