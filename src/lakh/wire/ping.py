"""Pings, the traffic that 100,000 hosts make (agent-protocol 3.4, addendum 3.4).

A ping is answered without being understood: its JSON text goes back inside the answer as it came. Only the few fields
a server needs are read, and the power report stays text until someone sees that it differs from the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from lakh.wire.errors import ProtocolError
from lakh.wire.message import API, Message
from lakh.wire.payload import JSON_ERRORS

PING_CLASSES: Final = frozenset(
    {
        API + "PingCommand",
        API + "PingRoutingCommand",
        API + "PingRoutingWithNwGroupsCommand",
        API + "PingRoutingWithOvsCommand",
        API + "PingStorageCommand",
    }
)
PING_ANSWER: Final = API + "PingAnswer"

_ABSENT: Final = (b"", b"null")
_HEAD: Final = f'[{{"{PING_ANSWER}":{{"_command":'.encode()


class Ping(NamedTuple):
    """What a server reads from a ping.

    `report` and `rulesets` are JSON texts, None when absent: read them with `power_states` and `ruleset_sequences`.
    An absent report says nothing about VMs; an empty one says that the host runs none.
    """

    report: bytes | None
    rulesets: bytes | None
    gateway_accessible: bool
    health_check: bool | None
    host_type: str
    out_of_band: bool


class _Fields(msgspec.Struct, gc=False):
    report: msgspec.Raw = msgspec.field(name="_hostVmStateReport", default=msgspec.Raw())
    rulesets: msgspec.Raw = msgspec.field(name="newGroupStates", default=msgspec.Raw())
    gateway_accessible: bool | None = msgspec.field(name="_gatewayAccessible", default=True)
    health_check: bool | None = msgspec.field(name="hostHealthCheckResult", default=None)
    host_type: str | None = msgspec.field(name="hostType", default=None)
    out_of_band: bool | None = msgspec.field(name="outOfBand", default=False)


class _VmState(msgspec.Struct, gc=False):
    state: str | None = None


_fields = msgspec.json.Decoder(_Fields, strict=False).decode
_states = msgspec.json.Decoder(dict[str, _VmState]).decode
_sequences = msgspec.json.Decoder(dict[str, tuple[int, int]], strict=False).decode
_encode = msgspec.json.Encoder().encode


def read_ping(body: bytes | msgspec.Raw) -> Ping:
    """Reads a ping command's body, as `split_payload` gives it. Raises ProtocolError."""
    try:
        fields = _fields(body)
    except JSON_ERRORS as error:
        raise ProtocolError(f"ping: {error}") from None
    report, rulesets = bytes(fields.report), bytes(fields.rulesets)
    return Ping(
        None if report in _ABSENT else report,
        None if rulesets in _ABSENT else rulesets,
        fields.gateway_accessible is not False,
        fields.health_check,
        fields.host_type or "",
        fields.out_of_band is True,
    )


def power_states(report: bytes) -> dict[str, str]:
    """VM instance name to PowerState name. A VM without a state is left out, as CloudStack does not know it either.

    Raises ProtocolError.
    """
    try:
        return {name: vm.state for name, vm in _states(report).items() if vm.state}
    except JSON_ERRORS as error:
        raise ProtocolError(f"ping: _hostVmStateReport: {error}") from None


def ruleset_sequences(rulesets: bytes) -> dict[str, tuple[int, int]]:
    """VM instance name to (VM id, sequence of its security group ruleset); -1 where the host could not tell.

    Raises ProtocolError.
    """
    try:
        return _sequences(rulesets)
    except JSON_ERRORS as error:
        raise ProtocolError(f"ping: newGroupStates: {error}") from None


def ping_answer(body: bytes | msgspec.Raw, *, send_startup: bool = False, avoid_servers: tuple[str, ...] = ()) -> bytes:
    """The payload that answers a ping, echoing the ping's body as it came: the agent reads its own fields from it.

    `send_startup` asks the agent to send Startup again on this link; `avoid_servers` replaces its list of management
    servers (addresses) not to go to.
    """
    return b"".join((_HEAD, body, _tail(send_startup, avoid_servers)))


@lru_cache(maxsize=64)
def _tail(send_startup: bool, avoid_servers: tuple[str, ...]) -> bytes:
    fields = {
        "sendStartup": send_startup,
        "avoidMsList": avoid_servers,
        "reconcileCommands": (),
        "result": True,
        "contextMap": {},
        "wait": 0,
        "bypassHostMaintenance": False,
    }
    return b"," + _encode(fields)[1:] + b"}]"


def routing_ping(
    host_id: int,
    states: Mapping[str, str] | None,
    *,
    host_name: str,
    rulesets: Mapping[str, tuple[int, int]] | None = None,
    gateway_accessible: bool = True,
    health_check: bool | None = None,
    out_of_band: bool = False,
) -> Message:
    """A KVM host's ping. `states` maps the names of its powered-on VMs to PowerState names; None reports nothing.

    With `rulesets` it is the ping of a host that filters for security groups.
    """
    body: dict[str, Any] = {}
    if rulesets is not None:
        body["newGroupStates"] = rulesets
    if states is not None:
        body["_hostVmStateReport"] = {name: {"state": state, "host": host_name} for name, state in states.items()}
    body["_gatewayAccessible"] = gateway_accessible
    body["_vnetAccessible"] = True
    if health_check is not None:
        body["hostHealthCheckResult"] = health_check
    body |= _common("Routing", host_id, out_of_band)
    return Message(API + ("PingRoutingCommand" if rulesets is None else "PingRoutingWithNwGroupsCommand"), body)


def secondary_storage_ping(host_id: int) -> Message:
    """The ping of a secondary storage VM's agent."""
    return Message(API + "PingStorageCommand", {"changes": {}, **_common("Storage", host_id, False)})


def console_proxy_ping(host_id: int) -> Message:
    """The ping of a console proxy VM's agent."""
    return Message(API + "PingCommand", _common("ConsoleProxy", host_id, False))


def _common(host_type: str, host_id: int, out_of_band: bool) -> dict[str, Any]:
    return {
        "hostType": host_type,
        "hostId": host_id,
        "outOfBand": out_of_band,
        "commandInfos": [],
        "contextMap": {},
        "wait": 0,
        "bypassHostMaintenance": False,
    }
