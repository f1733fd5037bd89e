"""What people read is set as French is: every string is read here as it leaves the product."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest
from django.test import override_settings
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

import typography
from config.settings import MIDDLEWARE
from documents.rendering import page_html
from outbox.models import Email
from outbox.posting import post
from tests.documents.samples import CONTEXTS, text
from typography import mend, mend_html

from .test_floors import ROOT, sources

# What is wrong wherever it is read, and why.
WRONG = (
    (re.compile(r"\w'\w"), "a straight apostrophe"),
    (re.compile(r"[ \n][;:!?»](?!\w)"), "a space that may end a line, before a sign"),
    (re.compile(r"«[ \n]|«\w"), "no no-break space after «"),
    (re.compile(r"\w»|\w[;!?](?=\s|$)"), "a sign without its space"),
    (re.compile(r"\d x \d"), "an x for ×"),
    (re.compile(r"\.\.\."), "three dots for …"),
    (re.compile(r"n° |\b[LRD]\. \d|\d €|\d %"), "a number parted from what announces it"),
    (re.compile(r"\b1 (janvier|mai|décembre)"), "a first that is no ordinal"),
)
# Read by programs, and patterns.
NOT_WORDS = re.compile(r"https?://\S+|\\[a-z]|\(\?|[A-Za-z_]+=|^[\w./%-]*$")
FRENCH = re.compile(
    r"[àâçéèêëîïôùûœ«»]|\b(le|la|les|de|des|du|et|un|une|est|pas|vous|votre)\b", re.I
)
TEMPLATE_SYNTAX = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def faults(words: str) -> list[str]:
    return [f"{why}: {found[0]!r}" for wrong, why in WRONG for found in wrong.finditer(words)]


def visible(html: str) -> str:
    """The words of a page, as a browser shows them."""
    words = re.sub(r"(?s)<!--.*?-->|<(script|style|textarea|code|pre|svg)\b.*?</\1>", "", html)
    return unescape(re.sub(r"<[^>]*>", "", words))


def spoken(html: str) -> str:
    """The words of its attributes, one a line."""
    said = r"""\s(?:aria-label|aria-description|title|alt|placeholder)=("[^"]*"|'[^']*')"""
    return "\n".join(unescape(value[1:-1]) for value in re.findall(said, html))


def of_template(path: Path) -> str:
    """A template's own words, what it calls for left out, as they are sent."""
    words = path.read_text(encoding="utf-8")
    # A word stands for each value: what is around it is read too.
    words = TEMPLATE_SYNTAX.sub(lambda found: "Z" if found[0][:2] == "{{" else "", words)
    if path.suffix != ".html":
        return mend(words)
    sent = mend_html(words)
    return f"{visible(sent)}\n{spoken(sent)}"


def strings(path: Path) -> list[tuple[int, str]]:
    """The French strings of a module, its documentation left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            value = "".join(p.value if isinstance(p, ast.Constant) else "Z" for p in node.values)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
        ):
            value = node.value
        else:
            continue
        if id(node) not in told and FRENCH.search(value) and not NOT_WORDS.search(value):
            found.append((node.lineno, value))
    return found


TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*.*") if path.suffix in (".html", ".txt")
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_template_is_sent_as_french_is_set(path):
    assert faults(of_template(path)) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_counts_as_english_does(path):
    """« 0 écoles », says Django's own filter: ours is `plural`."""
    assert "pluralize" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_string_is_shown_as_french_is_set(path):
    assert [(line, fault) for line, value in strings(path) for fault in faults(mend(value))] == []


@pytest.mark.parametrize("kind", CONTEXTS)
def test_every_text_is_printed_as_french_is_set(kind):
    words = visible(page_html(text(kind), CONTEXTS[kind]))
    assert faults(re.sub(r"https?://\S+", "", words)) == []


