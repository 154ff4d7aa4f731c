"""One live installation for clients that others wrote: a server and a small fleet as processes, built by API calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import requests
from cs import CloudStack
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from lakh.contract.client import Client
from lakh.lab.installation import Installation, furnish, prepare, until
from lakh.lab.processes import Fleet, Server, free_port

HOSTS = 23
"""Three in the advanced zone; one cluster of twenty in the zone with security groups."""
CONNECT_SECONDS = 90.0


@dataclass(slots=True)
class Live:
    """Where the server is, and the keys of root's admin and of the account `demo`."""

    port: int
    built: Installation
    admin_keys: tuple[str, str]
    user_keys: tuple[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/client/api"

    def cs(self, keys: tuple[str, str] | None = None) -> CloudStack:
        """exoscale's client, by default of the account `demo`."""
        key, secret = keys or self.user_keys
        return CloudStack(endpoint=self.url, key=key, secret=secret, poll_interval=0.05, job_timeout=120)

    def driver(self, keys: tuple[str, str] | None = None) -> Any:
        """libcloud's driver over plain HTTP, by default of the account `demo`."""
        key, secret = keys or self.user_keys
        made = get_driver(Provider.CLOUDSTACK)(
            key, secret, secure=False, host="127.0.0.1", port=self.port, path="/client/api"
        )
        made.connection.poll_interval = 0.05
        return made


@contextmanager
def running(folder: Path) -> Iterator[Live]:
    """Starts everything, yields it with all hosts Up and templates ready, and leaves no process behind."""
    port, agent_port = free_port(), free_port()
    started: list[Server | Fleet] = [Server(folder, port, agent_port)]
    try:
        yield asyncio.run(_build(folder, port, agent_port, started))
    except BaseException:
        print((folder / "server.log").read_text(errors="replace")[-4000:])  # noqa: T201 - shown when a test fails
        raise
    finally:
        for process in reversed(started):
            process.stop()


async def _build(folder: Path, port: int, agent_port: int, started: list[Server | Fleet]) -> Live:
    server = started[0]
    assert isinstance(server, Server)
    await server.ready()
    keys = await asyncio.to_thread(admin_keys, port)
    async with Client("127.0.0.1", port, *keys) as admin:
        built = await prepare(admin, HOSTS, lambda _: None)
        fleet = Fleet(folder, f"127.0.0.1:{agent_port}", built.fleet_map(), cpus="16", memory="32")
        started.append(fleet)

        async def all_up() -> bool:
            fleet.check()
            up = await admin.call("listHosts", type="Routing", state="Up", page=1, pagesize=1)
            return int(up.get("count", 0)) >= HOSTS

        await until(all_up, CONNECT_SECONDS, "not all hosts are Up")
        async with Client("127.0.0.1", port, built.api_key, built.secret_key) as user:
            if not __import__("os").environ.get("NOFURNISH"):
                await furnish(admin, user, built, lambda _: None)
    return Live(port, built, keys, (built.api_key, built.secret_key))


def admin_keys(port: int) -> tuple[str, str]:
    """Logs in as a browser would and registers the first admin's keys."""
    browser = Browser(port)
    user = browser.post("login", username="admin", password="password")
    made = browser.get("registerUserKeys", id=user["userid"])["userkeys"]
    return made["apikey"], made["secretkey"]


class Browser:
    """The user interface's way in: a session cookie, and the session key in every call."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/client/api/"
        self.session = requests.Session()
        self.key = ""
        self.statuses: list[tuple[str, int]] = []

    def get(self, command: str, **parameters: Any) -> dict[str, Any]:
        key = {"sessionkey": self.key} if self.key else {}
        return self._read(
            command, self.session.get(self.url, params={"command": command, "response": "json", **key, **parameters})
        )

    def post(self, command: str, **parameters: Any) -> dict[str, Any]:
        key = {"sessionkey": self.key} if self.key else {}
        found = self._read(
            command,
            self.session.post(self.url, data={"command": command, "response": "json", **key, **parameters}),
        )
        self.key = found.get("sessionkey", self.key)
        return found

    def _read(self, command: str, response: requests.Response) -> dict[str, Any]:
        self.statuses.append((command, response.status_code))
        assert response.headers["Content-Type"].startswith("application/json"), command
        ((name, content),) = msgspec.json.decode(response.content).items()
        assert name.endswith("response"), name
        return dict(content)
