"""A campaign of long ago is purged: what goes, what stays, who is refused, and how it goes on."""

import datetime
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.roles import Role
from billing.models import Batch, BatchFile, Entry, Titre
from billing.models.entry import EntryKind
from conventions.archives import campaign_archive
from conventions.authority import record_act_dates
from conventions.campaigns import transfer
from conventions.campaigns.models import Campaign
from conventions.correspondence import post_message
from conventions.dossiers.archive import latest_pieces, stream
from conventions.dossiers.long_actions import ACTIONS
from conventions.exchanges.telling import retry
from conventions.models import (
    Convention,
    Piece,
    attach,
    file_facts,
    issue_documents,
    outdated_pieces,
    withdraw,
)
from conventions.piles.models import Pile
from conventions.situations.situation import situation, with_expected
from conventions.terminations.models import give_formal_notice
from documents.models import Document
from documents.received.uploads import UploadedPdf
from lifecycle.errors import TransitionRefused
from lifecycle.frozen import FrozenError
from lifecycle.models import JournalEntry
from lifecycle.transferred import NAME, WORDS
from operations import restoring
from outbox.models import Email, PersonalLink
from rectorat.purging import kinds, purge
from rectorat.purging.obstacles import obstacles
from tests.billing.conftest import issue, request, tell
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    ConventionFactory,
    TextModelFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SECRET = "Sacha Vidal, 06 12 34 56 78"
LATER = datetime.date(2034, 1, 10)


def paper(content, name="scan de Sacha Vidal.pdf"):
    return UploadedPdf(content=b"%PDF-1.7 " + content, pages=1, name=name)


@pytest.fixture(autouse=True)
def retention(settings):
    settings.CAMPAIGN_RETENTION_YEARS = 10


@pytest.fixture
def secretary(convention):
    return UserFactory(
        role=Role.TOWN_HALL,
        collectivities=[convention.collectivity],
        first_name="Sacha",
        last_name="Vidal",
    )


def print_letter(convention):
    """The formal notice as a document that bears what was typed."""
    text = TextModelFactory(kind="formal_notice")
    context = {"statement": SECRET}
    letter = Document.freeze(
        b"%PDF-1.7 letter", pages=1, by=None, text_model=text, context=context, reference="ENT-L"
    )
    convention.pieces.create(part="T1", kind="formal_notice", version=1, document=letter)


@pytest.fixture
def old(convention, secretary, rectorat, move_to):
    """A signed file of 2022 with all that people leave in one, its campaign archived; in 2034."""
    sign_by_both(convention)
    plan = paper(b"plan")
    post_message(convention, by=secretary, subject="other", body=SECRET, attachment=plan)
    post_message(convention, by=rectorat, subject="other", body="Merci.")
    attach(convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=paper(b"signed"), by=secretary)
    mistaken = attach(convention, kind=Piece.Kind.OTHER, pdf=paper(b"passport"), by=secretary)
    withdraw(convention, mistaken, by=secretary, reason=SECRET)
    notice = give_formal_notice(
        convention, by=None, side="region", on=datetime.date(2022, 11, 2), grievances=SECRET
    )
    notice.withdraw_notice(by=None, on=datetime.date(2022, 11, 3), comment=SECRET)
    print_letter(convention)
    email = Email.objects.filter(notification__convention=convention).first()
    PersonalLink.make(email, "sacha.vidal@mairie.fr")
    Email.objects.update(state=Email.State.SENT)
    campaign = convention.campaign
    campaign.close(by=rectorat)
    campaign.archive(by=rectorat)
    move_to(LATER)
    return Convention.objects.get(pk=convention.pk)


@pytest.fixture
def archive(old, tmp_path):
    made, lost = campaign_archive.write(old.campaign, tmp_path / "archives")
    assert lost == []
    return made


def run(campaign, archive, person=None, **options):
    """The command: dry, or as that person asks for it."""
    options = {"by": person.email, "confirm": True} if person else options
    call_command("purge_campaign", campaign.school_year, archive=archive, **options)


@pytest.fixture
def purged(old, archive, administrator):
    """The file, its campaign purged."""
    run(old.campaign, archive, administrator)
    return Convention.objects.get(pk=old.pk)


@pytest.fixture
def purged_later(old, administrator):
    """Function that marks the campaign, and takes nothing away yet."""
    return lambda: transfer.begin(
        old.campaign, by=administrator, archive="a", sha256="0" * 64, what="", last_entry=10**9
    )


