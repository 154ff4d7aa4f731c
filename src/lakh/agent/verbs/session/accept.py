"""Settings that a host takes and keeps to itself: SSH keys, persistent networks, passwords (agent-protocol 3.3, 4.9).

Keys and passwords are taken and not kept: nothing here ever uses them.
"""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "ModifySshKeysCommand", API + "UpdateHostPasswordCommand", early=True)
def accept(host: Host, command: Message) -> Message:
    return done()


@verb(API + "SetupPersistentNetworkCommand", answer=API + "SetupPersistentNetworkAnswer", early=True)
def set_up_persistent_network(host: Host, command: Message) -> Message:
    return done(API + "SetupPersistentNetworkAnswer")


@verb(
    API + "CleanupPersistentNetworkResourceCommand",
    answer=API + "CleanupPersistentNetworkResourceAnswer",
    early=True,
)
def clean_up_persistent_network(host: Host, command: Message) -> Message:
    return done(API + "CleanupPersistentNetworkResourceAnswer")
