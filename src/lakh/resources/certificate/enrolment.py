"""Giving a host's agent a certificate over its connection (agent-protocol 3.7).

SetupKeyStore asks the agent for a key of its own and a request, the authority signs that, SetupCertificate brings it
back. The agent of a system VM gets key and certificate made here instead, as CloudStack does. A KVM host's agent then
reconnects by itself, once it carries out no command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from string import ascii_letters, digits
from typing import Final, NamedTuple

from lakh.base import limits
from lakh.base.errors import InternalError, ResourceUnavailableError
from lakh.jobs.cloud import Cloud
from lakh.resources.certificate.row import CertificateRow
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import ROUTING, HostFact
from lakh.resources.host.reach import ask
from lakh.resources.management_server.authority import Authority
from lakh.wire.certificates import CertificateError, facts_of
from lakh.wire.commands import connection
from lakh.wire.message import Message

ASK_SECONDS: Final = 60.0
"""The `wait` of both commands."""
_PASSWORD_CHARACTERS: Final = ascii_letters + digits


class Issued(NamedTuple):
    """A certificate that is not given to its host yet. PEM texts; `key` is empty where the agent made its own."""

    row: CertificateRow
    certificate: str
    key: str


async def signing_request(
    cloud: Cloud, fact: HostFact, *, patience_seconds: float = limits.HOST_PATIENCE_SECONDS
) -> str:
    """Asks the host's agent for a new key and a request for it, PEM; nothing of a system VM's agent.

    Raises ResourceUnavailableError, HostUnreachableError.
    """
    if fact.type != ROUTING:
        return ""
    days = validity_days(cloud)
    password = "".join(cloud.random.choice(_PASSWORD_CHARACTERS) for _ in range(16))
    command = connection.setup_keystore(validity_days=days, keystore_password=password)
    answer = await _told(cloud, fact, command, patience_seconds)
    request = answer.body.get("csr")
    if not request:
        raise ResourceUnavailableError(f"Host {fact.name} made no certificate signing request")
    return str(request)


async def sign(cloud: Cloud, wanted: Sequence[tuple[HostFact, str]]) -> list[Issued | CertificateError]:
    """Signs the requests of these hosts; their rows are to be stored before any of them is given out."""
    authority, now_ms, days = cloud.part(Authority), cloud.now_ms(), validity_days(cloud)

    def signed(fact: HostFact, request: str) -> tuple[str, str] | CertificateError:
        try:
            return authority.sign(request, [san for san in (fact.name, fact.private_ip, fact.public_ip) if san], days)
        except CertificateError as error:
            return error

    made = await asyncio.to_thread(lambda: [signed(fact, request) for fact, request in wanted])
    return [
        result
        if isinstance(result, CertificateError)
        else Issued(row_of(cloud, result[0], fact.id, fact.name, now_ms), *result)
        for (fact, _), result in zip(wanted, made, strict=True)
    ]


def row_of(cloud: Cloud, certificate_pem: str, host_id: int | None, name: str, now_ms: int) -> CertificateRow:
    """The row of a certificate that was just issued."""
    facts = facts_of(certificate_pem.encode())
    return CertificateRow(cloud.id("certificate"), facts.serial, name, host_id, now_ms, facts.expires_ms, None)


async def install(
    cloud: Cloud,
    fact: HostFact,
    certificate: str,
    key: str = "",
    *,
    patience_seconds: float = limits.HOST_PATIENCE_SECONDS,
) -> None:
    """Brings a certificate to the host's agent. Raises ResourceUnavailableError, HostUnreachableError."""
    command = connection.setup_certificate(
        certificate_pem=certificate, private_key_pem=key, authority_pem=cloud.part(Authority).certificate_pem
    )
    await _told(cloud, fact, command, patience_seconds)


async def _told(cloud: Cloud, fact: HostFact, command: Message, patience_seconds: float) -> Message:
    answers = await ask(cloud, fact.id, command, timeout_seconds=ASK_SECONDS, patience_seconds=patience_seconds)
    if not answers[0].result:
        raise ResourceUnavailableError(f"{command.name} failed on host {fact.name}: {answers[0].details}")
    return answers[0]


def validity_days(cloud: Cloud) -> int:
    return max(1, cloud.part(Settings).integer("ca.framework.cert.validity.period"))


def check_provider(name: str | None) -> None:
    """There is one provider. Raises InternalError, as CloudStack does."""
    if name and name.lower() != PROVIDER:
        raise InternalError(f"CA provider plugin '{name}' not found: there is {PROVIDER}")


PROVIDER: Final = "root"
