"""listProjects: groups of accounts that own things together. There are none yet."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs
from lakh.contract.view import View
from lakh.resources.account.ownership import scope_of
from lakh.resources.command import Call, ListCommand, Listed


class ProjectView(View):
    OBJECT: ClassVar[str] = "project"

    id: str | None = None
    name: str | None = None
    state: str | None = None
    displaytext: str | None = None


class ListProjects(ListCommand, answer=ProjectView):
    """Lists the projects that the caller may see."""

    id: Id | None = param("this project", entity="project")
    name: str | None = param("the project of this name")
    state: str | None = param("the projects in this state")
    account: str | None = param("the projects that this account is in")
    domainid: Id | None = param("the projects of this domain", entity="domain")
    isrecursive: bool = param("with domainid: its whole subtree", default=False)
    listall: bool = param("all that the caller may see", default=False)
    tags: Pairs = param("the projects with one of these tags")

    async def run(self, call: Call) -> Listed:
        await scope_of(
            call, account=self.account, domain_id=self.domainid, recursive=self.isrecursive, list_all=self.listall
        )
        self.window()
        return Listed(0, [])
