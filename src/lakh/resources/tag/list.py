"""listTags."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import Listing
from lakh.resources.tag.resources import kind_of
from lakh.resources.tag.row import TagRow
from lakh.resources.tag.view import TagView, tag_views

LISTING = Listing(
    TagRow,
    {
        "key": "tag_key = $",
        "value": "tag_value = $",
        "resourceid": "resource_uuid = $",
        "resourcetype": "resource_type = $",
        "customer": "customer = $",
    },
    keyword=("tag_key", "tag_value"),
    always="",
)


class ListTags(
    OwnedListCommand,
    answer=TagView,
    since="4.0.0",
    java_class="org.apache.cloudstack.api.command.user.tag.ListTagsCmd",
):
    """Lists tags with what they are on."""

    key: str | None = param("tags of this key")
    value: str | None = param("tags of this value")
    resourceid: str | None = param("tags on this resource")
    resourcetype: str | None = param("tags on resources of this kind")
    customer: str | None = param("tags for this customer")

    async def run(self, call: Call) -> Listed:
        scope = await owned_scope(call, self, by_id=self.resourceid is not None)
        filters = {
            "key": self.key,
            "value": self.value,
            "resourceid": self.resourceid.lower() if self.resourceid else None,
            "resourcetype": kind_of(self.resourcetype) if self.resourcetype else None,
            "customer": self.customer,
        }
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await tag_views(call.cloud, rows)))
