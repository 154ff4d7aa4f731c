"""declareHostAsDegraded: an operator vouches that a host which lost contact runs nothing any more."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.emptying import stop_lost
from lakh.resources.host.resource_state import live_host, move_by, next_state
from lakh.resources.host.view import HostView, host_view
from lakh.store.statement import TxnSpec


class DegradedState(State):
    host_id: int


async def degrade(run: Run[DegradedState]) -> TxnSpec:
    host = await live_host(run.cloud, run.state.host_id)
    txn = TxnSpec("host.degrade")
    move_by(run, txn, host, "DeclareHostDegraded")
    return txn


async def stop_instances(run: Run[DegradedState]) -> None:
    """Repeated, it finds what is still counted as running."""
    host = await live_host(run.cloud, run.state.host_id)
    await stop_lost(run.cloud, host.id, f"host {host.name} was declared degraded")


async def answer(run: Run[DegradedState]) -> TxnSpec:
    host = await live_host(run.cloud, run.state.host_id)
    run.finish(result_json(run, await host_view(run.cloud, host), run.job.command))
    return TxnSpec("host.degraded")


class DeclareHostAsDegraded(
    JobCommand,
    roles=ADMIN,
    answer=HostView,
    since="4.16.0.0",
    event="HOST.DECLARE.DEGRADED",
    instance_type="Host",
    java_class="org.apache.cloudstack.api.command.admin.host.DeclareHostAsDegradedCmd",
):
    """Declares a host degraded that lost contact: whoever calls it is sure that no instance runs there any more."""

    id: Id = param("the host", required=True, entity="host", validations=["PositiveNumber"])

    FLOW = Flow(
        DegradedState,
        Step("degrade", degrade, commits=True),
        Step("stop", stop_instances),
        Step("answer", answer, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        host = await live_host(call.cloud, self.id)
        next_state(host, "DeclareHostDegraded")
        if host.status not in ("Alert", "Disconnected"):
            raise ParameterError(
                f"Host {host.name} is {host.status}; only one in Alert or Disconnected can be degraded"
            )
        return Admission(
            TxnSpec("declareHostAsDegraded"),
            DegradedState(host_id=host.id),
            instance=("Host", host.uuid),
            sync_key=f"host:{host.id}",
            description=f"declaring host: {host.uuid} as Degraded",
        )
