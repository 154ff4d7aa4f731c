"""GetDomRVersionCmd: what the router's template says of itself (addendum 2.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.router_access import router_of
from lakh.wire.message import API, Message

TEMPLATE_VERSION = "Cloudstack Release 4.23.0 Thu 01 Jan 2026 00:00:00 AM UTC"
_SCRIPTS_VERSION = "00000000000000000000000000000000"


@verb(API + "GetDomRVersionCmd", answer=API + "GetDomRVersionAnswer")
def version(host: Host, command: Message) -> Message:
    """The third word of the template's version is what a server compares."""
    router_of(host, command)
    return done(
        API + "GetDomRVersionAnswer",
        details=f"{TEMPLATE_VERSION}&{_SCRIPTS_VERSION}",
        templateVersion=TEMPLATE_VERSION,
        scriptsVersion=_SCRIPTS_VERSION,
    )
