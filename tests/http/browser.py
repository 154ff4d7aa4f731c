"""A client that logs in and keeps cookies, as the user interface does."""

from __future__ import annotations

import msgspec
from tests.api import PASSWORD

from lakh.contract.client import Answer, Client

CREDENTIALS = f"command=login&response=json&username=joe&password={PASSWORD.replace(' ', '+')}"


class Browser:
    """Keeps cookies as a browser would."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.key = ""

    def _header(self) -> str:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return f"Cookie: {kept}\r\n" if kept else ""

    def _keep(self, answer: Answer) -> Answer:
        for name, value in answer.headers:
            if name.lower() == b"set-cookie":
                cookie, _, _ = value.decode().partition(";")
                self.cookies.__setitem__(*cookie.split("=", 1))
        return answer

    async def post(self, body: str) -> Answer:
        return self._keep(await self.client.post(body, self._header()))

    async def login(self, body: str = CREDENTIALS) -> Answer:
        answer = await self.post(body)
        if answer.status == 200:
            self.key = content(answer)["sessionkey"]
        return answer

    async def get(self, query: str, key: str | None = None, *, show_key: bool = True) -> Answer:
        """`key` instead of the session's own as a parameter; none at all without `show_key`."""
        shown = f"&sessionkey={self.key if key is None else key}" if show_key else ""
        return self._keep(await self.client.get(f"{query}&response=json{shown}", self._header()))


def content(answer: Answer) -> dict[str, object]:
    ((_, inner),) = msgspec.json.decode(answer.body).items()
    return inner  # type: ignore[no-any-return]
