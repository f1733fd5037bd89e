"""The database that DATABASE_URL names."""

import warnings
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environ import Env

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
_SHAPES = (
    "Pour SQLite, retirez-la ou écrivez sqlite:////chemin/du/fichier ; pour PostgreSQL, "
    "postgres://utilisateur:mot-de-passe@machine:5432/base."
)


def database(url: str | None, default: Path) -> dict:
    """Return Django's settings of the database at `url`; without one, of an SQLite file at `default`.

    The folder of an SQLite file is made.
    Raises ImproperlyConfigured, in French, for what is neither SQLite nor PostgreSQL.
    """
    settings = {"ENGINE": SQLITE, "NAME": str(default)} if url is None else _read(url)
    if settings["ENGINE"] == SQLITE:
        _make_folder(Path(settings["NAME"]).parent)
    return settings


def _read(url: str) -> dict:
    if not url.strip():
        raise ImproperlyConfigured(f"DATABASE_URL est vide. {_SHAPES}")
    try:
        with warnings.catch_warnings(action="ignore"):  # We say it better.
            settings = Env.db_url_config(url)
    except ValueError:  # A port that is no number.
        settings = {}
    if settings.get("ENGINE") not in (SQLITE, POSTGRESQL) or not settings["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL ne désigne aucune base de données. {_SHAPES}")
    return settings


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"La base de données ne peut pas être écrite dans {folder} ({error.strerror}) : "
            "donnez les droits sur ce dossier, ou un autre chemin dans DATABASE_URL."
        ) from error
