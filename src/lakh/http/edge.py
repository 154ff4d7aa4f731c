"""The HTTP side of one server: routes, the API port, and the integration port where asked for.

edge = Edge(cloud, registry=registry, ready=lambda: None)
port = await edge.start("127.0.0.1", 8080)
…
await edge.stop()
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from lakh.base.errors import MethodNotAllowedError
from lakh.contract.encoding import ERROR_RESPONSE, error_answer
from lakh.http.dispatch import Dispatcher
from lakh.http.figures import RequestFigures
from lakh.http.listener import Listener
from lakh.http.message import Request, Response
from lakh.http.origin import LOOPBACK, comes_from
from lakh.http.sessions import Sessions
from lakh.http.static import StaticFolder
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings

_TEXT = b"text/plain; charset=utf-8"


class Edge:
    """Serves the API of one cloud.

    `ready` says why the server cannot serve yet, or None; `registry` is what /metrics prints; `ui` is a folder of
    static files served under /client/; `metrics_from` the address blocks whose clients may read
    /metrics, which tells what the cloud is doing.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        registry: CollectorRegistry | None = None,
        ready: Callable[[], str | None] = lambda: None,
        ui: Path | None = None,
        metrics_from: str = LOOPBACK,
    ) -> None:
        self.sessions = Sessions(cloud.clock)
        self.registry = registry if registry is not None else CollectorRegistry()
        self.dispatcher = Dispatcher(cloud, self.sessions, RequestFigures(self.registry))
        self.listener = Listener(self._route, cloud.clock)
        self.integration = Listener(self._trusted, cloud.clock)
        self._ready = ready
        self._ui = StaticFolder(ui) if ui is not None else None
        self._metrics_from = metrics_from
        self._settings = cloud.part(Settings)

    async def start(self, host: str, port: int, *, shared: bool = False) -> int:
        """Opens the API port and returns it; `shared` with other control processes. Raises PortTakenError."""
        return await self.listener.start(host, port, shared=shared)

    async def start_integration(self, port: int, host: str = "127.0.0.1", *, shared: bool = False) -> int:
        """Opens the integration port: no credentials, full rights, so loopback unless told otherwise."""
        return await self.integration.start(host, port, shared=shared)

    async def stop(self) -> None:
        """Lets answers under way finish, then closes both ports."""
        await self.listener.stop()
        await self.integration.stop()

    async def _route(self, request: Request) -> Response:
        path = request.path
        if path == "/client/api" or path.startswith("/client/api/"):
            if request.method not in ("GET", "POST"):
                return _method_not_allowed(request.method)
            return await self.dispatcher.answer(request)
        if request.method != "GET":
            return _method_not_allowed(request.method)
        if path == "/healthz":
            return Response(200, b"ok\n", _TEXT)
        if path == "/readyz":
            why_not = self._ready()
            return (
                Response(200, b"ready\n", _TEXT) if why_not is None else Response(503, f"{why_not}\n".encode(), _TEXT)
            )
        if path == "/metrics":
            if not comes_from(request, self._metrics_from, self._settings):
                return Response(403, b"not from this address: see metrics_from in lakh server --help\n", _TEXT)
            return Response(200, generate_latest(self.registry), CONTENT_TYPE_LATEST.encode())
        if self._ui is not None and path.startswith("/client/"):
            return self._ui.answer(path.removeprefix("/client/"))
        return Response(404, b"not found: the API is at /client/api\n", _TEXT)

    async def _trusted(self, request: Request) -> Response:
        """Any path; parameters from the request line only."""
        if request.method not in ("GET", "POST"):
            return _method_not_allowed(request.method)
        request.body = b""
        return await self.dispatcher.answer(request, trusted=True)


def _method_not_allowed(method: str) -> Response:
    error = MethodNotAllowedError(f"Method {method} is not supported: use GET or POST")
    return Response(405, error_answer(ERROR_RESPONSE, error), headers=((b"Allow", b"GET, POST"),))
