"""The installation's certificate authority, for those who need a certificate of it: hosts and system VMs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from lakh.base.errors import InternalError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.wire import certificates
from lakh.wire.certificates import Certificate, PrivateKey


class Authority:
    """A part of the cloud. Without a certificate of its own (no agent port is served) it issues none."""

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._settings = cloud.part(Settings)
        self._own: Certificate | None = None
        self._all_pem = ""
        self._new_key: Callable[[], PrivateKey] = self._rsa_key

    def use(self, own: Certificate, new_key: Callable[[], PrivateKey] | None = None, *, all_pem: str = "") -> None:
        """The authority's certificate and key; how keys of leaves are made (RSA of ca.framework.cert.keysize bits, as
        CloudStack's); and every certificate that gateways present, `own` among them, where there are several."""
        self._own, self._new_key, self._all_pem = own, new_key or self._rsa_key, all_pem

    def _rsa_key(self) -> PrivateKey:
        return certificates.new_rsa_key(max(2048, self._settings.integer("ca.framework.cert.keysize")))

    @property
    def is_ready(self) -> bool:
        return self._own is not None

    @property
    def certificate_pem(self) -> str:
        """What agents must trust: all authorities, PEM, one after the other. Raises InternalError when there is none.

        An agent that knows only one of them would not take a gateway that presents it another (agent-protocol 1.3).
        """
        own = self._required()
        return self._all_pem or own.certificate_pem().decode()

    async def issue(self, name: str, addresses: Sequence[str]) -> Certificate:
        """A new key and its certificate with the name and addresses as SANs. Raises InternalError."""
        days = max(1, self._settings.integer("ca.framework.cert.validity.period"))
        # an RSA key takes tenths of a second
        return await asyncio.to_thread(self._leaf, [name, *addresses], days)

    def sign(self, request: str, sans: Sequence[str], days: int) -> tuple[str, str]:
        """Certificate and key, PEM: for a request (PEM; the key is its maker's), or with a new key where it is empty.

        `sans`: names and addresses besides those of the request; the first is the common name of a certificate without
        one. Takes up to tenths of a second: call it from a thread. Raises CertificateError, InternalError.
        """
        if not request:
            made = self._leaf(sans, days)
            return made.certificate_pem().decode(), made.key_pem().decode()
        issued = certificates.issue(
            self._required(), request.encode(), sans=sans, now=self._now(), validity=timedelta(days=days)
        )
        return issued.decode(), ""

    def _leaf(self, sans: Sequence[str], days: int) -> Certificate:
        own, key = self._required(), self._new_key()
        return certificates.new_leaf(own, key, name=sans[0], sans=sans, now=self._now(), validity=timedelta(days=days))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)

    def _required(self) -> Certificate:
        if self._own is None:
            raise InternalError("This management server has no certificate authority: it serves no agents")
        return self._own
