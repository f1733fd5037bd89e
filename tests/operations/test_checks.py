"""What `manage.py check --deploy` lets through, and what it stops."""

from types import SimpleNamespace

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DataError, OperationalError, connection
from django_q.models import Schedule

from accounts.models import DEMONSTRATION_DOMAIN
from operations import checks
from tests.factories import UserFactory

COUNTERS = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "accounts_counter",
}


@pytest.fixture
def production(settings, db, tmp_path):
    """A site as it is with DEMONSTRATION=0, a key of one's own and HTTPS; on the tests' database."""
    call_command("schedules")
    if connection.vendor == "sqlite":
        settings.SILENCED_SYSTEM_CHECKS = ["operations.E005", "security.W021"]
    settings.CACHES = {**project.CACHES, "default": COUNTERS}
    settings.CACHES["files"] = {**project.CACHES["files"], "LOCATION": tmp_path / "cache"}
    settings.DEMONSTRATION = False
    settings.SECRET_KEY = "Kq3-wX8_zR5tYv2bN7mJ4hG6fD9sA1pL0oI-uE_cQ5xZ8rT3wV"
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["conventions.example.fr"]
    settings.SITE_URL = "https://conventions.example.fr"
    settings.DEFAULT_FROM_EMAIL = "Conventions <conventions@example.fr>"
    settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = True
    settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_HSTS_PRELOAD = True
    return settings


def check():
    call_command("check", deploy=True, fail_level="WARNING", databases=["default"])


def test_production_settings_pass_without_a_warning(production):
    check()


@pytest.mark.parametrize("years", [-1, 1, 4, 51])
def test_a_retention_that_takes_too_early_or_never_is_refused(production, years):
    production.CAMPAIGN_RETENTION_YEARS = years
    with pytest.raises(SystemCheckError, match=r"operations\.E009"):
        check()


@pytest.mark.parametrize("years", [0, 5, 10])
def test_a_plausible_retention_passes(production, years):
    production.CAMPAIGN_RETENTION_YEARS = years
    check()


def test_an_archive_folder_that_cannot_be_written_is_refused(production, tmp_path):
    (tmp_path / "file").touch()
    production.ARCHIVE_DIR = str(tmp_path / "file" / "archives")
    with pytest.raises(SystemCheckError, match=r"operations\.E004"):
        check()


def test_demonstration_mode_is_refused(production):
    production.DEMONSTRATION = True
    with pytest.raises(SystemCheckError, match=r"accounts\.E001"):
        check()


def test_the_default_secret_key_is_refused(production):
    production.SECRET_KEY = production.DEFAULT_SECRET_KEY
    with pytest.raises(SystemCheckError, match=r"accounts\.E002"):
        check()


def test_debug_is_refused(production):
    production.DEBUG = True
    with pytest.raises(SystemCheckError, match=r"accounts\.E003"):
        check()


def test_agents_without_a_second_factor_are_refused(production):
    production.SECOND_FACTOR_REQUIRED = False
    with pytest.raises(SystemCheckError, match=r"accounts\.E005"):
        check()


def test_agents_without_any_way_in_are_refused(production):
    production.PROCONNECT_ONLY_FOR_AGENTS = True
    with pytest.raises(SystemCheckError, match=r"accounts\.E006"):
        check()


def test_demonstration_accounts_are_refused(production):
    UserFactory(email=f"mairie@{DEMONSTRATION_DOMAIN}")
    with pytest.raises(SystemCheckError, match=r"accounts\.E004"):
        check()


def test_deactivated_demonstration_accounts_are_let_through(production):
    UserFactory(email=f"mairie@{DEMONSTRATION_DOMAIN}", is_active=False)
    check()


def test_an_address_that_only_this_machine_knows_is_refused(production):
    production.SITE_URL = "http://127.0.0.1:8000"
    with pytest.raises(SystemCheckError, match=r"outbox\.E001"):
        check()


def test_emails_on_the_console_are_refused(production):
    production.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    with pytest.raises(SystemCheckError, match=r"outbox\.E002"):
        check()


@pytest.mark.parametrize("sender", ["conventions@localhost", "conventions", ""])
def test_a_sender_whom_mail_servers_refuse_is_refused(production, sender):
    production.DEFAULT_FROM_EMAIL = sender
    with pytest.raises(SystemCheckError, match=r"outbox\.E006"):
        check()


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("", "E003"),
        ("conventions.example.fr", "E003"),
        ("http://conventions.example.fr", "E004"),
        ("https://autre.example.fr", "E005"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(production, address, fault):
    production.SITE_URL = address
    with pytest.raises(SystemCheckError, match=rf"outbox\.{fault}"):
        check()


def test_a_site_that_answers_to_any_name_is_refused(production):
    production.ALLOWED_HOSTS = ["*"]
    with pytest.raises(SystemCheckError, match=r"operations\.E001"):
        check()


@pytest.mark.parametrize(
    "backend", ["locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache"]
)
def test_a_cache_that_cannot_count_attempts_is_refused(production, backend):
    default = {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "counters"}
    production.CACHES = {**production.CACHES, "default": default}
    with pytest.raises(SystemCheckError, match=r"operations\.E002"):
        check()


def test_documents_among_public_files_are_refused(production, tmp_path):
    production.STATIC_ROOT = tmp_path
    production.MEDIA_ROOT = tmp_path / "media"
    with pytest.raises(SystemCheckError, match=r"operations\.E003"):
        check()


def test_a_folder_that_cannot_be_made_is_refused(production, tmp_path):
    (tmp_path / "file").touch()
    production.MEDIA_ROOT = tmp_path / "file" / "media"
    with pytest.raises(SystemCheckError, match=r"operations\.E004"):
        check()


def test_a_folder_without_rights_is_refused(production, monkeypatch):
    monkeypatch.setattr(checks.os, "access", lambda folder, rights: False)
    with pytest.raises(SystemCheckError, match=r"operations\.E004"):
        check()


def test_sqlite_is_refused(production, monkeypatch):
    production.SILENCED_SYSTEM_CHECKS = []
    monkeypatch.setattr(checks, "connection", SimpleNamespace(vendor="sqlite"))
    with pytest.raises(SystemCheckError, match=r"operations\.E005"):
        check()


def answer(monkeypatch, encoding="UTF8", hour="14"):
    """Have a PostgreSQL say this of itself."""
    answers = iter([encoding, hour])

    def ask(*args):
        said = next(answers)
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(checks, "connection", SimpleNamespace(vendor="postgresql"))
    monkeypatch.setattr(checks, "_ask", ask)


def test_a_database_in_another_encoding_is_refused(production, monkeypatch):
    answer(monkeypatch, encoding="SQL_ASCII")
    with pytest.raises(SystemCheckError, match=r"operations\.E006"):
        check()


@pytest.mark.parametrize("hour", ["13", DataError('time zone "Europe/Paris" not recognized')])
def test_a_database_that_does_not_know_our_time_zone_is_refused(production, monkeypatch, hour):
    answer(monkeypatch, hour=hour)
    with pytest.raises(SystemCheckError, match=r"operations\.E007"):
        check()


def test_a_database_that_does_not_answer_is_said_and_refuses_nothing(
    production, monkeypatch, capsys
):
    answer(monkeypatch, encoding=OperationalError("connection refused"))
    check()
    assert "operations.I001" in capsys.readouterr().err


def test_missing_schedules_are_refused(production):
    Schedule.objects.filter(name="courriels").delete()
    with pytest.raises(SystemCheckError, match=r"to do: courriels"):
        check()
