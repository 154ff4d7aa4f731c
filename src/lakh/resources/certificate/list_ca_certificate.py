"""listCaCertificate: the authorities that agents must trust."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.resources.certificate.enrolment import check_provider
from lakh.resources.certificate.view import CertificateView
from lakh.resources.command import Call, SyncCommand
from lakh.resources.management_server.authority import Authority


class ListCaCertificate(
    SyncCommand,
    roles=("Admin", "ResourceAdmin", "DomainAdmin", "User"),
    answer=CertificateView,
    since="4.11.0",
):
    """Answers the certificates of the installation's authority, PEM, one after the other."""

    provider: str | None = param("the provider; there is root")

    async def run(self, call: Call) -> CertificateView:
        check_provider(self.provider)
        return CertificateView(cacertificates=call.cloud.part(Authority).certificate_pem)
