"""The installation's certificate authority, for those who need a certificate of it: hosts and system VMs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from lakh.base.errors import InternalError
from lakh.jobs.cloud import Cloud
from lakh.wire import certificates
from lakh.wire.certificates import Certificate, PrivateKey

VALIDITY = timedelta(days=365)


class Authority:
    """A part of the cloud. Without a certificate of its own (no agent port is served) it issues none."""

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._own: Certificate | None = None
        self._new_key: Callable[[], PrivateKey] = certificates.new_rsa_key

    def use(self, own: Certificate, new_key: Callable[[], PrivateKey] = certificates.new_rsa_key) -> None:
        """The authority's certificate and key, and how keys of leaves are made (2048-bit RSA, as CloudStack's)."""
        self._own, self._new_key = own, new_key

    @property
    def is_ready(self) -> bool:
        return self._own is not None

    @property
    def certificate_pem(self) -> str:
        """Raises InternalError when there is none."""
        return self._required().certificate_pem().decode()

    async def issue(self, name: str, addresses: Sequence[str]) -> Certificate:
        """A new key and its certificate with the name and addresses as SANs. Raises InternalError."""
        own = self._required()
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        key = await asyncio.to_thread(self._new_key)  # an RSA key takes tenths of a second
        return certificates.new_leaf(own, key, name=name, sans=[name, *addresses], now=now, validity=VALIDITY)

    def _required(self) -> Certificate:
        if self._own is None:
            raise InternalError("This management server has no certificate authority: it serves no agents")
        return self._own
