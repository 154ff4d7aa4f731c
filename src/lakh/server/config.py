"""The server's configuration: one TOML file, then environment, then flags; the later wins. Unknown keys are refused.

    # lakh.toml
    data_folder = "/var/lib/lakh"
    store = "postgresql://lakh@/lakh"
    api_port = 8080

Environment: LAKH_ and the key in capitals, LAKH_API_PORT=8081. A secret is better kept there or in the file: everybody
on the machine may read a command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec

from lakh.base import limits
from lakh.base.errors import LakhError

PREFIX = "LAKH_"
SECRETS = frozenset({"store", "admin_password", "admin_api_key", "admin_secret_key"})
"""Keys that are a secret, or may hold one as a store's address may."""


class ConfigurationError(LakhError):
    """A key that is unknown or a value that does not fit; the text names it and says what would be right."""


class Configuration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Every key with its default."""

    data_folder: str = "data"  # certificates, sockets and the embedded store live here
    store: str = ""  # sqlite:///path or postgresql://…; empty is lakh.db in the data folder
    name: str = "lakh-1"  # this management server's name, one per server of an installation
    api_host: str = "0.0.0.0"  # address of the API
    api_port: int = 8080  # port of the API
    agent_host: str = "0.0.0.0"  # address for agents
    agent_port: int = 8250  # port for agents
    integration_host: str = "127.0.0.1"  # address of the unauthenticated port
    integration_port: int = 0  # 0 is off
    advertised_host: str = "127.0.0.1"  # what agents are told to dial (setting `host` wins where set)
    metrics_from: str = "127.0.0.0/8,::1/128"  # address blocks whose clients may read /metrics
    controls: int = 1  # control processes; more than one share a store on PostgreSQL
    gateways: int = 0  # gateway processes; 0 is by number of hosts
    log_level: str = "info"  # debug, info, warning, error
    admin_password: str = "password"  # of user admin, used only when the store is made
    admin_api_key: str = ""  # API key of user admin, used only when the store is made; empty is none
    admin_secret_key: str = ""  # its secret key

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{Path(self.data_folder).absolute() / 'lakh.db'}"

    @property
    def bus_path(self) -> str:
        return self.bus_path_of(1)

    def bus_path_of(self, number: int) -> str:
        """Where gateways find a control process, by its place."""
        return str(Path(self.data_folder).absolute() / ("bus.sock" if number == 1 else f"bus-{number}.sock"))

    def peer_path_of(self, number: int) -> str:
        """Where the other control processes find one, by its place."""
        return str(Path(self.data_folder).absolute() / f"control-{number}.sock")


def read(path: str | None, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Configuration:
    """The configuration in force. Flags that are None were not given. Raises ConfigurationError."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values |= msgspec.toml.decode(Path(path).read_bytes(), type=dict[str, Any])
        except OSError as error:
            raise ConfigurationError(f"{path}: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise ConfigurationError(f"{path}: {error}") from None
    kinds = {f.name: f.type for f in msgspec.structs.fields(Configuration)}
    for name in kinds:
        if (text := environment.get(PREFIX + name.upper())) is not None:
            values[name] = text
    values |= {name: value for name, value in flags.items() if value is not None}
    unknown = sorted(values.keys() - kinds.keys())
    if unknown:
        raise ConfigurationError(f"unknown key {unknown[0]}; known are {', '.join(sorted(kinds))}")
    try:
        found = msgspec.convert(values, Configuration, strict=False)
    except msgspec.ValidationError as error:
        text, _, key = str(error).rpartition(" - at `$.")
        raise ConfigurationError(f"{key.rstrip('`')}: {text}" if text else str(error)) from None
    for block in found.metrics_from.split(","):
        try:
            ip_network(block.strip(), strict=False)
        except ValueError:
            raise ConfigurationError(
                f"metrics_from: {block.strip()!r} is no address block; give a comma-separated list such as"
                " 127.0.0.0/8,10.1.0.0/16"
            ) from None
    _check_controls(found)
    return found


def _check_controls(found: Configuration) -> None:
    if not 1 <= found.controls <= limits.CONTROLS:
        raise ConfigurationError(
            f"controls: {found.controls} control processes; give a number from 1 to {limits.CONTROLS}"
        )
    if found.controls > 1 and not found.store_url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            f"controls: {found.controls} control processes cannot share the embedded store, which has one writer; set"
            " store to postgresql://user@host/name, or controls to 1"
        )


def handed_on(flags: Mapping[str, Any], config_path: str | None) -> tuple[list[str], dict[str, str]]:
    """Flags as a child process gets them: (its command line, additions to its environment, where secrets go)."""
    given = {name: str(value) for name, value in flags.items() if value is not None}
    line = [f"--{name.replace('_', '-')}={value}" for name, value in given.items() if name not in SECRETS]
    if config_path is not None:
        line.append(f"--config={config_path}")
    return line, {PREFIX + name.upper(): value for name, value in given.items() if name in SECRETS}
