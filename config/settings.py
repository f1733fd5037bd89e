"""Settings, read from the environment (or a `.env` file beside manage.py).

With nothing set, the project runs in demonstration mode on embedded defaults:
SQLite and e-mails under `var/`, demonstration accounts. Setting
`SECRET_KEY` leaves demonstration mode (see docs/operations.md).
"""

import datetime
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF

from config import listening
from config.database import SQLITE, database

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
env.read_env(env("ENV_FILE", default=BASE_DIR / ".env"))

# --- Mode -------------------------------------------------------------------
DEFAULT_SECRET_KEY = "demonstration-only-not-a-secret-key-never-use-it-in-production"  # noqa: S105
SECRET_KEY = env("SECRET_KEY", default=DEFAULT_SECRET_KEY)
# Older ones: what they signed or encrypted is still read.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEMONSTRATION = env.bool("DEMONSTRATION", default=SECRET_KEY == DEFAULT_SECRET_KEY)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if DEMONSTRATION:
    ALLOWED_HOSTS += listening.names()
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Where people reach the site: what links in e-mails and calendars start with.
_NAMES = [name for name in ALLOWED_HOSTS if DEMONSTRATION and name[0] not in "*."]
SITE_URL = env(
    "SITE_URL", default=f"http://{next(iter(_NAMES), '127.0.0.1')}:{listening.port()}"
).rstrip("/")

# --- Applications, from the top floor down (docs/architecture.md) ------------
INSTALLED_APPS = [
    "config.apps.SiteConfig",
    "demonstration",
    "rectorat",
    "rectorat.purging",
    "rectorat.lists",
    "town_hall",
    "billing.returns",
    "billing.batches",
    "billing",
    "billing.coding",
    "conventions.dossiers",
    "conventions.archives",
    "conventions.piles",
    "conventions.amendments",
    "conventions.terminations",
    "conventions",
    "conventions.exchanges",
    "conventions.acts",
    "conventions.campaigns",
    "operations",
    "documents",
    "jobs",
    "figures",
    "lifecycle",
    "schools",
    "drafts",
    "accounts.leaving",
    "accounts.invitations",
    "accounts",
    "communes.contacts",
    "communes",
    "outbox",
    "tabular",
    "config.apps.ProductAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "config.apps.ProductStaticFilesConfig",
    "django.contrib.humanize",
    "widget_tweaks",
    "dsfr",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "simple_history",
    "csp",
    "django_htmx",  # Its static files: pages that follow long work.
    "django_q",
]

MIDDLEWARE = [
    "operations.probes.Probes",
    "operations.requests.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.typed.SeenAsTyped",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "incoming.middleware.FilesTogether",
    "drafts.middleware.UnreadForms",
    "accounts.middleware.PrivatePages",
    "accounts.middleware.SecondFactor",
    "town_hall.links.opening.FileOnly",
    "town_hall.support.SupportView",
    "accounts.middleware.WhoActs",
    "accounts.middleware.JournalOfExports",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "config.mending.mended",
]

# Requests are counted where the library is told a folder to count in (operations/metrics.py).
if env("PROMETHEUS_MULTIPROC_DIR", default=""):
    MIDDLEWARE.insert(1, "operations.metrics.CountedRequests")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- Database ---------------------------------------------------------------
DATABASES = {"default": database(os.environ.get("DATABASE_URL"), VAR_DIR / "db.sqlite3")}
if DATABASES["default"]["ENGINE"] == SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        # Writers queue at BEGIN instead of failing when they upgrade a read lock.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # What a statement may have to undo is kept in memory, not in a file of its own.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Compiling costs more than it gains: a third of the time of the campaign's board.
    _options = DATABASES["default"].setdefault("OPTIONS", {})
    # What DATABASE_URL says itself comes last, and wins.
    _options["options"] = f"-c jit=off {_options.get('options', '')}".rstrip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Caches -----------------------------------------------------------------
# The default one counts attempts to sign in: a table, which every process and host sees and
# which drops no live counter however many there are (the worker clears it of the others).
# What can be computed again is kept as files.
_COUNTERS = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "accounts_counter",
    "OPTIONS": {"MAX_ENTRIES": sys.maxsize},
}
CACHES = {
    "default": env.cache_url("CACHE_URL") if "CACHE_URL" in env else _COUNTERS,
    "files": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "cache",
    },
}

