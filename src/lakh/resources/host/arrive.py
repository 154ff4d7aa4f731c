"""An agent has said Startup: which kind of host it is, and bringing that Up."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.host.connect import Session, connect
from lakh.resources.host.connect_system import TYPES, connect_system
from lakh.wire.message import API
from lakh.wire.startup import Startup

ROUTING = API + "StartupRoutingCommand"


async def arrive(cloud: Cloud, session: Session, startup: Startup) -> int | None:
    """Returns the host's id once it is Up, or None."""
    if startup.java_class == ROUTING:
        return await connect(cloud, session, startup.agent)
    if startup.java_class in TYPES:
        return await connect_system(cloud, session, startup)
    session.refuse(f"{startup.java_class} is not served")
    return None
