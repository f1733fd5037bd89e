"""Who may open what: every address of the site, for every role and for a visitor.

A new page must have its row in PAGES: its name and who opens it. The pages that Django's
admin makes for a model need none, they follow accounts.roles.PERMISSIONS.
"""

import re
from functools import partial
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, reverse
from dsfr.models import DsfrConfig

from accounts import journal
from accounts.middleware import WITHOUT_FACTOR, WITHOUT_SAYING_WHO
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES, AGENTS, PERMISSIONS, Role
from billing.batches.preparing import Choice, prepare_list
from billing.coding.models import BudgetYear, Coding
from billing.models.entry import EntryKind
from billing.returns.applying import apply as apply_return
from billing.returns.applying import receive as receive_return
from billing.returns.layouts import Layout
from communes.contacts.models import ProposedMayor
from communes.models import FormerCode
from config import mails
from config.mails import MailFolder
from conventions.acts.models import Act
from conventions.amendments.models import Amendment
from conventions.correspondence import post_message
from conventions.exchanges.models import CalendarSubscription
from conventions.models import Piece, attach
from conventions.piles.models import Pile
from documents.models import Document
from documents.received.signatures import examine
from documents.received.uploads import UploadedPdf
from jobs.models import Job
from outbox.models import PersonalLink
from rectorat.lists import asked
from tabular.models import ImportReport
from tabular.reading import Report
from tabular.saying import said
from tests.access import SignedInClient
from tests.billing.conftest import issue, request, tell
from tests.documents import papers
from tests.documents.certificates import mayor, sign
from tests.factories import (
    ConventionFactory,
    DepartmentFactory,
    InvitationFactory,
    TextModelFactory,
    UserFactory,
    sign_by_both,
)
from town_hall import support

VISITOR = "visitor"
SIGNED_IN = frozenset(Role)
ANYONE = SIGNED_IN | {VISITOR}
NOBODY = frozenset()
# Of those of a town hall, for who manages its access only.
OF_ITS_ADMINISTRATOR = frozenset({"remove_colleague", "invite_again", "withdraw_invitation"})
WRITERS = frozenset({Role.TOWN_HALL, Role.RECTORAT, Role.ADMINISTRATOR})

IMPORTS = (
    "admin:communes_commune_import",
    "admin:communes_collectivity_import",
    "admin:contacts_proposedmayor_import",
    "admin:invitations_invitation_import",
    "admin:schools_school_import",
)
TEXT_PAGES = [
    f"admin:documents_textmodel_{page}"
    for page in ("publish", "duplicate", "compare", "export", "preview", "pdf")
]

ABOUT_A_TITRE = ("titre", "titre_cancel", "entry_new", "entry_reverse")
ABOUT_A_RETURN = ("return", "return_layout", "return_original")
ABOUT_A_PIECE = ("piece", "piece_comparison", "piece_compared_page", "piece_as_signed")

OF_FINANCE = frozenset({Role.FINANCE, Role.ADMINISTRATOR})
READERS_OF_CLAIMS = frozenset({Role.FINANCE, Role.RECTORAT, Role.ADMINISTRATOR})
FINANCE_PAGES = (
    "claim_debtor",
    "claim_keep_titre",
    "claim_third_party",
    "titre_cancel",
    "entry_new",
    "entry_reverse",
    "batches",
    "list",
    "list_new",
    "list_confirm",
    "batch",
    "batch_file",
    "batch_proofs",
    "batch_sent",
    "batch_withdraw",
    "contestations",
    "decision_letter",
    "returns",
    "return",
    "return_layout",
    "return_original",
    "tray",
    "row_settle",
    "row_dismiss",
    "billing_settings",
    "billing_general",
    "budget_year",
    "budget_year_new",
    "coding",
    "coding_new",
)

