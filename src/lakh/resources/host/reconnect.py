"""reconnectHost: ends the session with an agent, which comes back at once and is brought Up anew."""

from __future__ import annotations

from lakh.base.errors import ParameterError, ResourceUnavailableError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.resource_state import live_host
from lakh.resources.host.view import HostView, host_view
from lakh.store.statement import TxnSpec


class ReconnectState(State):
    host_id: int


async def drop(run: Run[ReconnectState]) -> None:
    """Closes the session; repeated, it closes the next one, which does no harm."""
    if not run.cloud.hosts.is_connected(run.state.host_id):
        raise ResourceUnavailableError("Unable to reconnect the host: its agent is not connected; start it there")
    run.cloud.hosts.drop(run.state.host_id)


async def answer(run: Run[ReconnectState]) -> TxnSpec:
    host = await live_host(run.cloud, run.state.host_id)
    run.finish(result_json(run, await host_view(run.cloud, host), run.job.command))
    return TxnSpec("host.reconnect")


class ReconnectHost(
    JobCommand,
    roles=ADMIN,
    answer=HostView,
    event="HOST.RECONNECT",
    instance_type="Host",
    java_class="org.apache.cloudstack.api.command.admin.host.ReconnectHostCmd",
):
    """Reconnects a host."""

    id: Id = param("the host", required=True, entity="host")

    FLOW = Flow(ReconnectState, Step("drop", drop), Step("answer", answer, commits=True))

    async def admit(self, call: Call) -> Admission:
        host = await live_host(call.cloud, self.id)
        if host.resource_state in ("PrepareForMaintenance", "ErrorInPrepareForMaintenance"):
            raise ParameterError(
                f"Host {host.name} is in {host.resource_state}: wait for it, or cancel the maintenance"
            )
        return Admission(
            TxnSpec("reconnectHost"),
            ReconnectState(host_id=host.id),
            instance=("Host", host.uuid),
            description=f"reconnecting host: {host.uuid}",
        )
