"""Addresses, subnets and DNS suffixes that operators type."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, NetmaskValueError

from lakh.base.errors import ParameterError

_suffix = re.compile(r"(?=.{1,190}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*").fullmatch


def check_ip4(parameter: str, text: str | None) -> None:
    """Raises ParameterError for what is no IPv4 address; none or empty is fine."""
    if not text:
        return
    try:
        IPv4Address(text)
    except AddressValueError as error:
        raise ParameterError(f"Invalid parameter {parameter} {text}: give an IPv4 address such as 10.0.0.2") from error


def check_ip6(parameter: str, text: str | None) -> None:
    """Raises ParameterError for what is no IPv6 address; none or empty is fine."""
    if not text:
        return
    try:
        IPv6Address(text)
    except AddressValueError as error:
        raise ParameterError(
            f"Invalid parameter {parameter} {text}: give an IPv6 address such as 2001:db8::2"
        ) from error


def check_cidr(parameter: str, text: str | None) -> None:
    """Raises ParameterError for what is no IPv4 subnet; none or empty is fine."""
    if not text:
        return
    try:
        if "/" not in text:
            raise ValueError(text)
        IPv4Network(text, strict=False)
    except ValueError as error:
        raise ParameterError(f"Invalid parameter {parameter} {text}: give a subnet such as 10.1.1.0/24") from error


def check_suffix(parameter: str, text: str | None) -> None:
    """Raises ParameterError for what is no DNS suffix; none or empty is fine."""
    if text and not _suffix(text):
        raise ParameterError(
            f"Invalid parameter {parameter} {text}: up to 190 letters, digits, hyphens and dots, each label beginning"
            " and ending with a letter or digit"
        )


def subnet_of(gateway: str, netmask: str) -> IPv4Network:
    """The subnet of a gateway. Raises ParameterError naming the wrong one of `gateway` and `netmask`."""
    check_ip4("gateway", gateway)
    try:
        return IPv4Network(f"{gateway}/{netmask}", strict=False)
    except (NetmaskValueError, ValueError) as error:
        raise ParameterError(f"Invalid parameter netmask {netmask}: give one such as 255.255.255.0") from error


def check_range(subnet: IPv4Network, gateway: str, start_ip: str, end_ip: str) -> None:
    """Raises ParameterError unless start and end lie in the subnet, in order, and leave the gateway out."""
    check_ip4("startip", start_ip)
    check_ip4("endip", end_ip)
    first, last = IPv4Address(start_ip), IPv4Address(end_ip)
    if first > last:
        raise ParameterError(f"The startip {start_ip} must not lie behind the endip {end_ip}")
    for name, address in (("startip", first), ("endip", last)):
        if address not in subnet:
            raise ParameterError(f"The {name} {address} is not in the subnet {subnet} of the gateway")
    if first <= IPv4Address(gateway) <= last:
        raise ParameterError(f"The gateway {gateway} must not lie in the range {start_ip}-{end_ip}")


def range_size(start_ip: str, end_ip: str) -> int:
    """How many addresses a range holds, both ends included."""
    return int(IPv4Address(end_ip)) - int(IPv4Address(start_ip)) + 1