# --- What goes, what stays ------------------------------------------------------
def dumped(convention):
    """All that the database still tells of a file, as one text."""
    rows = campaign_archive._rows_of(convention)
    return campaign_archive._in_json({"rows": serializers.serialize("python", rows)})


def test_words_names_and_papers_go_and_the_convention_stays(old, archive, administrator):
    before = dumped(old)
    assert "Sacha" in before
    papers = [document.file.path for document in kinds.documents_of([old.pk])]
    stays = ["state", "amount", "reference", "collectivity_signed_on", "party", "act", "version"]
    said = {name: getattr(old, name) for name in stays}
    run(old.campaign, archive, administrator)

    now = Convention.objects.get(pk=old.pk)
    assert {name: getattr(now, name) for name in stays} == said
    after = dumped(now)
    for word in ("Sacha", "Vidal", "06 12", "Merci."):
        assert word not in after
    assert len(papers) == 6
    assert not [path for path in papers if Path(path).exists()]
    assert [message.body for message in now.messages.all()] == [WORDS, WORDS]
    assert not PersonalLink.objects.exists()
    kept = {
        row["pk"]: row for row in json.loads(before)["rows"] if row["model"].endswith("nalentry")
    }
    for entry in now.journal.all():
        fields = kept[entry.pk]["fields"]
        assert (entry.verb, entry.summary) == (fields["verb"], fields["summary"])
    for document in kinds.documents_of([now.pk]):
        assert (len(document.sha256), bool(document.size)) == (64, True)
    assert purge.plan(old.campaign)[0:2] == [
        ("papiers reçus", 0),
        ("papiers produits par le site", 0),
    ]
    assert all(count == 0 for _, count in purge.plan(old.campaign))


def test_the_journal_of_the_campaign_says_who_when_what_and_which_archive(
    client, purged, archive, administrator
):
    begun, ended = transfer.entries(purged.campaign)
    assert (begun.by, begun.by_name) == (administrator, administrator.signature)
    assert begun.changes == {"sha256": [None, campaign_archive.digest(archive)]}
    assert "messages des échanges : 2" in begun.comment
    assert ended.summary == "Transfert aux archives terminé"
    assert purged.campaign.contact == ""
    others = purged.campaign.journal.filter(convention=None).exclude(verb="transfer")
    assert {entry.by_name for entry in others} == {NAME}
    client.force_login(administrator)
    page = client.get(reverse("admin:campaigns_campaign_change", args=[purged.campaign_id]))
    told = page.content.decode()
    assert archive.name in told
    assert campaign_archive.digest(archive) in told
    assert "messages des échanges : 2" in told


def test_what_the_same_bytes_are_elsewhere_stays(old, archive, administrator):
    other = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=CollectivityFactory()
    )
    other.send(by=None)
    piece = attach(other, kind=Piece.Kind.OTHER, pdf=paper(b"signed"), by=None)
    run(old.campaign, archive, administrator)
    with piece.document.file.open("rb") as kept:
        assert kept.read() == b"%PDF-1.7 signed"
    assert restoring.orphans() == ([], [])


def test_a_dry_run_says_how_many_of_each_and_changes_nothing(old, archive, capsys):
    before = dumped(old)
    run(old.campaign, archive)
    said = capsys.readouterr().out
    assert "- messages des échanges : 2" in said
    assert "- papiers reçus : 3" in said
    assert "- lettres de résiliation : 1" in said
    assert "Rien n’a été retiré." in said
    assert dumped(old) == before
    assert old.campaign.transferred_on is None


def test_a_pile_whose_papers_are_all_of_the_campaign_goes_too(old, administrator, tmp_path):
    piece = old.pieces.get(kind="convention_signed")
    piles = [Pile.keep(paper(content), by=administrator) for content in (b"all", b"some")]
    for pile in piles:
        pile.sheaves.create(pages=[[1, 0]], first_page=1, state="attached", attached=piece)
    piles[1].sheaves.create(pages=[[2, 0]], first_page=2)
    archive, _ = campaign_archive.write(old.campaign, tmp_path / "archives")
    paths = [Path(pile.file.path) for pile in piles]
    run(old.campaign, archive, administrator)
    assert [path.exists() for path in paths] == [False, True]


