"""revokeCertificate: a certificate counts no more, and the connection that was made with it ends."""

from __future__ import annotations

from functools import partial

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.certificate.enrolment import check_provider
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.certificate.row import BY_SERIAL, INSERT_REVOKED, CrlRow
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.store.statement import TxnSpec, values
from lakh.wire.tls import serial_text

_SERIAL_BITS = 160  # RFC 5280, section 4.1.2.2


class RevokeState(State):
    serial: str
    name: str | None
    user_id: int


async def revoke(run: Run[RevokeState]) -> TxnSpec:
    """Stores it; gateways hear of it after the commit. What was revoked before stays as it was."""
    cloud, state = run.cloud, run.state
    known = cloud.part(HostCertificates)
    await known.load()
    row = CrlRow(cloud.id("crl"), state.serial, state.name, state.user_id, cloud.now_ms())
    run.when_committed(partial(known.revoke, [state.serial]))
    run.finish(result_json(run, Success(), run.job.command))
    return TxnSpec("certificate.revoke").add(INSERT_REVOKED, *values(row), expect=None)


class RevokeCertificate(
    JobCommand,
    roles=ADMIN,
    answer=Success,
    event="CA.CERTIFICATE.REVOKE",
    since="4.11.0",
    java_class="org.apache.cloudstack.api.command.admin.ca.RevokeCertificateCmd",
):
    """Revokes a certificate by its serial number, whether it was issued here or not."""

    serial: str = param("its serial number, hexadecimal", required=True)
    cn: str | None = param("its common name, for the list of what was revoked")
    provider: str | None = param("the provider; there is root")

    FLOW = Flow(RevokeState, Step("revoke", revoke, commits=True))

    async def admit(self, call: Call) -> Admission:
        check_provider(self.provider)
        try:
            number = int(self.serial.replace(":", ""), 16)
        except ValueError:
            number = 0
        if number <= 0 or number.bit_length() > _SERIAL_BITS:
            raise ParameterError(f"Invalid parameter serial {self.serial!r}: give the number in hexadecimal")
        serial = serial_text(number)
        rows = await call.cloud.store.rows(BY_SERIAL, serial)
        name = self.cn or (rows[0].common_name if rows else None)
        state = RevokeState(serial=serial, name=name, user_id=call.caller.user_id)
        return Admission(
            TxnSpec("revokeCertificate"), state, description=f"revoking certificate, cert serial: {serial}"
        )
