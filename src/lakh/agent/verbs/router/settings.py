"""Router settings of which only the last one counts (addendum 2.4)."""

from __future__ import annotations

from lakh.agent.dispatch import verb
from lakh.agent.host import Host
from lakh.agent.router_access import configure
from lakh.wire.message import API, ROUTING, Message


@verb(
    *(
        ROUTING + name
        for name in (
            "CreateIpAliasCommand",
            "DeleteIpAliasCommand",
            "DnsMasqConfigCommand",
            "VpnUsersCfgCommand",
            "RemoteAccessVpnCfgCommand",
            "Site2SiteVpnCfgCommand",
            "UpdateNetworkCommand",
            "SetBgpPeersCommand",
            "HealthCheckLBConfigCommand",
            "FinishAggregationCommand",
            "BumpUpPriorityCommand",
        )
    ),
    *(API + name for name in ("UpdateNetworkCommand", "HandleCksIsoCommand")),
    "org.apache.cloudstack.agent.routing.ManageServiceCommand",
)
def set_router(host: Host, command: Message) -> Message:
    """Keeps that it was set, not with what: VPN commands carry secrets."""
    name = command.name
    return configure(host, command, lambda router: router.change_rules("settings", [{"id": name}]))
