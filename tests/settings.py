"""The product's settings as they are with nothing set, but for the database and what is slow.

What the machine's environment or a `.env` file says is for the site that runs there: tests, and
the processes that they start, do not read it.
"""

import os
import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_SET = re.compile(r"""\benv(?:\.\w+|iron(?:\.\w+)?)?[(\[]\s*["'](\w+)""")
_READ_BY_LIBRARIES = re.compile(r"AWS_|GUNICORN_")

for _name in {
    name
    for file in [*_ROOT.glob("config/**/*.py"), _ROOT / "gunicorn.conf.py"]
    for name in _SET.findall(file.read_text(encoding="utf-8"))
} | set(filter(_READ_BY_LIBRARIES.match, os.environ)):
    if _name != "DATABASE_URL":
        os.environ.pop(_name, None)
os.environ["ENV_FILE"] = os.devnull
# Django has read it by now: a process that a test starts is the product, with its own settings.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

from config.settings import *  # noqa: E402, F403
from config.settings import MIDDLEWARE, STORAGES, TEMPLATES  # noqa: E402


class Silence(str):
    """What a template prints for a call that fails: nothing, and known from other empty texts."""


TEMPLATES = [
    {**engine, "OPTIONS": {**engine["OPTIONS"], "string_if_invalid": Silence()}}
    for engine in TEMPLATES
]
# Pages are read as they are typed; tests/test_typography.py reads them as they are sent.
MIDDLEWARE = [name for name in MIDDLEWARE if name != "config.mending.mended"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# As on a real site: what is asked of agents, who sends e-mails.
SECOND_FACTOR_REQUIRED = True
DELIVER_AT_ONCE = False
# Neither attempts nor drawings go from one test to the next.
CACHES = {
    name: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    for name in ("default", "files")
}
# No collectstatic: neither its manifest nor its folder.
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