# --- Refused --------------------------------------------------------------------
def test_it_is_refused_until_the_retention_is_over_and_set(old, archive, settings, move_to):
    settings.CAMPAIGN_RETENTION_YEARS = 0
    with pytest.raises(CommandError, match="donnez CAMPAIGN_RETENTION_YEARS"):
        run(old.campaign, archive)
    settings.CAMPAIGN_RETENTION_YEARS = 11
    with pytest.raises(CommandError, match=r"jusqu’au 01/09/2034 \(11 ans"):
        run(old.campaign, archive)
    move_to(datetime.date(2034, 9, 1))
    run(old.campaign, archive)


def test_a_closed_campaign_is_to_be_archived_first(old, archive):
    Campaign.objects.filter(pk=old.campaign_id).update(state="closed")
    with pytest.raises(CommandError, match="archivez-la d’abord"):
        run(old.campaign, archive)


def test_an_archive_of_before_the_last_change_is_refused(old, archive, rectorat):
    post_message(old, by=rectorat, subject="other", body="Encore un mot.")
    Email.objects.update(state=Email.State.SENT)
    with pytest.raises(CommandError, match="a changé depuis que l’archive a été faite"):
        run(old.campaign, archive)


def test_an_archive_that_is_not_whole_or_of_another_campaign_is_refused(old, archive):
    other = CampaignFactory(start_year=2021)
    Campaign.objects.filter(pk=other.pk).update(state="archived")
    with pytest.raises(CommandError, match="n’est pas une archive de la campagne 2021-2022"):
        run(other, archive)
    next((archive / "data/fichiers").rglob("*.pdf")).write_bytes(b"other")
    with pytest.raises(CommandError, match="n’est plus ce qu’il était"):
        run(old.campaign, archive)
    with pytest.raises(CommandError, match="n’est pas une archive entière"):
        run(old.campaign, archive / "data")


def test_what_still_lives_is_said_with_what_ends_it(old, rectorat, secretary, finance):
    post_message(old, by=secretary, subject="other", body="Et ensuite ?")
    give_formal_notice(
        old, by=None, side="region", on=datetime.date(2023, 1, 2), grievances="Rien."
    )
    pile = Pile.keep(paper(b"pile"), by=rectorat)
    pile.sheaves.create(pages=[[1, 0]], first_page=1, issued=old.pieces.get(kind="convention"))
    assert obstacles(old.campaign) == [
        "Procédures de résiliation en cours : 1. Menez-les à leur terme.",
        "Papiers numérisés à vérifier : 1. Traitez-les dans leur pile.",
        "Messages sans réponse : 1. Répondez, ou notez qu’ils n’en attendent pas.",
        "Courriels à envoyer : 1. Attendez que le travail de fond les envoie.",
    ]


def test_a_titre_stands_in_the_way_until_it_is_settled(old, finance):
    batch = request(old.campaign, finance)
    assert obstacles(old.campaign) == [
        "Titres sans réponse du comptable : 1. Enregistrez son retour."
    ]
    titre = batch.titres.get()
    issue(titre)
    tell(titre, EntryKind.CONTESTED, amount=titre.amount)
    assert [reason.partition(" : ")[0] for reason in obstacles(old.campaign)] == [
        "Titres non soldés",
        "Contestations sans décision",
    ]
    tell(titre, EntryKind.DECIDED, amount=0)
    tell(titre, EntryKind.RECEIVED, amount=titre.amount)
    assert obstacles(old.campaign) == []


def test_what_is_of_money_stays_as_it_was(old, finance, administrator, tmp_path):
    titre = request(old.campaign, finance).titres.get()
    issue(titre)
    tell(titre, EntryKind.RECEIVED, amount=titre.amount)
    models = (Titre, Entry, Batch, BatchFile)
    before = serializers.serialize(
        "json", [row for m in models for row in m.objects.order_by("pk")]
    )
    archive, _ = campaign_archive.write(old.campaign, tmp_path / "archives")
    run(old.campaign, archive, administrator)
    after = serializers.serialize("json", [row for m in models for row in m.objects.order_by("pk")])
    assert after == before
    assert all(file.file.storage.exists(file.file.name) for file in BatchFile.objects.all())


def test_it_is_an_administrator_s_of_the_whole_region(old, archive, rectorat, administrator):
    with pytest.raises(CommandError, match="réservé à un administrateur"):
        run(old.campaign, archive, rectorat)
    with pytest.raises(CommandError, match="--by ADRESSE"):
        run(old.campaign, archive, confirm=True)
    with pytest.raises(CommandError, match="Aucun compte"):
        run(old.campaign, archive, confirm=True, by="nobody@example.fr")


