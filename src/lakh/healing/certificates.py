"""Certificates of hosts' agents: the first one where strictness asks for it, and the next one before it ends.

A new certificate makes an agent reconnect, so a fleet gets them spread over time. Which part of the alert period
(ca.framework.cert.expiry.alert.period) a host waits follows from its uuid: a fleet that was enrolled within an hour is
renewed over half of that period. And a pass gives certificates to so many hosts at most, whatever the reason.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from lakh.base import limits
from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.bus.messages import CERTIFICATES_ASKED
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.alert.raising import alert, kind_of
from lakh.resources.certificate.enrolment import Issued, install, sign, signing_request
from lakh.resources.certificate.known import TRIES, HostCertificates
from lakh.resources.certificate.row import FORGET, INSERT, INSTALLED
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostFact, HostIndex
from lakh.resources.host.leave import named
from lakh.resources.management_server.authority import Authority
from lakh.resources.user.row import SYSTEM_USER
from lakh.store.statement import TxnSpec, values

log = logger(__name__)

_DAY_MS: Final = 86_400_000
_ROWS_AT_ONCE: Final = 500


class _Rule(NamedTuple):
    """What a cluster says: whether its hosts are renewed, and how long before the end (ms)."""

    renews: bool
    period_ms: int


class Certificates(Reconciler):
    """Its memory: whose turn it is, when it looked last, and whose end was told when."""

    name: ClassVar[str] = "certificates"
    tables: ClassVar[frozenset[str]] = frozenset({"configuration", "crl"})

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._looked: float | None = None
        self._told: dict[int, int] = {}
        self._round_at = float("-inf")

    def interval_seconds(self, cloud: Cloud) -> float:
        if self._waiting or cloud.part(HostCertificates).mode == CERTIFICATES_ASKED:
            return limits.CERTIFICATE_ROUND_SECONDS
        return _look_seconds(cloud)

    async def run(self, cloud: Cloud) -> None:
        known, clock = cloud.part(HostCertificates), cloud.clock
        await cloud.part(Settings).refresh()
        await cloud.part(HostIndex).load()
        await known.load()
        await known.read_revoked()
        known.follow_settings()
        await _record(cloud)
        if not cloud.part(Authority).is_ready:
            return
        if known.mode == CERTIFICATES_ASKED:
            there = [fact.id for fact in known.never_had() if fact.connected and known.tries.get(fact.id, 0) < TRIES]
            self._waiting = list(dict.fromkeys([*there, *self._waiting]))
        if self._looked is None or clock.monotonic() - self._looked >= _look_seconds(cloud):
            self._looked = clock.monotonic()
            await self._look(cloud)
        if self._waiting and clock.monotonic() - self._round_at >= limits.CERTIFICATE_ROUND_SECONDS:
            self._round_at = clock.monotonic()
            await self._round(cloud)

    async def _look(self, cloud: Cloud) -> None:
        """Finds who is due, the most urgent first; tells of those that nobody renews."""
        known, facts, now_ms = cloud.part(HostCertificates), cloud.part(HostIndex).facts, cloud.now_ms()
        rules: dict[int | None, _Rule] = {}
        due: list[tuple[int, int]] = []
        ending: list[HostFact] = []
        for host_id, certificate in known.of.items():
            fact = facts.get(host_id)
            if fact is None or not fact.connected:
                continue
            rule = rules.get(fact.cluster_id)
            if rule is None:
                rule = rules[fact.cluster_id] = _rule(cloud, fact.cluster_id)
            left_ms = certificate.expires_ms - now_ms
            if rule.renews and left_ms <= rule.period_ms * (0.5 + 0.5 * _share(fact)):
                due.append((left_ms, host_id))
            elif not rule.renews and left_ms <= rule.period_ms and now_ms - self._told.get(host_id, 0) >= _DAY_MS:
                ending.append(fact)
        self._waiting = list(dict.fromkeys([*self._waiting, *(host_id for _, host_id in sorted(due))]))
        self._told = {i: at for i, at in self._told.items() if now_ms - at < _DAY_MS}
        self._told.update((fact.id, now_ms) for fact in ending)
        await _alarm(cloud, ending, "Certificate expiring soon for", "Please renew it: provisionCertificate does")

    async def _round(self, cloud: Cloud) -> None:
        """Gives certificates to the next hosts."""
        facts = cloud.part(HostIndex).facts
        chosen, self._waiting = (
            self._waiting[: limits.CERTIFICATES_A_ROUND],
            self._waiting[limits.CERTIFICATES_A_ROUND :],
        )
        hosts = [facts[host_id] for host_id in chosen if host_id in facts and facts[host_id].connected]
        given: list[HostFact] = []
        for start in range(0, len(hosts), limits.CERTIFICATES_AT_ONCE):
            given += await _give(cloud, hosts[start : start + limits.CERTIFICATES_AT_ONCE])
        if given:
            text = f"provisioned certificates for {named(given)}"
            owner = (SYSTEM_ACCOUNT, ROOT_DOMAIN)
            about = ("Host", given[0].uuid) if len(given) == 1 else None
            row = event(cloud, "CA.CERTIFICATE.PROVISION", "Completed", text, SYSTEM_USER, owner, about)
            await cloud.store.submit(TxnSpec("certificate.event").put(INSERT_EVENT, row))
        done = {fact.id for fact in given}
        known = cloud.part(HostCertificates)
        lost = [fact for fact in hosts if fact.id not in done and known.tries.get(fact.id) == TRIES]
        await _alarm(
            cloud, lost, "Certificate auto-renewal failed for", "Its agent took none: see to it, and provision it again"
        )


def _look_seconds(cloud: Cloud) -> float:
    return float(max(1, cloud.part(Settings).integer("ca.framework.background.task.delay")))


def _rule(cloud: Cloud, cluster_id: int | None) -> _Rule:
    settings = cloud.part(Settings)
    scopes = [("Cluster", cluster_id)] if cluster_id is not None else []
    days = settings.integer("ca.framework.cert.expiry.alert.period", *scopes)
    return _Rule(settings.flag("ca.framework.cert.automatic.renewal", *scopes), days * _DAY_MS)


def _share(fact: HostFact) -> float:
    """From 0 to 1, always the same for a host."""
    return zlib.crc32(fact.uuid.encode()) / 0xFFFFFFFF


async def _record(cloud: Cloud) -> None:
    """Stores what hosts showed."""
    known = cloud.part(HostCertificates)
    while known.unrecorded:
        rows = list(known.unrecorded.values())[:_ROWS_AT_ONCE]
        txn = TxnSpec("certificate.record")
        for row in rows:
            txn.add(INSERT, *values(row), expect=None)
        await cloud.store.submit(txn)
        for row in rows:
            known.unrecorded.pop(row.serial, None)


async def _give(cloud: Cloud, hosts: Sequence[HostFact]) -> list[HostFact]:
    """Keys, certificates, and their way to the hosts, in two transactions for all. Returns those that have theirs."""
    known = cloud.part(HostCertificates)
    asked = await asyncio.gather(
        *(signing_request(cloud, fact, patience_seconds=0) for fact in hosts), return_exceptions=True
    )
    wanted = [(fact, made) for fact, made in zip(hosts, asked, strict=True) if isinstance(made, str)]
    _count_failures(known, hosts, asked)
    signed = await sign(cloud, wanted)
    _count_failures(known, [fact for fact, _ in wanted], signed)
    issued = [(fact, made) for (fact, _), made in zip(wanted, signed, strict=True) if isinstance(made, Issued)]
    if not issued:
        return []
    txn = TxnSpec("certificate.issue_all")
    for _, made in issued:
        txn.put(INSERT, made.row)
    await cloud.store.submit(txn)
    known.restarts([fact.id for fact, _ in issued])
    brought = await asyncio.gather(
        *(install(cloud, fact, made.certificate, made.key, patience_seconds=0) for fact, made in issued),
        return_exceptions=True,
    )
    _count_failures(known, [fact for fact, _ in issued], brought)
    good = [pair for pair, outcome in zip(issued, brought, strict=True) if outcome is None]
    if good:
        await _settle(cloud, good)
    return [fact for fact, _ in good]


async def _settle(cloud: Cloud, good: Sequence[tuple[HostFact, Issued]]) -> None:
    """Their hosts have them; earlier ones that are over are forgotten."""
    ids, now_ms = [made.row.id for _, made in good], cloud.now_ms()
    txn = TxnSpec("certificate.installed").add(INSTALLED, ids, now_ms, expect=None)
    txn.add(FORGET, [fact.id for fact, _ in good], min(ids), now_ms, expect=None)
    await cloud.store.submit(txn)
    for fact, made in good:
        cloud.part(HostCertificates).installed(fact.id, made.row.serial, made.row.expires_ms)


def _count_failures(known: HostCertificates, hosts: Sequence[HostFact], outcomes: Sequence[object]) -> None:
    for fact, outcome in zip(hosts, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            known.tries[fact.id] = known.tries.get(fact.id, 0) + 1
            log.warning("host without new certificate", host=fact.name, reason=str(outcome))
            if not isinstance(outcome, LakhError):
                log.error("certificate failed", host=fact.name, exc_info=outcome)


async def _alarm(cloud: Cloud, hosts: Sequence[HostFact], subject: str, what: str) -> None:
    """One alert for each pod, however many of its hosts it is about."""
    by_pod: dict[tuple[int, int | None], list[HostFact]] = defaultdict(list)
    for fact in hosts:
        by_pod[fact.zone_id, fact.pod_id].append(fact)
    for (zone_id, pod_id), facts in by_pod.items():
        text = f"{subject} {named(facts)}"
        txn = await alert(cloud, kind_of("CA_CERT"), text, f"{text}. {what}", zone_id=zone_id, pod_id=pod_id)
        await cloud.store.submit(txn)
