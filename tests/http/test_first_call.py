"""A signed request reaches a command and its JSON comes back."""

from __future__ import annotations

import pytest
from tests.api import Api

from lakh.contract.client import ClientError

UNKNOWN = "00000000-0000-0000-0000-000000000000"


async def test_unknown_job_is_431_with_the_text_clients_parse(api: Api) -> None:
    with pytest.raises(ClientError) as raised:
        await api.admin.call("queryAsyncJobResult", jobid=UNKNOWN)
    assert (raised.value.status, raised.value.errorcode) == (431, 431)
    assert f"Invalid parameter jobid value={UNKNOWN} due to incorrect long value format, or entity does not" in (
        raised.value.text
    )


async def test_a_wrong_secret_is_401_in_the_commands_envelope(api: Api) -> None:
    thief = api.client(api.admin.api_key, "guess")
    answer = await thief.get(thief.query("queryAsyncJobResult", {"jobid": UNKNOWN}))
    assert answer.status == 401
    assert answer.body == (
        b'{"queryasyncjobresultresponse":{"uuidList":[],"errorcode":401,'
        b'"errortext":"unable to verify user credentials and/or request signature"}}'
    )
