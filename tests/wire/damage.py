"""Good messages of agents, and random damage to them."""

from __future__ import annotations

import random

from lakh.wire import ping
from lakh.wire.frame import agent_request, server_request
from lakh.wire.message import API, Message
from lakh.wire.startup import PoolInfo, StartupCommand, startup_payload


def good_messages() -> list[bytes]:
    states = {f"i-2-{n}-VM": "PowerOn" for n in range(5)}
    report = ping.routing_ping(1, states, host_name="kvm-1", rulesets={"i-2-1-VM": (1, 4)}, health_check=True)
    host = StartupCommand(type="Routing", cpus=4, memory=1 << 34, guid="g", host_details={"Host.OS": "Ubuntu"})
    storage = StartupCommand(type="Storage", pool_info=PoolInfo(uuid="u", capacity_bytes=5))
    startup = startup_payload(host, storage)
    return [
        agent_request([report], sequence=5, host_id=1),
        agent_request([Message(API + "ShutdownCommand", {"reason": "sig.kill"})] * 3, sequence=-1, host_id=1),
        server_request(startup, sequence=1, management_server_id=1, host_id=1, in_sequence=False),
        agent_request([Message(API + "ReadyCommand", {"hostName": "x" * 9000, "a": [1, {"b": None}]})], sequence=2),
    ]


def damaged(dice: random.Random, message: bytes) -> bytes:
    data = bytearray(message)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = dice.randrange(256)
        elif kind == 2:
            del data[at : at + dice.randrange(1, 20)]
        elif kind == 3:
            data[at:at] = dice.choice((b"[", b"{", b'"', b"null", b",", b"\xff", b"1e9", b"}]", dice.randbytes(4)))
        elif kind == 4:
            end = dice.randrange(len(data) + 1)
            data[at:at] = data[min(at, end) : max(at, end)][:50]
        else:
            del data[at:]
    return bytes(data)
