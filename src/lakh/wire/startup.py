"""Startup, the first message on every connection (agent-protocol 3.1, 3.2; addendum 3.2).

Four kinds of agent say it: KVM hosts (Routing, with a Storage command for each local storage path), secondary storage
VMs and console proxy VMs. The server answers at once with host id 0, before it has judged anything; refusal comes as a
ReadyCommand with details.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from lakh.wire.errors import ProtocolError
from lakh.wire.message import API
from lakh.wire.payload import JSON_ERRORS, split_payload

ROUTING_STARTUP: Final = API + "StartupRoutingCommand"
STORAGE_STARTUP: Final = API + "StartupStorageCommand"
SECONDARY_STORAGE_STARTUP: Final = API + "StartupSecondaryStorageCommand"
PROXY_STARTUP: Final = API + "StartupProxyCommand"
_CLASS_OF_TYPE: Final = {
    "Routing": ROUTING_STARTUP,
    "Storage": STORAGE_STARTUP,
    "SecondaryStorage": SECONDARY_STORAGE_STARTUP,
    "ConsoleProxy": PROXY_STARTUP,
}
STARTUP_CLASSES: Final = frozenset(_CLASS_OF_TYPE.values())
STARTUP_ANSWER: Final = API + "StartupAnswer"


class PoolInfo(msgspec.Struct, rename="camel", omit_defaults=True):
    """A local storage path of a host. Sizes in bytes."""

    uuid: str | None = None
    host: str | None = None
    local_path: str | None = None
    host_path: str | None = None
    pool_type: str | None = None
    capacity_bytes: int = 0
    available_bytes: int = 0
    name: str | None = None
    details: dict[str, Any] | None = None


class StartupCommand(msgspec.Struct, rename="camel", omit_defaults=True):
    """Every Startup* command's fields; those of other kinds than its own stay empty.

    Memory in bytes, speed in MHz. `type`: Routing, Storage, SecondaryStorage (whose hosts are then called
    SecondaryStorageVM) or ConsoleProxy.
    """

    # all kinds
    type: str | None = None
    data_center: str | None = None
    pod: str | None = None
    cluster: str | None = None
    guid: str | None = None
    name: str | None = None
    id: int | None = None
    version: str | None = None
    iqn: str | None = None
    resource_name: str | None = None
    private_ip_address: str | None = None
    private_mac_address: str | None = None
    private_netmask: str | None = None
    storage_ip_address: str | None = None
    storage_mac_address: str | None = None
    storage_netmask: str | None = None
    public_ip_address: str | None = None
    public_mac_address: str | None = None
    public_netmask: str | None = None
    storage_ip_address_deux: str | None = None
    storage_mac_address_deux: str | None = None
    storage_netmask_deux: str | None = None
    gateway_ip_address: str | None = None
    agent_tag: str | None = None
    ms_host_list: str | None = None
    connection_transferred: bool | None = None
    arch: str | None = None
    # Routing
    hypervisor_type: str | None = None
    hypervisor_version: str | None = None
    cpus: int = 0
    cpu_sockets: int | None = None
    speed: int = 0
    memory: int = 0
    dom0_min_memory: int = 0
    caps: str | None = None
    cpu_arch: str | None = None
    pool: str | None = None
    pool_sync: bool | None = None
    supports_cloned_volumes: bool | None = None
    host_details: dict[str, Any] | None = None
    host_tags: list[str] | None = None
    group_details: dict[str, Any] | None = None
    gpu_devices: list[Any] | None = None
    host_health_check_result: bool | None = None
    # Storage
    pool_info: PoolInfo | None = None
    resource_type: str | None = None
    total_size: int | None = None
    # ConsoleProxy
    proxy_port: int | None = None
    proxy_vm_id: int | None = None


class Startup(NamedTuple):
    """One Startup message: its kind (a class name), the agent's own command, and its local storage paths."""

    java_class: str
    agent: StartupCommand
    storages: list[StartupCommand]


_decode = msgspec.json.Decoder(StartupCommand, strict=False).decode
_encode = msgspec.json.Encoder().encode


def is_startup(payload: bytes) -> bool:
    """True when the message starts with a Startup command. Raises ProtocolError."""
    pairs = split_payload(payload)
    return bool(pairs) and pairs[0][0] in STARTUP_CLASSES


def read_startup(payload: bytes) -> Startup:
    """Reads a Startup message. Raises ProtocolError on wrong types, unknown classes, or none or several agents in it.

    Missing fields are the server's to judge: what it refuses, it refuses by ReadyCommand.
    """
    agents: list[tuple[str, StartupCommand]] = []
    storages: list[StartupCommand] = []
    for java_class, body in split_payload(payload):
        if java_class not in STARTUP_CLASSES:
            raise ProtocolError(f"startup: {java_class[:100]} is not a Startup command")
        try:
            command = _decode(body)
        except JSON_ERRORS as error:
            raise ProtocolError(f"startup: {error}") from None
        if java_class == STORAGE_STARTUP:
            storages.append(command)
        else:
            agents.append((java_class, command))
    if len(agents) != 1:
        raise ProtocolError(f"startup: {len(agents)} agents in one message, there must be one")
    return Startup(*agents[0], storages)


def startup_payload(*commands: StartupCommand) -> bytes:
    """The payload of a Startup message: the agent's command, then its local storage paths.

    `type` decides each one's class; unset fields are left out.
    """
    common = {"contextMap": {}, "wait": 0, "bypassHostMaintenance": False}
    return _encode([{_CLASS_OF_TYPE[c.type or "Routing"]: msgspec.to_builtins(c) | common} for c in commands])


def startup_answer(
    ping_interval_seconds: int,
    *,
    host_id: int = 0,
    host_uuid: str = "",
    host_name: str = "",
    details: str | None = None,
) -> bytes:
    """The payload that answers Startup: one answer, however many commands came.

    The immediate answer carries host id 0; the real id comes with ReadyCommand. `details` refuses: a Java agent exits
    at that, so refuse by ReadyCommand instead unless that is wanted.
    """
    fields: dict[str, Any] = {
        "hostId": host_id,
        "hostUuid": host_uuid,
        "hostName": host_name,
        "pingInterval": ping_interval_seconds,
        "result": details is None,
        "contextMap": {},
        "wait": 0,
        "bypassHostMaintenance": False,
    }
    if details is not None:
        fields["details"] = details
    return _encode([{STARTUP_ANSWER: fields}])
