"""Texts in the admin site: drafted, proofread, compared, published, as files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from documents.models import TextModel
from documents.wording.comparison import compare
from documents.wording.proofreading import MAX_LENGTH
from documents.wording.texts import load_texts, write_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


@pytest.fixture
def published():
    return load_texts()["decision"]


@pytest.fixture
def draft(published):
    return TextModel.draft(kind="decision", title="Essai", body=published.body)


def url(page, *arguments):
    return reverse(f"admin:documents_textmodel_{page}", args=arguments)


def content(response):
    return response.content.decode()


def typed(text, **changes):
    return {"title": text.title, "body": text.body, "seen": text.revision, **changes}


# --- Reading, writing ---------------------------------------------------------
def test_a_published_text_is_read_with_the_names_of_its_fields(agent, published):
    page = content(agent.get(url("change", published.pk)))
    assert "<mark>Personne chargée de l&#x27;exécution" in page
    assert 'name="body"' not in page


def test_a_new_text_begins_with_its_nature(agent):
    page = content(agent.get(url("add")))
    assert "?kind=convention" in page
    editor = content(agent.get(url("add"), {"kind": "convention"}))
    assert 'data-field="{{ liste_des_ecoles }}"' in editor
    assert "la fin de la convention (ajoutez le champ {{ date_de_fin }})" in editor
    assert "{{ article_delegation }}" not in editor


def test_a_new_text_is_kept_as_a_draft_of_the_next_version(agent, published):
    address = f"{url('add')}?kind=decision"
    answer = agent.post(address, {"title": " Mon  titre ", "body": published.body, "seen": 1})
    text = TextModel.objects.get(version=2)
    assert answer.url == url("change", text.pk)
    assert (text.kind, text.title, text.is_published) == ("decision", "Mon titre", False)
    # A form's lines end as the browser wishes.
    assert text.body == published.body


def test_a_draft_is_revised(agent, draft):
    agent.post(url("change", draft.pk), typed(draft, title="Titre corrigé"))
    draft.refresh_from_db()
    assert (draft.title, draft.revision) == ("Titre corrigé", 2)


def test_every_fault_is_shown_and_what_was_typed_is_kept(agent, draft):
    body = f"Vu {{{{ montan }}}} et **cela ;\n\n{draft.body}\n\nEn plus <b>."
    page = agent.post(url("change", draft.pk), typed(draft, body=body))
    shown = content(page)
    assert "Ligne 1 : Le champ « montan » n&#x27;existe pas. Vouliez-vous dire {{ montant" in shown
    assert "Ligne 1 : Gras ou italique mal fermé" in shown
    assert "Code HTML" in shown
    assert "En plus &lt;b&gt;." in shown
    draft.refresh_from_db()
    assert draft.revision == 1


def test_who_comes_second_keeps_their_text_and_is_told(agent, draft):
    draft.revise(title="Premier", body=draft.body)
    page = agent.post(url("change", draft.pk), typed(draft, title="Second", seen=1))
    assert "modifié ou publié entre-temps" in content(page)
    assert 'value="Second"' in content(page)
    draft.refresh_from_db()
    assert draft.title == "Premier"


def test_a_form_sent_for_a_published_text_changes_nothing_and_loses_nothing(agent, published):
    page = agent.post(url("change", published.pk), typed(published, title="Autre"))
    assert "modifié ou publié entre-temps" in content(page)
    assert 'value="Autre"' in content(page)
    published.refresh_from_db()
    assert published.title != "Autre"


@pytest.mark.parametrize("role", ["finance", "town_hall"])
def test_a_text_is_the_business_of_the_rectorat(client, request, role, draft):
    client.force_login(request.getfixturevalue(role))
    client.post(url("change", draft.pk), typed(draft, title="Autre"))
    client.post(url("publish", draft.pk))
    draft.refresh_from_db()
    assert (draft.title, draft.is_published) == ("Essai", False)


# --- Publish, duplicate, compare ----------------------------------------------
def test_publishing_is_asked_then_done_by_somebody(agent, rectorat, draft):
    assert "ne changera plus" in content(agent.get(url("publish", draft.pk)))
    draft.refresh_from_db()
    assert not draft.is_published
    agent.post(url("publish", draft.pk))
    draft.refresh_from_db()
    assert (draft.is_published, draft.published_by) == (True, rectorat)
    assert agent.get(url("publish", draft.pk)).status_code == 302


def test_a_text_that_could_not_be_printed_is_not_published(agent, draft):
    TextModel.objects.filter(pk=draft.pk).update(body="Vu {{ ancien_champ }} ;\n")
    page = content(agent.get(url("publish", draft.pk)))
    assert "Ligne 1 : Le champ « ancien_champ »" in page
    agent.post(url("publish", draft.pk))
    draft.refresh_from_db()
    assert not draft.is_published


def test_last_year_s_text_is_copied_to_a_draft(agent, published):
    agent.get(url("duplicate", published.pk))
    assert TextModel.objects.filter(kind="decision").count() == 1
    answer = agent.post(url("duplicate", published.pk))
    copy = TextModel.objects.get(kind="decision", version=2)
    assert answer.url == url("change", copy.pk)
    assert (copy.title, copy.body) == (published.title, published.body)


def test_two_versions_are_compared_line_by_line_and_word_by_word(agent, published):
    body = published.body.replace("l'école", "l'École", 1).replace(
        "## Décide", "## Décide\n\nAjout."
    )
    body = body.replace("\n\n### Article 3 – Compte rendu", "")
    draft = TextModel.draft(kind="decision", title=published.title, body=body)
    page = content(agent.get(url("compare", draft.pk)))
    assert "l&#x27;<del>école</del>" in page
    assert "l&#x27;<ins>École</ins>" in page
    assert "<ins>Ajout.</ins>" in page
    assert "<del>### Article 3 – Compte rendu</del>" in page
    assert "lignes identiques" in page
    for label in ("modifié", "ajouté", "supprimé"):
        assert f'<th scope="row">{label}</th>' in page


def test_a_text_of_one_version_has_nothing_to_be_compared_with(agent, published):
    assert "rien à comparer" in content(agent.get(url("compare", published.pk)))


def test_what_is_compared_is_never_html():
    old = TextModel(version=1, title="<b>", body="a <script> b\n")
    new = TextModel(version=2, title="<i>", body="a <script> c\n")
    shown = "".join(f"{row.old}{row.new}" for row in compare(old, new))
    assert "<script>" not in shown
    assert "<b>" not in shown


# --- Files --------------------------------------------------------------------
def send(agent, text):
    file = SimpleUploadedFile("texte.md", text.encode() if isinstance(text, str) else text)
    return agent.post(url("import"), {"file": file})


def test_an_exported_file_is_imported_as_the_same_text(agent, draft):
    exported = agent.get(url("export", draft.pk))
    assert exported["Content-Type"].startswith("text/markdown")
    assert 'filename="decision_version-2.md"' in exported["Content-Disposition"]
    answer = send(agent, exported.content)
    assert answer.url == url("change", draft.pk)  # The same: nothing is added
    changed = exported.content.replace(b"titre: Essai", b"titre: Autre")
    send(agent, changed)
    copy = TextModel.objects.get(title="Autre")
    assert (copy.version, copy.body) == (3, draft.body)


def test_the_faults_of_a_file_are_at_its_own_lines(agent, draft):
    text = write_file(draft).replace("## Décide", "## Décide {{ montan }}")
    line = text[: text.index("montan }}")].count("\n") + 1
    page = content(send(agent, text))
    assert f"Ligne {line} : Le champ « montan »" in page
    assert TextModel.objects.filter(kind="decision").count() == 2


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("Bonjour", "le fichier commence par un en-tête"),
        (b"%PDF-1.7", "est un PDF"),
        (b"", "Ce fichier est vide"),
        pytest.param("a" * (4 * MAX_LENGTH + 1), "dépasse 600 ko", id="too-long"),
        (f"---\nnature: decision\ntitre: {'é' * 201}\n---\n\n", "200 caractères"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_what_to_do(agent, published, file, reason):
    if isinstance(file, str) and file.startswith("---"):
        file += published.body
    assert reason in content(send(agent, file))
    assert TextModel.objects.filter(kind="decision").count() == 1