PAGES = {
    "home": SIGNED_IN,
    "legal": ANYONE,
    # Of the demonstration only
    "mails": ANYONE,
    "mail": ANYONE,
    "mail_html": ANYONE,
    "verify": ANYONE,
    "verify_document": ANYONE,
    # Sign-in
    "account_login": ANYONE,
    "account_logout": SIGNED_IN,
    "account_signup": ANYONE,
    "account_inactive": ANYONE,
    "account_request_login_code": ANYONE,
    "account_confirm_login_code": ANYONE,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "account_reset_password": ANYONE,
    "account_reset_password_done": ANYONE,
    "account_reset_password_from_key": ANYONE,
    "account_reset_password_from_key_done": ANYONE,
    # The second factor, sessions
    **dict.fromkeys(
        (
            "mfa_index",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_add_webauthn",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "sessions",
        ),
        SIGNED_IN,
    ),
    "mfa_remove_webauthn": NOBODY,  # Of a key of one's own
    "mfa_authenticate": SIGNED_IN,  # Between two steps of signing in; leads elsewhere
    # Who, and for whom
    "collectivity_choice": {Role.TOWN_HALL},
    "person_name": {Role.TOWN_HALL},
    "support_start": ADMIN_SITE_ROLES,
    "support_end": SIGNED_IN,
    "colleagues": {Role.TOWN_HALL},
    "confirm_access": {Role.TOWN_HALL},
    "remove_colleague": {Role.TOWN_HALL},
    "invite_again": {Role.TOWN_HALL},
    "withdraw_invitation": {Role.TOWN_HALL},
    "invitation": ANYONE,  # By its secret address
    "demonstration_sign_in": NOBODY,  # Without the address of one of its accounts
    # Where no ProConnect is set up, none of its pages
    "proconnect": NOBODY,
    "proconnect_callback": NOBODY,
    "proconnect_back": NOBODY,
    # Conventions: each role sees those of its scope
    "conventions": SIGNED_IN,
    "convention_current": SIGNED_IN,
    "file_link": ANYONE,  # By its secret address
    "calendar": {Role.TOWN_HALL},
    "calendar_file": ANYONE,  # By its secret address
    "convention": SIGNED_IN,
    "convention_preview": SIGNED_IN,
    "act_text": SIGNED_IN,
    "amendment_act_text": SIGNED_IN,
    "piece": SIGNED_IN,
    "piece_comparison": SIGNED_IN,
    "piece_compared_page": SIGNED_IN,
    "piece_as_signed": SIGNED_IN,
    "convention_print": SIGNED_IN,
    "convention_return": WRITERS,
    "convention_receive": WRITERS,
    "convention_issue": WRITERS,
    "message_attachment": SIGNED_IN,
    "convention_identity": WRITERS,
    "convention_representative": WRITERS,
    "convention_correction": WRITERS,
    "convention_message": WRITERS,
    "convention_act": WRITERS,
    "convention_act_drop": WRITERS,
    "own_act": WRITERS,
    "convention_dates": WRITERS,
    "convention_signature": WRITERS,
    "convention_piece": WRITERS,
    "piece_withdrawal": WRITERS,
    "amendment_act": WRITERS,
    "amendment_act_drop": WRITERS,
    "own_amendment_act": WRITERS,
    "amendment_dates": WRITERS,
    "amendment_signature": WRITERS,
    "amendment_piece": WRITERS,
    "convention_termination": WRITERS,
    # Titres de perception
    "claims": READERS_OF_CLAIMS,
    "claims_export": READERS_OF_CLAIMS,
    "claims_views": READERS_OF_CLAIMS,
    "claims_forget": READERS_OF_CLAIMS,
    "claims_columns": READERS_OF_CLAIMS,
    "claim": READERS_OF_CLAIMS,
    "titre": READERS_OF_CLAIMS,
    "billing_board": READERS_OF_CLAIMS,
    "board_figure": READERS_OF_CLAIMS,
    "board_year_figure": READERS_OF_CLAIMS,
    "owed": READERS_OF_CLAIMS,
    "owed_export": READERS_OF_CLAIMS,
    "owed_views": READERS_OF_CLAIMS,
    "owed_forget": READERS_OF_CLAIMS,
    "debtor": READERS_OF_CLAIMS,
    "debtor_use_account": READERS_OF_CLAIMS,
    "debtor_statement": READERS_OF_CLAIMS,
    "own_titres": {Role.TOWN_HALL},
    "own_statement": {Role.TOWN_HALL},
    **dict.fromkeys(FINANCE_PAGES, OF_FINANCE),
    # The admin site, beside its pages by model
    "admin:index": ADMIN_SITE_ROLES,
    "admin:search": ADMIN_SITE_ROLES,
    "admin:conventions_convention_assign": ADMIN_SITE_ROLES,
    # The lists that remember.
    **{
        f"admin:{of}_{page}": ADMIN_SITE_ROLES
        for of in (
            "conventions_convention",
            "conventions_enrolment",
            "communes_collectivity",
            "schools_school",
            "invitations_invitation",
            "jobs_job",
            "accounts_user",
            "exchanges_notification",
        )
        for page in ("columns", "views", "forget")
    },
    "admin:conventions_convention_mailing": ADMIN_SITE_ROLES,
    "admin:login": ADMIN_SITE_ROLES,
    "admin:logout": SIGNED_IN,  # Leads to account_logout, or to the front page
    "admin:password_change": ADMIN_SITE_ROLES,
    "admin:password_change_done": ADMIN_SITE_ROLES,
    "admin:jsi18n": ADMIN_SITE_ROLES,
    "admin:app_list": ADMIN_SITE_ROLES,
    "admin:autocomplete": ADMIN_SITE_ROLES,
    "admin:view_on_site": NOBODY,
    **dict.fromkeys(IMPORTS, ADMIN_SITE_ROLES),
    **{f"{page}_report": ADMIN_SITE_ROLES for page in IMPORTS},
    "admin:communes_collectivity_reach": ADMIN_SITE_ROLES,
    "admin:communes_collectivity_do": ADMIN_SITE_ROLES,
    "admin:schools_school_do": ADMIN_SITE_ROLES,
    "admin:communes_collectivity_mayor": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_board": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_map": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_open": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_close": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_archive": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_export": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_renew": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_tariff": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_exceptions": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_enrol": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_prepare": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_send": ADMIN_SITE_ROLES,
    "admin:campaigns_campaign_print": ADMIN_SITE_ROLES,
    **{
        f"admin:jobs_job_{page}": ADMIN_SITE_ROLES for page in ("retry", "cancel", "file", "report")
    },
    "admin:conventions_convention_verb": ADMIN_SITE_ROLES,
    "admin:conventions_convention_amend": ADMIN_SITE_ROLES,
    "admin:conventions_convention_amendment": ADMIN_SITE_ROLES,
    "admin:piles_pile_thumbnail": ADMIN_SITE_ROLES,
    "admin:conventions_convention_message": ADMIN_SITE_ROLES,
    "admin:conventions_convention_no_answer": ADMIN_SITE_ROLES,
    "admin:conventions_convention_resume": ADMIN_SITE_ROLES,
    "admin:conventions_convention_termination": ADMIN_SITE_ROLES,
    **{
        f"admin:{model}_export": ADMIN_SITE_ROLES
        for model in (
            "communes_commune",
            "communes_collectivity",
            "schools_school",
            "conventions_convention",
            "conventions_enrolment",
            "lifecycle_journalentry",
            "accounts_user",
            "invitations_invitation",
        )
    },
    "admin:accounts_accessentry_export": {Role.ADMINISTRATOR},
    "admin:invitations_invitation_do": ADMIN_SITE_ROLES,
    "admin:accounts_user_reset_factor": {Role.ADMINISTRATOR},
    "admin:accounts_user_forget_proconnect": {Role.ADMINISTRATOR},
    "admin:conventions_enrolment_withdraw": ADMIN_SITE_ROLES,
    "admin:conventions_enrolment_number": ADMIN_SITE_ROLES,
    **dict.fromkeys(TEXT_PAGES, ADMIN_SITE_ROLES),
    "admin:documents_textmodel_import": ADMIN_SITE_ROLES,
}

