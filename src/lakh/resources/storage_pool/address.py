"""Where a pool lies: the URL that createStoragePool is given."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lakh.base.errors import ParameterError

_TYPES = {
    "nfs": ("NetworkFilesystem", 2049),
    "networkfilesystem": ("NetworkFilesystem", 2049),
    "sharedmountpoint": ("SharedMountPoint", 0),
    "rbd": ("RBD", 6789),
    "gluster": ("Gluster", 24007),
    "clvm": ("CLVM", 0),
}


class PoolAddress(NamedTuple):
    """`secret` is the RBD user and key, which no answer shows."""

    type: str
    host: str
    path: str
    port: int
    secret: str


def parse_url(url: str) -> PoolAddress:
    """Reads nfs://host/path, SharedMountPoint:///path, rbd://user:key@monitor:port/pool and their like.

    Raises ParameterError that names what is missing. An RBD key may hold slashes: only the last one ends it.
    """
    scheme, mark, rest = url.partition("://")
    known = _TYPES.get(scheme.lower())
    if not mark or known is None:
        raise ParameterError(
            "Invalid parameter url: give nfs://host/path, SharedMountPoint://localhost/path,"
            " rbd://user:key@monitor/pool, gluster://host/volume or clvm://localhost/group"
        )
    kind, port = known
    secret, _, tail = rest.rpartition("@") if kind == "RBD" else ("", "", rest)
    parts = urlsplit(f"//{tail}")
    try:
        port = parts.port or port
    except ValueError as error:
        raise ParameterError("Invalid parameter url: its port must be a number up to 65535") from error
    host, path = parts.hostname or "", unquote(parts.path)
    if not host and kind in ("SharedMountPoint", "CLVM"):
        host = "localhost"
    if not host:
        raise ParameterError("Invalid parameter url: it names no host")
    if not path.strip("/"):
        raise ParameterError("Invalid parameter url: it names no path behind the host")
    if kind in ("RBD", "CLVM", "Gluster"):
        path = path.strip("/")
    return PoolAddress(kind, host, path.rstrip("/"), port, secret)
