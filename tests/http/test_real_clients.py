"""Clients that others wrote, as people install them."""

from __future__ import annotations

import asyncio

import pytest
from cs import CloudStack, CloudStackApiException
from tests.api import Api


async def test_exoscale_cs_lists_pages_fails_and_waits_for_jobs(api: Api) -> None:
    joe = await api.user("joe")
    for i in range(7):
        await api.domain(f"d{i} ~[*]")

    def story() -> None:
        client = CloudStack(
            endpoint=f"http://127.0.0.1:{api.port}/client/api",
            key=api.admin.api_key,
            secret=api.admin.secret_key,
            poll_interval=0.01,
        )
        assert client.listDomains()["count"] == 8
        names = [domain["name"] for domain in client.listDomainChildren(fetch_list=True, page_size=3)]
        assert names == [f"d{i} ~[*]" for i in range(7)]
        assert client.listDomains(name="d3 ~[*]")["count"] == 1
        done = client.disableUser(id=joe.user.uuid, fetch_result=True)
        assert done["user"]["state"] == "disabled"
        with pytest.raises(CloudStackApiException) as raised:
            client.listUsers(id="0190abcd-0000-7000-8000-00000000beef")
        assert raised.value.error["errorcode"] == 431

    await asyncio.to_thread(story)