# --- The module -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("L'école d'Agde", "L’école d’Agde"),
        ("de l'« ENT-École »", "de l’«\u00a0ENT-École\u00a0»"),
        ("Sujet : oui ; non ? si !", "Sujet\u00a0: oui\u00a0; non\u00a0? si\u00a0!"),
        ("12 x 45 €", "12\u00a0×\u00a045\u00a0€"),
        ("L. 5211-10, n° 3", "L.\u00a05211-10, n°\u00a03"),
        ("2 écoles, 30 %", "2\u00a0écoles, 30\u00a0%"),
        ("le 1 décembre 2026", "le 1er\u00a0décembre 2026"),
        ("le 11 décembre 2026", "le 11\u00a0décembre 2026"),
        ("https://a.fr/?b=c à 12:30", "https://a.fr/?b=c à 12:30"),
    ],
)
def test_plain_text_is_mended(typed, printed):
    assert mend(typed) == printed


@pytest.mark.parametrize(
    ("html", "sent"),
    [
        (
            "<p title='a : b'>d&#x27;Agde : 1er mai</p>",
            "<p title='a\u00a0: b'>d’Agde\u00a0: 1<sup>er</sup>\u00a0mai</p>",
        ),
        (
            '<a aria-label="L&#x27;école : 1er mai" href="/?a : b">',
            '<a aria-label="L’école\u00a0: 1er\u00a0mai" href="/?a : b">',
        ),
        ("<img alt='n° 3' data-title='a : b'>", "<img alt='n°\u00a03' data-title='a : b'>"),
        (
            "<textarea placeholder='d&#39;Agde'>d'Agde : x</textarea>",
            "<textarea placeholder='d’Agde'>d'Agde : x</textarea>",
        ),
        ("<title>Le 1er mai</title>", "<title>Le 1er\u00a0mai</title>"),
        ("<b>Sujet</b> : x", "<b>Sujet</b>\u00a0: x"),
        ("<p>Sujet\n   : x</p>", "<p>Sujet\u00a0: x</p>"),
        ("<p>a &amp; b ; &lt;c&gt; &#x27; d</p>", "<p>a &amp; b\u00a0; &lt;c&gt; &#x27; d</p>"),
    ],
)
def test_a_page_is_mended_in_its_words_alone(html, sent):
    assert mend_html(html) == sent


@pytest.mark.parametrize("tag", ["script", "style", "textarea", "code", "pre", "svg"])
def test_what_is_not_words_stays(tag):
    html = f"<{tag}>l'un ? 1er : 2 x 3</{tag}>"
    assert mend_html(html) == html


@given(st.text(alphabet="aé1 x:;?!«»'’\u00a0\n", max_size=30))
def test_mended_twice_is_mended_once(words):
    assert mend(mend(words)) == mend(words)


@given(
    st.lists(
        st.sampled_from([*"aé12 x:;?!«»'’\u00a0\n€%", "1er", "n°", "M.", "R.", "Article", "mai"]),
        max_size=12,
    ).map("".join)
)
def test_no_word_that_a_rule_would_change_is_passed_over(words):
    html = words.replace("'", "&#x27;")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typography, "_TO_MEND", re.compile(""))
        all_looked_at = mend_html(html)
    assert mend_html(html) == all_looked_at


# --- Where words leave ------------------------------------------------------------
@pytest.mark.django_db
@override_settings(MIDDLEWARE=MIDDLEWARE)
def test_pages_are_sent_mended(client, town_hall, convention):
    convention.send(by=None)
    client.force_login(town_hall)
    for page in (convention.get_absolute_url(), reverse("conventions")):
        response = client.get(page)
        assert response.status_code == 200
        assert faults(visible(response.content.decode())) == []


@pytest.mark.django_db
@override_settings(MIDDLEWARE=MIDDLEWARE)
def test_files_are_sent_as_they_are(client, rectorat, convention):
    client.force_login(rectorat)
    preview = reverse(
        "convention_preview", args=[convention.campaign.school_year, convention.collectivity.code]
    )
    assert client.get(preview).content.startswith(b"%PDF")


@pytest.mark.django_db
def test_e_mails_are_kept_mended():
    post(
        ["a@example.org"],
        subject="L'avenant n° 1",
        body="Oui : l'acte.",
        html="<p>l'acte</p>",
        by=None,
    )
    email = Email.objects.get()
    assert (email.subject, email.body, email.html) == (
        "L’avenant n°\u00a01",
        "Oui\u00a0: l’acte.",
        "<p>l’acte</p>",
    )
