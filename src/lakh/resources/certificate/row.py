"""Certificates that were issued, and serials that were revoked. Serials are written as by wire.tls.serial_text."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "certificate",
    Index("certificate_serial", "serial", unique=True),
    Index("certificate_host", "host_id", "id"),
    big=True,
)
class CertificateRow(Row):
    """`host_id` is None for one that no host was given by us. `installed_ms`: when its agent first had it."""

    id: int
    serial: str
    common_name: str
    host_id: Annotated[int | None, Ref("host")]
    issued_ms: int
    expires_ms: int
    installed_ms: int | None


@table("crl", Index("crl_serial", "serial", unique=True))
class CrlRow(Row):
    """A revoked serial, whoever issued it."""

    id: int
    serial: str
    common_name: str | None
    user_id: Annotated[int, Ref("user")]
    revoked_ms: int


INSERT = insert("certificate.insert", CertificateRow, conflict="ON CONFLICT (serial) DO NOTHING")
LOAD = select("certificate.load", CertificateRow, "WHERE id > $1 ORDER BY id LIMIT 10000")
BY_SERIAL = select("certificate.by_serial", CertificateRow, "WHERE serial = $1")
INSTALLED = statement(
    "certificate.installed", "UPDATE certificate SET installed_ms = $2 WHERE id = ANY($1) AND installed_ms IS NULL"
)
FORGET = statement(
    "certificate.forget", "DELETE FROM certificate WHERE host_id = ANY($1) AND id < $2 AND expires_ms < $3"
)
"""Earlier ones of these hosts that are over; those that are not may still have to be revoked."""
INSERT_REVOKED = insert("crl.insert", CrlRow, conflict="ON CONFLICT (serial) DO NOTHING")
REVOKED = select("crl.load", CrlRow, "WHERE id > $1 ORDER BY id LIMIT 10000")
