"""URLs that templates are downloaded from: their form, and whether they fit the format."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from lakh.base.errors import ParameterError

SCHEMES: Final = ("http", "https", "ftp", "nfs")
ENDINGS: Final = {
    "QCOW2": ("qcow2", "img"),
    "RAW": ("raw", "img"),
    "VHD": ("vhd",),
    "VHDX": ("vhdx",),
    "OVA": ("ova",),
    "VMDK": ("vmdk",),
    "TAR": ("tar",),
    "ISO": ("iso",),
}
"""Formats, and what the path of a URL must end in; each may be packed besides."""
PACKED: Final = ("zip", "bz2", "gz")


def check_format(text: str) -> str:
    """The format's name. Raises ParameterError that lists them."""
    found = text.upper()
    if found not in ENDINGS:
        raise ParameterError(f"Invalid format {text}: give one of {', '.join(ENDINGS)}")
    return found


def check_url(url: str, image_format: str) -> None:
    """Raises ParameterError for what cannot be downloaded: no URL, a host that only means ourselves, another format.

    Whether the name resolves is the secondary storage VM's to find out: it is that VM which downloads.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ParameterError(f"Invalid URL {url[:255]}: {error}") from None
    if parts.scheme.lower() not in SCHEMES:
        raise ParameterError(f"Unsupported scheme for url {url[:255]}: it must begin with {', '.join(SCHEMES)}")
    if not host:
        raise ParameterError(f"Invalid URL {url[:255]}: it names no host")
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if address is not None and (
        address.is_unspecified or address.is_loopback or address.is_link_local or address.is_multicast
    ):
        raise ParameterError(f"Illegal host specified in url: {host}")
    path = parts.path.lower()
    for packed in PACKED:
        path = path.removesuffix(f".{packed}")
    if not path.endswith(tuple(f".{ending}" for ending in ENDINGS[image_format])):
        raise ParameterError(
            f"Please specify a valid {image_format.lower()}: the path of {url[:255]} must end in"
            f" {' or '.join('.' + ending for ending in ENDINGS[image_format])}, perhaps packed"
        )
