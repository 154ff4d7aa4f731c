"""Which host has which certificate, and what follows from that for agents that connect.

Filled once from the store, then kept up by those who issue, install and revoke, and by agents that show theirs.
Memory grows with the hosts that have one: nothing is kept of an installation that uses none.

Turning `ca.plugin.root.auth.strictness` on must not lock out agents that never got a certificate. While some of the
hosts that are there have none, agents are asked for certificates and the bad ones are turned away, but a host that
never had one may still connect; those are given theirs meanwhile (healing/certificates.py). When all have, certificates
are required, and that is not taken back: who ever had one is never let in without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from lakh.bus.messages import (
    CERTIFICATES_ASKED,
    CERTIFICATES_IGNORED,
    CERTIFICATES_REQUIRED,
    NO_CERTIFICATE,
)
from lakh.jobs.cloud import Cloud
from lakh.resources.certificate.row import LOAD, REVOKED, CertificateRow
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import ROUTING, HostFact, HostIndex
from lakh.resources.host.startup import guid_variants
from lakh.resources.management_server.authority import Authority

STRICTNESS: Final = "ca.plugin.root.auth.strictness"
ALLOW_EXPIRED: Final = "ca.plugin.root.allow.expired.cert"
TRIES: Final = 3
"""A host that could not be given a certificate so often keeps the others waiting no longer."""
_PRESENT: Final = frozenset({"Up", "Connecting"})
_RESTART_SECONDS: Final = 60.0


class HostCertificate(msgspec.Struct, gc=False, frozen=True):
    serial: str
    expires_ms: int


class HostCertificates:
    """A part of the cloud; `await load()` before use."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.of: dict[int, HostCertificate] = {}
        self.owners: dict[str, int] = {}
        self.revoked: set[str] = set()
        self.unrecorded: dict[str, CertificateRow] = {}
        """Shown by hosts and in no row yet."""
        self.tries: dict[int, int] = {}
        """Attempts that failed to give a host a certificate."""
        self.mode = CERTIFICATES_IGNORED
        self.on_revoked: Callable[[Sequence[str]], None] = lambda _serials: None
        self.on_rules: Callable[[], None] = lambda: None
        """Called when settings may have changed what agents are asked for."""
        self.on_unrecorded: Callable[[], None] = lambda: None
        self._restarting: dict[int, float] = {}
        self._last_revoked = 0
        self._loading: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Reads certificates and revocations; once, however many ask, and again where that failed."""
        if self._loading is None or (self._loading.done() and self._loading.exception() is not None):
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)

    async def reload(self) -> None:
        """Reads what other control processes have stored since."""
        await self._load()

    async def _load(self) -> None:
        last = 0
        while rows := await self._cloud.store.rows(LOAD, last):
            for row in rows:
                if row.host_id is not None and row.installed_ms is not None:
                    self.installed(row.host_id, row.serial, row.expires_ms)
            last = rows[-1].id
        await self.read_revoked()

    async def read_revoked(self) -> None:
        """Reads the revocations that were added since, by whichever server, and passes them on."""
        while rows := await self._cloud.store.rows(REVOKED, self._last_revoked):
            self._last_revoked = rows[-1].id
            self.revoke([row.serial for row in rows])

    # --- what happens ------------------------------------------------------------------------------------------------
    def installed(self, host_id: int, serial: str, expires_ms: int) -> None:
        """The host's agent has this certificate."""
        before = self.of.get(host_id)
        if before is not None and before.serial != serial:
            self.owners.pop(before.serial, None)
        self.of[host_id] = HostCertificate(serial, expires_ms)
        self.owners[serial] = host_id
        self.tries.pop(host_id, None)

    def shown(self, fact: HostFact, serial: str, expires_ms: int) -> None:
        """The host's agent came with this certificate; one that we know nothing of will get its row."""
        known = self.of.get(fact.id)
        if known is not None and known.serial == serial:
            return
        now_ms = self._cloud.now_ms()
        self.installed(fact.id, serial, expires_ms)
        row_id = self._cloud.id("certificate")
        self.unrecorded[serial] = CertificateRow(row_id, serial, fact.name, fact.id, now_ms, expires_ms, now_ms)
        if len(self.unrecorded) == 1:
            self.on_unrecorded()

    def restarts(self, host_ids: Sequence[int]) -> None:
        """These agents were given a certificate: they will say goodbye and come back with it (agent-protocol 3.7)."""
        until = self._cloud.clock.monotonic() + _RESTART_SECONDS
        self._restarting.update(dict.fromkeys(host_ids, until))

    def restarting(self, host_ids: Sequence[int]) -> list[int]:
        """Those of these hosts whose agents leave only to take up a new certificate; each is told of once."""
        if not self._restarting:
            return []
        now = self._cloud.clock.monotonic()
        return [host_id for host_id in host_ids if self._restarting.pop(host_id, 0.0) > now]

    def revoke(self, serials: Sequence[str]) -> None:
        """These count no more: connections of the hosts that use them end, where certificates count."""
        fresh = [serial for serial in serials if serial not in self.revoked]
        self.revoked.update(fresh)
        if not fresh:
            return
        self.on_revoked(fresh)
        if self.mode != CERTIFICATES_IGNORED:
            for serial in fresh:
                owner = self.owners.get(serial)
                if owner is not None:
                    self._cloud.hosts.drop(owner)

    # --- what follows ------------------------------------------------------------------------------------------------
    def never_had(self) -> list[HostFact]:
        """KVM hosts that are there, and never had a certificate as far as is known."""
        facts = self._cloud.part(HostIndex).facts.values()
        return [f for f in facts if f.id not in self.of and f.type == ROUTING and f.status in _PRESENT]

    def follow_settings(self) -> None:
        """Decides anew what agents are asked for, and has it passed on."""
        if not self._cloud.part(Settings).flag(STRICTNESS) or not self._cloud.part(Authority).is_ready:
            self.mode = CERTIFICATES_IGNORED
        elif self.mode != CERTIFICATES_REQUIRED:
            missing = any(self.tries.get(fact.id, 0) < TRIES for fact in self.never_had())
            self.mode = CERTIFICATES_ASKED if missing else CERTIFICATES_REQUIRED
        self.on_rules()

    def objection(self, guid: str | None, serial: str) -> str:
        """Why an agent may not be the host of this guid with what it showed; empty when it may."""
        if not serial:
            return ""
        index = self._cloud.part(HostIndex)
        host_id = next((index.by_guid[known] for known in guid_variants(guid or "") if known in index.by_guid), None)
        if serial == NO_CERTIFICATE:
            if host_id is None:
                return "it is not known, and showed no certificate"
            return "it has a certificate, and did not show it" if host_id in self.of else ""
        owner = self.owners.get(serial)
        if owner is None or owner == host_id or owner not in index.facts:
            return ""
        return f"it showed the certificate of host {index.facts[owner].name}"
