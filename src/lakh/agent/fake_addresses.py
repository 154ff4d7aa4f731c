"""What is known over a whole fleet: MACs, addresses within a network, who moves where, which hosts' hearts beat.

Twelve bytes an entry: a 64-bit hash and a host's number. Optional: without it every host checks only itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from copy import copy
from hashlib import blake2b
from pathlib import Path

from lakh.agent.hypervisor import NicSpec, RefusedError
from lakh.agent.slots import ShardedTable, SlotTable, Table

_OWNER = struct.Struct("<I")
_MOVE = struct.Struct("<IB")
_PREPARED = 0
_ARRIVED = 1


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _keys(nics: Iterable[NicSpec], zone: str) -> list[tuple[bytes, str]]:
    """The keys of interfaces, each with words for a refusal.

    A zone's VLANs are its own: another zone may have a network of the same number, and the same addresses in it.
    Link-local control interfaces are each host's own business: their addresses are dealt per pod (addendum 2.1).
    """
    keys = []
    for nic in nics:
        if nic.kind == "Control":
            continue
        keys.append((_hash("mac " + nic.mac.lower()), f"MAC address {nic.mac}"))
        if nic.ip:
            keys.append((_hash(f"ip {zone} {nic.network} {nic.ip}"), f"IP address {nic.ip} of network {nic.network}"))
    return keys


class SharedAddresses:
    """Registry of a fleet's addresses and moves. `number` is a host's number, from 1."""

    __slots__ = ("_beats", "_moves", "_owners", "_zone")

    def __init__(self, folder: Path | None = None, slots: int = 8_000_000) -> None:
        self._zone = ""
        if folder is None:
            self._owners: Table = ShardedTable(8, _OWNER.size)
            self._moves: Table = SlotTable(8, _MOVE.size)
            self._beats: Table = ShardedTable(8, 1)
        else:
            self._owners = SlotTable.shared(folder / "addresses", 8, _OWNER.size, slots)
            self._moves = SlotTable.shared(folder / "moves", 8, _MOVE.size, 100_000)
            self._beats = SlotTable.shared(folder / "beats", 8, 1, 1_000_000)

    def within(self, zone: str) -> SharedAddresses:
        """The same registry, as hosts of this zone use it."""
        made = copy(self)
        made._zone = zone
        return made

    def claim(self, nics: Iterable[NicSpec], number: int) -> None:
        """Takes all addresses or none. Refuses the first that is in use."""
        taken: list[bytes] = []
        value = _OWNER.pack(number)
        for key, words in _keys(nics, self._zone):
            if self._owners.claim(key, value) is not None:
                for done in taken:
                    self._owners.remove(done)
                raise RefusedError(f"{words} is already in use")
            taken.append(key)

    def release(self, nics: Iterable[NicSpec], number: int) -> None:
        value = _OWNER.pack(number)
        for key, _ in _keys(nics, self._zone):
            self._owners.remove(key, value)

    def hand_over(self, nics: Iterable[NicSpec], taker: int) -> None:
        for key, _ in _keys(nics, self._zone):
            self._owners.put(key, _OWNER.pack(taker))

    # --- moves between hosts -----------------------------------------------------------------------------------------
    def prepare_move(self, name: str, destination_ip: str, number: int) -> None:
        self._moves.put(_hash(f"{name} {destination_ip}"), _MOVE.pack(number, _PREPARED))

    def cancel_move(self, name: str, destination_ip: str) -> None:
        self._moves.remove(_hash(f"{name} {destination_ip}"))

    def destination(self, name: str, destination_ip: str) -> int:
        """The number of the host that prepared for the domain. Refuses where none did."""
        value = self._moves.get(_hash(f"{name} {destination_ip}"))
        if value is None or _MOVE.unpack(value)[1] != _PREPARED:
            raise RefusedError(f"host {destination_ip} is not prepared to receive {name}")
        return int(_MOVE.unpack(value)[0])

    def arrive(self, name: str, destination_ip: str, number: int) -> None:
        self._moves.put(_hash(f"{name} {destination_ip}"), _MOVE.pack(number, _ARRIVED))

    def has_arrived(self, name: str, destination_ip: str) -> bool:
        """True once, after the source has sent the domain."""
        key = _hash(f"{name} {destination_ip}")
        value = self._moves.get(key)
        if value is None or _MOVE.unpack(value)[1] != _ARRIVED:
            return False
        return self._moves.remove(key, value)

    # --- heartbeats on shared storage --------------------------------------------------------------------------------
    def set_beating(self, private_ip: str, beats: bool) -> None:
        self._beats.put(_hash(private_ip), b"\1" if beats else b"\0")

    def beats(self, private_ip: str) -> bool | None:
        """None where no host of the fleet has this address."""
        value = self._beats.get(_hash(private_ip))
        return None if value is None else value == b"\1"
