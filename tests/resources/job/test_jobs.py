"""Asynchronous jobs as clients see them."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

from tests.api import Api
from tests.refusal import refused

from lakh.store.statement import TxnSpec


async def test_a_finished_job_has_every_field_of_the_conventions(api: Api) -> None:
    joe = await api.user("joe")
    started = await api.admin.call("disableUser", id=joe.user.uuid)
    assert started.keys() == {"jobid"}
    await api.admin.client.wait(started["jobid"])
    job = await api.admin.call("queryAsyncJobResult", jobid=started["jobid"])
    assert job.pop("created").endswith("+0000")
    assert job.pop("completed").endswith("+0000")
    assert job.pop("jobresult")["user"]["state"] == "disabled"
    domain = (await api.admin.call("listDomains", name="ROOT"))["domain"][0]
    assert job == {
        "accountid": api.admin.account.uuid,
        "account": "admin",
        "domainid": domain["id"],
        "domainpath": "ROOT",
        "userid": api.admin.user.uuid,
        "cmd": "org.apache.cloudstack.api.command.admin.user.DisableUserCmd",
        "jobstatus": 1,
        "jobprocstatus": 0,
        "jobresultcode": 0,
        "jobresulttype": "object",
        "jobinstancetype": "User",
        "jobinstanceid": joe.user.uuid,
        "jobid": started["jobid"],
    }


async def test_jobs_are_answered_from_the_store_once_memory_has_forgotten_them(api: Api) -> None:
    joe = await api.user("joe")
    done = await api.admin.job("disableUser", id=joe.user.uuid)
    remembered = await api.admin.call("queryAsyncJobResult", jobid=done["jobid"])
    api.cloud.worker._finished.clear()
    assert await api.admin.call("queryAsyncJobResult", jobid=done["jobid"].upper()) == remembered


async def test_a_failed_job_carries_code_and_text_only(api: Api) -> None:
    sales = await api.domain("sales")
    boss = await api.user("boss", sales, kind=2)
    api.cloud.worker.probe = _break
    started = await api.admin.call("disableAccount", id=boss.account.uuid, lock=True)
    await api.cloud.worker.wait(started["jobid"])
    job = await api.admin.call("queryAsyncJobResult", jobid=started["jobid"])
    assert (job["jobstatus"], job["jobresultcode"], job["jobresulttype"]) == (2, 530, "object")
    assert job["jobresult"].keys() == {"errorcode", "errortext"}


def _break(when: str, job: object, step: str) -> None:
    if (when, step) == ("before", "answer"):
        raise RuntimeError("the disk is on fire")


async def test_jobs_are_seen_by_owner_domain_admin_and_root_only(api: Api) -> None:
    sales = await api.domain("sales")
    boss, joe = await api.user("boss", sales, kind=2), await api.user("joe", sales)
    sue = await api.user("sue")
    pair = (await joe.call("registerUserKeys", id=joe.user.uuid))["userkeys"]
    job = (await joe.job("deleteUserKeys", keypairid=pair["id"]))["jobid"]
    for who in (joe, boss, api.admin):
        assert (await who.call("queryAsyncJobResult", jobid=job))["jobstatus"] == 1
    await refused(sue.call("queryAsyncJobResult", jobid=job), 531, "does not have permission")
    assert (await joe.call("listAsyncJobs"))["asyncjobs"][0]["jobid"] == job
    assert (await boss.call("listAsyncJobs", listall=True))["count"] == 1
    assert await boss.call("listAsyncJobs") == {}
    assert await sue.call("listAsyncJobs", listall=True) == {}
    assert await api.admin.call("listAsyncJobs", listall=True, startdate="2100-01-01") == {}


async def test_the_client_may_choose_the_jobs_uuid(api: Api) -> None:
    joe = await api.user("joe")
    chosen = "0190abcd-0000-7000-8000-00000000beef"
    started = await api.admin.call("disableUser", id=joe.user.uuid, customjobid=chosen)
    assert started["jobid"] == chosen
    await api.admin.client.wait(chosen)
    await refused(api.admin.call("disableUser", id=joe.user.uuid, customjobid=chosen), 431, "exists already")
    await refused(api.admin.call("disableUser", id=joe.user.uuid, customjobid="x"), 431, "customjobid")


async def test_a_job_result_in_xml(api: Api) -> None:
    joe = await api.user("joe")
    job = (await api.admin.job("disableUser", id=joe.user.uuid))["jobid"]
    answer = await api.admin.get(command="queryAsyncJobResult", jobid=job, response="xml")
    assert answer.header("content-type") == "text/xml; charset=UTF-8"
    root = ElementTree.fromstring(answer.body)
    assert (root.tag, root.get("cloud-stack-version")) == ("queryasyncjobresultresponse", "4.23.0.0")
    assert root.findtext("jobresult/user/state") == "disabled"
    assert root.findtext("jobid") == job


async def test_a_listed_object_names_the_job_that_works_on_it(api: Api) -> None:
    joe = await api.user("joe")
    reached, go_on = asyncio.Event(), asyncio.Event()
    submit = api.cloud.store.submit

    async def held(txn: TxnSpec) -> list[int]:
        if txn.label.startswith("disableUser.disable"):
            reached.set()
            await go_on.wait()
        return await submit(txn)

    api.cloud.store.submit = held  # type: ignore[method-assign]
    started = await api.admin.call("disableUser", id=joe.user.uuid)
    await reached.wait()
    seen = (await api.admin.call("listUsers", listall=True))["user"]
    assert [(user["username"], user.get("jobid"), user.get("jobstatus")) for user in seen] == [
        ("admin", None, None),
        ("joe", started["jobid"], 0),
    ]
    go_on.set()
    await api.admin.client.wait(started["jobid"])
    assert "jobid" not in (await api.admin.call("listUsers", id=joe.user.uuid))["user"][0]