# --- Killed, and going on ---------------------------------------------------------
def test_killed_in_the_middle_it_goes_on_with_the_same_archive(
    old, archive, administrator, monkeypatch, tmp_path
):
    with monkeypatch.context() as broken:
        broken.setattr(Document, "discard_bytes", None)
        with pytest.raises(TypeError):
            purge.purge(old.campaign, archive, by=administrator)
    assert len(transfer.entries(old.campaign)) == 1
    orphans, lost = restoring.orphans()
    assert (len(orphans), lost) == (6, [])
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(archive, elsewhere)
    (elsewhere / "tagmanifest-sha256.txt").write_text("")
    campaign = Campaign.objects.get(pk=old.campaign_id)
    with pytest.raises(CommandError, match="commencé avec une autre archive"):
        run(campaign, elsewhere, administrator)
    for _ in range(2):
        run(campaign, archive, administrator)
    assert restoring.orphans() == ([], [])
    assert len(transfer.entries(campaign)) == 2


def test_what_is_done_between_the_check_and_the_mark_stops_it(
    old, archive, administrator, rectorat, monkeypatch
):
    def check(campaign, archive):
        post_message(old, by=rectorat, subject="other", body="Un instant !")

    monkeypatch.setattr(purge, "check", check)
    with pytest.raises(TransitionRefused, match="a changé entre-temps"):
        purge.purge(old.campaign, archive, by=administrator)
    assert Campaign.objects.get(pk=old.campaign_id).transferred_on is None


# --- Afterwards -------------------------------------------------------------------
@pytest.mark.parametrize("role", Role.values)
def test_its_pages_open_for_each_role_and_say_where_the_papers_are(client, purged, role):
    scope = {"collectivities": [purged.collectivity]} if role == Role.TOWN_HALL else {}
    client.force_login(UserFactory(role=role, **scope))
    page = client.get(purged.get_absolute_url())
    told = page.content.decode()
    assert page.status_code == 200
    assert "Papiers et messages transférés aux archives" in told
    assert "10 janvier 2034" in told
    assert "Joindre une pièce" not in told
    assert "Écrire un message" not in told
    assert not re.search(r'href="[^"]*/pieces/\d+/"', told)
    if role in (Role.RECTORAT, Role.ADMINISTRATOR):
        for name, key in (
            ("conventions_convention", purged.pk),
            ("campaigns_campaign", purged.campaign_id),
            ("exchanges_notification", purged.notifications.first().pk),
            ("lifecycle_journalentry", purged.journal.first().pk),
            *(("documents_document", each.pk) for each in kinds.documents_of([purged.pk])),
        ):
            assert client.get(reverse(f"admin:{name}_change", args=[key])).status_code == 200


def test_a_paper_that_is_asked_for_answers_a_page_that_says_so(client, purged):
    client.force_login(UserFactory(collectivities=[purged.collectivity]))
    message = purged.messages.get(attachment__isnull=False)
    addresses = [reverse("piece", args=[piece.pk]) for piece in purged.pieces.all()]
    for address in (*addresses, reverse("message_attachment", args=[message.pk])):
        answer = client.get(address)
        assert answer.status_code == 410
        assert "transférée aux archives" in answer.content.decode()
    assert len(addresses) == 5


def test_nothing_of_it_changes_any_more(purged, rectorat, secretary):
    for change in (
        lambda: post_message(purged, by=rectorat, subject="other", body="Bonjour."),
        lambda: attach(purged, kind=Piece.Kind.OTHER, pdf=paper(b"more"), by=secretary),
        lambda: give_formal_notice(
            purged, by=None, side="region", on=datetime.date(2023, 2, 1), grievances="Rien."
        ),
        lambda: record_act_dates(purged, by=None, reported_on=datetime.date(2022, 12, 1)),
    ):
        with pytest.raises(TransitionRefused, match="transféré aux archives le 10/01/2034"):
            change()
    assert issue_documents(purged, by=None) == []
    assert outdated_pieces(purged) == []
    with pytest.raises(campaign_archive.NotArchived, match="a été transférée"):
        campaign_archive.write(purged.campaign, Path("/nonexistent"))