MODEL_PAGE = re.compile(r"admin:(?P<model>[a-z]+_[a-z]+)_(?P<page>[a-z_]+)")
MODEL_PAGES = {
    "changelist": "view",
    "add": "add",
    "change": "view",
    "history": "view",
    "simple_history": "view",
    "delete": "delete",
}

# What a page may ask of the database: the session, the person and what they may see included.
MOST_QUERIES = 15

# Rows, as the page that asks about them carries them.
CHOSEN = {"keys": "1", "selection": asked.seal("", "/admin/")}
# What a page is asked with.
QUERIES = {
    **dict.fromkeys(
        (
            "admin:communes_collectivity_do",
            "admin:schools_school_do",
            "admin:invitations_invitation_do",
        ),
        CHOSEN,
    ),
    "confirm_access": {
        "representative_civility": "F",
        "representative_first_name": "Inès",
        "representative_last_name": "Vidal",
        "representative_capacity": "Maire",
        "capacity_gender": "F",
        "representative_since": "2026-03-21",
    },
    "admin:conventions_convention_assign": {"conventions": "1"},
    "admin:conventions_convention_verb": {"conventions": "1"},
    "admin:autocomplete": {
        "app_label": "accounts",
        "model_name": "user",
        "field_name": "collectivities",
    },
}


