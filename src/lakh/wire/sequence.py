"""Which requests a management server sends one at a time per host (agent-protocol 4.0, addendum 0).

One command of the array is enough to make the whole request in sequence. Some classes always are; others carry a field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakh.wire import names
from lakh.wire.message import Message

ALWAYS: Final = frozenset(
    {
        names.READY,
        names.CHECK_NETWORK,
        names.SET_HOST_PARAMS,
        names.SHUTDOWN,
        names.MAINTAIN,
        names.ATTACH_ISO,
        names.PLUG_NIC,
        names.UNPLUG_NIC,
        names.REPLUG_NIC,
        names.UPDATE_VM_NIC,
        names.SCALE_VM,
        names.PREPARE_FOR_MIGRATION,
        names.PRE_MIGRATION,
        names.POST_MIGRATION,
        names.SECURITY_GROUP_RULES,
        names.PVLAN_SETUP,
        names.SEC_STORAGE_SETUP,
        names.SEC_STORAGE_VM_SETUP,
        names.DESTROY,
        names.MIGRATE_VOLUME,
        names.PRIMARY_STORAGE_DOWNLOAD,
        names.LIST_TEMPLATE,
        names.LIST_VOLUME,
        names.START_CONSOLE_PROXY_HANDLER,
    }
)

BY_FIELD: Final = {
    names.START: "executeInSequence",
    names.STOP: "executeInSequence",
    names.REBOOT: "executeInSequence",
    names.MIGRATE: "executeInSequence",
    names.COPY: "executeInSequence",
    names.DHCP_ENTRY: "executeInSequence",
    names.VM_DATA: "executeInSequence",
    names.SAVE_PASSWORD: "executeInSequence",
    names.FENCE: "inSeq",
}


def in_sequence(commands: Iterable[Message]) -> bool:
    """True when a request with these commands carries the IN_SEQUENCE flag."""
    for command in commands:
        java_class = command.java_class
        if java_class in ALWAYS:
            return True
        field = BY_FIELD.get(java_class)
        if field is not None and command.body.get(field) is True:
            return True
    return False