# --- People and sign-in -----------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# The adapter does the same work for an address that no account has, and writes to nobody.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
# Who has an account is told when a way into it changes.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.tokens.LinkTokenGenerator"  # noqa: S105
# A town hall comes once a year: a code by e-mail spares it a password.
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# Failures of passwords are counted by `accounts.limits`. Here, per address of the network
# ("ip"), per account that fails at its second factor, and (accounts/forms.py) per address
# that codes and links are asked for: by one browser or network, then by all.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip",
    "reset_password": "20/m/ip",
    "messages_asked": "3/m/key,10/d/key",
    "messages_received": "40/d/key",
    # By hand, one at a time: a signed one may take seconds of processor.
    "verify_document": "10/m/ip",
}
# Attempts are counted by address: how many proxies in front add theirs.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0 if DEMONSTRATION else 1)
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
SESSION_COOKIE_AGE = 8 * 3600
SIMPLE_HISTORY_REVERT_DISABLED = True
# Agents open nothing without one; a demonstration does not make its visitors set one up.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=not DEMONSTRATION)
MFA_ADAPTER = "accounts.second_factor.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
# A telephone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
# Passkeys want HTTPS: a demonstration has none.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMONSTRATION
# The State's sign-in for agents and town halls; the button is absent without an address.
PROCONNECT_DISCOVERY_URL = env("PROCONNECT_DISCOVERY_URL", default="")
PROCONNECT_CLIENT_ID = env("PROCONNECT_CLIENT_ID", default="")
PROCONNECT_CLIENT_SECRET = env("PROCONNECT_CLIENT_SECRET", default="")
# As agreed when the service is registered there: RS256 or ES256.
OIDC_RP_SIGN_ALGO = env("PROCONNECT_SIGN_ALGORITHM", default="RS256")
# Read by mozilla-django-oidc; the addresses come from the discovery document.
OIDC_RP_CLIENT_ID, OIDC_RP_CLIENT_SECRET = PROCONNECT_CLIENT_ID, PROCONNECT_CLIENT_SECRET
OIDC_RP_SCOPES = "openid given_name usual_name email siret uid"
OIDC_AUTHENTICATION_CALLBACK_URL = "proconnect_callback"
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10
# Once it works: no password, code or link for agents any more.
PROCONNECT_ONLY_FOR_AGENTS = env.bool("PROCONNECT_ONLY_FOR_AGENTS", default=False)

# --- Language, dates --------------------------------------------------------
LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

# --- Files ------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Documents are private: nothing under MEDIA_ROOT is served by URL.
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(VAR_DIR / "media")))
# A bucket in place of that folder; address and keys are boto3's own AWS_… variables.
S3_BUCKET = env("S3_BUCKET", default="")
_BUCKET = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": S3_BUCKET}}
_FOLDER = {"BACKEND": "documents.storage.DocumentFolder"}
STORAGES = {
    # Letterheads; files of imports until they are confirmed.
    "default": _BUCKET if S3_BUCKET else _FOLDER,
    "documents": _BUCKET if S3_BUCKET else _FOLDER,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Print by pages kept from earlier documents (documents/press/standing_type.py); slowly without.
STANDING_TYPE = env.bool("STANDING_TYPE", default=True)
# One document in so many is printed both ways and compared (documents/proofs.py); 0 for none.
STANDING_TYPE_CHECKED = env.int("STANDING_TYPE_CHECKED", default=200)
# Backups are encrypted for this public key of age, and read by this file of private ones.
BACKUP_AGE_RECIPIENT = env("BACKUP_AGE_RECIPIENT", default="")
BACKUP_AGE_IDENTITY = env("BACKUP_AGE_IDENTITY", default="")
# Where the archives of campaigns that are asked for on their pages are written; none if empty.
ARCHIVE_DIR = env("ARCHIVE_DIR", default="")
# Years after its end from which a campaign may be purged, once archived; 0: never.
CAMPAIGN_RETENTION_YEARS = env.int("CAMPAIGN_RETENTION_YEARS", default=0)
# Larger than any real piece (a scan of a few pages), small enough to stay bounded.
UPLOAD_MAX_BYTES = 15 * 1024 * 1024
# A pile of scans, told apart by the rectorat.
PILE_MAX_BYTES = 200 * 1024 * 1024
# The authorities whose certificates make a signatory known: a folder of PEM or DER files.
TRUSTED_CERTIFICATES_DIR = Path(env("TRUSTED_CERTIFICATES_DIR", default=VAR_DIR / "certificates"))
# Where ClamAV's daemon listens: unix:///run/clamav/clamd.ctl, tcp://127.0.0.1:3310; none if empty.
CLAMAV_SOCKET = env("CLAMAV_SOCKET", default="")
DSFR_USE_INTEGRITY_CHECKSUMS = False
DSFR_MARK_OPTIONAL_FIELDS = True

# --- E-mail -----------------------------------------------------------------
# Those of the demonstration are kept as files, which the page « Courriels » shows.
MAILS_DIR = Path(env("MAILS_DIR", default=str(VAR_DIR / "mails")))
_MAIL_SERVER = env.email("EMAIL_URL", default="consolemail://")
if DEMONSTRATION and "EMAIL_URL" not in env:
    _MAIL_SERVER["EMAIL_BACKEND"] = "config.mails.MailFolder"
vars().update(_MAIL_SERVER)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="conventions@localhost")
# No mail server to wait for: they are there at once, without a worker too.
DELIVER_AT_ONCE = _MAIL_SERVER["EMAIL_BACKEND"] == "config.mails.MailFolder"
# Who is told, with the webhook, when something goes wrong (manage.py health --tell).
ADMINS = [("", address) for address in env.list("ALERT_EMAILS", default=[])]
ALERT_WEBHOOK_URL = env("ALERT_WEBHOOK_URL", default="")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = f"[{urlsplit(SITE_URL).hostname}] "
# A mail server that does not answer must not hold the worker.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=15)

