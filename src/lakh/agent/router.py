"""Virtual routers as a model: what was configured on each, so that a test can ask what a router would do.

A router's configuration lives inside its VM: it moves with it and is gone when it stops. Per guest VM a router keeps
17 packed bytes in a table of slots. Passwords are never kept, only that one was set.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from typing import Any, NamedTuple

from lakh.agent.slots import SlotTable

_LEASE = struct.Struct("<6sBBI")
_KEY = struct.Struct("<BI")  # an address; the first byte is 1, for a key that is all zero marks a free slot
_DEFAULT = 1
_DHCP = 2
_PASSWORD = 4


class Lease(NamedTuple):
    """What a router knows of a guest address: `data_files` metadata files and a checksum over them."""

    ip: str
    mac: str
    is_default: bool
    has_dhcp: bool
    has_password: bool
    data_files: int
    data_checksum: int


class Router:
    """One router's applied state. `rules` maps a kind (firewall, acl, …) to rules by their id."""

    __slots__ = ("_leases", "addresses", "queued", "redundant_state", "rules")

    def __init__(self) -> None:
        self._leases = SlotTable(_KEY.size, _LEASE.size)
        self.addresses: dict[str, bool] = {}
        self.rules: dict[str, dict[str, Any]] = {}
        self.queued: list[Callable[[], object]] | None = None
        self.redundant_state = "UNKNOWN"

    def set_dhcp(self, ip: str, mac: str, is_default: bool) -> None:
        _, flags, files, checksum = self._lease(ip)
        flags = (flags & _PASSWORD) | _DHCP | (_DEFAULT if is_default else 0)
        self._leases.put(_key(ip), _LEASE.pack(bytes.fromhex(mac.replace(":", "")), flags, files, checksum))

    def remove_dhcp(self, ip: str, mac: str) -> None:
        packed = bytes.fromhex(mac.replace(":", "")) if mac else b""
        if ip:
            self._leases.remove(_key(ip))
        if packed:
            for key in [key for key, lease in self._leases if lease[:6] == packed]:
                self._leases.remove(key)

    def set_data(self, ip: str, files: list[list[str | None]]) -> None:
        mac, flags, _, _ = self._lease(ip)
        checksum = zlib.crc32(repr(files).encode())
        self._leases.put(_key(ip), _LEASE.pack(mac, flags, min(255, len(files)), checksum))

    def set_password(self, ip: str) -> None:
        mac, flags, files, checksum = self._lease(ip)
        self._leases.put(_key(ip), _LEASE.pack(mac, flags | _PASSWORD, files, checksum))

    def _lease(self, ip: str) -> tuple[bytes, int, int, int]:
        packed = self._leases.get(_key(ip))
        if packed is None:
            return bytes(6), 0, 0, 0
        mac, flags, files, checksum = _LEASE.unpack(packed)
        return mac, flags, files, checksum

    def leases(self) -> Iterator[Lease]:
        for key, packed in self._leases:
            mac, flags, files, checksum = _LEASE.unpack(packed)
            yield Lease(
                str(IPv4Address(_KEY.unpack(key)[1])),
                mac.hex(":"),
                bool(flags & _DEFAULT),
                bool(flags & _DHCP),
                bool(flags & _PASSWORD),
                files,
                checksum,
            )

    def change_rules(self, kind: str, rules: list[dict[str, Any]]) -> None:
        """A delta: revoked rules go, the others are added or replaced."""
        kept = self.rules.setdefault(kind, {})
        for rule in rules:
            key = str(rule.get("id") or rule.get("uuid") or rule)
            if rule.get("revoked") or rule.get("revoke"):
                kept.pop(key, None)
            else:
                kept[key] = _brief(rule)

    def replace_rules(self, kind: str, rules: list[dict[str, Any]]) -> None:
        """The whole current list."""
        self.rules[kind] = {}
        self.change_rules(kind, rules)


def _key(ip: str) -> bytes:
    return _KEY.pack(1, int(IPv4Address(ip)))


def _brief(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule's own fields: plain values only, a certificate's key least of all."""
    return {
        k: v
        for k, v in rule.items()
        if v is None or (isinstance(v, str | int | float | bool | list) and "cert" not in k.lower())
    }


class Routers:
    """The routers of all hosts of a process, by instance name."""

    __slots__ = ("_routers",)

    def __init__(self) -> None:
        self._routers: dict[str, Router] = {}

    def of(self, name: str) -> Router:
        """The router's model; a new one where it is not known yet."""
        router = self._routers.get(name)
        if router is None:
            router = self._routers[name] = Router()
        return router

    def get(self, name: str) -> Router | None:
        return self._routers.get(name)

    def drop(self, name: str) -> None:
        self._routers.pop(name, None)

    def items(self) -> list[tuple[str, Router]]:
        return list(self._routers.items())