def test_pages_and_lists_agree_on_what_it_waits_for(purged):
    assert situation(purged).now.key == "transferred"
    counted = with_expected(Convention.objects.order_by())
    assert counted.get(pk=purged.pk).expected == "transferred"


def test_an_archive_of_pieces_names_those_that_it_has_not(purged):
    content = b"".join(stream(latest_pieces(Convention.objects.filter(pk=purged.pk))))
    with zipfile.ZipFile(io.BytesIO(content)) as kept:
        assert kept.namelist() == ["fichiers-aux-archives.txt"]
        assert b"convention-signee" in kept.read("fichiers-aux-archives.txt")


def test_an_email_without_its_text_is_not_sent_again(purged):
    notification = purged.notifications.first()
    Email.objects.filter(pk=notification.email_id).update(state=Email.State.FAILED)
    notification.refresh_from_db()
    assert retry(notification, file_facts(purged)) is False


# --- What the database lets through -----------------------------------------------
def refused(change, message="ne se modifie pas|ne change plus|ne revient pas|violates|CHECK"):
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        change()


def test_the_journal_lets_only_the_fixed_words_of_a_marked_campaign_in(old, purged_later):
    written = QuerySet(JournalEntry).filter(convention=old, by__isnull=False)
    entries = written.filter(pk=written.exclude(changes={})[0].pk)
    taken = {"by_name": NAME, "comment": "", "changes": {}}
    refused(lambda: entries.update(**taken))
    purged_later()
    for change in (
        {"by_name": "Quelqu'un d'autre"},
        {"comment": "Autre chose"},
        {"changes": {"state": ["a", "b"]}},
        {"summary": "Autre chose"},
        {**taken, "summary": "Autre chose"},
        {**taken, "by": None},
        {**taken, "campaign": CampaignFactory(start_year=2023).pk},
    ):
        refused(lambda change=change: entries.update(**change))
    with pytest.raises(FrozenError):
        JournalEntry.objects.filter(convention=old).update(**taken)
    refused(lambda: entries._raw_delete(entries.db))
    assert entries.update(**taken) == 1
    told = QuerySet(JournalEntry).filter(campaign=old.campaign, verb="transfer")
    refused(lambda: told.update(by_name=NAME))


def test_a_document_lets_only_its_file_its_name_and_what_was_typed_go(old, purged_later):
    received = QuerySet(Document).filter(pk=old.pieces.get(kind="convention_signed").document_id)
    letter = QuerySet(Document).filter(reference="ENT-L")
    taken = {"file": "", "original_name": "", "search_text": ""}
    refused(lambda: received.update(**taken))
    purged_later()
    for change in (
        {"file": "documents/aa/other.pdf"},
        {"original_name": ""},
        {**taken, "original_name": "autre.pdf"},
        {**taken, "sha256": "0" * 64},
        {**taken, "size": 1},
        {**taken, "context": {"statement": "autre"}},
        {**taken, "created_by": None},
    ):
        refused(lambda change=change: received.update(**change))
    refused(lambda: letter.update(file="", context={"statement": "autre"}))
    refused(lambda: received._raw_delete(received.db))
    assert received.update(**taken) == 1
    assert letter.update(file="", context=None) == 1


def test_a_document_that_another_campaign_holds_keeps_its_file(old, purged_later):
    other = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=CollectivityFactory()
    )
    document = old.pieces.get(kind="convention_signed").document
    other.pieces.create(kind="other", version=1, document=document)
    purged_later()
    refused(lambda: QuerySet(Document).filter(pk=document.pk).update(file=""))


def test_the_mark_is_an_archived_campaign_s_and_stays(old, purged_later):
    campaigns = Campaign.objects.filter(pk=old.campaign_id)
    campaigns.update(state="closed")
    refused(lambda: campaigns.update(transferred_on=LATER))
    campaigns.update(state="archived")
    purged_later()
    refused(lambda: campaigns.update(transferred_on=None))
    refused(lambda: campaigns.update(transferred_on=datetime.date(2020, 1, 1)))
    refused(lambda: campaigns.update(state="open"))


def test_no_document_is_announced_of_it(purged, administrator):
    """The page that asks says what the job would do: nothing, of what is at the archives."""
    assert purged.kinds_to_issue()
    preview = ACTIONS["issue"].preview(Convention.objects.filter(pk=purged.pk))
    assert (preview.done, len(preview.left_out)) == ([], 1)
