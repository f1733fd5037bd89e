"""French numbers, dates and places in the documents' templates."""

from django import template

from communes import french
from documents.letterheads import source
from documents.wording import typography
from documents.wording.values import lower_article, unbroken

register = template.Library()
register.filter("long_date", lambda day: unbroken(typography.long_date(day)))
register.filter("siret", lambda number: number and unbroken(typography.siret(number)))
register.filter("letterhead_source", source)
register.filter("lower_article", lower_article)
register.filter("at", french.at)
register.filter("with_article", french.with_article)
