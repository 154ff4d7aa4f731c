"""What gateways must know of certificates, kept true while the server runs."""

from __future__ import annotations

from collections.abc import Callable

from lakh.bus.gateways import Gateways
from lakh.bus.messages import GatewaySettings
from lakh.jobs.cloud import Cloud
from lakh.resources.certificate.known import ALLOW_EXPIRED, HostCertificates
from lakh.resources.configuration.values import Settings


def settings_for_gateways(cloud: Cloud) -> GatewaySettings:
    """What gateways need to know of the settings."""
    settings = cloud.part(Settings)
    return GatewaySettings(
        management_server_id=cloud.management_server_id,
        ping_interval_seconds=settings.integer("ping.interval"),
        ping_timeout_multiplier=settings.number("ping.timeout"),
        avoid_servers=(),
        owns_liveness=cloud.leads,
        client_certificates=cloud.part(HostCertificates).mode,
        allow_expired_certificates=settings.flag(ALLOW_EXPIRED),
    )


async def begin(cloud: Cloud, gateways: Gateways, record: Callable[[], None]) -> None:
    """Before gateways may connect: they hear the rules and what was revoked, now and after each change.

    `record` is called when hosts showed certificates that have no row yet.
    """
    known = cloud.part(HostCertificates)
    last: list[GatewaySettings] = []

    def follow() -> None:
        now = settings_for_gateways(cloud)
        if last != [now]:
            last[:] = [now]
            gateways.set_settings(now)

    known.on_revoked = gateways.revoke
    known.on_rules = follow
    known.on_unrecorded = record
    await known.load()
    known.follow_settings()
    follow()
