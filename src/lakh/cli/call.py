"""`lakh api`: one signed call."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from urllib.parse import urlsplit

import msgspec

from lakh.contract.client import Client, ClientError


def call(command: str, parameters: tuple[str, ...], url: str, key: str, secret: str, wait: bool) -> int:
    """Prints the answer as indented JSON, an error on standard error. Returns the exit code."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals:
            print(f"lakh api: {parameter}: give parameters as name=value", file=sys.stderr)  # noqa: T201
            return 2
        values[name] = value
    try:
        answer = asyncio.run(_call(command, values, url, key, secret, wait))
    except ClientError as error:
        print(f"lakh api: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(msgspec.json.format(msgspec.json.encode(answer)).decode())  # noqa: T201
    return 0


async def _call(command: str, values: dict[str, Any], url: str, key: str, secret: str, wait: bool) -> dict[str, Any]:
    parts = urlsplit(url)
    async with Client(parts.hostname or "127.0.0.1", parts.port or 80, key, secret, path=parts.path) as client:
        run = client.job if wait else client.call
        return await run(command, **values)
