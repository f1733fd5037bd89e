"""`{% load tables %}`: the tables of billing, framed alike."""

from django import template
from django.core.paginator import Page
from django.template.context import RequestContext
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag(takes_context=True)
def paged_table(
    context: RequestContext,
    content: SafeString,
    *,
    name: str,
    page: Page | None = None,
    caption: str = "",
    anchor: str = "",
) -> str:
    """Frame the head and the body of a table, the pager of `page` below it.

    `name` says to a screen reader what scrolls; it is the caption too, unseen, without `caption`.
    """
    frame = template.loader.get_template("billing/_table.html")
    return frame.render(
        {
            "rows": content,
            "name": name,
            "page": page if page and page.has_other_pages() else None,
            "caption": caption,
            "anchor": anchor,
        },
        context["request"],
    )
