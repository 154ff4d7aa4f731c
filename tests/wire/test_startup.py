"""Startup: what the four kinds of agent say first, and how a server reads it."""

from __future__ import annotations

import json

import pytest

from lakh.wire.errors import ProtocolError
from lakh.wire.frame import agent_request, decode_frame, server_response
from lakh.wire.header import Header
from lakh.wire.message import API
from lakh.wire.payload import decode_payload
from lakh.wire.startup import (
    PROXY_STARTUP,
    ROUTING_STARTUP,
    SECONDARY_STORAGE_STARTUP,
    PoolInfo,
    StartupCommand,
    is_startup,
    read_startup,
    startup_answer,
    startup_payload,
)

MINIMAL = {
    "cpuSockets": 2,
    "cpus": 32,
    "speed": 2600,
    "cpuArch": "x86_64",
    "memory": 134217728000,
    "dom0MinMemory": 1073741824,
    "poolSync": False,
    "supportsClonedVolumes": False,
    "caps": "hvm,snapshot",
    "hypervisorType": "KVM",
    "hostDetails": {
        "com.cloud.network.Networks.RouterPrivateIpStrategy": "HostLocal",
        "Host.OS": "Ubuntu",
        "Host.OS.Version": "24.04",
        "Host.OS.Kernel.Version": "6.8.0-40-generic",
        "secured": "false",
        "host.volume.encryption": "true",
        "host.instance.conversion": "false",
    },
    "hostTags": [],
    "groupDetails": {},
    "gpuDevices": [],
    "type": "Routing",
    "dataCenter": "1",
    "pod": "1",
    "cluster": "1",
    "guid": "8f1a2b3c-1111-3222-8333-444455556666-LibvirtComputingResource",
    "name": "kvm-0001",
    "version": "4.23.0.0",
    "privateIpAddress": "10.1.0.11",
    "privateMacAddress": "52:54:00:00:00:0b",
    "privateNetmask": "255.255.0.0",
    "storageIpAddress": "10.1.0.11",
    "storageMacAddress": "52:54:00:00:00:0b",
    "storageNetmask": "255.255.0.0",
    "resourceName": "LibvirtComputingResource",
    "gatewayIpAddress": "10.1.0.1",
    "msHostList": "10.1.0.2,10.1.0.3@static",
    "connectionTransferred": False,
    "arch": "x86_64",
    "contextMap": {},
    "wait": 0,
    "bypassHostMaintenance": False,
}
"""The reference's minimal example (agent-protocol 3.1)."""

SECONDARY_STORAGE = (
    b'[{"com.cloud.agent.api.StartupSecondaryStorageCommand":{"type":"SecondaryStorage","dataCenter":"1","pod":"1",'
    b'"guid":"s-1-VM-NfsSecondaryStorageResource","resourceName":"NfsSecondaryStorageResource","name":"s-1-VM",'
    b'"version":"4.23.0.0","iqn":"NoIqn","privateIpAddress":"10.1.0.50","publicIpAddress":"192.0.2.5","arch":"x86_64",'
    b'"connectionTransferred":false,"contextMap":{},"wait":0}}]'
)


def _payload(*commands: tuple[str, object]) -> bytes:
    return json.dumps([{java_class: body} for java_class, body in commands]).encode()


def test_a_kvm_hosts_startup_is_read() -> None:
    startup = read_startup(_payload((ROUTING_STARTUP, MINIMAL)))
    host = startup.agent
    assert startup.java_class == ROUTING_STARTUP
    assert (host.cpus, host.speed, host.memory, host.dom0_min_memory) == (32, 2600, 134217728000, 1073741824)
    assert (host.data_center, host.pod, host.cluster, host.name) == ("1", "1", "1", "kvm-0001")
    assert host.host_details is not None
    assert host.host_details["Host.OS"] == "Ubuntu"
    assert host.ms_host_list == "10.1.0.2,10.1.0.3@static"
    assert host.connection_transferred is False
    assert (host.id, host.proxy_vm_id, host.hypervisor_version) == (None, None, None)
    assert startup.storages == []


def test_what_is_read_can_be_said_again() -> None:
    startup = read_startup(_payload((ROUTING_STARTUP, MINIMAL)))
    [said] = decode_payload(startup_payload(startup.agent))
    assert said.java_class == ROUTING_STARTUP
    assert said.body == MINIMAL


def test_local_storage_comes_along() -> None:
    pool = PoolInfo(
        uuid="u",
        host="10.1.0.11",
        local_path="/var/lib",
        host_path="/var/lib",
        pool_type="Filesystem",
        capacity_bytes=9,
    )
    storage = StartupCommand(type="Storage", guid="u", pool_info=pool, resource_type="STORAGE_POOL", total_size=0)
    payload = startup_payload(StartupCommand(type="Routing", guid="g", cpus=1), storage)
    assert is_startup(payload)
    startup = read_startup(payload)
    assert startup.agent.guid == "g"
    assert startup.storages == [storage]


def test_system_vms_startups() -> None:
    startup = read_startup(SECONDARY_STORAGE)
    assert startup.java_class == SECONDARY_STORAGE_STARTUP
    assert (startup.agent.name, startup.agent.cluster, startup.agent.iqn) == ("s-1-VM", None, "NoIqn")
    proxy = StartupCommand(type="ConsoleProxy", name="v-2-VM", guid="Proxy.2-ConsoleProxyResource", proxy_vm_id=2)
    startup = read_startup(startup_payload(proxy))
    assert startup.java_class == PROXY_STARTUP
    assert startup.agent.proxy_vm_id == 2


def test_quoted_numbers_and_unknown_fields_are_taken() -> None:
    body = MINIMAL | {"cpus": "32", "memory": "134217728000", "connectionTransferred": "true", "fromTheFuture": [1, {}]}
    host = read_startup(_payload((ROUTING_STARTUP, body))).agent
    assert (host.cpus, host.memory, host.connection_transferred) == (32, 134217728000, True)


@pytest.mark.parametrize(
    ("field", "value"), [("cpus", "many"), ("cpus", {}), ("poolSync", 7), ("hostDetails", []), ("name", 5), ("id", [1])]
)
def test_wrong_types_are_named(field: str, value: object) -> None:
    with pytest.raises(ProtocolError, match=rf"startup: .*\$\.{field}"):
        read_startup(_payload((ROUTING_STARTUP, MINIMAL | {field: value})))


def test_one_agent_per_message() -> None:
    storage = (API + "StartupStorageCommand", {"type": "Storage"})
    for wrong in ([], [storage], [(ROUTING_STARTUP, {}), (PROXY_STARTUP, {})]):
        with pytest.raises(ProtocolError, match="there must be one"):
            read_startup(_payload(*wrong))
    with pytest.raises(ProtocolError, match="not a Startup command"):
        read_startup(_payload((ROUTING_STARTUP, {}), (API + "PingCommand", {})))
    assert not is_startup(_payload((API + "PingCommand", {})))
    assert not is_startup(b"[]")


def test_the_immediate_answer() -> None:
    request = decode_frame(agent_request([], sequence=0, stop_on_error=False)).header
    answer = decode_frame(server_response(request, startup_answer(60), management_server_id=7, via=-1))
    assert answer.header == Header(0x20, 0, len(answer.payload), 7, -1, -1)
    [message] = answer.messages()
    assert message.java_class == API + "StartupAnswer"
    assert message.body["pingInterval"] == 60
    assert message.body["hostId"] == 0
    assert message.result
    [refused] = decode_payload(startup_answer(60, details="no such zone"))
    assert (refused.result, refused.details) == (False, "no such zone")
