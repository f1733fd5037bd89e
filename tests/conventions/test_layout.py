"""E-mails of one layout: each as if all of it had been rendered and mended for it alone."""

import datetime

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string

from conventions.exchanges.layout import Layout
from typography import mend, mend_html

PLAIN = {
    "subject": "Convention ENT-École 2026-2027 : à vérifier",
    "paragraphs": "La convention est prête.\n\nVotre réponse est attendue avant le 1 mars 2027.",
    "collectivity": "Commune de Bourg",
    "schools": "2",
    "amount": "180,00 €",
    "reference": "2026-031",
    "link": "https://example.org/conventions/2026-2027/310690001/",
}
HARD = {
    "subject": "<b>L'école</b> & l'autre : \"1er\" ; \0link\0",
    "paragraphs": "Sa réponse : « </p><script>x</script> l'école »\nn° 3\n\n&amp; 12 h ?",
    "collectivity": "Commune d'<i>Agde</i> & {{ link }}",
    "schools": "1",
    "amount": "1\u202f234,50 €",
    "reference": "2026 x 12 : <R>",
    "link": "https://example.org/?a=1&b='2'",
}


@pytest.mark.parametrize("values", [PLAIN, HARD])
@pytest.mark.parametrize("to_town_hall", [True, False])
@pytest.mark.parametrize(
    ("reply_by", "contact"),
    [(None, ""), (datetime.date(2026, 12, 1), "Dominique D'EXEMPLE, <ent@example.org>")],
)
def test_an_email_is_what_its_templates_make_of_its_values(
    values, to_town_hall, reply_by, contact, settings
):
    settings.SITE_TAGLINE = "L'<u>école</u> : 1er & seul"
    fixed = {"to_town_hall": to_town_hall, "reply_by": reply_by, "contact": contact}
    body, html = Layout.of(**fixed).written(**values)

    whole = fixed | values
    whole |= {"site_name": settings.SITE_NAME, "site_tagline": settings.SITE_TAGLINE}
    whole |= {"link_days": "14"}
    text = render_to_string("notifications/layout.txt", whole).strip() + "\n"
    assert body == mend(text)
    whole["paragraphs"] = Template("{{ paragraphs|linebreaks }}").render(Context(values))
    assert "<script>" not in html
    assert html == mend_html(render_to_string("notifications/layout.html", whole))
