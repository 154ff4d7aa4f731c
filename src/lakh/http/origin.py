"""Where a request comes from, and whether its account may call from there.

Behind a proxy the connection's address is the proxy's own. The header it writes is believed only when
`proxy.header.verify` is on and the connection itself comes from `proxy.cidr`; of several addresses in one header the
last that is no proxy counts, for everything before it is what the client claimed.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from lakh.http.message import Request
from lakh.resources.command import Caller
from lakh.resources.configuration.values import Settings

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]
LOOPBACK: Final = "127.0.0.0/8,::1/128"

CHECKED: Final = "api.source.cidr.checks.enabled"
ALLOWED: Final = "api.allowed.source.cidr.list"
ANYWHERE: Final = "0.0.0.0/0,::/0"
KEY_ACCESS: Final = "api.key.access"


def domain_scopes(caller: Caller, settings: Settings) -> list[tuple[str, int]]:
    """The caller's domain, then those above it where their settings hold below as well."""
    above = [int(part) for part in caller.domain_path.strip("/").split("/")]
    inherited = settings.flag("enable.domain.settings.for.child.domain")
    return [("Domain", domain_id) for domain_id in (reversed(above) if inherited else above[-1:])]


def may_use_keys(caller: Caller, settings: Settings) -> bool:
    """False where `api.key.access` is off for the caller's domain: only sessions reach the API then."""
    return settings.flag(KEY_ACCESS, *domain_scopes(caller, settings))


def may_call_from(request: Request, caller: Caller, settings: Settings) -> bool:
    """True when the account's `api.allowed.source.cidr.list` holds the address that the request comes from."""
    if not settings.flag(CHECKED):
        return True
    scopes = [("Account", caller.account_id)]
    if settings.flag("enable.account.settings.for.domain"):
        scopes += domain_scopes(caller, settings)
    allowed = settings.text(ALLOWED, *scopes)
    if allowed == ANYWHERE:
        return True
    address = client_address(request, settings)
    return address is not None and _within(address, _networks(allowed))


def comes_from(request: Request, blocks: str, settings: Settings) -> bool:
    """True for a request from one of these address blocks. One that passed a proxy which is not to be believed comes
    from nowhere: a proxy on this machine must not make everybody local."""
    believed = settings.flag("proxy.header.verify")
    if not believed and (b"x-forwarded-for" in request.headers or b"forwarded" in request.headers):
        return False
    address = client_address(request, settings)
    return address is not None and _within(address, _networks(blocks))


def client_address(request: Request, settings: Settings) -> Address | None:
    """The address that the request comes from, past a proxy that may be believed; None where it cannot be told."""
    peer = _address(request.peer)
    if peer is None or not settings.flag("proxy.header.verify"):
        return peer
    proxies = _networks(settings.text("proxy.cidr"))
    if not _within(peer, proxies):
        return peer
    for name in settings.text("proxy.header.names").split(","):
        given = request.headers.get(name.strip().lower().encode())
        if given is None:
            continue
        for text in reversed(given.decode("latin-1").split(",")):
            address = _address(text.strip())
            if address is None:
                break
            if not _within(address, proxies):
                return address
    return peer


@lru_cache(maxsize=256)
def _networks(text: str) -> Networks:
    """The blocks of a comma-separated list; what is none holds nobody."""
    found: list[IPv4Network | IPv6Network] = []
    for part in text.split(","):
        try:
            found.append(ip_network(part.strip(), strict=False))
        except ValueError:
            continue
    return tuple(found)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
