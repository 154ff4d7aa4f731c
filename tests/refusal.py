"""The shape of an expected error: `await refused(client.call(…), 431, "part of the text")`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from lakh.contract.client import ClientError


async def refused(call: Awaitable[Any], errorcode: int, text: str) -> None:
    """Fails unless the call is answered with that error code and a text that holds `text`."""
    with pytest.raises(ClientError) as raised:
        await call
    assert raised.value.errorcode == errorcode, raised.value
    assert text in raised.value.text
