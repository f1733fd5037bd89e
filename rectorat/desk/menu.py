"""The menu of the admin site: lists named by the work they serve, not by their table."""

from dataclasses import dataclass

from django.urls import reverse

from accounts.models import User

# Each list by its model ("app.model"), under the work it serves.
MENU = (
    (
        "Campagne",
        (
            ("campaigns.campaign", "Campagnes"),
            ("conventions.enrolment", "Écoles inscrites"),
            ("jobs.job", "Traitements"),
        ),
    ),
    (
        "Dossiers",
        (
            ("conventions.convention", "Conventions"),
            ("piles.pile", "Documents numérisés"),
            ("documents.document", "Documents"),
            ("lifecycle.journalentry", "Journal"),
        ),
    ),
    ("Courrier", (("exchanges.notification", "Courriels des dossiers"),)),
    (
        "Écoles et territoire",
        (
            ("schools.school", "Écoles"),
            ("communes.collectivity", "Collectivités"),
            ("contacts.proposedmayor", "Maires proposés"),
            ("communes.commune", "Communes"),
            ("communes.formercode", "Anciens codes INSEE"),
            ("communes.department", "Départements"),
            ("communes.academy", "Académies"),
            ("communes.region", "Région académique"),
        ),
    ),
    ("Textes", (("documents.textmodel", "Modèles de texte"),)),
    (
        "Accès",
        (
            ("accounts.user", "Utilisateurs"),
            ("invitations.invitation", "Invitations"),
            ("accounts.accessentry", "Journal des accès"),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    label: str
    url: str
    is_here: bool


@dataclass(frozen=True)
class Section:
    """What one work has: `is_here` when the page shown is one of its own."""

    label: str
    entries: tuple[Entry, ...]

    @property
    def is_here(self) -> bool:
        return any(entry.is_here for entry in self.entries)


def build_menu(user: User, path: str) -> list[Section]:
    """Return the sections of which `user` may see something; `path` is the page shown."""
    sections = []
    for label, lists in MENU:
        entries = tuple(
            _entry(model, name, path) for model, name in lists if user.has_perm(_view(model))
        )
        if entries:
            sections.append(Section(label, entries))
    titres = reverse("claims")
    return [*sections, Section("Titres", (Entry("Titres de perception", titres, False),))]


def _view(model: str) -> str:
    app, _, name = model.partition(".")
    return f"{app}.view_{name}"


def _entry(model: str, label: str, path: str) -> Entry:
    url = reverse(f"admin:{model.replace('.', '_')}_changelist")
    return Entry(label, url, path.startswith(url))
