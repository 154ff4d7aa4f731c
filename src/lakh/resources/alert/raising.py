"""Raising alerts. One that may not be repeated is raised once and counted after that, while it stands."""

from __future__ import annotations

from functools import cache

from lakh.base.log import logger
from lakh.catalogue.kinds import AlertType, alert_types
from lakh.catalogue.setting_value import listed
from lakh.jobs.cloud import Cloud
from lakh.resources.alert.row import INSERT, SENT_AGAIN, STANDING, AlertRow
from lakh.resources.configuration.values import Settings
from lakh.store.statement import TxnSpec

log = logger(__name__)


@cache
def _by_short_name() -> dict[str, AlertType]:
    return {kind.short: kind for kind in alert_types()}


def kind_of(short: str) -> AlertType:
    """The alert type that code calls `short`, such as HOST. Raises KeyError."""
    return _by_short_name()[short]


def may_repeat(cloud: Cloud, kind: AlertType) -> bool:
    """True for one that is raised again while an earlier one stands: by its type, or as an operator has it."""
    allowed = cloud.part(Settings).text("alert.allowed.repetitive.types").lower()
    return kind.repeatable or (bool(allowed) and kind.name.lower() in listed(allowed))


async def alert(
    cloud: Cloud,
    kind: AlertType,
    subject: str,
    content: str = "",
    *,
    zone_id: int | None = None,
    pod_id: int | None = None,
    cluster_id: int | None = None,
) -> TxnSpec:
    """The transaction that raises an alert."""
    log.warning("alert", kind=kind.name, subject=subject)
    if zone_id is not None and not may_repeat(cloud, kind):
        for row in await cloud.store.rows(STANDING, kind.id, zone_id, kind.name, pod_id or 0, cluster_id or 0):
            return TxnSpec("alert").add(SENT_AGAIN, row.id, cloud.now_ms(), content[:5000])
    now_ms = cloud.now_ms()
    row = AlertRow(
        id=cloud.id("alert"),
        uuid=cloud.uuid(),
        type=kind.id,
        name=kind.name,
        subject=subject[:999],
        content=content[:5000],
        zone_id=zone_id,
        pod_id=pod_id,
        cluster_id=cluster_id,
        sent_count=1,
        sent_ms=now_ms,
        resolved_ms=None,
        archived=False,
        created_ms=now_ms,
    )
    return TxnSpec("alert").put(INSERT, row)
