"""What the merge fields print of a context: words and blocks, as plain text or safe HTML."""

import datetime
from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils.html import conditional_escape, escape, format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString, mark_safe

from communes import french
from documents.contexts import (
    ActContext,
    AmendmentContext,
    Context,
    ConventionContext,
    LetterContext,
    RegionContext,
    SchoolLine,
    SittingContext,
)
from documents.wording.typography import BLANK, SHORT_BLANK, count, euros, long_date, siret


def unbroken(text: str) -> SafeString:
    """Return `text` as HTML that never wraps. Its spaces stay plain: they can be searched."""
    return format_html('<span class="unbroken">{}</span>', text)


def lower_article(capacity: str) -> str:
    """Return "la Maire" from "La Maire", for the middle of a sentence."""
    return capacity[:1].lower() + capacity[1:]


def represented(body: str) -> str:
    """How "représenté" agrees with the name of a body."""
    return "représentée" if french.is_feminine_body(body) else "représenté"


def titles_in_lines(context: ConventionContext | AmendmentContext) -> SafeString:
    titles = ((title,) for title in context.region.signatory_titles)
    return format_html_join(mark_safe("<br>"), "{}", titles)


def siret_or_blank(context: ConventionContext | AmendmentContext) -> str:
    number = context.collectivity.siret
    return unbroken(siret(number)) if number else BLANK


def salutation(context: LetterContext) -> str:
    """How a letter greets its addressee: "Madame la Maire", "Madame la Rectrice de…"."""
    if not context.from_region:
        region = context.region
        title = _titled(region.signatory_titles[0], region.signatory_civility)
        return f"{region.signatory_civility} {title}"
    party = context.collectivity
    return f"{party.civility} {lower_article(party.capacity_with_article)}".strip()


def controller(region: RegionContext) -> str:
    """Who answers for personal data: the signatory, by the title held for the académie."""
    titles = region.signatory_titles
    title = next((title for title in titles if "de l'académie" in title), titles[0])
    return _titled(title, region.signatory_civility)


def _titled(title: str, civility: str) -> str:
    if french.starts_with_vowel(title):
        return f"l'{title}"
    return f"la {title}" if civility == "Madame" else f"le {title}"


def statement(context: LetterContext) -> SafeString:
    return mark_safe(linebreaks(escape(context.statement)))  # noqa: S308


def conciliation(context: LetterContext) -> str:
    if context.conciliation_on is None:
        return "aucune conciliation ne s'est tenue dans le mois qui a suivi"
    return format_html(
        "la conciliation du {} n'a pas abouti", unbroken(long_date(context.conciliation_on))
    )


def authorisation(context: ConventionContext | AmendmentContext) -> str:
    """By which act the representative may sign, after a comma; nothing until it is taken."""
    if not context.authorised_by:
        return ""
    feminine = context.collectivity.civility == "Madame"
    return f", habilité{'e' if feminine else ''} par {context.authorised_by}"


def region_address(context: Context) -> str:
    region = context.region
    return f"{region.address_line}, {region.postcode} {region.city}"


def schools_table(context: ConventionContext) -> SafeString:
    caption = f"Écoles inscrites, année scolaire {context.school_year}"
    return _table(caption, context.schools)


def changes_tables(context: AmendmentContext) -> SafeString:
    """What an avenant adds, then what it removes: one table each, none when there is none."""
    change = context.amendment
    tables = [("Écoles ajoutées", change.added), ("Écoles retirées", change.removed)]
    return mark_safe("".join(_table(*table) for table in tables if table[1]))  # noqa: S308


def _table(caption: str, schools: Sequence[SchoolLine]) -> SafeString:
    return render_to_string("documents/_schools.html", {"caption": caption, "schools": schools})


def changes_in_words(context: AmendmentContext) -> str:
    change = context.amendment
    parts = [
        f"{noun} {'d’une école' if len(schools) == 1 else f'de {len(schools)} écoles'}"
        for noun, schools in (("l'ajout", change.added), ("le retrait", change.removed))
        if schools
    ]
    if change.new_end_on:
        parts.append(f"la fin de la convention, fixée au {long_date(change.new_end_on)}")
    if change.states_party:
        parts.append("le représentant ou l'adresse de la collectivité, désormais tels qu'imprimés")
    return " et ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def amount_in_words(context: AmendmentContext) -> str:
    """How the participation moves: a verb and an amount, to follow its name."""
    change = context.amendment.amount_change
    if not change:
        return "reste inchangée"
    return f"{'augmente' if change > 0 else 'diminue'} de {euros(abs(change))}"


def delegation_visa(context: ActContext) -> SafeString:
    """The délibération that delegated, as typed: with or without the word itself."""
    reference = context.delegation_reference.strip()
    if not reference:
        return SafeString("")
    if not reference.lower().startswith("délibération"):
        reference = f"délibération {reference}"
    return format_html(
        "<p>Vu la {} portant délégation d'attributions du {} ;</p>",
        reference[:1].lower() + reference[1:],
        context.collectivity.council,
    )


def delegation_article(context: ActContext) -> str:
    article = "L. 2122-22" if context.collectivity.is_commune else "L. 5211-10"
    item = context.delegation_item.strip()
    return f"{article} ({item})" if item else article


def publicity(context: ActContext) -> str:
    website = f" ({context.website})" if context.website else ""
    return f"{context.publication_mode}{website}"


def day_or_blank(day: datetime.date | None) -> SafeString:
    return unbroken(long_date(day)) if day else conditional_escape(BLANK)


def number_or_blank(number: int | None) -> str:
    return SHORT_BLANK if number is None else str(number)


def quorum(context: ActContext) -> str:
    """Whether more than half of the members are there (CGCT L2121-17).

    Convened anew for want of quorum, a council deliberates without any.
    """
    members, present = sitting_of(context).members, sitting_of(context).present
    if members is None or present is None:
        return f"le quorum étant {SHORT_BLANK}"
    if 2 * present > members:
        return "le quorum étant atteint"
    return "sans condition de quorum, sur seconde convocation"


def proxies(context: ActContext) -> SafeString:
    """Who represents whom, one sentence; nothing when nobody is represented."""
    names = sitting_of(context).proxies
    return format_html("<p>Pouvoirs : {}.</p>", " ; ".join(names)) if names else SafeString("")


def vote(context: ActContext) -> str:
    """What the council did of it, after "est": "adoptée à l'unanimité"."""
    sitting = sitting_of(context)
    numbers = (sitting.votes_for, sitting.votes_against, sitting.abstentions)
    if None in numbers:
        shown = [number_or_blank(number) for number in numbers]
        return "adoptée par {} voix pour, {} contre et {} abstention(s)".format(*shown)
    votes_for, votes_against, abstentions = (number or 0 for number in numbers)
    verb = "adoptée" if votes_for > votes_against else "rejetée"
    aside = _not_voting(sitting.not_voting or 0)
    if not votes_against and not abstentions:
        return f"{verb} à l'unanimité{aside}"
    parts = [f"{votes_for} voix pour"]
    parts += [f"{votes_against} contre"] if votes_against else []
    parts += [count(abstentions, "abstention")] if abstentions else []
    return f"{verb} par {_listed(parts)}{aside}"


def _not_voting(number: int) -> str:
    if not number:
        return ""
    return f", {count(number, 'membre')} n'ayant pas pris part au vote"


def _listed(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} et {last}" if first else last


def sitting_of(context: ActContext) -> SittingContext:
    """The sitting of a délibération: unknown as a whole in a text shown without one."""
    return context.sitting or SittingContext()
