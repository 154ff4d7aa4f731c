"""A pytest plugin that listens to every API call of the tests: our client's, and those of clients on `requests`.

    python -m pytest -p tests.coverage.recorder

It is off unless LAKH_API_COVERAGE names a folder; there each process leaves one file at its end, and
`python -m tests.coverage` (`make coverage`) makes the document of them. Failed tests prove nothing.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
import requests
from tests.coverage import reference
from tests.coverage.observations import Call, Evidence, Observations

from lakh.contract.client import Answer, Client

FOLDER = "LAKH_API_COVERAGE"


class Recorder:
    """Collects what passed tests prove."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.all = Observations()
        self.test = self._fresh()
        self.failed = False
        self._undo: list[Callable[[], None]] = []

    def _fresh(self) -> Evidence:
        return Evidence(reference.shapes(), reference.nested())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.test, self.failed = self._fresh(), False
        result = yield
        if not self.failed:
            self.all.take(self.test)
        return result  # type: ignore[return-value]  # of a hook wrapper's generator

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_sessionfinish(self) -> None:
        for undo in self._undo:
            undo()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{uuid.uuid4().hex}.json").write_bytes(msgspec.json.encode(self.all))

    # --- listening -------------------------------------------------------------------------------------------------
    def listen(self) -> None:
        """Puts itself between the clients and what they call."""
        send, session_send = Client.send, requests.Session.send

        async def recorded(client: Client, request: bytes) -> Answer:
            answer = await send(client, request)
            head, _, body = request.partition(b"\r\n\r\n")
            line, _, headers = head.partition(b"\r\n")
            self.hear(line.split(b" ")[1].decode("latin-1"), body, answer.status, answer.body, _cookie(headers))
            return answer

        def recorded_session(session: requests.Session, request: Any, **options: Any) -> requests.Response:
            response = session_send(session, request, **options)
            body = request.body or b""
            body = body.encode() if isinstance(body, str) else body
            if isinstance(body, bytes) and not options.get("stream"):
                self.hear(request.url, body, response.status_code, response.content, request.headers.get("Cookie", ""))
            return response

        Client.send = recorded  # type: ignore[method-assign]
        requests.Session.send = recorded_session  # type: ignore[method-assign,assignment]
        self._undo = [lambda: setattr(Client, "send", send), lambda: setattr(requests.Session, "send", session_send)]

    def hear(self, url: str, body: bytes, status: int, answer: bytes, cookie: str) -> None:
        """One request and its answer; what is no API call or no JSON is left aside."""
        path, _, query = url.partition("?")
        if "/client/api" not in path:
            return
        try:
            given = dict(parse_qsl(body.decode(), keep_blank_values=True))
            given |= dict(parse_qsl(query, keep_blank_values=True))
            decoded = msgspec.json.decode(answer)
        except (UnicodeDecodeError, ValueError):
            return
        if not isinstance(decoded, dict) or len(decoded) != 1:
            return
        (content,) = decoded.values()
        if isinstance(content, dict) and "command" in given:
            command = given["command"]
            self.all.calls[command] = self.all.calls.get(command, 0) + 1
            caller = next((v for k, v in given.items() if k.lower() == "apikey"), cookie)
            self.test.add(Call(command, given, caller, status, content))


def _cookie(headers: bytes) -> str:
    found = [line for line in headers.split(b"\r\n") if line.lower().startswith(b"cookie:")]
    return found[0].decode("latin-1") if found else ""


def pytest_configure(config: pytest.Config) -> None:
    folder = os.environ.get(FOLDER)
    controls_workers = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    if folder and not controls_workers:
        recorder = Recorder(Path(folder))
        recorder.listen()
        config.pluginmanager.register(recorder, "lakh-api-coverage")
