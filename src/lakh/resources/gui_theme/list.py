"""listGuiThemes: looks of the user interface for accounts and domains. There are none."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed


class GuiThemeView(View):
    OBJECT: ClassVar[str] = "guiThemes"

    id: str | None = None
    name: str | None = None
    description: str | None = None
    css: str | None = None
    jsonconfiguration: str | None = None
    ispublic: bool | None = None


class ListGuiThemes(ListCommand, answer=GuiThemeView, since="4.21.0.0", public=True):
    """Lists GUI themes."""

    name: str | None = param("the theme of this name")
    commonname: str | None = param("the themes of this host name")
    listonlydefaulttheme: bool = param("only the default theme", default=False)

    async def run(self, call: Call) -> Listed:
        self.window()
        return Listed(0, [])
