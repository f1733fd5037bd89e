"""Which acts need a second page, and why: what `script/bench pages` tells.

An act holds on one page, for every commune and syndicat. Whoever changes a text, a template or
the style sheet sees here which acts that pushes over, and the blocks that take more lines in
them than in an act that holds.
"""

import datetime
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from PIL import Image

from communes import french
from documents.contexts import ActContext, ConventionContext, PartyContext, SittingContext
from documents.letterheads import as_source
from documents.models import TextModel
from documents.press import formes, standing_type
from documents.press import plain as press
from documents.press.copies import Copy, read
from documents.press.formes import Forme
from documents.press.typesetting import plain_words
from documents.references import mark_of
from documents.rendering import page_html
from documents.wording.texts import newest_text

from .pdf import act_of

KINDS = {"decision": "Décision", "deliberation": "Délibération"}
_REFERENCE = "ENT-2026-34337-D-K7XJ4R9P"


def second_pages(
    contexts: Sequence[ConventionContext],
) -> Iterator[tuple[str, int, list[tuple[int, str]]]]:
    """Yield (which acts, how many of them need a second page, their causes with counts)."""
    for kind, name in KINDS.items():
        text = newest_text(kind)
        sitting = SITTING if kind == "deliberation" else None
        for situation, changed in SITUATIONS.items():
            acts = [changed(replace(act_of(context), sitting=sitting)) for context in contexts]
            yield f"{name}, {situation}", *_over(text, acts)


def _over(text: TextModel, acts: Sequence[ActContext]) -> tuple[int, list[tuple[int, str]]]:
    """Return how many need a second page, and why: looked at once a shape."""
    counts: Counter[Forme] = Counter()
    firsts: dict[Forme, Copy] = {}
    for act in acts:
        copy, forme = _laid_out(text, act)
        if len(forme.pages) > 1:  # As `render` does.
            closer = _laid_out(text, act, tight=True)
            copy, forme = min((copy, forme), closer, key=lambda laid: len(laid[1].pages))
        counts[forme] += 1
        firsts.setdefault(forme, copy)
    holding = (firsts[forme] for forme, _ in counts.most_common() if len(forme.pages) == 1)
    usual = next(holding, None)
    causes: Counter[str] = Counter()
    for forme, count in counts.items():
        if len(forme.pages) > 1:
            causes[_cause(firsts[forme], usual)] += count
    return causes.total(), [(count, cause) for cause, count in causes.most_common()]


def _laid_out(text: TextModel, act: ActContext, *, tight: bool = False) -> tuple[Copy, Forme]:
    copy = read(page_html(text, act, mark_of(_REFERENCE), tight=tight))
    return copy, standing_type._standing_type().forme_of(copy, [])[0]


def _cause(copy: Copy, usual: Copy | None) -> str:
    if usual is None:
        return "aucun acte ne tient sur une page"
    before, now = _lines(usual), _lines(copy)
    return " ; ".join(
        f"« {' '.join(plain_words(usual.words[block]).split())[:32]}… » : "
        f"{now[block]} lignes au lieu de {before[block]}"
        for block in sorted(now)
        if now[block] > before[block]
    )


def _lines(copy: Copy) -> Counter[int]:
    """Return how many lines each block takes."""
    pages = press.warm_press().lay_out(copy.numbered_html()).pages
    return Counter(
        block
        for page in pages
        for block, *_ in formes._lines(page._page_box)
        if block != formes.FOLIO
    )


# --- Situations -------------------------------------------------------------
def _with_letterhead(act: ActContext) -> ActContext:
    """As wide as a letterhead may be: the title beside it has the least room."""
    return replace(act, letterhead=_LETTERHEAD)


def _of_a_syndicat(act: ActContext) -> ActContext:
    """The syndicat of that commune's schools, whose title takes two lines."""
    return replace(act, collectivity=_syndicat(act.collectivity))


def _syndicat(commune: PartyContext) -> PartyContext:
    title = commune.title.replace("Commune", "Syndicat intercommunal à vocation scolaire", 1)
    with_article = french.with_article(title)
    return replace(
        commune,
        title=title,
        with_article=with_article,
        of_article=french.of_article(with_article),
        council="comité syndical",
        capacity="Présidente",
        capacity_with_article="La Présidente",
    )


def _executory(act: ActContext) -> ActContext:
    """With all that its mention may say."""
    return replace(
        act,
        deposited_on=datetime.date(2026, 9, 21),
        published_on=datetime.date(2026, 9, 22),
        deposit_reference="034-213403371-20260921-2026DEL014-DE",
        certified_on=datetime.date(2026, 9, 23),
        certified_by="Dominique EXEMPLE",
        certified_capacity="Directrice générale des services",
    )


def _signed_by_a_deputy(act: ActContext) -> ActContext:
    return replace(
        act,
        signatory="Claude EXEMPLE",
        signatory_capacity="L'adjointe déléguée aux affaires scolaires",
        signatory_delegation="arrêté n° 2026-14 du 10 juillet 2026",
    )


def a_letterhead() -> str:
    encoded = io.BytesIO()
    Image.new("RGB", (120, 40), (0, 70, 160)).save(encoded, "JPEG")
    return as_source(encoded.getvalue())


_LETTERHEAD = a_letterhead()
# With as many proxies as most councils have.
SITTING = SittingContext(
    convened_on=datetime.date(2026, 9, 7),
    members=27,
    present=20,
    represented=4,
    absent=3,
    proxies=tuple(f"Dominique EXEMPLE-{n} à Camille EXEMPLE-{n}" for n in range(4)),
    secretary="Camille EXEMPLE",
    votes_for=21,
    votes_against=2,
    abstentions=1,
    not_voting=0,
)
SITUATIONS: dict[str, Callable[[ActContext], ActContext]] = {
    "telle que fournie": lambda act: act,
    "avec un en-tête": _with_letterhead,
    "d'un syndicat, titre sur deux lignes": _of_a_syndicat,
    "d'un syndicat, avec un en-tête": lambda act: _with_letterhead(_of_a_syndicat(act)),
    "signée par délégation": _signed_by_a_deputy,
    "exécutoire": _executory,
    "exécutoire, d'un syndicat, avec un en-tête": lambda act: _executory(
        _with_letterhead(_of_a_syndicat(act))
    ),
}