def addresses(resolver=None, namespace="", parent=""):
    """Yield (name, names of its arguments) of every pattern of the site."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern, inner, f"{parent}{pattern.pattern}")
        elif pattern.name:
            yield f"{namespace}{pattern.name}", arguments(pattern.pattern)
        else:
            # Django's admin leaves two without a name: a redirection and its own 404.
            assert namespace == "admin:", f"Name the page at {parent}{pattern.pattern}."


def arguments(pattern) -> list[str]:
    if hasattr(pattern, "converters") and pattern.converters:
        return list(pattern.converters)
    regex = pattern.regex
    return list(regex.groupindex) or [f"{number}" for number in range(regex.groups)]


def model_page(name: str):
    """Return (model, page) of a page that the admin makes for a model, else None."""
    match = MODEL_PAGE.fullmatch(name)
    if not match or match["page"] not in MODEL_PAGES:
        return None
    app, _, model = match["model"].partition("_")
    return apps.get_model(app, model), match["page"]


def allowed(name: str) -> frozenset[str]:
    """Return who may open the page `name`; fails for a page that nothing tells of."""
    if name in PAGES:
        return PAGES[name]
    found = model_page(name)
    assert found, f"« {name} » is a new page: add its row to PAGES, with the roles that open it."
    model, page = found
    return frozenset(
        role
        for role, permissions in PERMISSIONS.items()
        if MODEL_PAGES[page] in permissions.get(model._meta.label_lower, ())
    )


def import_report(page: str, by: User) -> int:
    """The key of the report of an import from a list."""
    label = page.removeprefix("admin:").removesuffix("_import").replace("_", ".", 1)
    return ImportReport.objects.create(of=label, by=by, content=said(Report(), {})).pk


@pytest.fixture
def people(town_hall, rectorat, finance, administrator):
    people = [town_hall, rectorat, finance, administrator]
    return {VISITOR: AnonymousUser()} | {person.role: person for person in people}


@pytest.fixture
def values(convention, town_hall, administrator):
    """What goes into an address: one value by argument, or by (page, argument).

    It also makes one row at least of every model of the admin site.
    """
    sign_by_both(convention)
    TextModelFactory(kind="amendment_decision")
    amendment = Amendment.objects.create(
        convention=convention,
        number=1,
        state="sent",
        sent_on=convention.effective_on,
        reason="…",
        unit_fee=convention.unit_fee,
        act=Act.objects.create(collectivity=convention.collectivity, kind="decision"),
    )
    scan = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
    ProposedMayor.objects.create(
        collectivity=convention.collectivity,
        representative_last_name="Vidal",
        since=convention.effective_on,
        proposed_on=convention.effective_on,
    )
    message = post_message(convention, by=town_hall, subject="other", body="…", attachment=scan)
    signed = sign(papers.pile(papers.blank()), mayor(), strict=False)
    copy = UploadedPdf(
        content=signed + b"\n", pages=1, name="copie.pdf", examination=examine(signed, [])
    )
    piece = attach(convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=copy, by=town_hall)
    entry = issue(request(convention.campaign, administrator).titres.get())
    tell(entry.titre, EntryKind.CONTESTED)
    decision = tell(entry.titre, EntryKind.DECIDED)
    returned = receive_return("retour.csv", b"Reference;Date\r\nTP-1;x", by=administrator)[0]
    apply_return(returned, Layout({"reference": 0, "on": 1}, {}, "issued"), by=administrator)
    prepared = prepare_list(Choice(convention.campaign), by=administrator)
    coding = Coding.objects.create(
        budget_year=BudgetYear.objects.create(
            year=2026, is_earmarked=True, use_of_funds="Hébergement."
        )
    )
    issued = Document.freeze(
        b"%PDF-1.7 issued",
        pages=1,
        by=None,
        text_model=convention.campaign.convention_text,
        context={},
        reference="ENT-2022-34337-C-K7XJ4R9P",
    )
    FormerCode.objects.create(code="34999", commune=convention.collectivity.commune)
    Group.objects.create(name="Groupe")
    EmailAddress.objects.create(user=town_hall, email=town_hall.email)
    DsfrConfig.objects.create()
    job = Job.objects.create(action="pieces", by=town_hall)
    job.file.save("pieces.zip", ContentFile(b"PK"))
    MailFolder().send_messages([EmailMessage("Objet", "…", to=[town_hall.email])])
    town_hall.managed.add(convention.collectivity)
    invitation = InvitationFactory(collectivity=convention.collectivity)
    colleague = UserFactory(collectivities=[convention.collectivity])
    key = Authenticator.objects.create(user=colleague, type=Authenticator.Type.WEBAUTHN, data={})
    journal.note(journal.Kind.SESSION, "…", person=town_hall)
    # Once nothing changes its rights any more: a link ends with them.
    _, link = PersonalLink.make(convention.notifications.last().email, town_hall.email)
    for person in User.objects.order_by("pk"):
        for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
            Authenticator.objects.create(user=person, type=kind, data={"migrated_codes": []})
    pile = Pile.keep(UploadedPdf(content=papers.pile(papers.blank()), pages=1), by=town_hall)
    return {
        "year": convention.campaign.school_year,
        "code": convention.collectivity.code,
        "uidb36": "1",
        "key": "perime",
        "app_label": "accounts",
        "file_format": "csv",
        "content_type_id": ContentType.objects.get_for_model(User).pk,
        "pk": convention.campaign.pk,
        "name": mails.names()[0],
        "verb": "send",
        "number": amendment.number,
        "step": "mise-en-demeure",
        "reference": issued.reference,
        "token": CalendarSubscription.renew(town_hall).token,
        ("file_link", "token"): link.rstrip("/").rpartition("/")[2],
        ("invitation", "token"): invitation.path.rstrip("/").rpartition("/")[2],
        ("invite_again", "pk"): invitation.pk,
        ("withdraw_invitation", "pk"): invitation.pk,
        ("admin:communes_collectivity_do", "name"): "invite",
        ("admin:schools_school_do", "name"): "keep_open",
        ("admin:invitations_invitation_do", "name"): "send_again",
        ("remove_colleague", "pk"): colleague.pk,
        ("mfa_remove_webauthn", "pk"): key.pk,
        **{
            (f"admin:accounts_user_{page}", "pk"): colleague.pk
            for page in ("reset_factor", "forget_proconnect")
        },
        "kind": "csv",
        ("entry_new", "kind"): "received",
        ("board_figure", "figure"): "attendu",
        ("board_year_figure", "year"): 2026,
        ("board_year_figure", "figure"): "emis",
        **{(page, "pk"): entry.titre_id for page in ABOUT_A_TITRE},
        **{(page, "pk"): prepared.pk for page in ("list", "list_confirm")},
        **{(page, "pk"): returned.pk for page in ABOUT_A_RETURN},
        **{(page, "pk"): returned.rows.get().pk for page in ("row_settle", "row_dismiss")},
        ("entry_reverse", "entry"): entry.pk,
        ("decision_letter", "pk"): entry.titre_id,
        ("decision_letter", "entry"): decision.pk,
        ("coding", "pk"): coding.pk,
        **{
            (page, "year"): 2026
            for page in ("budget_year", "coding", "coding_new", "debtor_use_account")
        },
        ("admin:piles_pile_thumbnail", "pk"): pile.pk,
        **{(f"{page}_report", "pk"): import_report(page, town_hall) for page in IMPORTS},
        ("admin:piles_pile_thumbnail", "number"): 1,
        ("admin:piles_pile_thumbnail", "rotation"): 0,
        **{(page, "pk"): piece.pk for page in (*ABOUT_A_PIECE, "piece_withdrawal")},
        "position": 1,
        "moment": "signee",
        ("piece_compared_page", "number"): 1,
        ("message_attachment", "pk"): message.pk,
        **{
            (f"admin:jobs_job_{page}", "pk"): job.pk
            for page in ("retry", "cancel", "file", "report")
        },
        ("admin:communes_collectivity_mayor", "pk"): convention.collectivity_id,
        ("admin:conventions_convention_message", "pk"): convention.pk,
        ("admin:conventions_convention_no_answer", "pk"): convention.pk,
        ("admin:conventions_convention_resume", "pk"): convention.pk,
        ("admin:conventions_convention_termination", "pk"): convention.pk,
        ("admin:conventions_convention_amend", "pk"): convention.pk,
        ("admin:conventions_convention_amendment", "pk"): convention.pk,
        ("admin:conventions_enrolment_withdraw", "pk"): convention.enrolments.first().pk,
        ("admin:conventions_enrolment_number", "pk"): convention.enrolments.first().pk,
        ("admin:view_on_site", "object_id"): town_hall.pk,
        **{(page, "pk"): convention.campaign.decision_text_id for page in TEXT_PAGES},
        ("admin:documents_textmodel_pdf", "convention"): convention.pk,
    }


def address(name: str, arguments: list[str], values: dict) -> str:
    """Return the address of the page `name`, about the objects of `values`."""
    if found := model_page(name):
        model, page = found
        if not arguments:
            return reverse(name)
        row = model._base_manager.first()
        assert row, f"« {name} » needs a {model.__name__}: let `values` make one."
        if page == "simple_history":
            return reverse(name, args=[row.pk, row.history.first().pk])
        return reverse(name, args=[row.pk])
    missing = [a for a in arguments if (name, a) not in values and a not in values]
    assert not missing, f"« {name} » takes {missing}: give the fixture `values` one of each."
    return reverse(name, kwargs={a: values.get((name, a), values.get(a)) for a in arguments})


def opens(client, url: str, query: dict, asked: list | None = None) -> bool:
    """Tell whether the page answers, by GET or, where it only takes that, by POST.

    What the page may have changed is undone. What it asks of the database by GET goes to `asked`.
    """
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url, query)
        if asked is not None:
            asked += queries.captured_queries
        if response.status_code == 405:
            response = client.post(url, query)
        response.getvalue()  # Ends a file that is being sent.
        transaction.set_rollback(True)
    if response.status_code in (403, 404, 410):
        return False
    # 422 is said to who may, of a form sent without what it asks for.
    assert response.status_code < 400 or response.status_code == 422, f"{url}: {response}"
    sign_in = {reverse("account_login"), reverse("admin:login")}
    return not (response.status_code == 302 and urlsplit(response.url).path in sign_in)


@pytest.mark.parametrize("role", sorted(ANYONE))
def test_every_page_opens_for_the_roles_of_the_table_and_for_no_other(client, role, people, values):
    if role != VISITOR:
        client.force_login(people[role])
    signed_in = dict(client.cookies)
    surprises, heavy = [], {}
    for name, arguments in addresses():
        client.cookies.clear()
        client.cookies.update(signed_in)  # Whatever the page before did with them.
        expected, asked = role in allowed(name), []
        url, query = address(name, arguments, values), QUERIES.get(name, {})
        if opens(client, url, query, asked) != expected:
            surprises.append(f"{name}: {'refused' if expected else 'open'}")
        if len(asked) > MOST_QUERIES:
            heavy[name] = len(asked)

    assert surprises == []
    assert heavy == {}, "These pages ask too much of the database."


def test_every_row_of_the_table_names_a_page():
    assert set(PAGES) <= {name for name, _ in addresses()}


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(
            lambda: UserFactory(
                role=Role.TOWN_HALL, collectivities=[ConventionFactory().collectivity]
            ),
            id="another-town-hall",
        ),
        pytest.param(
            lambda: UserFactory(
                role=Role.RECTORAT, departments=[DepartmentFactory(code="48", name="Lozère")]
            ),
            id="agent-of-another-department",
        ),
    ],
)
def test_the_convention_of_others_is_a_page_that_does_not_exist(client, values, stranger):
    person = stranger()
    client.force_login(person)
    opened = []
    for name, arguments in addresses():
        if person.role not in allowed(name):
            continue
        is_of_a_file = name in (*ABOUT_A_PIECE, "message_attachment")
        if not is_of_a_file and "code" not in arguments:
            continue
        url = address(name, arguments, values)
        response = client.get(url)
        if response.status_code == 405:
            response = client.post(url)
        if response.status_code != 404:
            opened.append(f"{name}: {response.status_code}")

    assert opened == []


@pytest.mark.parametrize("role", sorted(AGENTS))
def test_with_the_first_factor_alone_an_agent_opens_nothing_else_than_what_sets_up_a_second(
    role,
    people,
    values,
):
    client = SignedInClient()
    client.force_login(people[role], factor=False)
    Authenticator.objects.filter(user=people[role]).delete()
    opened = []
    for name, arguments in addresses():
        if name == "account_logout":  # The way out, for everybody.
            continue
        url = address(name, arguments, values)
        for ask in (client.get, client.post):
            response = ask(url, QUERIES.get(name, {}))
            if not response.get("Location", "").startswith(f"{reverse('mfa_index')}?next="):
                opened.append(name)
    assert set(opened) <= WITHOUT_FACTOR


def test_the_named_exceptions_are_pages():
    assert {name for name, _ in addresses()} >= WITHOUT_FACTOR


def with_factor(person: User) -> User:
    """Give somebody what `values` gave those who were there."""
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=person, type=kind, data={"migrated_codes": []})
    return person


# --- Others than the four roles -------------------------------------------------------
def openings(client, values, expected) -> list[str]:
    """Return the pages that open where `expected(name)` says no, or the other way round."""
    signed_in = dict(client.cookies)
    surprises = []
    for name, arguments in addresses():
        client.cookies.clear()
        client.cookies.update(signed_in)
        url = address(name, arguments, values)
        if opens(client, url, QUERIES.get(name, {})) != expected(name):
            surprises.append(name)
    return surprises


@pytest.fixture
def colleague(convention):
    """Function that makes somebody of the same town hall, who manages nobody's access."""
    return partial(UserFactory, role=Role.TOWN_HALL, collectivities=[convention.collectivity])


