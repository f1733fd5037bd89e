"""What `manage.py check --deploy` lets through, and what it stops."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from accounts.models import DEMONSTRATION_DOMAIN
from tests.factories import UserFactory


@pytest.fixture
def production(settings, db):
    """Settings as they are with DEMONSTRATION=0, a key of one's own and HTTPS."""
    settings.DEMONSTRATION = False
    settings.SECRET_KEY = "Kq3-wX8_zR5tYv2bN7mJ4hG6fD9sA1pL0oI-uE_cQ5xZ8rT3wV"
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["conventions.example.fr"]
    settings.SITE_URL = "https://conventions.example.fr"
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
