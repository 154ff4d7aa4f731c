"""What operators do with certificates, told over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from tests.api import Api
from tests.ground import Ground
from tests.refusal import refused

from lakh.bus.messages import CERTIFICATES_IGNORED, NO_CERTIFICATE
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.certificate.row import LOAD
from lakh.resources.management_server.authority import Authority
from lakh.wire import certificates
from lakh.wire.certificates import Certificate, certificate_sans, new_p256_key, read_certificate, signing_request
from lakh.wire.tls import serial_text


def sans_of(pem: str) -> list[str]:
    return certificate_sans(
        x509.load_pem_x509_certificate(pem.encode()).public_bytes(certificates.serialization.Encoding.DER)
    )


async def test_there_is_one_provider_and_everybody_may_know_its_certificate(certified: Ground) -> None:
    admin = certified.api.admin
    listed = await admin.call("listCAProviders")
    assert [p["name"] for p in listed["caprovider"]] == ["root"]
    assert await admin.call("listCAProviders", name="other") == {}
    shown = (await admin.call("listCaCertificate", provider="root"))["certificates"]["cacertificates"]
    assert shown == certified.api.cloud.part(Authority).certificate_pem
    await refused(admin.call("listCaCertificate", provider="other"), 530, "plugin 'other' not found")


async def test_a_server_without_agents_has_none(api: Api) -> None:
    await refused(api.admin.call("listCaCertificate"), 530, "no certificate authority")


async def test_a_certificate_for_a_name_comes_with_its_key(certified: Ground) -> None:
    made = await certified.api.admin.job(
        "issueCertificate", domain="kvm-9.example.org,kvm-9", ipaddress="192.0.2.9", duration=10
    )
    found = made["certificates"]
    own = read_certificate(found["certificate"].encode(), found["privatekey"].encode())
    assert sans_of(found["certificate"]) == ["kvm-9.example.org", "kvm-9", "192.0.2.9"]
    assert own.certificate.subject.rfc4514_string() == "CN=kvm-9.example.org"
    left = own.certificate.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=9) < left <= timedelta(days=10)
    authority = x509.load_pem_x509_certificate(found["cacertificates"].encode())
    own.certificate.verify_directly_issued_by(authority)
    (row,) = await certified.api.cloud.store.rows(LOAD, 0)
    assert (row.serial, row.host_id) == (serial_text(own.certificate.serial_number), None)


async def test_a_certificate_for_a_request_keeps_the_key_where_it_is(certified: Ground) -> None:
    request = signing_request(new_p256_key(), name="kvm-7", sans=["kvm-7", "192.0.2.7"]).decode()
    made = await certified.api.admin.job("issueCertificate", csr=request, ipaddress="198.51.100.7")
    assert "privatekey" not in made["certificates"]
    assert sans_of(made["certificates"]["certificate"]) == ["kvm-7", "198.51.100.7", "192.0.2.7"]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "No domains or CSR provided"),
        ({"csr": "no request"}, "csr: certificate signing request cannot be read"),
        ({"domain": "not a name"}, "domain: 'not a name' is no host name"),
        ({"domain": "a", "ipaddress": "300.1.1.1"}, "ipaddress: '300.1.1.1' is no IP address"),
        ({"domain": "a", "duration": 0}, "duration 0: give days from 1"),
        ({"domain": "a", "duration": 40_000}, "duration 40000"),
    ],
)
async def test_what_cannot_be_issued(certified: Ground, parameters: dict[str, object], text: str) -> None:
    await refused(certified.api.admin.call("issueCertificate", **parameters), 431, text)


async def test_a_host_gets_a_certificate_over_its_connection(certified: Ground) -> None:
    host = await certified.join()
    cloud, agent = certified.api.cloud, certified.fakes.hosts[host.id]
    done = await certified.api.admin.job("provisionCertificate", hostid=host.uuid, reconnect=True)
    assert done["success"] is True
    assert [name for _, name in certified.fakes.said if "Setup" in name] == [
        "SetupKeyStoreCommand",
        "SetupCertificateCommand",
    ]
    made = x509.load_der_x509_certificate(agent.keystore.certificate)
    assert set(certificate_sans(agent.keystore.certificate)) == {host.name, host.private_ip}
    (row,) = await cloud.store.rows(LOAD, 0)
    assert (row.serial, row.host_id, row.common_name) == (serial_text(made.serial_number), host.id, host.name)
    assert row.installed_ms is not None
    assert cloud.part(HostCertificates).of[host.id].serial == row.serial
    assert certified.fakes.dropped == [host.id]
    events = (await certified.api.admin.call("listEvents", type="CA.CERTIFICATE.PROVISION", listall=True))["event"]
    assert {event["state"] for event in events} == {"Scheduled", "Completed"} | {"Started"} & {
        event["state"] for event in events
    }


async def test_a_host_that_takes_none_is_told_of(certified: Ground) -> None:
    host = await certified.join()
    admin = certified.api.admin
    certified.fakes.refuse = lambda _, command: "disk full" if command.name == "SetupCertificateCommand" else ""
    with pytest.raises(Exception, match="SetupCertificateCommand failed on host kvm-1: disk full"):
        await admin.job("provisionCertificate", hostid=host.uuid)
    assert host.id not in certified.api.cloud.part(HostCertificates).of
    certified.leave(host)
    await refused(admin.call("provisionCertificate", hostid=host.uuid), 431, "its agent is not connected")
    await refused(admin.call("provisionCertificate", hostid=host.uuid, forced=True), 431, "over the agent's connection")
    await refused(admin.call("provisionCertificate", hostid=host.uuid, provider="x"), 530, "plugin 'x' not found")


async def test_revoking_ends_the_connection_where_certificates_count(certified: Ground) -> None:
    host = await certified.join()
    cloud, admin = certified.api.cloud, certified.api.admin
    known = cloud.part(HostCertificates)
    told: list[str] = []
    known.on_revoked = told.extend
    await admin.job("provisionCertificate", hostid=host.uuid)
    serial = known.of[host.id].serial
    assert known.mode == CERTIFICATES_IGNORED
    await admin.call("updateConfiguration", name="ca.plugin.root.auth.strictness", value="true")
    known.follow_settings()
    for _ in range(2):
        assert (await admin.job("revokeCertificate", serial=serial.upper(), cn="kvm-1"))["success"] is True
    assert told == [serial]
    assert certified.fakes.dropped == [host.id]
    again = HostCertificates(cloud)
    await again.load()
    assert again.revoked == {serial}
    assert again.owners == {serial: host.id}
    assert again.objection(host.guid, NO_CERTIFICATE) == "it has a certificate, and did not show it"


@pytest.mark.parametrize("serial", ["", "0", "xyz", "-5", "f" * 41])
async def test_serials_that_are_none(certified: Ground, serial: str) -> None:
    await refused(certified.api.admin.call("revokeCertificate", serial=serial), 431, "serial")


async def test_the_issued_by_check_of_this_authority(certified: Ground) -> None:
    made = (await certified.api.admin.job("issueCertificate", domain="a"))["certificates"]
    issued: Certificate = read_certificate(made["certificate"].encode(), made["privatekey"].encode())
    certificates.issued_by(made["cacertificates"].encode())(issued.certificate_der())