# --- Background work --------------------------------------------------------
# On the database: nothing else to install. A task killed with its worker is taken up
# again after `retry` seconds, so every task is idempotent and shorter than `timeout`.
# Run by `manage.py worker`.
Q_CLUSTER = {
    "name": "conventions",
    "orm": "default",
    "workers": env.int("WORKER_CONCURRENCY", default=2),
    "timeout": 240,
    "retry": 300,
    "max_attempts": 5,
    # A schedule missed while no worker ran is done once, not once per time missed.
    "catch_up": False,
    "poll": 0.5,
    # Tasks held in memory are done before the worker stops.
    "queue_limit": 1,
    "save_limit": 250,
}

# What it does by itself: function, arguments, and when: minutes between two times, or the
# hour of the day (Paris time). Each may be missed or done twice: it does what is left to do.
SCHEDULES = {
    "courriels": ("outbox.tasks.deliver", None, 5),
    "compteurs": ("accounts.limits.forget_old", None, 60),
    "ménage": ("accounts.tasks.clean_up", None, datetime.time(2, 0)),
    "brouillons": ("drafts.tasks.forget_old", None, datetime.time(2, 15)),
    "fichiers d'import": ("tabular.waiting_files.forget_old", None, datetime.time(2, 20)),
    "comptes rendus d'import": ("tabular.models.forget_old", None, datetime.time(2, 25)),
    "marques": ("figures.models.condense", None, 10),
    "comptes inactifs": (
        "django.core.management.call_command",
        "'close_idle_accounts'",
        datetime.time(2, 30),
    ),
    "textes de recherche": (
        "django.core.management.call_command",
        "'search_text'",
        datetime.time(2, 40),
    ),
    "payeurs": ("django.core.management.call_command", "'follow_payers'", datetime.time(3, 0)),
    "documents périmés": ("conventions.dossiers.tasks.review_documents", None, datetime.time(4, 0)),
    "fichiers des traitements": ("jobs.tasks.forget_old", None, datetime.time(2, 15)),
    "liasses": ("conventions.piles.tasks.take_up", None, 10),
    "fichiers des lots": ("billing.batches.tasks.write_missing_files", None, 10),
    "relances": ("conventions.dossiers.tasks.send_reminders", None, datetime.time(8, 0)),
}
# What agents may ask of it for many rows at once, room by room (jobs.actions.Action by name).
JOB_ACTIONS = [
    "conventions.dossiers.long_actions.ACTIONS",
    "conventions.archives.long_actions.ACTIONS",
    "conventions.enrolment.long_actions.ACTIONS",
    "rectorat.territory.closures.ACTIONS",
    "rectorat.territory.invitations.ACTIONS",
    "rectorat.territory.mayors.ACTIONS",
]

# --- Security ---------------------------------------------------------------
HTTPS = env.bool("HTTPS", default=not DEMONSTRATION)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Asks browsers to know the whole domain, its other sites included, as HTTPS only, for years.
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # It would ask for it.
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}

# One JSON object a line, each request included; a person at a terminal reads sentences.
LOG_JSON = env.bool("LOG_JSON", default=not DEMONSTRATION)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "operations.logs.JsonLines"}, "plain": {}},
    "filters": {"unknown_name": {"()": "config.listening.UnknownName"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_JSON else "plain",
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # A form filled in wrongly, a page that is not one's own: told to the person, once.
        # Django's own handlers are for a terminal, and would write the whole address.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},
        "operations.requests": {"level": "INFO" if LOG_JSON else "WARNING"},
        "django.security.csrf": {"level": "ERROR"},
        "django.security.DisallowedHost": {"filters": ["unknown_name"]},
        "config.mails": {"level": "INFO"},
        # Who came in, failed to, was let in or out: a line each, beside the table.
        "accounts.journal": {"level": "INFO"},
        # One line per glyph subset otherwise.
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        # What they object to in a signature is recorded with it, in French.
        "pyhanko": {"level": "CRITICAL"},
        "pyhanko_certvalidator": {"level": "CRITICAL"},
    },
}

# Figures for Prometheus, shown by `manage.py metrics`.
METRICS_ADDRESS = env("METRICS_ADDRESS", default="127.0.0.1:9464")
# Errors are told to Sentry too, without what they were about (operations/incidents.py).
SENTRY_DSN = env("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env("SENTRY_ENVIRONMENT", default=urlsplit(SITE_URL).hostname)

# --- This product -----------------------------------------------------------
SITE_NAME = "Conventions ENT-École"
SITE_TAGLINE = env("SITE_TAGLINE", default="Région académique Occitanie")
# The State's mark is shown only where the deployer has the right to it.
BRAND_HTML = env("BRAND_HTML", default="")
