"""French numbers, dates and places in the documents' templates."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from communes import french
from documents.letterheads import place, source
from documents.wording import typography
from documents.wording.values import lower_article, unbroken

register = template.Library()
register.filter("long_date", lambda day: unbroken(typography.long_date(day)))
register.filter("siret", lambda number: number and unbroken(typography.siret(number)))
register.filter("lower_article", lower_article)
register.filter("at", french.at)
register.filter("with_article", french.with_article)
register.filter("of_body", lambda name: french.of_article(french.with_article(name)))


@register.simple_tag
def letterhead(name: str, of_whom: str) -> SafeString:
    """Return the image of that name in the storage, at the head "of the commune d'Agde"."""
    address = source(name)
    return format_html(
        '<img class="emblem" style="width: {}mm; height: {}mm" src="{}" alt="En-tête {}">',
        *place(address),
        address,
        of_whom,
    )
