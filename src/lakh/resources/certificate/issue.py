"""issueCertificate: a certificate for whoever an operator wants to give one, such as a host that was not added yet."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_address

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.certificate.enrolment import check_provider, row_of, validity_days
from lakh.resources.certificate.row import INSERT
from lakh.resources.certificate.view import CertificateView
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.management_server.authority import Authority
from lakh.store.statement import TxnSpec
from lakh.wire.certificates import CertificateError, check_request

_NAME = re.compile(r"[A-Za-z0-9*]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_DAYS_MOST = 36_500


class IssueState(State):
    request: str
    names: list[str]
    addresses: list[str]
    days: int


async def issue(run: Run[IssueState]) -> TxnSpec:
    """Signs; a repetition after a crash makes another one, and the first was told to nobody."""
    cloud, state = run.cloud, run.state
    authority = cloud.part(Authority)
    sans = [*state.names, *state.addresses]
    certificate, key = await asyncio.to_thread(authority.sign, state.request, sans, state.days)
    row = row_of(cloud, certificate, None, sans[0] if sans else "", cloud.now_ms())
    view = CertificateView(certificate=certificate, privatekey=key or None, cacertificates=authority.certificate_pem)
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("certificate.issue").put(INSERT, row)


class IssueCertificate(
    JobCommand,
    roles=ADMIN,
    answer=CertificateView,
    event="CA.CERTIFICATE.ISSUE",
    since="4.11.0",
    java_class="org.apache.cloudstack.api.command.admin.ca.IssueCertificateCmd",
):
    """Issues a certificate: for a signing request, or with a new key for a domain name."""

    csr: str | None = param("a PKCS#10 request, PEM; without one a key is made too", max_length=65535)
    domain: str | None = param("names, separated by commas; the first is the common name")
    ipaddress: str | None = param("addresses, separated by commas")
    duration: int | None = param("days it is valid; as ca.framework.cert.validity.period says if missing")
    provider: str | None = param("the provider; there is root")

    FLOW = Flow(IssueState, Step("issue", issue, commits=True))

    async def admit(self, call: Call) -> Admission:
        check_provider(self.provider)
        names, addresses = _items(self.domain), _items(self.ipaddress)
        if not self.csr and not names:
            raise ParameterError("No domains or CSR provided: give csr, or domain to have a key made")
        for name in names:
            if len(name) > 253 or not _NAME.fullmatch(name):
                raise ParameterError(f"Invalid parameter domain: {name!r} is no host name")
        for address in addresses:
            try:
                ip_address(address)
            except ValueError:
                raise ParameterError(f"Invalid parameter ipaddress: {address!r} is no IP address") from None
        try:
            if self.csr:
                check_request(self.csr.encode())
        except CertificateError as error:
            raise ParameterError(f"Invalid parameter csr: {error}") from None
        days = self.duration if self.duration is not None else validity_days(call.cloud)
        if not 1 <= days <= _DAYS_MOST:
            raise ParameterError(f"Invalid parameter duration {days}: give days from 1 to {_DAYS_MOST}")
        _ = call.cloud.part(Authority).certificate_pem  # now, not in the job, where there is none
        state = IssueState(request=self.csr or "", names=names, addresses=addresses, days=days)
        text = f"issuing certificate for domain(s): {', '.join(names)} addresses: {', '.join(addresses)}"
        return Admission(TxnSpec("issueCertificate"), state, description=text)


def _items(text: str | None) -> list[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]
