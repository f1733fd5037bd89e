"""What people type is understood where it can be, and refused with the name of its field."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from communes.typed import read_phone, read_postcode, refuse_pictures, validate_name
from config.typed import SeenAsTyped
from conventions.models import Convention
from lifecycle.models import JournalEntry
from tests.factories import print_quickly
from tests.town_hall.test_files import identity, url
from town_hall.forms.days import understood


@pytest.mark.parametrize(
    "typed",
    [
        "24/11/26",
        "24/11/2026",
        "24.11.26",
        "24-11-2026",
        " 24 11 26 ",
        "24112026",
        "241126",
        "2026-11-24",
        "24 novembre 2026",
        "24 nov. 26",
        # As a word processor writes it, and a letter.
        "24\u201111\u20112026",
        "24–11–26",
        "24\u00a0novembre\u00a02026",
        "le 24 novembre 2026",
        "Mardi 24 novembre 2026",
        "mar. 24 nov. 26",
    ],
)
def test_a_day_is_understood_as_people_write_it(typed):
    assert understood(typed) == "24/11/2026"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1er août 26", "01/08/2026"),
        ("1 er août 26", "01/08/2026"),
        ("3/2/2027", "03/02/2027"),
        ("24 mars 26", "24/03/2026"),
    ],
)
def test_a_day_of_one_figure_is_understood(typed, meant):
    assert understood(typed) == meant


@pytest.mark.parametrize("typed", ["", "demain", "24 jui 26", "24/11", "24/11/226"])
def test_what_is_no_day_is_left_as_it_was_typed(typed):
    assert understood(typed) == typed


@pytest.mark.parametrize("typed", ["34 300", "34300", " 34\u202f300"])
def test_a_post_code_is_understood(typed):
    assert read_postcode(typed) == "34300"


@pytest.mark.parametrize(
    "typed",
    ["04.67.69.75.75", "0467697575", "+33 4 67 69 75 75", "0033467697575", "+33(0)467697575"],
)
def test_a_telephone_is_understood(typed):
    assert read_phone(typed) == "04 67 69 75 75"


def test_a_telephone_abroad_keeps_its_prefix_and_none_is_none():
    assert (read_phone("+376 800 000 00"), read_phone("")) == ("+37680000000", "")


@pytest.mark.parametrize("typed", ["abc", "04 67", "0067697575", "04 67 69 75 7O"])
def test_what_is_no_telephone_is_refused(typed):
    with pytest.raises(ValidationError, match="dix chiffres"):
        read_phone(typed)


@pytest.mark.parametrize("name", ["Noëlle-Marie", "d'Étienne", "N’Guyen", "J.-P. Lefèvre"])
def test_a_name_may_have_its_accents_and_signs(name):
    validate_name(name)


def test_a_name_may_have_the_hyphens_and_spaces_of_a_word_processor():
    validate_name("Jean\u2011Pierre\u202fLe\u00a0Roux\u2010Vidal")


def test_a_sign_that_shows_nothing_is_named():
    with pytest.raises(ValidationError, match="la tabulation"):
        validate_name("Claire\tRoux")
    with pytest.raises(ValidationError, match="la tabulation"):
        refuse_pictures("1 place\tde la Mairie")


@pytest.mark.parametrize("name", ["Claire 😀", "Dup0nt", "<b>"])
def test_no_name_has_pictures_or_figures(name):
    with pytest.raises(ValidationError):
        validate_name(name)


def test_nothing_printed_has_pictures():
    refuse_pictures("Délibération n° 12 du 3 « mai »")
    with pytest.raises(ValidationError, match="🏫"):
        refuse_pictures("École 🏫")


@pytest.mark.django_db
def test_details_are_understood_as_typed_and_kept_as_they_are_written(mairie, sent):
    values = identity(sent, postcode="34 300", phone="04.67.69.75.75", city="Agde")
    assert mairie.post(url("convention_identity", sent), values).status_code == 302
    party = Convention.objects.get().collectivity
    assert (party.postcode, party.phone) == ("34300", "04 67 69 75 75")


@pytest.mark.django_db
def test_what_is_pasted_is_taken_as_it_is_seen(mairie, sent):
    pasted = {
        "representative_last_name": "Ma\u00adrtin\u200b",
        "representative_first_name": "Noe\u0308lle",
        "address_line_1": "\ufeff1 place de\u2028la Mairie",
        "phone": "\u202a04 67 69 75 75\u202c",
        "postcode": "34\u00a0300\u200e",
    }
    values = identity(sent, **pasted)
    assert mairie.post(url("convention_identity", sent), values).status_code == 302
    who = Convention.objects.get().collectivity
    assert (who.representative, who.address_line_1) == ("Noëlle Martin", "1 place de la Mairie")
    assert (who.phone, who.postcode) == ("04 67 69 75 75", "34300")


@pytest.mark.django_db
def test_a_day_pasted_from_a_letter_is_understood(mairie, with_act):
    pasted = "\u202aMardi 24\u00a0novembre 2026\u202c"
    values = {"version": with_act.version, "deposited_on": pasted}
    assert mairie.post(url("convention_dates", with_act), values).status_code == 302
    assert f"{Convention.objects.get().act.deposited_on}" == "2026-11-24"


def test_a_password_is_what_it_is(rf):
    request = rf.post("/", {"password1": "a\u00adb", "name": "a\u00adb"})
    SeenAsTyped(lambda request: None).process_view(request, None, (), {})
    assert request.POST.dict() == {"password1": "a\u00adb", "name": "ab"}


@pytest.mark.django_db
def test_a_picture_in_a_name_is_refused_at_its_field(mairie, sent):
    values = identity(sent, representative_last_name="Roux 😀")
    page = mairie.post(url("convention_identity", sent), values)
    assert page.context["form"].errors["representative_last_name"]


@pytest.mark.django_db
def test_a_missing_value_is_named(mairie, sent):
    page = mairie.post(url("convention_identity", sent), identity(sent, city=""))
    assert page.context["form"].errors["city"] == ["« Ville » est obligatoire."]


@pytest.mark.django_db
def test_two_figures_of_a_year_are_of_this_century_and_shown_as_understood(mairie, with_act):
    page = url("convention_dates", with_act)
    values = {"version": with_act.version, "deposited_on": "24/11/26"}
    refused = mairie.post(page, {**values, "reported_on": "demain"})
    assert 'value="24/11/2026"' in refused.text
    assert mairie.post(page, values).status_code == 302
    assert f"{Convention.objects.get().act.deposited_on}" == "2026-11-24"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["convention_identity", "convention_representative"])
def test_since_when_somebody_represents_is_typed_as_any_day(mairie, with_act, town_hall, name):
    if name == "convention_representative":
        print_quickly(with_act)
        with_act.sign_for_collectivity(by=town_hall, on=timezone.localdate())
    who = {"representative_first_name": "Inès", "representative_last_name": "Vidal"}
    values = identity(with_act, **who, representative_since="2/11/26")
    html = mairie.get(url(name, with_act)).text
    assert re.search(r'<input[^>]*name="representative_since"[^>]*data-day', html)
    assert 'type="date"' not in html
    assert mairie.post(url(name, with_act), values).status_code == 302
    assert f"{Convention.objects.get().collectivity.mandate.since}" == "2026-11-02"


@pytest.mark.django_db
def test_a_form_sent_as_it_was_found_writes_nothing_and_says_so(mairie, with_act):
    before = JournalEntry.objects.count()
    form = mairie.get(url("convention_dates", with_act)).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    page = mairie.post(url("convention_dates", with_act), values, follow=True)
    assert "Rien n’a changé" in page.text or "Rien n&#x27;a changé" in page.text
    assert JournalEntry.objects.count() == before
