"""Where agents find this installation's management servers."""

from __future__ import annotations

from lakh.catalogue.settings import fresh_value
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings


class ServerAddress:
    """A part of the cloud. The server says what it listens on; settings `host` and `port` win where they were set."""

    def __init__(self, cloud: Cloud) -> None:
        self._settings = cloud.part(Settings)
        self._host, self._port = "", 0

    def use(self, host: str, port: int) -> None:
        """What this server's own configuration says."""
        self._host, self._port = host, port

    @property
    def hosts(self) -> str:
        """Addresses, comma-separated, as agents and system VMs are told."""
        return self._chosen("host") or self._host or self._settings.text("host")

    @property
    def port(self) -> int:
        return int(self._chosen("port") or self._port or self._settings.text("port"))

    def _chosen(self, name: str) -> str:
        """The setting's value where an operator has changed it."""
        value = self._settings.text(name)
        return "" if value == fresh_value(name) else value
