"""provisionCertificate: a host's agent gets a new certificate over its connection."""

from __future__ import annotations

from functools import partial

from lakh.base.errors import ParameterError, ResourceUnavailableError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.certificate.enrolment import check_provider, install, sign, signing_request
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.certificate.row import INSERT, INSTALLED
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.index import HostFact, HostIndex
from lakh.resources.host.resource_state import live_host
from lakh.resources.management_server.authority import Authority
from lakh.store.statement import TxnSpec
from lakh.wire.certificates import CertificateError


class ProvisionState(State):
    """A crash after `issue` brings the same certificate again; the agent still has its key."""

    host_id: int
    reconnect: bool = False
    request: str = ""
    row_id: int = 0
    serial: str = ""
    expires_ms: int = 0
    certificate: str = ""


def _fact(run: Run[ProvisionState]) -> HostFact:
    fact = run.cloud.part(HostIndex).facts.get(run.state.host_id)
    if fact is None:
        raise ResourceUnavailableError("The host was deleted meanwhile")
    return fact


async def ask(run: Run[ProvisionState]) -> None:
    """The agent makes a key, and a request for it."""
    run.state.request = await signing_request(run.cloud, _fact(run))


async def issue(run: Run[ProvisionState]) -> TxnSpec:
    """Signs it; what was issued is known before it is given out."""
    state = run.state
    (issued,) = await sign(run.cloud, [(_fact(run), state.request)])
    if isinstance(issued, CertificateError):
        raise ResourceUnavailableError(f"Unable to issue a certificate for the host: {issued}")
    run.memory["key"] = issued.key
    state.certificate, state.row_id = issued.certificate, issued.row.id
    state.serial, state.expires_ms = issued.row.serial, issued.row.expires_ms
    return TxnSpec("certificate.provision").put(INSERT, issued.row)


async def bring(run: Run[ProvisionState]) -> None:
    """Brings it to the agent; a second time it changes nothing there."""
    state, fact = run.state, _fact(run)
    if not state.request and "key" not in run.memory:  # a key that was made here and lost in a crash was never saved
        raise ResourceUnavailableError("The server restarted while the certificate was on its way: provision it again")
    known = run.cloud.part(HostCertificates)
    known.restarts([fact.id])
    await install(run.cloud, fact, state.certificate, run.memory.get("key", ""))


async def done(run: Run[ProvisionState]) -> TxnSpec:
    cloud, state = run.cloud, run.state
    known = cloud.part(HostCertificates)
    await known.load()
    run.when_committed(partial(known.installed, state.host_id, state.serial, state.expires_ms))
    if state.reconnect:
        run.when_committed(partial(cloud.hosts.drop, state.host_id))
    run.finish(result_json(run, Success(), run.job.command))
    return TxnSpec("certificate.provisioned").add(INSTALLED, [state.row_id], cloud.now_ms(), expect=None)


class ProvisionCertificate(
    JobCommand,
    roles=ADMIN,
    answer=Success,
    event="CA.CERTIFICATE.PROVISION",
    instance_type="Host",
    since="4.11.0",
    java_class="org.apache.cloudstack.api.command.admin.ca.ProvisionCertificateCmd",
):
    """Issues a new certificate for a connected host or system VM and sets it up there."""

    hostid: Id = param("the host", required=True, entity="host")
    reconnect: bool = param("end its connection afterwards, so that it is used at once", default=False)
    provider: str | None = param("the provider; there is root")
    forced: bool = param("not by the agent's connection but by SSH, which is not there", default=False, since="4.23.0")

    FLOW = Flow(
        ProvisionState,
        Step("ask", ask),
        Step("issue", issue, commits=True),
        Step("bring", bring),
        Step("done", done, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        check_provider(self.provider)
        if self.forced:
            raise ParameterError("Unable to provision by SSH (forced): certificates go over the agent's connection")
        host = await live_host(call.cloud, self.hostid, "hostid")
        _ = call.cloud.part(Authority).certificate_pem  # raises where there is none
        if not call.cloud.hosts.is_connected(host.id):
            raise ParameterError(f"Unable to provision host {host.name}: its agent is not connected")
        return Admission(
            TxnSpec("provisionCertificate"),
            ProvisionState(host_id=host.id, reconnect=self.reconnect),
            instance=("Host", host.uuid),
            description=f"provisioning certificate for host: {host.uuid}",
        )
