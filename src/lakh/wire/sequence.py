"""Which requests a management server sends one at a time per host (agent-protocol 4.0, addendum 0).

One command of the array is enough to make the whole request in sequence. Some classes always are; others carry a field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakh.wire.message import API, PROXY, ROUTING, STORAGE, SUBSYSTEM, Message

ALWAYS: Final = frozenset(
    {
        API + "ReadyCommand",
        API + "CheckNetworkCommand",
        API + "SetHostParamsCommand",
        API + "ShutdownCommand",
        API + "MaintainCommand",
        API + "AttachIsoCommand",
        API + "PlugNicCommand",
        API + "UnPlugNicCommand",
        API + "ReplugNicCommand",
        API + "UpdateVmNicCommand",
        API + "ScaleVmCommand",
        API + "PrepareForMigrationCommand",
        API + "PreMigrationCommand",
        API + "PostMigrationCommand",
        API + "SecurityGroupRulesCmd",
        API + "PvlanSetupCommand",
        API + "SecStorageSetupCommand",
        API + "SecStorageVMSetupCommand",
        STORAGE + "DestroyCommand",
        STORAGE + "MigrateVolumeCommand",
        STORAGE + "PrimaryStorageDownloadCommand",
        STORAGE + "ListTemplateCommand",
        STORAGE + "ListVolumeCommand",
        PROXY + "StartConsoleProxyAgentHttpHandlerCommand",
    }
)

BY_FIELD: Final = {
    API + "StartCommand": "executeInSequence",
    API + "StopCommand": "executeInSequence",
    API + "RebootCommand": "executeInSequence",
    API + "MigrateCommand": "executeInSequence",
    API + "FenceCommand": "inSeq",
    SUBSYSTEM + "CopyCommand": "executeInSequence",
    ROUTING + "DhcpEntryCommand": "executeInSequence",
    ROUTING + "VmDataCommand": "executeInSequence",
    ROUTING + "SavePasswordCommand": "executeInSequence",
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
