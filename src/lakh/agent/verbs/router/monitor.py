"""A router's health checks and alerts (addendum 2.6)."""

from __future__ import annotations

from datetime import UTC, datetime

from lakh.agent.dispatch import PLAIN, done, verb
from lakh.agent.host import Host
from lakh.agent.router_access import GROUP_ANSWER, router_of
from lakh.wire.message import API, ROUTING, Message


@verb(ROUTING + "SetMonitorServiceCommand", answer=GROUP_ANSWER)
def set_monitor_service(host: Host, command: Message) -> Message:
    """Outside an aggregation the answer must be a GroupAnswer: the server's periodic task casts it."""
    router = router_of(host, command)
    services = list(command.body.get("services") or ())
    if router.queued is not None:
        router.queued.append(lambda: router.replace_rules("services", services))
        return done(PLAIN)
    router.replace_rules("services", services)
    return done(GROUP_ANSWER, results=["null - success: applied"] * 2)


@verb(ROUTING + "GetRouterMonitorResultsCommand", answer=ROUTING + "GetRouterMonitorResultsAnswer")
def monitor_results(host: Host, command: Message) -> Message:
    router_of(host, command)
    return done(ROUTING + "GetRouterMonitorResultsAnswer", failingChecks=[], monitoringResults="")


@verb(ROUTING + "GetRouterAlertsCommand", answer=API + "GetRouterAlertsAnswer")
def router_alerts(host: Host, command: Message) -> Message:
    router_of(host, command)
    now = datetime.fromtimestamp(host.clock.now_ms() / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return done(API + "GetRouterAlertsAnswer", timeStamp=now)


@verb(API + "CheckS2SVpnConnectionsCommand", answer=API + "CheckS2SVpnConnectionsAnswer")
def check_vpn(host: Host, command: Message) -> Message:
    router_of(host, command)
    ips = command.body.get("vpnIps") or ()
    return done(
        API + "CheckS2SVpnConnectionsAnswer",
        ipToConnected=dict.fromkeys(ips, True),
        ipToDetail=dict.fromkeys(ips, "IPsec SA found;Site-to-site VPN have connected"),
    )


@verb(
    "org.apache.cloudstack.diagnostics.DiagnosticsCommand",
    answer="org.apache.cloudstack.diagnostics.DiagnosticsAnswer",
)
def diagnose(host: Host, command: Message) -> Message:
    """Output, error text and exit code of a command run in the router, joined by `&&`."""
    router_of(host, command)
    return done("org.apache.cloudstack.diagnostics.DiagnosticsAnswer", details="mock router&&&&0")