def test_a_colleague_opens_what_the_town_halls_administrator_does_but_what_manages_access(
    client, colleague, people, values
):
    client.force_login(with_factor(colleague()))

    def expected(name: str) -> bool:
        return Role.TOWN_HALL in allowed(name) and name not in OF_ITS_ADMINISTRATOR

    assert openings(client, values, expected) == []
    url = address("colleagues", ["code"], values)
    assert client.post(url, {"email": "ami@mairie.fr"}).status_code == 403


def test_a_shared_mailbox_opens_nothing_before_who_uses_it_has_said_their_name(
    client, colleague, people, values
):
    client.force_login(with_factor(colleague(is_shared=True)))
    asked = reverse("person_name")
    opened = set()
    for name, arguments in addresses():
        url = address(name, arguments, values)
        for ask in (client.get, client.post):
            if name not in WITHOUT_SAYING_WHO and VISITOR not in allowed(name):
                response = ask(url, QUERIES.get(name, {}))
                if not response.get("Location", "").startswith(asked):
                    opened.add(name)
    assert opened == set()


def test_a_shared_mailbox_manages_no_access_and_does_not_confirm_it(
    client, colleague, people, values
):
    client.force_login(with_factor(colleague(is_shared=True)))
    client.post(reverse("person_name"), {"name": "Inès Vidal"})

    def expected(name: str) -> bool:
        refused = OF_ITS_ADMINISTRATOR | {"confirm_access"}
        return Role.TOWN_HALL in allowed(name) and name not in refused

    assert openings(client, values, expected) == []


@pytest.mark.parametrize("role", [Role.TOWN_HALL, Role.ADMINISTRATOR])
def test_a_closed_account_opens_what_a_passer_by_opens(client, people, values, role):
    client.force_login(people[role])
    User.objects.filter(pk=people[role].pk).update(is_active=False)

    own = (
        {"calendar_file", "file_link"} if role == Role.TOWN_HALL else set()
    )  # Of no more worth to anybody.
    assert openings(client, values, lambda name: VISITOR in allowed(name) and name not in own) == []


def test_seeing_as_a_town_hall_one_reads_its_pages_and_sends_nothing(
    client, convention, rectorat, values
):
    client.force_login(rectorat)
    start = reverse("support_start", args=[convention.collectivity.code])
    client.post(start, {"reason": "appel de la mairie"})
    strays, sent = set(), set()
    for name, arguments in addresses():
        if name in support.OWN:
            continue
        url = address(name, arguments, values)
        if opens(client, url, QUERIES.get(name, {})) and Role.TOWN_HALL not in allowed(name):
            strays.add(name)
        for ask in (client.post, client.put, client.delete):
            if ask(url, {}).status_code != 403:
                sent.add(name)

    assert (strays, sent) == (set(), set())
